package exporter

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"strconv"
)

// limiter bounds the scrapes served at a time; nil: there is no limit. The place
// of a scrape is free as soon as its answer is made: who does not read it keeps
// nobody out.
type limiter chan struct{}

func newLimiter(n int) limiter {
	if n <= 0 {
		return nil
	}
	return make(limiter, n)
}

func (l limiter) wrap(h func(*answer, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		page := answer{header: w.Header(), code: http.StatusOK}
		if !l.serve(h, &page, r) {
			http.Error(w, fmt.Sprintf("Too many scrapes at a time: the limit is %d (--web.max-requests).", cap(l)), http.StatusServiceUnavailable)
			return
		}
		page.send(w, r)
	}
}

// serve reports whether there was a place.
func (l limiter) serve(h func(*answer, *http.Request), page *answer, r *http.Request) bool {
	if l != nil {
		select {
		case l <- struct{}{}:
			defer func() { <-l }()
		default:
			return false
		}
	}
	h(page, r)
	return true
}

// answer is an answer that is made before it is sent.
type answer struct {
	header http.Header
	code   int
	body   bytes.Buffer
	pieces [][]byte // ready ones that others send too, instead of body
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(code int) { a.code = code }

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

// sendBuffer joins small pieces: a write to a connection costs more than a copy.
const sendBuffer = 32 << 10

func (a *answer) send(w http.ResponseWriter, r *http.Request) {
	pieces, length := a.pieces, 0
	if pieces == nil {
		pieces = [][]byte{a.body.Bytes()}
	}
	for _, p := range pieces {
		length += len(p)
	}
	a.header.Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(a.code)
	if r.Method == http.MethodHead {
		return
	}
	buffer := bufio.NewWriterSize(w, min(length, sendBuffer))
	for _, p := range pieces {
		if _, err := buffer.Write(p); err != nil {
			return // who has gone does not want it
		}
	}
	_ = buffer.Flush() // likewise
}
