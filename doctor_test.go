package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestTheDoctorExaminesEveryConsoleOfTheConfiguration(t *testing.T) {
	rest := sctest.Start(t, sctest.Options{Hosts: 20, Plugins: 300, Repositories: 2, Scans: 3})
	rpc := sctest.Start(t, sctest.Options{Dialect: sctest.RPC, Hosts: 20, Plugins: 300, Repositories: 2, Scans: 3})
	configuration := func(password string) string {
		var b strings.Builder
		b.WriteString("consoles:\n")
		for name, url := range map[string]string{"hq": rest.URL, "old": rpc.URL} {
			b.WriteString("  - {name: " + name + ", url: '" + url + "', accounts: [{name: admin, username: admin, password: " + sctest.AdminPassword +
				"}, {name: analyst, username: analyst, password: " + password + "}]}\n")
		}
		return file(t, b.String())
	}
	report := filepath.Join(t.TempDir(), "report.md")
	code, stdout, stderr := once(t, "--doctor", "--format=json", "--report="+report, "--state.file=", "--config.file="+configuration(sctest.AnalystPassword))
	var reports []struct {
		Console, Version string
		Checks           []struct{ ID, Result, Found string }
	}
	if err := json.Unmarshal([]byte(stdout), &reports); err != nil || code != 0 || len(reports) != 2 {
		t.Fatalf("exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}
	for _, r := range reports {
		if len(r.Checks) < 30 {
			t.Errorf("%s: %d checks", r.Console, len(r.Checks))
		}
		for _, c := range r.Checks {
			if c.Result != "ok" {
				t.Errorf("%s: %s is %s: %s", r.Console, c.ID, c.Result, c.Found)
			}
		}
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "analyst") || strings.Contains(string(text), rest.URL) || strings.Count(string(text), "### Security Center ") != 2 {
		t.Error(string(text))
	}
	if n := rest.Sessions() + rpc.Sessions(); n != 0 {
		t.Errorf("%d sessions are left", n)
	}

	if code, stdout, _ := once(t, "--doctor", "--state.file=", "--config.file="+configuration("another-password")); code != 1 || !strings.Contains(stdout, "WRONG") {
		t.Errorf("a refused password: exit code %d\n%s", code, stdout)
	}
	for _, args := range [][]string{
		{"--doctor", "--config.file=none.yml"}, {"--doctor", "--format=xml"}, {"--doctor", "--once", "--demo"}, {"--doctor", "--state.file=", "--config.file=" + file(t, "consols: []\n")},
	} {
		if code, _, stderr := once(t, args...); code != 2 {
			t.Errorf("%q: exit code %d, want 2: %s", args, code, stderr)
		}
	}
}
