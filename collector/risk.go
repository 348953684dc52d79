package collector

import (
	"context"
	"slices"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var fromOneSummary = Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumseverity", Cost: "1 analysis request, 2 where compliance results are subtracted"}

// riskCollector tells how bad the findings are, how old, and how fast they are fixed,
// with one-row queries. REST POST /analysis, RPC vuln::query, tools sumip,
// sumid and sumseverity.
func riskCollector() *Collector {
	return &Collector{
		Name:     "risk",
		Help:     "Exploitable, accepted, aged, overdue, new and mitigated findings, and how fast they are fixed.",
		Interval: 30 * time.Minute,
		Default:  true,
		Account:  scapi.Organization,
		priority: 1,
		SLA:      true,
		Keys: []config.Key{
			{Name: "due_soon", Kind: config.Bool, Default: false, Help: "count the findings whose deadline ends within 7 days too; up to 4 analysis requests more for each policy"},
			{Name: "vpr", Kind: config.Bool, Default: false, Help: "count the findings by band of their Vulnerability Priority Rating too; 4 analysis requests more"},
		},
		Families: []*Family{
			riskUniquePlugins, riskHostsAffected, riskExploitable, riskAccepted, riskRecast, riskReopened, riskAged, riskOverdue, riskDueSoon, riskThreshold,
			riskNew, riskMitigated, riskRemediation, riskRemediationWithin, riskVPR,
		},
		figures: counting(riskFigures),
	}
}

func riskFigures(_ context.Context, total tally, settings Settings) ([]*figure, error) {
	return slices.Concat(
		riskStates(total), riskReach(total), riskAges(total), riskDeadlines(total, settings), riskFlow(total), riskRatings(total, settings),
	), nil
}
