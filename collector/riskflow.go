package collector

import (
	"context"
	"strconv"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var (
	riskNew = &Family{
		Name:   "securitycenter_vulnerabilities_new",
		Source: Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumseverity", Cost: "4 analysis requests, 8 where compliance results are subtracted"},
		Help:   "Findings first seen within the window, by severity, mitigated since or not. A rolling number: do not take its rate. Absent if the console cannot tell." + fromFullHour,
		Labels: []string{"window", "severity"},
	}
	riskMitigated = &Family{
		Name:   "securitycenter_vulnerabilities_mitigated",
		Source: Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumseverity", Cost: "2 analysis requests, 4 where compliance results are subtracted"},
		Help:   "Findings mitigated within the window, by severity. A rolling number: do not take its rate. Absent if the console cannot tell." + fromFullHour,
		Labels: []string{"window", "severity"},
	}
	riskRemediation = &Family{
		Name:   "securitycenter_remediation_findings",
		Source: fromOneSummary,
		Help:   "Findings mitigated within the window, by severity: the whole of securitycenter_remediation_findings_within. Absent if the console cannot tell." + fromFullHour,
		Labels: []string{"window", "severity"},
	}
	riskRemediationWithin = &Family{
		Name:   "securitycenter_remediation_findings_within",
		Source: Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumseverity", Cost: "5 analysis requests, 10 where compliance results are subtracted"},
		Help:   "Findings mitigated within the window that were open for at most so many days, by severity. Cumulative. Absent if the console cannot tell." + fromFullHour,
		Labels: []string{"window", "max_days", "severity"},
	}
)

var (
	intakeDays      = []int{1, 7}
	remediationDays = []int{7, 15, 30, 60, 90}
)

// remediationWindow is for how many days back the speed of fixing is told.
const remediationWindow = 30

// riskFlow counts what came, what went, and how long that took.
func riskFlow(ctx context.Context, total tally, _ Settings) error {
	for _, n := range intakeDays {
		came := only(scapi.FirstSeen(total.daysAgo(n), forever))
		open, err := total.findings(ctx, riskNew, came)
		if err != nil {
			return err
		}
		came.Source = scapi.Mitigated // what was fixed within the window came too
		fixed, err := total.findings(ctx, riskNew, came)
		if err != nil {
			return err
		}
		both := scapi.Opt[scapi.Counts]{Value: open.Value.Add(fixed.Value), Valid: open.Valid && fixed.Valid}
		if both.Valid {
			total.m.setCounts(riskNew, allSeverities, both.Value, windowLabel(n))
		}
		if err := total.setFindings(ctx, riskMitigated, allSeverities, total.gone(n), windowLabel(n)); err != nil {
			return err
		}
	}
	window := windowLabel(remediationWindow)
	if err := total.setFindings(ctx, riskRemediation, ratedSeverities, total.gone(remediationWindow), window); err != nil {
		return err
	}
	for _, n := range remediationDays {
		quick := total.gone(remediationWindow, scapi.DaysToMitigated(n))
		if err := total.setFindings(ctx, riskRemediationWithin, ratedSeverities, quick, window, strconv.Itoa(n)); err != nil {
			return err
		}
	}
	return nil
}

// gone asks for what was mitigated within so many days.
func (k clock) gone(n int, filters ...scapi.Filter) findings.Question {
	window := scapi.LastMitigated(k.daysAgo(n), forever)
	return findings.Question{Source: scapi.Mitigated, Only: append([]scapi.Filter{window}, filters...)}
}
