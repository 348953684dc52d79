package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// ErrLoginPostponed says that the account's login was refused lately and is
// not tried again yet, or not at all until its credentials change.
var ErrLoginPostponed = errors.New("login not tried")

// pauses is how long a login is left alone after the first and the second
// refusal. After one more the account is blocked: further tries would lock it
// on the console.
var pauses = [...]time.Duration{15 * time.Minute, time.Hour}

// loginGuard spaces out the logins of one account after refusals.
type loginGuard struct {
	account     string
	fingerprint func() string
	log         *slog.Logger
	count       *prometheus.CounterVec // logins by result

	mu       sync.Mutex
	refusals int
	refused  string    // fingerprint of the credentials that were refused
	next     time.Time // no login before
	last     error
}

// Allow implements scapi.LoginGuard.
func (g *loginGuard) Allow(context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forgiveChanged()
	switch {
	case g.blocked():
		return fmt.Errorf("%w: refused %d times, the account is left alone until its credentials change; last answer: %w", ErrLoginPostponed, g.refusals, g.last)
	case time.Now().Before(g.next):
		return fmt.Errorf("%w: refused, next try at %s; last answer: %w", ErrLoginPostponed, g.next.UTC().Format(time.RFC3339), g.last)
	}
	return nil
}

// Done implements scapi.LoginGuard.
func (g *loginGuard) Done(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case err == nil:
		g.count.WithLabelValues("success").Inc()
		g.refusals, g.next, g.last = 0, time.Time{}, nil
	case scapi.IsLoginRefused(err):
		g.count.WithLabelValues("refused").Inc()
		g.refusals++
		g.last = err
		g.refused = g.print()
		if g.blocked() {
			g.log.Error("Login refused again: the account is left alone until its credentials change", "refusals", g.refusals, "err", err)
			return
		}
		pause := pauses[g.refusals-1]
		g.next = time.Now().Add(pause)
		g.log.Error("Login refused", "refusals", g.refusals, "next_try_in", pause, "err", err)
	default:
		g.count.WithLabelValues("error").Inc()
	}
}

// state reports whether the account is left alone, and else before which time
// no login is tried; zero if there is none.
func (g *loginGuard) state() (blocked bool, next time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forgiveChanged()
	if !g.blocked() && time.Now().Before(g.next) {
		next = g.next
	}
	return g.blocked(), next
}

func (g *loginGuard) blocked() bool { return g.refusals > len(pauses) }

// forgiveChanged forgets refusals of credentials that are no longer the present ones.
func (g *loginGuard) forgiveChanged() {
	if g.refusals > 0 && g.print() != g.refused {
		g.refusals, g.next, g.last = 0, time.Time{}, nil
	}
}

func (g *loginGuard) print() string {
	if g.fingerprint == nil {
		return ""
	}
	return g.fingerprint()
}
