package collector

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// Explains reports whether Explain knows how the collector's metrics are asked for:
// those that are read from findings.
func (col *Collector) Explains() bool { return col.figures != nil }

// Explanation is how the number that a time series shows is asked for.
type Explanation struct {
	Family *Family
	Labels []string // values as they are shown, in the order of Family.Labels

	series series
	figure *figure
	m      *Metrics
}

// Explain returns how the series of a family are asked for. It asks what the
// collector needs to know what there is to ask: which account reads what, the names
// of lists, and the rows of which series are made; no number that a question of its
// own counts. Missing says what cannot be told, and why. The error wraps
// console.ErrNotReadable if no account can supply any of it.
func (col *Collector) Explain(ctx context.Context, c *findings.Console, settings Settings, family *Family) (found []*Explanation, missing []string, err error) {
	m := NewMetrics(settings)
	list, err := col.figures(ctx, c, settings, m)
	if err != nil {
		return nil, nil, err
	}
	families := []*Family{family} // under which its absence is noted
	for _, f := range list {
		known := f.series
		if slices.ContainsFunc(known, func(s series) bool { return s.family == family }) {
			families = append(families, f.family())
		}
		if f.page != nil && slices.Contains(f.page.families, family) {
			if known, err = f.told(ctx, m); err != nil {
				return nil, nil, err
			}
		}
		for _, s := range known {
			if s.family != family {
				continue
			}
			x := &Explanation{Family: family, series: s, figure: f, m: m}
			for i, value := range s.labels {
				x.Labels = append(x.Labels, m.shown(family.Labels[i], value))
			}
			found = append(found, x)
		}
	}
	if why := errlist.Join(m.missing...); m.read == 0 && why != nil {
		return nil, nil, fmt.Errorf("%w: %w", console.ErrNotReadable, why)
	}
	m.missing = append(m.missing, m.incomplete...)
	return found, m.reasons(families), nil
}

// Series returns the series as it is shown: name{label="value",…}.
func (x *Explanation) Series() string {
	pairs := make([]string, len(x.Labels))
	for i, value := range x.Labels {
		pairs[i] = x.Family.Labels[i] + `="` + escapedLabel.Replace(value) + `"`
	}
	return x.Family.Name + "{" + strings.Join(pairs, ",") + "}"
}

// escapedLabel escapes what a label's value may not have as it is.
var escapedLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// Value asks for the number as the collector does; absent where it would show none,
// with the reasons.
func (x *Explanation) Value(ctx context.Context) (value scapi.Opt[float64], missing []string, err error) {
	if x.series.value.Valid { // read with the series itself
		return x.series.value, nil, nil
	}
	told, err := x.figure.told(ctx, x.m)
	if err != nil && !x.figure.refused(x.m, err) {
		return value, nil, err
	}
	for _, s := range told {
		if s.family == x.Family && slices.Equal(s.labels, x.series.labels) {
			return s.value, nil, nil
		}
	}
	if missing = x.m.reasons([]*Family{x.Family, x.figure.family()}); missing == nil {
		missing = []string{x.Family.Name + ": " + x.silence()}
	}
	return value, missing, nil
}

// silence says why an answer does not tell the number.
func (x *Explanation) silence() string {
	switch {
	case x.figure.late != nil && !x.figure.own:
		return "the plugins of the console are too old to tell it"
	case x.series.of == ofScore:
		return "the console does not add it up"
	}
	return "results of audits had to be subtracted, and hosts cannot be"
}

// Reads says what is read from the answer, in words.
func (x *Explanation) Reads() string {
	if x.figure.page != nil {
		return "the rows of " + x.figure.page.tool
	}
	switch x.series.of {
	case ofHosts:
		return "the number of hosts"
	case ofPlugins:
		return "the number of plugins"
	case ofScore:
		return "the score"
	}
	if len(x.series.severities) == 0 {
		return "the number of findings"
	}
	words := make([]string, len(x.series.severities))
	for i, s := range x.series.severities {
		words[i] = s.String()
	}
	return "the number of findings of severity " + strings.Join(words, ", ")
}

// TakesOff says what those of the requests ask for that are taken off.
func (x *Explanation) TakesOff() string {
	if x.CountsHosts() {
		return "the hosts in asset lists of owners"
	}
	return "results of audits"
}

// Requests are what the number is read from; none where nothing is asked.
func (x *Explanation) Requests(ctx context.Context) ([]findings.Request, error) {
	asked, err := x.figure.asked(ctx, x.m)
	if err != nil || asked == nil {
		return nil, err
	}
	if p := asked.page; p != nil {
		all, err := requests(ctx, asked.parts, findings.Pages)
		for i := range all {
			all[i].Query.Tool, all[i].Query.Sort, all[i].Query.Limit = p.tool, p.sort, int64(p.most)
		}
		return all, err
	}
	return requests(ctx, asked.parts, x.series.measure())
}

// measure is what has to be told for the reading.
func (r reading) measure() findings.Measure {
	return map[quantity]findings.Measure{ofHosts: findings.Hosts, ofPlugins: findings.Plugins, ofScore: findings.Everything}[r.of]
}

func requests(ctx context.Context, parts []part, m findings.Measure) ([]findings.Request, error) {
	var all []findings.Request
	for _, p := range parts {
		of, err := p.scope.Requests(ctx, p.Question, m)
		if err != nil {
			return nil, err
		}
		for i := range of {
			of[i].Minus = of[i].Minus != p.minus
		}
		all = append(all, of...)
	}
	return all, nil
}

// behind are requests whose rows are those that the number counts.
func (x *Explanation) behind(ctx context.Context) ([]findings.Request, error) {
	asked, err := x.figure.asked(ctx, x.m)
	if err != nil || asked == nil {
		return nil, err
	}
	parts := asked.parts
	if asked.page != nil {
		parts = x.series.within(parts)
	}
	return requests(ctx, parts, x.series.measure())
}

// within are the parts of a page, narrowed to the rows that the series is read from.
func (s series) within(parts []part) []part {
	var narrowed []part
	for _, p := range parts {
		if len(s.repositories) > 0 {
			p.Repositories = slices.DeleteFunc(p.scope.IDs(), func(id string) bool { return !slices.Contains(s.repositories, id) })
			if len(p.Repositories) == 0 {
				continue
			}
		}
		all := slices.Clone(p.Only)
		for _, f := range s.only {
			all = slices.DeleteFunc(all, func(wider scapi.Filter) bool { return wider.Called(f.Name) })
			p.ByPlugin = p.ByPlugin || scapi.ByPluginIDs().Called(f.Name)
		}
		p.Only = slices.Concat(all, s.only)
		narrowed = append(narrowed, p)
	}
	return narrowed
}

// Findings iterates over the findings that the number counts; nothing where it does
// not count findings. A failure is yielded once, as the last pair.
func (x *Explanation) Findings(ctx context.Context) iter.Seq2[scapi.Vuln, error] {
	return rowsOf(ctx, x, ofFindings, func(of []findings.Request) iter.Seq2[scapi.Vuln, error] {
		return func(yield func(scapi.Vuln, error) bool) {
			for v, err := range findings.Vulns(ctx, of, x.series.severities...) {
				if err == nil && x.series.keep != nil && !x.series.keep(v) {
					continue
				}
				if !yield(v, err) {
					return
				}
			}
		}
	})
}

// Hosts iterates over the hosts that the number counts, likewise.
func (x *Explanation) Hosts(ctx context.Context) iter.Seq2[scapi.Host, error] {
	return rowsOf(ctx, x, ofHosts, func(of []findings.Request) iter.Seq2[scapi.Host, error] { return findings.HostRows(ctx, of) })
}

// Plugins iterates over the plugins that the number counts, likewise: rows of the
// tool sumid.
func (x *Explanation) Plugins(ctx context.Context) iter.Seq2[scapi.Row, error] {
	return rowsOf(ctx, x, ofPlugins, func(of []findings.Request) iter.Seq2[scapi.Row, error] { return findings.PluginRows(ctx, of) })
}

// CountsHosts reports whether Hosts has rows.
func (x *Explanation) CountsHosts() bool { return x.series.of == ofHosts }

// CountsPlugins reports whether Plugins has rows.
func (x *Explanation) CountsPlugins() bool { return x.series.of == ofPlugins }

func rowsOf[T any](ctx context.Context, x *Explanation, of quantity, rows func([]findings.Request) iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if x.series.of != of {
			return
		}
		behind, err := x.behind(ctx)
		if err != nil {
			var none T
			yield(none, err)
			return
		}
		for row, err := range rows(behind) {
			if !yield(row, err) {
				return
			}
		}
	}
}
