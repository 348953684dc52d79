package exporter

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
)

func TestAListenerIsProtectedByItsAddressOrByItsWebConfiguration(t *testing.T) {
	const users = "basic_auth_users: {prometheus: $2y$10$x}\n"
	const tls = "tls_server_config: {cert_file: a, key_file: b}\n"
	for _, tt := range []struct {
		name      string
		addresses []string
		web       string
		want      string
	}{
		{"all addresses", []string{":10078"}, "", ":10078"},
		{"an address of the network", []string{"192.0.2.7:10078"}, "", "192.0.2.7:10078"},
		{"a name of the network", []string{"exporter.example:10078"}, "", "exporter.example:10078"},
		{"all IPv6 addresses", []string{"[::]:10078"}, "", "[::]:10078"},
		{"the loopback addresses", []string{"127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "localhost:1", "LOCALHOST:1"}, "", ""},
		{"one of two", []string{"127.0.0.1:1", "0.0.0.0:2"}, "", "0.0.0.0:2"},
		{"a socket of systemd", []string{"systemd"}, "", "systemd"},
		{"TLS alone", []string{":10078"}, tls, ":10078"},
		{"verified client certificates", []string{":10078"}, "tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireAndVerifyClientCert}\n", ""},
		{"client certificates that nobody verifies", []string{":10078"}, "tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireAnyClientCert}\n", ":10078"},
		{"client certificates, if there are any", []string{":10078"}, "tls_server_config: {cert_file: a, key_file: b, client_auth_type: VerifyClientCertIfGiven}\n", ":10078"},
		{"authentication", []string{":10078", "systemd"}, users, ""},
		{"an empty web configuration", []string{":10078"}, "tls_server_config: {}\nbasic_auth_users: {}\n", ":10078"},
		{"something else in the web configuration", []string{":10078"}, "http_server_config: {http2: false}\n", ":10078"},
	} {
		file := ""
		if tt.web != "" {
			file = filepath.Join(t.TempDir(), "web.yml")
			if err := os.WriteFile(file, []byte(tt.web), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := Unprotected(tt.addresses, file); got != tt.want || err != nil {
			t.Errorf("%s: %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
	if _, err := Unprotected([]string{":1"}, filepath.Join(t.TempDir(), "missing.yml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing web configuration: %v", err)
	}
}

// on switches one collector on.
func on(name string) string { return fmt.Sprintf("\ncollectors: {%s: {enabled: true}}\n", name) }

func TestCollectorsThatShowHostsWantAProtectedListener(t *testing.T) {
	shows := map[string]bool{}
	for _, c := range collector.All() {
		for _, f := range c.Families {
			for _, label := range f.Labels {
				shows[c.Name] = shows[c.Name] || label == "ip" || label == "host_uuid"
			}
		}
		if c.Hosts != shows[c.Name] {
			t.Errorf("collector %s: Hosts is %v, and its labels show hosts: %v", c.Name, c.Hosts, shows[c.Name])
		}
	}
	bubble(t, "one that is on is refused at the start, and by a reload", func(t *testing.T) {
		address := ":10078"
		unprotected := func(o *Options) { o.Unprotected = func() (string, error) { return address, nil } }
		b := newBench(t, hq+on("families"), nil, unprotected)
		err := b.reload(hq + on("hosts"))
		for _, word := range []string{"console hq", "collector hosts", ":10078", "--web.config.file", "--web.allow-unprotected-host-metrics"} {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%v: does not say %s", err, word)
			}
		}
		b.settle()
		if names := list(b.exporter.target("hq").collectorNames()); strings.Contains(names, "hosts") || !strings.Contains(names, "families") {
			t.Errorf("after a refused reload these are on: %s", names)
		}
		o := b.exporter.o
		o.Load = b.load
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), "collector hosts") {
			t.Errorf("at the start: %v", err)
		}
		address = "" // the web configuration protects it now
		if err := b.reload(hq + on("hosts")); err != nil {
			t.Error(err)
		}
	})
	bubble(t, "where the listener is opened later they are no longer shown", func(t *testing.T) {
		address := ""
		b := newBench(t, hq+on("hosts"), nil, func(o *Options) { o.Unprotected = func() (string, error) { return address, nil } })
		shown := func() int { return len(b.probe("hq", "hosts").family("securitycenter_host_vulnerabilities")) }
		if shown() == 0 {
			t.Fatal("no hosts")
		}
		address = ":10078" // somebody took the users out of the web configuration
		if n := shown() + shown(); n != 0 {
			t.Errorf("%d series of hosts are shown to everybody", n)
		}
		if n := len(b.log.lines("Hosts are not shown one by one any more")); n != 1 {
			t.Errorf("said %d times, want once", n)
		}
		address = ""
		if shown() == 0 {
			t.Error("no hosts although the listener is protected again")
		}
	})
	bubble(t, "where nobody asks it is not refused", func(t *testing.T) {
		b := newBench(t, hq+on("hosts"), nil)
		if hosts := b.probe("hq", "hosts").family("securitycenter_host_vulnerabilities"); len(hosts) == 0 {
			t.Error("no hosts")
		}
	})
}

func TestRedactedHostsAreHashesWithAKey(t *testing.T) {
	hosts := func(b *bench) string {
		return list(b.probe("hq", "hosts").family("securitycenter_host_vulnerabilities"))
	}
	const redacted = "\nlabels: {redact: [host], hash_key: one}\n"
	bubble(t, "the hashes follow the key and nothing else", func(t *testing.T) {
		b := newBench(t, hq+on("hosts")+redacted, nil)
		first := hosts(b)
		if first == "(none)" || strings.Contains(first, `ip="10.`) {
			t.Fatalf("addresses are not redacted: %s", first)
		}
		again := newBench(t, hq+on("hosts")+redacted, nil)
		if second := hosts(again); second != first {
			t.Errorf("with the same key %s, want %s", second, first)
		}
		if err := again.reload(hq + on("hosts") + strings.Replace(redacted, "one", "two", 1)); err != nil {
			t.Fatal(err)
		}
		again.settle()
		if other := hosts(again); other == first || other == "(none)" {
			t.Errorf("with another key %s", other)
		}
		if text := again.get("/") + again.get("/probe?target=hq&debug=true") + again.log.String(); strings.Contains(text, "two") && strings.Contains(text, "hash_key") {
			t.Error("the key is shown")
		}
	})
	bubble(t, "without a key they are secret to the process", func(t *testing.T) {
		const keyless = "\nlabels: {redact: [host]}\n"
		b, c := newBench(t, hq+on("hosts")+keyless, nil), newBench(t, hq+on("hosts")+keyless, nil)
		if one, two := hosts(b), hosts(c); one == two || strings.Contains(one, `ip="10.`) {
			t.Errorf("%s and %s", one, two)
		}
	})
}
