package console

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// errRefused is what a console answers to wrong credentials.
var errRefused = &scapi.Error{Call: "POST /rest/token", Status: 403, Code: 11, Message: "Invalid login credentials.", Err: scapi.ErrLoginRefused}

// secrets are the credentials of a guard under test, which may change.
type secrets struct {
	scapi.Credentials
	certificate []byte
	err         error
}

func (s *secrets) guard(t *testing.T, r *Refusals, url string) *loginGuard {
	t.Helper()
	o := scapi.Options{URL: url, Credentials: func() (scapi.Credentials, error) { return s.Credentials, s.err }}
	g, err := r.guard(&o, func() ([]byte, error) { return s.certificate, nil }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

const address = "https://sc.example.org"

func user(password string) *secrets {
	return &secrets{Credentials: scapi.Credentials{Username: "u", Password: password}}
}

func inMemory() *Refusals { return OpenRefusals("", slog.New(slog.DiscardHandler)) }

// refuse tries a login, which the console refuses.
func refuse(t *testing.T, g *loginGuard) {
	t.Helper()
	if err := g.Allow(t.Context()); err != nil {
		t.Fatalf("the login is not allowed: %v", err)
	}
	g.Done(errRefused)
}

// allowed tries a login, which then does not come about.
func allowed(t *testing.T, g *loginGuard) bool {
	t.Helper()
	err := g.Allow(t.Context())
	if err == nil {
		g.Done(errors.New("connection reset"))
		return true
	}
	if !errors.Is(err, ErrLoginPostponed) {
		t.Fatalf("%v, want ErrLoginPostponed", err)
	}
	return false
}

// blocked refuses a login as often as it takes, within a bubble.
func block(t *testing.T, g *loginGuard) {
	t.Helper()
	for range 3 {
		refuse(t, g)
		time.Sleep(time.Hour)
	}
	if !isBlocked(g) {
		t.Fatal("not blocked after three refusals")
	}
}

func isBlocked(g *loginGuard) bool {
	blocked, _ := g.state()
	return blocked
}

func TestRefusedLoginsAreSpacedOutAndThenLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := user("wrong").guard(t, inMemory(), address)
		refused := 0
		g.count = func(result string) {
			if result == "refused" {
				refused++
			}
		}
		for i, pause := range []time.Duration{15 * time.Minute, time.Hour} {
			refuse(t, g)
			if _, next := g.state(); !next.Equal(time.Now().Add(pause)) {
				t.Errorf("after refusal %d: next try at %s, want in %s", i+1, next, pause)
			}
			time.Sleep(pause - time.Second)
			if allowed(t, g) {
				t.Fatalf("a login %s after refusal %d", pause-time.Second, i+1)
			}
			time.Sleep(time.Second)
		}
		refuse(t, g)
		time.Sleep(1000 * time.Hour)
		if allowed(t, g) || !isBlocked(g) {
			t.Error("not blocked after three refusals")
		}
		if refused != 3 {
			t.Errorf("%d logins were counted as refused, want 3", refused)
		}
	})
}

func TestALoginThatIsNotTriedSaysWhyAndUntilWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := user("wrong").guard(t, inMemory(), address)
		refuse(t, g)
		err := g.Allow(t.Context())
		if !errors.Is(err, ErrLoginPostponed) || !scapi.IsLoginRefused(err) || !strings.Contains(err.Error(), "next try at 2000-01-01T00:15:00Z") ||
			!strings.Contains(err.Error(), "Invalid login credentials.") {
			t.Errorf("%v", err)
		}
		time.Sleep(15 * time.Minute)
		refuse(t, g)
		time.Sleep(time.Hour)
		refuse(t, g)
		err = g.Allow(t.Context())
		if !errors.Is(err, ErrLoginPostponed) || !strings.Contains(err.Error(), "left alone until the credentials change or the exporter is restarted") {
			t.Errorf("%v", err)
		}
	})
}

func TestChangedCredentialsAreTriedAtOnce(t *testing.T) {
	for name, change := range map[string]func(*secrets){
		"another password":    func(s *secrets) { s.Password = "new" },
		"another user":        func(s *secrets) { s.Username = "v" },
		"another access key":  func(s *secrets) { s.AccessKey = "a" },
		"another secret key":  func(s *secrets) { s.SecretKey = "s" },
		"another certificate": func(s *secrets) { s.certificate = []byte("PEM") },
		// All the letters are the same, in the same order.
		"another division": func(s *secrets) { s.Username, s.Password = "uw", "rong" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := user("wrong")
				g := s.guard(t, inMemory(), address)
				block(t, g)
				before := *s
				change(s)
				if isBlocked(g) || !allowed(t, g) {
					t.Error("still blocked")
				}
				*s = before
				if !isBlocked(g) || allowed(t, g) {
					t.Error("the old credentials are forgiven")
				}
			})
		})
	}
}

func TestCredentialsThatCannotBeReadAreNoChangeAndNothingIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := user("wrong")
		g := s.guard(t, inMemory(), address)
		block(t, g)
		s.err = errors.New("no such file")
		if err := g.Allow(t.Context()); !errors.Is(err, s.err) {
			t.Errorf("%v, want that they cannot be read", err)
		}
		if !isBlocked(g) {
			t.Error("forgiven")
		}
		s.err = nil
		if allowed(t, g) {
			t.Error("forgiven once they can be read again")
		}
	})
}

func TestOnlyRefusalsCountAgainstALogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := user("right").guard(t, inMemory(), address)
		for range 10 {
			if !allowed(t, g) {
				t.Fatal("not after failures of the network")
			}
		}
		for range 10 {
			refuse(t, g)
			time.Sleep(15 * time.Minute)
			if err := g.Allow(t.Context()); err != nil {
				t.Fatal(err)
			}
			g.Done(nil)
		}
		if !allowed(t, g) {
			t.Error("not after a login that worked")
		}
	})
}

func TestRefusalsBelongToTheAddressAndTheCredentials(t *testing.T) {
	for name, test := range map[string]struct {
		url    string
		shared bool
	}{
		"the same":               {"https://sc.example.org", true},
		"written in another way": {"https://SC.example.org:443/", true},
		"with the protocol's":    {"https://sc.example.org/rest", true},
		"another port":           {"https://sc.example.org:8443", false},
		"another prefix":         {"https://sc.example.org/b", false},
		"another scheme":         {"http://sc.example.org", false},
		"another host":           {"https://sc2.example.org", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := inMemory()
				block(t, user("wrong").guard(t, r, address))
				other := user("wrong").guard(t, r, test.url)
				if allowed(t, other) == test.shared {
					t.Errorf("refusals are shared: %v", !test.shared)
				}
			})
		})
	}
}

func TestLoginsOfOneUserGoOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := inMemory()
		first, second, stranger := user("wrong").guard(t, r, address), user("wrong").guard(t, r, address), user("x").guard(t, r, "https://other.example.org")
		if err := first.Allow(t.Context()); err != nil {
			t.Fatal(err)
		}
		answered := make(chan error, 1)
		go func() { answered <- second.Allow(t.Context()) }()
		synctest.Wait()
		select {
		case err := <-answered:
			t.Fatalf("the second did not wait: %v", err)
		default:
		}
		if !allowed(t, stranger) {
			t.Error("a login elsewhere waits too")
		}
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := user("wrong").guard(t, r, address).Allow(impatient); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("beyond its deadline: %v", err)
		}
		first.Done(errRefused)
		if err := <-answered; !errors.Is(err, ErrLoginPostponed) {
			t.Errorf("the second, after the first was refused: %v", err)
		}
		if len(r.turns) != 0 {
			t.Errorf("%d turns are left", len(r.turns))
		}
	})
}

func TestThePasswordThatIsJudgedIsTheOneThatIsSent(t *testing.T) {
	s := user("old")
	o := scapi.Options{URL: address, Credentials: func() (scapi.Credentials, error) { return s.Credentials, nil }}
	g, err := inMemory().guard(&o, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Allow(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Password = "new"
	if c, err := o.Credentials(); err != nil || c.Password != "old" {
		t.Errorf("%v during the login, want the old ones", err)
	}
	g.Done(errRefused)
	if c, err := o.Credentials(); err != nil || c.Password != "new" {
		t.Errorf("%v after the login, want the new ones", err)
	}
	if !allowed(t, g) {
		t.Error("the new password is not tried")
	}
}
