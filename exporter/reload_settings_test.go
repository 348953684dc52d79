package exporter

import (
	"net/http"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// TestAReloadOfWhatACollectorReadsTouchesOnlyThatCollector: deadlines, watches, owners
// and a collector's own keys can be changed while the rest keeps login and data.
func TestAReloadOfWhatACollectorReadsTouchesOnlyThatCollector(t *testing.T) {
	const watches = "\nwatches: [{name: one, plugins: [19506]}]\n"
	const owners = "\nowners: [{name: one, assets: [1]}]\n"
	for _, test := range []struct {
		name, before, after string
		collector           string // that reads again
		gone, come          string // series
	}{
		{
			name: "a policy of deadlines", after: "\nsla: [{name: fast, days: {critical: 3}}]\n", collector: "risk",
			gone: `securitycenter_sla_threshold_seconds{severity="critical",sla="default"}`,
			come: `securitycenter_sla_threshold_seconds{severity="critical",sla="fast"}`,
		},
		{
			name: "a watch", before: watches, after: strings.ReplaceAll(watches, "one", "two"), collector: "watches",
			gone: `securitycenter_watch_hosts{watch="one"}`, come: `securitycenter_watch_hosts{watch="two"}`,
		},
		{
			name: "an owner", before: owners, after: strings.ReplaceAll(owners, "one", "two"), collector: "owners",
			gone: `securitycenter_owner_hosts{owner="one"}`, come: `securitycenter_owner_hosts{owner="two"}`,
		},
		{
			name: "a key of its own", after: "\ncollectors: {risk: {vpr: true}}\n", collector: "risk",
			come: `securitycenter_vulnerabilities_vpr{band="critical"}`,
		},
	} {
		bubble(t, test.name, func(t *testing.T) {
			b := newBench(t, hq+test.before, nil)
			b.settle()
			before := b.probe("hq")
			if test.gone != "" {
				if _, there := before[test.gone]; !there {
					t.Fatalf("%s is not there", test.gone)
				}
			}
			b.consoles["hq"].ForgetRequests()
			if err := b.reload(hq + test.after); err != nil {
				t.Fatal(err)
			}
			first := b.probe("hq") // starts the load, and shows what there was
			b.settle()
			after := b.probe("hq")
			for name, page := range map[string]page{"first": first, "second": after} {
				for _, series := range before.family("securitycenter_vulnerabilities") {
					page.want(t, "at the "+name+" scrape", map[string]float64{series: before[series]})
				}
			}
			if _, there := after[test.gone]; there {
				t.Errorf("%s is still there", test.gone)
			}
			if _, there := after[test.come]; !there {
				t.Errorf("%s has not come", test.come)
			}
			if n := b.logins("hq"); n != 0 {
				t.Errorf("%d logins", n)
			}
			asked := b.consoles["hq"].Count(func(r sctest.Request) bool { return strings.HasPrefix(r.Endpoint, http.MethodGet) })
			if asked > 3 { // the list of repositories, no more
				t.Errorf("%d other requests: other collectors have read again too", asked)
			}
			for _, name := range b.exporter.target("hq").collectorNames() {
				at := of("last_success_timestamp_seconds", name)
				if again := after[at] != before[at]; again != (name == test.collector) {
					t.Errorf("collector %s has read again: %v", name, again)
				}
			}
		})
	}
}
