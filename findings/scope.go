package findings

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// The tools that count.
const (
	byHost     = "sumip"
	byPlugin   = "sumid"
	bySeverity = "sumseverity"
)

// Totals are what a summary by hosts tells.
type Totals struct {
	Counts scapi.Counts
	Score  scapi.Opt[float64] // absent where the console does not add it up
	// Hosts have at least one of the findings; absent where compliance results
	// had to be subtracted, because hosts cannot be.
	Hosts   scapi.Opt[int64]
	Plugins scapi.Opt[int64] // likewise; only of the measure Plugins
}

// Add adds what two parts of a console tell. What one of them does not tell is
// absent.
func (t Totals) Add(o Totals) Totals {
	both := func(a, b scapi.Opt[int64]) scapi.Opt[int64] {
		return scapi.Opt[int64]{Value: a.Value + b.Value, Valid: a.Valid && b.Valid}
	}
	return Totals{
		Counts: t.Counts.Add(o.Counts),
		Score:  scapi.Opt[float64]{Value: t.Score.Value + o.Score.Value, Valid: t.Score.Valid && o.Score.Valid},
		Hosts:  both(t.Hosts, o.Hosts), Plugins: both(t.Plugins, o.Plugins),
	}
}

// Scope is one account's part of the console's findings, together with how
// accepted risk, web-application findings and compliance results are kept out
// on this console. What a scope cannot tell is absent and no error: the console
// lacks a filter that defines it, or its compliance results are in the way.
type Scope struct {
	console.Share
	console  *Console
	memory   *memory
	accepted spelling
	apart    separation
}

// probe finds out which filters keep accepted risk and compliance results out.
func (s *Scope) probe(ctx context.Context) error {
	var err error
	if s.accepted, err = s.spelling(ctx, acceptedRisk); err != nil {
		return err
	}
	s.apart, err = s.separate(ctx)
	return err
}

// Tell tells what m measures of the findings that q asks for, as Counts, Totals,
// Hosts or Plugins does; the rest of the Totals is empty.
func (s *Scope) Tell(ctx context.Context, q Question, m Measure) (scapi.Opt[Totals], error) {
	switch m {
	case Hosts:
		n, err := s.Hosts(ctx, q)
		return scapi.Opt[Totals]{Value: Totals{Hosts: n}, Valid: n.Valid}, err
	case Plugins:
		n, err := s.Plugins(ctx, q)
		return scapi.Opt[Totals]{Value: Totals{Plugins: n}, Valid: n.Valid}, err
	case Severities:
		n, err := s.Counts(ctx, q)
		return scapi.Opt[Totals]{Value: Totals{Counts: n.Value}, Valid: n.Valid}, err
	}
	return s.Totals(ctx, q)
}

// Totals counts the findings, hosts and score of what q asks for: one
// analysis request of one row (sumip) where the console tells all that in it,
// one more (sumseverity) where it does not, twice as many where compliance
// results are subtracted; then hosts are absent.
func (s *Scope) Totals(ctx context.Context, q Question) (scapi.Opt[Totals], error) {
	ask := func(ctx context.Context, q scapi.Query) (Totals, error) {
		t, err := s.summary(ctx, q)
		return Totals{Counts: t.Findings, Score: t.Score, Hosts: scapi.Some(t.Records)}, err
	}
	if s.subtracts(q) && s.memory.plain.Load() { // nothing else would be left of it
		ask = func(ctx context.Context, q scapi.Query) (Totals, error) {
			counts, err := s.counts(ctx, q)
			return Totals{Counts: counts}, err
		}
	}
	return answer(ctx, s, q, Everything, ask, func(sum, part Totals, minus bool) (Totals, bool) {
		if !minus {
			return sum.Add(part), true
		}
		t := Totals{Counts: sum.Counts.Sub(part.Counts)}
		if sum.Score.Valid && part.Score.Valid {
			t.Score = scapi.Some(sum.Score.Value - part.Score.Value)
		}
		return t, slices.Min(t.Counts[:]) >= 0
	})
}

// Counts counts the findings that q asks for by severity: one analysis
// request, two where compliance results are subtracted.
func (s *Scope) Counts(ctx context.Context, q Question) (scapi.Opt[scapi.Counts], error) {
	return answer(ctx, s, q, Severities, s.counts, func(sum, part scapi.Counts, minus bool) (scapi.Counts, bool) {
		if !minus {
			return sum.Add(part), true
		}
		counts := sum.Sub(part)
		return counts, slices.Min(counts[:]) >= 0
	})
}

// Hosts counts the hosts, each in every repository by itself, with at least
// one of the findings that q asks for: one analysis request (sumip). A question
// of any risk is asked in two on consoles that hide accepted findings and have no
// word for both; it must then be about one plugin, of which a host has one finding.
func (s *Scope) Hosts(ctx context.Context, q Question) (scapi.Opt[int64], error) {
	return s.records(ctx, q, Hosts)
}

// disjoint is q, or its two parts where the console hides accepted findings and
// has no word for any risk.
func (s *Scope) disjoint(q Question) []Question {
	if q.Risk != RiskAny || s.accepted.either.Name != "" || !s.accepted.hides {
		return []Question{q}
	}
	open, accepted := q, q
	open.Risk, accepted.Risk = RiskOpen, RiskAccepted
	return []Question{open, accepted}
}

// Plugins counts the plugins, each by severity, with at least one of the
// findings that q asks for: one analysis request (sumid).
func (s *Scope) Plugins(ctx context.Context, q Question) (scapi.Opt[int64], error) {
	return s.records(ctx, q, Plugins)
}

func (s *Scope) records(ctx context.Context, q Question, m Measure) (scapi.Opt[int64], error) {
	return answer(ctx, s, q, m, func(ctx context.Context, query scapi.Query) (int64, error) {
		query.Tool = m.tool()
		row, err := s.oneRow(ctx, query)
		return row.Records, err
	}, func(sum, part int64, _ bool) (int64, bool) { return sum + part, true })
}

// Page is the beginning of the rows of a tool.
type Page struct {
	Rows  []scapi.Row
	Total scapi.Opt[int64] // of rows, beyond the page too
	// Findings of all that matched, beyond the page too; absent where the
	// console does not tell them with the rows.
	Findings scapi.Opt[scapi.Counts]
}

// Rows asks a tool for what q asks for, at most limit rows in the order of
// the column sort, largest first; in the tool's own order if sort is empty.
func (s *Scope) Rows(ctx context.Context, tool string, q Question, sort string, limit int) (scapi.Opt[Page], error) {
	return answer(ctx, s, q, Pages, func(ctx context.Context, query scapi.Query) (Page, error) {
		query.Tool, query.Sort, query.Limit = tool, sort, int64(limit)
		return console.Call(ctx, s.Account, func(c *scapi.Client, ctx context.Context) (page Page, err error) {
			err = c.QueryPages(ctx, query, func(p scapi.Page) error {
				page.Rows, page.Total, page.Findings = append(page.Rows, p.Rows...), p.Total, p.Findings
				return nil
			})
			return page, err
		})
	}, nil)
}

// asked asks for what sel selects, by hosts unless call wants another tool.
// Filters that the console refuses are left out if they only exclude; else
// there is no answer.
func asked[T any](ctx context.Context, s *Scope, sel selection, call func(context.Context, scapi.Query) (T, error)) (scapi.Opt[T], error) {
	none := scapi.Opt[T]{}
	version, err := s.Account.Version(ctx)
	if err != nil {
		return none, s.Account.Wrap(err)
	}
	memory := &s.console.filters
	refused := func(f scapi.Filter) bool { return memory.refused(f.Name, version) }
	if slices.ContainsFunc(sel.defining, refused) {
		return none, nil
	}
	excluding := slices.DeleteFunc(slices.Clone(sel.excluding), refused)
	for {
		ours := slices.Concat(sel.defining, excluding)
		v, err := call(ctx, query(sel, slices.Concat(ours, sel.own)))
		if err == nil {
			for _, f := range ours {
				if !sel.unsent {
					memory.judge(f.Name, version, true)
				}
			}
			return scapi.Some(v), nil
		}
		refusal, refused := scapi.RefusalOf(err)
		unsent := errors.Is(err, scapi.ErrUnsupported)
		called := func(f scapi.Filter) bool { return f.Called(refusal.Filter) }
		i := slices.IndexFunc(ours, called)
		switch {
		case sel.probing && refused && i < len(sel.defining) && refusal.Of != scapi.RefusedFilter && refusal.Of != scapi.RefusedCall:
			return none, nil // not in this spelling
		case refused && i >= 0:
			if !unsent {
				memory.judge(ours[i].Name, version, false)
				s.Account.Logger().Warn("The console does not take a filter", "filter", refusal.Filter, "err", err)
			}
			if i < len(sel.defining) {
				return none, nil
			}
			excluding = slices.DeleteFunc(excluding, called)
		case unsent:
			return none, nil // this version has no spelling for it
		default:
			return none, s.Account.Wrap(err)
		}
	}
}

// query asks for what sel selects by filters, by hosts. Equal questions are
// equal queries: filters are in the order of their names.
func query(sel selection, filters []scapi.Filter) scapi.Query {
	slices.SortStableFunc(filters, func(a, b scapi.Filter) int { return strings.Compare(a.Name, b.Name) })
	return scapi.Query{Tool: byHost, Source: sel.source, Filters: slices.Concat([]scapi.Filter{scapi.ByRepository(sel.repositories...)}, filters)}
}
