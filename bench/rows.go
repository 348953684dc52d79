package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// rowsRead are the rows of a round.
const rowsRead = 20_000

// rowWays are the ways to read rows, in the order of printing; the first is what
// the others are compared with.
var rowWays = []struct{ name, what string }{
	{"io.ReadAll", "plain read of the bodies"},
	{"read", "plain read of the bodies, into memory that is there"},
	{"typed", "scapi, typed rows"},
	{"raw", "scapi, rows as they come"},
	{"columns", "scapi, three columns of rows as they come"},
	{"encoding/json", "encoding/json into a struct"},
	{"json/v2", "json/v2 (go-json-experiment) into a struct"},
	{"goccy", "goccy/go-json into a struct"},
	{"sonic", "sonic into a struct"},
}

// rows prints what it takes to read rows of hosts and of findings, from a
// console in another process that has its answers ready.
func rows(w io.Writer, rounds int) error {
	var any net.ListenConfig
	l, err := any.Listen(rowsContext, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: &canned{Handler: sctest.New(sctest.Options{Hosts: 30_000})}, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	defer func() { _ = server.Close() }()
	for _, tool := range []struct{ name, what string }{{"sumip", "hosts"}, {"vulndetails", "findings"}} {
		readers := make([]*subject, len(rowWays))
		for i, way := range rowWays {
			if readers[i], err = start("reader http://" + l.Addr().String() + " " + tool.name + " " + way.name); err != nil {
				return fmt.Errorf("%s: %w", way.name, err)
			}
		}
		costs := make([][]cost, len(rowWays))
		for range rounds {
			for i, r := range readers {
				c, err := r.do(1)
				if err != nil {
					return fmt.Errorf("%s: %w", rowWays[i].name, err)
				}
				costs[i] = append(costs[i], c)
			}
		}
		t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
		_, _ = fmt.Fprintf(t, "| %s |\t CPU, by a plain read |\t µs a row |\t allocations a row |\t bytes a row |\n|---|\t---|\t---|\t---|\t---|\n", tool.what)
		var plain time.Duration
		for i, way := range rowWays {
			if err := readers[i].stop(); err != nil {
				return err
			}
			c := median(costs[i])
			if i == 0 {
				plain = c.CPU
			}
			_, _ = fmt.Fprintf(t, "| %s |\t %.2f |\t %.2f |\t %.1f |\t %.0f |\n", way.what,
				float64(c.CPU)/float64(plain), float64(c.CPU.Nanoseconds())/rowsRead/1000, c.Allocations/rowsRead, c.Bytes/rowsRead)
		}
		_, _ = fmt.Fprintln(t)
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// canned is a console that makes each answer of analysis once.
type canned struct {
	http.Handler
	answers sync.Map
}

// ServeHTTP implements http.Handler.
func (c *canned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/rest/analysis" {
		c.Handler.ServeHTTP(w, r)
		return
	}
	asked, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	answer, known := c.answers.Load(string(asked))
	if !known {
		made := httptest.NewRecorder()
		r.Body = io.NopCloser(bytes.NewReader(asked))
		c.Handler.ServeHTTP(made, r)
		answer = made
		c.answers.Store(string(asked), answer)
	}
	made := answer.(*httptest.ResponseRecorder)
	for name, values := range made.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(made.Code)
	_ = http.NewResponseController(w).Flush() // in chunks, as consoles do
	_, _ = w.Write(made.Body.Bytes())
}
