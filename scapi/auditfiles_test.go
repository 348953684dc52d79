package scapi_test

import (
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestAuditFilesHaveTheirResults(t *testing.T) {
	t.Parallel()
	for _, quirks := range []sctest.Quirks{{}, {LowCompliancePlugins: true}} {
		server, _, c := simulated(t, sctest.Options{Seed: 3, Quirks: quirks})
		files, err := c.AuditFiles(t.Context())
		if err != nil || len(files) != len(server.AuditFiles()) {
			t.Fatalf("%d audit files, %v; want %d", len(files), err, len(server.AuditFiles()))
		}
		empty := 0
		for i, f := range files {
			if w := server.AuditFiles()[i]; f.ID != w.ID || f.Name != w.Name || f.Type != w.Type || f.Modified.IsZero() {
				t.Errorf("audit file %+v, want %+v", f, w)
			}
			var want scapi.Counts
			for finding := range server.Findings() {
				if finding.AuditFileID == f.ID {
					want[finding.Severity]++
				}
			}
			got, err := c.Summary(t.Context(), scapi.Query{Filters: []scapi.Filter{scapi.ByAuditFile(f.ID), scapi.ByPluginType("compliance")}})
			if err != nil || got.Findings != want {
				t.Errorf("results of %s: %v, %v; want %v", f.Name, got.Findings, err, want)
			}
			if want.Total() == 0 {
				empty++
			}
		}
		if empty != 1 {
			t.Errorf("%d audit files without results, want the one that was never used", empty)
		}
	}
}

func TestAuditFiles(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, scapi.REST, "5.8.0", table(map[string]said{"GET /auditFile": {Response: `{"usable":[{"id":"1000009","name":"CIS","description":"d","type":"Unix","version":"1.43",
		"createdTime":"1555946553","modifiedTime":"1555946554"},{"id":"1000001","name":"test"}],"manageable":[{"id":"1000001","name":"test"}]}`}}))
	got, err := c.AuditFiles(t.Context())
	check(t, "audit files", err, got, []scapi.AuditFile{{ID: "1000001", Name: "test"},
		{ID: "1000009", Name: "CIS", Description: "d", Type: "unix", Version: "1.43", Created: epoch(1555946553), Modified: epoch(1555946554)}})
}

func TestRecordedAuditFiles(t *testing.T) {
	t.Parallel()
	c := recorded(t, recordings(t))
	audits, err := c.AuditFiles(t.Context())
	if err != nil || len(audits) != 3 || audits[2].Name != "Example" || audits[2].Type != "unix" {
		t.Errorf("audit files %+v, %v", audits, err)
	}
}
