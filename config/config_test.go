package config

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// known is a small catalogue: collectors that are on, and collectors that are
// off and have keys of their own.
func known() []Collector {
	return []Collector{
		{Name: "system", Default: true, Interval: 5 * time.Minute, Labels: []string{"version", "type"}},
		{Name: "scans", Default: true, Interval: time.Hour},
		{Name: "extra", Interval: time.Hour, Keys: []Key{
			{Name: "top", Kind: Int, Default: 25},
			{Name: "since", Kind: Duration, Default: 24 * time.Hour},
			{Name: "sort", Kind: String, Default: "score"},
			{Name: "allow", Kind: Strings, Default: []string{"10.0.0.0/8"}},
			{Name: "exact", Kind: Bool, Default: false},
		}},
		{Name: "hosts", Interval: time.Hour, Keys: []Key{
			{Name: "top", Kind: Int, Default: 100, Min: 1, Max: 1000},
			{Name: "networks", Kind: Networks},
			{Name: "assets", Kind: IDs, Max: 3},
			{Name: "prefix", Kind: Int, Default: 24, Choices: []string{"16", "24"}, Help: "length of a prefix"},
			{Name: "order", Kind: String, Default: "score", Choices: []string{"score", "name"}},
		}},
		{Name: "watches", Interval: time.Hour},
	}
}

var comparePrefixes = cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })

const minimal = `consoles:
  - name: hq
    url: https://sc.example.org
    accounts:
      - {name: a, username: u, password: p}
`

func parse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse([]byte(text), filepath.Join(t.TempDir(), "config.yml"), known())
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	checkSchema(t, text, "")
	return c
}

func TestADefaultIsSetForEveryKeyButNameURLAndAccounts(t *testing.T) {
	c := parse(t, minimal)
	got, ok := c.Console("hq")
	if !ok {
		t.Fatal("console hq is missing")
	}
	if _, ok := c.Console("other"); ok {
		t.Error("a console that is not in the file was found")
	}
	for _, x := range []struct {
		what      string
		got, want any
	}{
		{"url", got.URL.String(), "https://sc.example.org"},
		{"api", got.API, "auto"},
		{"default", got.Default, true},
		{"timeout", got.Timeout, time.Minute},
		{"analysis_timeout", got.AnalysisTimeout, 5 * time.Minute},
		{"page_size", got.PageSize, 1000},
		{"max_concurrent_requests", got.MaxConcurrentRequests, 2},
		{"max_response_bytes", int64(got.MaxResponseBytes), int64(16 << 20)},
		{"repositories", got.Repositories, RepositoryFilter{Types: []string{"local", "remote", "offline"}}},
		{"sla", c.SLA, []SLA{{
			Name: "default", Preset: "tenable", Basis: "first_seen",
			Days: map[string]int{"critical": 7, "high": 30, "medium": 60, "low": 180},
		}}},
		{"sla of the console", got.SLA, c.SLA},
		{"watches", got.Watches, []Watch(nil)},
		{"collectors", got.Collectors, map[string]CollectorSettings{
			"system": {Enabled: true, Interval: 5 * time.Minute, MaxAge: 4 * time.Hour, MaxSeries: 10000},
			"scans":  {Enabled: true, Interval: time.Hour, MaxAge: 8 * time.Hour, MaxSeries: 10000},
			"extra": {Interval: time.Hour, MaxAge: 8 * time.Hour, MaxSeries: 10000, Own: map[string]any{
				"top": 25, "since": 24 * time.Hour, "sort": "score", "allow": []string{"10.0.0.0/8"}, "exact": false,
			}},
			"hosts": {Interval: time.Hour, MaxAge: 8 * time.Hour, MaxSeries: 10000, Own: map[string]any{
				"top": 100, "networks": []netip.Prefix(nil), "assets": []string(nil), "prefix": 24, "order": "score",
			}},
			"watches": {Interval: time.Hour, MaxAge: 8 * time.Hour, MaxSeries: 10000},
		}},
	} {
		if d := cmp.Diff(x.want, x.got, comparePrefixes); d != "" {
			t.Errorf("%s (-want +got):\n%s", x.what, d)
		}
	}
}

func TestAConsolesCollectorsOverlayTheGlobalOnesWhichOverlayTheDefaults(t *testing.T) {
	c := parse(t, minimal+`    collectors:
      extra: {top: 7, max_age: 2d}
      system: {enabled: false}
collectors:
  extra: {enabled: true, interval: 10m, sort: name, allow: [a, b], exact: true, since: 1h, max_series: 5}
  scans: {interval: 1d}
  hosts: {top: 5, networks: [10.0.0.0/8, 192.0.2.7, 'fd00::/8', '::1'], assets: [7, 012], prefix: 16, order: name}
`)
	want := map[string]CollectorSettings{
		"system": {Interval: 5 * time.Minute, MaxAge: 4 * time.Hour, MaxSeries: 10000},
		"scans":  {Enabled: true, Interval: 24 * time.Hour, MaxAge: 8 * 24 * time.Hour, MaxSeries: 10000},
		"extra": {Enabled: true, Interval: 10 * time.Minute, MaxAge: 48 * time.Hour, MaxSeries: 5, Own: map[string]any{
			"top": 7, "since": time.Hour, "sort": "name", "allow": []string{"a", "b"}, "exact": true,
		}},
		"hosts": {Interval: time.Hour, MaxAge: 8 * time.Hour, MaxSeries: 10000, Own: map[string]any{
			"top": 5, "assets": []string{"7", "12"}, "prefix": 16, "order": "name",
			"networks": []netip.Prefix{
				netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32"),
				netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("::1/128"),
			},
		}},
		"watches": {Interval: time.Hour, MaxAge: 8 * time.Hour, MaxSeries: 10000},
	}
	if d := cmp.Diff(want, c.Consoles[0].Collectors, comparePrefixes); d != "" {
		t.Errorf("collectors (-want +got):\n%s", d)
	}
}

func TestTheDefaultConsole(t *testing.T) {
	entry := func(name, more string) string {
		return fmt.Sprintf("  - {name: %s, url: 'https://h', accounts: [{name: a, username: u, password: p}]%s}\n", name, more)
	}
	for _, x := range []struct {
		name, text, want string
	}{
		{"a lone console is it", entry("a", ""), "a"},
		{"a lone console that says false is not", entry("a", ", default: false"), ""},
		{"of several, the marked one is it", entry("a", "") + entry("b", ", default: true"), "b"},
		{"of several unmarked, none is it", entry("a", "") + entry("b", ""), ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			got := ""
			for _, c := range parse(t, "consoles:\n"+x.text).Consoles {
				if c.Default {
					got += c.Name
				}
			}
			if got != x.want {
				t.Errorf("the default is %q, want %q", got, x.want)
			}
		})
	}
}

func TestTheURLLosesItsLastSlashAndTheProtocolsPathAndKeepsItsPrefix(t *testing.T) {
	for in, want := range map[string]string{
		"http://127.0.0.1:8080":            "http://127.0.0.1:8080",
		"https://h/":                       "https://h",
		"https://h:8443/tenable/sc/":       "https://h:8443/tenable/sc",
		"https://[::1]:8443":               "https://[::1]:8443",
		"https://[::1]":                    "https://[::1]",
		"https://proxy.example.org/a%2Fb/": "https://proxy.example.org/a%2Fb",
		"https://h/rest":                   "https://h",
		"https://h/a%2Fb/rest/":            "https://h/a%2Fb",
		"https://h/pre/request.php":        "https://h/pre",
		"https://h/sc4/request.php":        "https://h",
	} {
		c := parse(t, strings.Replace(minimal, "https://sc.example.org", in, 1))
		if got := c.Consoles[0].URL.String(); got != want {
			t.Errorf("url %s became %s, want %s", in, got, want)
		}
	}
}

func TestLoadReadsTheFileAndWhatItNames(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "secret"), "from file\n")
	path := write(t, filepath.Join(dir, "config.yml"), strings.Replace(minimal, "password: p", "password_file: secret", 1))
	c, err := Load(path, known())
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Consoles[0].Accounts[0].Credentials()
	if err != nil || got.Password != "from file" {
		t.Errorf("Credentials() = %v, %v; want the password of the file", got.Password, err)
	}
	var refused *Error
	_, err = Load(filepath.Join(dir, "none.yml"), known())
	want := filepath.Join(dir, "none.yml") + ": cannot be read (file does not exist), expected a configuration file (config.yml.example explains every key)"
	if !errors.As(err, &refused) || err.Error() != want {
		t.Errorf("missing file: %v\nwant %s", err, want)
	}
	_, err = Load(dir, known())
	want = dir + ": cannot be read (" + dir + " is not a regular file), expected a configuration file (config.yml.example explains every key)"
	if err == nil || err.Error() != want {
		t.Errorf("folder: %v\nwant %s", err, want)
	}
}

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConsolesAreEqualWhenTheyAreConfiguredAlike(t *testing.T) {
	const lab = "  - {name: lab, url: 'https://lab', accounts: [{name: a, username: u, password: p}]}"
	base := minimal + "    default: true\n    labels: {tenant: acme}\n    http: {proxy_url: 'http://proxy:1', tls_config: {server_name: x}}\n"
	for _, x := range []struct {
		name, old, new string
		equal, data    bool
	}{
		{"the same text", "", "", true, true},
		{"a default that is spelled out", "    labels", "    timeout: 60s\n    collectors: {extra: {top: 25}}\n    labels", true, true},
		{"another password", "password: p", "password: q", false, false},
		{"another address", "sc.example.org", "sc.example.com", false, false},
		{"another proxy", "proxy:1", "proxy:2", false, false},
		{"another server name", "server_name: x", "server_name: y", false, false},
		{"a collector's own key", "    labels", "    collectors: {extra: {top: 26}}\n    labels", false, true},
		{"a deadline", "consoles:", "sla: [{name: x, preset: cpat}]\nconsoles:", false, true},
		{"a watch", "consoles:", "watches: [{name: x, query: 1}]\nconsoles:", false, true},
		{"a watch of another console", "consoles:", "watches: [{name: x, query: 1, consoles: [lab]}]\nconsoles:\n" + lab, true, true},
		{"another label to redact", "consoles:", "labels: {redact: [host]}\nconsoles:", false, false},
		{"another interval", "    labels", "    collectors: {extra: {interval: 26m}}\n    labels", false, true},
		{"another label", "acme", "ajax", false, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			a, _ := parse(t, base).Console("hq")
			b, _ := parse(t, strings.Replace(base, x.old, x.new, 1)).Console("hq")
			if got := a.Equal(b); got != x.equal {
				t.Errorf("Equal = %v, want %v", got, x.equal)
			}
			if got := a.SameData(b); got != x.data {
				t.Errorf("SameData = %v, want %v", got, x.data)
			}
		})
	}
}

func TestContentWithoutAPathIsCalledConfigurationInErrors(t *testing.T) {
	_, err := Parse([]byte("consoles: []\n"), "", known())
	want := "configuration:1:11: consoles: is empty, expected at least one console with name, url and accounts"
	if err == nil || err.Error() != want {
		t.Errorf("refused with %v, want %s", err, want)
	}
}
