package collector

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// figure is something that is asked of a console's findings, and the series that
// are read from the answer. A collector of findings is a list of figures: a load
// asks them all, an explanation one of them.
type figure struct {
	series  []series
	measure findings.Measure
	parts   []part // whose answers add up; none: the series have their values
	page    *page  // the parts are asked for rows, and what they tell is a series
	// late finds the figure that is asked in place of this one, where that depends
	// on what the console says; nil where nothing is asked.
	late func(context.Context, *Metrics) (*figure, error)

	subject string // in errors, where the family does not say it: "watch log4j"
	// own: it is asked in somebody's own words. What the console refuses of it
	// takes this figure away, and no other.
	own bool

	// together asks for the number with others, in place of the parts, which tell
	// the same.
	together func(context.Context, *Metrics) (scapi.Opt[findings.Totals], error)

	answered bool
	answer   scapi.Opt[findings.Totals]
}

// part is a question to the findings of one account.
type part struct {
	scope *findings.Scope
	findings.Question
	minus bool // its hosts are taken off
}

// page is the beginning of the rows of a tool.
type page struct {
	tool, sort string
	most       int
	families   []*Family
	read       func(context.Context, []findings.Page) ([]series, error)
}

// series is a time series, and which part of its figure's answer is its value.
type series struct {
	family *Family
	labels []string // values, in the order of family.Labels
	reading
	value scapi.Opt[float64] // that is known without a question, or read from a page
	// Of a page, what its rows have in common that the series is read from.
	repositories []string
	only         []scapi.Filter
	keep         func(scapi.Vuln) bool // nil: all of those
}

// reading is what is read from an answer.
type reading struct {
	of         quantity
	severities []scapi.Severity // whose findings count; none: of all
}

// quantity is what is counted.
type quantity int

const (
	ofFindings quantity = iota
	ofHosts
	ofPlugins
	ofScore
	ofNothing // it is no count, and not read from an answer
)

func (r reading) from(t findings.Totals) scapi.Opt[float64] {
	whole := func(n scapi.Opt[int64]) scapi.Opt[float64] {
		return scapi.Opt[float64]{Value: float64(n.Value), Valid: n.Valid}
	}
	switch r.of {
	case ofHosts:
		return whole(t.Hosts)
	case ofPlugins:
		return whole(t.Plugins)
	case ofScore:
		return t.Score
	case ofNothing:
		return scapi.Opt[float64]{}
	}
	if len(r.severities) == 0 {
		return whole(scapi.Some(t.Counts.Total()))
	}
	sum := int64(0)
	for _, s := range r.severities {
		sum += t.Counts[s]
	}
	return whole(scapi.Some(sum))
}

// asks is a figure that measures what any of the questions asks for.
func (total tally) asks(m findings.Measure, questions ...findings.Question) *figure {
	f := &figure{measure: m}
	for _, q := range questions {
		f.parts = append(f.parts, total.parts(q)...)
	}
	return f
}

// rows is a figure whose series are read from the first rows of a tool, which tell of
// what q asks for.
func (total tally) rows(q findings.Question, p page) *figure {
	return &figure{parts: total.parts(q), page: &p}
}

// parts are a question to all accounts.
func (total tally) parts(q findings.Question) []part {
	var parts []part
	q.Own = slices.Concat(q.Own, total.within)
	for _, s := range total.scopes {
		parts = append(parts, part{scope: s, Question: q})
	}
	return parts
}

// bySeverity shows the findings of some severities, a series each; those that the
// console does not know are absent, and not 0. The severity is the last label.
func (f *figure) bySeverity(total tally, family *Family, severities []scapi.Severity, labels ...string) *figure {
	for _, s := range total.m.known(severities) {
		f.series = append(f.series, ofSeverity(family, s, labels...))
	}
	return f
}

func ofSeverity(family *Family, s scapi.Severity, labels ...string) series {
	return series{family: family, labels: slices.Concat(labels, []string{s.String()}), reading: reading{severities: []scapi.Severity{s}}}
}

// counted are series of some severities with their values, which are otherwise like
// s. The severity is the last label.
func (s series) counted(total tally, severities []scapi.Severity, n scapi.Counts) []series {
	var all []series
	for _, severity := range total.m.known(severities) {
		one := s
		one.labels = slices.Concat(s.labels, []string{severity.String()})
		one.severities, one.value = []scapi.Severity{severity}, scapi.Some(float64(n[severity]))
		all = append(all, one)
	}
	return all
}

// shows shows what is counted as one series.
func (f *figure) shows(of quantity, family *Family, labels ...string) *figure {
	f.series = append(f.series, series{family: family, labels: labels, reading: reading{of: of}})
	return f
}

// given is a value that no findings are asked for.
func given(family *Family, value float64, labels ...string) *figure {
	return &figure{series: []series{{family: family, labels: labels, value: scapi.Some(value), reading: reading{of: ofNothing}}}}
}

// errAbout names what a figure is about in err.
func (f *figure) errAbout(family *Family, err error) error {
	if f.subject == "" {
		return fmt.Errorf("%s: %w", family.Name, err)
	}
	return fmt.Errorf("%s: %w", f.subject, err)
}

// family is whose absence is noted where a figure cannot be told.
func (f *figure) family() *Family {
	if f.page != nil {
		return f.page.families[0]
	}
	return f.series[0].family
}

// errMoved: the data moved between two questions of a difference.
var errMoved = errors.New("the console's data moved meanwhile")

// ask asks the parts, once, and adds the answers up. Where one account cannot tell,
// there is no answer and the family is noted as missing.
func (f *figure) ask(ctx context.Context, m *Metrics) (scapi.Opt[findings.Totals], error) {
	if f.answered {
		return f.answer, nil
	}
	if f.together != nil {
		return f.together(ctx, m)
	}
	sum, err := addUp(m, f, findings.Totals.Add, func(p part) (scapi.Opt[findings.Totals], error) {
		t, err := p.scope.Tell(ctx, p.Question, f.measure)
		if p.minus {
			t.Value.Hosts.Value *= -1
		}
		return t, err
	})
	if sum.Value.Hosts.Value < 0 {
		m.lacking(f.family(), errMoved)
		sum = scapi.Opt[findings.Totals]{}
	}
	f.answered, f.answer = err == nil, sum
	return sum, err
}

// told returns the series with their values; without those that are absent.
func (f *figure) told(ctx context.Context, m *Metrics) ([]series, error) {
	asked, err := f.asked(ctx, m)
	if err != nil || asked == nil {
		return nil, err
	}
	if asked.page != nil {
		pages, err := asked.pages(ctx, m)
		if err != nil || pages == nil {
			return nil, err
		}
		return asked.page.read(ctx, pages)
	}
	var answer scapi.Opt[findings.Totals]
	if len(asked.parts) > 0 {
		if answer, err = asked.ask(ctx, m); err != nil {
			return nil, err
		}
	}
	var told []series
	for _, s := range f.series {
		if answer.Valid {
			s.value = s.from(answer.Value)
		}
		if s.value.Valid {
			told = append(told, s)
		}
	}
	return told, nil
}

// asked is the figure that is asked; nil where nothing is.
func (f *figure) asked(ctx context.Context, m *Metrics) (*figure, error) {
	if f.late == nil {
		return f, nil
	}
	instead, err := f.late(ctx, m)
	if err != nil {
		return nil, f.errAbout(f.family(), err)
	}
	return instead, nil
}

// pages asks for the rows, account by account; none where one account's findings
// cannot be told.
func (f *figure) pages(ctx context.Context, m *Metrics) ([]findings.Page, error) {
	p := f.page
	pages, err := addUp(m, f,
		func(a, b []findings.Page) []findings.Page { return append(a, b...) },
		func(of part) (scapi.Opt[[]findings.Page], error) {
			rows, err := of.scope.Rows(ctx, p.tool, of.Question, p.sort, p.most)
			return scapi.Opt[[]findings.Page]{Value: []findings.Page{rows.Value}, Valid: rows.Valid}, err
		})
	return pages.Value, err
}

// refused notes what the console refuses of a figure in somebody's own words, and
// reports whether that is all that went wrong.
func (f *figure) refused(m *Metrics, err error) bool {
	mistaken := errors.Is(err, errMistaken) || errors.Is(err, errElsewhere)
	if !f.own || !mistaken && (!scapi.Answered(err) || scapi.IsTemporary(err)) {
		return false
	}
	m.lacking(f.family(), err)
	return true
}

// figures is what a collector asks of a console's findings, in the order in which
// it does. What it reads beside findings, such as lists, it reads at once.
type figures func(ctx context.Context, c *findings.Console, s Settings, m *Metrics) ([]*figure, error)

// load asks all figures and shows what they tell.
func (ask figures) load(ctx context.Context, c *findings.Console, s Settings, m *Metrics) error {
	list, err := ask(ctx, c, s, m)
	if err != nil {
		return err
	}
	for _, f := range list {
		if err := f.show(ctx, m); err != nil && !f.refused(m, err) {
			return err
		}
	}
	return nil
}

// show asks the figure and shows what is told.
func (f *figure) show(ctx context.Context, m *Metrics) error {
	told, err := f.told(ctx, m)
	for _, s := range told {
		m.Set(s.family, s.value.Value, s.labels...)
	}
	return err
}

// counting is the usual start of figures: the findings of all accounts.
func counting(list func(context.Context, tally, Settings) ([]*figure, error)) figures {
	return func(ctx context.Context, c *findings.Console, s Settings, m *Metrics) ([]*figure, error) {
		total, err := newTally(ctx, c, m)
		if err != nil || len(total.scopes) == 0 {
			return nil, err
		}
		return list(ctx, total, s)
	}
}
