package collector_test

import (
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// refusals are what is lost where a console takes none of some filters.
var refusals = []struct {
	name    string
	filters []string
	rest    bool // not on SecurityCenter 4
	absent  []string
	basis   string // of deadlines that cannot be told
	keep    func(sctest.Finding) bool
}{
	{name: "exploits", filters: []string{"exploitAvailable"}, absent: []string{"securitycenter_vulnerabilities_exploitable"}},
	{name: "recast risk in one spelling", filters: []string{"recastRiskStatus"}, rest: true},
	{name: "recast risk", filters: []string{"recastRiskStatus", "recastRisk"}, absent: []string{"securitycenter_vulnerabilities_recast"}},
	{name: "re-opened in one spelling", filters: []string{"mitigatedStatus"}, rest: true},
	{name: "re-opened", filters: []string{"mitigatedStatus", "wasMitigated"}, absent: []string{"securitycenter_vulnerabilities_reopened"}},
	{name: "accepted risk in one spelling", filters: []string{"acceptRiskStatus"}, rest: true},
	{
		name: "accepted risk", filters: []string{"acceptRiskStatus", "acceptedRisk"}, absent: []string{ // any risk cannot be asked for
			"securitycenter_vulnerabilities_accepted", "securitycenter_hosts_assessed", "securitycenter_hosts_credentialed",
		},
		keep: func(f sctest.Finding) bool { f.Accepted = false; return counts(f) },
	},
	{
		name: "first seen", filters: []string{"firstSeen"}, basis: "first_seen",
		absent: []string{"securitycenter_vulnerabilities_aged", "securitycenter_vulnerabilities_new"},
	},
	{name: "plugin published", filters: []string{"pluginPublished"}, basis: "plugin_published"},
	{name: "patch published", filters: []string{"patchPublished"}, basis: "patch_published"},
	{name: "vulnerability published", filters: []string{"vulnPublished"}, basis: "vulnerability_published"},
	{
		name: "last seen", filters: []string{"lastSeen"},
		absent: []string{"securitycenter_hosts_seen", "securitycenter_hosts_assessed", "securitycenter_hosts_credentialed"},
	},
	{name: "last mitigated", filters: []string{"lastMitigated"}, absent: []string{
		"securitycenter_vulnerabilities_mitigated", "securitycenter_remediation_findings", "securitycenter_remediation_findings_within",
	}},
	{name: "days to mitigated", filters: []string{"daysToMitigated"}, absent: []string{"securitycenter_remediation_findings_within"}},
	{name: "VPR", filters: []string{"vprScore"}, rest: true, absent: []string{"securitycenter_vulnerabilities_vpr"}},
	{name: "severities", filters: []string{"severity"}, absent: []string{"securitycenter_hosts_affected", "securitycenter_unique_vulnerabilities"}},
	{
		name: "plugin ids", filters: []string{"pluginID"}, absent: []string{
			"securitycenter_hosts_affected", "securitycenter_unique_vulnerabilities",
			"securitycenter_hosts_seen", "securitycenter_hosts_assessed", "securitycenter_hosts_credentialed",
		},
	},
	{name: "plugin types", filters: []string{"pluginType"}},
	{name: "texts of plugins", filters: []string{"pluginText"}},
	{
		name: "web-application findings", filters: []string{"wasVuln"}, rest: true,
		keep: func(f sctest.Finding) bool { f.WebApplication = false; return counts(f) },
	},
	{
		name: "web-application findings, days to mitigated and VPR", filters: []string{"wasVuln", "daysToMitigated", "vprScore"}, rest: true,
		absent: []string{"securitycenter_remediation_findings_within", "securitycenter_vulnerabilities_vpr"},
		keep:   func(f sctest.Finding) bool { f.WebApplication = false; return counts(f) },
	},
}

func TestARefusedFilterTakesAwayOnlyWhatItDefines(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		for _, tt := range refusals {
			if tt.rest && dialect == sctest.RPC {
				continue
			}
			in(t, dialect.String()+" "+tt.name, func(t *testing.T) {
				e := export(t, sctest.Options{Dialect: dialect, Seed: 11, Hosts: 60, RefuseFilters: tt.filters})
				r := e.reckon(t)
				if tt.keep != nil {
					r.keep = tt.keep
				}
				want := e.whole(t, r).without(tt.absent...)
				for _, p := range fully(t).SLA {
					for name := range want {
						if p.Basis == tt.basis && strings.Contains(name, `sla="`+p.Name+`"`) && !strings.HasPrefix(name, "securitycenter_sla_") {
							delete(want, name)
						}
					}
				}
				diff(t, "risk and coverage", want, e.told(t))
				supported := e.SupportedFilters()
				for _, filter := range tt.filters {
					asked := filter != "pluginText" && (dialect == sctest.REST || filter != "recastRiskStatus" && filter != "mitigatedStatus" && filter != "acceptRiskStatus")
					if takes, judged := supported[filter]; takes || judged != asked {
						t.Errorf("filter %s is supported: %v, known: %v", filter, takes, judged)
					}
				}
				e.simulated.ForgetRequests()
				time.Sleep(30 * time.Minute)
				e.told(t)
				for _, filter := range tt.filters {
					if n := e.sentNamed(filter); n > 0 {
						t.Errorf("filter %s is sent %d times although it was refused", filter, n)
					}
				}
			})
		}
	}
}

// sentNamed returns how many queries in the log carry a filter of that name.
func (e *exported) sentNamed(filter string) int {
	return e.simulated.Count(func(r sctest.Request) bool {
		for _, f := range r.Filters {
			if f[:strings.IndexAny(f, "<>=~!")] == filter {
				return true
			}
		}
		return false
	})
}
