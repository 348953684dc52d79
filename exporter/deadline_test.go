package exporter

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func slow(d time.Duration) map[string]sctest.Options {
	o := small(sctest.REST)
	o.Latency = d
	return map[string]sctest.Options{"hq": o}
}

func TestScrapeDeadline(t *testing.T) {
	for _, test := range []struct {
		name   string
		header string
		flag   time.Duration
		want   time.Duration
	}{
		{"Prometheus' own time-out less half a second", "10", time.Minute, 9500 * time.Millisecond},
		{"a short time-out less a fifth", "1", time.Minute, 800 * time.Millisecond},
		{"a fraction of a second", "0.5", time.Minute, 400 * time.Millisecond},
		{"a long time-out", "60", time.Second, 59500 * time.Millisecond},
		{"the flag where there is no header", "", 7 * time.Second, 7 * time.Second},
		{"the flag where the header is no number", "soon", 7 * time.Second, 7 * time.Second},
		{"the flag where the header is negative", "-3", 7 * time.Second, 7 * time.Second},
		{"the flag where the header is not finite", "+Inf", 7 * time.Second, 7 * time.Second},
		{"ten seconds where there is nothing", "", 0, 10 * time.Second},
	} {
		for _, path := range []string{"/probe?target=hq", "/metrics", "/probe?target=hq&debug=true"} {
			bubble(t, "a scrape of "+path+" waits no longer than "+test.name, func(t *testing.T) {
				b := newBench(t, hq, slow(2*time.Minute), func(o *Options) { o.ScrapeTimeout = test.flag })
				got := took(func() { b.get(path, "X-Prometheus-Scrape-Timeout-Seconds", test.header) })
				if got != test.want {
					t.Errorf("waited %s, want %s", got, test.want)
				}
			})
		}
	}

	bubble(t, "a scrape whose client has gone ends at once", func(t *testing.T) {
		b := newBench(t, hq, slow(2*time.Minute))
		r, cancel := request(t, "/probe?target=hq")
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			b.handler.ServeHTTP(discard{}, r)
		}()
		synctest.Wait()
		if d := took(func() { cancel(); <-ended }); d != 0 {
			t.Errorf("the scrape went on for %s", d)
		}
	})
}

func TestAConsoleThatTakesThirtySecondsToAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, hq, slow(30*time.Second))
		start := time.Now()
		complete := time.Duration(0)
		for complete == 0 && time.Since(start) < 2*time.Hour {
			var p page
			d := took(func() {
				p = parse(t, b.get("/probe?target=hq", "X-Prometheus-Scrape-Timeout-Seconds", "10"))
			})
			if d >= 10*time.Second {
				t.Fatalf("a scrape took %s, longer than its time-out of 10 s", d)
			}
			if len(p.family("securitycenter_collector_interval_seconds")) != len(collectorNames) {
				t.Fatalf("a scrape during a load lacks health: %v", p)
			}
			if p.sum("securitycenter_collector_success") == float64(len(collectorNames)) {
				complete = time.Since(start)
				p.want(t, "on a later scrape", map[string]float64{"securitycenter_up": 1})
				if len(p.family("securitycenter_vulnerabilities")) == 0 {
					t.Error("no vulnerabilities although the collector succeeded")
				}
			}
			time.Sleep(15*time.Second - d)
		}
		if complete == 0 {
			t.Fatal("the data never appeared")
		}
		if n := b.consoles["hq"].MaxInFlight(); n > 2 {
			t.Errorf("%d requests at a time, want at most 2", n)
		}
	})
}

// TestManyScrapersAtOnce has ten scrapers ask once a second for a minute, of a
// console that takes its time.
func TestManyScrapersAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		const interval, length = 15 * time.Second, time.Minute
		b := newBench(t, hq+every(interval), slow(20*time.Millisecond))
		console := b.consoles["hq"]
		b.probe("hq") // the first loads ask what later ones remember
		b.settle()
		console.ForgetRequests()
		var scrapers sync.WaitGroup
		for range 10 {
			scrapers.Go(func() {
				for start := time.Now(); time.Since(start) < length; time.Sleep(time.Second) {
					b.probe("hq")
				}
			})
		}
		scrapers.Wait()
		synctest.Wait()

		// Once in a load of the collector that makes it, through one account.
		for endpoint, collectors := range map[string]float64{
			"GET /feed":               2, // feeds; plugins, which looks whether any has changed
			"GET /scanner":            1,
			"GET /zone":               1,
			"GET /system/diagnostics": 1,
			"GET /job":                1,
			"GET /status":             2, // system, plugins
		} {
			n := b.requests("hq", endpoint)
			// A load begins with the first scrape after the interval: every 15 s, 16 s at most.
			if least, most := int(collectors*3), int(collectors*4); n < least || n > most {
				t.Errorf("%s was asked %d times in a minute, want %d to %d", endpoint, n, least, most)
			}
		}
		repositories := len(console.Repositories())
		loads := 4
		analyses := b.requests("hq", "POST /analysis")
		if most := loads * (60 + 2*repositories); analyses > most || analyses < repositories {
			t.Errorf("%d analysis requests in a minute, want at most %d", analyses, most)
		}
		if n := console.MaxInFlight(); n > 2 {
			t.Errorf("%d requests at a time, want at most 2", n)
		}
		if n := analysesAtOnce(console.Requests()); n > 1 {
			t.Errorf("%d analysis requests at a time, want 1", n)
		}
	})
}

// TestCollectorsTakeTurns has three collectors count findings side by side.
func TestCollectorsTakeTurns(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, hq, slow(20*time.Millisecond), func(o *Options) {
			o.Collectors = []*collector.Collector{
				collectorNamed("vulnerabilities"), collectorNamed("risk"), collectorNamed("coverage"), collectorNamed("repositories"), collectorNamed("scans"),
			}
		})
		b.do(http.MethodGet, "/probe?target=hq")
		b.settle()
		console := b.consoles["hq"]
		if n := console.Count(func(r sctest.Request) bool { return r.Endpoint == "POST /analysis" }); n < 40 {
			t.Fatalf("%d analysis requests of three collectors: the test shows nothing", n)
		}
		if n := analysesAtOnce(console.Requests()); n != 1 {
			t.Errorf("%d analysis requests at a time, want 1", n)
		}
		if n := console.MaxInFlight(); n != 2 {
			t.Errorf("at most %d requests at a time, want 2", n)
		}
	})
}

// analysesAtOnce returns 2 if an analysis request came while another one was
// being answered: where every answer takes the same time, two of them come at
// least that time apart.
func analysesAtOnce(requests []sctest.Request) int {
	var last time.Time
	for _, r := range requests {
		if r.Endpoint != "POST /analysis" && r.Endpoint != "vuln::query" {
			continue
		}
		if !last.IsZero() && r.Time.Sub(last) < 20*time.Millisecond {
			return 2
		}
		last = r.Time
	}
	return 1
}

// TestBudget counts what the default set asks of a console in a cycle.
func TestBudget(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		for _, hosts := range []int{100, 1_000_000} {
			t.Run(fmt.Sprintf("the default set keeps to its budget of analysis requests over %s at %d hosts", dialect, hosts), func(t *testing.T) {
				if hosts > 100_000 && !exhaustive.Tests {
					t.Skip("takes seconds")
				}
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { budget(t, dialect, hosts) })
			})
		}
	}
}

func budget(t *testing.T, dialect sctest.Dialect, hosts int) {
	b := newBench(t, hq, map[string]sctest.Options{"hq": {Dialect: dialect, Hosts: hosts, Plugins: 500, Scans: 2}})
	console := b.consoles["hq"]
	limit := 60 + 2*len(console.Repositories())
	const cycle = 30 * time.Minute
	for i := range 2 { // in the first the console is got to know
		console.ForgetRequests()
		for start := time.Now(); time.Since(start) < cycle; time.Sleep(time.Minute) {
			b.probe("hq")
			synctest.Wait()
		}
		analyses := console.Count(func(r sctest.Request) bool {
			if r.Endpoint != "POST /analysis" && r.Endpoint != "vuln::query" {
				return false
			}
			// Where no row sums up everything there is one for each severity, and the
			// hosts of seven plugins are on one page of one row for each and severity.
			most := 1
			if r.Tool == "sumid" {
				most = 7*5 + 1
			}
			if r.End-r.Start > most && r.Tool != "sumseverity" {
				t.Errorf("a query for the rows %d to %d of %s, want one row", r.Start, r.End, r.Tool)
			}
			return true
		})
		if analyses == 0 || analyses > limit {
			t.Errorf("cycle %d: %d analysis requests, want 1 to %d", i, analyses, limit)
		}
		if n := console.MaxInFlight(); n > 2 {
			t.Errorf("cycle %d: %d requests at a time, want at most 2", i, n)
		}
		t.Logf("cycle %d: %d analysis requests of %d, %d of all kinds", i, analyses, limit, b.requests("hq"))
	}
	b.probe("hq").want(t, "at the end", map[string]float64{of("success", "vulnerabilities"): 1, of("success", "scans"): 1})
}

// discard is a response that nobody reads.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}
