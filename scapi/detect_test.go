package scapi

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestTheDialectIsFoundOut(t *testing.T) {
	t.Parallel()
	refusedConnection := broken(errors.New("connection refused"))
	tests := []struct {
		name    string
		console *script
		api     API
		path    string
		text    string // of the error
		wraps   error
		calls   int
	}{
		{name: "an envelope at /rest/system", console: restConsole(), api: REST, calls: 1},
		{name: "an envelope that says no", console: newScript().on("GET /rest/system", refusedWith(403, 0, "", "Content-Type: text/html")), api: REST, calls: 1},
		{name: "404 there, and an envelope at request.php", console: rpcConsole(), api: RPC, path: "/request.php", calls: 2},
		{name: "a page with status 200, and an envelope at request.php", console: rpcConsole().on("GET /rest/system", page(200)), api: RPC, path: "/request.php", calls: 2},
		{name: "a redirect, and an envelope at request.php", console: rpcConsole().on("GET /rest/system", raw(302, "", "Location: /")), api: RPC, path: "/request.php", calls: 2},
		{name: "an envelope at request.php that says no", console: rpcConsole().on("system::init", refusedWith(200, 3, "no")), api: RPC, path: "/request.php", calls: 2},
		{name: "an envelope at /sc4/request.php", console: rpcConsole().on("/request.php system::init", page(404)), api: RPC, path: "/sc4/request.php", calls: 3},
		{name: "a Nessus scanner", console: rpcConsole().on("GET /rest/system", raw(404, `{"error":"The requested file was not found."}`)), text: "Nessus scanner, not Security Center", wraps: ErrMalformed, calls: 1},
		{name: "a web server of something else", console: newScript(), text: "no Security Center at this address", wraps: ErrMalformed, calls: 3},
		{name: "redirects everywhere", console: newScript().on("GET /rest/system", raw(301, "", "Location: https://sso.test/login?secret=1")).on("system::init", raw(301, "", "Location: /x")), text: "https://sso.test/login", wraps: ErrRedirect, calls: 3},
		{name: "a failure of the network", console: rpcConsole().on("GET /rest/system", refusedConnection), text: "connection refused", calls: 1},
		{name: "a server error", console: rpcConsole().on("GET /rest/system", page(503)), text: "503", calls: 1},
		{name: "too many requests", console: rpcConsole().on("GET /rest/system", page(429)), text: "429", calls: 1},
		{name: "an answer cut off", console: rpcConsole().on("GET /rest/system", raw(200, `{"type":"regular","resp`)), wraps: ErrMalformed, text: "broken JSON", calls: 1},
		{name: "a server error at request.php", console: rpcConsole().on("system::init", page(500)), text: "500", calls: 2},
		{name: "a connection that breaks at request.php", console: rpcConsole().on("system::init", broken(io.EOF)), text: "EOF", calls: 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := dial(t, test.console)
			api, err := c.Dialect(t.Context())
			if api != test.api || (err != nil) != (test.text != "") {
				t.Fatalf("dialect %q, error %v", api, err)
			}
			if n := len(test.console.requests); n != test.calls {
				t.Errorf("%d calls: %q", n, test.console.requests)
			}
			if err != nil {
				if !strings.Contains(err.Error(), test.text) || test.wraps != nil && !errors.Is(err, test.wraps) {
					t.Errorf("error %v", err)
				}
				if _, again := c.Dialect(t.Context()); again == nil || len(test.console.requests) != 2*test.calls {
					t.Errorf("not asked again: %v, %q", again, test.console.requests)
				}
				return
			}
			if _, w := c.current(); w.rpcPath != test.path {
				t.Errorf("path %q, want %q", w.rpcPath, test.path)
			}
			if again, err := c.Dialect(t.Context()); again != api || err != nil || len(test.console.requests) != test.calls {
				t.Errorf("asked again: %v, %q", err, test.console.requests)
			}
		})
	}
}

func TestADialectThatIsGivenIsNotAskedFor(t *testing.T) {
	t.Parallel()
	s := restConsole()
	c := dial(t, s, over(REST))
	if api, err := c.Dialect(t.Context()); api != REST || err != nil || len(s.requests) != 0 {
		t.Errorf("%q, %v, calls %q", api, err, s.requests)
	}
	if err := c.Login(t.Context()); err != nil || s.requests[0] != "POST /rest/token" {
		t.Errorf("%v, calls %q", err, s.requests)
	}
	s = rpcConsole()
	c = dial(t, s, over(RPC))
	if _, err := c.do(t.Context(), pluginCall, nil); err != nil || s.count("GET /rest/system") != 0 {
		t.Errorf("%v, calls %q", err, s.requests)
	}
}

func TestCallersAtOnceDetectOnce(t *testing.T) {
	t.Parallel()
	s := rpcConsole()
	c := dial(t, s)
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if api, err := c.Dialect(context.Background()); api != RPC || err != nil {
				t.Errorf("%q, %v", api, err)
			}
		})
	}
	all.Wait()
	if n := s.count("system::init"); n != 1 {
		t.Errorf("%d greetings", n)
	}
}

func TestAConsoleUpgradedToRESTIsFoundAgain(t *testing.T) {
	t.Parallel()
	s := rpcConsole().on("plugin::init", said(`{}`), refusedWith(200, 12, "invalid token"))
	c := dial(t, s)
	if _, err := c.do(t.Context(), pluginCall, nil); err != nil {
		t.Fatal(err)
	}
	upgraded := restConsole()
	s.mu.Lock()
	s.answers["system::init"] = page(404)
	for name, answer := range upgraded.answers {
		s.answers[name] = answer
	}
	s.mu.Unlock()
	_, _ = c.do(t.Context(), pluginCall, nil) // fails: request.php is gone
	if api, err := c.Dialect(t.Context()); api != REST || err != nil {
		t.Errorf("%q, %v", api, err)
	}
}

func TestTheVersionIsLearntWhereTheConsoleTellsIt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		console *script
		change  func(*Options)
		want    string
	}{
		{"at login from 5.20 on", restConsole(), over(Auto), "6.4.0"},
		{"with API keys", restConsole(), withKeys, "6.4.0"},
		{"in a header up to 5.19", restConsole().on("GET /rest/system", said(`{}`, "SecurityCenter: 5.18.0")), over(Auto), "5.18.0"},
		{"over RPC", rpcConsole(), over(Auto), "4.8.1"},
		{"nowhere", restConsole().on("GET /rest/system", said(`{}`)), over(Auto), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := dial(t, test.console, test.change)
			v, err := c.Version(t.Context())
			if v != test.want || err != nil {
				t.Errorf("version %q, %v", v, err)
			}
			target, err := c.target(t.Context())
			if err != nil || target.version.known() != (test.want != "") {
				t.Errorf("target %v, %v", target, err)
			}
		})
	}
}

func TestAnUpgradeIsNoticedByACallOfTheSystem(t *testing.T) {
	t.Parallel()
	before := said(`{"version":"6.4.0"}`)
	s := newScript().
		on("GET /rest/system", append(slices.Repeat([]responder{before}, 2), said(`{"version":"6.5.0"}`))...).
		on("GET /rest/currentUser", said(admin))
	c := dial(t, s, withKeys)
	if err := c.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.do(t.Context(), systemCall, nil); err != nil {
		t.Fatal(err)
	}
	if v, err := c.Version(t.Context()); v != "6.5.0" || err != nil {
		t.Errorf("version %q, %v", v, err)
	}
}

func TestACallWithoutASessionIsMadeBeforeLogin(t *testing.T) {
	t.Parallel()
	s := rpcConsole().on("auth::login", refusedWith(200, 5, "no"))
	for _, api := range []API{Auto, RPC} {
		c := dial(t, s, over(api))
		k := systemCall.labelled(RPC, systemInit)
		k.noSession = true
		if _, err := c.do(t.Context(), k, nil); err != nil {
			t.Errorf("%s: %v", api, err)
		}
	}
	if n := s.count("auth::login"); n != 0 {
		t.Errorf("%d logins", n)
	}
}

func TestVersionsAreCompared(t *testing.T) {
	t.Parallel()
	tests := []struct {
		version string
		than    []int
		before  bool
	}{
		{"4.2.0", []int{4, 4}, true}, {"4.4", []int{4, 4}, false}, {"4.4.1.2", []int{4, 4}, false}, {"4", []int{4, 4}, true},
		{"5.19.9", []int{5, 20}, true}, {"6.10.0", []int{6, 2}, false}, {"", []int{4, 4}, false}, {"next", []int{9}, false},
		{" 6.4.0-rc1 ", []int{6, 4}, false}, {"-1", []int{4}, false},
	}
	for _, test := range tests {
		if got := parseVersion(test.version).before(test.than...); got != test.before {
			t.Errorf("%q before %v: %v", test.version, test.than, got)
		}
	}
}
