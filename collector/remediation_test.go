package collector_test

import (
	"math"
	"regexp"
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
		if info := got.of("securitycenter_plugin_info"); len(info) > 0 {
			t.Errorf("%d names of plugins, and they are off", len(info))
		}
	}
	recountNames(t, e.with(t, "remediation", own(map[string]any{"names": true})))
}

// recountNames wants one name and solution for each plugin that is shown, and for no other. The simulated solution is to
// upgrade what the plugin's name is; the fixes are told with it, the widespread plugins with their names.
func recountNames(t *testing.T, got samples) {
	label := regexp.MustCompile(`(plugin_id|plugin|solution)="([^"]*)"`)
	labels := func(series string) map[string]string {
		all := map[string]string{}
		for _, m := range label.FindAllStringSubmatch(series, -1) {
			all[m[1]] = m[2]
		}
		return all
	}
	fix, widespread := map[string]bool{}, map[string]bool{}
	for series := range got.of("securitycenter_remediation_risk_ratio") {
		fix[labels(series)["plugin_id"]] = true
	}
	for series := range got.of("securitycenter_top_plugin_hosts") {
		widespread[labels(series)["plugin_id"]] = true
	}
	told := map[string]bool{}
	for series, value := range got.of("securitycenter_plugin_info") {
		l := labels(series)
		id := l["plugin_id"]
		if told[id] || value != 1 || !fix[id] && !widespread[id] {
			t.Errorf("%s %v: not shown, or told twice", series, value)
		}
		told[id] = true
		if widespread[id] == (l["plugin"] == "") || fix[id] == (l["solution"] == "") {
			if !widespread[id] && l["plugin"] != "" || !fix[id] && l["solution"] != "" {
				continue // what is on both pages is told of both, though it is shown of one
			}
			t.Errorf("%s: among the fixes: %t, on most hosts: %t", series, fix[id], widespread[id])
		}
		if l["plugin"] != "" && l["solution"] != "" && l["solution"] != "Upgrade "+l["plugin"] {
			t.Errorf("%s: the solution is another plugin's", series)
		}
	}
	for id := range widespread {
		fix[id] = true
	}
	if len(told) != len(fix) || len(told) == 0 {
		t.Errorf("%d plugins are named, %d are shown", len(told), len(fix))
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
