package collector

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var complianceChecks = &Family{
	Name:   "securitycenter_compliance_checks",
	Source: Source{REST: "POST /analysis, sumip; GET /auditFile", RPC: "vuln::query, sumseverity", Cost: "1 analysis request for each audit file, 1 other request"},
	Help:   "Results of configuration audits by audit file and result: passed, warning (to be looked at by hand), failed. The labels of the audit are empty where the console does not tell audits apart, as SecurityCenter 4.",
	Labels: []string{"audit_id", "audit", "result"},
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

// audit returns a question for the results of one audit file, or of all.
func audit(filters ...scapi.Filter) findings.Question {
	q := only(append([]scapi.Filter{scapi.ByPluginType("compliance")}, filters...)...)
	q.ByPlugin = true
	return q
}

func loadCompliance(ctx context.Context, c *findings.Console, settings Settings, m *Metrics) error {
	total, err := newTally(ctx, c, m)
	if err != nil || len(total.scopes) == 0 {
		return err
	}
	files, told, err := auditFiles(ctx, c, settings.Strings("audits"), m)
	if err != nil {
		return err
	}
	if !told {
		return setChecks(ctx, total, audit(), scapi.Ref{})
	}
	for _, file := range files {
		q := audit(scapi.ByAuditFile(file.ID))
		if err := setChecks(ctx, total, q, file); err != nil {
			return fmt.Errorf("audit file %s (%s): %w", file.ID, file.Name, err)
		}
	}
	return nil
}

// auditFiles returns the audit files that are wanted, all if none is named; false if the console
// does not list any.
func auditFiles(ctx context.Context, c *findings.Console, wanted []string, m *Metrics) (files []scapi.Ref, told bool, err error) {
	err = readEach(ctx, c, m, "audit files", (*scapi.Client).AuditFiles, func(a scapi.AuditFile) string { return a.ID }, func(list []owned[scapi.AuditFile]) {
		told = true
		for _, a := range list {
			// The results of an id are those of all organisations that have it.
			named := slices.ContainsFunc(files, func(f scapi.Ref) bool { return f.ID == a.object.ID })
			if !named && (len(wanted) == 0 || slices.Contains(wanted, a.object.ID)) {
				files = append(files, scapi.Ref{ID: a.object.ID, Name: a.object.Name})
			}
		}
	})
	return files, told, err
}

// setChecks sets the results that q asks for.
func setChecks(ctx context.Context, total tally, q findings.Question, file scapi.Ref) error {
	counts, err := total.findings(ctx, complianceChecks, q)
	if err != nil || !counts.Valid {
		return err
	}
	for _, r := range complianceResults {
		total.m.Set(complianceChecks, float64(counts.Value[r.severity]), file.ID, file.Name, r.result)
	}
	return nil
}
