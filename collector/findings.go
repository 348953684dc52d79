package collector

import (
	"context"
	"fmt"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// findings counts findings over all accounts of a console that read some. Each
// repository is read through one of them, so that their parts add up.
type findings struct {
	scopes []*console.Scope
	m      *Metrics
}

// scopes returns how to count the console's findings; nothing to count, and
// the part noted as missing, where no account reads any.
func scopes(ctx context.Context, c *console.Console, m *Metrics) (findings, error) {
	list, err := c.Scopes(ctx)
	return findings{list, m}, m.part("findings", err, func() {})
}

// counts emits the findings that q asks for, for each of the severities, which
// is the family's first label; the others follow.
func (f findings) counts(ctx context.Context, family *Family, severities []scapi.Severity, q console.Question, labels ...string) error {
	counts, err := f.total(ctx, family, q)
	f.emit(family, severities, counts, labels...)
	return err
}

// emit adds counts as counts does; nothing if they are absent.
func (f findings) emit(family *Family, severities []scapi.Severity, counts scapi.Opt[scapi.Counts], labels ...string) {
	for _, s := range severities {
		if counts.Valid {
			f.m.Set(family, float64(counts.Value[s]), append([]string{s.String()}, labels...)...)
		}
	}
}

// total adds up the findings that q asks for.
func (f findings) total(ctx context.Context, family *Family, q console.Question) (scapi.Opt[scapi.Counts], error) {
	return sum(f, family, scapi.Counts.Add, func(s *console.Scope) (scapi.Opt[scapi.Counts], error) { return s.Counts(ctx, q) })
}

// hosts adds up the hosts with a finding that q asks for.
func (f findings) hosts(ctx context.Context, family *Family, q console.Question) (scapi.Opt[int64], error) {
	return sum(f, family, add, func(s *console.Scope) (scapi.Opt[int64], error) { return s.Hosts(ctx, q) })
}

func add(a, b int64) int64 { return a + b }

// sum adds up what ask answers for every account. Where one cannot tell, the
// sum is absent and the family noted as missing.
func sum[T any](f findings, family *Family, add func(a, b T) T, ask func(*console.Scope) (scapi.Opt[T], error)) (scapi.Opt[T], error) {
	var sum scapi.Opt[T]
	for i, s := range f.scopes {
		v, err := ask(s)
		switch {
		case err != nil:
			return scapi.Opt[T]{}, fmt.Errorf("%s: %w", family.Name, err)
		case !v.Valid:
			f.m.lacking(family, "the console cannot tell account "+s.Account.Name())
			return scapi.Opt[T]{}, nil
		case i == 0:
			sum = v
		default:
			sum.Value = add(sum.Value, v.Value)
		}
	}
	return sum, nil
}

// pages asks a tool for its first rows, account by account; none where one
// account's findings cannot be told.
func (f findings) pages(ctx context.Context, family *Family, tool string, q console.Question, order string, most int) ([]console.Page, error) {
	pages, err := sum(f, family,
		func(a, b []console.Page) []console.Page { return append(a, b...) },
		func(s *console.Scope) (scapi.Opt[[]console.Page], error) {
			page, err := s.Rows(ctx, tool, q, order, most)
			return scapi.Opt[[]console.Page]{Value: []console.Page{page.Value}, Valid: page.Valid}, err
		})
	return pages.Value, err
}

// only makes a question that filters define.
func only(filters ...console.Filter) console.Question { return console.Question{Only: filters} }

// hour is the present time, cut to the hour: queries with a window then stay
// the same for a while, and the console may answer from its cache.
func hour() time.Time { return time.Now().Truncate(time.Hour) }

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// since and until are open windows of a date of the findings.
func since(name string, filter func(from, to time.Time) scapi.Filter, from time.Time) console.Filter {
	return console.Filter{Name: name, Filter: filter(from, time.Time{})}
}

func until(name string, filter func(from, to time.Time) scapi.Filter, to time.Time) console.Filter {
	return console.Filter{Name: name, Filter: filter(time.Time{}, to)}
}
