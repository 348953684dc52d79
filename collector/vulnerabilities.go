package collector

import (
	"context"
	"fmt"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var fromRepositorySummary = Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumip and sumseverity", Cost: "1 analysis request for each repository, 2 where compliance results are subtracted or the console does not tell all in one answer"}

var (
	vulnerabilitiesOpen = &Family{
		Name:   "securitycenter_vulnerabilities",
		Source: fromRepositorySummary,
		Help:   "Open findings by repository and severity: risk not accepted, without web-application findings and compliance results. Absent if they cannot be told apart.",
		Labels: []string{"repository_id", "repository", "severity"},
	}
	vulnerabilitiesHosts = &Family{
		Name:   "securitycenter_hosts",
		Source: fromRepositorySummary,
		Help:   "Hosts with open findings, informational ones included, by repository. Absent where compliance results have to be subtracted.",
		Labels: []string{"repository_id", "repository"},
	}
	vulnerabilitiesScore = &Family{
		Name: "securitycenter_vulnerability_score",
		Source: Source{
			REST: fromRepositorySummary.REST, RPC: fromRepositorySummary.RPC, Cost: fromRepositorySummary.Cost,
			Exception: "a console whose rows come with the totals of all",
		},
		Help:   "The console's weighted score of the open findings by repository. Absent where the console does not add it up.",
		Labels: []string{"repository_id", "repository"},

		Uncounted: "it is the console's weighted score of findings, and no count",
	}
)

// vulnerabilitiesCollector counts open findings and hosts by repository, with one
// analysis request of one row for each. REST POST /analysis, RPC vuln::query,
// tool sumip.
func vulnerabilitiesCollector() *Collector {
	return &Collector{
		Name:     "vulnerabilities",
		Help:     "Open findings by severity, hosts and score of every repository.",
		Interval: 30 * time.Minute,
		Default:  true,
		Account:  scapi.Organization,
		Families: []*Family{vulnerabilitiesOpen, vulnerabilitiesHosts, vulnerabilitiesScore},
		figures:  counting(vulnerabilitiesFigures),
	}
}

func vulnerabilitiesFigures(_ context.Context, total tally, _ Settings) ([]*figure, error) {
	var list []*figure
	for _, s := range total.scopes {
		for _, r := range s.Repositories {
			f := &figure{subject: fmt.Sprintf("repository %s (%s)", r.ID, r.Name), measure: findings.Everything, parts: []part{{scope: s, Question: findings.Question{Repositories: []string{r.ID}}}}}
			f.bySeverity(total, vulnerabilitiesOpen, allSeverities, r.ID, r.Name)
			f.shows(ofHosts, vulnerabilitiesHosts, r.ID, r.Name)
			list = append(list, f.shows(ofScore, vulnerabilitiesScore, r.ID, r.Name))
		}
	}
	return list, nil
}
