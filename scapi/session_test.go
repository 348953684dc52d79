package scapi

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"testing"
)

func logTo(w io.Writer) func(*Options) {
	return func(o *Options) {
		o.Logger = slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
}

var expired = refusedWith(403, 12, "This request contains an invalid token.", "Content-Type: text/html; charset=UTF-8",
	"Set-Cookie: TNS_SESSIONID=anonymous")

func TestAnExpiredSessionIsRenewedOnceAndTheCallRepeated(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		console *script
		call    call
		login   string
		end     responder
	}{
		{"REST", restConsole().on("GET /rest/feed", expired, said(`{}`)), feedCall, "POST /rest/token", nil},
		{"REST, by text", restConsole().on("GET /rest/feed", refusedWith(403, 99, "Invalid token!"), said(`{}`)), feedCall, "POST /rest/token", nil},
		{"REST, status 401", restConsole().on("GET /rest/feed", page(401), said(`{}`)), feedCall, "POST /rest/token", nil},
		{"RPC", rpcConsole().on("plugin::init", refusedWith(200, 12, "This request contains an invalid token."), said(`{}`)), pluginCall, "auth::login", nil},
		{"RPC, by text", rpcConsole().on("plugin::init", refusedWith(200, 1, "invalid token"), said(`{}`)), pluginCall, "auth::login", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := dial(t, test.console)
			k := test.call
			k.once = true // the console did nothing: repeating is safe all the same
			if _, err := c.do(t.Context(), k, nil); err != nil {
				t.Fatal(err)
			}
			if n := test.console.count(test.login); n != 2 {
				t.Errorf("%d logins", n)
			}
		})
	}
}

func TestASessionThatDoesNotHoldAfterANewLoginIsAnError(t *testing.T) {
	t.Parallel()
	s := restConsole().on("GET /rest/feed", expired)
	c := dial(t, s)
	_, err := c.do(t.Context(), feedCall, nil)
	var e *Error
	if !errors.As(err, &e) || e.Code != 12 || Answered(err) || IsLoginRefused(err) || IsPermission(err) {
		t.Errorf("error %v", err)
	}
	if s.count("POST /rest/token") != 2 || s.count("GET /rest/feed") != 2 {
		t.Errorf("calls %q", s.requests)
	}
}

func TestManyCallsWithAnExpiredSessionLogInOnceMore(t *testing.T) {
	t.Parallel()
	for name, relogin := range map[string]responder{
		"which succeeds":   said(`{"token":2}`, "Set-Cookie: TNS_SESSIONID=renewed"),
		"which is refused": refusedWith(403, 11, "no"),
	} {
		t.Run(name, func(t *testing.T) {
			const callers = 10
			var arrived sync.WaitGroup
			arrived.Add(callers)
			s := restConsole().
				on("POST /rest/token", said(`{"token":1}`, "Set-Cookie: TNS_SESSIONID=old"), relogin).
				on("GET /rest/feed", func(req *http.Request) (*http.Response, error) {
					if req.Header.Get("Cookie") == "TNS_SESSIONID=renewed" {
						return said(`{}`)(req)
					}
					arrived.Done()
					arrived.Wait() // all have been sent before the first hears of the expiry
					return expired(req)
				})
			c := dial(t, s)
			if err := c.Login(t.Context()); err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			errs := make([]error, callers)
			for i := range callers {
				all.Go(func() { _, errs[i] = c.do(context.Background(), feedCall, nil) })
			}
			all.Wait()
			if n := s.count("POST /rest/token"); n != 2 {
				t.Errorf("%d logins, want 2", n)
			}
			for _, err := range errs {
				if (name == "which succeeds") != (err == nil) || err != nil && !IsLoginRefused(err) {
					t.Errorf("error %v", err)
				}
			}
		})
	}
}

func TestRevokedAPIKeysAreALoginRefused(t *testing.T) {
	t.Parallel()
	none := refusedWith(403, 0, "", "Content-Type: text/html")
	s := restConsole().on("GET /rest/currentUser", said(orgUser), none).on("GET /rest/feed", none)
	g := &guard{}
	c := dial(t, s, withKeys, func(o *Options) { o.LoginGuard = g })
	if _, err := c.do(t.Context(), feedCall, nil); !IsLoginRefused(err) {
		t.Errorf("error %v", err)
	}
	if len(g.heard) != 2 || !IsLoginRefused(g.heard[1]) {
		t.Errorf("the guard heard %v", g.heard)
	}
}

func TestACallerThatGivesUpDoesNotFailTheOthers(t *testing.T) {
	t.Parallel()
	started := make(chan struct{})
	s := restConsole().on("POST /rest/token", func(req *http.Request) (*http.Response, error) {
		close(started)
		return silent(req)
	}, said(`{"token":3}`))
	c := dial(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() { first <- c.Login(ctx) }()
	<-started
	before := c.loginsSoFar()
	second := make(chan error)
	go func() {
		_, _, err := c.ensure(t.Context(), before)
		second <- err
	}()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("first: %v", err)
	}
	if err := <-second; err != nil {
		t.Errorf("second: %v", err)
	}
}
