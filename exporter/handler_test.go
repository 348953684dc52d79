package exporter

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/securitycenter-exporter/securitycenter_exporter/buildinfo"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestRequestsThatAreRefused(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, hq+branch+"\ncollectors: {scans: {enabled: false}}\n", nil)
		for _, test := range []struct {
			name   string
			method string
			path   string
			status int
			says   []string
		}{
			{"an unknown target names the known ones", "GET", "/probe?target=nobody", 404, []string{`"nobody"`, "hq, branch"}},
			{"a URL is no target", "GET", "/probe?target=http://console.example", 404, []string{"hq, branch"}},
			{"a missing target names the known ones", "GET", "/probe", 400, []string{"target", "hq, branch"}},
			{"an empty target is missing", "GET", "/probe?target=", 400, []string{"hq, branch"}},
			{"an unknown collector names the known ones", "GET", "/probe?target=hq&collect[]=sytem", 400, []string{`"sytem"`, "system, feeds, plugins, scanners, repositories, vulnerabilities, risk, coverage."}},
			{"one unknown collector among known ones is enough", "GET", "/probe?target=hq&collect[]=system&collect[]=x", 400, []string{`"x"`}},
			{"a collector that is off is unknown", "GET", "/probe?target=hq&collect[]=scans", 400, []string{`"scans"`}},
			{"an empty collector is unknown", "GET", "/probe?target=hq&collect[]=", 400, []string{"system"}},
			{"an unknown collector to leave out names the known ones", "GET", "/probe?target=hq&exclude[]=sytem", 400, []string{`"sytem" in exclude[]`, "system, feeds"}},
			{"a collector to leave out that is off is unknown", "GET", "/probe?target=hq&exclude[]=scans", 400, []string{`"scans"`}},
			{"collectors to read beside collectors to leave out are contradictory", "GET", "/probe?target=hq&collect[]=system&exclude[]=feeds", 400, []string{"collect[] and exclude[]"}},
			{"debug is true or false", "GET", "/probe?target=hq&debug=maybe", 400, []string{`"maybe"`}},
			{"only is exporter", "GET", "/metrics?only=console", 400, []string{`"console"`, "exporter"}},
			{"an unknown path is not found", "GET", "/nowhere", 404, nil},
			{"a path below the landing page is not found", "GET", "/index.html", 404, nil},
			{"profiles are off", "GET", "/debug/pprof/", 404, nil},
			{"a reload by GET is not allowed", "GET", "/-/reload", 405, nil},
			{"a reload by DELETE is not allowed", "DELETE", "/-/reload", 405, nil},
			{"a reload without the flag is forbidden", "POST", "/-/reload", 403, []string{"--web.enable-lifecycle"}},
			{"a reload by PUT without the flag is forbidden", "PUT", "/-/reload", 403, []string{"--web.enable-lifecycle"}},
		} {
			w := b.do(test.method, test.path)
			if w.Code != test.status {
				t.Errorf("%s: %s %s answers %d, want %d", test.name, test.method, test.path, w.Code, test.status)
			}
			for _, word := range test.says {
				if !strings.Contains(w.Body.String(), word) {
					t.Errorf("%s: does not say %q: %s", test.name, word, w.Body)
				}
			}
			if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, "text/plain") {
				t.Errorf("%s: Content-Type is %q", test.name, got)
			}
		}
		if n := b.requests("hq"); n != 0 {
			t.Errorf("refused requests made the console see %d requests", n)
		}
	})
}

func TestProbe(t *testing.T) {
	bubble(t, "collect[] restricts the collectors and their health", func(t *testing.T) {
		b := newBench(t, hq, nil)
		p := b.probe("hq", "feeds", "system")
		p.want(t, "two collectors", map[string]float64{of("success", "feeds"): 1, of("success", "system"): 1, of("interval_seconds", "scans"): absent})
		if len(p.family("securitycenter_info")) != 1 || len(p.family("securitycenter_feed_stale")) == 0 {
			t.Error("the chosen collectors are not all there")
		}
		if len(p.family("securitycenter_repository_info")) != 0 || b.requests("hq", "POST /analysis") != 0 {
			t.Error("another collector has run")
		}
	})

	bubble(t, "exclude[] leaves collectors and their health out, and asks the console nothing for them", func(t *testing.T) {
		b := newBench(t, hq, nil)
		path := "/probe?target=hq"
		for _, name := range collectorNames {
			if name != "feeds" && name != "system" {
				path += "&exclude[]=" + name
			}
		}
		p := parse(t, b.get(path))
		p.want(t, "all but two left out", map[string]float64{
			of("success", "feeds"): 1, of("success", "system"): 1, of("interval_seconds", "scans"): absent, "securitycenter_up": 1,
		})
		if len(p.family("securitycenter_info")) != 1 || len(p.family("securitycenter_repository_info")) != 0 || b.requests("hq", "POST /analysis") != 0 {
			t.Error("the page does not have exactly the other collectors")
		}
		p = parse(t, b.get(path+"&exclude[]=feeds&exclude[]=system"))
		if _, there := p["securitycenter_up"]; !there || len(p.family("securitycenter_collector_success")) != 0 {
			t.Errorf("with all left out the page has more than the health of the console: %v", p)
		}
		if text := b.get(path + "&debug=true"); !strings.Contains(text, "== feeds: ") || strings.Contains(text, "== scans: ") {
			t.Errorf("the log has other collectors:\n%s", text)
		}
	})

	bubble(t, "debug=true shows the calls of the latest loads, and no metrics", func(t *testing.T) {
		b := newBench(t, hq, nil)
		w := b.do(http.MethodGet, "/probe?target=hq&debug=true")
		for _, name := range collectorNames {
			if !strings.Contains(w.Body.String(), "== "+name+": ") {
				t.Errorf("no section of %s", name)
			}
		}
		for _, word := range []string{"analyst /analysis: 200 after", "admin /feed: 200 after", "loaded "} {
			if !strings.Contains(w.Body.String(), word) {
				t.Errorf("does not say %q:\n%s", word, w.Body)
			}
		}
		if strings.Contains(w.Body.String(), "# HELP") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
			t.Errorf("it is no plain log: %s", w.Header().Get("Content-Type"))
		}
	})

	bubble(t, "a console's page has nothing of the exporter's own", func(t *testing.T) {
		b := newBench(t, hq, nil)
		for series := range b.probe("hq") {
			if !strings.HasPrefix(series, "securitycenter_") || strings.HasPrefix(series, "securitycenter_exporter_") {
				t.Errorf("%s", series)
			}
		}
	})
}

func TestMetrics(t *testing.T) {
	ofExporter := []string{"go_goroutines", "process_start_time_seconds", "promhttp_metric_handler_requests_in_flight",
		"securitycenter_exporter_build_info", "securitycenter_exporter_config_last_reload_successful",
		"securitycenter_exporter_config_last_reload_success_timestamp_seconds"}
	for _, test := range []struct {
		name, config, path string
		console            bool
	}{
		{"a lone console is on /metrics too", hq, "/metrics", true},
		{"a lone console that says false is not", strings.Replace(hq, "accounts:", "default: false\n    accounts:", 1), "/metrics", false},
		{"of two consoles none is", hq + branch, "/metrics", false},
		{"of two consoles the one marked default is", strings.Replace(hq, "accounts:", "default: true\n    accounts:", 1) + branch, "/metrics", true},
		{"only=exporter leaves the default console out", hq, "/metrics?only=exporter", false},
	} {
		bubble(t, test.name, func(t *testing.T) {
			b := newBench(t, test.config, nil)
			p := parse(t, b.get(test.path))
			for _, name := range ofExporter {
				if len(p.family(name)) == 0 {
					t.Errorf("%s is missing", name)
				}
			}
			for _, name := range []string{"securitycenter_up", "securitycenter_vulnerabilities", "securitycenter_api_requests_total"} {
				if got := len(p.family(name)) > 0; got != test.console {
					t.Errorf("%s is there: %v, want %v", name, got, test.console)
				}
			}
		})
	}

	bubble(t, "the build has a version and a revision", func(t *testing.T) {
		info := parse(t, newBench(t, hq, nil).get("/metrics")).family("securitycenter_exporter_build_info")
		if len(info) != 1 || !strings.Contains(info[0], `version="`+buildinfo.Version()+`"`) || strings.Contains(info[0], `=""`) {
			t.Errorf("build_info: %s", info)
		}
	})

	bubble(t, "another path for it leaves nothing at the old one", func(t *testing.T) {
		b := newBench(t, hq, nil, func(o *Options) { o.TelemetryPath = "/self" })
		if len(parse(t, b.get("/self")).family("securitycenter_exporter_build_info")) != 1 {
			t.Error("nothing at the new path")
		}
		if w := b.do(http.MethodGet, "/metrics"); w.Code != http.StatusNotFound {
			t.Errorf("the old path answers %d", w.Code)
		}
	})

	bubble(t, "and profiles are on with their flag", func(t *testing.T) {
		b := newBench(t, hq, nil, func(o *Options) { o.EnablePprof = true })
		if !strings.Contains(b.get("/debug/pprof/"), "goroutine") {
			t.Error("no profiles")
		}
	})
}

func TestExposition(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		bubble(t, fmt.Sprintf("every page over %s is lint-free and has no family twice", dialect), func(t *testing.T) {
			b := newBench(t, hq, map[string]sctest.Options{"hq": small(dialect)})
			for _, path := range []string{"/metrics", "/metrics?only=exporter", "/probe?target=hq", "/probe?target=hq&collect[]=scans"} {
				text := b.get(path)
				problems, err := promlint.New(strings.NewReader(text)).Lint()
				if err != nil {
					t.Errorf("%s: %v", path, err)
				}
				for _, p := range problems {
					t.Errorf("%s: %s: %s", path, p.Metric, p.Text)
				}
				types := map[string]string{}
				for line := range strings.Lines(text) {
					if declared, is := strings.CutPrefix(line, "# TYPE "); is {
						name, kind, _ := strings.Cut(strings.TrimSpace(declared), " ")
						if types[name] != "" {
							t.Errorf("%s: family %s is there twice", path, name)
						}
						types[name] = kind
					}
				}
				// OpenMetrics, in which somebody may pass the page on, takes _total away.
				for name, kind := range types {
					other := types[strings.TrimSuffix(name, "_total")]
					if kind == "counter" && other != "" && strings.HasPrefix(name, "securitycenter_") {
						t.Errorf("%s: in OpenMetrics the counter %s has the name of a %s", path, name, other)
					}
				}
				parse(t, text)
			}
		})
	}

	bubble(t, "protobuf is spoken where asked for", func(t *testing.T) {
		b := newBench(t, hq, nil)
		w := b.do(http.MethodGet, "/probe?target=hq", "Accept", string(expfmt.NewFormat(expfmt.TypeProtoDelim)))
		decoder := expfmt.NewDecoder(w.Body, expfmt.ResponseFormat(w.Header()))
		families := map[string]*dto.MetricFamily{}
		for {
			var f dto.MetricFamily
			if err := decoder.Decode(&f); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			families[f.GetName()] = &f
		}
		if families["securitycenter_scan_results"].GetType() != dto.MetricType_GAUGE || families["securitycenter_scan_results_ended_total"].GetType() != dto.MetricType_COUNTER {
			t.Error("the results of scans are not both there")
		}
	})

	bubble(t, "answers are compressed where the client can bear it", func(t *testing.T) {
		b := newBench(t, hq, nil)
		if got := b.do(http.MethodGet, "/probe?target=hq", "Accept-Encoding", "gzip").Header().Get("Content-Encoding"); got != "gzip" {
			t.Errorf("Content-Encoding %q", got)
		}
	})
}

func TestMoreScrapesThanAllowedAreTurnedAway(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, hq, slow(time.Minute), func(o *Options) { o.MaxRequests = 2 })
		codes := make(chan int, 3)
		for range 2 {
			go func() { codes <- b.do(http.MethodGet, "/probe?target=hq").Code }()
		}
		synctest.Wait()
		for _, path := range []string{"/probe?target=hq", "/metrics"} {
			if w := b.do(http.MethodGet, path); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "--web.max-requests") {
				t.Errorf("the third scrape, of %s: %d %s", path, w.Code, w.Body)
			}
		}
		b.get("/-/healthy")
		b.get("/")
		for range 2 {
			if code := <-codes; code != http.StatusOK {
				t.Errorf("a scrape within the limit: %d", code)
			}
		}
		b.get("/metrics?only=exporter")
	})
}

func TestReadiness(t *testing.T) {
	bubble(t, "names what has not been tried, and comes with the last first load", func(t *testing.T) {
		b := newBench(t, hq+branch, nil)
		b.consoles["hq"].Inject(sctest.Fault{Endpoint: "GET /feed", Effect: sctest.Delay(30 * time.Second)})
		w := b.do(http.MethodGet, "/-/ready")
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "hq/system") || !strings.Contains(w.Body.String(), "branch/scans") {
			t.Errorf("at once: %d %s", w.Code, w.Body)
		}
		b.settle()
		w = b.do(http.MethodGet, "/-/ready")
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "hq/feeds") || strings.Contains(w.Body.String(), "branch/") {
			t.Errorf("while one load runs: %d %s", w.Code, w.Body)
		}
		time.Sleep(time.Minute)
		if w = b.do(http.MethodGet, "/-/ready"); w.Code != http.StatusOK {
			t.Errorf("in the end: %d %s", w.Code, w.Body)
		}
	})

	bubble(t, "does not wait for a console longer than two minutes", func(t *testing.T) {
		b := newBench(t, strings.Replace(hq, "accounts:", "timeout: 1h\n    accounts:", 1), nil)
		b.consoles["hq"].Inject(sctest.Fault{Effect: sctest.Hang()})
		time.Sleep(2*time.Minute - time.Millisecond)
		if w := b.do(http.MethodGet, "/-/ready"); w.Code != http.StatusServiceUnavailable {
			t.Errorf("before two minutes: %d", w.Code)
		}
		time.Sleep(time.Millisecond)
		if w := b.do(http.MethodGet, "/-/ready"); w.Code != http.StatusOK {
			t.Errorf("after two minutes: %d %s", w.Code, w.Body)
		}
	})

	bubble(t, "counts a failure as tried", func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.consoles["hq"].Inject(sctest.Fault{Effect: sctest.Refuse(http.StatusForbidden, 999, "no")})
		b.settle()
		if w := b.do(http.MethodGet, "/-/ready"); w.Code != http.StatusOK {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})

	bubble(t, "is not lost by a reload", func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.settle()
		b.get("/-/ready")
		b.console("branch").Inject(sctest.Fault{Effect: sctest.Hang()})
		if err := b.reload(hq + branch); err != nil {
			t.Fatal(err)
		}
		b.get("/-/ready")
	})

	bubble(t, "says nothing of life, which is there from the start", func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.get("/-/healthy")
	})
}

func TestLandingPage(t *testing.T) {
	bubble(t, "tells of every console and links to everything", func(t *testing.T) {
		b := newBench(t, hq+branch, map[string]sctest.Options{"branch": small(sctest.RPC)})
		b.probe("hq")
		b.probe("branch")
		w := b.do(http.MethodGet, "/")
		for _, word := range []string{
			`href="/metrics"`, `href="/sd"`, `href="/-/healthy"`, `href="/-/ready"`,
			`href="/probe?target=hq"`, `href="/probe?target=branch"`, `href="/probe?target=hq&amp;debug=true"`,
			`href="/probe?target=hq&amp;collect[]=vulnerabilities"`,
			"Security Center 6.4.0, dialect rest", "Security Center 4.8.1, dialect rpc", "administrator", "organisation user",
		} {
			if !strings.Contains(w.Body.String(), word) {
				t.Errorf("the page lacks %s", word)
			}
		}
		if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Errorf("Content-Type %q", w.Header().Get("Content-Type"))
		}
		if t.Failed() {
			t.Log(w.Body)
		}
	})

	bubble(t, "asks no console", func(t *testing.T) {
		b := newBench(t, hq, nil)
		if page := b.get("/"); !strings.Contains(page, "not tried yet") {
			t.Error("the page does not say that nothing was tried")
		}
		if n := b.requests("hq"); n != 0 {
			t.Errorf("the console saw %d requests", n)
		}
	})

	bubble(t, "escapes what consoles say", func(t *testing.T) {
		const hostile = `<script>alert("1")</script>`
		o := small(sctest.REST)
		o.Version = "6.4.0" + hostile
		b := newBench(t, hq, map[string]sctest.Options{"hq": o})
		b.consoles["hq"].Inject(sctest.Fault{Endpoint: "GET /feed", Effect: sctest.Refuse(http.StatusForbidden, 999, hostile)})
		b.consoles["hq"].Inject(sctest.Fault{Endpoint: "GET /job", Effect: sctest.Refuse(http.StatusForbidden, 145, hostile)})
		b.probe("hq")
		page := b.get("/")
		if strings.Contains(page, "<script") {
			t.Errorf("not escaped: %s", first(page, "<script"))
		}
		if n := strings.Count(page, "&lt;script&gt;"); n < 3 {
			t.Errorf("escaped %d times, want the version, the error and what is missing", n)
		}
		p := b.probe("hq")
		if len(p.family("securitycenter_info")) != 1 {
			t.Error("the version is not shown")
		}
	})

	bubble(t, "links below the path of the external URL", func(t *testing.T) {
		b := newBench(t, hq, nil, external("https://proxy.example/sc/"))
		page := b.get("/")
		for _, word := range []string{`"/sc/metrics"`, `"/sc/sd"`, `"/sc/probe?target=hq"`} {
			if !strings.Contains(page, word) {
				t.Errorf("the page lacks %s", word)
			}
		}
		if slices.Contains(strings.Fields(page), `href="/metrics"`) {
			t.Error("a link leads past the proxy")
		}
	})
}

func TestOnlyTheMethodsThatAreMeantAreServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, hq, nil, func(o *Options) { o.EnableLifecycle = true })
		for _, tt := range []struct {
			method, path string
			code         int
			allow        string
		}{
			{"GET", "/metrics", 200, ""}, {"HEAD", "/metrics", 200, ""}, {"POST", "/metrics", 405, "GET, HEAD"}, {"DELETE", "/probe", 405, "GET, HEAD"},
			{"PUT", "/sd", 405, "GET, HEAD"}, {"OPTIONS", "/", 405, "GET, HEAD"}, {"TRACE", "/nothing", 405, "GET, HEAD"},
			{"GET", "/-/reload", 405, "POST, PUT"}, {"POST", "/-/reload", 200, ""}, {"PUT", "/-/reload", 200, ""},
		} {
			w := b.do(tt.method, tt.path)
			if w.Code != tt.code || w.Header().Get("Allow") != tt.allow {
				t.Errorf("%s %s: %d, Allow %q; want %d and %q", tt.method, tt.path, w.Code, w.Header().Get("Allow"), tt.code, tt.allow)
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s %s: headers %v", tt.method, tt.path, w.Header())
			}
		}
	})
}

func TestAPageOfAnotherSiteDoesNotReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, hq, nil, func(o *Options) { o.EnableLifecycle = true })
		for site, code := range map[string]int{"cross-site": 403, "same-site": 403, "same-origin": 200, "none": 200} {
			if w := b.do("POST", "/-/reload", "Sec-Fetch-Site", site); w.Code != code {
				t.Errorf("%s: %d, want %d", site, w.Code, code)
			}
		}
		if w := b.do("POST", "/-/reload", "Origin", "https://evil.example"); w.Code != 403 {
			t.Errorf("from another origin: %d, want 403", w.Code)
		}
	})
}
