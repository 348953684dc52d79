package scapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Login logs in now instead of at the first call that needs it; with a session
// it does nothing. REST POST /token, with API keys GET /currentUser, with a
// client certificate GET /system; RPC auth::login, with a certificate
// system::init. Errors: IsLoginRefused, ErrSessionLimit, what
// Options.LoginGuard says, or the failure to reach the console.
func (c *Client) Login(ctx context.Context) error {
	_, _, err := c.ensure(ctx, c.loginsSoFar())
	return err
}

// Logout ends the session on the console, if there is one; API keys have none.
// The client forgets the session even if the console could not be told, and
// logs in anew when it is used again. REST DELETE /token, RPC auth::logout.
func (c *Client) Logout(ctx context.Context) error {
	if err := c.entrance.Acquire(ctx, 1); err != nil {
		return &Error{Call: "logout", Err: ended(ctx)}
	}
	defer c.entrance.Release(1)
	s, w := c.current()
	if s == nil {
		return nil
	}
	c.drop(s)
	if s.keys != "" {
		return nil
	}
	return c.end(ctx, w, s)
}

// end tells the console that a session is over.
func (c *Client) end(ctx context.Context, w way, s *session) error {
	_, err := c.attempt(ctx, call{
		endpoint: "/token",
		once:     true,
		rest:     restCall{Method: http.MethodDelete, Path: "/token"},
		rpc:      rpcCall{Module: "auth", Action: "logout", Input: map[string]string{"token": s.token}},
	}.labelled(w.dialect, "auth::logout"), w, s)
	if lost(err) {
		return nil // it was over already
	}
	return err
}

// labelled returns k with the endpoint that RPC has for it.
func (k call) labelled(dialect API, rpcEndpoint string) call {
	if dialect == RPC {
		k.endpoint = rpcEndpoint
	}
	return k
}

// guardedLogin logs in if the guard allows it.
func (c *Client) guardedLogin(ctx context.Context) (*session, error) {
	guard := c.options.LoginGuard
	if guard == nil {
		return c.login(ctx)
	}
	if err := guard.Allow(ctx); err != nil {
		return nil, &Error{Call: "login", Err: err}
	}
	err := errUnended
	defer func() { guard.Done(err) }() // also where a panic ends it, or others would wait for ever
	var s *session
	s, err = c.login(ctx)
	return s, err
}

var errUnended = errors.New("the login did not come to an end")

// login makes a session by whatever credentials there are, after finding out
// the dialect if need be.
func (c *Client) login(ctx context.Context) (*session, error) {
	credentials, err := c.options.Credentials()
	if err != nil {
		return nil, &Error{Call: "login", Err: fmt.Errorf("read credentials: %w", err)}
	}
	s, err := c.loginWith(ctx, credentials)
	var e *Error
	if errors.As(err, &e) {
		e.envelope = false // a refusal of the login, not of a call
	}
	return s, err
}

func (c *Client) loginWith(ctx context.Context, credentials Credentials) (*session, error) {
	_, w := c.current()
	certificate := credentials == Credentials{}
	var h hello
	// The first call of SecurityCenter 4 is system::init, login or not. With a
	// certificate the greeting itself logs in.
	if w.dialect != REST || certificate {
		var err error
		if h, err = c.greet(ctx); err != nil {
			return nil, err
		}
		_, w = c.current()
	}
	keys := credentials.AccessKey != "" || credentials.SecretKey != ""
	switch {
	case keys && w.dialect == RPC:
		return nil, &Error{Call: "login", Err: fmt.Errorf("%w: SecurityCenter 4 has no API keys", ErrUnsupported)}
	case keys && c.olderThanKeys():
		return nil, c.noKeys()
	case keys:
		return c.loginKeys(ctx, w, credentials)
	case certificate:
		return c.loginCertificate(ctx, w, h)
	}
	s, err := c.loginPassword(ctx, w, h, credentials)
	if err != nil {
		return nil, err
	}
	s.username = credentials.Username
	return s, c.introduce(ctx, w, s)
}

// tokenReply is the answer to a login.
type tokenReply struct {
	Token          wire.Str
	SessionID      wire.Str // RPC; the value of the cookie
	ReleaseSession wire.Bool
}

func (c *Client) loginPassword(ctx context.Context, w way, h hello, credentials Credentials) (*session, error) {
	k := call{
		endpoint: "/token",
		once:     true,
		secret:   true,
		rest: restCall{Method: http.MethodPost, Path: "/token", Body: map[string]any{
			"username": credentials.Username, "password": credentials.Password, "releaseSession": false,
		}},
		rpc: rpcCall{Module: "auth", Action: "login", Input: map[string]string{
			"username": credentials.Username, "password": credentials.Password,
		}},
	}.labelled(w.dialect, "auth::login")
	return c.token(ctx, k, w, h)
}

// loginCertificate takes the token that the greeting over a TLS connection
// with a client certificate gave. From 6.5 on REST may give none there, but
// at /token.
func (c *Client) loginCertificate(ctx context.Context, w way, h hello) (*session, error) {
	var s *session
	switch {
	case h.token != "":
		s = newSession(h.token, h.cookie)
	case h.full:
		return nil, &Error{Call: systemCall.labelled(w.dialect, systemInit).name(w.dialect), Err: ErrSessionLimit}
	case w.dialect == RPC && h.refusal != nil:
		return nil, loginError(h.refusal)
	case w.dialect == RPC:
		return nil, &Error{Call: systemInit, Message: "no token for the client certificate", Err: ErrLoginRefused}
	default:
		var err error
		s, err = c.token(ctx, call{
			endpoint: "/token",
			once:     true,
			secret:   true,
			rest:     restCall{Method: http.MethodPost, Path: "/token", Body: struct{}{}},
		}, w, h)
		if err != nil {
			return nil, err
		}
	}
	return s, c.introduce(ctx, w, s)
}

// token makes a login call and returns the session that it opened.
func (c *Client) token(ctx context.Context, k call, w way, h hello) (*session, error) {
	r, err := c.attemptAfresh(ctx, k, w, newSession("", h.cookie))
	var t tokenReply
	if r.envelope != nil && wire.Decode(r.envelope.Response, &t) == nil && t.Token == "" && t.ReleaseSession.True() {
		return nil, &Error{Call: k.name(w.dialect), Status: r.status, Err: ErrSessionLimit}
	}
	if err != nil {
		return nil, loginError(err)
	}
	if t.Token == "" {
		return nil, &Error{Call: k.name(w.dialect), Status: r.status, Err: fmt.Errorf("%w: no token", ErrMalformed)}
	}
	cookie := h.cookie
	for _, newer := range []string{string(t.SessionID), r.cookie} {
		if newer != "" {
			cookie = newer
		}
	}
	return newSession(string(t.Token), cookie), nil
}

// loginError tells a refusal of the credentials, which counts towards a lock, from
// all else that can go wrong with a login. Only the console's own envelope refuses:
// a page of HTML is that of a firewall or a proxy, whatever its status. No recording
// of a wrong password exists, so any code but those that are known to speak of
// something else is one.
func loginError(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	e.fault = noFault // there was no session to lose
	switch {
	case !e.judged || retryable(err) || e.Status >= 500:
	case sessionsTaken.MatchString(e.words()):
		e.Err = join(ErrSessionLimit, e.Err)
	case e.Code == codeInvalidToken || e.Code == codeNoResource:
	default:
		e.Err = join(ErrLoginRefused, e.Err)
	}
	return err
}

// join is errors.Join on one line.
func join(first, second error) error {
	if second == nil {
		return first
	}
	return fmt.Errorf("%w: %w", first, second)
}

// olderThanKeys reports whether the console is known to be of a version without
// API keys.
func (c *Client) olderThanKeys() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.dialect == REST && parseVersion(c.state.version).before(5, 13)
}

func (c *Client) noKeys() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &Error{Call: "login", Err: fmt.Errorf("API keys: %w: it is of version %s, and 5.13 is the first that knows them; use a password or a certificate", ErrUnsupported, c.state.version)}
}

// loginKeys checks API keys, for which there is no login.
func (c *Client) loginKeys(ctx context.Context, w way, credentials Credentials) (*session, error) {
	s := &session{keys: keysHeader(credentials.AccessKey, credentials.SecretKey)}
	who, err := c.currentUser(ctx, w, s)
	if err != nil {
		// A console that is too old takes the keys for no session at all. It may
		// not have been asked yet how old it is.
		if e := (*Error)(nil); errors.As(err, &e) && e.judged {
			if _, greeting := c.greet(ctx); greeting == nil && c.olderThanKeys() {
				return nil, c.noKeys()
			}
		}
		return nil, loginError(err)
	}
	c.learn(func(state *state) { state.identity = who })
	return s, c.learnVersion(ctx, w, s)
}

// introduce learns who a new session belongs to and what version answers. Only
// a session that does not hold fails the login: the rest can be asked later.
func (c *Client) introduce(ctx context.Context, w way, s *session) error {
	if w.dialect == RPC {
		c.learn(func(state *state) {
			// Kept over logins of the same user: it costs a query.
			if state.identity != nil && state.identity.Username != s.username {
				state.identity = nil
			}
		})
		return nil
	}
	who, err := c.currentUser(ctx, w, s)
	if lost(err) {
		return err
	}
	c.learn(func(state *state) { state.identity = who })
	return c.learnVersion(ctx, w, s)
}

// learnVersion asks for the version after a login, before which REST consoles
// from 5.20 on do not tell.
func (c *Client) learnVersion(ctx context.Context, w way, s *session) error {
	r, err := c.try(ctx, systemCall, w, s)
	if lost(err) {
		return err
	}
	if err == nil {
		c.learnFrom(r, nil)
	}
	return nil
}

// learn changes what the client knows of the console.
func (c *Client) learn(change func(*state)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.state)
}
