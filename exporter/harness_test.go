package exporter

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/testmain"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { testmain.Run(m) }

// hq is one console with both kinds of account. Tests append further keys.
const hq = `
consoles:
  - name: hq
    url: http://console.example
    accounts:
      - {name: admin, username: admin, password: admin-password}
      - {name: analyst, username: analyst, password: analyst-password}
`

// branch is a second console, to append to hq.
const branch = `
  - name: branch
    url: http://branch.example
    accounts:
      - {name: admin, username: admin, password: admin-password}
      - {name: analyst, username: analyst, password: analyst-password}
`

// every makes all collectors read their data again after that time.
func every(interval time.Duration) string {
	b := strings.Builder{}
	b.WriteString("\ncollectors:\n")
	for _, name := range collectorNames {
		fmt.Fprintf(&b, "  %s: {interval: %s}\n", name, interval)
	}
	return b.String()
}

// only enables no other collectors.
func only(names ...string) string {
	b := strings.Builder{}
	b.WriteString("\ncollectors:\n")
	for _, name := range collectorNames {
		if !slices.Contains(names, name) {
			fmt.Fprintf(&b, "  %s: {enabled: false}\n", name)
		}
	}
	return b.String()
}

// collectorNames are the collectors that are on by default.
var collectorNames = func() (names []string) {
	for _, col := range collector.All() {
		if col.Default {
			names = append(names, col.Name)
		}
	}
	return names
}()

// collectorNamed returns a new collector of that name.
func collectorNamed(name string) *collector.Collector {
	all := collector.All()
	return all[slices.IndexFunc(all, func(col *collector.Collector) bool { return col.Name == name })]
}

// bench is an exporter over simulated consoles that are reached in memory, so
// that it runs in a synctest bubble.
type bench struct {
	t        *testing.T
	exporter *Exporter
	handler  http.Handler
	consoles map[string]*sctest.Server
	log      *record

	mu     sync.Mutex
	config string
	reject error // what loading the configuration fails with; nil: nothing
}

// small is a console that answers quickly.
func small(dialect sctest.Dialect) sctest.Options {
	return sctest.Options{Dialect: dialect, Hosts: 12, Repositories: 3, Scans: 2, Plugins: 500}
}

// newBench starts an exporter with this configuration. Consoles in it that
// have no options are small.
func newBench(t *testing.T, yaml string, consoles map[string]sctest.Options, change ...func(*Options)) *bench {
	t.Helper()
	b := &bench{t: t, config: yaml, consoles: map[string]*sctest.Server{}, log: &record{}}
	for name, o := range consoles {
		b.consoles[name] = sctest.StartPipe(t, o)
	}
	o := Options{
		Load:      b.load,
		Logger:    slog.New(slog.NewTextHandler(b.log, nil)),
		Transport: func(console string) http.RoundTripper { return b.console(console).Transport() },
	}
	for _, f := range change {
		f(&o)
	}
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil { // a console that misbehaves need not let us log out
			t.Logf("close: %v", err)
		}
	})
	b.exporter, b.handler = e, e.Handler()
	return b
}

// console starts a console when it is first spoken of.
func (b *bench) console(name string) *sctest.Server {
	if b.consoles[name] == nil {
		b.consoles[name] = sctest.StartPipe(b.t, small(sctest.REST))
	}
	return b.consoles[name]
}

func (b *bench) load() (*config.Config, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.reject != nil {
		return nil, b.reject
	}
	return config.Parse([]byte(b.config), "config.yml", KnownCollectors())
}

// reload makes yaml the configuration.
func (b *bench) reload(yaml string) error {
	b.mu.Lock()
	b.config = yaml
	b.mu.Unlock()
	return b.exporter.Reload()
}

// do makes a request. Headers come in pairs.
func (b *bench) do(method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

// get returns the body of an answer of status 200.
func (b *bench) get(path string, header ...string) string {
	b.t.Helper()
	w := b.do(http.MethodGet, path, header...)
	if w.Code != http.StatusOK {
		b.t.Fatalf("GET %s: %d\n%s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// probe scrapes a console, perhaps for some collectors only.
func (b *bench) probe(console string, collectors ...string) page {
	b.t.Helper()
	path := "/probe?target=" + console
	for _, c := range collectors {
		path += "&collect[]=" + c
	}
	return parse(b.t, b.get(path))
}

// settle lets all loads that are under way end, first loads included.
func (b *bench) settle() {
	time.Sleep(startJitter)
	synctest.Wait()
}

// page is a scrape: values by series, as they are written.
type page map[string]float64

func parse(t *testing.T, text string) page {
	t.Helper()
	p := page{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		v, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		if _, twice := p[line[:at]]; twice {
			t.Errorf("series %s is there twice", line[:at])
		}
		p[line[:at]] = v
	}
	return p
}

// of is the series of that health metric for a collector.
func of(metric, collector string) string {
	return fmt.Sprintf("securitycenter_collector_%s{collector=%q}", metric, collector)
}

// family returns the series of a metric, sorted.
func (p page) family(name string) []string {
	var series []string
	for s := range p {
		if s == name || strings.HasPrefix(s, name+"{") {
			series = append(series, s)
		}
	}
	slices.Sort(series)
	return series
}

// want fails the test unless the series have these values; absent means not there.
func (p page) want(t *testing.T, when string, series map[string]float64) {
	t.Helper()
	for _, s := range slices.Sorted(maps.Keys(series)) {
		got, there := p[s]
		switch want := series[s]; {
		case want == absent && there:
			t.Errorf("%s: %s is %v, want it absent", when, s, got)
		case want != absent && !there:
			t.Errorf("%s: %s is absent, want %v", when, s, want)
		case want != absent && got != want:
			t.Errorf("%s: %s is %v, want %v", when, s, got, want)
		}
	}
}

// absent stands for a series that must not be there.
const absent = -12345

// sum adds up a metric.
func (p page) sum(name string) float64 {
	total := 0.0
	for _, s := range p.family(name) {
		total += p[s]
	}
	return total
}

// requests counts what a console saw of these endpoints; of all if none is given.
func (b *bench) requests(console string, endpoints ...string) int {
	return b.consoles[console].Count(func(r sctest.Request) bool {
		return len(endpoints) == 0 || slices.Contains(endpoints, r.Endpoint)
	})
}

// logins counts the logins that a console saw.
func (b *bench) logins(console string) int {
	return b.requests(console, "POST /token", "auth::login")
}

// bubble runs a part of a test in a synctest bubble, beside others.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { inBubble(t, f) })
}

// inBubble runs a whole test in a synctest bubble, beside others.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// record is a log that is written and read by several goroutines.
type record struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(p)
}

// lines returns the lines that hold all of the words.
func (r *record) lines(words ...string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []string
	for line := range strings.Lines(r.b.String()) {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// String returns everything.
func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}

// took returns how long f takes by the bubble's clock.
func took(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

// first returns the first line of a text that holds the words, or the text.
func first(text string, words ...string) string {
	for line := range strings.Lines(text) {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			return strings.TrimSpace(line)
		}
	}
	return cmp.Or(text, "(nothing)")
}

// request is a scrape that its client may give up.
func request(t *testing.T, path string) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	return httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil), cancel
}

// quiet is the log of a server whose clients misbehave on purpose.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
