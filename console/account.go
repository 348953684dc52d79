package console

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// Account is one login of a console.
type Account struct {
	name      string
	explicit  []string // repositories given in the configuration
	client    *scapi.Client
	guard     *loginGuard
	transport http.RoundTripper
	joined    func(time.Time) // told when it logs in for the first time, having failed to
	log       *slog.Logger

	mu    sync.Mutex
	state State
}

// State is what is known of an account, for people and for metrics.
type State struct {
	Name    string
	Kind    scapi.Kind
	Dialect scapi.API // empty until it logged in
	Version string    // of the console; empty where it does not say
	Used    bool      // a call has ended
	Up      bool      // the latest call got an answer
	Blocked bool      // left alone until its credentials change
	Until   string    // what ends that, in words; empty unless blocked
	Next    time.Time // no login before, because one was refused; zero: none was, or blocked
	Err     error     // why it is not up
}

func newAccount(c *Console, g *gate, ao AccountOptions) (*Account, error) {
	a := &Account{
		name:      ao.Name,
		explicit:  ao.Repositories,
		transport: ao.Transport,
		joined:    func(at time.Time) { c.joined.Store(at.UnixNano()) },
		log:       c.log.With("account", ao.Name),
	}
	o := ao.Options
	var err error
	if a.guard, err = c.refusals.guard(&o, ao.Certificate, a.log); err != nil {
		return nil, err
	}
	logins := c.metrics.logins.MustCurryWith(map[string]string{"account": a.name})
	for _, result := range []string{"success", "refused", "error"} {
		logins.WithLabelValues(result) // from 0, or the first one is no increase
	}
	a.guard.count = func(result string) {
		logins.WithLabelValues(result).Inc()
		c.metrics.changes.Add(1)
	}
	o.Gate, o.LoginGuard, o.Logger = g, a.guard, a.log
	further := o.Observe
	o.Observe = func(ctx context.Context, x scapi.Exchange) {
		c.metrics.observe(x)
		journalOf(ctx).exchange(a.name, x)
		if further != nil {
			further(ctx, x)
		}
	}
	if a.client, err = scapi.New(o); err != nil {
		return nil, err
	}
	return a, nil
}

// Name returns the account's name in the configuration.
func (a *Account) Name() string { return a.name }

// State returns what is known of the account now.
func (a *Account) State() State {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.state
	s.Name = a.name
	if s.Blocked, s.Next = a.guard.state(); s.Blocked {
		s.Until = a.guard.refusals.remedy()
	}
	return s
}

// whoami logs in if need be and returns the account's identity.
func (a *Account) whoami(ctx context.Context) (scapi.Identity, error) {
	id, err := a.client.Whoami(ctx)
	if err != nil {
		a.note(ctx, err)
		return id, err
	}
	dialect, err := a.client.Dialect(ctx)
	if err != nil {
		return id, err
	}
	version, err := a.client.Version(ctx)
	if err != nil {
		return id, err
	}
	a.mu.Lock()
	if a.state.Kind == scapi.UnknownKind && a.state.Err != nil {
		a.joined(time.Now())
	}
	a.state.Kind, a.state.Dialect, a.state.Version = id.Kind, dialect, version
	a.mu.Unlock()
	return id, nil
}

// note remembers how a call through the account ended.
func (a *Account) note(ctx context.Context, err error) {
	switch {
	case errors.Is(err, scapi.ErrUnsupported):
		return // nothing was sent
	case ctx.Err() != nil && !scapi.Answered(err):
		return // we gave up, the console is not to blame
	}
	answered := scapi.Answered(err)
	if answered {
		journalOf(ctx).answered()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state.Used, a.state.Up, a.state.Err = true, answered, nil
	if !answered {
		a.state.Err = err
	}
}

// Logger returns a logger that names the console and the account.
func (a *Account) Logger() *slog.Logger { return a.log }

// Version returns the console's version, logging in if need be; empty where the
// console does not say.
func (a *Account) Version(ctx context.Context) (string, error) { return a.client.Version(ctx) }

// Dialect returns what the console speaks, asking it if need be.
func (a *Account) Dialect(ctx context.Context) (scapi.API, error) { return a.client.Dialect(ctx) }

// Severities returns the severities that the console knows, logging in if need be.
func (a *Account) Severities(ctx context.Context) ([]scapi.Severity, error) {
	return a.client.Severities(ctx)
}

// Prepare checks and spells a summary query, logging in if need be.
func (a *Account) Prepare(ctx context.Context, q scapi.Query) (scapi.Prepared, error) {
	return a.client.Prepare(ctx, q)
}

// Spell returns a query as the console is asked it, logging in if need be.
func (a *Account) Spell(ctx context.Context, q scapi.Query) (scapi.Spelled, error) {
	return a.client.Spell(ctx, q)
}

// Wrap names the account in err.
func (a *Account) Wrap(err error) error { return errlist.Of("account "+a.name, err) }

func (a *Account) closeIdle() {
	if t, ok := a.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}
