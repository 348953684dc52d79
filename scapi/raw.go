package scapi

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// RawCall is a call that this package does not model. Method and Path are for
// REST, Module and Action for RPC; the ones of the other dialect may stay empty.
type RawCall struct {
	Method, Path   string // GET, /scanResult/12 (below /rest), not escaped
	Query          url.Values
	Module, Action string
	Body           any // JSON body (REST) or input (RPC); nil: none
	Header         http.Header
}

// call of the package for a raw one. It is repeated after a temporary failure
// only if it is known to change nothing.
func (r RawCall) call() call {
	method := strings.ToUpper(r.Method)
	writes := !readsREST(method, r.Path) || !readsRPC(r.Action)
	return call{
		endpoint: "raw",
		bare:     true,
		once:     writes,
		writes:   writes,
		rest:     restCall{Method: method, Path: r.Path, Query: r.Query, Body: r.Body, Header: r.Header},
		rpc:      rpcCall{Module: r.Module, Action: r.Action, Input: r.Body, Header: r.Header},
	}
}

func readsREST(method, path string) bool {
	switch method {
	case "", http.MethodGet, http.MethodHead:
		return true
	case http.MethodPost:
		return path == "/analysis" || strings.HasSuffix(path, "/download")
	}
	return false
}

func readsRPC(action string) bool {
	switch action {
	case "", "init", "query", "download":
		return true
	}
	return strings.HasPrefix(action, "get")
}

// Raw makes a call and returns the envelope's response, undecoded; of an answer
// that is JSON without an envelope, such as that of GET /cve/{id}, all of it.
// Without a spelling for the console's dialect it is ErrUnsupported. The account
// is logged in first, as for any call. A change that the console could not make
// is an *ActionError, beside which the response is returned too.
func (c *Client) Raw(ctx context.Context, call RawCall) (json.RawMessage, error) {
	var response json.RawMessage
	_, err := c.do(ctx, call.call(), &response)
	return response, err
}

// RawStream makes a call and returns the answer's body as it comes, for answers that are no
// envelope, such as downloads. An error envelope is returned as an error. Options.Timeout
// bounds the wait for the header only, ctx all of it; MaxBody does not apply, and nothing is
// tried again. The caller closes the body: until then the request is inside Options.Gate, and
// only then Observe hears of it.
func (c *Client) RawStream(ctx context.Context, call RawCall) (io.ReadCloser, error) {
	var body io.ReadCloser
	err := c.withSession(ctx, func(w way, s *session) error {
		d, err := c.stream(ctx, call.call(), w, s)
		if err == nil {
			body = d
		}
		return err
	})
	return body, err
}
