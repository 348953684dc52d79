package collector

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var (
	riskRulesAccept = &Family{
		Name:   "securitycenter_accept_risk_rules",
		Source: Source{REST: "GET /acceptRiskRule", Cost: "1 request for each organisation account"},
		Help:   "Rules that accept a risk, by state: active (for 30 days at least, or without an end), expiring_30d (active, ends within 30 days), expired. Absent if the console does not list them.",
		Labels: []string{"state"},
	}
	riskRulesRecast = &Family{
		Name:   "securitycenter_recast_risk_rules",
		Source: Source{REST: "GET /recastRiskRule", Cost: "1 request for each organisation account"},
		Help:   "Rules that change the severity of findings. Absent if the console does not list them.",
	}
)

// expiringWithin is what expiring_30d means.
const expiringWithin = 30 * 24 * time.Hour

// riskRulesCollector counts the rules that take findings out of the numbers, or down.
// REST GET /acceptRiskRule and /recastRiskRule; SecurityCenter 4 does not list
// them.
func riskRulesCollector() *Collector {
	return &Collector{
		Name:     "risk_rules",
		Help:     "Rules that accept risks, and those that change severities.",
		Interval: time.Hour,
		Account:  scapi.Organization,
		Families: []*Family{riskRulesAccept, riskRulesRecast},
		New:      stateless(loadRiskRules),
	}
}

func loadRiskRules(ctx context.Context, c *findings.Console, _ Settings, m *Metrics) error {
	id := func(r scapi.RiskRule) string { return r.ID }
	leftOut, err := c.LeftOut(ctx)
	if err != nil && !console.NotReadable(err) {
		return fmt.Errorf("read repositories: %w", err)
	}
	// A rule of a repository that the configuration does not choose takes nothing
	// out of the numbers.
	chosen := func(rules []owned[scapi.RiskRule]) []owned[scapi.RiskRule] {
		return slices.DeleteFunc(rules, func(r owned[scapi.RiskRule]) bool { return leftOut[r.object.Repository.ID] })
	}
	err = readEach(ctx, c, m, "accept-risk rules", (*scapi.Client).AcceptRiskRules, id, func(rules []owned[scapi.RiskRule]) {
		now := c.Now()
		var active, expiring, expired int
		for _, r := range chosen(rules) {
			switch ends := r.object.Expires; {
			case !ends.IsZero() && !ends.After(now):
				expired++
			case !ends.IsZero() && ends.Before(now.Add(expiringWithin)):
				expiring++
			default:
				active++
			}
		}
		m.Set(riskRulesAccept, float64(active), "active")
		m.Set(riskRulesAccept, float64(expiring), "expiring_30d")
		m.Set(riskRulesAccept, float64(expired), "expired")
	})
	if err != nil {
		return err
	}
	return readEach(ctx, c, m, "recast-risk rules", (*scapi.Client).RecastRiskRules, id, func(rules []owned[scapi.RiskRule]) {
		m.Set(riskRulesRecast, float64(len(chosen(rules))))
	})
}
