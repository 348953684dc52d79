package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestWhatIsWrongIsSaidInWords(t *testing.T) {
	page := "<!DOCTYPE html><html><head><title>Sign in</title></head></html>"
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(page))
	}))
	defer web.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	defer gone.Close()
	for _, dialect := range dialects {
		plain := start(t, dialect)
		secure := sctest.StartTLS(t, sctest.Options{Dialect: dialect, Hosts: 10, Plugins: 1000})
		authority := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(authority, secure.CACertPEM(), 0o600); err != nil {
			t.Fatal(err)
		}
		asAnalyst(t)
		host := strings.TrimPrefix(plain.URL, "http://")
		for _, c := range []struct {
			name string
			code int
			args []string
			says []string
		}{
			{"an untrusted certificate", exitFailed, []string{"--url", secure.URL, "zones"}, []string{"--tls.ca-file", "unknown authority"}},
			{"a certificate of another name", exitFailed, []string{"--url", secure.URL, "--tls.ca-file", authority, "--tls.server-name", "sc.example.org", "zones"}, []string{"--tls.server-name"}},
			{"https to an http port", exitFailed, []string{"--url", "https://" + host, "zones"}, []string{"HTTP response to HTTPS client", "write http://"}},
			{"http to an https port", exitFailed, []string{"--url", strings.Replace(secure.URL, "https", "http", 1), "zones"}, []string{"write https://"}},
			{"a wrong server", exitFailed, []string{"--url", web.URL, "zones"}, []string{"no Security Center at this address", "a page of HTML, as a gateway, a proxy or another server sends it"}},
			{"a server without the paths", exitFailed, []string{"--url", gone.URL, "zones"}, []string{"no Security Center at this address"}},
			{"no scheme", exitUsage, []string{"--url", host, "zones"}, []string{"no scheme: want https:// (or http://) before the host"}},
			{"no scheme but a name", exitUsage, []string{"--url", "sc.example.org:8443", "zones"}, []string{"no scheme: want https:// (or http://) before the host"}},
			{"a path without its slash", exitUsage, []string{"--url", plain.URL, "raw", "GET", "asset"}, []string{"raw GET asset: a path begins with /, as in: raw GET /asset"}},
			{"a path without its slash, in small letters", exitUsage, []string{"--url", plain.URL, "raw", "delete", "asset/5", "--yes"}, []string{"raw DELETE /asset/5"}},
			{"a time without a unit", exitUsage, []string{"--url", plain.URL, "--timeout", "5", "zones"}, []string{"--timeout 5: want a unit behind the number, such as 5s or 5m"}},
			{"a time that is none", exitUsage, []string{"--url", plain.URL, "zones", "--analysis-timeout", "soon"}, []string{"--analysis-timeout soon: want a duration such as 90s or 5m"}},
			{"a number that is none", exitUsage, []string{"--url", plain.URL, "query", "sumip", "--limit", "ten"}, []string{"--limit ten: want a number, 0 or more"}},
			{"a word that is none of some", exitUsage, []string{"--url", plain.URL, "zones", "--format", "cvs"}, []string{"--format cvs: want table, csv, tsv, jsonl, json; did you mean csv?"}},
			{"a misspelt command", exitUsage, []string{"--url", plain.URL, "zoness"}, []string{"there is no command zoness; did you mean zones?"}},
			{"a misspelt subcommand", exitUsage, []string{"--url", plain.URL, "scan", "downlaod"}, []string{"there is no command scan downlaod; did you mean download?"}},
			{"a subcommand that is none", exitUsage, []string{"scan", "xyz"}, []string{"there is no command scan xyz; there are definitions, result, download"}},
			{"a misspelt flag", exitUsage, []string{"--url", plain.URL, "zones", "--formt", "csv"}, []string{"'--formt'; did you mean --format?"}},
		} {
			t.Run(dialect.String()+" "+c.name, func(t *testing.T) {
				r := scctl(t, c.args...)
				if r.code != c.code || r.stdout != "" || strings.Count(r.stderr, "\n") != 1 {
					t.Errorf("exit code %d, wrote %q, said %q", r.code, r.stdout, r.stderr)
				}
				for _, words := range c.says {
					if !strings.Contains(r.stderr, words) {
						t.Errorf("said %q, without %q", r.stderr, words)
					}
				}
			})
		}
	}
}

func TestTheHTMLOfAGatewayIsCalledThat(t *testing.T) {
	for _, dialect := range dialects {
		console := start(t, dialect)
		asAnalyst(t)
		for _, endpoint := range []string{"POST /token", "auth::login", "GET /repository", "repository::init"} {
			remove := console.Inject(sctest.Fault{Endpoint: endpoint, Effect: sctest.HTMLPage(403)})
			if (dialect == sctest.RPC) == strings.Contains(endpoint, "::") {
				if said := fail(t, exitFailed, "--url", console.URL, "repositories"); !strings.Contains(said, "a page of HTML, as a gateway, a proxy or another server sends it") {
					t.Errorf("%s: said %q", endpoint, said)
				}
			}
			remove()
		}
	}
}

func TestAPIKeysOfAConsoleThatIsTooOldAreNotCalledWrong(t *testing.T) {
	console := sctest.Start(t, sctest.Options{Version: "5.9.0", Hosts: 10, Plugins: 1000})
	environment(t, map[string]string{"SC_ACCESS_KEY": sctest.AnalystAccessKey, "SC_SECRET_KEY": sctest.AnalystSecretKey})
	for _, api := range []string{"auto", "rest"} {
		if said := fail(t, exitUnsupported, "--url", console.URL, "--api", api, "repositories"); !strings.Contains(said, "version 5.9.0") || !strings.Contains(said, "5.13 is the first") {
			t.Errorf("said %q", said)
		}
	}
	old := start(t, sctest.RPC)
	if said := fail(t, exitUnsupported, "--url", old.URL, "repositories"); !strings.Contains(said, "SecurityCenter 4 has no API keys") {
		t.Errorf("said %q", said)
	}
}

func TestAnInterruptionIsCalledThat(t *testing.T) {
	console := start(t, sctest.REST)
	asAnalyst(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := scctlWith(ctx, "", "--url", console.URL, "repositories"); r.code != exitInterrupted || r.stderr != "scctl: interrupted, during login\n" {
		t.Errorf("exit code %d, said %q", r.code, r.stderr)
	}
}

func TestACommandWithSubcommandsListsThem(t *testing.T) {
	for args, want := range map[string][]string{
		"":           {"usage: scctl <command>", "\n  query  ", "\n  scan download  ", "\n  completion  ", "scctl help COMMAND"},
		"scan":       {"usage: scctl scan <command>", "\n  scan definitions  ", "\n  scan result  ", "\n  scan download  ", "scctl: scan wants one of its commands"},
		"asset":      {"\n  asset ips  ", "\n  asset update  "},
		"credential": {"\n  credential update  "},
	} {
		said := fail(t, exitUsage, strings.Fields(args)...)
		for _, words := range want {
			if !strings.Contains(said, words) {
				t.Errorf("%q: said %q, without %q", args, said, words)
			}
		}
	}
	if said := fail(t, exitUsage, "scan"); strings.Contains(said, "\n  query") {
		t.Errorf("said %q", said)
	}
}
