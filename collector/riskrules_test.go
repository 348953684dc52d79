package collector_test

import (
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestRiskRulesAreCountedByWhenTheyEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		want := samples{}
		for _, state := range []string{"active", "expiring_30d", "expired"} {
			want[sample("securitycenter_accept_risk_rules", "state", state)] = 0
		}
		for _, rule := range e.simulated.RiskRules() {
			state := "active"
			if left := time.Until(rule.Expires); !rule.Expires.IsZero() && left <= 0 {
				state = "expired"
			} else if !rule.Expires.IsZero() && left < 30*day {
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
	})
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
