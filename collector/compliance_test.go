package collector_test

import (
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func recountCompliance(t *testing.T, e *exported, r *reckoning) {
	type file struct {
		id, name, organization string
		holds                  func(*sctest.Finding) bool
	}
	files := map[string]file{} // by organisation and id
	if r.rpc {
		files[""] = file{holds: func(*sctest.Finding) bool { return true }}
	} else {
		for _, audit := range everySeen(e, sctest.Organization.AuditFiles, func(f sctest.AuditFile) string { return f.ID }, everybody) {
			o, account := e.simulated.Organization(audit.account.Organization), audit.account
			f := file{audit.object.ID, audit.object.Name, audit.organization, func(x *sctest.Finding) bool {
				return o.AuditResult(audit.object.ID, *x) && seenBy(x, account)
			}}
			if id, err := strconv.Atoi(f.id); err != nil || id <= 1_000_000 { // it is of the whole console
				f.organization, f.holds = "", func(x *sctest.Finding) bool { return o.AuditResult(f.id, *x) }
			}
			files[f.organization+" "+f.id] = f
		}
	}
	want := samples{}
	for _, f := range files {
		n := r.all(func(x *sctest.Finding) bool {
			return x.Open() && !x.Accepted && x.PluginType == "compliance" && f.holds(x)
		})
		for result, severity := range map[string]int{"passed": 0, "warning": 2, "failed": 3} {
			want[sample("securitycenter_compliance_checks", "organization_id", f.organization, "audit_id", f.id, "audit", f.name, "result", result)] = n[severity]
		}
	}
	got := e.load(t, "compliance")
	diff(t, "audits", want, got)
	if got.sum("securitycenter_compliance_checks") == 0 {
		t.Error("the console has no results of audits")
	}
	if r.rpc {
		return
	}
	const chosen = "1000002"
	maps.DeleteFunc(want, func(name string, _ float64) bool { return !strings.Contains(name, `audit_id="`+chosen+`"`) })
	if want.sum("securitycenter_compliance_checks") == 0 {
		t.Errorf("audit file %s has no results", chosen)
	}
	diff(t, "one audit file", want, e.with(t, "compliance", own(map[string]any{"audits": []string{chosen, "77"}})))
}

// Low ids do not matter here: results are told by their type.
func TestResultsOfAuditsAreExactWherePluginIDsDoNotTellThemApart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		high := export(t, sctest.Options{}).load(t, "compliance")
		low := export(t, sctest.Options{Quirks: sctest.Quirks{LowCompliancePlugins: true}}).load(t, "compliance")
		diff(t, "audits", high, low)
	})
}
