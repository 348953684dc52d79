package scapi

import (
	"context"
	"net/http"
	"sync/atomic"
)

// sessionCookieName is the cookie of both dialects. It is kept by hand: it
// says "secure" even where a console, or a simulated one, is reached by http.
const sessionCookieName = "TNS_SESSIONID"

// session is what the requests of a logged-in account carry: token and cookie,
// or API keys. A nil session carries nothing.
type session struct {
	token    string // as text: it has ten digits and more
	keys     string // value of x-apikey; with it neither token nor cookie is sent
	username string
	cookie   atomic.Pointer[string]
}

func newSession(token, cookie string) *session {
	s := &session{token: token}
	s.cookie.Store(&cookie)
	return s
}

// authorize adds the session to a request.
func (s *session) authorize(req *http.Request, dialect API) {
	if s == nil {
		return
	}
	if s.keys != "" {
		req.Header.Set("X-Apikey", s.keys)
		return
	}
	if dialect == REST && s.token != "" {
		req.Header.Set("X-Securitycenter", s.token)
	}
	if value := s.cookie.Load(); value != nil && *value != "" {
		req.AddCookie(&http.Cookie{Name: sessionCookieName, Value: *value}) //nolint:gosec // the cookie of a request has no attributes
	}
}

// rpcToken is the form field of RPC; empty without a session.
func (s *session) rpcToken() string {
	if s == nil {
		return ""
	}
	return s.token
}

// renewCookie takes the cookie of an answer to a request of this session.
func (s *session) renewCookie(value string) {
	if s != nil && s.keys == "" && value != "" {
		s.cookie.Store(&value)
	}
}

// hearCookies takes up the cookies that an answer sets as secrets.
func (m *mask) hearCookies(resp *http.Response) {
	const short = 8 // others than that of the session may be no secret
	for _, cookie := range resp.Cookies() {
		if cookie.Name == sessionCookieName || len(cookie.Value) >= short {
			m.meet(cookie.Value)
		}
	}
}

// sessionCookie returns the session cookie that an answer sets, or "".
func sessionCookie(resp *http.Response) string {
	value := ""
	for _, cookie := range resp.Cookies() {
		if cookie.Name == sessionCookieName && cookie.MaxAge >= 0 && cookie.Value != "deleted" {
			value = cookie.Value
		}
	}
	return value
}

// withSession calls f with a session, logging in if need be. If f finds the
// session over, it is called once more with a new one.
func (c *Client) withSession(ctx context.Context, f func(w way, s *session) error) error {
	before := c.loginsSoFar()
	s, w, err := c.ensure(ctx, before)
	if err != nil {
		return err
	}
	if err = f(w, s); !lost(err) {
		return err
	}
	c.drop(s)
	if s, w, err = c.ensure(ctx, before); err != nil {
		return err
	}
	return f(w, s)
}

// ensure returns the session, logging in if there is none. Callers at the same
// time share one login: whoever waited for one that failed gets its error.
// The number of logins when the caller's call began tells which it waited for.
func (c *Client) ensure(ctx context.Context, before int64) (*session, way, error) {
	if s, w := c.current(); s != nil {
		return s, w, nil
	}
	if err := c.entrance.Acquire(ctx, 1); err != nil {
		return nil, way{}, &Error{Call: "login", Err: ended(ctx)}
	}
	defer c.entrance.Release(1)
	if s, w := c.current(); s != nil {
		return s, w, nil
	}
	if err := c.failedSince(before); err != nil {
		return nil, way{}, err
	}
	s, err := c.guardedLogin(ctx)
	if err != nil {
		s = nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.logins++
	c.state.session, c.state.lastLogin = s, err
	if err != nil && ctx.Err() != nil && !IsLoginRefused(err) {
		c.state.lastLogin = nil // the end of this caller is nobody else's failure
	}
	return s, way{c.state.dialect, c.state.rpcPath}, err
}

// current returns the session, or nil, and the way to the console.
func (c *Client) current() (*session, way) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.session, way{c.state.dialect, c.state.rpcPath}
}

// drop forgets a session that is over, unless there is a newer one already.
func (c *Client) drop(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.session == s {
		c.state.session = nil
	}
}

func (c *Client) loginsSoFar() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.logins
}

// failedSince returns how the latest login failed, if it ended after there
// were before logins.
func (c *Client) failedSince(before int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.logins > before {
		return c.state.lastLogin
	}
	return nil
}
