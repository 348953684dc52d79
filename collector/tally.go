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
	within []scapi.Filter // that all it counts passes, in somebody's own words
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
	t := tally{scopes: scopes, clock: clockOf(c), m: m}
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

// ErrUntold says that the console lacks a filter that defines a number, or that
// results of audits are in the way.
var ErrUntold = errors.New("the console cannot tell such findings")

// addUp adds up what ask answers for every part. Where one account cannot tell, the
// sum is absent and the figure's family noted as missing.
func addUp[T any](m *Metrics, f *figure, add func(a, b T) T, ask func(part) (scapi.Opt[T], error)) (scapi.Opt[T], error) {
	var sum scapi.Opt[T]
	for i, p := range f.parts {
		v, err := ask(p)
		refusal, refused := scapi.RefusalOf(err)
		why := err
		if err == nil && !v.Valid {
			why = p.scope.Account.Wrap(ErrUntold)
		}
		if why != nil && f.subject != "" {
			why = f.errAbout(nil, why)
		}
		switch {
		case refused && refusal.Of == scapi.RefusedTool, err == nil && !v.Valid:
			m.lacking(f.family(), why)
			return scapi.Opt[T]{}, nil
		case err != nil:
			return scapi.Opt[T]{}, f.errAbout(f.family(), err)
		case i == 0:
			sum = v
		default:
			sum.Value = add(sum.Value, v.Value)
		}
	}
	return sum, nil
}

// only asks for what all filters pass.
func only(filters ...scapi.Filter) findings.Question { return findings.Question{Only: filters} }

// Which severities a family shows: all, or those that have to be fixed.
var (
	allSeverities   = scapi.Severities[:]
	ratedSeverities = scapi.Severities[scapi.Low:]
)
