package scapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/upload"
)

// restCall is a call of the REST dialect, Tenable.sc 5 and Security Center 6: a
// request below /rest.
type restCall struct {
	Method string
	Path   string // "/scanResult/12", not escaped
	Query  url.Values
	Body   any          // encoded as JSON; nil: no body
	File   *upload.File // instead of Body
	Header http.Header
}

// request makes the request for a console at base, without credentials.
func (r restCall) request(ctx context.Context, base *url.URL) (*http.Request, error) {
	if !strings.HasPrefix(r.Path, "/") {
		return nil, wrongArgument("path does not start with /")
	}
	for segment := range strings.SplitSeq(r.Path, "/") {
		if segment == ".." || segment == "." {
			return nil, wrongArgument("path contains %q", segment)
		}
	}
	target := *base
	target.Path = strings.TrimSuffix(base.Path, "/") + "/rest" + r.Path
	target.RawPath = ""
	target.RawQuery = r.Query.Encode()
	var body io.Reader
	if r.Body != nil {
		b, err := json.Marshal(r.Body)
		if err != nil {
			return nil, fmt.Errorf("encode body: %w", err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, target.String(), body)
	if err != nil {
		return nil, err
	}
	for name, values := range r.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	req.Header.Set("Accept", "application/json, */*")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.File != nil {
		if err := r.File.Attach(req, nil); err != nil {
			return nil, err
		}
	}
	return req, nil
}

// keysHeader is the value of the header x-apikey for an API key pair.
func keysHeader(access, secret string) string {
	return "accesskey=" + access + "; secretkey=" + secret
}

// get is a call of a REST resource. The path is the template of its endpoint
// too, so it holds no ids.
func get(path string, query url.Values) call {
	return call{endpoint: path, rest: restCall{Method: http.MethodGet, Path: path, Query: query}}
}

// write is a call that changes the object at endpoint.
func write(method, endpoint, id string, body any) call {
	return call{endpoint: endpoint, once: true, writes: true, rest: restCall{
		Method: method, Path: strings.Replace(endpoint, "{id}", id, 1), Body: body,
	}}
}
