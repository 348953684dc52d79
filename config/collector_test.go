package config

import (
	"testing"
	"time"
)

func TestAWrongCollectorIsRefused(t *testing.T) {
	refuses(t, []refused{
		{"an unknown collector",
			atTop("collectors: {sytem: {}}"),
			"6:14: collectors.sytem: is not a collector, expected one of system, scans, extra, hosts, watches"},
		{"an unknown collector of a console",
			inConsole("collectors: {sytem: {}}"),
			"6:18: consoles[0].collectors.sytem: is not a collector, expected one of system, scans, extra, hosts, watches"},
		{"a collector that is a flag",
			atTop("collectors: {system: true}"),
			"6:22: collectors.system: is a single value, expected a mapping such as {interval: 30m}"},
		{"an unknown key of a collector",
			atTop("collectors: {system: {top: 5}}"),
			"6:23: collectors.system.top: is not a known key, expected one of enabled, interval, max_age, max_series"},
		{"a collector's own number that is none",
			atTop("collectors: {extra: {top: -1}}"),
			`6:27: collectors.extra.top: is "-1", expected a whole number from 0 to 2147483647`},
		{"a collector's own list that is a word",
			atTop("collectors: {extra: {allow: x}}"),
			"6:29: collectors.extra.allow: is a single value, expected a list of texts"},
		{"an interval of less than a second",
			atTop("collectors: {system: {interval: 500ms}}"),
			`6:33: collectors.system.interval: is "500ms", expected a duration from 1s to 1y`},
		{"a max_age below the interval",
			atTop("collectors: {system: {max_age: 4m}}"),
			"6:32: collectors.system.max_age: is shorter than the interval of 5m, expected at least the interval"},
		{"an interval above the max_age of another block",
			inConsole("collectors: {system: {interval: 1d}}") + "collectors: {system: {max_age: 1h}}\n",
			"6:37: consoles[0].collectors.system.interval: is longer than the max_age of 1h, expected at most max_age"},
		{"a max_series of nothing",
			atTop("collectors: {system: {max_series: 0}}"),
			`6:35: collectors.system.max_series: is "0", expected a whole number from 1 to 10000000`},
		{"a number below a collector's own bound",
			atTop("collectors: {hosts: {top: 0}}"),
			`6:27: collectors.hosts.top: is "0", expected a whole number from 1 to 1000`},
		{"a number above a collector's own bound",
			inConsole("collectors: {hosts: {top: 1001}}"),
			`6:31: consoles[0].collectors.hosts.top: is "1001", expected a whole number from 1 to 1000`},
		{"a number that is no choice",
			atTop("collectors: {hosts: {prefix: 20}}"),
			`6:30: collectors.hosts.prefix: is "20", expected one of 16, 24`},
		{"a word that is no choice",
			atTop("collectors: {hosts: {order: size}}"),
			`6:29: collectors.hosts.order: is "size", expected one of score, name`},
		{"a network that is none",
			atTop("collectors: {hosts: {networks: [10.0.0.0/33]}}"),
			`6:33: collectors.hosts.networks[0]: is "10.0.0.0/33", expected a network such as 10.0.0.0/8 or fd00::/8, or an address`},
		{"a network by name",
			atTop("collectors: {hosts: {networks: [localhost]}}"),
			`6:33: collectors.hosts.networks[0]: is "localhost", expected a network such as 10.0.0.0/8 or fd00::/8, or an address`},
		{"a network in the mapped spelling",
			atTop("collectors: {hosts: {networks: ['::ffff:10.0.0.1']}}"),
			`6:33: collectors.hosts.networks[0]: is "::ffff:10.0.0.1", expected a network such as 10.0.0.0/8 or fd00::/8, or an address`},
		{"an address inside a network",
			atTop("collectors: {hosts: {networks: [10.1.2.3/8]}}"),
			`6:33: collectors.hosts.networks[0]: is "10.1.2.3/8", an address inside a network, expected 10.0.0.0/8, or the address alone`},
		{"a network twice",
			atTop("collectors: {hosts: {networks: [10.1.2.3, 10.1.2.3/32]}}"),
			`6:43: collectors.hosts.networks[1]: repeats "10.1.2.3/32", expected each value once`},
		{"an id by name",
			atTop("collectors: {hosts: {assets: [Servers]}}"),
			`6:31: collectors.hosts.assets[0]: is "Servers", expected an id, a whole number such as 5`},
		{"more ids than a collector takes",
			atTop("collectors: {hosts: {assets: [1, 2, 3, 4]}}"),
			`6:40: collectors.hosts.assets[3]: is one too many, expected at most 3 entries`},
		{"an unknown label to redact",
			atTop("labels: {redact: [host, user]}"),
			`6:25: labels.redact[1]: is "user", expected one of repository, zone, scanner, scan, host`},
		{"a label to redact twice",
			atTop("labels: {redact: [host, host]}"),
			`6:25: labels.redact[1]: repeats "host", expected each value once`},
		{"several mistakes at once, in the order of the file",
			"labels: {redact: 5}\nconsoles:\n  - name: a b\n    url: h\n    accounts: [{name: a}]\n    timeout: x\n",
			"1:18: labels.redact: is a single value, expected a list of labels" + "\n" +
				`3:11: consoles[0].name: is "a b", expected 1 to 64 letters, digits, dots, hyphens or underscores, not dots alone` + "\n" +
				"4:10: consoles[0].url: has no scheme http or https, expected a URL such as https://sc.example.org or https://sc.example.org:8443/prefix" + "\n" +
				"5:16: consoles[0].accounts[0]: has no credentials, expected username with password, or access_key with secret_key, or tls_config with a client certificate" + "\n" +
				`6:14: consoles[0].timeout: is "x", expected a number with a unit, such as 30s, 5m, 1h or 1d`},
	})
}

func TestTheSettingsOfACollectorAreReadByTheirTypes(t *testing.T) {
	console := parse(t, minimal+"collectors: {hosts: {networks: [10.0.0.0/8], assets: [5]}}\n").Consoles[0]
	hosts, extra := console.Collectors["hosts"], console.Collectors["extra"]
	if hosts.Int("top") != 100 || len(hosts.Networks("networks")) != 1 || hosts.Strings("assets")[0] != "5" || hosts.Text("order") != "score" {
		t.Errorf("settings of hosts: %+v", hosts)
	}
	if extra.Duration("since") != 24*time.Hour || extra.Bool("exact") {
		t.Errorf("settings of extra: %+v", extra)
	}
	defer func() {
		const want = "config: key top holds a int and not a bool: the collector declares it otherwise, or not at all"
		if got := recover(); got != want {
			t.Errorf("asked for a number as a flag: %v, want %s", got, want)
		}
	}()
	hosts.Bool("top")
}

func TestTheDataOfACollectorHoldsWhileItsOwnKeysAreEqual(t *testing.T) {
	settings := func(keys string) CollectorSettings {
		return parse(t, minimal+"collectors: {hosts: {"+keys+"}}\n").Consoles[0].Collectors["hosts"]
	}
	base := settings("networks: [10.0.0.0/8]")
	for keys, want := range map[string]bool{
		"networks: [10.0.0.0/8], top: 100":                     true,
		"networks: [10.0.0.0/8], interval: 2h, max_age: 9h":    true,
		"networks: [10.0.0.0/8], max_series: 5, enabled: true": true,
		"networks: [10.0.0.0/8], top: 99":                      false,
		"networks: [10.0.0.0/9]":                               false,
		"networks: [10.0.0.0/8], assets: [1]":                  false,
	} {
		if got := base.SameData(settings(keys)); got != want {
			t.Errorf("SameData of {%s} = %v, want %v", keys, got, want)
		}
	}
	if d := known()[3].builtin().settle(); !d.SameData(settings("")) {
		t.Errorf("the defaults are %+v, and differ from what an empty block gives", d)
	}
}
