package collector_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// explain returns how the series of a family are asked for.
func (e *exported) explain(t *testing.T, col *collector.Collector, s collector.Settings, f *collector.Family) ([]*collector.Explanation, []string) {
	t.Helper()
	found, missing, err := col.Explain(t.Context(), e.Console, completed(col, s), f)
	if err != nil && !errors.Is(err, console.ErrNotReadable) {
		t.Fatalf("%s: %v", f.Name, err)
	}
	return found, missing
}

// labelled is an explanation's series as samples are named.
func labelled(x *collector.Explanation) string {
	var pairs []string
	for i, value := range x.Labels {
		pairs = append(pairs, x.Family.Labels[i], value)
	}
	return sample(x.Family.Name, pairs...)
}

// rows counts what is iterated over.
func rows[T any](t *testing.T, all iter.Seq2[T, error]) (n float64) {
	t.Helper()
	for _, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// behind counts the rows behind a number.
func behind(t *testing.T, x *collector.Explanation) float64 {
	t.Helper()
	return rows(t, x.Findings(t.Context())) + rows(t, x.Hosts(t.Context())) + rows(t, x.Plugins(t.Context()))
}

// asked are settings with which a collector of findings shows all that it can.
func asked(t *testing.T, col *collector.Collector, rpc bool) collector.Settings {
	s := everything(col)
	s.SLA = slices.DeleteFunc(policies(t), func(p config.SLA) bool { return p.Preset != "" && p.Preset != "cpat" }) // one of each kind
	repository := equal("repository", []any{map[string]any{"id": "2"}})
	if rpc {
		repository = equal("repositoryIDs", "2")
	}
	s.Watches = []config.Watch{
		{Name: "scanned", Plugins: []string{"19506", "117887"}},
		{Name: "urgent", Filters: []config.Filter{equal("severity", "4,3"), equal("exploitAvailable", "true")}},
		{Name: "one repository", Filters: []config.Filter{repository}},
		{Name: "refused", Filters: []config.Filter{equal("noSuchFilter", "1")}},
	}
	s.Owners = []config.Owner{
		{Name: "servers", Assets: []string{"3"}, SLA: s.SLA}, {Name: "nobody", Assets: []string{"11"}, SLA: s.SLA[:1]}, {Name: "mistaken", Assets: []string{"77"}, SLA: s.SLA},
	}
	if !rpc {
		s.Owners[0].Assets = []string{"3", "8"}
	}
	return s
}

type situation struct {
	name string
	sctest.Options
	rest, rpc bool // not on SecurityCenter 4; only there
}

var situations = []situation{
	{name: "as it should be"},
	{name: "without info", rpc: true, Options: sctest.Options{Version: "4.2.0"}},
	{name: "two organisations", Options: sctest.Options{OwnObjects: true, Accounts: []sctest.Account{admin, alice, bob}}},
	{name: "hidden accepted risk without a word for all", Options: sctest.Options{Quirks: sctest.Quirks{AcceptedHidden: true, NoAllRisk: true}}},
	{name: "compliance subtracted", Options: sctest.Options{Quirks: sctest.Quirks{LowCompliancePlugins: true}}},
	{name: "compliance subtracted, no totals", Options: sctest.Options{Quirks: sctest.Quirks{LowCompliancePlugins: true, NoMatchingCount: true}}},
	{name: "old plugins, shared addresses", Options: sctest.Options{Quirks: sctest.Quirks{NoCredentialPlugins: true, SharedAddresses: true}}},
	{name: "6.1 that refuses the operator", rest: true, Options: sctest.Options{Version: "6.1.0", RefuseOperators: []string{"<=", ">="}}},
}

// What is explained is what is shown: the number that a load gives, and as many rows
// behind it where it is a count.
func TestThereAreAsManyRowsBehindEveryNumberAsItSays(t *testing.T) {
	type console struct {
		situation
		sctest.Dialect
	}
	var consoles []console
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		for _, s := range situations {
			if s.rest && dialect == sctest.RPC || s.rpc && dialect == sctest.REST {
				continue
			}
			consoles = append(consoles, console{s, dialect})
		}
	}
	for _, tt := range exhaustive.Sample(consoles, 2) {
		in(t, tt.Dialect.String()+" "+tt.name, func(t *testing.T) {
			o := tt.Options
			o.Dialect, o.Seed, o.Hosts = tt.Dialect, 11, 24
			e := export(t, o)
			for _, col := range collector.All() {
				if !col.Explains() {
					continue
				}
				settings := asked(t, col, tt.Dialect == sctest.RPC)
				for i := range settings.Owners {
					if tt.Accounts != nil {
						settings.Owners[i].Account = alice.Username
					}
				}
				shown := e.with(t, col.Name, settings)
				e.isExplained(t, col, settings, shown)
				if len(shown) == 0 && !strings.Contains(tt.name, "subtracted") {
					t.Errorf("%s shows nothing", col.Name)
				}
			}
		})
	}
}

// isExplained checks that every sample of a collector is explained, with as many rows behind it as it says.
func (e *exported) isExplained(t *testing.T, col *collector.Collector, settings collector.Settings, shown samples) {
	t.Helper()
	explained := map[string]bool{}
	for _, f := range col.Families {
		found, _ := e.explain(t, col, settings, f)
		for _, x := range found {
			name := labelled(x)
			value, missing, err := x.Value(t.Context())
			want, is := shown[name]
			if err != nil || value.Valid != is || value.Value != want || !is && len(missing) == 0 {
				t.Fatalf("%s is %v, %v, %v; shown is %v, %v", name, value, missing, err, want, is)
			}
			explained[name] = is
			if !is {
				continue
			}
			requests, err := x.Requests(t.Context())
			if err != nil || len(requests) == 0 && !strings.HasPrefix(f.Source.REST, "configuration") && f.Source.REST != "GET /asset" {
				t.Errorf("%s: %d requests, %v", name, len(requests), err)
			}
			if n := behind(t, x); x.Family.Uncounted == "" && n != want {
				t.Errorf("%s is %v, with %v rows behind it", name, want, n)
			} else if x.Family.Uncounted != "" && n != 0 {
				t.Errorf("%s has %v rows, although %s", name, n, x.Family.Uncounted)
			}
		}
	}
	for name := range shown {
		// Names of plugins are told from the pages of others, and asked for by none.
		if !explained[name] && !strings.HasPrefix(name, "securitycenter_plugin_info{") {
			t.Errorf("%s is not explained", name)
		}
	}
}

// A family whose numbers nobody can follow to the findings is forgotten, or says why.
func TestEveryFamilyOfFindingsIsExplained(t *testing.T) {
	for _, col := range collector.All() {
		for _, f := range col.Families {
			ofFindings := strings.Contains(f.Source.REST, "POST /analysis") && col.Name != "events" // which are log lines
			if ofFindings && !col.Explains() {
				t.Errorf("%s is read from findings, and %s explains nothing", f.Name, col.Name)
			}
		}
	}
}

// An explanation asks what it needs for its own number, and nothing else.
func TestAnExplanationAsksNoOtherNumber(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{Hosts: 40})
		e.load(t, "vulnerabilities") // spellings are known
		ctx := console.WithReuse(context.WithoutCancel(t.Context()), console.MostReuse)
		for _, col := range collector.All() {
			for _, f := range col.Families {
				if f.Name != "securitycenter_vulnerabilities_overdue" && f.Name != "securitycenter_hosts_credentialed" && f.Name != "securitycenter_watch_hosts" {
					continue
				}
				settings := completed(col, asked(t, col, false))
				_, _, _ = col.Explain(ctx, e.Console, settings, f) // which account reads what
				e.simulated.ForgetRequests()
				found, _, err := col.Explain(ctx, e.Console, settings, f)
				if err != nil {
					t.Fatal(err)
				}
				if n := e.simulated.Count(func(r sctest.Request) bool { return r.Tool != "" }); n > 0 {
					t.Errorf("%s: to list the series takes %d queries", f.Name, n)
				}
				if _, _, err := found[0].Value(ctx); err != nil {
					t.Fatal(err)
				}
				most := map[string]int{"securitycenter_hosts_credentialed": 7}[f.Name] // whether the plugins are too old is told by all
				if n := e.simulated.Count(func(r sctest.Request) bool { return r.Tool != "" }); n > max(most, 1) {
					t.Errorf("%s: one number takes %d queries", f.Name, n)
				}
			}
		}
	})
}

func TestRedactedLabelsAreExplainedAsTheyAreShown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{Hosts: 40})
		for _, col := range collector.All() {
			if col.Name != "hosts" && col.Name != "vulnerabilities" {
				continue
			}
			settings := asked(t, col, false)
			settings.Redact, settings.HashKey = map[string]bool{"repository": true, "host": true}, []byte("key")
			shown := e.with(t, col.Name, settings)
			found, _ := e.explain(t, col, settings, col.Families[0])
			for _, x := range found {
				if _, is := shown[labelled(x)]; !is {
					t.Errorf("%s is explained, and not shown", labelled(x))
				}
			}
			if len(found) == 0 {
				t.Errorf("%s: nothing is explained", col.Name)
			}
		}
	})
}

func TestWhatIsMissingIsToldOfTheFamilyThatIsExplained(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{Hosts: 40, Accounts: []sctest.Account{admin, alice, bob}})
		for _, col := range collector.All() {
			for _, f := range col.Families {
				if col.Name != "risk" {
					continue
				}
				found, missing := e.explain(t, col, asked(t, col, false), f)
				told := strings.Contains(strings.Join(missing, ""), "their plugins do not add up")
				if alone := f.Name == "securitycenter_unique_vulnerabilities"; told != alone || alone == (len(found) > 0) {
					t.Errorf("%s: %d series, missing %q", f.Name, len(found), missing)
				}
			}
		}
	})
}

func TestASeriesIsWrittenAsOnTheMetricsPage(t *testing.T) {
	odd := "a \"quoted\" \\ and \n broken ünï"
	x := collector.Explanation{Family: &collector.Family{Name: "metric", Labels: []string{"first", "second"}}, Labels: []string{odd, ""}}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(x.Series() + " 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	labels := families["metric"].GetMetric()[0].GetLabel()
	if len(labels) != 2 || labels[0].GetName() != "first" || labels[0].GetValue() != odd || labels[1].GetName() != "second" || labels[1].GetValue() != "" {
		t.Errorf("%s is read as %v", x.Series(), labels)
	}
}
