package scapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// turnstile is a Gate for one request at a time, which counts.
type turnstile struct {
	mu      sync.Mutex
	inside  int
	classes []Class
	refuse  error
	delay   time.Duration
}

func (g *turnstile) Enter(_ context.Context, class Class) (func(), error) {
	if g.refuse != nil {
		return nil, g.refuse
	}
	time.Sleep(g.delay) // zero, or in a bubble
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside++; g.inside > 1 {
		return nil, errors.New("two requests inside a gate for one")
	}
	g.classes = append(g.classes, class)
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.inside--
	}, nil
}

// observed collects exchanges.
type observed struct {
	mu   sync.Mutex
	seen []Exchange
}

func (o *observed) observe(_ context.Context, x Exchange) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen = append(o.seen, x)
}

func TestEveryAttemptPassesTheGateAndIsObserved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, seen := &turnstile{delay: time.Hour}, &observed{}
		s := restConsole().on("GET /rest/feed", page(503), expired, func(req *http.Request) (*http.Response, error) {
			time.Sleep(3 * time.Second)
			return said(`{}`)(req)
		})
		c := dial(t, s, func(o *Options) { o.Gate, o.Observe = g, seen.observe })
		if _, err := c.do(t.Context(), feedCall, nil); err != nil {
			t.Fatal(err)
		}
		if g.inside != 0 || len(g.classes) != len(s.requests) {
			t.Errorf("%d still inside, %d entries for %d requests", g.inside, len(g.classes), len(s.requests))
		}
		var got []string
		for _, x := range seen.seen {
			got = append(got, x.Endpoint+" "+x.Code)
		}
		want := []string{
			"/system 200", "/token 200", "/currentUser 200", "/system 200", "/feed 503", "/feed 403",
			"/token 200", "/currentUser 200", "/system 200", "/feed 200",
		}
		if !slices.Equal(got, want) {
			t.Errorf("observed %q, want %q", got, want)
		}
		last := seen.seen[len(seen.seen)-1]
		if last.Duration != 3*time.Second || last.Bytes == 0 || !last.ConsoleTime.Equal(time.Unix(1700000000, 0)) || last.Err != nil {
			t.Errorf("last exchange %+v", last)
		}
		if seen.seen[4].Err == nil {
			t.Error("a failure was observed without its error")
		}
	})
}

func TestTheGateHearsTheClass(t *testing.T) {
	t.Parallel()
	g := &turnstile{}
	c := dial(t, restConsole(), func(o *Options) { o.Gate = g })
	k := feedCall
	k.class = Analysis
	if _, err := c.do(t.Context(), k, nil); err != nil {
		t.Fatal(err)
	}
	if got := g.classes[len(g.classes)-1]; got != Analysis || g.classes[0] != Light {
		t.Errorf("classes %v", g.classes)
	}
}

func TestAClosedGateFailsTheCallAndSendsNothing(t *testing.T) {
	t.Parallel()
	closed := errors.New("closed")
	s, seen := restConsole(), &observed{}
	c := dial(t, s, func(o *Options) { o.Gate, o.Observe = &turnstile{refuse: closed}, seen.observe })
	if _, err := c.do(t.Context(), feedCall, nil); !errors.Is(err, closed) {
		t.Errorf("error %v", err)
	}
	if len(s.requests) != 0 || len(seen.seen) != 0 {
		t.Errorf("sent %q, observed %v", s.requests, seen.seen)
	}
}

func TestAttemptsEndInTime(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		class   Class
		context func(context.Context) (context.Context, context.CancelFunc)
		after   time.Duration
		code    string
		is      error
		text    string
	}{
		{"a light call", Light, context.WithCancel, 3 * time.Second, "timeout", context.DeadlineExceeded, "no answer within 3s"},
		{"an analysis call", Analysis, context.WithCancel, 30 * time.Second, "timeout", context.DeadlineExceeded, "no answer within 30s"},
		{"by the caller's deadline", Light, func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second)
		}, time.Second, "timeout", context.DeadlineExceeded, "deadline"},
		{"by the caller", Light, func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(2*time.Second, func() { cancel(errors.New("shutting down")) })
			return ctx, func() { cancel(nil) }
		}, 2 * time.Second, "canceled", context.Canceled, "shutting down"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for where, answer := range map[string]responder{
				"waiting for the header": silent,
				"in the middle of the body": func(req *http.Request) (*http.Response, error) {
					resp, err := said(`{}`)(req)
					resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"type":`), blocked{req.Context()}))
					return resp, err
				},
			} {
				synctest.Test(t, func(t *testing.T) {
					seen := &observed{}
					c := dial(t, restConsole().on("GET /rest/feed", answer), func(o *Options) {
						o.Timeout, o.AnalysisTimeout, o.Observe = 3*time.Second, 30*time.Second, seen.observe
					})
					if err := c.Login(t.Context()); err != nil {
						t.Fatal(err)
					}
					ctx, cancel := test.context(t.Context())
					defer cancel()
					k := feedCall
					k.class = test.class
					start := time.Now()
					_, err := c.do(ctx, k, nil)
					if time.Since(start) != test.after || !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.text) {
						t.Errorf("%s: after %s: %v", where, time.Since(start), err)
					}
					if IsTemporary(err) != (test.code == "timeout") || Answered(err) {
						t.Errorf("%s: temporary %v, answered %v", where, IsTemporary(err), Answered(err))
					}
					if last := seen.seen[len(seen.seen)-1]; last.Code != test.code || last.Duration != test.after {
						t.Errorf("%s: observed %+v", where, last)
					}
				})
			}
		})
	}
}

// blocked is a body that stalls until the request ends.
type blocked struct{ ctx context.Context }

func (b blocked) Read([]byte) (int, error) {
	<-b.ctx.Done()
	return 0, b.ctx.Err()
}

func TestABodyIsReadUpToItsBound(t *testing.T) {
	t.Parallel()
	answer := envelope(`"`+strings.Repeat("x", 3000)+`"`, 0, "")
	for _, test := range []struct {
		name  string
		bound int
		fails bool
	}{
		{"exactly", len(answer), false}, {"with one byte to spare", len(answer) + 1, false}, {"but not beyond", len(answer) - 1, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			seen := &observed{}
			c := dial(t, restConsole().on("GET /rest/feed", raw(200, answer)), func(o *Options) {
				o.MaxBody, o.Observe = int64(test.bound), seen.observe
			})
			_, err := c.do(t.Context(), feedCall, nil)
			if errors.Is(err, ErrTooLarge) != test.fails || (err != nil) != test.fails {
				t.Errorf("error %v", err)
			}
			if last := seen.seen[len(seen.seen)-1]; test.fails != (last.Code == "envelope") || last.Bytes == 0 {
				t.Errorf("observed %+v", last)
			}
		})
	}
}

func TestTheConsolesCertificateIsObserved(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, envelope(`{"version":"5.8.0"}`, 0, ""))
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of the refused handshake
	server.StartTLS()
	defer server.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	for name, test := range map[string]struct {
		pool *x509.CertPool
		code string
	}{
		"when it is accepted":     {trusted, "200"},
		"when it is not accepted": {x509.NewCertPool(), "tls"},
	} {
		t.Run(name, func(t *testing.T) {
			seen := &observed{}
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: test.pool, MinVersion: tls.VersionTLS12}}
			defer transport.CloseIdleConnections()
			c, err := New(Options{URL: server.URL, Transport: transport, Observe: seen.observe})
			if err != nil {
				t.Fatal(err)
			}
			err = c.detect(t.Context())
			if (err == nil) != (test.code == "200") || IsTemporary(err) {
				t.Errorf("error %v", err)
			}
			x := seen.seen[0]
			if x.Code != test.code || !x.CertificateNotAfter.Equal(server.Certificate().NotAfter) {
				t.Errorf("observed %+v", x)
			}
		})
	}
}

func TestAFailureOfTheNetworkIsObservedAsSuch(t *testing.T) {
	t.Parallel()
	seen := &observed{}
	c := dial(t, restConsole().on("GET /rest/system", broken(errors.New("no route to host"))), func(o *Options) { o.Observe = seen.observe })
	_, err := c.do(t.Context(), feedCall, nil)
	if len(seen.seen) != 1 || seen.seen[0].Code != "network" || err == nil || Answered(err) {
		t.Errorf("observed %+v, error %v", seen.seen, err)
	}
	if strings.Contains(err.Error(), "console.test") {
		t.Errorf("the error names the URL: %v", err)
	}
}

func TestTheLogHasOneRecordPerAttempt(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := restConsole()
	c := dial(t, s, logTo(&log))
	if _, err := c.do(t.Context(), feedCall, nil); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "\n"); n != len(s.requests) {
		t.Errorf("%d records for %d requests:\n%s", n, len(s.requests), log.String())
	}
	for _, secret := range []string{"s3cret", "1234567890", "f1rst", "anonymous"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q in the log:\n%s", secret, log.String())
		}
	}
}

func TestRequestsCarryTheUserAgent(t *testing.T) {
	t.Parallel()
	s := restConsole()
	c := dial(t, s, func(o *Options) { o.UserAgent = "test/1" })
	if err := c.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, h := range s.headers {
		if h.Get("User-Agent") != "test/1" {
			t.Errorf("%s: User-Agent %q", s.requests[i], h.Get("User-Agent"))
		}
	}
}

// What one console sends without end must not be read beside what others do.
func TestALargeAnswerIsReadWhenItMayBe(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		size  int
		large bool
	}{{"small", 1000, false}, {"of 1 MiB", large - 1000, false}, {"larger", large + 100, true}, {"much larger", 10 * large, true}} {
		t.Run(test.name, func(t *testing.T) {
			answer := envelope(`{"updateTime":"1","x":"`+strings.Repeat("x", test.size)+`"}`, 0, "")
			inside, entered := 0, 0
			var out json.RawMessage
			c := dial(t, restConsole().on("GET /rest/feed", raw(200, answer)), func(o *Options) {
				o.MaxBody = 1 << 30
				o.Large = func(context.Context) (func(), error) {
					inside++
					entered++
					return func() {
						if inside--; len(out) == 0 {
							t.Error("it is left before the answer is decoded")
						}
					}, nil
				}
			})
			if _, err := c.do(t.Context(), feedCall, &out); err != nil || len(out) < test.size {
				t.Errorf("%d bytes, %v", len(out), err)
			}
			if inside != 0 || (entered == 1) != test.large {
				t.Errorf("entered %d times, %d inside", entered, inside)
			}
		})
	}
	t.Run("never, where it may not", func(t *testing.T) {
		answer := envelope(`"`+strings.Repeat("x", 2*large)+`"`, 0, "")
		c := dial(t, restConsole().on("GET /rest/feed", raw(200, answer)), func(o *Options) {
			o.Large = func(context.Context) (func(), error) { return nil, errors.New("no room") }
		})
		if _, err := c.do(t.Context(), feedCall, nil); err == nil || !strings.Contains(err.Error(), "no room") {
			t.Errorf("%v", err)
		}
	})
	t.Run("and is left where it is no answer", func(t *testing.T) {
		inside := 0
		c := dial(t, restConsole().on("GET /rest/feed", raw(200, strings.Repeat("x", 2*large))), func(o *Options) {
			o.Large = func(context.Context) (func(), error) { inside++; return func() { inside-- }, nil }
		})
		if _, err := c.do(t.Context(), feedCall, nil); err == nil || inside != 0 {
			t.Errorf("%v, %d inside", err, inside)
		}
	})
}
