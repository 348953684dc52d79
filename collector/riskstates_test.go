package collector_test

import (
	"maps"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func (r *reckoning) states(want samples) {
	want.severities("securitycenter_vulnerabilities_exploitable", 0, r.open(func(f *sctest.Finding) bool { return f.Exploitable }))
	want.severities("securitycenter_vulnerabilities_recast", 0, r.open(func(f *sctest.Finding) bool { return f.Recast }))
	want.severities("securitycenter_vulnerabilities_reopened", 0, r.open(func(f *sctest.Finding) bool { return f.Reopened }))
	want.severities("securitycenter_vulnerabilities_accepted", 0, r.all(func(f *sctest.Finding) bool {
		return f.Open() && f.Accepted && r.keep(unaccepted(f))
	}))
}

func (r *reckoning) reach(want samples) {
	for severity, name := range severities {
		if r.old && severity == 0 {
			continue // there is no such severity to ask for
		}
		want[sample("securitycenter_hosts_affected", "severity", name)] = r.hosts(func(f *sctest.Finding) bool {
			return f.Severity == severity && f.Open() && r.keep(f)
		})
		plugins := map[int]bool{}
		for _, f := range r.part(true) {
			if f.Severity == severity {
				plugins[f.PluginID] = true
			}
		}
		want[sample("securitycenter_unique_vulnerabilities", "severity", name)] = float64(len(plugins))
	}
}

func TestEveryStateAndItsReachAreCountedBySeverity(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: dialect, Seed: 11, Hosts: 60})
			want := samples{}
			r := e.reckon(t)
			r.states(want)
			r.reach(want)
			got, all := samples{}, e.load(t, "risk")
			for _, family := range want.families() {
				if want.sum(family) == 0 {
					t.Errorf("%s: nothing but zeros on this console proves nothing", family)
				}
				maps.Copy(got, all.of(family))
			}
			diff(t, "states and reach", want, got)
		})
	}
}
