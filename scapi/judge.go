package scapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// reply is one answer of a console, read whole.
type reply struct {
	status   int
	header   http.Header
	body     []byte
	mask     *mask          // of the client
	cookie   string         // newest session cookie; empty: none was set
	envelope *wire.Envelope // nil: there is none
	said     remarks        // beside a success
	leave    func()         // ends what Options.Large began; nil: nothing
}

// free says that the answer is done with.
func (r *reply) free() {
	if r.leave != nil {
		r.leave()
		r.leave = nil
	}
}

// remarks are what a console says beside a success, each on one line, bounded.
type remarks struct {
	message  string // error_msg
	warnings []string
}

// How much of a console's text goes into an error, in characters, and how many
// of its warnings are passed on.
const (
	maxMessage  = 300
	maxExcerpt  = 80
	maxWarnings = 20
)

// judge decodes the envelope and tells whether the call succeeded. REST says
// so by HTTP status and error_code, and each of the two can fail alone. On RPC
// error_code decides whatever the status is, where there is an envelope.
func (r *reply) judge(k call, dialect API, s *session) error {
	e := &Error{Call: k.name(dialect), Status: r.status}
	if r.status >= 300 && r.status < 400 {
		e.Err = fmt.Errorf("%w: to %s", ErrRedirect, r.mask.quoted(redirectTarget(r.header.Get("Location")), maxMessage))
		e.anywhere = true
		return e
	}
	envelope, err := wire.DecodeEnvelope(r.body, k.scan)
	if err != nil && k.bare && dialect == REST && r.isBare() {
		r.envelope = &wire.Envelope{Response: withoutMark(r.body)}
		return nil
	}
	if err != nil {
		return r.malformed(e, k, err)
	}
	r.envelope = &envelope
	if k.secret {
		var opened tokenReply
		_ = wire.Decode(envelope.Response, &opened) // what cannot be read is absent
		r.mask.meet(string(opened.Token))
		r.mask.meet(string(opened.SessionID))
	}
	e.Code = envelope.Code()
	if e.Code == 0 && (dialect == RPC || r.status < 400) {
		r.said.message = r.mask.quoted(string(envelope.ErrorMsg), maxMessage)
		for _, text := range envelope.Warnings[:min(len(envelope.Warnings), maxWarnings)] {
			r.said.warnings = append(r.said.warnings, r.mask.quoted(text, maxMessage))
		}
		return nil
	}
	e = r.mask.refused(e, string(envelope.ErrorMsg))
	e.judged = true
	if e.words() == "" {
		e.Err = errNoReason
	}
	if r.lost(e, dialect, s) {
		e.fault = sessionLost
		return e
	}
	e.envelope = true
	return e
}

// lost reports whether a refusal means that session or API keys do not hold.
func (r *reply) lost(e *Error, dialect API, s *session) bool {
	switch {
	case dialect == RPC:
		return rpcSessionLost(e.Code, e.words())
	case s != nil && s.keys != "":
		return keysRefused(r.status, e.Code, e.words())
	}
	return restSessionLost(r.status, e.Code, e.words())
}

// restSessionLost reports whether an answer of REST says that the session does
// not hold: code 12, "invalid token", or any 401.
func restSessionLost(status, code int, message string) bool {
	return status == http.StatusUnauthorized || code == codeInvalidToken ||
		status == http.StatusForbidden && strings.Contains(strings.ToLower(message), "invalid token")
}

// keysRefused reports whether an answer to API keys says that they are wrong:
// 403 with code 0 and without a word.
func keysRefused(status, code int, message string) bool {
	return restSessionLost(status, code, message) || status == http.StatusForbidden && code == 0 && message == ""
}

// rpcSessionLost reports whether an answer says that the session is over. The
// code of SecurityCenter 4 is not proven; its successor's is 12.
func rpcSessionLost(code int, message string) bool {
	return code == codeInvalidToken || code != 0 && strings.Contains(strings.ToLower(message), "invalid token")
}

// isBare reports whether the answer is a success that is JSON without an
// envelope, as 6.x gives it for some calls.
func (r *reply) isBare() bool {
	text := withoutMark(r.body)
	if r.status >= 300 || !json.Valid(text) || fromNessus(text) {
		return false
	}
	var broken struct { // an envelope that lacks what makes it one
		Type    any
		Code    json.RawMessage `json:"error_code"`
		Message json.RawMessage `json:"error_msg"`
	}
	_ = wire.Decode(text, &broken) // a list is none
	return broken.Type != "regular" && broken.Code == nil && broken.Message == nil
}

// withoutMark is a body without the mark of its byte order.
func withoutMark(body []byte) []byte { return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")) }

// fromNessus reports whether a body is how a Nessus scanner says that it has no
// such path: {"error":"The requested file was not found."}
func fromNessus(body []byte) bool {
	var answer struct {
		Error    any
		Response json.RawMessage
	}
	if json.Unmarshal(body, &answer) != nil || answer.Response != nil {
		return false
	}
	text, ok := answer.Error.(string)
	return ok && text != ""
}

// malformed describes an answer that is no envelope.
func (r *reply) malformed(e *Error, k call, cause error) error {
	if fromNessus(r.body) {
		e.Message = "this is a Nessus scanner, not Security Center"
		e.Err = ErrMalformed
		return e
	}
	kind := r.mask.quoted(r.header.Get("Content-Type"), maxExcerpt)
	if kind == "" {
		kind = "no content type"
	}
	text := bytes.TrimSpace(r.body)
	if isPage(text) {
		kind = "a page of HTML, as a gateway, a proxy or another server sends it"
	}
	looksJSON := bytes.HasPrefix(text, []byte("{"))
	// An object cut off says nothing about what is at the address; HTML does.
	e.anywhere = r.status < 500 && r.status != http.StatusTooManyRequests &&
		(!looksJSON || errors.Is(cause, wire.ErrNotEnvelope))
	switch {
	case len(text) == 0:
		e.Err = fmt.Errorf("%w: %s, empty body", ErrMalformed, kind)
	case k.secret && looksJSON:
		// A login that was cut off holds the token.
		e.Err = fmt.Errorf("%w: %s, %d bytes of broken JSON", ErrMalformed, kind, len(r.body))
	case k.secret && k.once:
		// Whoever answers a login with something else may say anything.
		e.Err = fmt.Errorf("%w: %s, %d bytes", ErrMalformed, kind, len(r.body))
	default:
		start := text[:min(len(text), quotable*maxExcerpt+1)]
		e.Err = fmt.Errorf("%w: %s, %q", ErrMalformed, kind, r.mask.quoted(string(start), maxExcerpt))
	}
	if r.status == http.StatusUnauthorized {
		e.fault = sessionLost
	}
	return e
}

// isPage reports whether a body is a page for people, whatever it calls itself.
func isPage(body []byte) bool {
	text := bytes.ToLower(begun(body))
	return bytes.HasPrefix(text, []byte("<!doctype html")) || bytes.HasPrefix(text, []byte("<html"))
}

// redirectTarget is a Location without what may be secret in it.
func redirectTarget(location string) string {
	if location == "" {
		return "nowhere"
	}
	u, err := url.Parse(location)
	if err != nil {
		return "an address that cannot be read"
	}
	u.User, u.RawQuery, u.Fragment, u.RawFragment = nil, "", "", ""
	return strings.TrimSpace(u.String())
}

// name is what errors and logs call k: "GET /rest/scanResult", "vuln::query".
func (k call) name(dialect API) string {
	switch {
	case dialect == RPC && k.rpc.Module != "":
		return k.rpc.Module + "::" + k.rpc.Action
	case k.rest.Method != "":
		return k.rest.Method + " /rest" + k.rest.Path
	}
	return k.endpoint
}
