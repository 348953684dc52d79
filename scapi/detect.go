package scapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// rpcPaths are where request.php may be: 4.0 to 4.2 have it below /sc4.
var rpcPaths = [...]string{"/request.php", "/sc4/request.php"}

// systemCall greets a console in either dialect; it needs no login, and with a
// client certificate it is one.
var systemCall = call{
	endpoint: "/system",
	secret:   true,
	rest:     restCall{Method: http.MethodGet, Path: "/system"},
	rpc:      rpcCall{Module: "system", Action: "init"},
}

// systemInit is what the endpoint of systemCall is called on RPC.
const systemInit = "system::init"

// hello is what a console says to a greeting.
type hello struct {
	token, cookie string // of a session, if the client certificate opened one
	full          bool   // the user of the client certificate has all sessions that he may have
	refusal       error  // the console's own; nil: there is none. Clients without a certificate log in all the same
}

// Dialect returns the protocol the console speaks, REST or RPC, after asking
// it if need be: REST GET /system, RPC system::init.
func (c *Client) Dialect(ctx context.Context) (API, error) {
	if _, w := c.current(); w.dialect != Auto {
		return w.dialect, nil
	}
	credentials, err := c.options.Credentials()
	if err == nil && credentials == (Credentials{}) {
		// The greeting will open a session, which must not get lost.
		err = c.Login(ctx)
	} else {
		err = c.detect(ctx)
	}
	if _, w := c.current(); w.dialect != Auto {
		return w.dialect, nil
	}
	return "", err
}

// detect finds out the dialect and the path of request.php without logging in.
func (c *Client) detect(ctx context.Context) error {
	if err := c.entrance.Acquire(ctx, 1); err != nil {
		return &Error{Call: "detect", Err: ended(ctx)}
	}
	defer c.entrance.Release(1)
	if _, w := c.current(); w.known() {
		return nil
	}
	_, err := c.greet(ctx)
	return err
}

// known reports whether requests can be made this way.
func (w way) known() bool { return w.dialect == REST || w.rpcPath != "" }

// Version returns the console's version, "6.4.0"; empty where it does not say.
// It is learnt at login: REST GET /system, RPC system::init.
func (c *Client) Version(ctx context.Context) (string, error) {
	if _, err := c.target(ctx); err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.version, nil
}

// greet says hello to the console, and so finds out the dialect and the path
// of request.php where they are not known yet. The caller holds the entrance.
func (c *Client) greet(ctx context.Context) (hello, error) {
	_, w := c.current()
	switch w.dialect {
	case REST:
		return c.greetREST(ctx)
	case RPC:
		return c.greetRPC(ctx, w.rpcPath)
	}
	h, restErr := c.greetREST(ctx)
	if !elsewhere(restErr) {
		return h, restErr
	}
	h, rpcErr := c.greetRPC(ctx, "")
	if !elsewhere(rpcErr) {
		return h, rpcErr
	}
	if errors.Is(restErr, ErrRedirect) {
		return hello{}, restErr
	}
	return hello{}, fmt.Errorf("%w: %w; %w", ErrNoConsole, restErr, rpcErr)
}

// elsewhere reports whether an answer shows that this dialect is not spoken at
// the address: a page of some web server, or a redirect, but no failure of the
// network or of a server that is out of order.
func elsewhere(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.anywhere
}

func (c *Client) greetREST(ctx context.Context) (hello, error) {
	r, err := c.attemptAfresh(ctx, systemCall, way{dialect: REST}, nil)
	if r.envelope == nil {
		return hello{}, err
	}
	// Any envelope will do, also one that says no.
	c.learn(func(state *state) { state.dialect = REST })
	if retryable(err) {
		return hello{}, err
	}
	return c.learnFrom(r, err), nil
}

// greetRPC tries the known path of request.php, or all of them.
func (c *Client) greetRPC(ctx context.Context, known string) (hello, error) {
	paths := rpcPaths[:]
	if known != "" {
		paths = []string{known}
	}
	var first error
	for _, path := range paths {
		r, err := c.attemptAfresh(ctx, systemCall.labelled(RPC, systemInit), way{RPC, path}, nil)
		switch {
		case r.envelope != nil:
			c.learn(func(state *state) { state.dialect, state.rpcPath = RPC, path })
			if retryable(err) {
				return hello{}, err
			}
			return c.learnFrom(r, err), nil
		case !elsewhere(err):
			return hello{}, err
		case first == nil:
			first = err
		}
	}
	// The console may have been upgraded to one that speaks REST.
	c.learn(func(state *state) { state.dialect, state.rpcPath = c.options.API, "" })
	return hello{}, first
}

// plainVersion is what no secret looks like, except a short one.
var plainVersion = regexp.MustCompile(`^\d{1,3}(\.\d{1,4}){1,3}$`)

// learnFrom takes the version from an answer to systemCall, and returns the
// session that it may hold, or why it holds none.
func (c *Client) learnFrom(r reply, refusal error) hello {
	var answer struct {
		Version          wire.Str
		Token, SessionID wire.Str
		ReleaseSession   wire.Bool
	}
	// What cannot be read is absent.
	_ = wire.Decode(r.envelope.Response, &answer)
	v := string(answer.Version)
	if v == "" {
		v = r.header.Get("SecurityCenter") // up to 5.19
	}
	if v != "" {
		shown := v
		if !plainVersion.MatchString(v) {
			shown = c.mask.quoted(v, maxExcerpt)
		}
		c.learn(func(state *state) { state.version = shown })
	}
	h := hello{token: string(answer.Token), cookie: r.cookie, full: answer.ReleaseSession.True(), refusal: refusal}
	if h.cookie == "" {
		h.cookie = string(answer.SessionID)
	}
	return h
}
