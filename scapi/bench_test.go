package scapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// benchmarkRows are read in each round.
const benchmarkRows = 100_000

// recorder keeps the requests of analysis that pass.
type recorder struct {
	http.RoundTripper
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Path == "/rest/analysis" {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		r.mu.Lock()
		r.requests = append(r.requests, req.Clone(context.Background()))
		r.bodies = append(r.bodies, string(body))
		r.mu.Unlock()
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	return r.RoundTripper.RoundTrip(req)
}

// merelyRead sends recorded requests again, so many at a time, and reads the
// answers without looking at them.
func (r *recorder) merelyRead(atATime int) error {
	next := make(chan int)
	failed := make(chan error, atATime)
	var all sync.WaitGroup
	for range atATime {
		all.Go(func() {
			buf := make([]byte, 4<<20)
			for i := range next {
				req := r.requests[i].Clone(context.Background())
				req.Body = io.NopCloser(strings.NewReader(r.bodies[i]))
				resp, err := r.RoundTripper.RoundTrip(req)
				if err != nil {
					failed <- err
					return
				}
				n, err := io.ReadFull(resp.Body, buf)
				_ = resp.Body.Close()
				if !errors.Is(err, io.ErrUnexpectedEOF) || n < 1000 {
					failed <- fmt.Errorf("%d bytes: %w", n, err)
					return
				}
			}
		})
	}
	for i := range r.requests {
		select {
		case next <- i:
		case err := <-failed:
			close(next)
			all.Wait()
			return err
		}
	}
	close(next)
	all.Wait()
	return nil
}

// BenchmarkQuery reads rows of hosts over loopback from a console in another
// process, and beside it merely reads the same bodies with the same prefetch.
// The console is a simulated one, or one that keeps its answers: that one costs
// almost nothing, so that its bodies come as fast as the kernel copies them.
// The metric times-read is what typed hosts take, with reading, by what reading
// alone takes.
func BenchmarkQuery(b *testing.B) {
	const prefetch = 2
	for _, console := range []string{partCanned, partConsole} {
		url := startPart(b, console)
		transport := &http.Transport{}
		b.Cleanup(transport.CloseIdleConnections)
		r := &recorder{RoundTripper: transport}
		q := scapi.Query{Limit: benchmarkRows}
		if n, err := countHosts(b.Context(), dialPart(b, url, func(o *scapi.Options) { o.Transport, o.Prefetch = r, prefetch }), q); n != benchmarkRows || err != nil {
			b.Fatal(n, err)
		}
		c := dialPart(b, url, func(o *scapi.Options) { o.Transport, o.Prefetch = transport, prefetch })
		q.Tool = "sumip"
		measures := map[string]func() error{
			"read": func() error { return r.merelyRead(prefetch) },
			"hosts": func() error {
				_, err := countHosts(b.Context(), c, q)
				return err
			},
			"rows": func() error {
				for _, err := range c.Rows(b.Context(), q) {
					if err != nil {
						return err
					}
				}
				return nil
			},
		}
		for _, name := range []string{"read", "hosts", "rows"} {
			b.Run(console+"/"+name, func(b *testing.B) {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				for b.Loop() {
					if err := measures[name](); err != nil {
						b.Fatal(err)
					}
				}
				runtime.ReadMemStats(&after)
				rows := float64(b.N) * benchmarkRows
				b.ReportMetric(float64(after.Mallocs-before.Mallocs)/rows, "allocs/row")
				b.ReportMetric(rows/b.Elapsed().Seconds(), "rows/s")
			})
		}
		b.Run(console+"/hosts-by-read", func(b *testing.B) {
			var read, decode time.Duration
			for b.Loop() {
				began := time.Now()
				if err := measures["read"](); err != nil {
					b.Fatal(err)
				}
				between := time.Now()
				if err := measures["hosts"](); err != nil {
					b.Fatal(err)
				}
				read, decode = read+between.Sub(began), decode+time.Since(between)
			}
			b.ReportMetric(float64(decode)/float64(read), "times-read")
		})
	}
}
