package findings_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestASpellingIsTrustedForADayAndForOneVersion(t *testing.T) {
	t.Parallel()
	in(t, "REST", func(t *testing.T) {
		c := count(t, sctest.Options{SessionTimeout: 100 * time.Hour})
		checks := func() int {
			c.simulated.ForgetRequests()
			c.scopes(t)
			return c.simulated.Count(func(r sctest.Request) bool {
				return slices.ContainsFunc(r.Filters, func(f string) bool { return f == "acceptRiskStatus=all" })
			})
		}
		first := checks()
		time.Sleep(24*time.Hour - time.Second)
		within := checks()
		time.Sleep(time.Second)
		if after := checks(); first != 1 || within != 0 || after != 1 {
			t.Errorf("checked %d times, %d within a day and %d after it; want 1, 0, 1", first, within, after)
		}
	})
}

// Nothing is proved by sums of nothing: a console that is filled later may not
// understand the spelling.
func TestASpellingThatWasProvedByNothingIsProvedAgain(t *testing.T) {
	t.Parallel()
	in(t, "REST", func(t *testing.T) {
		c := count(t, sctest.Options{Repositories: 1, Quirks: sctest.Quirks{AcceptedIgnored: true}})
		empty := true
		c.answer = func(string) string {
			if empty {
				return nothing
			}
			return ""
		}
		c.scopes(t)
		empty = false
		time.Sleep(time.Hour)
		s := c.scopes(t)[0]
		if accepted, err := s.Counts(t.Context(), findings.Question{Risk: findings.RiskAccepted}); err != nil || accepted.Valid {
			t.Errorf("accepted findings are %v, %v although the console ignores the filter", accepted, err)
		}
	})
}

func TestTheWarningSaysWhatIsTrueOfAcceptedFindings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		sctest.Options
		warned bool
	}{
		"a console that shows them":          {sctest.Options{}, false},
		"a console that hides them":          {sctest.Options{Quirks: sctest.Quirks{AcceptedHidden: true}}, false},
		"and has no word for all":            {sctest.Options{Quirks: sctest.Quirks{AcceptedHidden: true, NoAllRisk: true}}, false},
		"a console that ignores the filter":  {sctest.Options{Quirks: sctest.Quirks{AcceptedIgnored: true}}, true},
		"a console that has no such filter":  {sctest.Options{RefuseFilters: []string{"acceptRiskStatus", "acceptedRisk"}}, true},
		"a console of SecurityCenter 4":      {sctest.Options{Dialect: sctest.RPC}, false},
		"one of those that hides them":       {sctest.Options{Dialect: sctest.RPC, Quirks: sctest.Quirks{AcceptedHidden: true}}, false},
		"one of those that ignores the flag": {sctest.Options{Dialect: sctest.RPC, Quirks: sctest.Quirks{AcceptedIgnored: true}}, true},
	} {
		in(t, name, func(t *testing.T) {
			c := count(t, tt.Options)
			c.scopes(t)
			const says = "whether findings with accepted risk are among the open ones is not known"
			if warned := strings.Contains(c.log.String(), says); warned != tt.warned || strings.Contains(c.log.String(), "are counted as open") {
				t.Errorf("warned: %v, want %v:\n%s", warned, tt.warned, c.log)
			}
		})
	}
}

// Findings may come and go between the requests of a proof.
func TestAProofThatTheDataDisturbedIsTriedAgain(t *testing.T) {
	t.Parallel()
	in(t, "REST", func(t *testing.T) {
		c := count(t, sctest.Options{Repositories: 1, Quirks: sctest.Quirks{NoAllRisk: true}})
		disturbed := false
		c.answer = func(body string) string { // once, all findings seem to be gone
			if disturbed || strings.Contains(body, "acceptRiskStatus") {
				return ""
			}
			disturbed = true
			return nothing
		}
		s := c.scopes(t)[0]
		want, _, _ := c.recount([]*findings.Scope{s}, func(f sctest.Finding) bool { f.Accepted = !f.Accepted; return isOpen(f) })
		expect(t, "accepted", true, want, func() (scapi.Opt[scapi.Counts], error) {
			return s.Counts(t.Context(), findings.Question{Risk: findings.RiskAccepted})
		})
		if !disturbed {
			t.Error("all findings were never asked for")
		}
	})
}
