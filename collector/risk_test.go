package collector_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// policies are all presets, every basis, and policies that have no deadline
// for some severities, as the configuration reads them.
func policies(t *testing.T) []config.SLA {
	t.Helper()
	c, err := config.Parse([]byte(`
consoles: [{name: hq, url: "https://sc.example.org", accounts: [{name: a, username: a, password: b}]}]
sla:
  - {name: vendor, preset: tenable}
  - {name: fedramp, preset: fedramp}
  - {name: navy, preset: cpat}
  - {name: bod, preset: bod-19-02}
  - {name: plugin, preset: tenable, basis: plugin_published}
  - {name: patch, basis: patch_published, days: {critical: 14, high: 14, low: 3}}
  - {name: quick, basis: first_seen, days: {high: 7, medium: 5}}
`), "config.yml", nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.SLA
}

// dated returns the date of a finding that a deadline counts from.
func dated(f sctest.Finding, basis string) time.Time {
	switch basis {
	case "first_seen":
		return f.FirstSeen
	case "plugin_published":
		return f.PluginPublished
	case "patch_published":
		return f.PatchPublished
	case "vulnerability_published":
		return f.VulnPublished
	}
	panic("no such basis: " + basis)
}

// risk is what the collector risk must say with everything switched on.
func (r *reckoning) risk(policies []config.SLA) samples {
	want := samples{}
	want.severities("securitycenter_vulnerabilities_exploitable", 0, r.open(func(f sctest.Finding) bool { return f.Exploitable }))
	want.severities("securitycenter_vulnerabilities_recast", 0, r.open(func(f sctest.Finding) bool { return f.Recast }))
	want.severities("securitycenter_vulnerabilities_reopened", 0, r.open(func(f sctest.Finding) bool { return f.Reopened }))
	want.severities("securitycenter_vulnerabilities_accepted", 0, r.all(func(f sctest.Finding) bool {
		open := f.Open() && f.Accepted
		f.Accepted = false
		return open && r.keep(f)
	}))
	for severity, name := range severities {
		if r.old && severity == 0 {
			continue // there is no such severity to ask for
		}
		want[sample("securitycenter_hosts_affected", "severity", name)] = r.hosts(func(f sctest.Finding) bool {
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
	for _, n := range []int{7, 30, 60, 90, 180} {
		aged := r.open(func(f sctest.Finding) bool { return r.until(f.FirstSeen, n) })
		want.severities("securitycenter_vulnerabilities_aged", 0, aged, "min_age_days", strconv.Itoa(n))
	}
	for _, p := range policies {
		r.deadlines(want, p)
	}
	r.flow(want)
	for _, band := range []struct {
		name      string
		low, high float64
	}{{"low", 0.1, 3.9}, {"medium", 4, 6.9}, {"high", 7, 8.9}, {"critical", 9, 10}} {
		total := 0.0
		for _, n := range r.open(func(f sctest.Finding) bool { return f.VPR >= band.low && f.VPR <= band.high }) {
			total += n
		}
		want[sample("securitycenter_vulnerabilities_vpr", "band", band.name)] = total
	}
	return want
}

func (r *reckoning) deadlines(want samples, p config.SLA) {
	for severity, name := range severities {
		n, has := p.Days[name]
		if !has {
			continue
		}
		labels := []string{"severity", name, "sla", p.Name}
		want[sample("securitycenter_sla_threshold_seconds", labels...)] = float64(n) * 86400
		late := func(f sctest.Finding) bool { return f.Severity == severity && r.until(dated(f, p.Basis), n) }
		soon := func(f sctest.Finding) bool {
			at := dated(f, p.Basis)
			return f.Severity == severity && !at.IsZero() && !late(f) && (n <= 7 || r.until(at, n-7))
		}
		want[sample("securitycenter_vulnerabilities_overdue", labels...)] = r.open(late)[severity]
		want[sample("securitycenter_vulnerabilities_due_soon", append(labels, "window", "7d")...)] = r.open(soon)[severity]
	}
}

func (r *reckoning) flow(want samples) {
	for _, n := range []int{1, 7} {
		window := strconv.Itoa(n) + "d"
		came := func(f sctest.Finding) bool { return r.since(f.FirstSeen, n) }
		both := r.open(came)
		for severity, fixed := range r.mitigated(came) {
			both[severity] += fixed
		}
		want.severities("securitycenter_vulnerabilities_new", 0, both, "window", window)
		gone := r.mitigated(func(f sctest.Finding) bool { return r.since(f.LastMitigated, n) })
		want.severities("securitycenter_vulnerabilities_mitigated", 0, gone, "window", window)
	}
	gone := func(f sctest.Finding) bool { return r.since(f.LastMitigated, 30) }
	want.severities("securitycenter_remediation_findings", 1, r.mitigated(gone), "window", "30d")
	for _, n := range []int{7, 15, 30, 60, 90} {
		quick := r.mitigated(func(f sctest.Finding) bool {
			return gone(f) && f.LastMitigated.Sub(f.FirstSeen) < time.Duration(n+1)*day // whole days
		})
		want.severities("securitycenter_remediation_findings_within", 1, quick, "window", "30d", "max_days", strconv.Itoa(n))
	}
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
	for _, tt := range []struct {
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
	} {
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

func TestRiskDoesNotAskForWhatIsNotSwitchedOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		lacking(t, "risk", []string{"securitycenter_vulnerabilities_due_soon", "securitycenter_vulnerabilities_vpr"}, e.load(t, "risk"))
		if e.sent("vprScore") > 0 {
			t.Error("vprScore is asked for")
		}
	})
}

func TestAPolicyShowsNothingForSeveritiesWithoutADeadline(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		settings := fully(t)
		settings.SLA = []config.SLA{{Name: "bod", Basis: "first_seen", Days: map[string]int{"critical": 15, "high": 30}}}
		got := e.with(t, "risk", settings)
		for _, family := range []string{"securitycenter_sla_threshold_seconds", "securitycenter_vulnerabilities_overdue", "securitycenter_vulnerabilities_due_soon"} {
			if n := len(got.of(family)); n != 2 {
				t.Errorf("%s has %d series, want those of two severities", family, n)
			}
		}
	})
}

// A finding of the window may be open, or fixed already.
func TestNewFindingsIncludeThoseThatWereFixedWithinTheWindow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{Hosts: 500, Seed: 4})
		r := e.reckon(t)
		came := func(f sctest.Finding) bool { return r.since(f.FirstSeen, 7) }
		open, fixed := r.open(came), r.mitigated(came)
		if slices.Max(open[:]) == 0 || slices.Max(fixed[:]) == 0 {
			t.Fatalf("the console has not both: open %v, fixed %v", open, fixed)
		}
		got := e.load(t, "risk")
		for severity, name := range severities {
			if v := got[sample("securitycenter_vulnerabilities_new", "severity", name, "window", "7d")]; v != open[severity]+fixed[severity] {
				t.Errorf("%s: %v, want %v open and %v fixed", name, v, open[severity], fixed[severity])
			}
		}
	})
}
