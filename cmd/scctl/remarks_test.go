package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestWarningsOfTheConsoleAreShownAndChangeNothing(t *testing.T) {
	for _, dialect := range dialects {
		for name, c := range map[string]struct {
			endpoint string // of REST and RPC
			args     []string
		}{
			"a change": {"PATCH /asset/{id} asset::edit", []string{"asset", "update", "8", "--name", "Renamed", "--yes"}},
			"a query":  {"POST /analysis vuln::query", []string{"query", "sumip", "--page-size", "10", "--format", "jsonl"}},
		} {
			t.Run(dialect.String()+" "+name, func(t *testing.T) {
				console := start(t, dialect)
				asAnalyst(t)
				quiet := succeed(t, append([]string{"--url", console.URL}, c.args...)...)
				console.Inject(sctest.Fault{Match: func(r sctest.Request) bool { return strings.Contains(" "+c.endpoint+" ", " "+r.Endpoint+" ") },
					Effect: sctest.Remark("", "The asset list is used by a scan.", map[string]any{"code": 1, "warning": "The feed is stale."})})
				r := scctl(t, append([]string{"--url", console.URL}, c.args...)...)
				if want := "scctl: warning: The asset list is used by a scan.\nscctl: warning: The feed is stale.\n"; r.code != exitDone || r.stderr != want {
					t.Errorf("exit code %d, said %q, want once %q", r.code, r.stderr, want)
				}
				if r.stdout != quiet {
					t.Errorf("the output differs: %s", r.stdout)
				}
			})
		}
	}
}

func TestAChangeThatTheConsoleCouldNotMakeHasItsOwnExitCode(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			console := start(t, dialect)
			asAnalyst(t)
			console.Inject(sctest.Fault{Match: func(r sctest.Request) bool { return r.Method == http.MethodPatch || r.Endpoint == "asset::edit" },
				Effect: sctest.Remark("The list was changed.\nThe e-mail could not be sent.\n")})
			file := filepath.Join(t.TempDir(), "answer")
			raw := map[sctest.Dialect][]string{
				sctest.REST: {"raw", "PATCH", "/asset/8", "--body", `{"name":"x"}`, "--yes"},
				sctest.RPC:  {"raw", "asset", "edit", "--body", `{"id":"8","type":"static","name":"x","definedIPs":"10.0.0.1"}`, "--yes"},
			}[dialect]
			for _, args := range [][]string{raw, append(raw, "-o", file), {"asset", "update", "8", "--name", "x", "--yes"}} {
				r := scctl(t, append([]string{"--url", console.URL}, args...)...)
				if r.code != 9 || strings.Count(r.stderr, "The list was changed. The e-mail could not be sent.") != 1 || strings.Count(r.stderr, "\n") != 1 {
					t.Errorf("%v: exit code %d, said %q", args, r.code, r.stderr)
				}
				if isRaw := len(args) == len(raw) && args[0] == "raw"; isRaw != strings.Contains(r.stdout, `"name"`) {
					t.Errorf("%v: wrote %q", args, r.stdout)
				}
			}
			if _, err := os.Stat(file); err == nil {
				t.Error("there is a file although the command failed")
			}
		})
	}
}

func TestAMessageBesideAnAnswerIsShown(t *testing.T) {
	console := start(t, sctest.REST)
	asAdmin(t)
	console.Inject(sctest.Fault{Endpoint: "GET /feed", Effect: sctest.Remark("Partial data.")})
	if r := scctl(t, "--url", console.URL, "feeds"); r.code != exitDone || r.stderr != "scctl: the console says: Partial data.\n" || !strings.Contains(r.stdout, "active") {
		t.Errorf("exit code %d, said %q, wrote %q", r.code, r.stderr, r.stdout)
	}
}

func TestAnAnswerWithoutAnEnvelopeIsWrittenAsItIs(t *testing.T) {
	console := start(t, sctest.REST)
	asAnalyst(t)
	var answer struct {
		ID string `json:"primary_vuln_id"`
	}
	text := succeed(t, "--url", console.URL, "raw", "GET", "/cve/CVE-2021-44228")
	if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.ID != "CVE-2021-44228" {
		t.Errorf("wrote %q, %v", text, err)
	}
	console.Inject(sctest.Fault{Endpoint: "GET /cve/CVE-2021-44228", Effect: sctest.HTMLPage(200)})
	if said := fail(t, exitFailed, "--url", console.URL, "raw", "GET", "/cve/CVE-2021-44228"); !strings.Contains(said, "--stream") {
		t.Errorf("said %q", said)
	}
	if text := succeed(t, "--url", console.URL, "raw", "GET", "/cve/CVE-2021-44228", "--stream"); !strings.Contains(text, "<html>") {
		t.Errorf("wrote %q", text)
	}
}
