package promql

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
	"go.yaml.in/yaml/v3"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// The terms of the bridge, and what is shown beside it, as the rules record them.
var terms = map[string]string{
	"now":         "instance_severity:securitycenter_vulnerabilities:sum",
	"new":         `securitycenter_vulnerabilities_new{window="7d"}`,
	"fixed":       `securitycenter_vulnerabilities_mitigated{window="7d"}`,
	"accepted":    "instance_severity:securitycenter_vulnerabilities_accepted:change7d",
	"unexplained": "instance_severity:securitycenter_vulnerabilities:unexplained7d",
	"recast":      "instance_severity:securitycenter_vulnerabilities_recast:change7d",
	"reopened":    "instance_severity:securitycenter_vulnerabilities_reopened:change7d",
}

var severityWords = []string{"info", "low", "medium", "high", "critical"}

// moved is by how much each term moved, by severity.
type moved map[string][5]int

// recount adds up the findings for itself: what a console of that moment has, given which repositories are read.
func recount(s *sctest.Server, read func(repository string) bool) moved {
	m := moved{}
	add := func(term string, f sctest.Finding, n int) {
		by := m[term]
		by[f.Severity] += n
		m[term] = by
	}
	week := time.Now().Add(-7 * 24 * time.Hour)
	for f := range s.Findings() {
		switch {
		case !read(f.Host.Repository), f.WebApplication, f.PluginType == "compliance":
			continue
		case f.Accepted:
			if f.Open() {
				add("accepted", f, 1)
				add("unexplained", f, 1)
			}
			continue
		}
		if f.Open() {
			add("now", f, 1)
			add("unexplained", f, 1)
			if f.Recast {
				add("recast", f, 1)
			}
			if f.Reopened {
				add("reopened", f, 1)
			}
		} else if f.LastMitigated.After(week) {
			add("fixed", f, 1)
			add("unexplained", f, 1)
		}
		if f.FirstSeen.After(week) {
			add("new", f, 1)
			add("unexplained", f, -1)
		}
	}
	return m
}

// less returns by how much m is more than before, without what is the same.
func (m moved) less(before moved) moved {
	d := moved{}
	for term := range terms {
		by := m[term]
		for sev := range by {
			by[sev] -= before[term][sev]
		}
		if by != ([5]int{}) {
			d[term] = by
		}
	}
	return d
}

// fateful is the plugin of medium, high or critical findings that has most of those that are picked and none that began
// or ended in the last eight days, so that it has one fate only.
func fateful(s *sctest.Server, pick func(sctest.Finding) bool) int {
	of, recent := map[int]int{}, map[int]bool{}
	lately := time.Now().Add(-8 * 24 * time.Hour)
	for f := range s.Findings() {
		if f.FirstSeen.After(lately) || f.LastMitigated.After(lately) || f.Accepted || f.Recast || f.WebApplication || f.PluginType == "compliance" {
			recent[f.PluginID] = true
		}
		if f.Severity > 1 && pick(f) {
			of[f.PluginID]++
		}
	}
	most := 0
	for id, n := range of {
		if !recent[id] && (n > of[most] || n == of[most] && id < most) {
			most = id
		}
	}
	return most
}

// dailyScanned says that the host of a finding was scanned in the last days.
func dailyScanned(f sctest.Finding) bool {
	return time.Since(time.Unix(f.Host.LastSeen, 0)) < 2*24*time.Hour
}

// Each way in which a console may change, one at a time, with what it does to the bridge beside an unchanged console of
// the same moment.
func TestEachWayInWhichAConsoleChangesMovesItsOwnTerm(t *testing.T) {
	fate := func(fate sctest.Fate, pick func(sctest.Finding) bool) func(*sctest.Server) {
		return func(s *sctest.Server) {
			id := fateful(s, pick)
			s.Change(func(now *sctest.State) { now.Fates[id] = fate })
		}
	}
	for name, way := range map[string]struct {
		change func(*sctest.Server)
		read   func(repository string) bool // after it
		moves  []string                     // the terms that move, and no other
		zero   []string                     // those of them that move between severities only
	}{
		"new findings":            {change: func(s *sctest.Server) { s.Change(func(now *sctest.State) { now.Outbreak = true }) }, moves: []string{"new", "now"}},
		"findings that are fixed": {change: fate(sctest.Fixed, func(f sctest.Finding) bool { return f.Open() && dailyScanned(f) && !f.Reopened }), moves: []string{"fixed", "now"}},
		"risk that is accepted":   {change: fate(sctest.Accepted, func(f sctest.Finding) bool { return f.Open() && !f.Reopened }), moves: []string{"accepted", "now"}},
		"severities that are recast": {
			change: fate(sctest.Recast, func(f sctest.Finding) bool { return f.Open() && !f.Reopened }),
			moves:  []string{"now", "recast", "unexplained"}, zero: []string{"now", "unexplained"},
		},
		"findings that are reopened": {change: fate(sctest.Reopened, func(f sctest.Finding) bool { return !f.Open() && dailyScanned(f) }), moves: []string{"now", "reopened", "unexplained"}},
		"findings that age out": {
			change: func(s *sctest.Server) {
				s.Change(func(now *sctest.State) { now.Lifetime = 60 * 24 * time.Hour })
			},
			moves: []string{"accepted", "now", "recast", "reopened", "unexplained"},
		},
		"a repository that is lost": {
			change: func(s *sctest.Server) { s.Change(func(now *sctest.State) { now.Withdrawn["2"] = true }) },
			read:   func(repository string) bool { return repository != "2" },
			moves:  []string{"accepted", "fixed", "new", "now", "recast", "reopened", "unexplained"},
		},
		"an account that is lost": {
			change: func(s *sctest.Server) { s.SetPassword("second", "changed") },
			read:   func(repository string) bool { return repository == "1" || repository == "2" },
			moves:  []string{"accepted", "fixed", "new", "now", "recast", "reopened", "unexplained"},
		},
	} {
		for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
			t.Run(name+"/"+dialect.String(), func(t *testing.T) {
				t.Parallel()
				all := func(string) bool { return true }
				if way.read == nil {
					way.read = all
				}
				var weekAgo, before, after page
				var want moved
				synctest.Test(t, func(t *testing.T) {
					s := sctest.StartPipe(t, sctest.Options{Dialect: dialect, Hosts: 300, Seed: 5, Accounts: slices.Clone(accounts)})
					weekAgo = snapshot(t, s)
					time.Sleep(7 * 24 * time.Hour)
					before = snapshot(t, s)
					unchanged := recount(s, all)
					way.change(s)
					after = snapshot(t, s)
					want = recount(s, way.read).less(unchanged)
				})
				got := bridge(t, weekAgo, after).less(bridge(t, weekAgo, before))
				var moves []string
				for term := range terms {
					if got[term] != want[term] {
						t.Errorf("%s moved by %d, want %d", term, got[term], want[term])
					}
					if got[term] != ([5]int{}) {
						moves = append(moves, term)
					}
				}
				slices.Sort(moves)
				if !slices.Equal(moves, way.moves) {
					t.Errorf("%q moved, want %q: %v", moves, way.moves, got)
				}
				for _, term := range way.zero {
					if sum := got[term][0] + got[term][1] + got[term][2] + got[term][3] + got[term][4]; sum != 0 {
						t.Errorf("%s moved by %d over all severities, want 0", term, sum)
					}
				}
			})
		}
	}
}

// page is what one scrape told, and when.
type page struct {
	at      time.Time
	samples []promql.Sample
}

// accounts read two repositories each.
var accounts = []sctest.Account{
	{Username: "admin", Password: "a", Administrator: true},
	{Username: "first", Password: "f", Repositories: []string{"1", "2"}},
	{Username: "second", Password: "s", Repositories: []string{"3", "4"}},
}

// snapshot reads what the bridge needs through accounts that log in for it, as an exporter does that was started anew.
// An account that is refused is left out of it.
func snapshot(t *testing.T, s *sctest.Server) page {
	t.Helper()
	options := console.Options{Name: "hq", MaxConcurrentRequests: 2}
	for _, a := range accounts {
		options.Accounts = append(options.Accounts, console.AccountOptions{Name: a.Username, Options: scapi.Options{
			URL: s.URL, Transport: s.Transport(),
			Credentials: func() (scapi.Credentials, error) {
				return scapi.Credentials{Username: a.Username, Password: a.Password}, nil
			},
		}})
	}
	c, err := console.New(options)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	p := page{at: time.Now()}
	for _, col := range collector.All() {
		if col.Name != "vulnerabilities" && col.Name != "risk" {
			continue
		}
		settings := collector.Settings{CollectorSettings: config.CollectorSettings{MaxSeries: 10000, Own: map[string]any{}}}
		for _, key := range col.Keys {
			settings.Own[key.Name] = key.Default
		}
		shot, err := col.Run(t.Context(), col.New(), findings.New(c), settings)
		if err != nil {
			t.Logf("%s: %v", col.Name, err)
		}
		for _, family := range shot.Families() {
			for _, m := range family.Metric {
				b := labels.NewBuilder(labels.FromStrings("__name__", family.GetName(), "job", "securitycenter", "instance", "hq"))
				for _, l := range m.Label {
					b.Set(l.GetName(), l.GetValue())
				}
				p.samples = append(p.samples, promql.Sample{Metric: b.Labels(), F: m.GetGauge().GetValue()})
			}
		}
	}
	return p
}

// bridge evaluates the recording rules at both pages and returns the terms at the second.
func bridge(t *testing.T, first, second page) moved {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "alerts", "recording.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var rules ruleFile
	if err := yaml.Unmarshal(content, &rules); err != nil {
		t.Fatal(err)
	}
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, LookbackDelta: 5 * time.Minute})
	memory := memory{}
	ask := func(expr string, at time.Time) promql.Vector {
		q, err := engine.NewInstantQuery(t.Context(), memory.queryable(), nil, expr, at)
		if err != nil {
			t.Fatal(err)
		}
		defer q.Close()
		v, err := q.Exec(t.Context()).Vector()
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		return slices.Clone(v)
	}
	for _, p := range []page{first, second} {
		for _, s := range p.samples {
			memory.add(s.Metric, p.at, s.F)
		}
		for _, g := range rules.Groups {
			for _, r := range g.Rules {
				for _, s := range ask(r.Expr, p.at) {
					memory.add(labels.NewBuilder(s.Metric).Set("__name__", r.Record).Labels(), p.at, s.F)
				}
			}
		}
	}
	m := moved{}
	for term, expr := range terms {
		found := ask(expr, second.at)
		if len(found) < 4 {
			t.Errorf("%s: only %d severities", term, len(found))
		}
		var by [5]int
		for _, s := range found {
			by[slices.Index(severityWords, s.Metric.Get("severity"))] = int(s.F)
		}
		m[term] = by
	}
	return m
}

// memory is a database of few samples, by the text of their labels.
type memory map[string]*series

type series struct {
	labels  labels.Labels
	samples []chunks.Sample
}

func (m memory) add(l labels.Labels, at time.Time, value float64) {
	key := l.String()
	if m[key] == nil {
		m[key] = &series{labels: l}
	}
	m[key].samples = append(m[key].samples, sample{at.UnixMilli(), value})
}

func (m memory) queryable() storage.Queryable {
	return &storage.MockQueryable{MockQuerier: &storage.MockQuerier{
		SelectMockFunction: func(_ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
			set := &seriesSet{}
			for _, s := range m {
				if !slices.ContainsFunc(matchers, func(by *labels.Matcher) bool { return !by.Matches(s.labels.Get(by.Name)) }) {
					set.left = append(set.left, storage.NewListSeries(s.labels, s.samples))
				}
			}
			return set
		},
	}}
}

// seriesSet yields series one by one.
type seriesSet struct {
	left []storage.Series
	at   storage.Series
}

func (s *seriesSet) Next() bool {
	if len(s.left) == 0 {
		return false
	}
	s.at, s.left = s.left[0], s.left[1:]
	return true
}

func (s *seriesSet) At() storage.Series              { return s.at }
func (*seriesSet) Err() error                        { return nil }
func (*seriesSet) Warnings() annotations.Annotations { return nil }

// sample is a number at a time in milliseconds.
type sample struct {
	at    int64
	value float64
}

func (s sample) T() int64                    { return s.at }
func (sample) ST() int64                     { return 0 }
func (s sample) F() float64                  { return s.value }
func (sample) H() *histogram.Histogram       { return nil }
func (sample) FH() *histogram.FloatHistogram { return nil }
func (sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample         { return s }
