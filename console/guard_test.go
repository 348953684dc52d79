package console

import (
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// errRefused is what a console answers to wrong credentials.
var errRefused = &scapi.Error{Call: "POST /rest/token", Status: 403, Code: 11, Message: "Invalid login credentials.", Err: scapi.ErrLoginRefused}

func newTestGuard(fingerprint func() string) *loginGuard {
	return &loginGuard{
		account:     "admin",
		fingerprint: fingerprint,
		log:         slog.New(slog.DiscardHandler),
		count:       newMetrics().logins.MustCurryWith(map[string]string{"account": "admin"}),
	}
}

func TestRefusedLoginsAreSpacedOutAndThenLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTestGuard(nil)
		for i, pause := range []time.Duration{15 * time.Minute, time.Hour} {
			if err := g.Allow(t.Context()); err != nil {
				t.Fatalf("login %d is not allowed: %v", i+1, err)
			}
			g.Done(errRefused)
			time.Sleep(pause - time.Second)
			if err := g.Allow(t.Context()); !errors.Is(err, ErrLoginPostponed) {
				t.Fatalf("after refusal %d and %s: %v, want ErrLoginPostponed", i+1, pause-time.Second, err)
			}
			time.Sleep(time.Second)
		}
		if err := g.Allow(t.Context()); err != nil {
			t.Fatalf("the third login is not allowed: %v", err)
		}
		g.Done(errRefused)
		time.Sleep(1000 * time.Hour)
		if err := g.Allow(t.Context()); !errors.Is(err, ErrLoginPostponed) || !isBlocked(g) {
			t.Errorf("after three refusals: %v, blocked %v", err, isBlocked(g))
		}
		if n := testutil.ToFloat64(g.count.WithLabelValues("refused")); n != 3 {
			t.Errorf("%v logins were counted as refused, want 3", n)
		}
	})
}

func isBlocked(g *loginGuard) bool {
	blocked, _ := g.state()
	return blocked
}

func TestChangedCredentialsAreTriedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secret := "old"
		g := newTestGuard(func() string { return secret })
		for range 3 {
			g.Done(errRefused)
		}
		if !isBlocked(g) {
			t.Fatal("not blocked after three refusals")
		}
		secret = "new"
		if err := g.Allow(t.Context()); err != nil || isBlocked(g) {
			t.Errorf("with new credentials: %v, blocked %v", err, isBlocked(g))
		}
	})
}

func TestOnlyRefusalsCountAgainstAnAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTestGuard(nil)
		for range 10 {
			g.Done(errors.New("connection reset"))
		}
		if err := g.Allow(t.Context()); err != nil {
			t.Errorf("after failures of the network: %v", err)
		}
		g.Done(errRefused)
		g.Done(nil)
		if err := g.Allow(t.Context()); err != nil {
			t.Errorf("after a login that worked: %v", err)
		}
	})
}
