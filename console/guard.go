package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// ErrLoginPostponed says that the login was refused lately and is not tried
// again yet, or not at all until the credentials change.
var ErrLoginPostponed = errors.New("login not tried")

// loginGuard spaces out the logins of one client after refusals. It also hands
// out the credentials, so that those that are judged are those that are sent.
type loginGuard struct {
	refusals    *Refusals
	url         string // canonical
	credentials func() (scapi.Credentials, error)
	certificate func() ([]byte, error)
	log         *slog.Logger
	count       func(result string) // told how a login ended

	mu     sync.Mutex
	latest fingerprint // of the login that could be read last
	trying *login      // the one under way
	leave  func()      // ends its turn
}

// guard returns the guard of a client's logins and puts it between the client and
// its credentials.
func (r *Refusals) guard(o *scapi.Options, certificate func() ([]byte, error), log *slog.Logger) (*loginGuard, error) {
	address, err := canonical(o.URL)
	if err != nil {
		return nil, fmt.Errorf("console URL: %w", err)
	}
	g := &loginGuard{refusals: r, url: address, credentials: o.Credentials, certificate: certificate, log: log, count: func(string) {}}
	o.Credentials = g.given
	return g, nil
}

// read returns the login as it is now. One that cannot be read is no change.
func (g *loginGuard) read() (login, error) {
	l := login{url: g.url}
	var err error
	if g.credentials != nil {
		if l.Credentials, err = g.credentials(); err != nil {
			return l, fmt.Errorf("read credentials: %w", err)
		}
	}
	if g.certificate != nil {
		if l.certificate, err = g.certificate(); err != nil {
			return l, fmt.Errorf("read client certificate: %w", err)
		}
	}
	latest := g.refusals.fingerprint(l)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.latest = latest
	return l, nil
}

// given are the credentials for the client: those of the login under way.
func (g *loginGuard) given() (scapi.Credentials, error) {
	g.mu.Lock()
	trying := g.trying
	g.mu.Unlock()
	switch {
	case trying != nil:
		return trying.Credentials, nil
	case g.credentials != nil:
		return g.credentials()
	}
	return scapi.Credentials{}, nil
}

// Allow implements scapi.LoginGuard.
func (g *loginGuard) Allow(ctx context.Context) error {
	l, err := g.read()
	if err != nil {
		return err
	}
	for {
		whose := l.whose()
		leave, err := g.refusals.wait(ctx, whose)
		if err != nil {
			return fmt.Errorf("wait for another login of the same user: %w", err)
		}
		if l, err = g.read(); err != nil { // it may have changed meanwhile
			leave()
			return err
		}
		if l.whose() != whose {
			leave()
			continue
		}
		if err := g.refusals.check(l); err != nil {
			leave()
			return err
		}
		g.begin(&l, leave)
		return nil
	}
}

func (g *loginGuard) begin(l *login, leave func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.trying, g.leave = l, leave
}

// Done implements scapi.LoginGuard.
func (g *loginGuard) Done(err error) {
	g.mu.Lock()
	l, leave := g.trying, g.leave
	g.trying, g.leave = nil, nil
	g.mu.Unlock()
	if l == nil {
		return // nothing was allowed
	}
	defer leave()
	switch {
	case err == nil:
		g.refusals.succeeded(*l)
		g.count("success")
	case scapi.IsLoginRefused(err):
		g.count("refused")
		known := g.refusals.refused(*l, err)
		if known.blocked() {
			g.log.Error("Login refused again: the account is left alone", "until", g.refusals.remedy(), "refusals", known.Count, "err", err)
			return
		}
		g.log.Error("Login refused", "refusals", known.Count, "next_try_in", known.Next.Sub(known.Last), "err", err)
	default:
		g.count("error")
	}
}

// state reports whether the login is left alone, and else before which time none
// is tried; zero if there is no such time. It sends nothing, and looks for changed
// credentials.
func (g *loginGuard) state() (blocked bool, next time.Time) {
	_, _ = g.read() // what cannot be read is no change
	g.mu.Lock()
	latest := g.latest
	g.mu.Unlock()
	known := g.refusals.remembered(latest)
	return known.blocked(), known.waits(time.Now())
}
