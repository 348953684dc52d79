package scapi

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// DryRequest is a request that would have changed something on the console.
type DryRequest struct {
	Call   string // "PATCH /rest/asset/5", "asset::edit"
	Method string // of HTTP
	URL    string // whole; session and token are not part of it
	// Body is the JSON body, or the input of a SecurityCenter 4 call, with
	// secrets masked; nil: there is none. A file is not shown.
	Body json.RawMessage
	// File is the name of the file that the request would have uploaded, or "".
	File string
}

// rehearse takes a call that writes to Options.DryRun, if there is one, and
// says so with ErrDryRun. Other calls pass.
func (c *Client) rehearse(k call, w way, req *http.Request) error {
	if !k.writes || c.options.DryRun == nil {
		return nil
	}
	body := k.rest.Body
	if w.dialect == RPC {
		body = k.rpc.Input
	}
	secrets := redactor{mask: &c.mask}
	shown := DryRequest{Call: k.name(w.dialect), Method: req.Method}
	if file := k.rest.File; file != nil {
		shown.File = file.Name()
	}
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode body: %w", err)
		}
		shown.Body = json.RawMessage(secrets.json(text))
	}
	shown.URL = secrets.url(req.URL)
	c.options.DryRun(shown)
	return ErrDryRun
}
