package scapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// traceLog is a log of records as JSON.
type traceLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *traceLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

type traceRecord struct {
	Level, Msg, Method, URL, Body, Err string
	Status                             int
	Header                             map[string]string
}

func (l *traceLog) records(t *testing.T) []traceRecord {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []traceRecord
	for d := json.NewDecoder(bytes.NewReader(l.b.Bytes())); ; {
		var r traceRecord
		if err := d.Decode(&r); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
}

func tracing(l *traceLog, level slog.Level) func(*Options) {
	return func(o *Options) {
		o.Trace = slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: level}))
	}
}

func TestEveryRequestLeavesTwoRecordsWithoutSecrets(t *testing.T) {
	t.Parallel()
	const echoed = "session f1rst or 3f0c9a7be1d2 of s3cret, keys aaaa and bbbb"
	echo := said(`{"token":1234567890,"note":"`+echoed+`"}`, "Set-Cookie: TNS_SESSIONID=second; path=/")
	for api, s := range map[API]*script{
		REST: restConsole().on("GET /rest/feed", echo),
		RPC:  rpcConsole().on("plugin::init", echo),
	} {
		for how, change := range map[string]func(*Options){"password": func(*Options) {}, "keys": withKeys} {
			if api == RPC && how == "keys" {
				continue
			}
			l := &traceLog{}
			c := dial(t, s, over(api), change, tracing(l, slog.LevelDebug))
			before := len(s.requests)
			if _, err := c.Raw(t.Context(), RawCall{Method: "GET", Path: "/feed", Module: "plugin", Action: "init"}); err != nil {
				t.Fatal(err)
			}
			records := l.records(t)
			if len(records) != 2*(len(s.requests)-before) {
				t.Errorf("%s with %s: %d records of %d requests", api, how, len(records), len(s.requests)-before)
			}
			for i, r := range records {
				request := i%2 == 0
				if want := map[bool]string{true: "Request to console", false: "Answer of console"}[request]; r.Msg != want || r.Level != "DEBUG" {
					t.Errorf("record %d: %s %s", i, r.Level, r.Msg)
				}
				if request != (r.Method != "" && r.URL != "") || request == (r.Status == 200) || len(r.Header) == 0 {
					t.Errorf("record %d: %+v", i, r)
				}
			}
			text := l.b.String()
			secrets := map[string][]string{
				"rest password": {"f1rst", "s3cret"}, "rest keys": {"aaaa", "bbbb"}, "rpc password": {"3f0c9a7be1d2", "s3cret"},
			}[string(api)+" "+how]
			for _, secret := range append(secrets, "1234567890", "123456789", "TNS_SESSIONID=") {
				if strings.Contains(text, secret) {
					t.Errorf("%s with %s shows %s:\n%s", api, how, secret, text)
				}
			}
			// Records of the login hold its request and answer.
			if login := map[API]string{REST: "/rest/token", RPC: `\"username\":\"u\"`}[api]; how == "password" && !strings.Contains(text, login) {
				t.Errorf("%s: no login in %s", api, text)
			}
		}
	}
}

func TestAPasswordThatTheLoginsAnswerRepeatsIsMasked(t *testing.T) {
	t.Parallel()
	l := &traceLog{}
	s := restConsole().on("POST /rest/token", refusedWith(403, 1, "wrong password s3cret for u"))
	if err := dial(t, s, tracing(l, slog.LevelDebug)).Login(t.Context()); !IsLoginRefused(err) {
		t.Fatal(err)
	}
	if text := l.b.String(); strings.Contains(text, "s3cret") || !strings.Contains(text, "wrong password *** for u") {
		t.Errorf("%s", text)
	}
}

func TestBodiesInRecordsAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 5000)
	for name, test := range map[string]struct {
		answer responder
		want   string
	}{
		"a short answer":          {raw(200, `{"response":"x","error_code":0}`), `{"response":"x","error_code":0}`},
		"a long answer":           {raw(200, `{"response":"`+long+`","error_code":0}`), `{"response":"` + strings.Repeat("ü", 43) + "… (10030 bytes)"},
		"no body":                 {raw(200, ""), ""},
		"an archive":              {raw(200, "PK\x03\x04\x00\x01", "Content-Type: application/zip"), "(6 bytes, application/zip)"},
		"a scan":                  {raw(200, "<?xml?><password>hunter2</password>", "Content-Type: application/xml"), "(35 bytes, application/xml)"},
		"bytes of no type":        {raw(200, "\x00\x01\x02", "Content-Type: "), "(3 bytes, no content type)"},
		"a page":                  {raw(200, "<html>token=hunter2", "Content-Type: text/html"), "<html>token=***"},
		"an image that looks odd": {raw(200, "\x89PNG\r\n", "Content-Type: image/png; x=y"), "(6 bytes, image/png)"},
	} {
		t.Run(name, func(t *testing.T) {
			l := &traceLog{}
			c := dial(t, restConsole().on("GET /rest/feed", test.answer), tracing(l, slog.LevelDebug), func(o *Options) { o.TraceBody = 100 })
			body, err := c.RawStream(t.Context(), RawCall{Method: "GET", Path: "/feed"})
			if err == nil {
				if _, err = io.Copy(io.Discard, body); err == nil {
					err = body.Close()
				}
			}
			if err != nil && !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			records := l.records(t)
			if got := records[len(records)-1].Body; got != test.want {
				t.Errorf("body %q, want %q", got, test.want)
			}
		})
	}
}

func TestAFileInARecordIsANumberOfBytes(t *testing.T) {
	t.Parallel()
	for api, name := range map[API]string{REST: "POST /rest/file/upload", RPC: "multipart"} {
		l := &traceLog{}
		var sent int
		take := func(req *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(req.Body)
			sent = len(body)
			if err != nil {
				return nil, err
			}
			return said(`{"filename":"h"}`)(req)
		}
		s := map[API]*script{REST: restConsole(), RPC: rpcConsole()}[api]
		s.on(name, take)
		c := dial(t, uploadsByName{s, take}, over(api), tracing(l, slog.LevelDebug))
		if _, err := c.Upload(t.Context(), strings.NewReader("hunter2"), "x"); err != nil {
			t.Fatal(err)
		}
		records := l.records(t)
		got := records[len(records)-2]
		if got.Msg != "Request to console" || got.Body != length(int64(sent), "multipart/form-data") || strings.Contains(l.b.String(), "hunter2") {
			t.Errorf("%s: %+v", api, got)
		}
	}
}

// uploadsByName answers multipart forms, which a script cannot name.
type uploadsByName struct {
	*script
	take responder
}

func (u uploadsByName) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasPrefix(req.Header.Get("Content-Type"), "multipart/") {
		return u.take(req)
	}
	return u.script.RoundTrip(req)
}

func TestAFailureWithoutAnswerIsRecorded(t *testing.T) {
	t.Parallel()
	l := &traceLog{}
	s := restConsole().on("GET /rest/feed", broken(errors.New("proxy says token=hunter2")))
	c := dial(t, s, tracing(l, slog.LevelDebug), func(o *Options) { o.Retries = -1 })
	if _, err := c.Raw(t.Context(), RawCall{Method: "GET", Path: "/feed"}); err == nil {
		t.Fatal("no error")
	}
	records := l.records(t)
	if last := records[len(records)-1]; last.Msg != "No answer of console" || last.Err != "proxy says token=***" {
		t.Errorf("%+v", last)
	}
}

func TestWithoutDebugNothingIsRecorded(t *testing.T) {
	t.Parallel()
	l := &traceLog{}
	c := dial(t, restConsole(), tracing(l, slog.LevelInfo))
	if _, err := c.Raw(t.Context(), RawCall{Method: "GET", Path: "/feed"}); err != nil {
		t.Fatal(err)
	}
	if l.b.Len() != 0 {
		t.Errorf("recorded %s", l.b.String())
	}
}
