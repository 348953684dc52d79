package scapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// restObject reads the object at endpoint, in which {id} stands for the id,
// with these fields, or with those that it gives by itself where the console
// refuses the list of fields.
func restObject[T any](ctx context.Context, c *Client, endpoint, id, fields string) (raws[T], error) {
	k := call{endpoint: endpoint, rest: restCall{
		Method: http.MethodGet, Path: strings.Replace(endpoint, "{id}", id, 1), Query: url.Values{"fields": {fields}},
	}}
	var r raws[T]
	_, err := c.do(ctx, k, &r)
	if refusesFields(err) {
		k.rest.Query = nil
		r = raws[T]{}
		_, err = c.do(ctx, k, &r)
	}
	return r, err
}

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

// missing says that a list of SecurityCenter 4 has no object of this id.
func missing(what, id string) error { return fmt.Errorf("%s %s: %w", what, id, ErrNotFound) }
