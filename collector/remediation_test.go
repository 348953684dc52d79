package collector_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// The fixes that remove most, and the plugins on most hosts.
func recountRemediation(t *testing.T, e *exported, r *reckoning) {
	weight := [5]float64{0, 1, 3, 10, 40}
	ratios, hosts, score := map[string]float64{}, map[string]float64{}, 0.0
	on := map[string]map[sctest.Host]bool{}
	for _, f := range r.findings {
		if !f.Open() || !counts(f) || f.Severity == 0 {
			continue
		}
		score += weight[f.Severity]
		id := strconv.Itoa(f.PluginID)
		if !f.PatchPublished.IsZero() {
			ratios[sample("securitycenter_remediation_risk_ratio", "plugin_id", id)] += weight[f.Severity]
		}
		name := sample("securitycenter_top_plugin_hosts", "plugin_id", id, "severity", severities[f.Severity])
		if on[name] == nil {
			on[name] = map[sctest.Host]bool{}
		}
		on[name][f.Host] = true
		hosts[name] = float64(len(on[name]))
	}
	for name := range ratios {
		ratios[name] /= score
	}
	for _, n := range []int{1, 10, 25} {
		got := e.with(t, "remediation", own(map[string]any{"top": n, "plugins": n}))
		shown := got.of("securitycenter_remediation_risk_ratio")
		if e.several() && (r.rpc || e.simulated.Options().Quirks.NoMatchingCount) {
			if len(shown) > 0 {
				t.Errorf("%v, want none: the accounts' scores are not told", shown)
			}
		} else {
			closeTo(t, ratios, shown)
			top(t, n, hundredths(ratios), keys(shown))
		}
		shown = got.of("securitycenter_top_plugin_hosts")
		closeTo(t, hosts, shown)
		top(t, n, hosts, keys(shown))
	}
}

// hundredths makes shares equal that the console tells no difference of.
func hundredths(all map[string]float64) map[string]float64 {
	cut := map[string]float64{}
	for name, v := range all {
		cut[name] = math.Round(v*1e3) / 1e3
	}
	return cut
}
