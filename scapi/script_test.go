package scapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// asked is a request as a scripted console sees it.
type asked struct {
	Call  string // "GET /scanResult", "vuln::query"
	Query url.Values
	Body  string // JSON body, or input
}

// body decodes the JSON body or input.
func (a asked) body(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(a.Body), &m); err != nil {
		t.Fatalf("body of %s: %v", a.Call, err)
	}
	return m
}

// said is what a scripted console answers. The zero said leaves the answer to
// the script's defaults: a login that succeeds, and permission errors.
type said struct {
	Response string // JSON
	Status   int    // 200 when 0
	Code     int
	Message  string
}

// script is a console whose answers are written by hand. It is an
// http.RoundTripper, so that tests need no socket.
type script struct {
	version string
	answer  func(asked) said

	mu   sync.Mutex
	seen []asked
}

// calls returns the requests so far, without those of detection and login.
func (s *script) calls() []asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]asked(nil), s.seen...)
}

const envelopeTime = 1700000000

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	a := asked{Call: r.Method + " " + strings.TrimPrefix(r.URL.Path, "/rest"), Query: r.URL.Query(), Body: string(body)}
	if strings.HasSuffix(r.URL.Path, "/request.php") {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		a = asked{Call: form.Get("module") + "::" + form.Get("action"), Body: form.Get("input")}
	}
	answer := s.answer(a)
	if answer == (said{}) {
		answer = s.byDefault(a)
	} else {
		s.mu.Lock()
		s.seen = append(s.seen, a)
		s.mu.Unlock()
	}
	if answer.Status == 0 {
		answer.Status = http.StatusOK
	}
	if answer.Response == "" {
		answer.Response = `""`
	}
	text := fmt.Sprintf(`{"type":"regular","response":%s,"error_code":%d,"error_msg":%q,"warnings":[],"timestamp":%d}`,
		answer.Response, answer.Code, answer.Message, envelopeTime)
	return &http.Response{
		StatusCode: answer.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:  http.Header{"Content-Type": {"application/json"}, "Set-Cookie": {"TNS_SESSIONID=0123456789abcdef0123456789abcdef"}},
		Body:    io.NopCloser(strings.NewReader(text)),
		Request: r,
	}, nil
}

func (s *script) byDefault(a asked) said {
	switch a.Call {
	case "GET /system", "system::init":
		return said{Response: fmt.Sprintf(`{"version":%q}`, s.version)}
	case "POST /token", "auth::login":
		return said{Response: `{"token":1234567890,"sessionID":"0123456789abcdef0123456789abcdef"}`}
	case "GET /currentUser":
		return said{Response: `{"id":"2","username":"api","role":{"id":"4"},"organization":{"id":"1"}}`}
	}
	return forbidden(a)
}

// forbidden refuses a call for want of permission, as each dialect does.
func forbidden(a asked) said {
	const message = "The user does not have permission to do this.\n"
	if strings.Contains(a.Call, "::") {
		return said{Code: 145, Message: message}
	}
	return said{Status: http.StatusForbidden, Code: 145, Message: message}
}

// scripted returns a client of a console whose calls answer answers.
func scripted(t *testing.T, api scapi.API, version string, answer func(asked) said, change ...func(*scapi.Options)) (*scapi.Client, *script) {
	t.Helper()
	s := &script{version: version, answer: answer}
	o := scapi.Options{
		URL: "http://console.example.org", API: api, Transport: s, Retries: -1,
		Credentials: func() (scapi.Credentials, error) {
			return scapi.Credentials{Username: "api", Password: "secret"}, nil
		},
	}
	for _, f := range change {
		f(&o)
	}
	c, err := scapi.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

// table answers calls by name.
func table(answers map[string]said) func(asked) said {
	return func(a asked) said { return answers[a.Call] }
}
