package collector

import (
	"context"
	"strconv"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var (
	uniqueVulnerabilities = &Family{
		Name:   "securitycenter_unique_vulnerabilities",
		Source: Source{"POST /analysis, sumid", "vuln::query, sumid", "5 analysis requests"},
		Help:   "Different plugins with open findings by severity. Absent where several accounts read findings, because the same plugin may be in both parts, and where compliance results have to be subtracted.",
		Labels: []string{"severity"},
	}
	hostsAffected = &Family{
		Name:   "securitycenter_hosts_affected",
		Source: Source{"POST /analysis, sumip", "vuln::query, sumip", "5 analysis requests"},
		Help:   "Hosts with at least one open finding of the severity; a host counts once in every repository that holds it. Absent where compliance results have to be subtracted.",
		Labels: []string{"severity"},
	}
	exploitable = &Family{
		Name:   "securitycenter_vulnerabilities_exploitable",
		Source: fromOneSummary,
		Help:   "Open findings for which an exploit is known, by severity. Absent if the console cannot tell.",
		Labels: []string{"severity"},
	}
	accepted = &Family{
		Name:   "securitycenter_vulnerabilities_accepted",
		Source: fromStatusSummary,
		Help:   "Findings whose risk is accepted, by severity; they are not among the open ones. Absent if the console cannot tell them.",
		Labels: []string{"severity"},
	}
	recast = &Family{
		Name:   "securitycenter_vulnerabilities_recast",
		Source: fromStatusSummary,
		Help:   "Open findings whose severity a rule has changed, by that severity. Absent if the console cannot tell them.",
		Labels: []string{"severity"},
	}
	reopened = &Family{
		Name:   "securitycenter_vulnerabilities_reopened",
		Source: fromStatusSummary,
		Help:   "Open findings that had been mitigated before, by severity. Absent if the console cannot tell them.",
		Labels: []string{"severity"},
	}
	aged = &Family{
		Name:   "securitycenter_vulnerabilities_aged",
		Source: Source{"POST /analysis, sumip", "vuln::query, sumseverity", "5 analysis requests, 10 where compliance results are subtracted"},
		Help:   "Open findings first seen at least so many days ago, by severity. Cumulative: the older are among the younger. Absent if the console cannot tell.",
		Labels: []string{"min_age_days", "severity"},
	}
	overdue = &Family{
		Name:   "securitycenter_vulnerabilities_overdue",
		Source: Source{"POST /analysis, sumip", "vuln::query, sumseverity", "up to 4 analysis requests for each policy; none where the ages ask the same"},
		Help:   "Open findings past the deadline of the policy, by severity. Absent for severities without a deadline, and if the console cannot tell.",
		Labels: []string{"sla", "severity"},
	}
	dueSoon = &Family{
		Name:   "securitycenter_vulnerabilities_due_soon",
		Source: Source{"POST /analysis, sumip", "vuln::query, sumseverity", "up to 4 analysis requests for each policy"},
		Help:   "Open findings whose deadline ends within the window, by severity. Absent for severities without a deadline, and if the console cannot tell.",
		Labels: []string{"sla", "window", "severity"},
	}
	slaThreshold = &Family{
		Name:   "securitycenter_sla_threshold_seconds",
		Source: Source{"configuration", "configuration", "none"},
		Help:   "How long a finding of the severity may stay open by the policy, in seconds, as configured. Absent for severities without a deadline.",
		Labels: []string{"sla", "severity"},
	}
	newVulnerabilities = &Family{
		Name:   "securitycenter_vulnerabilities_new",
		Source: Source{"POST /analysis, sumip", "vuln::query, sumseverity", "4 analysis requests, 8 where compliance results are subtracted"},
		Help:   "Findings first seen within the window, by severity, mitigated since or not. A rolling number: do not take its rate. Absent if the console cannot tell.",
		Labels: []string{"window", "severity"},
	}
	mitigated = &Family{
		Name:   "securitycenter_vulnerabilities_mitigated",
		Source: Source{"POST /analysis, sumip", "vuln::query, sumseverity", "2 analysis requests, 4 where compliance results are subtracted"},
		Help:   "Findings mitigated within the window, by severity. A rolling number: do not take its rate. Absent if the console cannot tell.",
		Labels: []string{"window", "severity"},
	}
	remediation = &Family{
		Name:   "securitycenter_remediation_findings",
		Source: fromOneSummary,
		Help:   "Findings mitigated within the window, by severity: the whole of securitycenter_remediation_findings_within. Absent if the console cannot tell.",
		Labels: []string{"window", "severity"},
	}
	remediationWithin = &Family{
		Name:   "securitycenter_remediation_findings_within",
		Source: Source{"POST /analysis, sumip", "vuln::query, sumseverity", "5 analysis requests, 10 where compliance results are subtracted"},
		Help:   "Findings mitigated within the window that were open for at most so many days, by severity. Cumulative. Absent if the console cannot tell.",
		Labels: []string{"window", "max_days", "severity"},
	}
	vpr = &Family{
		Name:   "securitycenter_vulnerabilities_vpr",
		Source: Source{"POST /analysis, sumip", "", "4 analysis requests"},
		Help:   "Open findings by band of their Vulnerability Priority Rating: low 0.1 to 3.9, medium 4 to 6.9, high 7 to 8.9, critical 9 to 10. Absent if the console has no such rating, and unless switched on.",
		Labels: []string{"band"},
	}
)

// Risk tells how bad the findings are, how old, and how fast they are fixed,
// with one-row queries. REST POST /analysis, RPC vuln::query, tools sumip,
// sumid and sumseverity.
func Risk() *Collector {
	return &Collector{
		Name:     "risk",
		Help:     "Exploitable, accepted, aged, overdue, new and mitigated findings, and how fast they are fixed.",
		Interval: 30 * time.Minute,
		Default:  true,
		Account:  scapi.Organization,
		Priority: 1,
		SLA:      true,
		Keys: []config.Key{
			{Name: "due_soon", Kind: config.Bool, Default: false, Help: "count the findings whose deadline ends within 7 days too; up to 4 analysis requests more for each policy"},
			{Name: "vpr", Kind: config.Bool, Default: false, Help: "count the findings by band of their Vulnerability Priority Rating too; 4 analysis requests more"},
		},
		Families: []*Family{
			uniqueVulnerabilities, hostsAffected, exploitable, accepted, recast, reopened, aged, overdue, dueSoon, slaThreshold,
			newVulnerabilities, mitigated, remediation, remediationWithin, vpr,
		},
		New: stateless(loadRisk),
	}
}

// The days of the catalogue.
var (
	agedDays        = []int{7, 30, 60, 90, 180}
	intakeDays      = []int{1, 7}
	remediationDays = []int{7, 15, 30, 60, 90}
)

const (
	remediationWindow = 30
	dueSoonWindow     = 7
)

// Which severities a family shows: all, or those that have to be fixed.
var (
	all   = scapi.Severities[:]
	rated = scapi.Severities[scapi.Low:]
)

func loadRisk(ctx context.Context, c *findings.Console, settings Settings, m *Metrics) error {
	t, err := newTally(ctx, c, m)
	if err != nil || len(t.scopes) == 0 {
		return err
	}
	for _, load := range []func(context.Context, tally, Settings) error{
		riskStates, riskReach, riskAges, riskDeadlines, riskFlow, riskRatings,
	} {
		if err := load(ctx, t, settings); err != nil {
			return err
		}
	}
	return nil
}

// riskStates counts the findings of which something is known or was decided.
func riskStates(ctx context.Context, t tally, _ Settings) error {
	for _, state := range []struct {
		family *Family
		findings.Question
	}{
		{exploitable, only(scapi.Exploitable())},
		{accepted, findings.Question{Risk: findings.RiskAccepted}},
		{recast, findings.Question{Status: findings.Recast}},
		{reopened, findings.Question{Status: findings.Reopened}},
	} {
		if err := t.counts(ctx, state.family, all, state.Question); err != nil {
			return err
		}
	}
	return nil
}

// riskReach counts plugins and hosts of every severity.
func riskReach(ctx context.Context, t tally, _ Settings) error {
	for _, s := range all {
		q := only(scapi.BySeverity(s))
		hosts, err := t.hosts(ctx, hostsAffected, q)
		if err != nil {
			return err
		}
		if hosts.Valid {
			t.m.SetSeverity(hostsAffected, s, float64(hosts.Value))
		}
		if len(t.scopes) > 1 {
			continue // the same plugin may be in both parts
		}
		plugins, err := sum(t, uniqueVulnerabilities, add, func(scope *findings.Scope) (scapi.Opt[int64], error) { return scope.Plugins(ctx, q) })
		if err != nil {
			return err
		}
		if plugins.Valid {
			t.m.SetSeverity(uniqueVulnerabilities, s, float64(plugins.Value))
		}
	}
	if len(t.scopes) > 1 {
		t.m.lacking(uniqueVulnerabilities, "several accounts read findings, and their plugins do not add up")
	}
	return nil
}

// riskAges counts the findings by how long ago they were first seen.
func riskAges(ctx context.Context, t tally, _ Settings) error {
	for _, n := range agedDays {
		q := only(scapi.FirstSeen(forever, daysAgo(n)))
		if err := t.counts(ctx, aged, all, q, strconv.Itoa(n)); err != nil {
			return err
		}
	}
	return nil
}

// bases are the dates that a deadline may count from.
var bases = map[string]func(from, to time.Time) scapi.Filter{
	"first_seen":              scapi.FirstSeen,
	"plugin_published":        scapi.PluginPublished,
	"patch_published":         scapi.PatchPublished,
	"vulnerability_published": scapi.VulnPublished,
}

// riskDeadlines counts what is past the deadline of every policy, and what soon
// will be. Severities with the same deadline share a query, and the query that
// a policy on the first sight shares with the ages is asked once.
func riskDeadlines(ctx context.Context, t tally, settings Settings) error {
	for _, policy := range settings.SLA {
		began := bases[policy.Basis]
		for _, s := range rated {
			n, has := policy.Days[s.String()]
			if !has {
				continue
			}
			t.m.SetSeverity(slaThreshold, s, days(n).Seconds(), policy.Name)
			end := daysAgo(n) // whose clock began before is late
			late := only(began(forever, end))
			if err := t.counts(ctx, overdue, []scapi.Severity{s}, late, policy.Name); err != nil {
				return err
			}
			if !settings.Bool("due_soon") {
				continue
			}
			last := end.Add(days(dueSoonWindow))
			if n <= dueSoonWindow {
				last = forever // all that is not late
			}
			soon := only(began(end.Add(time.Second), last))
			if err := t.counts(ctx, dueSoon, []scapi.Severity{s}, soon, policy.Name, windowLabel(dueSoonWindow)); err != nil {
				return err
			}
		}
	}
	return nil
}

func windowLabel(days int) string { return strconv.Itoa(days) + "d" }

// riskFlow counts what came, what went, and how long that took.
func riskFlow(ctx context.Context, t tally, _ Settings) error {
	for _, n := range intakeDays {
		came := only(scapi.FirstSeen(daysAgo(n), forever))
		open, err := t.total(ctx, newVulnerabilities, came)
		if err != nil {
			return err
		}
		came.Source = scapi.Mitigated // what was fixed within the window came too
		fixed, err := t.total(ctx, newVulnerabilities, came)
		if err != nil {
			return err
		}
		both := scapi.Opt[scapi.Counts]{Value: open.Value.Add(fixed.Value), Valid: open.Valid && fixed.Valid}
		t.emit(newVulnerabilities, all, both, windowLabel(n))
		if err := t.counts(ctx, mitigated, all, gone(n), windowLabel(n)); err != nil {
			return err
		}
	}
	window := windowLabel(remediationWindow)
	if err := t.counts(ctx, remediation, rated, gone(remediationWindow), window); err != nil {
		return err
	}
	for _, n := range remediationDays {
		quick := gone(remediationWindow, scapi.DaysToMitigated(n))
		if err := t.counts(ctx, remediationWithin, rated, quick, window, strconv.Itoa(n)); err != nil {
			return err
		}
	}
	return nil
}

// gone asks for what was mitigated within so many days.
func gone(n int, filters ...scapi.Filter) findings.Question {
	window := scapi.LastMitigated(daysAgo(n), forever)
	return findings.Question{Source: scapi.Mitigated, Only: append([]scapi.Filter{window}, filters...)}
}

// riskRatings counts by band of the Vulnerability Priority Rating.
func riskRatings(ctx context.Context, t tally, settings Settings) error {
	if !settings.Bool("vpr") {
		return nil
	}
	for _, band := range []struct {
		name      string
		low, high float64
	}{{"low", 0.1, 3.9}, {"medium", 4, 6.9}, {"high", 7, 8.9}, {"critical", 9, 10}} {
		counts, err := t.total(ctx, vpr, only(scapi.VPR(band.low, band.high)))
		if err != nil {
			return err
		}
		if counts.Valid {
			t.m.Set(vpr, float64(counts.Value.Total()), band.name)
		}
	}
	return nil
}
