package scapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// script is a console that answers from a script, without a network: by
// "GET /rest/feed" or "vuln::query". It is a transport itself.
type script struct {
	mu       sync.Mutex
	answers  map[string]func(*http.Request) (*http.Response, error)
	requests []string
	forms    []map[string]string // of the requests, RPC only
	headers  []http.Header
}

func newScript() *script {
	return &script{answers: map[string]func(*http.Request) (*http.Response, error){}}
}

// on says what is answered to a call. Further answers are for further calls;
// the last stays.
func (s *script) on(name string, replies ...func(*http.Request) (*http.Response, error)) *script {
	n := 0
	s.answers[name] = func(req *http.Request) (*http.Response, error) {
		s.mu.Lock()
		reply := replies[min(n, len(replies)-1)]
		n++
		s.mu.Unlock()
		return reply(req)
	}
	return s
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	name := req.Method + " " + req.URL.Path
	form := map[string]string{}
	if req.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(strings.NewReader(string(body)))
		if err := req.ParseForm(); err != nil {
			return nil, err
		}
		for key := range req.PostForm {
			form[key] = req.PostForm.Get(key)
		}
		// By path and call first, for consoles that listen at one path only.
		name = form["module"] + "::" + form["action"]
		if _, ok := s.answers[req.URL.Path+" "+name]; ok {
			name = req.URL.Path + " " + name
		}
	}
	s.mu.Lock()
	s.requests = append(s.requests, name)
	s.forms = append(s.forms, form)
	s.headers = append(s.headers, req.Header.Clone())
	answer := s.answers[name]
	s.mu.Unlock()
	if answer == nil {
		answer = page(404)
	}
	resp, err := answer(req)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

// count of the calls of a name.
func (s *script) count(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.requests {
		if r == name {
			n++
		}
	}
	return n
}

// last returns header and form of the latest call of a name.
func (s *script) last(t *testing.T, name string) (http.Header, map[string]string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.requests) - 1; i >= 0; i-- {
		if s.requests[i] == name {
			return s.headers[i], s.forms[i]
		}
	}
	t.Fatalf("no call %s in %q", name, s.requests)
	return nil, nil
}

type responder = func(*http.Request) (*http.Response, error)

// raw answers with a body as it is. Headers come as "Name: value".
func raw(status int, body string, headers ...string) responder {
	return func(*http.Request) (*http.Response, error) {
		h := http.Header{"Content-Type": {"application/json"}}
		for _, line := range headers {
			name, value, _ := strings.Cut(line, ": ")
			if name == "Content-Type" {
				h.Del(name)
			}
			h.Add(name, value)
		}
		return &http.Response{
			StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)),
			ContentLength: int64(len(body)), ProtoMajor: 1, ProtoMinor: 1,
		}, nil
	}
}

// said answers with an envelope.
func said(response string, headers ...string) responder {
	return raw(200, envelope(response, 0, ""), headers...)
}

// refusedWith answers with an error envelope.
func refusedWith(status, code int, message string, headers ...string) responder {
	return raw(status, envelope(`""`, code, message), headers...)
}

func envelope(response string, code int, message string) string {
	text, err := json.Marshal(message)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"type":"regular","response":%s,"error_code":%d,"error_msg":%s,"warnings":[],"timestamp":1700000000}`+"\n", response, code, text)
}

// page answers like a web server that knows nothing of the path.
func page(status int) responder {
	return raw(status, "<!DOCTYPE html>\n<html><head><title>Error</title></head>\n<body>nothing here</body></html>", "Content-Type: text/html")
}

// broken fails without an answer.
func broken(err error) responder {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// silent never answers, until the request is given up.
func silent(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

const (
	orgUser = `{"id":"7","username":"analyst","role":{"id":"4","name":"Vulnerability Analyst"},"organization":{"id":"3","name":"Org"}}`
	admin   = `{"id":"1","username":"admin","role":{"id":"1","name":"Administrator"},"organization":{"id":0,"name":"Tenable.sc Administration"}}`
)

// restConsole is a REST console that lets everybody in.
func restConsole() *script {
	return newScript().
		on("GET /rest/system", func(req *http.Request) (*http.Response, error) {
			if req.Header.Get("X-SecurityCenter") != "" || req.Header.Get("X-Apikey") != "" {
				return said(`{"version":"6.4.0"}`)(req)
			}
			return said(`{}`, "Set-Cookie: TNS_SESSIONID=anonymous; path=/; secure; HttpOnly")(req)
		}).
		on("POST /rest/token", said(`{"token":1234567890,"unassociatedCert":"false"}`, "Set-Cookie: TNS_SESSIONID=f1rst; path=/; secure; HttpOnly")).
		on("DELETE /rest/token", said(`""`)).
		on("GET /rest/currentUser", said(orgUser)).
		on("GET /rest/feed", said(`{"active":{"updateTime":"1700000000"}}`))
}

// rpcConsole is a SecurityCenter 4 that lets everybody in.
func rpcConsole() *script {
	return newScript().
		on("system::init", said(`{"version":"4.8.1","uuid":"x"}`, "Set-Cookie: TNS_SESSIONID=anonymous")).
		on("auth::login", said(`{"token":123456789,"sessionID":"3f0c9a7be1d2"}`)).
		on("auth::logout", said(`""`)).
		on("plugin::init", said(`{"pluginCount":"5"}`))
}

// dial makes a client of a scripted console, with a password unless the
// options say otherwise.
func dial(t *testing.T, s http.RoundTripper, change ...func(*Options)) *Client {
	t.Helper()
	o := Options{
		URL:         "http://console.test:8443/prefix",
		Transport:   stripPrefix{s},
		Credentials: func() (Credentials, error) { return Credentials{Username: "u", Password: "s3cret"}, nil },
	}
	for _, f := range change {
		f(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// stripPrefix makes sure that the path prefix of the base URL is kept.
type stripPrefix struct{ http.RoundTripper }

func (s stripPrefix) RoundTrip(req *http.Request) (*http.Response, error) {
	path, ok := strings.CutPrefix(req.URL.Path, "/prefix")
	if !ok || req.URL.Host != "console.test:8443" {
		return nil, fmt.Errorf("request to %s", req.URL)
	}
	r := req.Clone(req.Context())
	r.URL.Path = path
	return s.RoundTripper.RoundTrip(r)
}

func withKeys(o *Options) {
	o.Credentials = func() (Credentials, error) {
		return Credentials{AccessKey: "aaaa", SecretKey: "bbbb"}, nil
	}
}

func withCertificate(o *Options) { o.Credentials = nil }

func over(api API) func(*Options) { return func(o *Options) { o.API = api } }

// feed and plugins are harmless calls of each dialect.
var (
	feedCall   = call{endpoint: "/feed", rest: RawCall{Method: "GET", Path: "/feed"}.call().rest}
	pluginCall = call{endpoint: "plugin::init", rpc: RawCall{Module: "plugin", Action: "init"}.call().rpc}
)
