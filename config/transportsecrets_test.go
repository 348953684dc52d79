package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWhatTheTransportAddsIsKnown(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "header")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("from-a-file\n")
	c, err := Parse([]byte(`
consoles:
  - name: hq
    url: https://sc.example.org
    accounts: [{name: a, username: u, password: p}]
    http:
      proxy_url: http://proxy-user:proxy%26password@proxy.example.org:3128
      proxy_connect_header: {X-Proxy: [Bearer connect-token]}
      http_headers:
        X-A: {values: [plain-value], secrets: [secret-value], files: [header]}
        X-B: {values: [Basic dTpiYXNpYy1wYXNzd29yZA==]}
`), filepath.Join(dir, "config.yml"), known())
	if err != nil {
		t.Fatal(err)
	}
	hq := c.Consoles[0]
	got := hq.TransportSecrets()
	for _, secret := range []string{
		"proxy-user", "proxy&password", "Bearer connect-token", "connect-token", "plain-value", "secret-value", "from-a-file", "basic-password",
	} {
		if !slices.Contains(got, secret) {
			t.Errorf("%s is not among %q", secret, got)
		}
	}
	write("changed")
	if got := hq.TransportSecrets(); !slices.Contains(got, "changed") {
		t.Errorf("a changed file is not read: %q", got)
	}
}

func TestASecretInThePlaceOfAKeyIsNotRepeated(t *testing.T) {
	for _, secret := range []string{"Hunter2-swordfish", "abc123", "hunter2&co", "AKIA.0123/x"} {
		for _, text := range []string{
			"accounts: [{name: a, username: u, password: p, '" + secret + "': x}]",
			"accounts: [{name: a, username: u, password: p}]\n    http: {http_headers: {'" + secret + "': x}}",
			"accounts: [{name: a, username: u, password: p}]\n    http: {http_headers: {X-A: {'" + secret + "': x}}}",
			"accounts: [{name: a, username: u, password: p}]\n    http: {proxy_connect_header: {'" + secret + "': x}}",
			"accounts: [{name: a, username: u, password: p}]\n    '" + secret + "':",
		} {
			_, err := Parse([]byte("consoles:\n  - name: hq\n    url: https://sc.example.org\n    "+text+"\n"), "config.yml", known())
			if err == nil || strings.Contains(err.Error(), secret) || !strings.Contains(err.Error(), "config.yml:") {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}
