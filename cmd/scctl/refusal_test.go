package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// Which code the console uses does not matter: what it says does.
func TestWhatTheConsoleDoesNotKnowHasOneExitCode(t *testing.T) {
	const building = "Unable to process Vuln Query.\nAn error occurred when building the vuln query command.\n"
	for name, tt := range map[string]struct {
		code    int
		message string
		want    int
	}{
		"a filter, by 146":      {146, "Invalid parameters specified for vuln query.  The filter 'acceptedRisk' is invalid (valid filters: a, b).", exitUnsupported},
		"a filter, by 143":      {143, building + "Filter \"acceptedRisk\" is not recognized\n", exitUnsupported},
		"an operator, by 143":   {143, building + "Operator \"contains\" is not recognized\n", exitUnsupported},
		"a value":               {146, "The value for Filter \"repository\" contains an id that is not known.", exitUnsupported},
		"the call":              {10, "Resource is not supported.", exitUnsupported},
		"a missing permission":  {145, "You do not have permission.", exitNotPermitted},
		"an object that is not": {147, "Query #5 does not exist.", exitNotFound},
		"anything else":         {2, "Disk quota exceeded.", exitFailed},
	} {
		for _, dialect := range dialects {
			t.Run(fmt.Sprint(name, " on ", dialect), func(t *testing.T) {
				console := start(t, dialect)
				asAnalyst(t)
				status := map[sctest.Dialect]int{sctest.REST: http.StatusForbidden, sctest.RPC: http.StatusOK}[dialect]
				console.Inject(sctest.Fault{Match: func(r sctest.Request) bool { return r.Tool == "sumport" }, Effect: sctest.Refuse(status, tt.code, tt.message)})
				said := fail(t, tt.want, "--url", console.URL, "query", "sumport", "-f", "pluginText~=x")
				for line := range strings.Lines(tt.message) {
					if !strings.Contains(said, strings.TrimSpace(strings.SplitN(line, "  ", 2)[0])) {
						t.Errorf("%q does not say %q", said, line)
					}
				}
			})
		}
	}
}

// A part is never written as if it were the whole.
func TestAPageWithNothingInItIsNoEnd(t *testing.T) {
	for name, nothing := range map[string]any{"an empty text": "", "an empty object": map[string]any{}, "an empty list": []any{}} {
		for _, dialect := range dialects {
			t.Run(fmt.Sprint(name, " on ", dialect), func(t *testing.T) {
				console := start(t, dialect)
				asAnalyst(t)
				query := []string{"--url", console.URL, "query", "listvuln", "--page-size", "10", "--limit", "25", "--prefetch", "0", "--format", "jsonl"}
				whole := succeed(t, query...)
				if n := strings.Count(whole, "\n"); n != 25 {
					t.Fatalf("%d rows", n)
				}
				second := func(r sctest.Request) bool { return r.Tool == "listvuln" && r.Start == 10 }
				console.Inject(sctest.Fault{Match: second, Times: 1, Effect: sctest.Answer(nothing)})
				if got := succeed(t, query...); got != whole {
					t.Errorf("when it is asked again: %d rows, want the same 25", strings.Count(got, "\n"))
				}
				console.Inject(sctest.Fault{Match: second, Effect: sctest.Answer(nothing)})
				if said := fail(t, exitFailed, query...); !strings.Contains(said, "rows are missing") {
					t.Errorf("%q does not say that rows are missing", said)
				}
			})
		}
	}
}
