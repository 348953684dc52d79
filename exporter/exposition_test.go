package exporter

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

const (
	asksOpenMetrics = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
	asksText        = "text/plain;version=0.0.4"
)

// wayOfAsking is how a client asks for a page; ready says whether what is kept
// answers it.
type wayOfAsking struct {
	accept, encoding string
	ready            bool
}

var waysOfAsking = []wayOfAsking{
	{asksText, "", true}, {asksText, "gzip", true}, {asksOpenMetrics, "identity", true}, {asksOpenMetrics, "gzip", true},
	{asksText, "gzip;q=1.0", false}, {asksOpenMetrics, "gzip;q=0.5, identity;q=0.1", false}, {asksOpenMetrics, "br, *", false},
	{"text/plain;version=1.0.0;escaping=values", "gzip", false},
}

// scrape asks for a page, looks at how it is packed, and returns its samples.
func (b *bench) scrape(path string, how wayOfAsking) page {
	b.t.Helper()
	w := b.do(http.MethodGet, path, "Accept", how.accept, "Accept-Encoding", how.encoding)
	if w.Code != http.StatusOK {
		b.t.Fatalf("GET %s: %d\n%s", path, w.Code, w.Body)
	}
	if length := w.Header().Get("Content-Length"); length != strconv.Itoa(w.Body.Len()) {
		b.t.Errorf("%s as %+v: Content-Length %q of %d bytes", path, how, length, w.Body.Len())
	}
	text := w.Body.String()
	if w.Header().Get("Content-Encoding") == "gzip" {
		text = b.unzip(w.Body)
	}
	open := strings.HasPrefix(w.Header().Get("Content-Type"), "application/openmetrics-text")
	if open != strings.HasSuffix(text, "\n# EOF\n") || strings.Count(text, "# EOF") > 1 {
		b.t.Errorf("%s as %+v: %s ends with %q", path, how, w.Header().Get("Content-Type"), text[max(0, len(text)-50):])
	}
	if open {
		text = wholeBound.ReplaceAllString(text, `le="$1"`)
	}
	if how.ready && open != (how.accept == asksOpenMetrics) || strings.Contains(how.encoding, "gzip") != (w.Header().Get("Content-Encoding") == "gzip") {
		b.t.Errorf("%s as %+v: %s, %s", path, how, w.Header().Get("Content-Type"), w.Header().Get("Content-Encoding"))
	}
	return parse(b.t, text)
}

// wholeBound is the bound of a bucket as only OpenMetrics writes it.
var wholeBound = regexp.MustCompile(`le="(\d+)\.0"`)

// unzip reads what must be one stream to its end: not every client goes on to a second.
func (b *bench) unzip(body io.Reader) string {
	b.t.Helper()
	rest := &bytes.Buffer{}
	if _, err := rest.ReadFrom(body); err != nil {
		b.t.Fatal(err)
	}
	r, err := gzip.NewReader(rest)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Multistream(false)
	text, err := io.ReadAll(r)
	if err != nil || rest.Len() > 0 {
		b.t.Fatalf("%v, and %d bytes behind the end", err, rest.Len())
	}
	return string(text)
}

// scrapeAsProtobuf returns the samples of a page that is made of families.
func (b *bench) scrapeAsProtobuf(path string) page {
	b.t.Helper()
	w := b.do(http.MethodGet, path, "Accept", string(expfmt.NewFormat(expfmt.TypeProtoDelim)))
	decoder := expfmt.NewDecoder(w.Body, expfmt.ResponseFormat(w.Header()))
	var text bytes.Buffer
	for {
		var f dto.MetricFamily
		if err := decoder.Decode(&f); errors.Is(err, io.EOF) {
			return parse(b.t, text.String())
		} else if err != nil {
			b.t.Fatal(err)
		}
		if _, err := expfmt.MetricFamilyToText(&text, &f); err != nil {
			b.t.Fatal(err)
		}
	}
}

// sameInEveryForm scrapes in every way, and compares with what families made
// anew say.
func (b *bench) sameInEveryForm(when, path string) page {
	b.t.Helper()
	b.scrapeAsProtobuf(path) // starts what is due
	for _, s := range b.exporter.target("hq").chosen(nil) {
		s.mu.Lock()
		loading := s.loading
		s.mu.Unlock()
		if loading != nil {
			<-loading
		}
	}
	synctest.Wait()
	want := b.scrapeAsProtobuf(path)
	for _, how := range waysOfAsking {
		if d := cmp.Diff(want, b.scrape(path, how)); d != "" {
			b.t.Errorf("%s: %s as %+v (-want +got):\n%s", when, path, how, d)
		}
	}
	return want
}

func TestEveryFormHasTheSameSamplesWhateverChanges(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		bubble(t, dialect.String(), func(t *testing.T) {
			const fed = `securitycenter_feed_last_update_timestamp_seconds{feed="active"}` // feeds shows it on both dialects
			conf := hq + only("feeds", "scans", "system") + "  feeds: {interval: 5m, max_age: 1h}\n"
			b := newBench(t, conf, map[string]sctest.Options{"hq": small(dialect)})
			const path = "/probe?target=hq"
			before := b.sameInEveryForm("at first", path)
			before.want(t, "at first", map[string]float64{of("success", "feeds"): 1})
			updated := before[fed]
			if updated == 0 {
				t.Fatal("no feed is shown")
			}
			time.Sleep(5 * time.Minute)
			after := b.sameInEveryForm("after a load", path)
			if after[of("last_success_timestamp_seconds", "feeds")] <= before[of("last_success_timestamp_seconds", "feeds")] ||
				after.sum("securitycenter_api_requests_total") <= before.sum("securitycenter_api_requests_total") {
				t.Error("neither data nor traffic of the load are shown")
			}

			remove := b.consoles["hq"].Inject(sctest.Fault{Effect: sctest.HTMLPage(http.StatusInternalServerError)})
			time.Sleep(5 * time.Minute)
			b.sameInEveryForm("after a failure", path).want(t, "after a failure", map[string]float64{of("success", "feeds"): 0, fed: updated, "securitycenter_up": 0})

			time.Sleep(50 * time.Minute)
			b.sameInEveryForm("before it is too old", path).want(t, "before it is too old", map[string]float64{fed: updated})
			time.Sleep(5 * time.Minute)
			b.sameInEveryForm("too old", path).want(t, "too old", map[string]float64{fed: absent, of("series", "feeds"): 0, of("success", "feeds"): 0})

			remove()
			time.Sleep(time.Minute)
			b.sameInEveryForm("again", path).want(t, "again", map[string]float64{fed: updated, of("success", "feeds"): 1})

			if err := b.reload(strings.Replace(conf, "interval: 5m", "interval: 7m", 1)); err != nil {
				t.Fatal(err)
			}
			b.sameInEveryForm("after a reload", path).want(t, "after a reload", map[string]float64{of("interval_seconds", "feeds"): 420})
			if err := b.reload(hq + only("feeds", "system")); err != nil {
				t.Fatal(err)
			}
			b.sameInEveryForm("without a collector", path).want(t, "without a collector", map[string]float64{of("success", "scans"): absent})

			two := b.sameInEveryForm("of two collectors", path+"&collect[]=system&collect[]=feeds")
			one := b.sameInEveryForm("of one collector", path+"&collect[]=feeds")
			one.want(t, "of one collector", map[string]float64{fed: updated, of("success", "system"): absent})
			two.want(t, "of two collectors", map[string]float64{fed: updated, of("success", "system"): 1})
		})
	}
}

func TestAPageWithItsOwnMetricsIsTheSameInEveryForm(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.settle()
		names := func(p page) []string { return slices.Sorted(maps.Keys(p)) } // the values of the runtime never stand still
		for _, path := range []string{"/metrics", "/metrics?only=exporter"} {
			want := names(b.scrapeAsProtobuf(path))
			if !slices.Contains(want, "go_memstats_alloc_bytes_total") || !slices.Contains(want, "go_memstats_heap_alloc_bytes") {
				t.Errorf("%s: what was allocated is not told", path)
			}
			for _, how := range waysOfAsking {
				if d := cmp.Diff(want, names(b.scrape(path, how))); d != "" {
					t.Errorf("%s as %+v (-want +got):\n%s", path, how, d)
				}
			}
		}
	})
}

func TestNoTwoFamiliesHaveOneNameInOpenMetrics(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, hq+everything(), nil)
		b.settle()
		for _, path := range []string{"/metrics", "/probe?target=hq"} {
			seen := map[string]bool{}
			for line := range strings.Lines(b.get(path, "Accept", asksOpenMetrics)) {
				if declared, is := strings.CutPrefix(line, "# TYPE "); is {
					name, _, _ := strings.Cut(declared, " ")
					if seen[name] {
						t.Errorf("%s: %s is there twice", path, name)
					}
					seen[name] = true
				}
			}
			if len(seen) < 20 {
				t.Errorf("%s has %d families", path, len(seen))
			}
		}
	})
}

// TestNegotiation compares what is answered with what promhttp would answer.
func TestNegotiation(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, hq+only("feeds"), nil)
		b.settle()
		empty := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return nil, nil })
		theirs := promhttp.HandlerFor(empty, promhttp.HandlerOpts{EnableOpenMetrics: true})
		ready := 0
		for _, accept := range []string{
			"", "*/*", "text/html", asksText, asksOpenMetrics, "text/plain;version=1.0.0;escaping=allow-utf-8", "text/plain;version=1.0.0;escaping=dots",
			"application/openmetrics-text;version=0.0.1", "application/openmetrics-text;version=9", "application/openmetrics-text;version=1.0.0;escaping=values",
			"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", "text/plain;q=0.1,application/openmetrics-text;q=0.9", ";;,q=",
		} {
			for _, encoding := range []string{
				"", "gzip", "identity", "gzip, deflate, br, zstd", "deflate,gzip", "br", "*", "gzip;q=0", "gzip;q=0.5,identity;q=0.7", "identity;q=0", "identity, gzip",
				"GZIP", "x-gzip", ", gzip", "gzip,", "gzip br", "deflate;q=1, gzip;q=0.9", "gzip,*;q=0", "zstd, gzip",
			} {
				r := httptest.NewRequest(http.MethodGet, "/probe?target=hq", http.NoBody)
				for key, value := range map[string]string{"Accept": accept, "Accept-Encoding": encoding} {
					if value != "" {
						r.Header.Set(key, value)
					}
				}
				if _, _, ok := negotiate(r); ok {
					ready++
				}
				got, want := httptest.NewRecorder(), httptest.NewRecorder()
				b.handler.ServeHTTP(got, r)
				theirs.ServeHTTP(want, r)
				for _, key := range []string{"Content-Type", "Content-Encoding", "Vary"} {
					if d := cmp.Diff(want.Header()[key], got.Header()[key]); d != "" {
						t.Errorf("Accept %q, Accept-Encoding %q: %s (-want +got):\n%s", accept, encoding, key, d)
					}
				}
			}
		}
		if ready < 50 {
			t.Errorf("only %d are answered with what is kept", ready)
		}
	})
}

func TestSomeFamiliesOnly(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.settle()
		for _, how := range waysOfAsking[:4] {
			p := b.scrape("/probe?target=hq&name[]=securitycenter_up&name[]=securitycenter_feed_stale", wayOfAsking{how.accept, how.encoding, false})
			if len(p) != 1+len(p.family("securitycenter_feed_stale")) || p["securitycenter_up"] != 1 || p[feedStale] != 0 {
				t.Errorf("as %+v: %v", how, p)
			}
		}
	})
}

func TestHEADHasTheHeadersOfGET(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, hq, nil, func(o *Options) { o.MaxRequests = 0 })
		b.settle()
		b.probe("hq")
		for _, how := range waysOfAsking {
			get := b.do(http.MethodGet, "/probe?target=hq", "Accept", how.accept, "Accept-Encoding", how.encoding)
			head := b.do(http.MethodHead, "/probe?target=hq", "Accept", how.accept, "Accept-Encoding", how.encoding)
			if d := cmp.Diff(get.Header(), head.Header()); d != "" || head.Body.Len() > 0 {
				t.Errorf("as %+v: %d bytes, headers (-GET +HEAD):\n%s", how, head.Body.Len(), d)
			}
		}
	})
}

func TestScrapesInEveryFormWhileLoadsRun(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, hq+every(time.Second), nil)
		b.settle()
		var scrapes sync.WaitGroup
		for i, how := range waysOfAsking {
			scrapes.Go(func() {
				for range 10 {
					path := "/probe?target=hq"
					if i%2 == 1 {
						path = "/metrics"
					}
					if p := b.scrape(path, how); p["securitycenter_up"] != 1 {
						t.Errorf("%s as %+v: the console is not up", path, how)
					}
					time.Sleep(700 * time.Millisecond)
				}
			})
		}
		scrapes.Wait()
	})
}

// cutOff is a connection whose other end goes away after some bytes.
type cutOff struct {
	*httptest.ResponseRecorder
	left int
}

func (c *cutOff) Write(p []byte) (int, error) {
	if c.left -= len(p); c.left < 0 {
		return 0, errors.New("connection reset by peer")
	}
	return c.ResponseRecorder.Write(p)
}

func TestAClientThatGoesAwayHarmsNobody(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, hq, nil, func(o *Options) { o.MaxRequests = 1 })
		b.settle()
		for _, how := range waysOfAsking[:4] {
			want := b.scrape("/probe?target=hq", how)
			for _, bytes := range []int{0, 100, 5000} {
				r := httptest.NewRequest(http.MethodGet, "/probe?target=hq", http.NoBody)
				r.Header.Set("Accept", how.accept)
				r.Header.Set("Accept-Encoding", how.encoding)
				b.handler.ServeHTTP(&cutOff{httptest.NewRecorder(), bytes}, r)
			}
			if d := cmp.Diff(want, b.scrape("/probe?target=hq", how)); d != "" {
				t.Errorf("as %+v (-before +after):\n%s", how, d)
			}
		}
	})
}

// TestAllocationsDoNotGrowWithTheSeries runs beside nothing else: allocations of
// the whole process are counted.
func TestAllocationsDoNotGrowWithTheSeries(t *testing.T) {
	exhaustive.Only(t)
	for _, how := range waysOfAsking[:4] {
		counted := map[string]float64{}
		for name, conf := range map[string]string{"few": hq + only("feeds"), "many": hq + everything()} {
			t.Run(fmt.Sprintf("%s %+v", name, how), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBench(t, conf, nil)
					b.settle()
					b.scrape("/probe?target=hq", how)
					synctest.Wait()
					counted[name] = testing.AllocsPerRun(20, func() {
						b.do(http.MethodGet, "/probe?target=hq", "Accept", how.accept, "Accept-Encoding", how.encoding)
					})
				})
			})
		}
		if counted["many"] > 100 || counted["few"] == 0 || counted["many"] > counted["few"]+40 {
			t.Errorf("as %+v: %v allocations", how, counted)
		}
	}
}
