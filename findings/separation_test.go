package findings_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// A finding may arrive between two requests of one difference: it is asked again,
// and absent where it stays negative.
func TestADifferenceThatStaysNegativeIsAbsent(t *testing.T) {
	t.Parallel()
	for times, shown := range map[int]bool{1: true, 2: false} {
		in(t, fmt.Sprint(times, " times"), func(t *testing.T) {
			c := count(t, sctest.Options{Repositories: 1, Quirks: sctest.Quirks{LowCompliancePlugins: true}})
			s := c.scopes(t)[0]
			left := times
			c.answer = func(body string) string {
				if left == 0 || strings.Contains(body, "pluginType") {
					return ""
				}
				left--
				return nothing
			}
			want, _, _ := c.recount([]*findings.Scope{s}, isOpen)
			expect(t, "open", shown, want, func() (scapi.Opt[scapi.Counts], error) { return s.Counts(t.Context(), findings.Question{}) })
		})
	}
}

func TestTheWarningSaysHowComplianceResultsAreToldApart(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		sctest.Options
		says string
	}{
		"by plugin id":          {sctest.Options{}, ""},
		"by subtraction":        {sctest.Options{Quirks: sctest.Quirks{LowCompliancePlugins: true}}, "they are subtracted, and numbers of hosts are absent"},
		"not at all":            {sctest.Options{RefuseFilters: []string{"pluginID", "pluginType"}}, "findings are absent"},
		"blind by type":         {sctest.Options{Quirks: sctest.Quirks{BlindToCompliance: true}}, "they are told apart by plugin id"},
		"no operator, by range": {sctest.Options{RefuseOperators: []string{"<=", ">="}}, ""},
	} {
		in(t, name, func(t *testing.T) {
			c := count(t, tt.Options)
			c.scopes(t)
			said := strings.Contains(c.log.String(), "ompliance result")
			if said != (tt.says != "") || !strings.Contains(c.log.String(), tt.says) {
				t.Errorf("want %q in the log:\n%s", tt.says, c.log)
			}
		})
	}
}

// Data may move between the requests of a check: what disagrees is asked again
// before it is believed.
func TestAuditsAreNotSubtractedBecauseTheDataMovedOnce(t *testing.T) {
	t.Parallel()
	in(t, "REST", func(t *testing.T) {
		c := count(t, sctest.Options{Repositories: 1})
		seen := 0
		c.answer = func(body string) string { // all that is open: first to prove the spelling, then to check
			if !strings.Contains(body, "notAccepted") || strings.Contains(body, "pluginID") || strings.Contains(body, "pluginType") {
				return ""
			}
			if seen++; seen != 2 {
				return ""
			}
			return nothing
		}
		s := c.scopes(t)[0]
		_, want, _ := c.recount([]*findings.Scope{s}, isOpen)
		expect(t, "hosts", true, want, func() (scapi.Opt[int64], error) { return s.Hosts(t.Context(), findings.Question{}) })
		if seen < 3 || strings.Contains(c.log.String(), "subtracted") {
			t.Errorf("asked %d times; log:\n%s", seen, c.log)
		}
	})
}

func TestARefusedOperatorIsNotSentAgainWithinADay(t *testing.T) {
	t.Parallel()
	in(t, "REST", func(t *testing.T) {
		c := count(t, sctest.Options{RefuseOperators: []string{"<=", ">="}})
		sent := func() int {
			c.simulated.ForgetRequests()
			c.scopes(t)
			return c.simulated.Count(func(r sctest.Request) bool {
				return slices.ContainsFunc(r.Filters, func(f string) bool { return strings.Contains(f, "<=") })
			})
		}
		first := sent()
		time.Sleep(23 * time.Hour)
		within := sent()
		time.Sleep(time.Hour)
		if after := sent(); first != 1 || within != 0 || after != 1 {
			t.Errorf("sent %d times, %d within a day and %d after it; want 1, 0, 1", first, within, after)
		}
		if _, known := c.SupportedFilters()["pluginID"]; !known || !c.SupportedFilters()["pluginID"] {
			t.Errorf("the filter counts as refused with its operator: %v", c.SupportedFilters())
		}
	})
}
