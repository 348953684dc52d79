package report

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// remembering is a Prometheus that knows values by expression: of now and of another time.
func remembering(t *testing.T, values func(expression string, at time.Time) []map[string]any) *Memory {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/prometheus/api/v1/query" {
			http.NotFound(w, r)
			return
		}
		var at float64
		if _, err := fmt.Sscan(r.FormValue("time"), &at); err != nil {
			t.Error(err)
		}
		result := values(r.FormValue("query"), time.Unix(int64(at), 0).UTC())
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]any{"resultType": "vector", "result": result}}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	m, err := NewMemory(server.URL+"/prometheus", server.Client())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func sample(job, instance string, v float64) map[string]any {
	return map[string]any{"metric": map[string]string{"job": job, "instance": instance, "severity": "critical"}, "value": []any{1, fmt.Sprint(v)}}
}

func TestThePastIsAskedForAtBothEnds(t *testing.T) {
	t.Parallel()
	then := now.AddDate(0, 0, -7)
	m := remembering(t, func(expression string, at time.Time) []map[string]any {
		v := map[string]float64{openThen: 290, acceptedThen: 4, recastThen: 13, reopenedThen: 1}[expression]
		switch {
		case at.Equal(now) && expression == openThen:
			v = 299
		case !at.Equal(then):
			t.Errorf("%s is asked for at %s", expression, at)
		}
		return []map[string]any{sample("sc", "hq", v), sample("sc", "branch", 10*v)}
	})
	p, err := m.Of(t.Context(), "hq", false, now, 7)
	if err != nil {
		t.Fatal(err)
	}
	w := sound(itself) // 300 critical now, of which 30 are new; 25 were fixed; accepted, recast and reopened are 10
	_, markdown := written(t, made(t, Console{Name: "hq", Families: w.families(), Past: p}))
	// from 290 with 30 more, 25 and 6 fewer to 300: 11 are unexplained
	if want := "| Critical | 290 | 30 | 25 | +6 | +11 | 300 | −3 | +9 |"; !strings.Contains(markdown, want) || !strings.Contains(markdown, "| High | – | 31 | 24 | – | – | 600 | – | – |") {
		t.Errorf("no %q in\n%s", want, markdown)
	}
	if !strings.Contains(markdown, "The past is Prometheus' of 2026-05-13 09:30 UTC") || p.NowOpen["critical"] != 299 {
		t.Errorf("%+v, %s", p, markdown)
	}
}

func TestWhatPrometheusCannotTellIsSaid(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		values []map[string]any
		lone   bool
		says   string // empty: it is told
	}{
		"another console alone":                  {[]map[string]any{sample("sc", "127.0.0.1:10078", 1)}, false, "no series with the instance hq"},
		"a lone console under the page's name":   {[]map[string]any{sample("sc", "127.0.0.1:10078", 1)}, true, ""},
		"a lone console among others":            {[]map[string]any{sample("sc", "a", 1), sample("sc", "b", 1)}, true, "no series with the instance hq"},
		"two jobs for one console":               {[]map[string]any{sample("sc", "hq", 1), sample("old", "hq", 1)}, false, "several jobs scrape the instance hq: old, sc"},
		"nothing at all":                         {[]map[string]any{}, true, "at 2026-05-20 09:30 UTC: it has no series"},
		"the console, beside others of its name": {[]map[string]any{sample("sc", "hq", 1), sample("sc", "hq2", 1)}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := remembering(t, func(string, time.Time) []map[string]any { return tt.values }).Of(t.Context(), "hq", tt.lone, now, 7)
			switch {
			case tt.says == "" && (err != nil || p.Then.Open["critical"] != 1):
				t.Errorf("%+v, %v", p, err)
			case tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)):
				t.Errorf("%v, want %q", err, tt.says)
			}
		})
	}
}

func TestWarningsAndErrorsOfPrometheusAreErrors(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		`{"status":"success","warnings":["a store is not reached"],"data":{"resultType":"vector","result":[]}}`: "a store is not reached",
		`{"status":"error","errorType":"execution","error":"too many samples"}`:                                 "too many samples",
		`{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}`:                                  "not with a vector",
		`<html>Sign in</html>`: "",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }))
		m, err := NewMemory(server.URL, server.Client())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Of(t.Context(), "hq", true, now, 7); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", body, err, says)
		}
		server.Close()
	}
}

// The recording rules, by which alerts judge, are asked for by their own words.
func TestThePastIsThatOfTheRecordingRules(t *testing.T) {
	t.Parallel()
	rules, err := os.ReadFile("../alerts/recording.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range Expressions() {
		if !strings.Contains(string(rules), e+"\n") {
			t.Errorf("no rule says %s", e)
		}
	}
}
