package collector

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var complianceChecks = &Family{
	Name:      "securitycenter_compliance_checks",
	Stability: Experimental,
	Source:    Source{REST: "POST /analysis, sumip; GET /auditFile", RPC: "vuln::query, sumseverity", Cost: "1 analysis request for each audit file, 1 other request"},
	Help:      "Results of configuration audits by audit file and result: passed, warning (to be looked at by hand), failed; failures that were accepted are not counted. The organisation is empty for audit files of the whole console; all labels of the audit are where the console does not tell audits apart, as SecurityCenter 4.",
	Labels:    []string{"organization_id", "audit_id", "audit", "result"},
}

// complianceCollector counts the results of configuration audits, which the console
// keeps as findings: a passed check is an info, one to be looked at by hand a
// medium, a failed one a high. REST GET /auditFile and POST /analysis, RPC
// vuln::query, one row for each audit file.
func complianceCollector() *Collector {
	return &Collector{
		Name:     "compliance",
		Help:     "Results of configuration audits by audit file.",
		Interval: time.Hour,
		Account:  scapi.Organization,
		priority: 3,
		Keys: []config.Key{
			{Name: "audits", Kind: config.IDs, Default: []string(nil), Max: 500, Help: "ids of the audit files that are meant; the empty list means all"},
		},
		Families: []*Family{complianceChecks},
		figures:  complianceFigures,
	}
}

var complianceResults = []struct {
	severity scapi.Severity
	result   string
}{{scapi.Info, "passed"}, {scapi.Medium, "warning"}, {scapi.High, "failed"}}

// lastCommonAudit is the last id of the audit files of the whole console. The ids
// above it are those of an organisation, and repeat in others.
const lastCommonAudit = 1_000_000

func complianceFigures(ctx context.Context, c *findings.Console, settings Settings, m *Metrics) ([]*figure, error) {
	total, err := newTally(ctx, c, m)
	if err != nil || len(total.scopes) == 0 {
		return nil, err
	}
	wanted := settings.Strings("audits")
	var common []scapi.AuditFile
	var own []owned[scapi.AuditFile]
	told := false
	err = readEach(ctx, c, m, "audit files", (*scapi.Client).AuditFiles, func(a scapi.AuditFile) string { return a.ID }, func(list []owned[scapi.AuditFile]) {
		told = true
		for _, a := range list {
			id, err := strconv.ParseInt(a.object.ID, 10, 64)
			switch {
			case len(wanted) > 0 && !slices.Contains(wanted, a.object.ID):
			case err != nil || id > lastCommonAudit:
				own = append(own, a)
			case !slices.ContainsFunc(common, func(f scapi.AuditFile) bool { return f.ID == a.object.ID }):
				common = append(common, a.object)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if !told {
		return []*figure{complianceOf(total, owned[scapi.AuditFile]{})}, nil
	}
	var list []*figure
	for _, file := range common {
		list = append(list, complianceOf(total, owned[scapi.AuditFile]{object: file}))
	}
	for _, files := range byAccount(own) {
		total, err := tallyOf(ctx, c, files[0].account, m)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if len(total.scopes) > 0 {
				list = append(list, complianceOf(total, file))
			}
		}
	}
	return list, nil
}

// complianceOf counts the results of an audit file; of all, where it has no id.
func complianceOf(total tally, file owned[scapi.AuditFile]) *figure {
	q := findings.Question{Audits: true}
	if file.object.ID != "" {
		q.Only = []scapi.Filter{scapi.ByAuditFile(file.object.ID)}
	}
	f := total.asks(findings.Severities, q)
	f.subject = fmt.Sprintf("%s: audit file %s (%s)", complianceChecks.Name, file.object.ID, file.object.Name)
	for _, r := range complianceResults {
		if slices.Contains(total.m.severities, r.severity) { // what passed is stored as info
			one := []scapi.Severity{r.severity}
			f.series = append(f.series, series{
				family: complianceChecks, labels: []string{file.organization, file.object.ID, file.object.Name, r.result}, reading: reading{severities: one},
			})
		}
	}
	return f
}
