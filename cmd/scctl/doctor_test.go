package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestDoctorExaminesAConsole(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			asAnalyst(t)
			console := sctest.Start(t, sctest.Options{Dialect: dialect, Hosts: 20, Plugins: 300, Repositories: 2, Scans: 3})
			report := filepath.Join(t.TempDir(), "report.md")
			// Limited, because there is no administrator: still nothing is wrong.
			out := succeed(t, "--url", console.URL, "doctor", "--report", report)
			if !strings.Contains(out, "LIMITED  accounts") || !strings.Contains(out, "kinds of accounts") || strings.Contains(out, "WRONG") {
				t.Error(out)
			}
			text, err := os.ReadFile(report)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(string(text), "### Security Center "+console.Options().Version) || strings.Contains(string(text), "analyst") {
				t.Error(string(text))
			}
			if n := console.Sessions(); n != 0 {
				t.Errorf("%d sessions are left", n)
			}
			t.Setenv("SC_PASSWORD", "another-password")
			if complaint := fail(t, exitFailed, "--url", console.URL, "doctor", "--format", "json"); !strings.Contains(complaint, "see the report") {
				t.Error(complaint)
			}
			fail(t, exitUsage, "--url", console.URL, "doctor", "--format", "xml")
		})
	}
	environment(t, nil)
	fail(t, exitUsage, "--config.file", "none.yml", "doctor")
}
