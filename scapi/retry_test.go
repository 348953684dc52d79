package scapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestTemporaryFailuresAreTriedAgain(t *testing.T) {
	t.Parallel()
	reset := fmt.Errorf("read tcp: %w", syscall.ECONNRESET)
	tests := []struct {
		name    string
		first   responder
		change  func(*call, *Options)
		tries   int
		fails   bool
		atLeast time.Duration
		atMost  time.Duration
	}{
		{name: "503", first: page(503), tries: 2, atLeast: 250 * time.Millisecond, atMost: time.Second},
		{name: "500 in an envelope", first: refusedWith(500, 1, "x"), tries: 2, atMost: time.Second},
		{name: "a locked database", first: refusedWith(403, 1, "database is locked"), tries: 2, atMost: time.Second},
		{name: "a reset connection", first: broken(reset), tries: 2, atMost: time.Second},
		{name: "an end of file", first: broken(io.EOF), tries: 2, atMost: time.Second},
		{name: "429 with Retry-After", first: refusedWith(429, 0, "", "Retry-After: 7"), tries: 2, atLeast: 7 * time.Second, atMost: 8 * time.Second},
		{name: "503 with a date", first: func(req *http.Request) (*http.Response, error) {
			return raw(503, "", "Retry-After: "+time.Now().Add(9*time.Second).UTC().Format(http.TimeFormat))(req)
		}, tries: 2, atLeast: 8 * time.Second, atMost: 10 * time.Second},
		{name: "a Retry-After that is too long", first: refusedWith(429, 0, "", "Retry-After: 3600"), tries: 1, fails: true},
		{name: "a Retry-After that is absurd", first: refusedWith(429, 0, "", "Retry-After: 99999999999999"), tries: 1, fails: true},
		{name: "403", first: refusedWith(403, 1, "no"), tries: 1, fails: true},
		{name: "a page of HTML", first: page(200), tries: 1, fails: true},
		{name: "501", first: page(501), tries: 1, fails: true},
		{name: "a certificate that is not accepted", first: broken(errors.New("tls: bad certificate")), tries: 1, fails: true},
		{name: "a call that is not safe to repeat", first: page(503), change: func(k *call, _ *Options) { k.once = true }, tries: 1, fails: true},
		{name: "a client that never tries again", first: page(503), change: func(_ *call, o *Options) { o.Retries = -1 }, tries: 1, fails: true},
		{name: "a time-out", first: silent, tries: 1, fails: true, atLeast: time.Minute, atMost: time.Minute},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := restConsole().on("GET /rest/feed", test.first, said(`{}`))
				k := feedCall
				c := dial(t, s, func(o *Options) {
					if test.change != nil {
						test.change(&k, o)
					}
				})
				if err := c.Login(t.Context()); err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				_, err := c.do(t.Context(), k, nil)
				if (err != nil) != test.fails {
					t.Errorf("error %v", err)
				}
				if n := s.count("GET /rest/feed"); n != test.tries {
					t.Errorf("%d tries, want %d", n, test.tries)
				}
				if d := time.Since(start); d < test.atLeast || d > test.atMost {
					t.Errorf("took %s, want %s to %s", d, test.atLeast, test.atMost)
				}
			})
		})
	}
}

func TestTriesEndWithTheirNumber(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := restConsole().on("GET /rest/feed", page(503))
		c := dial(t, s, func(o *Options) { o.Retries = 4 })
		_, err := c.do(t.Context(), feedCall, nil)
		if n := s.count("GET /rest/feed"); n != 5 || !IsTemporary(err) {
			t.Errorf("%d tries, %v", n, err)
		}
	})
}

func TestWaitingForTheNextTryEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := restConsole().on("GET /rest/feed", refusedWith(503, 0, "", "Retry-After: 20"))
		c := dial(t, s)
		if err := c.Login(t.Context()); err != nil {
			t.Fatal(err)
		}
		// There is no point in waiting for what comes too late.
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		if _, err := c.do(ctx, feedCall, nil); err == nil || time.Since(start) != 0 {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(5*time.Second, stop)
		_, err := c.do(ctx, feedCall, nil)
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "503") || time.Since(start) != 5*time.Second {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
}

func TestLoginsAreNotTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := restConsole().on("POST /rest/token", page(503))
		_, err := dial(t, s).do(t.Context(), feedCall, nil)
		if n := s.count("POST /rest/token"); n != 1 || err == nil {
			t.Errorf("%d logins, %v", n, err)
		}
	})
}
