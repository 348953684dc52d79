package findings

import (
	"context"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// afresh makes queries under ctx ask the console, whatever it said before.
func afresh(ctx context.Context) context.Context { return console.WithReuse(ctx, 0) }

// oneRow asks for the first row of q, or reuses the answer.
func (s *Scope) oneRow(ctx context.Context, q scapi.Query) (scapi.OneRow, error) {
	p, err := s.Account.Prepare(ctx, q)
	if err != nil {
		return scapi.OneRow{}, err
	}
	return s.memory.rows.Get(ctx, p.Key(), console.Reuse(ctx), func(ctx context.Context) (scapi.OneRow, error) {
		row, err := console.Call(ctx, s.Account, func(_ *scapi.Client, ctx context.Context) (scapi.OneRow, error) { return p.OneRow(ctx) })
		if err == nil && q.Tool == byHost && row.Records > 0 {
			s.memory.plain.Store(!row.Findings.Valid)
			if row.Findings.Valid || row.Contradicts {
				s.console.checks.judge(CheckOneRow, s.Account, !row.Contradicts)
			}
		}
		return row, err
	})
}

// severities asks for the findings by severity that match q, whatever its tool,
// or reuses the answer.
func (s *Scope) severities(ctx context.Context, q scapi.Query) (scapi.Counts, error) {
	q.Tool = bySeverity
	p, err := s.Account.Prepare(ctx, q)
	if err != nil {
		return scapi.Counts{}, err
	}
	return s.memory.counts.Get(ctx, p.Key(), console.Reuse(ctx), func(ctx context.Context) (scapi.Counts, error) {
		return console.Call(ctx, s.Account, func(_ *scapi.Client, ctx context.Context) (scapi.Counts, error) { return p.SeverityCounts(ctx) })
	})
}

// counts asks for the findings by severity that match q, in one request as
// soon as it is known how this console tells them.
func (s *Scope) counts(ctx context.Context, q scapi.Query) (scapi.Counts, error) {
	if s.memory.plain.Load() {
		return s.severities(ctx, q)
	}
	summary, err := s.summary(ctx, q)
	return summary.Findings, err
}

// summary asks for all that the first row of q tells: a second request where it
// does not tell the severities.
func (s *Scope) summary(ctx context.Context, q scapi.Query) (scapi.Summary, error) {
	row, err := s.oneRow(ctx, q)
	if err != nil {
		return scapi.Summary{}, err
	}
	return row.Summary(func() (scapi.Counts, error) { return s.severities(ctx, q) })
}
