// Package findings tells which findings of a console count, and counts them.
//
// A console keeps several things in one place: open and mitigated findings,
// findings whose risk somebody accepted, results of audits, findings of web
// applications. Consoles differ in the filters that tell them apart, and in what
// they answer where nobody asks. A Scope finds out what works on its console
// before it relies on it, and answers a Question with a number that is right, or
// with none.
package findings

import (
	"context"
	"sync/atomic"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/memo"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// Console is a console whose findings can be counted. It remembers which
// filters the console takes, how they are spelled, and what it was asked lately.
// It is safe for concurrent use.
type Console struct {
	*console.Console
	filters  filterMemory
	checks   checkMemory
	memories map[*console.Account]*memory
}

// memory is what is remembered of the findings of one account.
type memory struct {
	rows   memo.Map[string, scapi.OneRow] // by query
	counts memo.Map[string, scapi.Counts] // likewise
	// plain: the latest one-row answer did not carry the totals by severity.
	// They are then asked for by themselves, which saves a request each time.
	plain atomic.Bool

	spellings   memo.Map[spelledFor, spelling]
	separations memo.Map[string, separation]
	separated   atomic.Pointer[verdict] // the latest

	hostTotals        memo.Map[string, hostTotals] // by query
	hostTotalVerdicts memo.Map[string, hostTotalVerdict]
	hostTotal         atomic.Pointer[hostTotalVerdict] // the latest
}

// New returns c with nothing remembered. It sends nothing.
func New(c *console.Console) *Console {
	f := &Console{Console: c, memories: map[*console.Account]*memory{}}
	for _, a := range c.Accounts() {
		m := &memory{}
		m.rows.Most, m.counts.Most, m.separations.Most, m.spellings.Most = console.MostReuse, console.MostReuse, console.MostReuse, spellingTTL
		m.hostTotals.Most, m.hostTotalVerdicts.Most = console.MostReuse, spellingTTL
		f.memories[a] = m
	}
	return f
}

// Scopes checks, for every account that reads repositories, how open findings
// are told apart on this console, and returns how to count them. It costs
// three analysis requests per account, and some more when a spelling has to be
// checked again or the numbers moved meanwhile.
func (c *Console) Scopes(ctx context.Context) ([]*Scope, error) {
	shares, err := c.Shares(ctx)
	if err != nil {
		return nil, err
	}
	var scopes []*Scope
	for _, share := range shares {
		s, err := c.scope(ctx, share)
		if err != nil {
			return nil, err
		}
		scopes = append(scopes, s)
	}
	return scopes, nil
}

// ScopeOf returns the scope of one account over all repositories that it sees,
// that the configuration chooses and that some account reads; it may have none.
// Questions about an object of an organisation are asked in it, through an account
// of that organisation alone: what they count is not disjoint with other scopes.
func (c *Console) ScopeOf(ctx context.Context, a *console.Account) (*Scope, error) {
	share, err := c.ShareOf(ctx, a)
	if err != nil || len(share.Repositories) == 0 {
		return &Scope{Share: share}, err
	}
	return c.scope(ctx, share)
}

func (c *Console) scope(ctx context.Context, share console.Share) (*Scope, error) {
	s := &Scope{Share: share, console: c, memory: c.memories[share.Account]}
	if err := s.probe(ctx); err != nil {
		return nil, err
	}
	return s, nil
}
