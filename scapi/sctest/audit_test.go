package sctest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// A filter that takes a list keeps what fits any of it, in each form that clients write lists in.
func TestListsOfAFilterKeepAnyOfThem(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Seed: 4, Hosts: 200, Now: fixed})
	c := newClient(t, s).analyst()
	var cves []string
	for f := range s.Findings() {
		if f.Open() && len(f.CVEs) > 0 && !slices.Contains(cves, f.CVEs[0]) {
			cves = append(cves, f.CVEs[0])
		}
	}
	cves = cves[:2]
	hasCVE := func(f sctest.Finding) bool {
		return slices.ContainsFunc(f.CVEs, func(id string) bool { return slices.Contains(cves, id) })
	}
	of := func(ids ...string) func(sctest.Finding) bool {
		return func(f sctest.Finding) bool { return slices.Contains(ids, f.AuditFileID) }
	}
	record := func(id string) map[string]string { return map[string]string{"id": id} }
	for name, tc := range map[string]struct {
		filter filter
		keep   func(sctest.Finding) bool
	}{
		"CVEs":                        {filter{"cveID", "=", strings.Join(cves, ", ")}, hasCVE},
		"records of audit files":      {filter{"auditFile", "=", []any{record("1000001"), record("1000003")}}, of("1000001", "1000003")},
		"one record of an audit file": {filter{"auditFile", "=", record("1000002")}, of("1000002")},
		"ids of audit files":          {filter{"auditFileID", "=", "1000001,1000002"}, of("1000001", "1000002")},
	} {
		want, _ := count(s, func(f sctest.Finding) bool { return f.Open() && tc.keep(f) })
		if got := c.severities("cumulative", tc.filter); got != want || want == [5]int{} {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	for _, value := range []any{map[string]int{"x": 1}, []string{"1000001"}} {
		if e := c.ask("sumip", "cumulative", 0, 1, filter{"auditFile", "=", value}); e.Code != 146 {
			t.Errorf("%v: %s", value, e.Body)
		}
	}
}

// Results of audits belong to an audit file, and to the hosts of its kind; nothing else does.
func TestEveryResultOfAnAuditHasItsFile(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Seed: 4, Hosts: 200, Now: fixed, Quirks: sctest.Quirks{LowCompliancePlugins: true}})
	used := map[string]string{}
	for f := range s.Findings() {
		if (f.PluginType == "compliance") != (f.AuditFileID != "") {
			t.Fatalf("plugin %d of type %s has the audit file %q", f.PluginID, f.PluginType, f.AuditFileID)
		}
		if kind, known := used[f.AuditFileID]; f.AuditFileID != "" && known && kind != f.Host.OS {
			t.Fatalf("audit file %s of %s and of %s", f.AuditFileID, kind, f.Host.OS)
		}
		used[f.AuditFileID] = f.Host.OS
	}
	if len(used) != len(s.AuditFiles()) { // all but one, and none
		t.Errorf("audit files %v", used)
	}
}
