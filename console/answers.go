package console

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// mostReuse bounds how old an answer may be that is used again, and with it
// what is remembered.
const mostReuse = time.Hour

type reuseKey struct{}

// WithReuse lets summary queries under ctx be answered by what the account was
// told less than age ago, at most an hour: equal queries of several collectors
// are asked once. By default nothing is reused.
func WithReuse(ctx context.Context, age time.Duration) context.Context {
	return context.WithValue(ctx, reuseKey{}, min(age, mostReuse))
}

// reuse returns how old an answer may be under ctx.
func reuse(ctx context.Context) time.Duration {
	age, _ := ctx.Value(reuseKey{}).(time.Duration)
	return age
}

// afresh makes queries under ctx ask the console, whatever it said before.
func afresh(ctx context.Context) context.Context { return WithReuse(ctx, 0) }

// answers remembers what an account was told lately, by query.
type answers struct {
	mu   sync.Mutex
	kept map[string]*memo[told]
	// plain: the latest one-row answer did not carry the totals by severity.
	// They are then asked for by themselves, which saves a request each time.
	plain atomic.Bool
}

// told is the answer to a summary query of either kind.
type told struct {
	row    scapi.OneRow
	counts scapi.Counts
}

func (a *answers) of(query string) *memo[told] {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.kept[query]
	if m == nil {
		for q, old := range a.kept {
			if old.older(mostReuse) {
				delete(a.kept, q)
			}
		}
		if a.kept == nil {
			a.kept = map[string]*memo[told]{}
		}
		m = newMemo[told]()
		a.kept[query] = m
	}
	return m
}

// summary asks q by call, or reuses the answer.
func (a *Account) summary(ctx context.Context, q scapi.Query, call func(context.Context, scapi.Query) (told, error)) (told, error) {
	query, err := a.client.Spelled(ctx, q)
	if err != nil {
		return told{}, err
	}
	return a.answers.of(query).get(ctx, reuse(ctx), func(ctx context.Context) (told, error) {
		t, err := call(ctx, q)
		a.note(ctx, err)
		return t, err
	})
}

// oneRow asks for the first row of q.
func (a *Account) oneRow(ctx context.Context, q scapi.Query) (scapi.OneRow, error) {
	t, err := a.summary(ctx, q, func(ctx context.Context, q scapi.Query) (told, error) {
		row, err := a.client.OneRow(ctx, q)
		if err == nil && q.Tool == "sumip" && row.Records > 0 {
			a.answers.plain.Store(!row.Findings.Valid)
		}
		return told{row: row}, err
	})
	return t.row, err
}

// severities asks for the findings by severity that match q, whatever its tool.
func (a *Account) severities(ctx context.Context, q scapi.Query) (scapi.Counts, error) {
	q.Tool = "sumseverity"
	t, err := a.summary(ctx, q, func(ctx context.Context, q scapi.Query) (told, error) {
		counts, err := a.client.SeverityCounts(ctx, q)
		return told{counts: counts}, err
	})
	return t.counts, err
}

// counts asks for the findings by severity that match q, in one request as
// soon as it is known how this console tells them.
func (a *Account) counts(ctx context.Context, q scapi.Query) (scapi.Counts, error) {
	if a.answers.plain.Load() {
		return a.severities(ctx, q)
	}
	f, err := a.findings(ctx, q)
	return f.Counts, err
}

// findings asks for all that a summary by hosts tells: a second request where
// the first does not tell the severities.
func (a *Account) findings(ctx context.Context, q scapi.Query) (Findings, error) {
	row, err := a.oneRow(ctx, q)
	if err != nil {
		return Findings{}, err
	}
	f := Findings{Counts: row.Findings.Value, Score: row.Score, Hosts: scapi.Some(row.Records)}
	if !row.Findings.Valid {
		if f.Counts, err = a.severities(ctx, q); err != nil {
			return Findings{}, err
		}
		if row.Records > 0 && f.Counts.Total() == 0 {
			return Findings{}, fmt.Errorf("%w: %d hosts, but no finding of any severity", scapi.ErrMalformed, row.Records)
		}
	}
	return f, nil
}
