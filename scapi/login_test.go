package scapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestALoginByPasswordOverRESTSendsTokenAndNewestCookie(t *testing.T) {
	t.Parallel()
	s := restConsole()
	c := dial(t, s)
	if _, err := c.do(t.Context(), feedCall, nil); err != nil {
		t.Fatal(err)
	}
	h, _ := s.last(t, "GET /rest/feed")
	if got := h.Get("X-SecurityCenter"); got != "1234567890" {
		t.Errorf("X-SecurityCenter: %q", got)
	}
	if got := h.Get("Cookie"); got != "TNS_SESSIONID=f1rst" {
		t.Errorf("Cookie: %q", got)
	}
	if h.Get("X-Apikey") != "" {
		t.Error("API key sent with a session")
	}
	if _, err := c.do(t.Context(), feedCall, nil); err != nil {
		t.Fatal(err)
	}
	if n := s.count("POST /rest/token"); n != 1 {
		t.Errorf("%d logins", n)
	}
}

func TestACookieThatIsSetAnewReplacesTheOld(t *testing.T) {
	t.Parallel()
	s := restConsole().on("GET /rest/feed", said(`{}`, "Set-Cookie: TNS_SESSIONID=second; path=/"))
	c := dial(t, s)
	for range 2 {
		if _, err := c.do(t.Context(), feedCall, nil); err != nil {
			t.Fatal(err)
		}
	}
	if h, _ := s.last(t, "GET /rest/feed"); h.Get("Cookie") != "TNS_SESSIONID=second" {
		t.Errorf("Cookie: %q", h.Get("Cookie"))
	}
}

func TestAPIKeysAreSentAloneAndCheckedOnce(t *testing.T) {
	t.Parallel()
	s := restConsole()
	c := dial(t, s, withKeys)
	for range 2 {
		if _, err := c.do(t.Context(), feedCall, nil); err != nil {
			t.Fatal(err)
		}
	}
	h, _ := s.last(t, "GET /rest/feed")
	if got := h.Get("x-apikey"); got != "accesskey=aaaa; secretkey=bbbb" {
		t.Errorf("x-apikey: %q", got)
	}
	if h.Get("Cookie") != "" || h.Get("X-SecurityCenter") != "" {
		t.Errorf("session sent with API keys: %v", h)
	}
	if s.count("POST /rest/token") != 0 || s.count("GET /rest/currentUser") != 1 {
		t.Errorf("calls: %q", s.requests)
	}
	if err := c.Logout(t.Context()); err != nil || s.count("DELETE /rest/token") != 0 {
		t.Errorf("logout with API keys: %v, %q", err, s.requests)
	}
}

func TestARefusedLoginIsToldFromAConsoleThatIsOutOfOrder(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		console *script
		change  func(*Options)
		refused bool
		wraps   error
	}{
		{"a wrong password over REST", restConsole().on("POST /rest/token", refusedWith(403, 11, "Invalid login credentials.\n")), nil, true, nil},
		{"a wrong password with status 401", restConsole().on("POST /rest/token", refusedWith(401, 0, "")), nil, true, nil},
		{"an error code with status 200", restConsole().on("POST /rest/token", refusedWith(200, 99, "locked")), nil, true, nil},
		{"wrong credentials in an envelope that calls itself HTML", restConsole().on("POST /rest/token", refusedWith(403, 11, "no", "Content-Type: text/html; charset=UTF-8")), nil, true, nil},
		{"a locked account", restConsole().on("POST /rest/token", refusedWith(403, 11, "Invalid login credentials. The account is locked.")), nil, true, nil},
		{"a code 12 at login", restConsole().on("POST /rest/token", refusedWith(403, 12, "This request contains an invalid token.")), nil, false, nil},
		{"a code 10 at login", restConsole().on("POST /rest/token", refusedWith(403, 10, "Resource is not supported.")), nil, false, nil},
		{"a firewall's page with status 401", restConsole().on("POST /rest/token", page(401)), nil, false, ErrMalformed},
		{"a firewall's page with status 403", restConsole().on("POST /rest/token", page(403)), nil, false, ErrMalformed},
		{"JSON of somebody else with status 403", restConsole().on("POST /rest/token", raw(403, `{"error":"forbidden","message":"Invalid login"}`)), nil, false, ErrMalformed},
		{"an empty 403", restConsole().on("POST /rest/token", raw(403, "")), nil, false, ErrMalformed},
		{"a server error", restConsole().on("POST /rest/token", page(503)), nil, false, ErrMalformed},
		{"a server error in an envelope", restConsole().on("POST /rest/token", refusedWith(500, 1, "boom")), nil, false, nil},
		{"a locked database", restConsole().on("POST /rest/token", refusedWith(403, 1, "database is locked")), nil, false, nil},
		{"too many requests", restConsole().on("POST /rest/token", refusedWith(429, 1, "slow down")), nil, false, nil},
		{"a broken connection", restConsole().on("POST /rest/token", broken(io.EOF)), nil, false, io.EOF},
		{"the session limit", restConsole().on("POST /rest/token", said(`{"releaseSession":true}`)), nil, false, ErrSessionLimit},
		{"the session limit with an error code", restConsole().on("POST /rest/token", raw(403, envelope(`{"releaseSession":true}`, 9, "no"))), nil, false, ErrSessionLimit},
		{"the session limit in words", restConsole().on("POST /rest/token", refusedWith(403, 9, "The maximum number of sessions for this user has been reached.")), nil, false, ErrSessionLimit},
		{"the session limit in other words", restConsole().on("POST /rest/token", refusedWith(200, 9, "Session limit exceeded")), nil, false, ErrSessionLimit},
		{"an answer without a token", restConsole().on("POST /rest/token", said(`{"lastLogin":"1"}`)), nil, false, ErrMalformed},
		{"an empty answer", restConsole().on("POST /rest/token", said(`""`)), nil, false, ErrMalformed},
		{"a page of HTML", restConsole().on("POST /rest/token", page(200)), nil, false, ErrMalformed},
		{"a redirect", restConsole().on("POST /rest/token", raw(302, "", "Location: https://elsewhere.test/")), nil, false, ErrRedirect},
		{"wrong API keys", restConsole().on("GET /rest/currentUser", refusedWith(403, 0, "", "Content-Type: text/html")), withKeys, true, nil},
		{"wrong API keys with status 401", restConsole().on("GET /rest/currentUser", refusedWith(401, 0, "")), withKeys, true, nil},
		{"API keys and a firewall's page with status 401", restConsole().on("GET /rest/currentUser", page(401)), withKeys, false, ErrMalformed},
		{"API keys that a console before 5.13 does not know", restConsole().on("GET /rest/currentUser", refusedWith(403, 12, "This request contains an invalid token.")), withKeys, false, nil},
		{"API keys on a console that says it is older", restConsole().on("GET /rest/system", said(`{"version":"5.12.1"}`)), withKeys, false, ErrUnsupported},
		{"API keys on a console that must be asked how old it is", restConsole().on("GET /rest/system", said(`{"version":"5.9.0"}`)).
			on("GET /rest/currentUser", refusedWith(403, 12, "This request contains an invalid token.")), func(o *Options) { withKeys(o); o.API = REST }, false, ErrUnsupported},
		{"wrong API keys of a console that is new enough", restConsole().on("GET /rest/system", said(`{"version":"5.13.0"}`)).
			on("GET /rest/currentUser", refusedWith(403, 0, "")), func(o *Options) { withKeys(o); o.API = REST }, true, nil},
		{"API keys while the network fails", restConsole().on("GET /rest/currentUser", broken(errors.New("no route"))), withKeys, false, nil},
		{"API keys on SecurityCenter 4", rpcConsole(), withKeys, false, ErrUnsupported},
		{"a wrong password over RPC", rpcConsole().on("auth::login", refusedWith(200, 5, "Invalid login")), nil, true, nil},
		{"the session limit over RPC", rpcConsole().on("auth::login", said(`{"releaseSession":true}`)), nil, false, ErrSessionLimit},
		{"a certificate that REST does not know", restConsole().on("POST /rest/token", refusedWith(403, 11, "no")), withCertificate, true, nil},
		{"a certificate that RPC does not know", rpcConsole(), withCertificate, true, nil},
		{"a certificate that RPC refuses", rpcConsole().on("system::init", refusedWith(200, 5, "Unknown certificate")), withCertificate, true, nil},
		{"the session limit with a certificate over RPC", rpcConsole().on("system::init", said(`{"version":"4.8.1","releaseSession":true}`)), withCertificate, false, ErrSessionLimit},
		{"the session limit with a certificate over REST", restConsole().on("GET /rest/system", said(`{"version":"6.4.0","releaseSession":"true"}`)), withCertificate, false, ErrSessionLimit},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.change == nil {
				test.change = func(*Options) {}
			}
			c := dial(t, test.console, test.change, func(o *Options) { o.Retries = -1 })
			err := c.Login(t.Context())
			if err == nil {
				t.Fatal("logged in")
			}
			if IsLoginRefused(err) != test.refused {
				t.Errorf("IsLoginRefused is %v for: %v", !test.refused, err)
			}
			if test.wraps != nil && !errors.Is(err, test.wraps) {
				t.Errorf("does not wrap %v: %v", test.wraps, err)
			}
			if Answered(err) || IsPermission(err) {
				t.Errorf("taken for an answer to the account: %v", err)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("several lines: %q", err)
			}
		})
	}
}

func TestNoErrorRepeatsASecret(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]responder{
		"a message with the password":  refusedWith(403, 11, "password s3cret is wrong for u"),
		"a login that was cut off":     raw(200, `{"type":"regular","response":{"token":1234567890`),
		"a redirect with user details": raw(302, "", "Location: https://u:s3cret@elsewhere.test/x?password=s3cret#s3cret"),
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			c := dial(t, restConsole().on("POST /rest/token", answer), logTo(&log))
			err := c.Login(t.Context())
			if err == nil {
				t.Fatal("logged in")
			}
			for _, text := range []string{err.Error(), log.String()} {
				if strings.Contains(text, "s3cret") || strings.Contains(text, "1234567890") {
					t.Errorf("a secret in %q", text)
				}
			}
			if !strings.Contains(log.String(), "POST /rest/token") {
				t.Errorf("the log does not name the call: %q", log.String())
			}
		})
	}
}

func TestACertificateLogsInThroughTheGreeting(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		console *script
		probe   call
		want    string // last call's name
		cookie  string
		token   string
		logins  []string // calls that must not be made
	}{
		{
			"REST gives the token at /system",
			restConsole().on("GET /rest/system", said(`{"version":"6.4.0","token":42}`, "Set-Cookie: TNS_SESSIONID=byCert")),
			feedCall, "GET /rest/feed", "TNS_SESSIONID=byCert", "42", []string{"POST /rest/token"},
		},
		{
			"REST gives the token at /token only, from 6.5 on",
			restConsole(),
			feedCall, "GET /rest/feed", "TNS_SESSIONID=f1rst", "1234567890", nil,
		},
		{
			"RPC gives the token at system::init",
			rpcConsole().on("system::init", said(`{"version":"4.8.1","token":"77","sessionID":"abc"}`)),
			pluginCall, "plugin::init", "TNS_SESSIONID=abc", "77", []string{"auth::login"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := dial(t, test.console, withCertificate)
			if _, err := c.do(t.Context(), test.probe, nil); err != nil {
				t.Fatal(err)
			}
			h, form := test.console.last(t, test.want)
			if got := h.Get("Cookie"); got != test.cookie {
				t.Errorf("cookie %q, want %q", got, test.cookie)
			}
			if got := h.Get("X-SecurityCenter") + form["token"]; got != test.token {
				t.Errorf("token %q, want %q", got, test.token)
			}
			for _, name := range test.logins {
				if test.console.count(name) != 0 {
					t.Errorf("%s was called", name)
				}
			}
		})
	}
}

func TestAskingForTheDialectByCertificateOpensOneSession(t *testing.T) {
	t.Parallel()
	s := rpcConsole().on("system::init", said(`{"version":"4.8.1","token":"77","sessionID":"abc"}`))
	c := dial(t, s, withCertificate)
	if api, err := c.Dialect(t.Context()); api != RPC || err != nil {
		t.Fatal(api, err)
	}
	if _, err := c.do(t.Context(), pluginCall, nil); err != nil {
		t.Fatal(err)
	}
	if n := s.count("system::init"); n != 1 {
		t.Errorf("%d sessions opened", n)
	}
}

func TestALoginOverRPCTakesTheCookieFromTheBodyWhereNoneIsSet(t *testing.T) {
	t.Parallel()
	s := rpcConsole()
	c := dial(t, s)
	if _, err := c.do(t.Context(), pluginCall, nil); err != nil {
		t.Fatal(err)
	}
	h, form := s.last(t, "plugin::init")
	if h.Get("Cookie") != "TNS_SESSIONID=3f0c9a7be1d2" || form["token"] != "123456789" {
		t.Errorf("cookie %q, form %v", h.Get("Cookie"), form)
	}
	_, form = s.last(t, "auth::login")
	if _, ok := form["token"]; ok {
		t.Error("a token field before there is a token")
	}
	var input map[string]string
	if err := json.Unmarshal([]byte(form["input"]), &input); err != nil || input["username"] != "u" || input["password"] != "s3cret" {
		t.Errorf("input %q", form["input"])
	}
}

func TestLogoutEndsTheSessionEvenIfTheConsoleCannotBeTold(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		console *script
		call    call
		logout  string
		answer  responder
		fails   bool
	}{
		{"REST", restConsole(), feedCall, "DELETE /rest/token", said(`""`), false},
		{"REST, expired already", restConsole(), feedCall, "DELETE /rest/token", refusedWith(403, 12, "This request contains an invalid token."), false},
		{"REST, network down", restConsole(), feedCall, "DELETE /rest/token", broken(io.EOF), true},
		{"RPC", rpcConsole(), pluginCall, "auth::logout", said(`""`), false},
		{"RPC, out of order", rpcConsole(), pluginCall, "auth::logout", page(500), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := test.console.on(test.logout, test.answer)
			c := dial(t, s)
			if err := c.Logout(t.Context()); err != nil || len(s.requests) != 0 {
				t.Fatalf("logout without a session: %v, %q", err, s.requests)
			}
			if _, err := c.do(t.Context(), test.call, nil); err != nil {
				t.Fatal(err)
			}
			if err := c.Logout(t.Context()); (err != nil) != test.fails {
				t.Errorf("logout: %v", err)
			}
			h, form := s.last(t, test.logout)
			if h.Get("Cookie") == "" || h.Get("X-SecurityCenter")+form["token"] == "" {
				t.Error("logout without the session that is to end")
			}
			if test.logout == "auth::logout" && !strings.Contains(form["input"], "123456789") {
				t.Errorf("logout input %s", form["input"])
			}
			if s.count(test.logout) != 1 {
				t.Error("logout was repeated")
			}
			if current, _ := c.current(); current != nil {
				t.Error("the session is kept")
			}
		})
	}
}

func TestChangedCredentialsAreTakenUpAtTheNextLogin(t *testing.T) {
	t.Parallel()
	s := restConsole().on("POST /rest/token", func(req *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		if !strings.Contains(string(body), "new") {
			return refusedWith(403, 11, "no")(req)
		}
		return said(`{"token":"1"}`)(req)
	})
	password := "old"
	c := dial(t, s, func(o *Options) {
		o.Credentials = func() (Credentials, error) { return Credentials{Username: "u", Password: password}, nil }
	})
	if err := c.Login(t.Context()); !IsLoginRefused(err) {
		t.Fatal(err)
	}
	password = "new"
	if err := c.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// guard records what a LoginGuard hears.
type guard struct {
	mu     sync.Mutex
	forbid error
	heard  []error
	asked  int
}

func (g *guard) Allow(context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	return g.forbid
}

func (g *guard) Done(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.heard = append(g.heard, err)
}

func TestTheLoginGuardIsAskedAndTold(t *testing.T) {
	t.Parallel()
	g := &guard{}
	s := restConsole().on("POST /rest/token", refusedWith(403, 11, "no"), page(502), said(`{"token":1}`))
	c := dial(t, s, func(o *Options) { o.LoginGuard = g })
	for range 3 {
		_ = c.Login(t.Context()) // the guard hears how it ended
	}
	if g.asked != 3 || len(g.heard) != 3 || !IsLoginRefused(g.heard[0]) ||
		g.heard[1] == nil || IsLoginRefused(g.heard[1]) || g.heard[2] != nil {
		t.Errorf("asked %d times, heard %v", g.asked, g.heard)
	}
}

func TestTheLoginGuardHearsOfALoginThatPanics(t *testing.T) {
	t.Parallel()
	g := &guard{}
	c := dial(t, restConsole(), func(o *Options) {
		o.LoginGuard = g
		o.Credentials = func() (Credentials, error) { panic("out of order") }
	})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		_ = c.Login(t.Context())
	}()
	if len(g.heard) != 1 || g.heard[0] == nil || IsLoginRefused(g.heard[0]) {
		t.Errorf("heard %v, want a failure", g.heard)
	}
}

func TestAForbiddenLoginSendsNothing(t *testing.T) {
	t.Parallel()
	closed := errors.New("locked until noon")
	g := &guard{forbid: closed}
	s := restConsole()
	c := dial(t, s, func(o *Options) { o.LoginGuard = g })
	_, err := c.do(t.Context(), feedCall, nil)
	if !errors.Is(err, closed) || IsLoginRefused(err) || len(g.heard) != 0 {
		t.Errorf("error %v, guard heard %v", err, g.heard)
	}
	if len(s.requests) != 0 {
		t.Errorf("sent %q", s.requests)
	}
}

func TestCredentialsThatCannotBeReadFailTheLogin(t *testing.T) {
	t.Parallel()
	missing := errors.New("no such file")
	g := &guard{}
	c := dial(t, restConsole(), func(o *Options) {
		o.LoginGuard = g
		o.Credentials = func() (Credentials, error) { return Credentials{}, missing }
	})
	if err := c.Login(t.Context()); !errors.Is(err, missing) || IsLoginRefused(err) || len(g.heard) != 1 {
		t.Errorf("error %v, guard heard %v", err, g.heard)
	}
}

func TestManyCallsAtOnceLogInOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		token   responder
		refused bool
	}{
		"and go on":               {said(`{"token":5}`), false},
		"and share a refusal":     {refusedWith(403, 11, "no"), true},
		"and share other failure": {page(503), false},
	} {
		t.Run(name, func(t *testing.T) {
			const callers = 20
			waiting := make(chan struct{})
			s := restConsole().on("POST /rest/token", func(req *http.Request) (*http.Response, error) {
				<-waiting
				return test.token(req)
			})
			g := &guard{}
			c := dial(t, s, func(o *Options) { o.LoginGuard = g })
			var begun, all sync.WaitGroup
			errs := make([]error, callers)
			begun.Add(callers)
			for i := range callers {
				all.Go(func() {
					before := c.loginsSoFar()
					begun.Done()
					_, _, errs[i] = c.ensure(context.Background(), before)
				})
			}
			begun.Wait()
			close(waiting)
			all.Wait()
			if n := s.count("POST /rest/token"); n != 1 || g.asked != 1 {
				t.Errorf("%d logins, guard asked %d times", n, g.asked)
			}
			for _, err := range errs {
				if IsLoginRefused(err) != test.refused {
					t.Errorf("error %v", err)
				}
			}
			if slices.ContainsFunc(errs, func(err error) bool { return (err == nil) != (errs[0] == nil) }) {
				t.Errorf("callers disagree: %v", errs)
			}
		})
	}
}

// As 6.7 does: status 200 whatever becomes of the login, and two cookies.
func TestALoginIsJudgedByItsCodeAndTheLastCookieCounts(t *testing.T) {
	t.Parallel()
	s := restConsole().on("POST /rest/token", said(`{"token":1234567890}`,
		"Set-Cookie: TNS_SESSIONID=interim; path=/; HttpOnly", "Set-Cookie: TNS_SESSIONID=last; path=/; HttpOnly"))
	if _, err := dial(t, s).do(t.Context(), feedCall, nil); err != nil {
		t.Fatal(err)
	}
	if h, _ := s.last(t, "GET /rest/feed"); h.Get("Cookie") != "TNS_SESSIONID=last" || h.Get("X-SecurityCenter") != "1234567890" {
		t.Errorf("Cookie %q, X-SecurityCenter %q", h.Get("Cookie"), h.Get("X-SecurityCenter"))
	}
	s = restConsole().on("POST /rest/token", refusedWith(200, 11, "Invalid login credentials.", "Set-Cookie: TNS_SESSIONID=interim"))
	if err := dial(t, s).Login(t.Context()); !IsLoginRefused(err) {
		t.Errorf("error %v", err)
	}
}
