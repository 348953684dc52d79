package sctest_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/testmain"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestMain(m *testing.M) { testmain.Run(m) }

func TestFaultsDoWhatTheirNamesSay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		effect sctest.Effect
		seen   func(e envelope, err error) bool
	}{
		{"a broken connection", sctest.Reset(), func(_ envelope, err error) bool { return err != nil }},
		{"half a body", sctest.Truncate(), func(e envelope, err error) bool {
			return err == nil && e.Status == 200 && !json.Valid([]byte(e.Body))
		}},
		{"an HTML page", sctest.HTMLPage(502), func(e envelope, err error) bool {
			return err == nil && e.Status == 502 && strings.Contains(e.Body, "<html>")
		}},
		{"a locked database", sctest.DatabaseLocked(), func(e envelope, err error) bool {
			return err == nil && e.Status == 403 && strings.Contains(e.Msg, "database is locked")
		}},
		{"a refusal without a code", sctest.EmptyRefusal(), func(e envelope, err error) bool {
			return err == nil && e.Status == 403 && e.Code == 0 && e.Msg == ""
		}},
		{"an expired session", sctest.ExpireSession(), func(e envelope, err error) bool {
			return err == nil && e.Status == 403 && e.Code == 12
		}},
		{"wrong types", sctest.WrongTypes(), func(e envelope, err error) bool {
			return err == nil && strings.Contains(string(e.Response), `"returnedRecords":"3"`) && strings.Contains(string(e.Response), `"totalRecords":50`)
		}},
		{"missing totals", sctest.MissingTotals(), func(e envelope, err error) bool {
			return err == nil && e.Status == 200 && !strings.Contains(e.Body, "Records")
		}},
		{"a short page", sctest.ShortPages(), func(e envelope, err error) bool {
			var p page
			return err == nil && json.Unmarshal(e.Response, &p) == nil && len(p.Results) == 2
		}},
		{"a row too many", sctest.StrayRow(), func(e envelope, err error) bool {
			var p page
			return err == nil && json.Unmarshal(e.Response, &p) == nil && len(p.Results) == 4 && strings.Contains(e.Body, `"returnedRecords":3.05`) &&
				strings.Contains(e.Body, "the rest of a text")
		}},
		{"an empty text", sctest.Answer(""), func(e envelope, err error) bool {
			return err == nil && e.Status == 200 && e.Code == 0 && string(e.Response) == `""`
		}},
		{"an empty object", sctest.Answer(map[string]any{}), func(e envelope, err error) bool {
			return err == nil && e.Status == 200 && e.Code == 0 && string(e.Response) == `{}`
		}},
		{"a remark", sctest.Remark("said\n", "warned", map[string]any{"code": 4, "warning": "too"}), func(e envelope, err error) bool {
			return err == nil && e.Status == 200 && e.Code == 0 && e.Msg == "said\n" && strings.Contains(e.Body, `"warnings":["warned",{"code":4,"warning":"too"}]`)
		}},
		{"a redirect", sctest.Redirect("https://elsewhere.example/"), func(e envelope, err error) bool {
			return err == nil && e.Status == 302 && e.Header.Get("Location") == "https://elsewhere.example/"
		}},
		{"a huge body", sctest.HugeBody(3 << 20), func(e envelope, err error) bool {
			return err == nil && len(e.Body) > 3<<20 && json.Valid([]byte(e.Body))
		}},
		{"a delay", sctest.Delay(time.Millisecond), func(e envelope, err error) bool { return err == nil && e.Status == 200 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := sctest.Start(t, sctest.Options{Hosts: 50, Now: fixed})
			c := newClient(t, s).analyst()
			query := map[string]any{"type": "vuln", "sourceType": "cumulative",
				"query": map[string]any{"tool": "sumip", "type": "vuln", "startOffset": 0, "endOffset": 3, "filters": []any{}}}
			good := c.rest(http.MethodPost, "/analysis", query)
			s.Inject(sctest.Fault{Endpoint: "POST /analysis", Skip: 1, Times: 1, Effect: tt.effect})
			if e := c.rest(http.MethodPost, "/analysis", query); e.Body != good.Body {
				t.Error("the first request should have been skipped")
			}
			if e := c.rest(http.MethodGet, "/status", nil); e.Status != 200 {
				t.Error("another endpoint was hit")
			}
			if e, err := c.try(http.MethodPost, "/analysis", query); !tt.seen(e, err) {
				t.Errorf("%v, status %d, %.300s", err, e.Status, e.Body)
			}
			if c.s.Sessions() == 0 {
				c.analyst()
			}
			if e := c.rest(http.MethodPost, "/analysis", query); e.Body != good.Body {
				t.Error("the fault should have hit once only")
			}
		})
	}
}

func TestARemovedFaultIsGone(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 10})
	c := newClient(t, s).analyst()
	remove := s.Inject(sctest.Fault{Match: func(r sctest.Request) bool { return r.Endpoint == "GET /status" }, Effect: sctest.HTMLPage(500)})
	if e := c.rest(http.MethodGet, "/status", nil); e.Status != 500 {
		t.Errorf("status %d", e.Status)
	}
	remove()
	if e := c.rest(http.MethodGet, "/status", nil); e.Status != 200 {
		t.Errorf("status %d", e.Status)
	}
}

func TestLatencyCostsNoTimeInsideABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := sctest.StartPipe(t, sctest.Options{Hosts: 10, Latency: 30 * time.Second})
		began := time.Now()
		newClient(t, s).analyst()
		if d := time.Since(began); d != 30*time.Second {
			t.Errorf("the login took %v of the bubble's time", d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/rest/system", nil)
		if err != nil {
			t.Fatal(err)
		}
		began = time.Now()
		if _, err := s.Transport().RoundTrip(req); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 10*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		synctest.Wait() // the console notices that the client has gone
		if n := s.Count(func(r sctest.Request) bool { return r.Endpoint == "GET /system" && r.Status == 0 }); n != 1 {
			t.Errorf("%d requests given up, want 1", n)
		}
	})
}

func TestTheConsoleLogsWhatItSees(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 10})
	c := newClient(t, s).analyst()
	c.query("sumip", "cumulative", 0, 1, filter{"severity", "=", "4"})
	c.rest(http.MethodGet, "/scanResult/77", nil)
	log := s.Requests()
	if len(log) != 3 || s.MaxInFlight() != 1 {
		t.Fatalf("%d requests, %d in flight", len(log), s.MaxInFlight())
	}
	if q := log[1]; q.Endpoint != "POST /analysis" || q.Tool != "sumip" || q.Account != sctest.AnalystUsername || q.End != 1 ||
		q.Filters[0] != "severity=4" || q.Status != 200 {
		t.Errorf("%+v", q)
	}
	if log[2].Endpoint != "GET /scanResult/{id}" || log[2].Status != 403 {
		t.Errorf("%+v", log[2])
	}
}

func TestAHangingConsoleIsLeftByTheClientOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := sctest.StartPipe(t, sctest.Options{Hosts: 10})
		c := newClient(t, s).analyst()
		s.Inject(sctest.Fault{Effect: sctest.Hang()})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/rest/status", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.send(req); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}
