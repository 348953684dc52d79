package sctest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestASessionNeedsItsCookieAndItsToken(t *testing.T) {
	t.Parallel()
	c := newClient(t, sctest.Start(t, sctest.Options{Hosts: 10})).analyst()
	if e := c.rest(http.MethodGet, "/currentUser", nil); e.Status != http.StatusOK {
		t.Fatalf("status %d", e.Status)
	}
	for name, broken := range map[string]client{
		"no cookie": {t: t, s: c.s, http: c.http, token: c.token},
		"no token":  {t: t, s: c.s, http: c.http, cookie: c.cookie},
		"a guess":   {t: t, s: c.s, http: c.http, cookie: c.cookie, token: "1"},
	} {
		e := broken.rest(http.MethodGet, "/currentUser", nil)
		if e.Status != http.StatusForbidden || e.Code != 12 || !strings.HasPrefix(e.Type, "text/html") || strings.HasSuffix(e.Body, "\n") {
			t.Errorf("%s: status %d, code %d, type %s, body %q", name, e.Status, e.Code, e.Type, e.Body)
		}
	}
	if e := c.rest(http.MethodDelete, "/token", nil); e.Status != http.StatusOK || string(e.Response) != `""` {
		t.Errorf("logout: %s", e.Body)
	}
	if e := c.rest(http.MethodGet, "/currentUser", nil); e.Code != 12 || c.s.Sessions() != 0 {
		t.Errorf("after logout: code %d, %d sessions", e.Code, c.s.Sessions())
	}
}

func TestASessionEndsWhenItIsIdle(t *testing.T) {
	t.Parallel()
	now := clock
	s := sctest.Start(t, sctest.Options{Hosts: 10, SessionTimeout: time.Minute, Now: func() time.Time { return now }})
	c := newClient(t, s).analyst()
	for range 3 { // use keeps it alive
		now = now.Add(50 * time.Second)
		if e := c.rest(http.MethodGet, "/currentUser", nil); e.Status != http.StatusOK {
			t.Fatalf("status %d", e.Status)
		}
	}
	now = now.Add(time.Minute)
	if e := c.rest(http.MethodGet, "/currentUser", nil); e.Code != 12 {
		t.Errorf("idle for a minute: code %d", e.Code)
	}
}

func TestTheSessionLimitAnswersWithoutAToken(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 10, SessionLimit: 1})
	first := newClient(t, s).analyst()
	login := map[string]any{"username": sctest.AnalystUsername, "password": sctest.AnalystPassword}
	second := newClient(t, s)
	if e := second.rest(http.MethodPost, "/token", login); e.Status != 200 || e.Code != 0 || string(e.Response) != `{"releaseSession":true}` {
		t.Fatalf("at the limit: %s", e.Body)
	}
	login["releaseSession"] = true
	if e := second.rest(http.MethodPost, "/token", login); !strings.Contains(e.Body, `"token":`) {
		t.Fatalf("with releaseSession: %s", e.Body)
	}
	if e := first.rest(http.MethodGet, "/currentUser", nil); e.Code != 12 {
		t.Errorf("the first session is still open: %s", e.Body)
	}
}

func TestRefusedLoginsLockTheUser(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		s := sctest.Start(t, sctest.Options{Dialect: dialect, Hosts: 10, LockAfter: 3})
		c := newClient(t, s)
		login := func(password string) envelope {
			in := map[string]string{"username": sctest.AnalystUsername, "password": password}
			if dialect == sctest.RPC {
				return c.rpc("auth", "login", in)
			}
			return c.rest(http.MethodPost, "/token", in)
		}
		for range 3 {
			if e := login("wrong"); e.Code == 0 || dialect == sctest.RPC && e.Status != 200 {
				t.Fatalf("%s: wrong password: status %d, code %d", dialect, e.Status, e.Code)
			}
		}
		if e := login(sctest.AnalystPassword); e.Code == 0 || !s.Locked(sctest.AnalystUsername) {
			t.Errorf("%s: not locked: %s", dialect, e.Body)
		}
		s.Unlock(sctest.AnalystUsername)
		if e := login(sctest.AnalystPassword); e.Code != 0 {
			t.Errorf("%s: still locked: %s", dialect, e.Body)
		}
	}
}

func TestAPIKeysAreChecked(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 10})
	right := "accessKey=" + sctest.AnalystAccessKey + "; secretKey=" + sctest.AnalystSecretKey + ";"
	session := newClient(t, s).analyst()
	for _, tt := range []struct {
		name         string
		key, token   string
		status, code int
	}{
		{"right keys", right, "", 200, 0},
		{"wrong keys are refused with code 0", "accesskey=a; secretkey=b", "", 403, 0},
		{"keys and a session together", right, session.token, 400, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newClient(t, s)
			c.key, c.token = tt.key, tt.token
			if e := c.rest(http.MethodGet, "/currentUser", nil); e.Status != tt.status || e.Code != tt.code {
				t.Errorf("status %d, code %d", e.Status, e.Code)
			}
		})
	}
}

func TestAClientCertificateLogsIn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		options sctest.Options
		first   bool // the first call gives the token
	}{
		{"REST", sctest.Options{}, true},
		{"REST 6.5 needs a login without a password", sctest.Options{Version: "6.5.1"}, false},
		{"RPC", sctest.Options{Dialect: sctest.RPC}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.options.Hosts = 10
			s := sctest.StartTLS(t, tt.options)
			transport, err := s.ClientTransport(sctest.AnalystUsername)
			if err != nil {
				t.Fatal(err)
			}
			defer transport.CloseIdleConnections()
			c := newClient(t, s)
			c.http = transport
			var out struct{ Token, Version any }
			if tt.options.Dialect == sctest.RPC {
				c.decode(c.rpc("system", "init", map[string]any{}), &out)
			} else {
				c.decode(c.rest(http.MethodGet, "/system", nil), &out)
			}
			if (out.Token != nil) != tt.first || out.Version == nil {
				t.Errorf("%+v", out)
			}
			if !tt.first {
				c.decode(c.rest(http.MethodPost, "/token", map[string]any{}), &out)
				if out.Token == nil {
					t.Error("no token from POST /token either")
				}
			}
			stranger := newClient(t, s)
			if e := stranger.rest(http.MethodGet, "/system", nil); tt.options.Dialect == sctest.REST && strings.Contains(e.Body, `"version"`) {
				t.Errorf("a stranger sees the version: %s", e.Body)
			}
		})
	}
}

func TestTheVersionIsHiddenFrom520On(t *testing.T) {
	t.Parallel()
	for version, shown := range map[string]bool{"5.19.0": true, "5.20.0": false, "5.8.0": true} {
		c := newClient(t, sctest.Start(t, sctest.Options{Version: version, Hosts: 10}))
		e := c.rest(http.MethodGet, "/system", nil)
		if got := strings.Contains(e.Body, `"version":"`+version); got != shown {
			t.Errorf("%s: version in the body: %v", version, got)
		}
		if got := e.Header.Get("SecurityCenter") == version; got != shown {
			t.Errorf("%s: header: %q", version, e.Header.Get("SecurityCenter"))
		}
	}
}

func TestEachKindOfAccountIsRefusedWhatTheOtherMayDo(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 10})
	admin, analyst := newClient(t, s).admin(), newClient(t, s).analyst()
	query := map[string]any{"type": "vuln", "sourceType": "cumulative", "query": map[string]any{"tool": "sumip", "type": "vuln"}}
	for _, tt := range []struct {
		method, path string
		in           any
		admin, org   bool
	}{
		{http.MethodGet, "/status", nil, true, true},
		{http.MethodGet, "/feed", nil, true, true},
		{http.MethodGet, "/scanner", nil, true, true},
		{http.MethodGet, "/job", nil, true, false},
		{http.MethodGet, "/organization", nil, true, false},
		{http.MethodGet, "/system/diagnostics", nil, true, false},
		{http.MethodGet, "/scanner/1/health", nil, true, false},
		{http.MethodGet, "/scan", nil, false, true},
		{http.MethodGet, "/scanResult", nil, false, true},
		{http.MethodGet, "/group", nil, false, true},
		{http.MethodPost, "/analysis", query, false, true},
	} {
		for _, who := range []struct {
			name    string
			c       *client
			allowed bool
		}{{"admin", admin, tt.admin}, {"analyst", analyst, tt.org}} {
			e := who.c.rest(tt.method, tt.path, tt.in)
			if allowed := e.Status == http.StatusOK; allowed != who.allowed || !allowed && !strings.Contains(e.Msg, "permission") {
				t.Errorf("%s, %s %s: status %d, %s", who.name, tt.method, tt.path, e.Status, e.Msg)
			}
		}
	}
}

func TestAnAccountSeesItsRepositoriesOnly(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 200, Now: fixed, UnassignedRepository: true, Accounts: []sctest.Account{
		{Username: sctest.AdminUsername, Password: sctest.AdminPassword, Administrator: true},
		{Username: sctest.AnalystUsername, Password: sctest.AnalystPassword, Repositories: []string{"2", "4"}},
	}})
	c := newClient(t, s).analyst()
	want, _ := count(s, func(f sctest.Finding) bool { return f.Open() && f.Host.Repository == "2" }) // the fourth is unassigned
	if got := c.severities("cumulative"); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	if e := c.ask("sumip", "cumulative", 0, 1, filter{"repositoryIDs", "=", "1"}); e.Status != http.StatusForbidden {
		t.Errorf("somebody else's repository: status %d", e.Status)
	}
	var seen, all []struct{ ID string }
	c.decode(c.rest(http.MethodGet, "/repository", nil), &seen)
	c.admin().decode(c.rest(http.MethodGet, "/repository", nil), &all)
	if len(seen) != 1 || len(all) != 4 {
		t.Errorf("the user sees %d repositories, the administrator %d", len(seen), len(all))
	}
}

// 6.7 answers a login with status 200 whatever becomes of it, and sets two cookies, of which the last counts.
func TestALoginOf67SaysInItsCodeHowItWent(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Version: "6.7.2", Hosts: 10})
	c := newClient(t, s)
	login := map[string]any{"username": sctest.AnalystUsername, "password": "wrong"}
	if e := c.rest(http.MethodPost, "/token", login); e.Status != 200 || e.Code == 0 || e.Msg == "" {
		t.Errorf("a wrong password: %d, %s", e.Status, e.Body)
	}
	login["password"] = sctest.AnalystPassword
	e := c.rest(http.MethodPost, "/token", login)
	if !strings.Contains(e.Body, `"error_code":0`) {
		t.Fatalf("the right one: %s", e.Body)
	}
	var out struct{ Token json.Number }
	c.decode(e, &out)
	cookies := e.Header.Values("Set-Cookie")
	if len(cookies) != 2 || cookies[0] == cookies[1] {
		t.Fatalf("cookies %q", cookies)
	}
	for i, line := range cookies {
		value, _, _ := strings.Cut(strings.TrimPrefix(line, "TNS_SESSIONID="), ";")
		for token, status := range map[string]int{out.Token.String(): []int{403, 200}[i], "": 403} {
			one := client{t: t, s: s, http: s.Transport(), cookie: value, token: token}
			if e := one.rest(http.MethodGet, "/currentUser", nil); e.Status != status {
				t.Errorf("cookie %d, token %q: %d, want %d", i+1, token, e.Status, status)
			}
		}
	}
	for version, want := range map[string]string{"6.4.0": "", "6.5.1": "", "6.6.0": "vuln_intel", "6.7.0": "vuln_intel hasLces"} {
		c := newClient(t, sctest.Start(t, sctest.Options{Version: version, Hosts: 10})).admin()
		var system map[string]any
		c.decode(c.rest(http.MethodGet, "/system", nil), &system)
		var got []string
		for _, name := range []string{"vuln_intel", "hasLces"} {
			if _, told := system[name]; told {
				got = append(got, name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("/system of %s has %q, want %s", version, got, want)
		}
	}
}
