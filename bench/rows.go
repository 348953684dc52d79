package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// rowsRead are the rows of a round.
const rowsRead = 20_000

// rowWays are the ways to read rows, in the order of printing.
var rowWays = []struct {
	name, what string
	rows       int
}{
	{discarded, "the bodies discarded (io.Discard)", rowsRead},
	{"read", "the bodies read into memory that is there", rowsRead},
	{plain, "the bodies read (io.ReadAll)", rowsRead},
	{"typed", "scapi, typed rows", rowsRead},
	{"raw", "scapi, rows as they come", rowsRead},
	{"columns", "scapi, three columns of rows as they come", rowsRead},
	{"reused", "scapi, rows as they come, their memory reused", rowsRead},
	{"scctl-csv", "`scctl query --format csv`, all columns", 5 * rowsRead}, // it takes some milliseconds to start
	{"scctl-jsonl", "`scctl query --format jsonl`", 5 * rowsRead},
	{"encoding/json", "encoding/json into a struct", rowsRead},
	{"json/v2", "json/v2 (go-json-experiment) into a struct", rowsRead},
	{"goccy", "goccy/go-json into a struct", rowsRead},
	{"sonic", "sonic into a struct", rowsRead},
}

// The ways that the others are compared with.
const (
	discarded = "discard"
	plain     = "io.ReadAll"
)

// aims are what a row may cost at most, as a ratio of two ways.
var aims = []struct {
	tool, way, by string
	most          float64
}{
	{"vulndetails", "typed", plain, 2.5},
	{"vulndetails", "typed", "goccy", 1},
	{"sumip", "typed", plain, 2},
	{"vulndetails", "columns", "raw", 1.5},
	{"sumip", "columns", "raw", 1.5},
	{"vulndetails", "scctl-csv", plain, 4},
	{"vulndetails", "scctl-jsonl", plain, 2},
	{"vulndetails", "scctl-csv", discarded, 4},
	{"vulndetails", "scctl-jsonl", discarded, 2},
}

// rows prints what it takes to read rows of hosts and of findings, from a
// console in another process that has its answers ready.
func rows(w io.Writer, rounds int) error {
	remove, err := buildSCCTL()
	if err != nil {
		return err
	}
	defer remove()
	var listening net.ListenConfig
	l, err := listening.Listen(rowsContext, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: &canned{Handler: sctest.New(sctest.Options{Hosts: 200_000})}, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	defer func() { _ = server.Close() }()
	url := "http://" + l.Addr().String()
	fmt.Fprint(w, `### Rows

CPU time of the process that reads rows of a console, which is another process with its answers ready, and what it
allocates. Everybody sends the same requests for pages of 1000 rows, two at a time, over HTTP, and gets the same bodies, uncompressed. A plain read
is to read a body into memory of its own, as a program has to that looks at it (io.ReadAll); to discard it is what
moving the bytes costs alone. What scctl writes goes to the null device.

| rows of | way | CPU of a row | by a plain read | by discarding | allocations of a row | bytes allocated of a row |
|---|---|---|---|---|---|---|
`)
	spent := map[string]map[string]float64{}
	for _, tool := range []struct{ name, what string }{{"sumip", "hosts"}, {"vulndetails", "findings"}} {
		if spent[tool.name], err = compareReaders(w, url, tool.name, tool.what, rounds); err != nil {
			return fmt.Errorf("%s: %w", tool.what, err)
		}
	}
	fmt.Fprint(w, "\nWhat is aimed at, in CPU time:\n\n| rows of | way | by | at most | measured | |\n|---|---|---|---|---|---|\n")
	for _, aim := range aims {
		ratio, verdict := spent[aim.tool][aim.way]/spent[aim.tool][aim.by], "holds"
		if ratio > aim.most {
			verdict = "**does not hold**"
		}
		fmt.Fprintf(w, "| %s | %s | %s | %.1f | %.2f | %s |\n", aim.tool, aim.way, aim.by, aim.most, ratio, verdict)
	}
	return volumes(w, url)
}

// compareReaders prints the median costs of the ways to read the rows of a tool, and
// returns the time of a row by way.
func compareReaders(w io.Writer, url, tool, what string, rounds int) (spent map[string]float64, err error) {
	readers := make([]*subject, len(rowWays))
	defer func() { err = errors.Join(err, stop(readers)) }()
	for i, way := range rowWays {
		if readers[i], err = start(fmt.Sprint("reader ", url, " ", tool, " ", way.name, " ", way.rows)); err != nil {
			return nil, fmt.Errorf("%s: %w", way.name, err)
		}
	}
	costs := make([][]cost, len(rowWays))
	for range rounds {
		for i, r := range readers {
			c, err := r.do(1)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", rowWays[i].name, err)
			}
			costs[i] = append(costs[i], c)
		}
	}
	spent = map[string]float64{}
	for i, way := range rowWays {
		spent[way.name] = float64(median(costs[i]).CPU.Nanoseconds()) / float64(way.rows)
	}
	for i, way := range rowWays {
		c, cpu := median(costs[i]), spent[way.name]
		allocated := fmt.Sprintf("%.1f | %.0f", c.Allocations/float64(way.rows), c.Bytes/float64(way.rows))
		if isSCCTL(way.name) {
			allocated = "– | –" // that is not seen from outside
		}
		fmt.Fprintf(w, "| %s | %s | %.2f µs | %.2f | %.2f | %s |\n", what, way.what, cpu/1000, cpu/spent[plain], cpu/spent[discarded], allocated)
	}
	return spent, nil
}

// volume is how many rows the memory is measured with.
const volume = 1_000_000

// volumes prints how much memory the ways take that keep no rows.
func volumes(w io.Writer, url string) error {
	fmt.Fprint(w, "\nThe most memory that was resident in the process which read that many findings:\n\n| way | findings | megabytes resident |\n|---|---|---|\n")
	for _, way := range rowWays {
		switch way.name {
		case "typed", "scctl-csv", "scctl-jsonl":
		default:
			continue
		}
		r, err := start(fmt.Sprint("reader ", url, " vulndetails ", way.name, " ", volume))
		if err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
		c, err := r.do(1)
		if err := errors.Join(err, r.stop()); err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
		fmt.Fprintf(w, "| %s | %d | %d |\n", way.what, volume, c.Peak>>20)
	}
	return nil
}

// canned is a console that makes each answer of analysis once, and gives those of
// the first rowsRead rows again and again for all others.
type canned struct {
	http.Handler
	answers sync.Map
}

// offsets are where a request says which rows it wants, and the rows.
var offsets = regexp.MustCompile(`"(startOffset|endOffset)":(\d+)`)

// among returns the request for the rows that stand for those of a request.
func among(asked []byte) []byte {
	shift := -1
	return offsets.ReplaceAllFunc(asked, func(member []byte) []byte {
		name, digits, _ := bytes.Cut(member, []byte{':'})
		row, _ := strconv.Atoi(string(digits)) // the expression has digits only
		if shift < 0 {
			shift = row / rowsRead * rowsRead
		}
		return fmt.Appendf(nil, "%s:%d", name, row-shift)
	})
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
	asked = among(asked)
	answer, known := c.answers.Load(string(asked))
	made, isAnswer := answer.(*httptest.ResponseRecorder)
	if !known || !isAnswer {
		made = httptest.NewRecorder()
		r.Body = io.NopCloser(bytes.NewReader(asked))
		c.Handler.ServeHTTP(made, r)
		c.answers.Store(string(asked), made)
	}
	for name, values := range made.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(made.Code)
	_ = http.NewResponseController(w).Flush() // in chunks, as consoles do
	_, _ = w.Write(made.Body.Bytes())
}
