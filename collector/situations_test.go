package collector_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// present fails the test unless the console contains what it is about.
func (r *reckoning) present(t *testing.T, what string, pass func(sctest.Finding) bool) {
	t.Helper()
	if !slices.ContainsFunc(r.findings, pass) {
		t.Fatalf("the console has no %s: this proves nothing", what)
	}
}

// whole is what the default collectors of findings must say.
func (e *exported) whole(t *testing.T, r *reckoning) samples {
	t.Helper()
	want := r.risk(fully(t).SLA)
	for name, v := range r.coverage() {
		want[name] = v
	}
	return want.on(e.simulated.Options().Dialect)
}

// told is what they say.
func (e *exported) told(t *testing.T) samples {
	t.Helper()
	got := e.with(t, "risk", fully(t))
	for name, v := range e.load(t, "coverage") {
		got[name] = v
	}
	return got
}

func TestRiskAndCoverageAreRightInEverySituation(t *testing.T) {
	whole := []string{"securitycenter_unique_vulnerabilities", "securitycenter_hosts_affected", "securitycenter_hosts_seen"}
	low := func(f sctest.Finding) bool { return f.PluginType == "compliance" && f.PluginID < 1_000_000 }
	high := func(f sctest.Finding) bool { return f.PluginType == "compliance" && f.Severity == 3 }
	for _, tt := range []struct {
		name    string
		options sctest.Options
		absent  []string
		has     map[string]func(sctest.Finding) bool
		check   func(*testing.T, *exported, *reckoning)
	}{
		{
			name: "two repositories of the same name", options: sctest.Options{Repositories: 2},
			has: map[string]func(sctest.Finding) bool{"compliance result stored as high": high},
			check: func(t *testing.T, e *exported, _ *reckoning) {
				list := e.simulated.Repositories()
				if list[0].Name != list[1].Name || list[0].Hosts == 0 || list[1].Hosts == 0 {
					t.Fatalf("the repositories are %v", list)
				}
			},
		},
		{
			name: "two organisation accounts that share a repository", absent: whole[:1],
			options: sctest.Options{Accounts: []sctest.Account{admin, alice, bob}},
			has:     map[string]func(sctest.Finding) bool{"finding of the shared repository": func(f sctest.Finding) bool { return counts(f) && f.Host.Repository == "2" }},
		},
		{
			name: "compliance plugins with low ids", absent: whole,
			options: sctest.Options{Quirks: sctest.Quirks{LowCompliancePlugins: true}},
			has:     map[string]func(sctest.Finding) bool{"compliance result of a low id": low, "one that is high": func(f sctest.Finding) bool { return low(f) && high(f) }},
		},
		{
			name: "compliance plugins with low ids and two accounts", absent: whole,
			options: sctest.Options{Accounts: []sctest.Account{admin, alice, bob}, Quirks: sctest.Quirks{LowCompliancePlugins: true, RPCMatchingCount: true}},
			has:     map[string]func(sctest.Finding) bool{"compliance result of a low id": low},
		},
		{
			name: "a repository that no account reads", options: sctest.Options{UnassignedRepository: true},
			check: func(t *testing.T, e *exported, r *reckoning) {
				all := 0
				for range e.simulated.Findings() {
					all++
				}
				if all == len(r.findings) {
					t.Fatal("every repository is read")
				}
			},
		},
		{
			name: "findings that are accepted, recast, re-opened, and on hosts not seen for long",
			has: map[string]func(sctest.Finding) bool{
				"accepted finding":                    func(f sctest.Finding) bool { return f.Open() && f.Accepted },
				"recast finding":                      func(f sctest.Finding) bool { return f.Open() && counts(f) && f.Recast },
				"re-opened finding":                   func(f sctest.Finding) bool { return f.Open() && counts(f) && f.Reopened },
				"accepted and recast finding":         func(f sctest.Finding) bool { return f.Open() && f.Accepted && f.Recast },
				"finding not seen for 90 days":        func(f sctest.Finding) bool { return f.Open() && counts(f) && time.Since(f.LastSeen) > 90*day },
				"compliance result stored as high":    high,
				"mitigated finding that was accepted": func(f sctest.Finding) bool { return !f.Open() && f.Accepted },
			},
		},
		{
			name: "answers without the totals", options: sctest.Options{Quirks: sctest.Quirks{NoMatchingCount: true}},
		},
		{
			name: "answers without the totals and low compliance ids", absent: whole,
			options: sctest.Options{Quirks: sctest.Quirks{NoMatchingCount: true, LowCompliancePlugins: true}},
		},
		{
			name: "a console that hides accepted findings", absent: []string{"securitycenter_vulnerabilities_accepted"},
			options: sctest.Options{Quirks: sctest.Quirks{AcceptedHidden: true}},
		},
	} {
		for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
			in(t, dialect.String()+" "+tt.name, func(t *testing.T) {
				o := tt.options
				o.Dialect, o.Seed = dialect, 11
				e := export(t, o)
				r := e.reckon(t)
				for what, pass := range tt.has {
					r.present(t, what, pass)
				}
				if tt.check != nil {
					tt.check(t, e, r)
				}
				diff(t, "risk and coverage", e.whole(t, r).without(tt.absent...), e.told(t))
			})
		}
	}
}

// Repository 2 is read through alice, who comes first, and never through bob.
func TestASharedRepositoryIsAskedForThroughOneAccount(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: dialect, Accounts: []sctest.Account{admin, alice, bob}})
			e.told(t)
			asked := 0
			for _, r := range e.simulated.Requests() {
				if r.Tool == "" || r.Account == "admin" || len(r.Filters) == 0 { // SecurityCenter 4 tells the kind of an account by a query
					continue
				}
				if ids := repositoriesOf(t, r); r.Account == "bob" && slices.Contains(ids, "2") {
					t.Errorf("bob asks for %s", strings.Join(ids, " and "))
				}
				asked++
			}
			if asked == 0 {
				t.Error("nothing was asked")
			}
		})
	}
}

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
		if n := r.mitigated(func(f sctest.Finding) bool { return r.since(f.FirstSeen, 1) }); n[3] > 0 {
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
