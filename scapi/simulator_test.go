package scapi_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// harmless is a call that every account may make, in both dialects.
var harmless = scapi.RawCall{Method: http.MethodGet, Path: "/feed", Module: "plugin", Action: "init"}

// harmlessEndpoint is what a simulated console calls it.
func harmlessEndpoint(d sctest.Dialect) string {
	if d == sctest.RPC {
		return "plugin::init"
	}
	return "GET /feed"
}

var (
	asAdmin   = scapi.Credentials{Username: sctest.AdminUsername, Password: sctest.AdminPassword}
	asAnalyst = scapi.Credentials{Username: sctest.AnalystUsername, Password: sctest.AnalystPassword}
)

// dialSimulated makes a client of a simulated console.
func dialSimulated(t *testing.T, s *sctest.Server, credentials scapi.Credentials, change ...func(*scapi.Options)) *scapi.Client {
	t.Helper()
	o := scapi.Options{
		URL: s.URL, Transport: s.Transport(),
		Credentials: func() (scapi.Credentials, error) { return credentials, nil },
	}
	for _, f := range change {
		f(&o)
	}
	c, err := scapi.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// onBothDialects runs a test inside a bubble against each kind of console.
func onBothDialects(t *testing.T, o sctest.Options, f func(t *testing.T, s *sctest.Server)) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		t.Run(dialect.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o.Dialect = dialect
				s := sctest.StartPipe(t, o)
				defer s.Close()
				f(t, s)
			})
		})
	}
}

func TestAccountsOfASimulatedConsoleAreKnown(t *testing.T) {
	t.Parallel()
	accounts := map[string]struct {
		credentials scapi.Credentials
		kind        scapi.Kind
	}{sctest.AdminUsername: {asAdmin, scapi.Administrator}, sctest.AnalystUsername: {asAnalyst, scapi.Organization}}
	onBothDialects(t, sctest.Options{}, func(t *testing.T, s *sctest.Server) {
		for name, account := range accounts {
			c := dialSimulated(t, s, account.credentials)
			who, err := c.Whoami(t.Context())
			if who.Kind != account.kind || who.Username != name || err != nil {
				t.Errorf("%s: %+v, %v", name, who, err)
			}
			if err := c.Logout(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if n := s.Sessions(); n != 0 {
			t.Errorf("%d sessions left open", n)
		}
	})
}

func TestAPIKeysOpenASimulatedConsole(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{})
	c := dialSimulated(t, s, scapi.Credentials{AccessKey: sctest.AnalystAccessKey, SecretKey: sctest.AnalystSecretKey})
	who, err := c.Whoami(t.Context())
	if who.Kind != scapi.Organization || err != nil {
		t.Errorf("%+v, %v", who, err)
	}
	if v, err := c.Version(t.Context()); v != "6.4.0" || err != nil {
		t.Errorf("version %q, %v", v, err)
	}
	wrong := dialSimulated(t, s, scapi.Credentials{AccessKey: sctest.AnalystAccessKey, SecretKey: "0"})
	if err := wrong.Login(t.Context()); !scapi.IsLoginRefused(err) {
		t.Errorf("wrong keys: %v", err)
	}
	disabled := sctest.Start(t, sctest.Options{Quirks: sctest.Quirks{APIKeysDisabled: true}})
	c = dialSimulated(t, disabled, scapi.Credentials{AccessKey: sctest.AnalystAccessKey, SecretKey: sctest.AnalystSecretKey})
	if err := c.Login(t.Context()); !scapi.IsLoginRefused(err) {
		t.Errorf("keys while they are switched off: %v", err)
	}
}

func TestClientCertificatesOpenASimulatedConsole(t *testing.T) {
	t.Parallel()
	for _, o := range []sctest.Options{{}, {Version: "6.5.1"}, {Dialect: sctest.RPC}} {
		t.Run(o.Dialect.String()+" "+o.Version, func(t *testing.T) {
			s := sctest.StartTLS(t, o)
			for name, refused := range map[string]bool{sctest.AnalystUsername: false, "stranger": true} {
				transport, err := s.ClientTransport(name)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(transport.CloseIdleConnections)
				c := dialSimulated(t, s, scapi.Credentials{}, func(o *scapi.Options) { o.Transport = transport })
				_, err = c.Raw(t.Context(), harmless)
				if (err != nil) != refused || scapi.IsLoginRefused(err) != refused {
					t.Errorf("%s: %v", name, err)
				}
				if refused {
					continue
				}
				if who, err := c.Whoami(t.Context()); who.Kind != scapi.Organization || err != nil {
					t.Errorf("%+v, %v", who, err)
				}
				before := s.Sessions()
				if _, err := c.System(t.Context()); err != nil || s.Sessions() != before {
					t.Errorf("a greeting left %d sessions of %d: %v", s.Sessions(), before, err)
				}
				if err := c.Logout(t.Context()); err != nil {
					t.Error(err)
				}
			}
			left := 0
			if o.Version == "6.5.1" {
				left = 1 // the greeting opens one there, and gives no token to end it with
			}
			if n := s.Sessions(); n != left {
				t.Errorf("%d sessions left open, want %d", n, left)
			}
		})
	}
}

func TestEveryVersionOfASimulatedConsoleIsUnderstood(t *testing.T) {
	t.Parallel()
	for version, dialect := range map[string]sctest.Dialect{
		"4.0.0": sctest.RPC, "4.2.0": sctest.RPC, "4.4.0": sctest.RPC, "4.6.2": sctest.RPC, "4.8.1": sctest.RPC,
		"5.8.0": sctest.REST, "5.20.0": sctest.REST, "6.4.0": sctest.REST,
	} {
		t.Run(version, func(t *testing.T) {
			s := sctest.Start(t, sctest.Options{Dialect: dialect, Version: version})
			c := dialSimulated(t, s, asAnalyst)
			api, err := c.Dialect(t.Context())
			if string(api) != dialect.String() || err != nil {
				t.Errorf("dialect %q, %v", api, err)
			}
			if v, err := c.Version(t.Context()); v != version || err != nil {
				t.Errorf("version %q, %v", v, err)
			}
			if _, err := c.Raw(t.Context(), harmless); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestASessionThatTimedOutIsRenewed(t *testing.T) {
	t.Parallel()
	onBothDialects(t, sctest.Options{SessionTimeout: time.Hour}, func(t *testing.T, s *sctest.Server) {
		c := dialSimulated(t, s, asAnalyst)
		for range 3 {
			if _, err := c.Raw(t.Context(), harmless); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Hour)
		}
		logins := s.Count(func(r sctest.Request) bool { return r.Endpoint == "POST /token" || r.Endpoint == "auth::login" })
		if logins != 3 {
			t.Errorf("%d logins", logins)
		}
	})
}

func TestTheSessionLimitIsReportedAndNeverForced(t *testing.T) {
	t.Parallel()
	onBothDialects(t, sctest.Options{SessionLimit: 1}, func(t *testing.T, s *sctest.Server) {
		first, second := dialSimulated(t, s, asAnalyst), dialSimulated(t, s, asAnalyst)
		if err := first.Login(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := second.Login(t.Context()); !errors.Is(err, scapi.ErrSessionLimit) || scapi.IsLoginRefused(err) {
			t.Errorf("second login: %v", err)
		}
		if _, err := first.Raw(t.Context(), harmless); err != nil || s.Sessions() != 1 {
			t.Errorf("the first session: %v, %d open", err, s.Sessions())
		}
	})
}

func TestAWrongPasswordIsTriedOnceHoweverManyCallsThereAre(t *testing.T) {
	t.Parallel()
	onBothDialects(t, sctest.Options{LockAfter: 2}, func(t *testing.T, s *sctest.Server) {
		// The login takes its time, so that all the others wait for it.
		s.Inject(sctest.Fault{Endpoint: "POST /token", Effect: sctest.Delay(time.Second)})
		s.Inject(sctest.Fault{Endpoint: "auth::login", Effect: sctest.Delay(time.Second)})
		c := dialSimulated(t, s, scapi.Credentials{Username: sctest.AnalystUsername, Password: "wrong"})
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if _, err := c.Raw(t.Context(), harmless); !scapi.IsLoginRefused(err) {
					t.Errorf("error %v", err)
				}
			})
		}
		all.Wait()
		logins := s.Count(func(r sctest.Request) bool { return r.Endpoint == "POST /token" || r.Endpoint == "auth::login" })
		if logins != 1 {
			t.Errorf("%d logins", logins)
		}
		if err := dialSimulated(t, s, asAnalyst).Login(t.Context()); err != nil {
			t.Errorf("the account was locked: %v", err)
		}
	})
}

func TestFaultsOfAConsoleAreToldApart(t *testing.T) {
	t.Parallel()
	const small = 1 << 20
	is := func(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }
	none := func(err error) bool { return err == nil }
	for _, test := range []struct {
		name   string
		effect sctest.Effect
		times  int // 0: always
		check  func(error) bool
	}{
		{"an answer cut off", sctest.Truncate(), 0, is(scapi.ErrMalformed)},
		{"a page of HTML with status 200", sctest.HTMLPage(200), 0, is(scapi.ErrMalformed)},
		{"a page of HTML with status 502, twice", sctest.HTMLPage(502), 2, none},
		{"a page of HTML with status 502", sctest.HTMLPage(502), 0, scapi.IsTemporary},
		{"a connection reset once", sctest.Reset(), 1, none},
		{"a connection that is always reset", sctest.Reset(), 0, scapi.IsTemporary},
		{"a database locked once", sctest.DatabaseLocked(), 1, none},
		{"a session that is lost once", sctest.ExpireSession(), 1, none},
		{"a session that is always lost", sctest.ExpireSession(), 0, func(err error) bool { return err != nil && !scapi.Answered(err) }},
		{"a redirect", sctest.Redirect("https://elsewhere.example/login"), 0, is(scapi.ErrRedirect)},
		{"an answer that is too large", sctest.HugeBody(2 * small), 0, is(scapi.ErrTooLarge)},
		{"no answer", sctest.Hang(), 0, is(context.DeadlineExceeded)},
		{"a slow answer", sctest.Delay(30 * time.Second), 0, none},
		{"numbers for strings", sctest.WrongTypes(), 0, none},
		{"a missing permission", sctest.Refuse(403, 145, "You do not have permission to view this."), 0, scapi.IsPermission},
	} {
		t.Run(test.name, func(t *testing.T) {
			onBothDialects(t, sctest.Options{}, func(t *testing.T, s *sctest.Server) {
				c := dialSimulated(t, s, asAnalyst, func(o *scapi.Options) { o.MaxBody = small })
				if err := c.Login(t.Context()); err != nil {
					t.Fatal(err)
				}
				defer s.Inject(sctest.Fault{Endpoint: harmlessEndpoint(s.Options().Dialect), Times: test.times, Effect: test.effect})()
				_, err := c.Raw(t.Context(), harmless)
				if !test.check(err) {
					t.Errorf("error %v", err)
				}
				if err != nil && (strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "feed") && !strings.Contains(err.Error(), "plugin::init")) {
					t.Errorf("the error does not name the call in a line: %q", err)
				}
			})
		})
	}
}

func TestADownloadFromASimulatedConsoleIsStreamed(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{})
	c := dialSimulated(t, s, asAnalyst)
	if _, err := c.RawStream(t.Context(), scapi.RawCall{Method: http.MethodPost, Path: "/scanResult/999999999/download", Body: map[string]string{"downloadType": "v2"}}); !scapi.IsNotFound(err) {
		t.Errorf("error %v", err)
	}
}
