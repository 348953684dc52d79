package scapi

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/upload"
)

// rpcCall is a call of SecurityCenter 4, an action of a module: POST of a form
// with both and a JSON text as input.
type rpcCall struct {
	Module, Action string
	Input          any          // encoded as a JSON object; nil: {}
	File           *upload.File // makes the form a multipart one
	Header         http.Header
}

// request makes the request for an endpoint, the whole URL of request.php. The
// token is a form field; it is left out when empty.
func (r rpcCall) request(ctx context.Context, endpoint *url.URL, token string) (*http.Request, error) {
	input := []byte("{}")
	if r.Input != nil {
		var err error
		if input, err = json.Marshal(r.Input); err != nil {
			return nil, fmt.Errorf("encode input: %w", err)
		}
	}
	fields := map[string]string{
		// Any integer will do; the first clients drew it from this range.
		"request_id": strconv.Itoa(10000 + rand.IntN(10001)),
		"module":     r.Module,
		"action":     r.Action,
		"input":      string(input),
	}
	if token != "" {
		fields["token"] = token
	}
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	for name, values := range r.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if r.File != nil {
		req.GetBody = nil
		if err := r.File.Attach(req, fields); err != nil {
			return nil, err
		}
	}
	return req, nil
}

// action is a call of an action of a SecurityCenter 4 module.
func action(module, name string, input any) call {
	return call{endpoint: module + "::" + name, rpc: rpcCall{Module: module, Action: name, Input: input}}
}

// writeAction is a call of an action that changes something.
func writeAction(module, name string, input any) call {
	k := action(module, name, input)
	k.once, k.writes = true, true
	return k
}
