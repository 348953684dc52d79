package exporter

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// The benchmark runs this test binary twice more: as a simulated console and as
// an exporter of it. The environment says which part a process plays.
const (
	partVariable    = "RESIDENT_PART"
	addressVariable = "RESIDENT_CONSOLE"
)

const (
	megabyte       = 1e6
	simulatorLimit = 200 // megabytes
	exporterLimit  = 100
)

// BenchmarkResidentMemory measures the memory of an exporter and of a simulated
// console of a million hosts, each in a process of its own, when all collectors
// have succeeded once.
func BenchmarkResidentMemory(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("the memory of processes is read from /proc")
	}
	for b.Loop() {
		began := time.Now()
		simulator := startPart(b, "simulator", "TestPartSimulator")
		address := simulator.line()
		b.ReportMetric(time.Since(began).Seconds(), "simulator-start-s")

		exporter := startPart(b, "exporter", "TestPartExporter", addressVariable+"="+address)
		if said := exporter.line(); said != "loaded" {
			b.Fatalf("the exporter says %q", said)
		}
		for _, p := range []struct {
			*part
			limit float64
		}{{simulator, simulatorLimit}, {exporter, exporterLimit}} {
			peak, now := p.memory("VmHWM"), p.memory("VmRSS")
			b.ReportMetric(peak, p.name+"-peak-MB")
			b.ReportMetric(now, p.name+"-resident-MB")
			if peak > p.limit {
				b.Errorf("the %s took up to %.0f MB, limit %.0f MB", p.name, peak, p.limit)
			}
		}
		exporter.stop()
		simulator.stop()
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

// play skips the test unless this process plays the part, and returns what
// waits until it may end.
func play(t *testing.T, part string) (end func()) {
	t.Helper()
	if os.Getenv(partVariable) != part {
		t.Skip("a part of BenchmarkResidentMemory")
	}
	return func() { _, _ = io.Copy(io.Discard, os.Stdin) }
}

func TestPartSimulator(t *testing.T) {
	end := play(t, "simulator")
	s := sctest.Start(t, sctest.Options{Hosts: 1_000_000, Repositories: 12, Scans: 200})
	fmt.Println(s.URL)
	end()
}

func TestPartExporter(t *testing.T) {
	end := play(t, "exporter")
	cfg, err := config.Parse([]byte(strings.Replace(hq, "http://console.example", os.Getenv(addressVariable), 1)), "", KnownCollectors())
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(Options{Load: func() (*config.Config, error) { return cfg, nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	succeeded := map[string]bool{}
	for len(succeeded) < len(collectorNames) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/probe?target=hq", nil)
		r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "60")
		w := httptest.NewRecorder()
		e.Handler().ServeHTTP(w, r)
		got := parse(t, w.Body.String())
		for _, name := range collectorNames {
			switch success, tried := got[of("success", name)]; {
			case tried && success == 0:
				t.Fatalf("collector %s failed", name)
			case tried:
				succeeded[name] = true
			}
		}
		if w.Code != http.StatusOK {
			t.Fatalf("%d after %q: %s", w.Code, slices.Collect(maps.Keys(succeeded)), w.Body)
		}
	}
	fmt.Println("loaded")
	end()
}
