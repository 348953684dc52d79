package collector_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestResultsOfAuditsAreCountedByAuditFile(t *testing.T) {
	onEach(t, func(t *testing.T, e *exported, r *reckoning) {
		type file struct {
			id, name, organization string
			sees                   sctest.Account
		}
		files := []file{{}}
		if !r.rpc {
			files = nil
			for _, a := range e.simulated.Options().Accounts {
				for _, f := range e.simulated.AuditFiles() {
					if !a.Administrator { // ids above 1,000,000 are an organisation's own
						files = append(files, file{f.ID, f.Name, strconv.Itoa(a.Organization), a})
					}
				}
			}
		}
		want := samples{}
		for _, f := range files {
			n := r.all(func(x sctest.Finding) bool {
				return x.Open() && !x.Accepted && x.PluginType == "compliance" && (f.id == "" || x.AuditFileID == f.id && seenBy(x, f.sees))
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
		some := e.with(t, "compliance", own(map[string]any{"audits": []string{files[1].id, "77"}}))
		if len(some)%3 != 0 || len(some) >= len(got) || some.sum("securitycenter_compliance_checks") == 0 {
			t.Errorf("%v, want the results of audit file %s alone", some, files[1].id)
		}
	})
}

func TestEqualAuditFileIDsOfTwoOrganisationsAreTwoFiles(t *testing.T) {
	bubble(t, func(t *testing.T) {
		accounts := []sctest.Account{admin, alice, bob}
		e := export(t, sctest.Options{Accounts: accounts, OwnObjects: true})
		want, names := samples{}, map[string]map[string]bool{}
		for _, a := range accounts[1:] {
			o := e.simulated.Organization(a.Organization)
			for _, file := range o.AuditFiles() {
				id, err := strconv.Atoi(file.ID)
				if err != nil {
					t.Fatal(err)
				}
				if id <= 1_000_000 {
					continue // of the whole console
				}
				if names[file.ID] == nil {
					names[file.ID] = map[string]bool{}
				}
				names[file.ID][file.Name] = true
				n := map[string]int{"passed": 0, "warning": 0, "failed": 0}
				for f := range e.simulated.Findings() {
					if f.Open() && !f.Accepted && f.PluginType == "compliance" && o.AuditResult(file.ID, f) && seenBy(f, a) {
						n[map[int]string{0: "passed", 2: "warning", 3: "failed"}[f.Severity]]++
					}
				}
				for result, n := range n {
					want[sample("securitycenter_compliance_checks", "organization_id", strconv.Itoa(a.Organization), "audit_id", file.ID, "audit", file.Name, "result", result)] = float64(n)
				}
			}
		}
		if !slices.ContainsFunc(slices.Collect(maps.Values(names)), func(of map[string]bool) bool { return len(of) == 2 }) {
			t.Fatalf("no id is that of two files: %v", names)
		}
		got := e.load(t, "compliance")
		maps.DeleteFunc(got, func(s string, _ float64) bool { return strings.Contains(s, `organization_id=""`) })
		diff(t, "audits", want, got)
	})
}

// Low ids do not matter here: results are told by their type.
func TestResultsOfAuditsAreExactWherePluginIDsDoNotTellThemApart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		high := export(t, sctest.Options{}).load(t, "compliance")
		low := export(t, sctest.Options{Quirks: sctest.Quirks{LowCompliancePlugins: true}}).load(t, "compliance")
		diff(t, "audits", high, low)
	})
}
