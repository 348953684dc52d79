package main

import (
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestALogoutThatFailsIsAWarning(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			console := start(t, dialect)
			asAnalyst(t)
			want := succeed(t, "--url", console.URL, "query", "sumip", "--format", "csv")
			for _, endpoint := range []string{"DELETE /token", "auth::logout"} {
				console.Inject(sctest.Fault{Endpoint: endpoint, Effect: sctest.HTMLPage(502)})
			}
			r := scctl(t, "--url", console.URL, "query", "sumip", "--format", "csv")
			if r.code != exitDone || r.stdout != want {
				t.Errorf("exit code %d, wrote %d bytes instead of %d", r.code, len(r.stdout), len(want))
			}
			if !strings.HasPrefix(r.stderr, "scctl: warning: log out: ") || strings.Count(r.stderr, "\n") != 1 {
				t.Errorf("said %q", r.stderr)
			}
			// What failed keeps its code.
			if said := fail(t, exitNotFound, "--url", console.URL, "plugin", "99999999"); !strings.Contains(said, "warning: log out: ") {
				t.Errorf("said %q", said)
			}
		})
	}
}
