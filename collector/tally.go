package collector

import (
	"context"
	"fmt"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// tally adds up findings over all accounts of a console that read some. Each
// repository is read through one of them, so that their parts add up.
type tally struct {
	scopes []*findings.Scope
	m      *Metrics
}

// newTally returns how to count the console's findings; nothing to count, and
// the part noted as missing, where no account reads any.
func newTally(ctx context.Context, c *findings.Console, m *Metrics) (tally, error) {
	list, err := c.Scopes(ctx)
	return tally{list, m}, m.part("findings", err, func() {})
}

// counts emits the findings that q asks for, for each of the severities.
func (t tally) counts(ctx context.Context, family *Family, severities []scapi.Severity, q findings.Question, labels ...string) error {
	counts, err := t.total(ctx, family, q)
	t.emit(family, severities, counts, labels...)
	return err
}

// emit adds counts as counts does; nothing if they are absent.
func (t tally) emit(family *Family, severities []scapi.Severity, counts scapi.Opt[scapi.Counts], labels ...string) {
	if counts.Valid {
		t.m.SetCounts(family, severities, counts.Value, labels...)
	}
}

// total adds up the findings that q asks for.
func (t tally) total(ctx context.Context, family *Family, q findings.Question) (scapi.Opt[scapi.Counts], error) {
	return sum(t, family, scapi.Counts.Add, func(s *findings.Scope) (scapi.Opt[scapi.Counts], error) { return s.Counts(ctx, q) })
}

// hosts adds up the hosts with a finding that q asks for.
func (t tally) hosts(ctx context.Context, family *Family, q findings.Question) (scapi.Opt[int64], error) {
	return sum(t, family, add, func(s *findings.Scope) (scapi.Opt[int64], error) { return s.Hosts(ctx, q) })
}

func add(a, b int64) int64 { return a + b }

// sum adds up what ask answers for every account. Where one cannot tell, the
// sum is absent and the family noted as missing.
func sum[T any](t tally, family *Family, add func(a, b T) T, ask func(*findings.Scope) (scapi.Opt[T], error)) (scapi.Opt[T], error) {
	var sum scapi.Opt[T]
	for i, s := range t.scopes {
		v, err := ask(s)
		switch {
		case err != nil:
			return scapi.Opt[T]{}, fmt.Errorf("%s: %w", family.Name, err)
		case !v.Valid:
			t.m.lacking(family, "the console cannot tell account "+s.Account.Name())
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
func (t tally) pages(ctx context.Context, family *Family, tool string, q findings.Question, order string, most int) ([]findings.Page, error) {
	pages, err := sum(t, family,
		func(a, b []findings.Page) []findings.Page { return append(a, b...) },
		func(s *findings.Scope) (scapi.Opt[[]findings.Page], error) {
			page, err := s.Rows(ctx, tool, q, order, most)
			return scapi.Opt[[]findings.Page]{Value: []findings.Page{page.Value}, Valid: page.Valid}, err
		})
	return pages.Value, err
}

// only makes a question that filters define.
func only(filters ...scapi.Filter) findings.Question { return findings.Question{Only: filters} }

// hour is the present time, cut to the hour: queries with a window then stay
// the same for a while, and the console may answer from its cache.
func hour() time.Time { return time.Now().Truncate(time.Hour) }

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// daysAgo is the beginning, or the end, of a window of so many days.
func daysAgo(n int) time.Time { return hour().Add(-days(n)) }

// forever leaves a side of a window open.
var forever time.Time
