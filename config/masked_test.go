package config

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func TestTheMaskedConfigurationShowsWhatIsInForceWithoutSecrets(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "pw"), "hunter2")
	t.Setenv("SC_TEST_KEY", "hunter2")
	c, err := Parse([]byte(`consoles:
  - name: hq
    url: https://h/
    labels: {tenant: acme}
    accounts:
      - {name: a, username: u, password_file: pw, repositories: [5]}
      - {name: b, access_key: hunter2, secret_key_env: SC_TEST_KEY}
    http:
      tls_config: {server_name: x, min_version: TLS12}
      proxy_url: http://u:hunter2@proxy:1
      http_headers: {X-A: {values: [hunter2], secrets: [hunter2, hunter2]}}
collectors: {extra: {since: 90m}, system: {enabled: false}, hosts: {networks: [10.1.2.3]}}
sla: [{name: x, preset: bod-19-02, days: {high: 5}}]
watches: [{name: x, cves: [CVE-2021-44228], filters: [{name: port, value: '443'}]}]
labels: {redact: [host]}
`), filepath.Join(dir, "config.yml"), known())
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Masked()
	if err != nil {
		t.Fatal(err)
	}
	want := `consoles:
  - name: hq
    url: https://h
    api: auto
    default: true
    labels:
      tenant: acme
    accounts:
      - name: a
        username: u
        password_file: DIR/pw
        repositories: ["5"]
        tls_config:
          server_name: x
          min_version: TLS12
      - name: b
        access_key: <secret>
        secret_key_env: SC_TEST_KEY
        repositories: []
        tls_config:
          server_name: x
          min_version: TLS12
    http:
      tls_config:
        server_name: x
        min_version: TLS12
      proxy_url: http://<secret>@proxy:1
      http_headers:
        X-A:
          values: [<secret>]
          secrets: [<secret>, <secret>]
    timeout: 1m
    analysis_timeout: 5m
    page_size: 1000
    max_concurrent_requests: 2
    max_response_bytes: 16MB
    repositories:
      include: []
      exclude: []
      types: [local, remote, offline]
      same_as: []
    collectors:
      system:
        enabled: false
        interval: 5m
        max_age: 4h
        max_series: 10000
      scans:
        enabled: true
        interval: 1h
        max_age: 8h
        max_series: 10000
      extra:
        enabled: false
        interval: 1h
        max_age: 8h
        max_series: 10000
        top: 25
        since: 1h30m
        sort: score
        allow: [10.0.0.0/8]
        exact: false
      hosts:
        enabled: false
        interval: 1h
        max_age: 8h
        max_series: 10000
        top: 100
        networks: [10.1.2.3/32]
        assets: []
        prefix: 24
        order: score
      watches:
        enabled: true
        interval: 1h
        max_age: 8h
        max_series: 10000
watches:
  - name: x
    cves: [CVE-2021-44228]
    filters:
      - name: port
        operator: =
        value: "443"
sla:
  - name: x
    preset: bod-19-02
    basis: first_seen
    days: {critical: 15, high: 5}
owners: []
labels:
  redact: [host]
`
	if d := cmp.Diff(want, strings.ReplaceAll(string(got), dir, "DIR")); d != "" {
		t.Errorf("Masked (-want +got):\n%s", d)
	}
}

func TestTheMaskedConfigurationCanBeReadBack(t *testing.T) {
	first := parse(t, minimal+"    http: {tls_config: {server_name: x}, proxy_url: 'http://proxy:1'}\n"+
		"collectors: {extra: {enabled: true, since: 90m}, hosts: {networks: ['fd00::/8', 10.1.2.3], assets: [3]}}\n"+
		"labels: {redact: [scan]}\nsla: [{name: x, preset: cpat, days: {low: 9}}, {name: y, days: {high: 9}}, {name: z, preset: bod-19-02}]\n"+
		"watches: [{name: a, plugins: [5, 6], xref: 'CWE:79', consoles: [hq], filters: [{name: asset, value: {id: '5', n: [1, 2.5]}}]}, {name: b, query: 12}]\n")
	text, err := first.Masked()
	if err != nil {
		t.Fatal(err)
	}
	// The password cannot come back; everything else must.
	second := parse(t, strings.Replace(string(text), "<secret>", "p", 1))
	if !first.Consoles[0].Equal(second.Consoles[0]) {
		t.Errorf("the console that was read back differs:\n%s", text)
	}
	if d := cmp.Diff(first.SLA, second.SLA) + cmp.Diff(first.Watches, second.Watches) + cmp.Diff(first.Labels.Redact, second.Labels.Redact); d != "" {
		t.Errorf("read back (-first +second):\n%s", d)
	}
}

// TestEveryKeyOfTheReferenceIsPrinted guards the readers that print for
// themselves what they have read.
func TestEveryKeyOfTheReferenceIsPrinted(t *testing.T) {
	dir := t.TempDir()
	keyPair(t, dir, "x")
	content := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return strconv.Quote(string(data))
	}
	t.Setenv("SC_TEST_KEY", "hunter2")
	text := `consoles:
  - name: hq
    url: https://h
    labels: {tenant: acme}
    accounts:
      - {name: a, username: u, password: p, tls_config: {cert: ` + content("x.pem") + `, key: ` + content("x.key") + `, ca: ` + content("x.pem") + `}}
      - {name: b, username: v, password_file: x.key}
      - {name: c, username: w, password_env: SC_TEST_KEY}
      - {name: d, access_key: a, secret_key: s}
      - {name: e, access_key_file: x.key, secret_key_file: x.key}
      - {name: f, access_key_env: SC_TEST_KEY, secret_key_env: SC_TEST_KEY}
    http:
      tls_config: {ca_file: x.pem, cert_file: x.pem, key_file: x.key, server_name: x, insecure_skip_verify: true, min_version: TLS12, max_version: TLS13}
      proxy_url: http://proxy
      no_proxy: x
      proxy_connect_header: {X-P: [x]}
      http_headers: {Name: {values: [x], secrets: [x], files: [x.key]}}
  - {name: lab, url: https://l, accounts: [{name: a, username: u, password: p}], http: {proxy_from_environment: true}, repositories: {same_as: [{id: 3, console: hq, repository: 1}]}}
watches:
  - {name: a, consoles: [hq], cves: [CVE-2021-44228], plugins: [5], xref: CWE:79, filters: [{name: port, value: 443}]}
  - {name: b, query: 5, account: a}
owners: [{name: o, consoles: [hq], account: a, assets: [5], sla: [default]}]
labels: {redact: [host], hash_key: HASH}
`
	printed := map[string]bool{}
	for _, spelling := range []string{"hash_key: x", "hash_key_file: x.key", "hash_key_env: SC_TEST_KEY"} {
		c, err := Parse([]byte(strings.Replace(text, "hash_key: HASH", spelling, 1)), filepath.Join(dir, "config.yml"), known())
		if err != nil {
			t.Fatal(err)
		}
		masked, err := c.Masked()
		if err != nil {
			t.Fatal(err)
		}
		var root yaml.Node
		if err := yaml.Unmarshal(masked, &root); err != nil {
			t.Fatal(err)
		}
		paths(root.Content[0], "", printed)
	}
	for _, f := range fields(known()) {
		path := strings.TrimPrefix(f.group+"."+f.name, ".")
		path = strings.Replace(path, ".http_headers.NAME.", ".http_headers.Name.", 1)
		if strings.HasPrefix(path, "collectors") { // every console prints its own
			path = "consoles[]." + path
		}
		inTLS, isTLS := strings.CutPrefix(path, "consoles[].http.tls_config.")
		if !printed[path] && (!isTLS || !printed["consoles[].accounts[].tls_config."+inTLS]) {
			t.Errorf("%s is read, and not printed", path)
		}
	}
}

// paths notes the keys under n as the reference writes them.
func paths(n *yaml.Node, at string, seen map[string]bool) {
	seen[strings.TrimPrefix(at, ".")] = true
	for i, child := range n.Content {
		switch {
		case n.Kind == yaml.SequenceNode:
			paths(child, at+"[]", seen)
		case i%2 == 1:
			paths(child, at+"."+n.Content[i-1].Value, seen)
		}
	}
}
