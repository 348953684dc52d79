package collector_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

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
	anyRisk := []string{"securitycenter_vulnerabilities_accepted", "securitycenter_hosts_assessed", "securitycenter_hosts_credentialed"}
	low := func(f *sctest.Finding) bool { return f.PluginType == "compliance" && f.PluginID < 1_000_000 }
	high := func(f *sctest.Finding) bool { return f.PluginType == "compliance" && f.Severity == 3 }
	for _, tt := range exhaustive.Sample([]struct {
		name    string
		options sctest.Options
		absent  []string
		rest    bool                       // not on SecurityCenter 4
		keep    func(*sctest.Finding) bool // what counts, where that is another thing
		has     map[string]func(*sctest.Finding) bool
		check   func(*testing.T, *exported, *reckoning)
	}{
		{
			name: "two repositories of the same name", options: sctest.Options{Repositories: 2},
			has: map[string]func(*sctest.Finding) bool{"compliance result stored as high": high},
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
			has:     map[string]func(*sctest.Finding) bool{"finding of the shared repository": func(f *sctest.Finding) bool { return counts(f) && f.Host.Repository == "2" }},
		},
		{
			name: "compliance plugins with low ids", absent: whole,
			options: sctest.Options{Quirks: sctest.Quirks{LowCompliancePlugins: true}},
			has:     map[string]func(*sctest.Finding) bool{"compliance result of a low id": low, "one that is high": func(f *sctest.Finding) bool { return low(f) && high(f) }},
		},
		{
			name: "compliance plugins with low ids and two accounts", absent: whole,
			options: sctest.Options{Accounts: []sctest.Account{admin, alice, bob}, Quirks: sctest.Quirks{LowCompliancePlugins: true, RPCMatchingCount: true}},
			has:     map[string]func(*sctest.Finding) bool{"compliance result of a low id": low},
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
			has: map[string]func(*sctest.Finding) bool{
				"accepted finding":                    func(f *sctest.Finding) bool { return f.Open() && f.Accepted },
				"recast finding":                      func(f *sctest.Finding) bool { return f.Open() && counts(f) && f.Recast },
				"re-opened finding":                   func(f *sctest.Finding) bool { return f.Open() && counts(f) && f.Reopened },
				"accepted and recast finding":         func(f *sctest.Finding) bool { return f.Open() && f.Accepted && f.Recast },
				"finding not seen for 90 days":        func(f *sctest.Finding) bool { return f.Open() && counts(f) && time.Since(f.LastSeen) > 90*day },
				"compliance result stored as high":    high,
				"mitigated finding that was accepted": func(f *sctest.Finding) bool { return !f.Open() && f.Accepted },
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
			name:    "a console that hides accepted findings",
			options: sctest.Options{Quirks: sctest.Quirks{AcceptedHidden: true}},
		},
		{
			name:    "a console that hides accepted findings, and has no word for all",
			options: sctest.Options{Quirks: sctest.Quirks{AcceptedHidden: true, NoAllRisk: true}},
		},
		{
			name:    "a console that hides accepted findings, and knows the old word alone",
			options: sctest.Options{RefuseFilters: []string{"wasVuln"}, Quirks: sctest.Quirks{AcceptedHidden: true, OldAcceptedWord: true, Speaks143: true}},
			keep:    func(f *sctest.Finding) bool { return counts(ofNoWeb(f)) },
		},
		{
			name:    "a console that hides accepted findings, and refuses the first spelling",
			options: sctest.Options{RefuseFilters: []string{"acceptRiskStatus"}, Quirks: sctest.Quirks{AcceptedHidden: true, Speaks143: true}},
		},
		{
			name: "a console that hides accepted findings, and refuses the second spelling", rest: true,
			options: sctest.Options{RefuseFilters: []string{"acceptedRisk"}, Quirks: sctest.Quirks{AcceptedHidden: true, Speaks143: true}},
		},
		{
			name: "a console that hides accepted findings, and refuses every spelling", absent: anyRisk,
			options: sctest.Options{RefuseFilters: []string{"acceptRiskStatus", "acceptedRisk"}, Quirks: sctest.Quirks{AcceptedHidden: true, Speaks143: true}},
		},
		{
			name:    "a console that does not know the operator of plugin ids",
			options: sctest.Options{RefuseOperators: []string{"<=", ">="}, Quirks: sctest.Quirks{Speaks143: true}},
		},
		{
			name:    "a console whose clock is ahead",
			options: sctest.Options{Now: func() time.Time { return time.Now().Add(26*time.Hour + 20*time.Minute) }},
		},
		{
			name:    "a console whose clock is behind",
			options: sctest.Options{Now: func() time.Time { return time.Now().Add(-50 * time.Hour) }},
		},
		{
			name:    "a console that finds no compliance result by plugin type",
			options: sctest.Options{Quirks: sctest.Quirks{BlindToCompliance: true}},
			has:     map[string]func(*sctest.Finding) bool{"compliance result stored as high": high},
		},
	}, 4) {
		for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
			if tt.rest && dialect == sctest.RPC {
				continue
			}
			in(t, dialect.String()+" "+tt.name, func(t *testing.T) {
				o := tt.options
				o.Dialect, o.Seed = dialect, 11
				e := export(t, o)
				r := e.reckon(t)
				if tt.keep != nil {
					r.keep = tt.keep
				}
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

func TestBreakdownsAreAbsentWhereComplianceResultsAreSubtracted(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: dialect, Quirks: sctest.Quirks{LowCompliancePlugins: true}})
			for _, name := range []string{"hosts", "families", "subnets", "remediation"} {
				if got := e.load(t, name); len(got) > 0 {
					t.Errorf("%s: %v", name, got)
				}
			}
			settings := own(map[string]any{"ids": []string{"0"}})
			if got := e.with(t, "assets", settings).of("securitycenter_vulnerabilities_by_asset"); len(got) > 0 {
				t.Errorf("assets: %v", got)
			}
		})
	}
}

func TestFiltersThatTheConsoleRefusesAreDoneWithout(t *testing.T) {
	withWeb := func(f *sctest.Finding) bool { return open(ofNoWeb(f)) }
	withAccepted := func(f *sctest.Finding) bool { return open(unaccepted(f)) }
	nothing := func(*sctest.Finding) bool { return false }
	for _, tt := range []struct {
		name      string
		options   sctest.Options
		counts    func(*sctest.Finding) bool
		absent    []string
		supported map[string]bool
	}{
		{
			name: "one that only excludes is left out", options: sctest.Options{RefuseFilters: []string{"wasVuln"}}, counts: withWeb,
			supported: map[string]bool{"wasVuln": false, "acceptRiskStatus": true, "pluginID": true, "pluginType": true},
		},
		{
			name: "accepted risk has another spelling", options: sctest.Options{RefuseFilters: []string{"acceptRiskStatus"}}, counts: open,
			supported: map[string]bool{"wasVuln": true, "acceptRiskStatus": false, "acceptedRisk": true, "pluginID": true, "pluginType": true},
		},
		{
			name: "accepted risk has no spelling", options: sctest.Options{RefuseFilters: []string{"acceptRiskStatus", "acceptedRisk"}}, counts: withAccepted,
			supported: map[string]bool{"wasVuln": true, "acceptRiskStatus": false, "acceptedRisk": false, "pluginID": true, "pluginType": true},
		},
		{
			name: "accepted risk has no spelling on SecurityCenter 4", counts: withAccepted, absent: []string{"securitycenter_vulnerability_score"},
			options:   sctest.Options{Dialect: sctest.RPC, RefuseFilters: []string{"acceptedRisk"}},
			supported: map[string]bool{"acceptedRisk": false, "pluginID": true, "pluginType": true},
		},
		{
			name: "without plugin ids compliance is subtracted", options: sctest.Options{RefuseFilters: []string{"pluginID"}}, counts: open,
			absent:    []string{"securitycenter_hosts"},
			supported: map[string]bool{"wasVuln": true, "acceptRiskStatus": true, "pluginID": false, "pluginType": true},
		},
		{
			name: "without plugin types plugin ids are trusted", options: sctest.Options{RefuseFilters: []string{"pluginType"}}, counts: open,
			supported: map[string]bool{"wasVuln": true, "acceptRiskStatus": true, "pluginID": true, "pluginType": false},
		},
		{
			name: "without both compliance cannot be kept out and nothing is said", options: sctest.Options{RefuseFilters: []string{"pluginID", "pluginType"}}, counts: nothing,
			absent:    []string{"securitycenter_vulnerabilities", "securitycenter_hosts", "securitycenter_vulnerability_score"},
			supported: map[string]bool{"wasVuln": true, "acceptRiskStatus": true, "pluginID": false, "pluginType": false},
		},
	} {
		in(t, tt.name, func(t *testing.T) {
			e := export(t, tt.options)
			want := counted(e.simulated.Console, tt.counts).without(tt.absent...)
			diff(t, "findings", want, e.load(t, "vulnerabilities"))
			if d := cmp.Diff(tt.supported, e.SupportedFilters()); d != "" {
				t.Errorf("supported filters (-want +got):\n%s", d)
			}
		})
	}
}

func TestARefusedFilterIsNotSentAgainWithinADay(t *testing.T) {
	for _, filter := range []string{"wasVuln", "acceptRiskStatus", "pluginID", "pluginType"} {
		in(t, filter, func(t *testing.T) {
			e := export(t, sctest.Options{RefuseFilters: []string{filter}})
			e.load(t, "vulnerabilities")
			if n := e.sent(filter); n != 1 {
				t.Fatalf("sent %d times by the first load, want 1", n)
			}
			for range 3 {
				time.Sleep(8*time.Hour - time.Second)
				e.load(t, "vulnerabilities")
				if n := e.sent(filter); n != 0 {
					t.Fatalf("sent %d times within a day", n)
				}
			}
			time.Sleep(time.Minute)
			e.load(t, "vulnerabilities")
			if n := e.sent(filter); n != 1 {
				t.Errorf("sent %d times after a day, want 1", n)
			}
		})
	}
}

// upgradable reaches one console after another under the same address.
type upgradable struct{ http.RoundTripper }

func TestARefusedFilterIsSentAgainWhenTheConsoleIsUpgraded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		after := sctest.StartPipe(t, sctest.Options{Version: "6.5.0"})
		var transport upgradable
		e := export(t, sctest.Options{Version: "6.4.0", RefuseFilters: []string{"wasVuln", "acceptRiskStatus"}}, func(o *console.Options) {
			transport.RoundTripper = o.Accounts[0].Transport
			for i := range o.Accounts {
				o.Accounts[i].Transport = &transport
			}
		})
		e.load(t, "vulnerabilities")
		transport.RoundTripper = after.Transport()
		for range 2 { // the first notices in the middle
			diff(t, "after the upgrade", counted(after.Console, open), e.load(t, "vulnerabilities"))
		}
		for _, filter := range []string{"wasVuln", "acceptRiskStatus"} {
			if !e.SupportedFilters()[filter] {
				t.Errorf("%s is still held to be refused", filter)
			}
		}
	})
}

// A spelling that the console takes but does not understand matches nothing,
// or everything: the sum shows it.
func TestASpellingThatDoesNotAddUpIsNotTrusted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{Quirks: sctest.Quirks{AcceptedIgnored: true}})
		e.load(t, "vulnerabilities")
		want := map[string]bool{"wasVuln": true, "acceptRiskStatus": false, "acceptedRisk": false, "pluginID": true, "pluginType": true}
		if d := cmp.Diff(want, e.SupportedFilters()); d != "" {
			t.Errorf("supported filters (-want +got):\n%s", d)
		}
	})
}

func TestDataThatMovesBetweenTwoQueriesGivesNoNegativeCount(t *testing.T) {
	for _, tt := range []struct {
		name  string
		times int // how often all findings seem to vanish while compliance results stay
		shown bool
	}{{"once", 1, true}, {"again and again", 2, false}} {
		in(t, tt.name, func(t *testing.T) {
			moving := &intercepting{}
			e := export(t, sctest.Options{Repositories: 1, RefuseFilters: []string{"pluginID"}}, func(o *console.Options) {
				moving.RoundTripper = o.Accounts[0].Transport
				for i := range o.Accounts {
					o.Accounts[i].Transport = moving
				}
			})
			want := e.load(t, "vulnerabilities")
			left := tt.times
			moving.answer = func(body string) string {
				if left == 0 || !strings.Contains(body, `"sumip"`) || !strings.Contains(body, "acceptRiskStatus") || strings.Contains(body, "pluginType") {
					return ""
				}
				left--
				return `{"totalRecords":"0","returnedRecords":0,"startOffset":"0","endOffset":"1","matchingDataElementCount":"0:0:0:0:0:0:0","results":[]}`
			}
			got := e.load(t, "vulnerabilities")
			if left != 0 {
				t.Fatalf("%d answers were not asked for", left)
			}
			if !tt.shown {
				want = samples{}
			}
			diff(t, "open findings", want, got)
		})
	}
}
