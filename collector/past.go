package collector

import (
	"context"
	"slices"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
)

// Past is a time of which a collector tells, and which of its families.
type Past struct {
	// At is in whole seconds. SecurityCenter 4 is asked for whole days back from the
	// present, to which it is rounded. Zero: the present.
	At       time.Time
	Known    time.Time // since when the console keeps what happened; zero: always
	Families []*Family // those of the collector that are Dated, or some of them
}

// Dated returns the families of which the past can be told.
func (col *Collector) Dated() []*Family {
	return slices.DeleteFunc(slices.Clone(col.Families), func(f *Family) bool { return !f.Dated })
}

// Untold returns the collector that counts the findings whose past no date tells, and
// the families in which it does: accepted, recast and re-opened ones.
func Untold() (*Collector, []*Family) {
	for _, col := range All() {
		if slices.Contains(col.Families, riskAccepted) {
			return col, []*Family{riskAccepted, riskRecast, riskReopened}
		}
	}
	return nil, nil
}

// RunAt is Run for a time in the past, of some families: what they would have shown
// then, as far as dates tell that the console keeps to this day. The questions are
// those of Run, at another time: what was open then is asked for in two, what is open
// still and what was mitigated later. A window that began before p.Known is absent.
func (col *Collector) RunAt(ctx context.Context, c *findings.Console, settings Settings, p Past) (Snapshot, error) {
	m := p.metrics(settings)
	s, err := col.run(ctx, p.figures(col.figures).load, c, settings, m)
	s.Missing = m.reasons(p.Families)
	return s, err
}

// ForeseeAt returns the series that RunAt would tell at most, without their values,
// and how many analysis requests that takes beside what is asked to know what there
// is to ask, which ForeseeAt asks too.
func (col *Collector) ForeseeAt(ctx context.Context, c *findings.Console, settings Settings, p Past) (s Snapshot, queries int, err error) {
	m := p.metrics(settings)
	s, err = col.run(ctx, func(ctx context.Context, c *findings.Console, s Settings, m *Metrics) error {
		list, err := p.figures(col.figures)(ctx, c, s, m)
		if err != nil {
			return err
		}
		asked := map[string]bool{}
		for _, f := range list {
			for _, one := range f.series {
				m.Set(one.family, 0, one.labels...)
			}
			all, err := requests(ctx, f.parts, f.measure)
			if err != nil {
				return err
			}
			for _, r := range all {
				prepared, err := r.Account.Prepare(ctx, r.Query)
				if err != nil {
					return r.Account.Wrap(err)
				}
				asked[r.Account.Name()+" "+prepared.Key()] = true
			}
		}
		queries = len(asked)
		return nil
	}, c, settings, m)
	s.Missing = m.reasons(p.Families)
	return s, queries, err
}

func (p Past) metrics(settings Settings) *Metrics {
	m := NewMetrics(settings)
	if !p.At.IsZero() {
		m.past = &clock{at: p.At, past: true, known: p.Known}
	}
	return m
}

// figures are those of all, narrowed to the series of p's families.
func (p Past) figures(all figures) figures {
	return func(ctx context.Context, c *findings.Console, s Settings, m *Metrics) ([]*figure, error) {
		list, err := all(ctx, c, s, m)
		var some []*figure
		for _, f := range list {
			f.series = slices.DeleteFunc(f.series, func(s series) bool { return !slices.Contains(p.Families, s.family) })
			if len(f.series) > 0 {
				f.measure = f.series[0].measure() // all are counts of findings
				some = append(some, f)
			}
		}
		return some, err
	}
}

// clock is the time of which the load tells.
func (m *Metrics) clock(c *findings.Console) clock {
	if m.past != nil {
		return *m.past
	}
	return clockOf(c)
}
