package collector_test

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// risk is what the collector risk must say with everything switched on.
func (r *reckoning) risk(policies []config.SLA) samples {
	want := samples{}
	r.states(want)
	r.reach(want)
	for _, n := range []int{7, 30, 60, 90, 180} {
		aged := r.open(func(f *sctest.Finding) bool { return r.until(f.FirstSeen, n) })
		want.severities("securitycenter_vulnerabilities_aged", 0, aged, "min_age_days", strconv.Itoa(n))
	}
	for _, p := range policies {
		r.deadlines(want, p)
	}
	r.flow(want)
	r.ratings(want)
	if r.old {
		maps.DeleteFunc(want, func(name string, _ float64) bool { return strings.Contains(name, `severity="info"`) }) // which it does not know
	}
	return want
}

// fully are settings that switch on all that the collector risk can tell.
func fully(t *testing.T) collector.Settings {
	s := own(map[string]any{"due_soon": true, "vpr": true})
	s.SLA = policies(t)
	return s
}

func TestEveryVersionGivesTheRiskThatAddingUpItsFindingsGives(t *testing.T) {
	const (
		overdue, dueSoon = "securitycenter_vulnerabilities_overdue", "securitycenter_vulnerabilities_due_soon"
		vpr, within      = "securitycenter_vulnerabilities_vpr", "securitycenter_remediation_findings_within"
	)
	for _, tt := range exhaustive.Sample([]struct {
		version string
		dialect sctest.Dialect
		absent  []string
	}{
		{version: "6.4.0"},
		{version: "6.1.0"},
		{version: "5.13.0"},
		{version: "5.8.0", absent: []string{vpr}},
		{version: "4.8.1", dialect: sctest.RPC, absent: []string{vpr}},
		{version: "4.6.2", dialect: sctest.RPC, absent: []string{vpr}},
		{version: "4.4.0", dialect: sctest.RPC, absent: []string{vpr, within}},
		{version: "4.2.0", dialect: sctest.RPC, absent: []string{vpr, within}},
	}, 4) {
		for _, after := range []time.Duration{0, 25*time.Minute + 7*time.Second} {
			in(t, fmt.Sprintf("%s %s after %s", tt.dialect, tt.version, after), func(t *testing.T) {
				e := export(t, sctest.Options{Version: tt.version, Dialect: tt.dialect, Seed: 11})
				time.Sleep(after)
				settings := fully(t)
				got := e.with(t, "risk", settings)
				lacking(t, "risk", tt.absent, got)
				want := e.reckon(t).risk(settings.SLA).without(tt.absent...)
				if tt.version == "4.2.0" {
					want = onlyOldQuestions(want, settings.SLA)
				}
				diff(t, "risk", want, got)
				for _, family := range want.families() {
					if want.sum(family) == 0 {
						t.Errorf("%s: nothing but zeros on this console proves nothing", family)
					}
				}
			})
		}
	}
}

// onlyOldQuestions leaves out what SecurityCenter 4.2 cannot be asked for:
// dates of publication, and a window between two days.
func onlyOldQuestions(want samples, policies []config.SLA) samples {
	rest := samples{}
	for name, v := range want {
		rest[name] = v
	}
	for _, p := range policies {
		for severity, n := range p.Days {
			if p.Basis != "first_seen" {
				delete(rest, sample("securitycenter_vulnerabilities_overdue", "severity", severity, "sla", p.Name))
			}
			if p.Basis != "first_seen" || n > 7 {
				delete(rest, sample("securitycenter_vulnerabilities_due_soon", "severity", severity, "sla", p.Name, "window", "7d"))
			}
		}
	}
	return rest
}

// refusals are what is lost where a console takes none of some filters.
var refusals = []struct {
	name    string
	filters []string
	rest    bool // not on SecurityCenter 4
	absent  []string
	basis   string // of deadlines that cannot be told
	keep    func(*sctest.Finding) bool
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
		keep: func(f *sctest.Finding) bool { return counts(unaccepted(f)) },
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
		keep: func(f *sctest.Finding) bool { return counts(ofNoWeb(f)) },
	},
	{
		name: "web-application findings, days to mitigated and VPR", filters: []string{"wasVuln", "daysToMitigated", "vprScore"}, rest: true,
		absent: []string{"securitycenter_remediation_findings_within", "securitycenter_vulnerabilities_vpr"},
		keep:   func(f *sctest.Finding) bool { return counts(ofNoWeb(f)) },
	},
}

func TestARefusedFilterTakesAwayOnlyWhatItDefines(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		for _, tt := range exhaustive.Sample(refusals, 3) {
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
