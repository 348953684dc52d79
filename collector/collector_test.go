package collector_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestTheCollectorsThatAreOnByDefault(t *testing.T) {
	var on []string
	for _, col := range collector.All() {
		if col.Default {
			on = append(on, col.Name)
		}
	}
	want := []string{"system", "feeds", "plugins", "scanners", "repositories", "vulnerabilities", "risk", "coverage", "scans"}
	if d := cmp.Diff(want, on); d != "" {
		t.Errorf("collectors that are on by default (-want +got):\n%s", d)
	}
}

func TestAPanicInALoaderIsAnError(t *testing.T) {
	col := &collector.Collector{Name: "broken"}
	loader := collector.Loader(func(context.Context, *findings.Console, collector.Settings, *collector.Metrics) error {
		panic("broken answer")
	})
	if _, err := col.Run(t.Context(), loader, nil, noLimits); err == nil || !strings.Contains(err.Error(), "broken answer") {
		t.Errorf("%v, want the panic", err)
	}
}

func TestALoadThatFailsShowsNothing(t *testing.T) {
	col := &collector.Collector{Name: "half", Families: known}
	failure := errors.New("connection reset")
	loader := collector.Loader(func(_ context.Context, _ *findings.Console, _ collector.Settings, m *collector.Metrics) error {
		fill(m)
		return failure
	})
	s, err := col.Run(t.Context(), loader, nil, noLimits)
	if !errors.Is(err, failure) || len(s.Families()) != 0 || s.Series != 0 {
		t.Errorf("%v with %d series", err, s.Series)
	}
}

// cycle loads all default collectors as the exporter does, and returns how
// often each account asked each question of the analysis.
func (e *exported) cycle(t *testing.T) map[string]map[string]int {
	t.Helper()
	e.simulated.ForgetRequests()
	for _, col := range collector.All() {
		if !col.Default {
			continue
		}
		if e.loaders[col.Name] == nil {
			e.loaders[col.Name] = col.New()
		}
		ctx := console.WithReuse(t.Context(), col.Interval/2)
		if _, err := col.Run(ctx, e.loaders[col.Name], e.Console, completed(col, noLimits)); err != nil && !errors.Is(err, console.ErrNotReadable) {
			t.Fatalf("%s: %v", col.Name, err)
		}
	}
	asked := map[string]map[string]int{}
	for _, r := range e.simulated.Requests() {
		if r.Tool == "" {
			continue
		}
		if asked[r.Account] == nil {
			asked[r.Account] = map[string]int{}
		}
		asked[r.Account][fmt.Sprint(r.Tool, " ", r.Source, " ", strings.Join(r.Filters, " "), " ", r.Start, "-", r.End)]++
		// Of a few plugins that are named all rows are wanted, at most one for each severity, and one too many would show.
		if most := 7*5 + 1; r.Tool == "sumid" && slices.ContainsFunc(r.Filters, func(f string) bool { return strings.HasPrefix(f, "pluginID=19506,") }) && r.End <= most {
			continue
		}
		if r.End-r.Start > 1 && r.Tool != "sumseverity" {
			t.Errorf("a query of the default set asks for more than one row: %+v", r)
		}
	}
	return asked
}

func total(questions map[string]int) (n int) {
	for _, times := range questions {
		n += times
	}
	return n
}

func TestTheDefaultSetStaysWithinItsBudgetOfRequests(t *testing.T) {
	two := []sctest.Account{admin, {Username: "alice", Password: "b"}, {Username: "bob", Password: "c", Organization: 2}}
	for _, tt := range exhaustive.Sample([]struct {
		name    string
		options sctest.Options
		again   bool // the checks of the first cycle and of a day later ask twice, as the numbers do not agree
	}{
		{name: "6.4"},
		{name: "6.4 without totals", options: sctest.Options{Quirks: sctest.Quirks{NoMatchingCount: true}}},
		{name: "6.4 with low compliance plugins", options: sctest.Options{Quirks: sctest.Quirks{LowCompliancePlugins: true}}, again: true},
		{name: "6.4 with low compliance plugins and without totals", options: sctest.Options{Quirks: sctest.Quirks{LowCompliancePlugins: true, NoMatchingCount: true}}, again: true},
		{name: "6.4 that hides accepted risk", options: sctest.Options{Quirks: sctest.Quirks{AcceptedHidden: true}}, again: true},
		{name: "4.8", options: sctest.Options{Dialect: sctest.RPC}},
		{name: "4.8 with low compliance plugins", options: sctest.Options{Dialect: sctest.RPC, Quirks: sctest.Quirks{LowCompliancePlugins: true}}, again: true},
		{name: "4.2", options: sctest.Options{Dialect: sctest.RPC, Version: "4.2.0"}},
	}, 4) {
		for _, repositories := range exhaustive.Sample([]int{1, 2, 4}, 1) {
			for _, accounts := range [][]sctest.Account{nil, two} {
				in(t, fmt.Sprintf("%s, %d repositories, %d accounts", tt.name, repositories, max(len(accounts)-1, 1)), func(t *testing.T) {
					o := tt.options
					o.Repositories, o.Accounts, o.Hosts, o.Plugins, o.Scans = repositories, accounts, 40, 5000, 1
					var shares []func(*console.Options)
					if accounts != nil { // bob reads the last repository
						shares = append(shares, reading("bob", fmt.Sprint(repositories)))
					}
					e := export(t, o, shares...)
					var figures []string
					for n, pause := range []time.Duration{0, 30 * time.Minute, day} { // spellings are checked again after a day
						time.Sleep(pause)
						for account, questions := range e.cycle(t) {
							figures = append(figures, fmt.Sprintf("%s %d", account, total(questions)))
							if most := 60 + 2*repositories; total(questions) > most {
								t.Errorf("cycle %d: account %s asks %d times, want at most %d", n+1, account, total(questions), most)
							}
							for question, times := range questions {
								if times > 1 && (!tt.again || n == 1) {
									t.Errorf("cycle %d: asked %d times: %s", n+1, times, question)
								}
							}
						}
					}
					t.Log(strings.Join(figures, ", "))
				})
			}
		}
	}
}

func TestBothProtocolsGiveTheSameNumbersForTheSameSeed(t *testing.T) {
	for _, version := range []string{"6.4.0", "6.1.0"} {
		in(t, version, func(t *testing.T) {
			current := export(t, sctest.Options{Version: version, Seed: 9, UnassignedRepository: true}).loadAll(t)
			old := export(t, sctest.Options{Dialect: sctest.RPC, Seed: 9, UnassignedRepository: true}).loadAll(t)
			if d := cmp.Diff(current.on(sctest.RPC).families(), old.families()); d != "" {
				t.Errorf("families that both have (-want +got):\n%s", d)
			}
			for _, family := range old.families() {
				want := samples{}
				for name, v := range current.of(family) {
					if onBoth(name, version) {
						want[familyName.ReplaceAllString(unsaid.Replace(name), `family=""`)] = v
					}
				}
				got := samples{}
				for name, v := range old.of(family) {
					if onBoth(name, version) {
						got[name] = v
					}
				}
				diff(t, family, want, got)
			}
		})
	}
}

// unsaid empties labels that SecurityCenter 4 does not know: who is of which
// organisation, and which scanners agents report to.
var unsaid = strings.NewReplacer(`organization_id="1"`, `organization_id=""`, `type="nessus"`, `type=""`, `type="agent-capable"`, `type=""`)

// familyName is not told by SecurityCenter 4 either.
var familyName = regexp.MustCompile(`\bfamily="[^"]*"`)

// onBoth reports whether both protocols tell a series.
func onBoth(name, restVersion string) bool {
	switch family, _, _ := strings.Cut(name, "{"); family {
	case "securitycenter_info":
		return false // the version
	case "securitycenter_feed_last_update_timestamp_seconds": // the others have no counterpart
		return strings.Contains(name, `"active"`) || strings.Contains(name, `"passive"`)
	case "securitycenter_repository_findings": // all records, and web-application findings are new
		return restVersion == "6.1.0"
	case "securitycenter_compliance_checks": // audits are not told apart
		return false
	case "securitycenter_asset_lists": // the states have no known codes
		return strings.Contains(name, `"ready"`)
	case "securitycenter_scan_last_hosts": // only details tell who answered, and SecurityCenter 4 has none
		return strings.Contains(name, `"targeted"`)
	}
	return true
}

func TestOldReleasesOfSecurityCenter4LeaveOutWhatTheyDoNotCount(t *testing.T) {
	bubble(t, func(t *testing.T) {
		got := export(t, sctest.Options{Version: "4.2.0", Dialect: sctest.RPC}).loadAll(t)
		for _, family := range []string{"securitycenter_plugins", "securitycenter_feed_last_update_timestamp_seconds"} {
			if s := got.of(family); len(s) > 0 {
				t.Errorf("%v, want none", s)
			}
		}
		if len(got.of("securitycenter_scanner_info")) == 0 {
			t.Error("no scanners")
		}
	})
}

// A call that the console does not have takes away what comes from it, in
// whatever words it says so, and nothing else.
func TestACallThatIsRefusedTakesAwayOnlyItsOwnFamilies(t *testing.T) {
	for dialect, tt := range map[sctest.Dialect]struct {
		refusals map[string]sctest.Effect
		basic    []string // nothing works without them
		source   func(collector.Source) string
	}{
		sctest.REST: {
			map[string]sctest.Effect{
				"code 10": sctest.Refuse(http.StatusForbidden, 10, "Resource is not supported."), "no such page": sctest.HTMLPage(http.StatusNotFound),
				"no permission": sctest.Refuse(http.StatusForbidden, 145, "You do not have permission."),
			},
			[]string{"POST /token", "DELETE /token", "GET /currentUser", "GET /system", "POST /analysis", "GET /repository"},
			func(s collector.Source) string { return s.REST },
		},
		sctest.RPC: { // refusals are answers like any other there
			map[string]sctest.Effect{
				"code 1": sctest.Refuse(http.StatusOK, 1, "Invalid module or action 'x::init'."), "code 10": sctest.Refuse(http.StatusOK, 10, "Resource is not supported."),
				"no permission": sctest.Refuse(http.StatusOK, 145, "User does not have permission."), "words alone": sctest.Refuse(http.StatusOK, 2, "You are not authorized to do that."),
			},
			[]string{"GET /rest/system", "auth::login", "auth::logout", "system::init", "vuln::query"},
			func(s collector.Source) string { return s.RPC },
		},
	} {
		for _, col := range exhaustive.Sample(collector.All(), 4) {
			if !slices.ContainsFunc(col.Families, func(f *collector.Family) bool { return tt.source(f.Source) != "" }) {
				continue
			}
			in(t, dialect.String()+" "+col.Name, func(t *testing.T) {
				o := sctest.Options{Dialect: dialect, Plugins: 500}
				e := export(t, o)
				whole := e.with(t, col.Name, everything(col))
				calls := map[string]bool{}
				for _, r := range e.simulated.Requests() {
					if !slices.Contains(tt.basic, r.Endpoint) {
						calls[r.Endpoint] = true
					}
				}
				for call := range calls {
					for words, effect := range tt.refusals {
						e := export(t, o)
						e.simulated.Inject(sctest.Fault{Endpoint: call, Effect: effect})
						s, err := e.run(t, col.Name, everything(col))
						kept := 0
						for _, f := range col.Families {
							if !strings.Contains(tt.source(f.Source), call) {
								kept += len(whole.of(f.Name))
							}
						}
						if kept == 0 {
							continue // nothing else is told: not permitted, or a failure
						}
						if err != nil {
							t.Errorf("%s, %s: %v", call, words, err)
							continue
						}
						got := samplesOf(s.Families())
						for _, f := range col.Families {
							if want := whole.of(f.Name); !strings.Contains(tt.source(f.Source), call) {
								diff(t, call+", "+words+": "+f.Name, want, got.of(f.Name))
							}
						}
						if said := strings.Join(s.Missing, "\n"); len(got) < len(whole) && !strings.Contains(said, named(call)) {
							t.Errorf("%s, %s: %d samples are missing, and nobody says why: %q", call, words, len(whole)-len(got), said)
						}
					}
				}
			})
		}
	}
}

// named is a call as errors name it, without the id of an object.
func named(call string) string {
	before, _, _ := strings.Cut(strings.Replace(call, " /", " /rest/", 1), "{id}")
	return before
}

// A tool that the console does not know takes away what comes from it.
func TestAToolThatIsRefusedTakesAwayOnlyItsOwnFamilies(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		source := func(f *collector.Family) string {
			return map[sctest.Dialect]string{sctest.REST: f.Source.REST, sctest.RPC: f.Source.RPC}[dialect]
		}
		for tool, collectors := range map[string][]string{
			"sumid": {"risk", "remediation"}, "sumremediation": {"remediation"}, "sumfamily": {"families"}, "sumclassc": {"subnets"}, "sumasset": {"assets"},
		} {
			for _, speaks143 := range []bool{false, true} {
				in(t, fmt.Sprint(dialect, " ", tool, ", by code 143: ", speaks143), func(t *testing.T) {
					o := sctest.Options{Dialect: dialect, Seed: 6, Hosts: 60}
					whole := export(t, o)
					o.RefuseTools, o.Quirks.Speaks143 = []string{tool}, speaks143
					e := export(t, o)
					for _, col := range collector.All() {
						if !slices.Contains(collectors, col.Name) {
							continue
						}
						want := whole.with(t, col.Name, everything(col))
						s, err := e.run(t, col.Name, everything(col))
						if err != nil {
							t.Errorf("%s: %v", col.Name, err)
							continue
						}
						got, gone := samplesOf(s.Families()), 0
						for _, f := range col.Families {
							if strings.Contains(source(f), " and ") { // of two tools: what the other tells is still there
								if n := len(got.of(f.Name)); n == 0 || n >= len(want.of(f.Name)) {
									t.Errorf("%d samples of %s, want some of %d", n, f.Name, len(want.of(f.Name)))
								}
								continue
							}
							if strings.Contains(source(f), tool) {
								gone += len(want.of(f.Name))
								diff(t, f.Name, samples{}, got.of(f.Name))
								continue
							}
							diff(t, f.Name, want.of(f.Name), got.of(f.Name))
						}
						if gone == 0 || !strings.Contains(strings.Join(s.Missing, "\n"), tool) {
							t.Errorf("%s: %d samples of %s, missing: %q", col.Name, gone, tool, s.Missing)
						}
					}
				})
			}
		}
	}
}
