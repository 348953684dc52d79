package scapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRawReturnsTheResponseAsItIs(t *testing.T) {
	t.Parallel()
	s := restConsole().on("GET /rest/user", func(req *http.Request) (*http.Response, error) {
		if req.URL.RawQuery != "fields=id%2Cname" || req.Header.Get("X-Extra") != "1" {
			return refusedWith(403, 1, req.URL.RawQuery)(req)
		}
		return said(`[{"id": "1"}]`)(req)
	})
	got, err := dial(t, s).Raw(t.Context(), RawCall{
		Method: "get", Path: "/user", Query: url.Values{"fields": {"id,name"}}, Header: http.Header{"x-extra": {"1"}},
	})
	if string(got) != `[{"id": "1"}]` || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

func TestRawCallsOverRPCCarryTheirInput(t *testing.T) {
	t.Parallel()
	s := rpcConsole().on("vuln::getIP", said(`{"records":[]}`))
	got, err := dial(t, s).Raw(t.Context(), RawCall{Module: "vuln", Action: "getIP", Body: map[string]string{"ip": "192.0.2.1"}})
	if string(got) != `{"records":[]}` || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	if _, form := s.last(t, "vuln::getIP"); form["input"] != `{"ip":"192.0.2.1"}` {
		t.Errorf("input %s", form["input"])
	}
}

func TestRawCallsAreRepeatedOnlyIfTheyChangeNothing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		call RawCall
		safe bool
	}{
		{RawCall{Method: "GET", Path: "/feed"}, true},
		{RawCall{Method: "post", Path: "/analysis"}, true},
		{RawCall{Method: "POST", Path: "/scanResult/1/download"}, true},
		{RawCall{Method: "POST", Path: "/scan/1/launch"}, false},
		{RawCall{Method: "PATCH", Path: "/analysis"}, false},
		{RawCall{Method: "DELETE", Path: "/scan/1"}, false},
		{RawCall{Module: "zone", Action: "init"}, true},
		{RawCall{Module: "scanResult", Action: "getRange"}, true},
		{RawCall{Module: "asset", Action: "edit"}, false},
		{RawCall{Method: "GET", Path: "/asset", Module: "asset", Action: "add"}, false},
	} {
		if got := !test.call.call().once; got != test.safe {
			t.Errorf("%+v: safe is %v", test.call, got)
		}
	}
}

func TestRawRefusesPathsThatLeaveTheAPI(t *testing.T) {
	t.Parallel()
	s := restConsole()
	c := dial(t, s)
	for _, path := range []string{"/../admin", "user", "/a/../../b", "/./x"} {
		if _, err := c.Raw(t.Context(), RawCall{Method: "GET", Path: path}); err == nil {
			t.Errorf("%s went through", path)
		}
	}
}

var downloadCall = RawCall{Method: "POST", Path: "/scanResult/1/download", Body: map[string]string{"downloadType": "v2"}}

func TestAStreamIsHandedOverAsItComes(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"a ZIP file":                        "PK\x03\x04" + strings.Repeat("z", 3*prefixSize),
		"an empty file":                     "",
		"JSON that is no envelope":          `{"nessus": true}`,
		"JSON longer than any error":        `{"a":"` + strings.Repeat("x", 2*prefixSize) + `"}`,
		"an envelope that reports success":  envelope(`{"a":1}`, 0, ""),
		"JSON that somebody else broke off": `{"a":`,
	} {
		t.Run(name, func(t *testing.T) {
			g, seen := &turnstile{}, &observed{}
			s := restConsole().on("POST /rest/scanResult/1/download", raw(200, body))
			c := dial(t, s, func(o *Options) { o.Gate, o.Observe, o.MaxBody = g, seen.observe, 1000 })
			stream, err := c.RawStream(t.Context(), downloadCall)
			if err != nil {
				t.Fatal(err)
			}
			if g.inside != 1 {
				t.Error("the gate was left before the end")
			}
			got, err := io.ReadAll(stream)
			if string(got) != body || err != nil {
				t.Errorf("%d bytes of %d, %v", len(got), len(body), err)
			}
			if err := errors.Join(stream.Close(), stream.Close()); err != nil || g.inside != 0 {
				t.Errorf("close: %v, %d inside", err, g.inside)
			}
			if last := seen.seen[len(seen.seen)-1]; last.Endpoint != "raw" || last.Code != "200" || last.Bytes != int64(len(body)) {
				t.Errorf("observed %+v", last)
			}
			if n := len(seen.seen); n != len(s.requests) {
				t.Errorf("%d exchanges observed of %d requests", n, len(s.requests))
			}
		})
	}
}

func TestAStreamThatIsAnErrorIsReturnedAsOne(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		answer responder
		check  func(error) bool
	}{
		{"an error with status 200", refusedWith(200, 143, "Scan Result #1 failed"), Answered},
		{"an object that is not there", refusedWith(403, 147, "Scan Result #1 does not exist."), IsNotFound},
		{"a page of HTML", page(500), IsTemporary},
		{"a redirect", raw(302, "", "Location: /login"), func(err error) bool { return errors.Is(err, ErrRedirect) }},
		{"an empty error", raw(404, ""), IsNotFound},
		{"a failure of the network", broken(io.EOF), IsTemporary},
	} {
		t.Run(test.name, func(t *testing.T) {
			g, seen := &turnstile{}, &observed{}
			s := restConsole().on("POST /rest/scanResult/1/download", test.answer)
			c := dial(t, s, func(o *Options) { o.Gate, o.Observe = g, seen.observe })
			_, err := c.RawStream(t.Context(), downloadCall)
			if err == nil || !test.check(err) {
				t.Errorf("error %v", err)
			}
			if last := seen.seen[len(seen.seen)-1]; g.inside != 0 || last.Err == nil || len(seen.seen) != len(s.requests) {
				t.Errorf("%d inside, observed %+v", g.inside, last)
			}
			if n := s.count("POST /rest/scanResult/1/download"); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestAStreamRenewsAnExpiredSession(t *testing.T) {
	t.Parallel()
	s := restConsole().on("POST /rest/scanResult/1/download", expired, raw(200, "PK"))
	stream, err := dial(t, s).RawStream(t.Context(), downloadCall)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if n := s.count("POST /rest/token"); n != 2 {
		t.Errorf("%d logins", n)
	}
}

func TestTheTimeoutOfAStreamCoversItsHeaderOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := func(req *http.Request) (*http.Response, error) {
			resp, err := raw(200, "")(req)
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("PK"), &drip{time.Hour, []byte("late")}))
			return resp, err
		}
		s := restConsole().on("POST /rest/scanResult/1/download", slow, silent)
		c := dial(t, s, func(o *Options) { o.Timeout = 5 * time.Second })
		stream, err := c.RawStream(t.Context(), downloadCall)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(stream); err != nil || b.String() != "PKlate" {
			t.Errorf("%q, %v", b.String(), err)
		}
		if err := stream.Close(); err != nil {
			t.Error(err)
		}
		start := time.Now()
		_, err = c.RawStream(t.Context(), downloadCall)
		if time.Since(start) != 5*time.Second || !IsTemporary(err) || !strings.Contains(err.Error(), "no answer within 5s") {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err = c.RawStream(ctx, downloadCall); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}

// drip is a body that lets wait for what comes. It is for bubbles of synctest.
type drip struct {
	wait time.Duration
	data []byte
}

func (d *drip) Read(p []byte) (int, error) {
	time.Sleep(d.wait)
	if len(d.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, d.data)
	d.data = d.data[n:]
	return n, nil
}

func TestAnAnswerWithoutAnEnvelopeIsReturnedAsItIs(t *testing.T) {
	t.Parallel()
	const cve = `{"primary_vuln_id": "CVE-2021-44228", "descriptions": [{"description_text": "a text"}]}`
	for name, test := range map[string]struct {
		answer responder
		want   string // empty: malformed
	}{
		"an object":                        {raw(200, cve), cve},
		"a list":                           {raw(200, `[1]`), `[1]`},
		"behind a byte order mark":         {raw(200, "\xef\xbb\xbf"+cve), cve},
		"a page":                           {page(200), ""},
		"nothing":                          {raw(200, ""), ""},
		"an object cut off":                {raw(200, cve[:20]), ""},
		"an object with an error":          {raw(404, `{"message":"no such CVE"}`), ""},
		"an envelope that cannot be right": {raw(200, `{"error_code":"many"}`), ""},
		"a scanner":                        {raw(200, `{"error":"The requested file was not found."}`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			seen := &observed{}
			c := dial(t, restConsole().on("GET /rest/cve/CVE-2021-44228", test.answer), func(o *Options) { o.Observe = seen.observe })
			got, err := c.Raw(t.Context(), RawCall{Method: "GET", Path: "/cve/CVE-2021-44228"})
			if string(got) != test.want || (err == nil) != (test.want != "") || err != nil && !errors.Is(err, ErrMalformed) {
				t.Errorf("%s, %v", got, err)
			}
			if last := seen.seen[len(seen.seen)-1]; err == nil && (last.Code != "200" || !last.ConsoleTime.IsZero()) {
				t.Errorf("observed %+v", last)
			}
		})
	}
	// Calls that are modelled have an envelope.
	if _, err := dial(t, restConsole().on("GET /rest/feed", raw(200, cve))).Feeds(t.Context()); !errors.Is(err, ErrMalformed) {
		t.Errorf("feeds without an envelope: %v", err)
	}
}
