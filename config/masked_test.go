package config

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
    repositories:
      include: []
      exclude: []
      types: [local, remote, offline]
    collectors:
      extra:
        allow:
          - 10.0.0.0/8
        enabled: false
        exact: false
        interval: 1h
        max_age: 8h
        max_series: 10000
        since: 1h30m
        sort: score
        top: 25
      hosts:
        assets: []
        enabled: false
        interval: 1h
        max_age: 8h
        max_series: 10000
        networks:
          - 10.1.2.3/32
        order: score
        prefix: 24
        top: 100
      scans:
        enabled: true
        interval: 1h
        max_age: 8h
        max_series: 10000
      system:
        enabled: false
        interval: 5m
        max_age: 4h
        max_series: 10000
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
