package collector_test

import (
	"testing"
	"time"

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
func dated(f *sctest.Finding, basis string) time.Time {
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

func (r *reckoning) deadlines(want samples, p config.SLA) {
	for severity, name := range severities {
		n, has := p.Days[name]
		if !has {
			continue
		}
		labels := []string{"severity", name, "sla", p.Name}
		want[sample("securitycenter_sla_threshold_seconds", labels...)] = float64(n) * 86400
		late := func(f *sctest.Finding) bool { return f.Severity == severity && r.until(dated(f, p.Basis), n) }
		soon := func(f *sctest.Finding) bool {
			at := dated(f, p.Basis)
			return f.Severity == severity && !at.IsZero() && !late(f) && (n <= 7 || r.until(at, n-7))
		}
		want[sample("securitycenter_vulnerabilities_overdue", labels...)] = r.open(late)[severity]
		want[sample("securitycenter_vulnerabilities_due_soon", append(labels, "window", "7d")...)] = r.open(soon)[severity]
	}
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
