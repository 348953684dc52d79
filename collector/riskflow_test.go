package collector_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// The simulated console mitigates no compliance result; here it says that one
// failed check is among all that are mitigated.
func TestMitigatedComplianceResultsAreSubtractedToo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		saying := &intercepting{}
		e := export(t, sctest.Options{Repositories: 1, Hosts: 600, Quirks: sctest.Quirks{LowCompliancePlugins: true}}, func(o *console.Options) {
			saying.RoundTripper = o.Accounts[0].Transport
			for i := range o.Accounts {
				o.Accounts[i].Transport = saying
			}
		})
		r := e.reckon(t)
		if n := r.mitigated(func(f *sctest.Finding) bool { return r.since(f.FirstSeen, 1) }); n[3] > 0 {
			t.Fatalf("%v findings were fixed within their first day", n)
		}
		want := e.load(t, "risk")
		saying.answer = func(body string) string {
			if !strings.Contains(body, `"patched"`) || !strings.Contains(body, `"pluginType"`) {
				return ""
			}
			return `{"totalRecords":"1","returnedRecords":1,"startOffset":"0","endOffset":"1","matchingDataElementCount":"1:0:1:0:0:0:10","results":[{"ip":"10.0.0.1"}]}`
		}
		fewer := 0
		for name := range want {
			family, _, _ := strings.Cut(name, "{")
			if family == "securitycenter_vulnerabilities_new" && strings.Contains(name, `"1d"`) {
				delete(want, name) // one of none would be less than nothing
				continue
			}
			switch family {
			case "securitycenter_vulnerabilities_new", "securitycenter_vulnerabilities_mitigated", "securitycenter_remediation_findings", "securitycenter_remediation_findings_within":
				if strings.Contains(name, `severity="high"`) {
					want[name]--
					fewer++
				}
			}
		}
		diff(t, "risk", want, e.load(t, "risk"))
		if fewer != 1+2+1+5 {
			t.Errorf("%d numbers are about mitigated findings of severity high, want 9", fewer)
		}
	})
}

func (r *reckoning) flow(want samples) {
	for _, n := range []int{1, 7} {
		window := strconv.Itoa(n) + "d"
		came := func(f *sctest.Finding) bool { return r.since(f.FirstSeen, n) }
		both := r.open(came)
		for severity, fixed := range r.mitigated(came) {
			both[severity] += fixed
		}
		want.severities("securitycenter_vulnerabilities_new", 0, both, "window", window)
		gone := r.mitigated(func(f *sctest.Finding) bool { return r.since(f.LastMitigated, n) })
		want.severities("securitycenter_vulnerabilities_mitigated", 0, gone, "window", window)
	}
	gone := func(f *sctest.Finding) bool { return r.since(f.LastMitigated, 30) }
	want.severities("securitycenter_remediation_findings", 1, r.mitigated(gone), "window", "30d")
	for _, n := range []int{7, 15, 30, 60, 90} {
		quick := r.mitigated(func(f *sctest.Finding) bool {
			return gone(f) && f.LastMitigated.Sub(f.FirstSeen) < time.Duration(n+1)*day // whole days
		})
		want.severities("securitycenter_remediation_findings_within", 1, quick, "window", "30d", "max_days", strconv.Itoa(n))
	}
}

// A finding of the window may be open, or fixed already.
func TestNewFindingsIncludeThoseThatWereFixedWithinTheWindow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{Hosts: 500, Seed: 4})
		r := e.reckon(t)
		came := func(f *sctest.Finding) bool { return r.since(f.FirstSeen, 7) }
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

// A window that the collector itself does not have is asked for in the same way.
func TestFlowTellsOfAnyWindow(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: dialect, Hosts: 60, Plugins: 500, Seed: 4})
			r := e.reckon(t)
			came := func(f *sctest.Finding) bool { return r.since(f.FirstSeen, 30) }
			both := r.open(came)
			for severity, fixed := range r.mitigated(came) {
				both[severity] += fixed
			}
			want := samples{}
			want.severities("securitycenter_vulnerabilities_new", 0, both, "window", "30d")
			want.severities("securitycenter_vulnerabilities_mitigated", 0, r.mitigated(func(f *sctest.Finding) bool { return r.since(f.LastMitigated, 30) }), "window", "30d")
			flow := collector.Flow(30)
			e.load(t, "risk") // how findings are told apart is asked for by whoever comes first
			e.simulated.ForgetRequests()
			s, err := flow.Run(console.WithReuse(t.Context(), time.Minute), flow.New(), e.Console, noLimits)
			if err != nil {
				t.Fatal(err)
			}
			diff(t, "flow", want, samplesOf(s.Families()))
			if n := e.simulated.Count(func(sctest.Request) bool { return true }); n < 1 || n > 3 {
				t.Errorf("%d requests, want 3, or fewer where the collector has asked the same", n)
			}
		})
	}
}
