package collector

import (
	"context"
	"slices"
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
		Dated:  true,
	}
	riskMitigated = &Family{
		Name:   "securitycenter_vulnerabilities_mitigated",
		Source: Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumseverity", Cost: "2 analysis requests, 4 where compliance results are subtracted"},
		Help:   "Findings mitigated within the window, by severity. A rolling number: do not take its rate. Absent if the console cannot tell." + fromFullHour,
		Labels: []string{"window", "severity"},
		Dated:  true,
	}
	riskRemediation = &Family{
		Name:   "securitycenter_remediation_findings",
		Source: fromOneSummary,
		Help:   "Findings mitigated within the window, by severity: the whole of securitycenter_remediation_findings_within. Absent if the console cannot tell." + fromFullHour,
		Labels: []string{"window", "severity"},
	}
	riskRemediationWithin = &Family{
		Name:      "securitycenter_remediation_findings_within",
		Stability: Experimental,
		Source:    Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumseverity", Cost: "5 analysis requests, 10 where compliance results are subtracted"},
		Help:      "Findings mitigated within the window that were open for at most so many days, by severity. Cumulative. Absent if the console cannot tell." + fromFullHour,
		Labels:    []string{"window", "max_days", "severity"},
	}
)

var (
	intakeDays      = []int{1, 7}
	remediationDays = []int{7, 15, 30, 60, 90}
)

// remediationWindow is for how many days back the speed of fixing is told.
const remediationWindow = 30

// riskFlow counts what came, what went, and how long that took.
func riskFlow(total tally) []*figure {
	var list []*figure
	count := func(family *Family, severities []scapi.Severity, labels []string, questions ...findings.Question) {
		list = append(list, total.asks(findings.Severities, questions...).bySeverity(total, family, severities, labels...))
	}
	for _, n := range intakeDays {
		if !total.knows(n) {
			continue
		}
		list = append(list, total.flow(n)...)
	}
	window := windowLabel(remediationWindow)
	count(riskRemediation, ratedSeverities, []string{window}, total.gone(remediationWindow))
	for _, n := range remediationDays {
		count(riskRemediationWithin, ratedSeverities, []string{window, strconv.Itoa(n)}, total.gone(remediationWindow, scapi.DaysToMitigated(n)))
	}
	return list
}

// flow counts what came and what went within so many days.
func (total tally) flow(n int) []*figure {
	window := windowLabel(n)
	came := only(scapi.FirstSeen(total.daysAgo(n), total.end()))
	fixed := came // what was fixed within the window came too
	fixed.Source = scapi.Mitigated
	return []*figure{
		total.asks(findings.Severities, came, fixed).bySeverity(total, riskNew, allSeverities, window),
		total.asks(findings.Severities, total.gone(n)).bySeverity(total, riskMitigated, allSeverities, window),
	}
}

// FlowWindows are the days of the windows of which the collector risk itself tells
// what came and what went.
func FlowWindows() []int { return slices.Clone(intakeDays) }

// Flow returns a collector of what came and what went within so many days, as the
// collector risk tells it of its own windows: securitycenter_vulnerabilities_new and
// securitycenter_vulnerabilities_mitigated. It is none of All. It takes 3 analysis
// requests, 6 where compliance results are subtracted.
func Flow(days int) *Collector {
	flow := counting(func(_ context.Context, total tally, _ Settings) ([]*figure, error) { return total.flow(days), nil })
	return &Collector{
		Name:     "flow",
		Help:     "New and mitigated findings within a window.",
		Account:  scapi.Organization,
		priority: 1, // that of risk
		Families: []*Family{riskNew, riskMitigated},
		figures:  flow,
		New:      stateless(flow.load),
	}
}

// gone asks for what was mitigated within so many days.
func (k clock) gone(n int, filters ...scapi.Filter) findings.Question {
	window := scapi.LastMitigated(k.daysAgo(n), k.end())
	return findings.Question{Source: scapi.Mitigated, Only: append([]scapi.Filter{window}, filters...)}
}
