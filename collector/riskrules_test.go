package collector_test

import (
	"errors"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func recountRiskRules(t *testing.T, e *exported, r *reckoning) {
	if r.rpc { // which does not list them
		if _, err := e.run(t, "risk_rules", noLimits); !errors.Is(err, console.ErrNotReadable) {
			t.Errorf("%v, want ErrNotReadable", err)
		}
		return
	}
	want := samples{}
	for _, state := range []string{"active", "expiring_30d", "expired"} {
		want[sample("securitycenter_accept_risk_rules", "state", state)] = 0
	}
	for _, rule := range everySeen(e, sctest.Organization.RiskRules, func(r sctest.RiskRule) string { return r.ID }, everybody) {
		state, expires := "active", rule.object.Expires
		if left := expires.Sub(r.now); !expires.IsZero() && left <= 0 {
			state = "expired"
		} else if !expires.IsZero() && left < 30*day {
			state = "expiring_30d"
		}
		want[sample("securitycenter_accept_risk_rules", "state", state)]++
		want["securitycenter_recast_risk_rules"]++
	}
	for name, n := range want {
		if n == 0 {
			t.Errorf("%s: the console has none", name)
		}
	}
	diff(t, "rules", want, e.load(t, "risk_rules"))
}

func TestRiskRulesOfRepositoriesThatDoNotCountAreLeftOut(t *testing.T) {
	for name, tt := range map[string]struct {
		filter console.RepositoryFilter
		shown  bool // all rules of the simulated console are for repository 1
	}{
		"chosen":     {console.RepositoryFilter{Include: []string{"1"}}, true},
		"not chosen": {console.RepositoryFilter{Include: []string{"2"}}, false},
		"excluded":   {console.RepositoryFilter{Exclude: []string{"1"}}, false},
		"all":        {console.RepositoryFilter{}, true},
	} {
		in(t, name, func(t *testing.T) {
			e := export(t, sctest.Options{}, func(o *console.Options) { o.Repositories = tt.filter })
			want := 0.0
			if tt.shown {
				want = float64(len(e.simulated.RiskRules()))
			}
			got := e.load(t, "risk_rules")
			if accept, recast := got.sum("securitycenter_accept_risk_rules"), got.sum("securitycenter_recast_risk_rules"); accept != want || recast != want {
				t.Errorf("%v and %v rules, want %v", accept, recast, want)
			}
		})
	}
}
