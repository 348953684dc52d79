package exporter

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// The benchmark runs this test binary twice more: as a simulated console and as
// an exporter of it. The environment says which part a process plays.
const (
	partVariable   = "RESIDENT_PART"
	configVariable = "RESIDENT_CONFIG"
	seriesVariable = "RESIDENT_SERIES"
)

const (
	megabyte       = 1e6
	simulatorLimit = 200 // megabytes
)

// residents are exporters that show made-up series, so many on each console, and
// ask for nothing: what remains is what the exporter keeps of them.
var residents = []struct {
	name                       string
	consoles, series, megabyte int // megabyte: the limit
}{
	{"fifty-consoles", 50, 2000, 100},
	{"hundred-thousand-series", 1, 100_000, 64},
}

// consolesLike is a configuration of n consoles that are all the same one.
func consolesLike(n int) string {
	all := "\nconsoles:\n"
	for i := range n {
		all += strings.Replace(strings.TrimPrefix(hq, "\nconsoles:\n"), "name: hq", fmt.Sprintf("name: hq%d", i), 1)
	}
	return all
}

// BenchmarkResidentMemory measures the memory of an exporter and of a simulated
// console of a million hosts, each in a process of its own, when all collectors
// have succeeded once and the page was scraped.
func BenchmarkResidentMemory(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("the memory of processes is read from /proc")
	}
	for b.Loop() {
		began := time.Now()
		simulator := startPart(b, "simulator", "TestPartSimulator")
		address := simulator.line()
		b.ReportMetric(time.Since(began).Seconds(), "simulator-start-s")
		exporter := startPart(b, "exporter", "TestPartExporter", configVariable+"="+strings.ReplaceAll(hq, "http://console.example", address))
		exporter.shows(900)
		exporter.within(100)
		simulator.within(simulatorLimit)
		exporter.stop()
		simulator.stop()
	}
}

// BenchmarkResidentSeries measures the memory of exporters of many series.
func BenchmarkResidentSeries(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("the memory of processes is read from /proc")
	}
	for b.Loop() {
		for _, r := range residents {
			exporter := startPart(b, r.name, "TestPartExporter", configVariable+"="+consolesLike(r.consoles), seriesVariable+"="+strconv.Itoa(r.series))
			exporter.shows(r.consoles * r.series)
			exporter.within(float64(r.megabyte))
			exporter.stop()
		}
	}
}

// shows waits until the part says how many series it shows.
func (p *part) shows(atLeast int) {
	p.b.Helper()
	said := p.line()
	if series, err := strconv.Atoi(said); err != nil || series < atLeast {
		p.b.Fatalf("%s says %q, want at least %d series", p.name, said, atLeast)
	}
}

// within reports the memory of the part, which has a limit.
func (p *part) within(limit float64) {
	p.b.Helper()
	peak, now := p.memory("VmHWM"), p.memory("VmRSS")
	p.b.ReportMetric(peak, p.name+"-peak-MB")
	p.b.ReportMetric(now, p.name+"-resident-MB")
	if peak > limit {
		p.b.Errorf("%s took up to %.0f MB, and has %.0f MB; limit %.0f MB", p.name, peak, now, limit)
	}
}

// part is a process of this test binary.
type part struct {
	b      *testing.B
	name   string
	cmd    *exec.Cmd
	stdin  io.Closer
	stdout *bufio.Reader
}

func startPart(b *testing.B, name, test string, environment ...string) *part {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^"+test+"$")
	cmd.Env = append(append(os.Environ(), partVariable+"="+name), environment...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	return &part{b, name, cmd, stdin, bufio.NewReader(stdout)}
}

// line returns what the part says next.
func (p *part) line() string {
	p.b.Helper()
	text, err := p.stdout.ReadString('\n')
	if err != nil {
		p.b.Fatalf("%s: %v after %q", p.name, err, text)
	}
	return strings.TrimSpace(text)
}

// memory reads a value of the process in megabytes.
func (p *part) memory(field string) float64 {
	p.b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			kib, err := strconv.ParseFloat(strings.Fields(value)[0], 64)
			if err != nil {
				p.b.Fatal(err)
			}
			return kib * 1024 / megabyte
		}
	}
	p.b.Fatalf("%s has no %s", p.name, field)
	return 0
}

// stop lets the part end.
func (p *part) stop() {
	_ = p.stdin.Close()
	_, _ = io.Copy(io.Discard, p.stdout) // so that it is not held up
	if err := p.cmd.Wait(); err != nil {
		p.b.Errorf("%s: %v", p.name, err)
	}
}

func TestPartSimulator(t *testing.T) {
	if os.Getenv(partVariable) != "simulator" {
		t.Skip("a part of BenchmarkResidentMemory")
	}
	s := sctest.Start(t, sctest.Options{Hosts: 1_000_000, Repositories: 12, Scans: 200})
	fmt.Println(s.URL)
	_, _ = io.Copy(io.Discard, os.Stdin) // until it may end
}

func TestPartExporter(t *testing.T) {
	if os.Getenv(configVariable) == "" {
		t.Skip("a part of BenchmarkResidentMemory")
	}
	debug.SetGCPercent(100) // as in the program
	collectors, known := collector.All(), KnownCollectors()
	if series, err := strconv.Atoi(os.Getenv(seriesVariable)); err == nil {
		collectors, known = madeUp(series)
	}
	cfg, err := config.Parse([]byte(os.Getenv(configVariable)), "", known)
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(Options{Load: func() (*config.Config, error) { return cfg, nil }, Collectors: collectors})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	series := 0
	for _, target := range e.all() {
		for range 3 {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/probe?target="+target.console.Name(), nil)
			r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "300")
			r.Header.Set("Accept", asksOpenMetrics)
			r.Header.Set("Accept-Encoding", "gzip")
			w := httptest.NewRecorder()
			e.Handler().ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				t.Fatalf("%d: %s", w.Code, w.Body)
			}
		}
		for _, s := range target.chosen(nil) {
			v := s.view()
			if !v.health.success() || v.dropped > 0 {
				t.Errorf("%s: %s: %v, %d series dropped", target.console.Name(), v.collector.Name, v.health.err, v.dropped)
			}
			series += v.series
		}
	}
	fmt.Println(series)
	_, _ = io.Copy(io.Discard, os.Stdin) // until it may end
}

// madeUp returns ten collectors that make up so many series in all.
func madeUp(series int) (all []*collector.Collector, known []config.Collector) {
	severities := strings.Fields("critical high medium low info")
	for c := range 10 {
		family := &collector.Family{Name: fmt.Sprintf("securitycenter_made_up_%d", c), Help: "What stands for the findings of a host.", Labels: []string{"repository_id", "repository", "ip", "severity"}}
		load := func(_ context.Context, _ *findings.Console, _ collector.Settings, m *collector.Metrics) error {
			for i := range series / 10 {
				host := i / len(severities)
				m.Set(family, float64(host*i%977), strconv.Itoa(host%20), fmt.Sprintf("Repository %d", host%20),
					fmt.Sprintf("10.%d.%d.%d", host>>16, host>>8&255, host&255), severities[i%len(severities)])
			}
			return nil
		}
		col := &collector.Collector{Name: fmt.Sprintf("made_up_%d", c), Help: "Makes up hosts.", Interval: time.Hour, Default: true, Families: []*collector.Family{family}, New: func() collector.Loader { return load }}
		all = append(all, col)
		known = append(known, config.Collector{Name: col.Name, Help: col.Help, Default: true, Interval: col.Interval})
	}
	return all, known
}
