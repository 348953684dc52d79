package collector

import (
	"strconv"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var (
	riskAged = &Family{
		Name:   "securitycenter_vulnerabilities_aged",
		Source: Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumseverity", Cost: "5 analysis requests, 10 where compliance results are subtracted"},
		Help:   "Open findings first seen at least so many days ago, by severity. Cumulative: the older are among the younger. Absent if the console cannot tell." + fromLastHour,
		Labels: []string{"min_age_days", "severity"},
	}
	riskOverdue = &Family{
		Name:   "securitycenter_vulnerabilities_overdue",
		Source: Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumseverity", Cost: "up to 4 analysis requests for each policy; none where the ages ask the same"},
		Help:   "Open findings past the deadline of the policy, by severity. Absent for severities without a deadline, and if the console cannot tell." + fromLastHour,
		Labels: []string{"sla", "severity"},
		Dated:  true,
	}
	riskDueSoon = &Family{
		Name:   "securitycenter_vulnerabilities_due_soon",
		Source: Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumseverity", Cost: "up to 4 analysis requests for each policy"},
		Help:   "Open findings whose deadline ends within the window, by severity. Absent for severities without a deadline, and if the console cannot tell. The window begins at the last full hour.",
		Labels: []string{"sla", "window", "severity"},
	}
	riskThreshold = &Family{
		Name:   "securitycenter_sla_threshold_seconds",
		Source: Source{REST: "configuration", RPC: "configuration", Cost: "none"},
		Help:   "How long a finding of the severity may stay open by the policy, in seconds, as configured. Absent for severities without a deadline.",
		Labels: []string{"sla", "severity"},

		Uncounted: "it is a deadline of the configuration",
	}
)

var agedDays = []int{7, 30, 60, 90, 180}

// riskAges counts the findings by how long ago they were first seen.
func riskAges(total tally) []*figure {
	var list []*figure
	for _, n := range agedDays {
		q := only(scapi.FirstSeen(forever, total.daysAgo(n)))
		list = append(list, total.asks(findings.Severities, q).bySeverity(total, riskAged, allSeverities, strconv.Itoa(n)))
	}
	return list
}

// dueSoonWindow is how many days before its deadline a finding is due soon.
const dueSoonWindow = 7

// deadlineBases are the dates that a deadline may count from.
var deadlineBases = map[string]func(from, to time.Time) scapi.Filter{
	"first_seen":              scapi.FirstSeen,
	"plugin_published":        scapi.PluginPublished,
	"patch_published":         scapi.PatchPublished,
	"vulnerability_published": scapi.VulnPublished,
}

// riskDeadlines counts what is past the deadline of every policy, and what soon
// will be. Severities with the same deadline share a query, and the query that
// a policy on the first sight shares with the ages is asked once.
func riskDeadlines(total tally, settings Settings) []*figure {
	var list []*figure
	for _, policy := range settings.SLA {
		for _, s := range ratedSeverities {
			n, has := policy.Days[s.String()]
			if !has {
				continue
			}
			list = append(list,
				given(riskThreshold, days(n).Seconds(), policy.Name, s.String()),
				total.overdue(policy, s, riskOverdue, policy.Name))
			if !settings.Bool("due_soon") {
				continue
			}
			end := total.daysAgo(n)
			last := end.Add(days(dueSoonWindow))
			if n <= dueSoonWindow {
				last = forever // all that is not late
			}
			soon := only(deadlineBases[policy.Basis](end.Add(time.Second), last))
			list = append(list, total.asks(findings.Severities, soon).bySeverity(total, riskDueSoon, []scapi.Severity{s}, policy.Name, windowLabel(dueSoonWindow)))
		}
	}
	return list
}

// overdue counts the findings of a severity that are past its deadline, of which the
// policy has one: those whose clock began before.
func (total tally) overdue(policy config.SLA, s scapi.Severity, family *Family, labels ...string) *figure {
	late := only(deadlineBases[policy.Basis](forever, total.daysAgo(policy.Days[s.String()])))
	return total.asks(findings.Severities, total.open(late)...).bySeverity(total, family, []scapi.Severity{s}, labels...)
}
