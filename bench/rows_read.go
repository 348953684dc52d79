package main

import (
	"bytes"
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/bytedance/sonic"
	jsonv2 "github.com/go-json-experiment/json"
	goccy "github.com/goccy/go-json"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

var rowsContext = context.Background()

// prefetch is how many pages are on their way while another is read, whoever reads.
const prefetch = 2

// reader is a subject whose work is to read rows. Its arguments are the console,
// the tool, the way, and how many rows.
func reader(arguments []string) (func(n int) error, error) {
	if len(arguments) != 4 {
		return nil, errors.New("expected a URL, a tool, a way, and a number of rows")
	}
	url, tool, way := arguments[0], arguments[1], arguments[2]
	rows, err := strconv.Atoi(arguments[3])
	if err != nil {
		return nil, err
	}
	if isSCCTL(way) {
		format := strings.TrimPrefix(way, "scctl-")
		return func(rounds int) error {
			for range rounds {
				if err := runSCCTL(url, tool, format, rows); err != nil {
					return err
				}
			}
			return nil
		}, nil
	}
	heard := &recorder{RoundTripper: &http.Transport{}}
	c, err := scapi.New(scapi.Options{URL: url, API: scapi.REST, Transport: heard, Prefetch: prefetch, Credentials: func() (scapi.Credentials, error) {
		return scapi.Credentials{AccessKey: sctest.AnalystAccessKey, SecretKey: sctest.AnalystSecretKey}, nil
	}})
	if err != nil {
		return nil, err
	}
	q := scapi.Query{Tool: tool, Limit: int64(rows)}
	raw := func(reuse bool) func() (int, error) {
		q := q
		q.ReuseRaw = reuse
		return func() (n int, err error) {
			for _, err := range c.Rows(rowsContext, q) {
				if err != nil {
					return n, err
				}
				n++
			}
			return n, nil
		}
	}
	ours := map[string]func() (int, error){
		"raw":    raw(false),
		"reused": raw(true),
		"columns": func() (n int, err error) {
			for row, err := range c.Rows(rowsContext, q) {
				if err != nil {
					return n, err
				}
				if row.String("ip") != "" && row.Repository() != "" && !row.Time("nothing").After(row.Time("lastSeen")) {
					n++
				}
			}
			return n, nil
		},
		"typed": func() (n int, err error) {
			if tool == "sumip" {
				for host, err := range c.Hosts(rowsContext, q) {
					if err != nil {
						return n, err
					}
					if host.IP != "" {
						n++
					}
				}
				return n, nil
			}
			for finding, err := range c.Vulns(rowsContext, q) {
				if err != nil {
					return n, err
				}
				if finding.IP != "" {
					n++
				}
			}
			return n, nil
		},
	}
	whole := func(read func() (int, error)) func(int) error {
		return func(rounds int) error {
			for range rounds {
				if n, err := read(); n != rows || err != nil {
					return fmt.Errorf("%d rows: %w", n, err)
				}
			}
			return nil
		}
	}
	if read := ours[way]; read != nil {
		return whole(read), nil
	}
	heard.listens = true
	if err := whole(ours["raw"])(1); err != nil {
		return nil, err
	}
	heard.listens = false
	decode := decoder(tool, way)
	if decode == nil {
		return nil, fmt.Errorf("unknown way %q", way)
	}
	return whole(func() (int, error) { return heard.again(decode) }), nil
}

// decoder returns who reads the body of an answer in one of the other ways, with
// memory for it, and tells how many rows there are; nil for no such way.
func decoder(tool, way string) func(body io.Reader, memory *bytes.Buffer) (int, error) {
	switch way {
	case "discard":
		return func(body io.Reader, _ *bytes.Buffer) (int, error) {
			n, err := io.Copy(io.Discard, body)
			return min(int(n), pageSize), err
		}
	case "read":
		return func(body io.Reader, memory *bytes.Buffer) (int, error) {
			memory.Reset()
			n, err := memory.ReadFrom(body)
			return min(int(n), pageSize), err
		}
	case "io.ReadAll":
		return func(body io.Reader, _ *bytes.Buffer) (int, error) {
			text, err := io.ReadAll(body)
			return min(len(text), pageSize), err
		}
	}
	unmarshal, known := map[string]func([]byte, any) error{
		"encoding/json": stdjson.Unmarshal,
		"json/v2":       func(b []byte, v any) error { return jsonv2.Unmarshal(b, v) },
		"goccy":         goccy.Unmarshal,
		"sonic":         sonic.Unmarshal,
	}[way]
	if !known {
		return nil
	}
	count := unmarshalled[finding]
	if tool == "sumip" {
		count = unmarshalled[host]
	}
	return func(body io.Reader, memory *bytes.Buffer) (int, error) {
		memory.Reset()
		if _, err := memory.ReadFrom(body); err != nil {
			return 0, err
		}
		return count(memory.Bytes(), unmarshal)
	}
}

// pageSize is how many rows a body has.
const pageSize = 1000

func unmarshalled[T any](body []byte, unmarshal func([]byte, any) error) (int, error) {
	var page struct {
		Response struct {
			TotalRecords string `json:"totalRecords"`
			Results      []T    `json:"results"`
		} `json:"response"`
	}
	err := unmarshal(body, &page)
	return len(page.Response.Results), err
}

// recorder keeps the requests of analysis that pass.
type recorder struct {
	http.RoundTripper
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
	listens  bool
	memory   [prefetch]bytes.Buffer // for the answers
}

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Path == "/rest/analysis" && r.listens {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.requests = append(r.requests, request.Clone(rowsContext))
		r.bodies = append(r.bodies, string(body))
		request.Body = io.NopCloser(bytes.NewReader(body))
	}
	return r.RoundTripper.RoundTrip(request)
}

// again sends the requests again, several at a time, and adds up what decode says
// of the answers.
func (r *recorder) again(decode func(io.Reader, *bytes.Buffer) (int, error)) (rows int, err error) {
	next := make(chan int, len(r.requests))
	for i := range r.requests {
		next <- i
	}
	close(next)
	var (
		all sync.WaitGroup
		mu  sync.Mutex
	)
	for i := range r.memory {
		all.Go(func() {
			memory := &r.memory[i]
			for i := range next {
				n, failed := r.ask(i, memory, decode)
				mu.Lock()
				rows, err = rows+n, errors.Join(err, failed)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return rows, err
}

// ask sends a request again.
func (r *recorder) ask(i int, memory *bytes.Buffer, decode func(io.Reader, *bytes.Buffer) (int, error)) (int, error) {
	request := r.requests[i].Clone(rowsContext)
	request.Body = io.NopCloser(strings.NewReader(r.bodies[i]))
	answer, err := r.RoundTripper.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	return decode(answer.Body, memory)
}
