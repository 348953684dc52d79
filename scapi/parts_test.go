package scapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// The test binary runs itself as other processes, whose part is in the environment.
const partVariable = "SCAPI_TEST_PART"

// The parts.
const (
	partConsole = "console"   // a simulated console of a million hosts
	partCanned  = "canned"    // the same, with answers of analysis that are made once and kept
	partMill    = "mill"      // a console that makes up a million hosts as fast as it can
	partClient  = "streaming" // a client that reads all hosts
)

// TestPart is no test but what another process does.
func TestPart(t *testing.T) {
	switch part := os.Getenv(partVariable); part {
	case partConsole:
		serveUntilStdinEnds(t, sctest.New(sctest.Options{Hosts: 1_000_000}))
	case partCanned:
		serveUntilStdinEnds(t, &cannedConsole{Handler: sctest.New(sctest.Options{Hosts: 1_000_000})})
	case partMill:
		serveUntilStdinEnds(t, mill{sctest.New(sctest.Options{Hosts: 1})})
	case partClient:
		streamHosts(t)
	default:
		t.Skip("a part of other tests")
	}
}

func serveUntilStdinEnds(t *testing.T, console http.Handler) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: console}
	var serving sync.WaitGroup
	serving.Go(func() { _ = s.Serve(l) })
	fmt.Println("http://" + l.Addr().String())
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = s.Close()
	serving.Wait()
}

// cannedConsole makes each answer of analysis once. So it costs little time.
type cannedConsole struct {
	http.Handler
	answers sync.Map
}

func (c *cannedConsole) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/rest/analysis" {
		c.Handler.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	answer, known := c.answers.Load(string(body))
	if !known {
		made := httptest.NewRecorder()
		r.Body = io.NopCloser(bytes.NewReader(body))
		c.Handler.ServeHTTP(made, r)
		answer = made
		c.answers.Store(string(body), answer)
	}
	made := answer.(*httptest.ResponseRecorder)
	for name, values := range made.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(made.Code)
	_ = http.NewResponseController(w).Flush()
	_, _ = w.Write(made.Body.Bytes())
}

// mill is a console whose rows cost next to nothing.
type mill struct{ http.Handler }

func (m mill) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/rest/analysis" {
		m.Handler.ServeHTTP(w, r)
		return
	}
	var asked struct {
		Query struct{ StartOffset, EndOffset int }
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	start, end := asked.Query.StartOffset, min(asked.Query.EndOffset, 1_000_000)
	body := fmt.Appendf(nil, `{"type":"regular","response":{"totalRecords":"1000000","returnedRecords":%d,"results":[`, end-start)
	for i := start; i < end; i++ {
		if i > start {
			body = append(body, ',')
		}
		for _, part := range [...]struct {
			text   string
			number int
		}{
			{`{"ip":"10.`, i >> 16}, {`.`, i >> 8 & 255}, {`.`, i & 255},
			{`","uuid":"","score":"`, i % 1000}, {`","total":"`, i % 100},
			{`","severityInfo":"39","severityLow":"0","severityMedium":"3","severityHigh":"0","severityCritical":"1","macAddress":"00:50:56:aa:bb:`, 10 + i%90},
			{`","policyName":"3ae050e2-486c-5c1a-a6a5-45305557cec3-`, i % 7}, {`\/Full Safe Scan","pluginSet":"2018121503`, 10 + i/1000%50},
			{`","netbiosName":"","dnsName":"host-`, i}, {`.example.org","osCPE":"cpe:\/o:freebsd:freebsd:11.`, i % 5},
			{`","biosGUID":"","tpmID":"","mcafeeGUID":"","lastAuthRun":"","lastUnauthRun":"`, 1545071370 + i},
			{`","uniqueness":"repositoryID,ip,dnsName","repository":{"id":"`, i % 2}, {`","name":"Default","description":"","dataFormat":"IPv4"}}`, -1},
		} {
			body = append(body, part.text...)
			if part.number >= 0 {
				body = strconv.AppendInt(body, int64(part.number), 10)
			}
		}
	}
	body = append(body, `]},"error_code":0,"error_msg":"","warnings":[],"timestamp":1545080216}`+"\n"...)
	_ = http.NewResponseController(w).Flush() // in chunks, as consoles do
	_, _ = w.Write(body)
}

// startPart runs a part in another process, which ends with the test, and returns its first line.
func startPart(tb testing.TB, part string, env ...string) (line string) {
	tb.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestPart$", "-test.timeout=10m")
	cmd.Env = append(os.Environ(), append(env, partVariable+"="+part)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	var first strings.Builder
	for b := make([]byte, 1); !strings.HasSuffix(first.String(), "\n"); {
		if _, err := out.Read(b); err != nil {
			tb.Fatal(part, err)
		}
		first.Write(b)
	}
	return strings.TrimSpace(first.String())
}

// dialPart makes a client of a console in another process, with its own connections.
func dialPart(tb testing.TB, url string, change ...func(*scapi.Options)) *scapi.Client {
	tb.Helper()
	transport := &http.Transport{}
	tb.Cleanup(transport.CloseIdleConnections)
	o := scapi.Options{URL: url, API: scapi.REST, Transport: transport, Credentials: func() (scapi.Credentials, error) {
		return scapi.Credentials{AccessKey: sctest.AnalystAccessKey, SecretKey: sctest.AnalystSecretKey}, nil
	}}
	for _, f := range change {
		f(&o)
	}
	c, err := scapi.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// countHosts reads hosts until there are no more.
func countHosts(ctx context.Context, c *scapi.Client, q scapi.Query) (n int64, err error) {
	for host, err := range c.Hosts(ctx, q) {
		if err != nil {
			return n, err
		}
		if host.IP == "" || !host.Total.Valid || host.RepositoryID == "" || len(host.Raw) == 0 {
			return n, fmt.Errorf("host %d is %+v", n, host)
		}
		n++
	}
	return n, nil
}

// streamHosts reads all hosts of the console, and prints their number and the
// most memory that this process had.
func streamHosts(t *testing.T) {
	debug.SetGCPercent(100) // what a program has unless it says otherwise
	c := dialPart(t, os.Getenv("SCAPI_TEST_URL"))
	n, err := countHosts(t.Context(), c, scapi.Query{})
	if err != nil {
		t.Fatal(err)
	}
	peak, err := peakMemory()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(n, peak)
}

// peakMemory is the largest resident set of this process so far, in bytes.
func peakMemory() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kb), "kB")), 10, 64)
			return n << 10, err
		}
	}
	return 0, errors.New("no VmHWM in /proc/self/status")
}

func TestAMillionHostsAreStreamedInLittleMemory(t *testing.T) {
	t.Parallel()
	if !exhaustive.Tests || runtime.GOOS != "linux" || exhaustive.Raced {
		t.Skip("takes its time, and memory as it is without the race detector")
	}
	url := startPart(t, partMill)
	began := time.Now()
	var rows, peak int64
	if _, err := fmt.Sscan(startPart(t, partClient, "SCAPI_TEST_URL="+url), &rows, &peak); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d rows in %v with %d MB", rows, time.Since(began).Round(time.Millisecond), peak>>20)
	if rows != 1_000_000 {
		t.Errorf("%d rows", rows)
	}
	if peak >= 64<<20 {
		t.Errorf("the client's process had %d MB", peak>>20)
	}
}
