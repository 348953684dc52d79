package scapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// subjects is what the calls of a Client remember between them. The zero value
// is ready for use.
type subjects struct {
	mu      sync.Mutex
	skew    time.Duration    // the console's clock minus ours, by the latest answer
	plugins map[string]int64 // the latest plugin counts, by the wire's type
	xrefs   []string         // names of cross references; nil: not learnt
}

// hear takes the console's time from an answer, if it has one.
func (s *subjects) hear(console time.Time) {
	if console.IsZero() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew = time.Until(console)
}

// now is the time by the console's clock, as far as it is known.
func (c *Client) now() time.Time {
	c.subjects.mu.Lock()
	defer c.subjects.mu.Unlock()
	return time.Now().Add(c.subjects.skew)
}

// get is a call of a REST resource. The path is the template of its endpoint
// too, so it holds no ids.
func get(path string, query url.Values) call {
	return call{endpoint: path, rest: restCall{Method: http.MethodGet, Path: path, Query: query}}
}

// action is a call of an action of a SecurityCenter 4 module.
func action(module, name string, input any) call {
	return call{endpoint: module + "::" + name, rpc: rpcCall{Module: module, Action: name, Input: input}}
}

// restList reads a REST list with these fields. A console that refuses the
// field list, for instance because its version does not know one of them, is
// asked again for the fields that it gives by itself.
func restList[T any](ctx context.Context, c *Client, path, fields string, query url.Values) (wire.List[T], answer, error) {
	asked := url.Values{"fields": {fields}}
	for name, values := range query {
		asked[name] = values
	}
	var l wire.List[T]
	a, err := c.do(ctx, get(path, asked), &l)
	if refusesFields(err) {
		delete(asked, "fields")
		a, err = c.do(ctx, get(path, asked), &l)
	}
	return l, a, err
}

// refusesFields reports whether err may be due to a field that the console does
// not know: code 146, or a 403 that is about neither permission nor session.
func refusesFields(err error) bool {
	var refusal *Error
	if !errors.As(err, &refusal) || !Answered(err) || IsNotFound(err) {
		return false
	}
	const invalidParameters = 146
	return refusal.Code == invalidParameters || refusal.Status == http.StatusForbidden && !IsPermission(err)
}

// rpcList reads the list below one key of the answer of an init action.
func rpcList[T any](ctx context.Context, c *Client, module, key string) (wire.List[T], answer, error) {
	u := under[T]{key: key}
	a, err := c.do(ctx, action(module, "init", nil), &u)
	return u.list, a, err
}

// under is a list below one key of an answer.
type under[T any] struct {
	key  string
	list wire.List[T]
	err  error
}

func (u *under[T]) UnmarshalJSON(b []byte) error {
	u.list, u.err = wire.Under[T](b, u.key)
	return nil
}

// Err is not nil if there is no list but something else.
func (u *under[T]) Err() error { return u.err }

// raws passes on the text of an answer beside its decoded form.
type raws[T any] struct {
	value T
	raw   json.RawMessage
	err   error
}

func (r *raws[T]) UnmarshalJSON(b []byte) error {
	r.raw = append(r.raw[:0:0], b...)
	r.err = wire.Decode(b, &r.value)
	return nil
}

// Err is not nil if the answer has nothing to do with T.
func (r *raws[T]) Err() error { return r.err }

// optInt is i unless it is negative, which is how consoles say "unknown".
func optInt(i wire.Int) Opt[int64] {
	n, ok := i.Get()
	if !ok || n < 0 {
		return Opt[int64]{}
	}
	return Some(n)
}

// optFloat is f unless it is negative.
func optFloat(f wire.Float) Opt[float64] {
	n, ok := f.Get()
	if !ok || n < 0 {
		return Opt[float64]{}
	}
	return Some(n)
}

func optBool(b wire.Bool) Opt[bool] {
	v, ok := b.Get()
	return Opt[bool]{Value: v, Valid: ok}
}

// optSeconds is a duration in seconds unless it is negative.
func optSeconds(i wire.Int) Opt[time.Duration] {
	n, ok := optInt(i).Get()
	if !ok || n > int64(time.Duration(1<<63-1)/time.Second) {
		return Opt[time.Duration]{}
	}
	return Some(time.Duration(n) * time.Second)
}

// firstOf returns the first value that is present.
func firstOf[T any](values ...Opt[T]) Opt[T] {
	for _, v := range values {
		if v.Valid {
			return v
		}
	}
	return Opt[T]{}
}
