package scapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// listCall is a list in both dialects: of a REST resource, and below a key of
// the answer of a module's init action.
type listCall struct {
	path, fields string
	query        url.Values
	module, key  string
}

// listOf reads a list.
func listOf[T any](ctx context.Context, c *Client, l listCall) (wire.List[T], error) {
	t, err := c.target(ctx)
	if err != nil {
		return wire.List[T]{}, err
	}
	var list wire.List[T]
	if t.dialect == RPC {
		list, _, err = rpcList[T](ctx, c, l.module, l.key)
	} else {
		list, _, err = restList[T](ctx, c, l.path, l.fields, l.query)
	}
	return list, err
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
