package scapi

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// call is one call of a console, spelled in both dialects. The one that the
// console does not speak may stay empty.
type call struct {
	endpoint  string // template without ids: "/scanResult/{id}", "vuln::query"
	class     Class
	slow      bool // takes as long as an analysis, although it is light
	once      bool // not safe to repeat
	writes    bool // changes something on the console, other than sessions
	noSession bool // works without login, and is made without it
	secret    bool // the answer holds what no error may quote
	bare      bool // the answer may be JSON without an envelope
	held      bool // the reply is decoded, and freed, by who asked
	// scan, if set, reads the envelope's response in passing.
	scan func(*wire.Reader)
	// body, if set, is where the answer is read into, instead of new memory.
	// Nothing that the call returns may then point into it.
	body *bytes.Buffer
	rest restCall
	rpc  rpcCall
}

// answer is what an envelope says besides its response.
type answer struct {
	time time.Time // the console's clock; zero if it does not tell
}

// target returns the console's dialect and version, asking and logging in if
// need be.
func (c *Client) target(ctx context.Context) (target, error) {
	if _, _, err := c.ensure(ctx, c.loginsSoFar()); err != nil {
		return target{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return target{dialect: c.state.dialect, version: parseVersion(c.state.version)}, nil
}

// do makes a call: session, one new login on expiry, gate, retries, bounds.
// It decodes the envelope's response into out, tolerantly: a pointer to a
// struct, a wire type, a *json.RawMessage for the text itself, or nil. With an
// *ActionError out is set too, as far as the answer can be read.
func (c *Client) do(ctx context.Context, k call, out any) (answer, error) {
	k.held = true
	var r reply
	var by way
	send := func(w way, s *session) (err error) {
		by = w
		r, err = c.try(ctx, k, w, s)
		return err
	}
	var err error
	if k.noSession {
		err = c.withoutSession(ctx, send)
	} else {
		err = c.withSession(ctx, send)
	}
	if err != nil {
		return answer{}, err
	}
	defer r.free()
	if k.endpoint == systemCall.endpoint || k.endpoint == systemInit {
		h := c.learnFrom(r, nil)
		if k.noSession && h.token != "" {
			// A client certificate has opened one session more. That it
			// could not be ended is no failure of the call.
			_ = c.end(ctx, by, newSession(h.token, h.cookie))
		}
	}
	err = decode(r.envelope.Response, out)
	if failed := r.unfulfilled(k, by.dialect); failed != nil {
		return answer{}, failed
	}
	if err != nil {
		return answer{}, &Error{Call: k.name(by.dialect), Status: r.status, Err: join(ErrMalformed, err)}
	}
	return answer{time: r.envelope.Timestamp.Time()}, nil
}

// withoutSession calls f as soon as the dialect is known.
func (c *Client) withoutSession(ctx context.Context, f func(w way, s *session) error) error {
	if _, err := c.Dialect(ctx); err != nil {
		return err
	}
	if err := c.detect(ctx); err != nil {
		return err
	}
	_, w := c.current()
	return f(w, nil)
}

// decode decodes a response. An envelope without one says nothing.
func decode(response json.RawMessage, out any) error {
	if raw, ok := out.(*json.RawMessage); ok {
		*raw = slices.Clone(response)
		return nil
	}
	if out == nil || len(response) == 0 {
		return nil
	}
	return wire.Decode(response, out)
}
