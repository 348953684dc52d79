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
	Name:   "securitycenter_compliance_checks",
	Source: Source{REST: "POST /analysis, sumip; GET /auditFile", RPC: "vuln::query, sumseverity", Cost: "1 analysis request for each audit file, 1 other request"},
	Help:   "Results of configuration audits by audit file and result: passed, warning (to be looked at by hand), failed; failures that were accepted are not counted. The organisation is empty for audit files of the whole console; all labels of the audit are where the console does not tell audits apart, as SecurityCenter 4.",
	Labels: []string{"organization_id", "audit_id", "audit", "result"},
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
		New:      stateless(loadCompliance),
	}
}

var complianceResults = []struct {
	severity scapi.Severity
	result   string
}{{scapi.Info, "passed"}, {scapi.Medium, "warning"}, {scapi.High, "failed"}}

// lastCommonAudit is the last id of the audit files of the whole console. The ids
// above it are those of an organisation, and repeat in others.
const lastCommonAudit = 1_000_000

func loadCompliance(ctx context.Context, c *findings.Console, settings Settings, m *Metrics) error {
	total, err := newTally(ctx, c, m)
	if err != nil || len(total.scopes) == 0 {
		return err
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
		return err
	}
	if !told {
		return setChecks(ctx, total, owned[scapi.AuditFile]{})
	}
	for _, file := range common {
		if err := setChecks(ctx, total, owned[scapi.AuditFile]{object: file}); err != nil {
			return err
		}
	}
	for _, files := range byAccount(own) {
		total, err := tallyOf(ctx, c, files[0].account, m)
		if err != nil {
			return err
		}
		for _, file := range files {
			if len(total.scopes) > 0 {
				if err := setChecks(ctx, total, file); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// setChecks sets the results of an audit file; of all, where it has no id.
func setChecks(ctx context.Context, total tally, file owned[scapi.AuditFile]) error {
	q := findings.Question{Audits: true}
	if file.object.ID != "" {
		q.Only = []scapi.Filter{scapi.ByAuditFile(file.object.ID)}
	}
	counts, err := total.findings(ctx, complianceChecks, q)
	if err != nil {
		return fmt.Errorf("audit file %s (%s): %w", file.object.ID, file.object.Name, err)
	}
	if !counts.Valid {
		return nil
	}
	for _, r := range complianceResults {
		if !slices.Contains(total.m.severities, r.severity) {
			continue // what passed is stored as info
		}
		total.m.Set(complianceChecks, float64(counts.Value[r.severity]), file.organization, file.object.ID, file.object.Name, r.result)
	}
	return nil
}
