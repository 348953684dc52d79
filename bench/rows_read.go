package main

import (
	"bytes"
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
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
// the tool and the way.
func reader(arguments []string) (func(n int) error, error) {
	if len(arguments) != 3 {
		return nil, errors.New("expected a URL, a tool and a way")
	}
	url, tool, way := arguments[0], arguments[1], arguments[2]
	heard := &recorder{RoundTripper: &http.Transport{}}
	c, err := scapi.New(scapi.Options{URL: url, API: scapi.REST, Transport: heard, Prefetch: prefetch, Credentials: func() (scapi.Credentials, error) {
		return scapi.Credentials{AccessKey: sctest.AnalystAccessKey, SecretKey: sctest.AnalystSecretKey}, nil
	}})
	if err != nil {
		return nil, err
	}
	q := scapi.Query{Tool: tool, Limit: rowsRead}
	ours := map[string]func() (int, error){
		"raw": func() (n int, err error) {
			for _, err := range c.Rows(rowsContext, q) {
				if err != nil {
					return n, err
				}
				n++
			}
			return n, nil
		},
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
				if n, err := read(); n != rowsRead || err != nil {
					return fmt.Errorf("%d rows: %w", n, err)
				}
			}
			return nil
		}
	}
	if read := ours[way]; read != nil {
		return whole(read), whole(read)(1)
	}
	heard.listens = true
	if err := whole(ours["raw"])(1); err != nil {
		return nil, err
	}
	heard.listens = false
	decode := decoder(tool, way)
	if decode == nil && way != "io.ReadAll" {
		return nil, fmt.Errorf("unknown way %q", way)
	}
	read := func() (int, error) { return heard.again(decode) }
	return whole(read), whole(read)(1)
}

// decoder returns who reads a body in one of the other ways, and tells how many
// rows there are.
func decoder(tool, way string) func(body []byte) (int, error) {
	unmarshal, known := map[string]func([]byte, any) error{
		"encoding/json": stdjson.Unmarshal,
		"json/v2":       func(b []byte, v any) error { return jsonv2.Unmarshal(b, v) },
		"goccy":         goccy.Unmarshal,
		"sonic":         sonic.Unmarshal,
	}[way]
	switch {
	case way == "read":
		return func(body []byte) (int, error) { return min(len(body), pageSize), nil }
	case !known:
		return nil
	case tool == "sumip":
		return func(body []byte) (int, error) { return unmarshalled[host](body, unmarshal) }
	}
	return func(body []byte) (int, error) { return unmarshalled[finding](body, unmarshal) }
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
func (r *recorder) again(decode func([]byte) (int, error)) (rows int, err error) {
	next := make(chan int, len(r.requests))
	for i := range r.requests {
		next <- i
	}
	close(next)
	var (
		all sync.WaitGroup
		mu  sync.Mutex
	)
	for range prefetch {
		all.Go(func() {
			var body bytes.Buffer
			for i := range next {
				n, failed := r.ask(i, &body, decode)
				mu.Lock()
				rows, err = rows+n, errors.Join(err, failed)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return rows, err
}

// ask sends a request again. Without a buffer the answer is read into new memory.
func (r *recorder) ask(i int, body *bytes.Buffer, decode func([]byte) (int, error)) (int, error) {
	request := r.requests[i].Clone(rowsContext)
	request.Body = io.NopCloser(strings.NewReader(r.bodies[i]))
	answer, err := r.RoundTripper.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	if decode == nil {
		text, err := io.ReadAll(answer.Body)
		return min(len(text), pageSize), err
	}
	body.Reset()
	if _, err := body.ReadFrom(answer.Body); err != nil {
		return 0, err
	}
	return decode(body.Bytes())
}
