package scapi

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestAnAnswerIsJudgedByStatusAndEnvelope(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 400)
	tests := []struct {
		name       string
		answer     responder
		overRPC    bool
		text       string // of the error; empty: none is expected
		wraps      error
		permission bool
		notFound   bool
		temporary  bool
		answered   bool
		filter     string
	}{
		{name: "success", answer: said(`{}`)},
		{name: "success with a message", answer: raw(200, envelope(`{}`, 0, "Scan Result email failed"))},
		{name: "success with numbers as strings", answer: raw(200, `{"response":{},"error_code":"0","timestamp":"1700000000","warnings":{}}`)},
		{name: "success under a wrong content type", answer: said(`{}`, "Content-Type: text/html; charset=UTF-8")},
		{name: "success without an error code", answer: raw(200, `{"response":{}}`)},
		{name: "success behind a byte order mark", answer: raw(200, "\xef\xbb\xbf"+envelope(`{}`, 0, ""))},
		{
			name: "an invalid filter", answer: refusedWith(403, 146, "Invalid parameters specified for vuln query.  The filter 'wasVuln' is invalid (valid filters: a, b).\n"),
			text:     "GET /rest/feed: 403, code 146: Invalid parameters specified for vuln query. The filter 'wasVuln' is invalid (valid filters: a, b).",
			answered: true, filter: "wasVuln",
		},
		{
			name: "a repository without access", answer: refusedWith(403, 146, "Group #0 does not have access to the Repository that contains the scan result."),
			text: "GET /rest/feed: 403, code 146: Group #0 does not", permission: true, answered: true,
		},
		{name: "a missing permission", answer: refusedWith(403, 99, "User lacks the privilege."), text: "403, code 99", permission: true, answered: true},
		{name: "a missing permission by code", answer: refusedWith(403, 145, ""), text: "403, code 145", permission: true, answered: true},
		{name: "an invalid filter about permissions", answer: refusedWith(403, 146, "The filter 'permission' is invalid"), text: "146", answered: true, filter: "permission"},
		{name: "an object that is not there", answer: refusedWith(403, 147, "Unable to find existing Scan #1.\nScan #1 does not exist.\n"), text: "Scan #1. Scan #1 does not exist.", notFound: true, answered: true},
		{name: "an object that is not there, by text", answer: refusedWith(403, 5, "Policy #9 does not exist."), text: "does not exist", notFound: true, answered: true},
		{name: "a path that is not there", answer: page(404), text: `GET /rest/feed: 404: malformed answer: a page of HTML, as a gateway, a proxy or another server sends it, "<!DOCTYPE html> <html>`, wraps: ErrMalformed, notFound: true},
		{name: "an error with status 200", answer: refusedWith(200, 143, "Unable to process Vuln Query"), text: "200, code 143", answered: true},
		{name: "an error with code 0", answer: refusedWith(400, 0, "Both API key and token"), text: "GET /rest/feed: 400: Both", answered: true},
		{name: "a refusal without a word", answer: refusedWith(403, 0, "", "Content-Type: text/html"), text: "GET /rest/feed: 403: no reason given", answered: true},
		{name: "a locked database", answer: refusedWith(403, 1, "Database is locked"), text: "locked", temporary: true, answered: true},
		{name: "a server error", answer: page(502), text: "502", wraps: ErrMalformed, temporary: true},
		{name: "a server error in an envelope", answer: refusedWith(500, 1, "boom"), text: "500, code 1: boom", temporary: true, answered: true},
		{name: "too many requests", answer: refusedWith(429, 0, ""), text: "429", temporary: true, answered: true},
		{name: "a page of HTML", answer: page(200), text: "200: malformed answer: a page of HTML", wraps: ErrMalformed},
		{name: "truncated JSON", answer: raw(200, `{"type":"regular","response":{"a`), text: `"{\"type\":\"regular\"`, wraps: ErrMalformed},
		{name: "an empty body", answer: raw(200, ""), text: "empty body", wraps: ErrMalformed},
		{name: "JSON that is no envelope", answer: raw(200, `[1,2]`), text: "[1,2]", wraps: ErrMalformed},
		{name: "an error code that is none", answer: raw(200, `{"error_code":"many"}`), text: "many", wraps: ErrMalformed},
		{name: "binary data", answer: raw(200, "PK\x03\x04\x00\x1b[31m\n", "Content-Type: application/zip"), text: `application/zip, "PK[31m"`, wraps: ErrMalformed},
		{name: "a Nessus scanner", answer: raw(404, `{"error":"The requested file was not found."}`), text: "this is a Nessus scanner, not Security Center", wraps: ErrMalformed, notFound: true},
		{name: "a redirect", answer: raw(302, "", "Location: https://u:p@login.test/x?token=1#2"), text: "redirect refused: to https://login.test/x", wraps: ErrRedirect},
		{name: "a redirect to nowhere", answer: raw(301, ""), text: "to nowhere", wraps: ErrRedirect},
		{name: "a long message", answer: refusedWith(403, 9, long), text: strings.Repeat("é", 300) + "…", answered: true},
		{name: "a broken connection", answer: broken(io.ErrUnexpectedEOF), text: "GET /rest/feed: unexpected EOF", wraps: io.ErrUnexpectedEOF, temporary: true},
		{name: "RPC with an odd status", answer: raw(403, envelope(`{}`, 0, "")), overRPC: true},
		{name: "an error over RPC", answer: refusedWith(200, 7, "You do not have permission."), overRPC: true, text: "plugin::init: 200, code 7: You", permission: true, answered: true},
		{name: "a page over RPC", answer: page(500), overRPC: true, text: "plugin::init: 500: malformed answer", wraps: ErrMalformed, temporary: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, k := restConsole().on("GET /rest/feed", test.answer), feedCall
			if test.overRPC {
				s, k = rpcConsole().on("plugin::init", test.answer), pluginCall
			}
			c := dial(t, s, func(o *Options) { o.Retries = -1 })
			_, err := c.do(t.Context(), k, nil)
			if (err == nil) != (test.text == "") {
				t.Fatalf("error %v", err)
			}
			if err == nil {
				return
			}
			if !strings.Contains(err.Error(), test.text) || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("error reads %q, want %q in it", err, test.text)
			}
			if test.wraps != nil && !errors.Is(err, test.wraps) {
				t.Errorf("does not wrap %v: %v", test.wraps, err)
			}
			for name, got := range map[string][2]bool{
				"IsPermission":   {IsPermission(err), test.permission},
				"IsNotFound":     {IsNotFound(err), test.notFound},
				"IsTemporary":    {IsTemporary(err), test.temporary},
				"Answered":       {Answered(err), test.answered},
				"IsLoginRefused": {IsLoginRefused(err), false},
			} {
				if got[0] != got[1] {
					t.Errorf("%s is %v for: %v", name, got[0], err)
				}
			}
			if r, ok := RefusalOf(err); test.filter != "" && (!ok || r != Refusal{RefusedFilter, test.filter, test.filter}) || test.filter == "" && r.Of == RefusedFilter {
				t.Errorf("RefusalOf: %+v, %v", r, ok)
			}
		})
	}
}

func TestPredicatesKnowNoError(t *testing.T) {
	t.Parallel()
	if !Answered(nil) || IsPermission(nil) || IsNotFound(nil) || IsTemporary(nil) || IsLoginRefused(nil) {
		t.Error("nil is more than an answer")
	}
	if _, ok := RefusalOf(nil); ok {
		t.Error("nil names a filter")
	}
	if foreign := errors.New("something else"); Answered(foreign) || IsTemporary(foreign) || IsPermission(foreign) {
		t.Error("an error of somebody else is taken for an answer")
	}
}

func TestAResponseOfTheWrongShapeIsMalformed(t *testing.T) {
	t.Parallel()
	c := dial(t, restConsole().on("GET /rest/feed", said(`7`)))
	var object struct{ A string }
	_, err := c.do(t.Context(), feedCall, &object)
	if !errors.Is(err, ErrMalformed) || Answered(err) {
		t.Errorf("error %v", err)
	}
}

func TestAnEmptyResponseLeavesTheTargetEmpty(t *testing.T) {
	t.Parallel()
	for _, response := range []string{`""`, `[]`, `null`, `{}`} {
		c := dial(t, restConsole().on("GET /rest/feed", said(response)))
		var object struct{ A string }
		if _, err := c.do(t.Context(), feedCall, &object); err != nil || object.A != "" {
			t.Errorf("%s: %v, %v", response, object, err)
		}
		var text json.RawMessage
		if _, err := c.do(t.Context(), feedCall, &text); err != nil || string(text) != response {
			t.Errorf("%s: %s, %v", response, text, err)
		}
	}
}

func TestACallWithoutASpellingForTheDialectIsUnsupported(t *testing.T) {
	t.Parallel()
	s := restConsole()
	c := dial(t, s)
	_, err := c.do(t.Context(), pluginCall, nil)
	if !errors.Is(err, ErrUnsupported) || Answered(err) || s.count("plugin::init") != 0 {
		t.Errorf("error %v, calls %q", err, s.requests)
	}
}

func FuzzJudge(f *testing.F) {
	for _, body := range []string{
		"", "{}", envelope(`{}`, 0, ""), envelope(`""`, 12, "invalid token"), `{"error":"x"}`, "<html>", `{"response":`, "\x00\xff",
		`{"error_code":1e400,"response":[]}`,
	} {
		f.Add(403, body, "s3cret")
		f.Add(200, body, "x")
	}
	f.Fuzz(func(t *testing.T, status int, body, secret string) {
		for _, dialect := range []API{REST, RPC} {
			m := new(mask)
			m.learn(secret)
			r := reply{status: status, body: []byte(body), mask: m}
			err := r.judge(feedCall, dialect, nil)
			if err == nil && r.envelope == nil {
				t.Fatal("success without an envelope")
			}
			if err != nil && (len(err.Error()) > 4000 || strings.Contains(err.Error(), "\n")) {
				t.Fatalf("error of %d bytes: %q", len(err.Error()), err)
			}
		}
	})
}

func TestLostSessionsAndWrongKeysAreTold(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status, code int
		message      string
		session, key bool
	}{
		{403, 12, "This request contains an invalid token.", true, true}, {200, 12, "", true, true}, {401, 0, "", true, true},
		{403, 99, "Invalid Token", true, true}, {403, 0, "", false, true},
		{403, 146, "The filter 'x' is invalid", false, false}, {403, 0, "text", false, false},
		{200, 0, "", false, false}, {400, 0, "", false, false}, {500, 0, "invalid token", false, false},
	} {
		if got := restSessionLost(test.status, test.code, test.message); got != test.session {
			t.Errorf("session, %+v: %v", test, got)
		}
		if got := keysRefused(test.status, test.code, test.message); got != test.key {
			t.Errorf("key, %+v: %v", test, got)
		}
	}
}

func TestNessusIsRecognised(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		`{"error":"The requested file was not found."}`: true, `{"error":"x","response":""}`: false, `{"error":""}`: false,
		`{"error":7}`: false, `{}`: false, `<html>`: false, ``: false, `[]`: false,
	} {
		if fromNessus([]byte(body)) != want {
			t.Errorf("%s: %v", body, !want)
		}
	}
}

func TestLostSessionsOfSecurityCenter4AreTold(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code    int
		message string
		want    bool
	}{
		{12, "", true}, {7, "This request contains an invalid token.", true}, {0, "invalid token", false}, {7, "no permission", false},
	} {
		if got := rpcSessionLost(test.code, test.message); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}
