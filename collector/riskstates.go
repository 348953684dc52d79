package collector

import (
	"errors"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var fromStatusSummary = Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumseverity", Cost: "1 analysis request, 2 where compliance results are subtracted; a few more once a day to check the spelling of the filter"}

var (
	riskExploitable = &Family{
		Name:   "securitycenter_vulnerabilities_exploitable",
		Source: fromOneSummary,
		Help:   "Open findings for which an exploit is known, by severity. Absent if the console cannot tell.",
		Labels: []string{"severity"},
	}
	riskAccepted = &Family{
		Name:   "securitycenter_vulnerabilities_accepted",
		Source: fromStatusSummary,
		Help:   "Findings whose risk is accepted, by severity; they are not among the open ones. Absent if the console cannot tell them.",
		Labels: []string{"severity"},
	}
	riskRecast = &Family{
		Name:   "securitycenter_vulnerabilities_recast",
		Source: fromStatusSummary,
		Help:   "Open findings whose severity a rule has changed, by that severity. Absent if the console cannot tell them.",
		Labels: []string{"severity"},
	}
	riskReopened = &Family{
		Name:   "securitycenter_vulnerabilities_reopened",
		Source: fromStatusSummary,
		Help:   "Open findings that had been mitigated before, by severity. Absent if the console cannot tell them.",
		Labels: []string{"severity"},
	}
	riskUniquePlugins = &Family{
		Name:   "securitycenter_unique_vulnerabilities",
		Source: Source{REST: "POST /analysis, sumid", RPC: "vuln::query, sumid", Cost: "5 analysis requests"},
		Help:   "Different plugins with open findings by severity. Absent where several accounts read findings, because the same plugin may be in both parts, and where compliance results have to be subtracted.",
		Labels: []string{"severity"},
	}
	riskHostsAffected = &Family{
		Name:   "securitycenter_hosts_affected",
		Source: Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumip", Cost: "5 analysis requests"},
		Help:   "Hosts with at least one open finding of the severity; a host counts once in every repository that holds it. Absent where compliance results have to be subtracted.",
		Labels: []string{"severity"},
	}
)

// riskStates counts the findings of which something is known or was decided.
func riskStates(total tally) []*figure {
	count := func(family *Family, q findings.Question) *figure {
		return total.asks(findings.Severities, q).bySeverity(total, family, allSeverities)
	}
	return []*figure{
		count(riskExploitable, exploitable()),
		count(riskAccepted, findings.Question{Risk: findings.RiskAccepted}),
		count(riskRecast, findings.Question{Status: findings.Recast}),
		count(riskReopened, findings.Question{Status: findings.Reopened}),
	}
}

// exploitable asks for the findings for which an exploit is known.
func exploitable() findings.Question { return only(scapi.Exploitable()) }

// riskReach counts plugins and hosts of every severity. One that the console does not
// know is asked for all the same, for the families to be noted as missing.
func riskReach(total tally) []*figure {
	var list []*figure
	for _, s := range allSeverities {
		q := only(scapi.BySeverity(s))
		list = append(list, total.asks(findings.Hosts, q).shows(ofHosts, riskHostsAffected, s.String()))
		if len(total.scopes) == 1 { // else the same plugin may be in both parts
			list = append(list, total.asks(findings.Plugins, q).shows(ofPlugins, riskUniquePlugins, s.String()))
		}
	}
	if len(total.scopes) > 1 {
		total.m.lacking(riskUniquePlugins, errors.New("several accounts read findings, and their plugins do not add up"))
	}
	return list
}
