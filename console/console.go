// Package console joins the accounts of one Security Center into one source
// of data. No account of a console sees everything: an administrator sees
// feeds, scanners and the licence but no vulnerability, an organisation user
// sees the vulnerabilities of his repositories and little else. A Console asks
// the account that can answer, spaces out refused logins, bounds the requests
// in flight, and decides which account reads which repository.
package console

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/memo"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// Options describe a console. Name and Accounts are required.
type Options struct {
	Name                  string
	Accounts              []AccountOptions
	MaxConcurrentRequests int // default 2
	Repositories          RepositoryFilter
	// Refusals are those of the whole process. Nil: of this console alone, and
	// of as long as it lives.
	Refusals *Refusals
	// Large is that of the whole process. Nil: of this console alone.
	Large  *Large
	Logger *slog.Logger
}

// AccountOptions describe one account of a console: how its client reaches the
// console, and what it is used for. All accounts have the same URL. Gate,
// Large, LoginGuard and Logger of the client are the console's own; Observe is called
// too.
type AccountOptions struct {
	Name string
	scapi.Options
	Repositories []string // ids that this account reads; empty: what it sees and no earlier account reads
	// Certificate returns the client certificate that Options.Transport presents
	// and its key, as they are now: changed ones are other credentials, of which
	// no refused login is known. Nil: there is none.
	Certificate func() ([]byte, error)
}

// Console is one Security Center with its accounts. It is safe for concurrent
// use.
type Console struct {
	name     string
	accounts []*Account
	filter   RepositoryFilter
	refusals *Refusals
	metrics  *metrics
	log      *slog.Logger

	repositories memo.Map[struct{}, repositories]
	seen         atomic.Pointer[[]Repository] // what was last in there
	joined       atomic.Int64                 // as Joined, in nanoseconds; 0: never
}

// Joined returns when an account that had not been able to log in did so for the
// first time, the latest of them; zero: none did. What was read before may lack
// what the account tells.
func (c *Console) Joined() time.Time {
	at := c.joined.Load()
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(0, at)
}

// New returns the console of o. It sends nothing.
func New(o Options) (*Console, error) {
	if len(o.Accounts) == 0 {
		return nil, fmt.Errorf("console %s: no accounts", o.Name)
	}
	if o.MaxConcurrentRequests <= 0 {
		o.MaxConcurrentRequests = 2
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Refusals == nil {
		o.Refusals = OpenRefusals("", o.Logger)
	}
	if o.Large == nil {
		o.Large = NewLarge(1)
	}
	c := &Console{
		name:     o.Name,
		filter:   o.Repositories,
		refusals: o.Refusals,
		metrics:  newMetrics(),
		log:      o.Logger.With("console", o.Name),
	}
	gate, large := newGate(o.MaxConcurrentRequests), o.Large.of()
	for _, ao := range o.Accounts {
		ao.Large = large
		a, err := newAccount(c, gate, ao)
		if err != nil {
			return nil, fmt.Errorf("console %s: account %s: %w", o.Name, ao.Name, err)
		}
		c.accounts = append(c.accounts, a)
	}
	return c, nil
}

// Name returns the console's name in the configuration.
func (c *Console) Name() string { return c.name }

// Conceal returns a text that the console gave as a name, without the secrets of
// any account: see scapi.Client.Conceal.
func (c *Console) Conceal(text string) string {
	for _, a := range c.accounts {
		text = a.client.Conceal(text)
	}
	return text
}

// Accounts returns the accounts in configuration order.
func (c *Console) Accounts() []*Account { return c.accounts }

// Close logs all accounts out, side by side, within ctx.
func (c *Console) Close(ctx context.Context) error {
	errs := make([]error, len(c.accounts))
	var wg sync.WaitGroup
	for i, a := range c.accounts {
		wg.Go(func() {
			if err := a.client.Logout(ctx); err != nil {
				errs[i] = fmt.Errorf("log out of console %s, account %s: %w", c.name, a.name, err)
			}
			a.closeIdle()
		})
	}
	wg.Wait()
	return errlist.Join(errs...)
}
