package collector

import (
	"context"
	"errors"
	"fmt"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// tally adds up findings over all accounts of a console that read some. Each
// repository is read through one of them, so that their parts add up.
type tally struct {
	scopes []*findings.Scope
	clock
	m *Metrics
}

// newTally returns how to count the console's findings; nothing to count, and
// the part noted as missing, where no account reads any.
func newTally(ctx context.Context, c *findings.Console, m *Metrics) (tally, error) {
	scopes, err := c.Scopes(ctx)
	if err := m.part("findings", err, func() {}); err != nil {
		return tally{}, err
	}
	return tallyIn(ctx, c, scopes, m)
}

// tallyIn returns how to count the findings of some scopes.
func tallyIn(ctx context.Context, c *findings.Console, scopes []*findings.Scope, m *Metrics) (tally, error) {
	t := tally{scopes, clockOf(c), m}
	if len(scopes) == 0 {
		return t, nil
	}
	var err error
	if m.severities, err = scopes[0].Account.Severities(ctx); err != nil {
		return t, scopes[0].Account.Wrap(err)
	}
	return t, nil
}

// tallyOf returns how to count the findings that one account sees: about an object
// of its organisation, which other accounts know another one by. Nothing to count
// where it sees none that any account reads.
func tallyOf(ctx context.Context, c *findings.Console, account *console.Account, m *Metrics) (tally, error) {
	scope, err := c.ScopeOf(ctx, account)
	if err != nil {
		return tally{}, fmt.Errorf("read findings: %w", err)
	}
	if len(scope.Repositories) == 0 {
		return tallyIn(ctx, c, nil, m)
	}
	return tallyIn(ctx, c, []*findings.Scope{scope}, m)
}

// setFindings sets the family to the findings that q asks for, of the
// severities; nothing where they cannot be told.
func (total tally) setFindings(ctx context.Context, family *Family, severities []scapi.Severity, q findings.Question, labels ...string) error {
	counts, err := total.findings(ctx, family, q)
	if counts.Valid {
		total.m.setCounts(family, severities, counts.Value, labels...)
	}
	return err
}

// findings adds up the findings that q asks for.
func (total tally) findings(ctx context.Context, family *Family, q findings.Question) (scapi.Opt[scapi.Counts], error) {
	return addUp(total, family, scapi.Counts.Add, func(s *findings.Scope) (scapi.Opt[scapi.Counts], error) { return s.Counts(ctx, q) })
}

// hosts adds up the hosts with a finding that q asks for.
func (total tally) hosts(ctx context.Context, family *Family, q findings.Question) (scapi.Opt[int64], error) {
	return addUp(total, family, plus, func(s *findings.Scope) (scapi.Opt[int64], error) { return s.Hosts(ctx, q) })
}

// hostsByPlugin adds up the hosts with a finding that q asks for, plugin by plugin; both families come of it.
func (total tally) hostsByPlugin(ctx context.Context, family, other *Family, q findings.Question, plugins ...int64) (scapi.Opt[map[int64]int64], error) {
	add := func(a, b map[int64]int64) map[int64]int64 {
		for plugin, n := range b {
			a[plugin] += n
		}
		return a
	}
	hosts, err := addUp(total, family, add, func(s *findings.Scope) (scapi.Opt[map[int64]int64], error) {
		return s.HostsByPlugin(ctx, q, plugins...)
	})
	if err == nil && !hosts.Valid {
		total.m.lacking(other, errUntold)
	}
	return hosts, err
}

// errUntold: the console lacks a filter that defines a number, or results of audits
// are in the way.
var errUntold = errors.New("the console cannot tell such findings")

func plus(a, b int64) int64 { return a + b }

// addUp adds up what ask answers for every account. Where one cannot tell, the
// sum is absent and the family noted as missing.
func addUp[T any](total tally, family *Family, add func(a, b T) T, ask func(*findings.Scope) (scapi.Opt[T], error)) (scapi.Opt[T], error) {
	var sum scapi.Opt[T]
	for i, s := range total.scopes {
		v, err := ask(s)
		refusal, refused := scapi.RefusalOf(err)
		switch {
		case refused && refusal.Of == scapi.RefusedTool:
			total.m.lacking(family, err)
			return scapi.Opt[T]{}, nil
		case err != nil:
			return scapi.Opt[T]{}, fmt.Errorf("%s: %w", family.Name, err)
		case !v.Valid:
			total.m.lacking(family, s.Account.Wrap(errUntold))
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
func (total tally) pages(ctx context.Context, family *Family, tool string, q findings.Question, order string, most int) ([]findings.Page, error) {
	pages, err := addUp(total, family,
		func(a, b []findings.Page) []findings.Page { return append(a, b...) },
		func(s *findings.Scope) (scapi.Opt[[]findings.Page], error) {
			page, err := s.Rows(ctx, tool, q, order, most)
			return scapi.Opt[[]findings.Page]{Value: []findings.Page{page.Value}, Valid: page.Valid}, err
		})
	return pages.Value, err
}

// only asks for what all filters pass.
func only(filters ...scapi.Filter) findings.Question { return findings.Question{Only: filters} }

// Which severities a family shows: all, or those that have to be fixed.
var (
	allSeverities   = scapi.Severities[:]
	ratedSeverities = scapi.Severities[scapi.Low:]
)
