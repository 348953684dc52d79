package scapi

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// traced returns a transport that writes what it carries to a log.
func traced(next http.RoundTripper, log *slog.Logger, limit int, m *mask) http.RoundTripper {
	if log == nil {
		return next
	}
	if next == nil {
		next = http.DefaultTransport
	}
	return &tracer{next: next, log: log, limit: limit, secrets: redactor{mask: m}}
}

// tracer writes two records for every request: one when it is sent, one when
// the answer was read.
type tracer struct {
	next  http.RoundTripper
	log   *slog.Logger
	limit int // bytes of a body that are shown

	// An answer may repeat what an earlier request held, so the secrets of all
	// of them are known.
	mu      sync.Mutex
	secrets redactor // guarded by mu
}

// looked is how much of a body is looked at, in bytes, however little is
// shown: a form with a large input is masked as a whole.
const looked = 1 << 20

func (t *tracer) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if !t.log.Enabled(ctx, slog.LevelDebug) {
		return t.next.RoundTrip(req)
	}
	attrs, streamed, err := t.request(req)
	if err != nil {
		_ = req.Body.Close() // as a transport must; err says more
		return nil, err
	}
	if streamed == nil {
		t.log.LogAttrs(ctx, slog.LevelDebug, "Request to console", attrs...)
	} else {
		outgoing := *req
		outgoing.Body = streamed
		req = &outgoing
	}
	began := time.Now()
	resp, err := t.next.RoundTrip(req)
	if streamed != nil { // its length is known now
		t.log.LogAttrs(ctx, slog.LevelDebug, "Request to console", append(attrs, slog.String("body", streamed.describe()))...)
	}
	if err != nil {
		t.log.LogAttrs(ctx, slog.LevelDebug, "No answer of console",
			slog.Duration("duration", time.Since(began)), slog.String("err", t.masked(err.Error())))
		return nil, err
	}
	header, status := resp.Header, resp.StatusCode
	resp.Body = &tracedBody{
		body: resp.Body,
		keep: max(t.limit, prefixSize),
		end: func(start []byte, n int64) {
			attrs := append([]slog.Attr{slog.Int("status", status), slog.Duration("duration", time.Since(began))}, t.answer(header, start, n)...)
			t.log.LogAttrs(ctx, slog.LevelDebug, "Answer of console", attrs...)
		},
	}
	return resp, nil
}

// request describes a request. The body of a file on its way is not described
// but returned, to be counted.
func (t *tracer) request(req *http.Request) ([]slog.Attr, *counted, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	header := t.secrets.header(req.Header)
	sent, streamed, err := t.sent(req)
	attrs := []slog.Attr{
		slog.String("method", req.Method), slog.String("url", t.secrets.url(req.URL)), slog.Any("header", header),
	}
	if streamed == nil {
		attrs = append(attrs, slog.String("body", sent))
	}
	return attrs, streamed, err
}

// answer describes an answer by the beginning of its body of n bytes.
func (t *tracer) answer(header http.Header, start []byte, n int64) []slog.Attr {
	t.mu.Lock()
	defer t.mu.Unlock()
	shown := t.secrets.header(header)
	return []slog.Attr{slog.Any("header", shown), slog.String("body", t.body(start, n, header.Get("Content-Type")))}
}

func (t *tracer) masked(text string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.secrets.text(text, false)
}

// sent describes the body of a request. A file on its way is counted instead.
func (t *tracer) sent(req *http.Request) (string, *counted, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return "", nil, nil
	}
	if req.GetBody == nil {
		return "", &counted{ReadCloser: req.Body, contentType: req.Header.Get("Content-Type")}, nil
	}
	body, err := req.GetBody()
	if err != nil {
		return "", nil, err
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, looked))
	if err != nil {
		return "", nil, err
	}
	return t.body(text, max(int64(len(text)), req.ContentLength), req.Header.Get("Content-Type")), nil, nil
}

// body describes a body of n bytes by its beginning.
func (t *tracer) body(start []byte, n int64, contentType string) string {
	whole := int64(len(start)) == n
	mediaType, _, _ := strings.Cut(contentType, ";")
	var shown string
	switch {
	case n == 0:
		return ""
	case mediaType == "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(start))
		if err != nil || !whole {
			return length(n, contentType)
		}
		shown = t.secrets.form(form)
	case looksJSON(start):
		shown = t.secrets.json(start)
	case isXML(start) || !isText(start):
		return length(n, contentType)
	default:
		shown = t.secrets.text(string(start), !whole)
	}
	// Once more as a whole, whatever way was taken.
	shown, cutOff := shorten(t.secrets.known().text(shown), t.limit)
	if cutOff || !whole {
		shown = strings.TrimSuffix(shown, omitted) + fmt.Sprintf("%s (%d bytes)", omitted, n)
	}
	return shown
}

// isText reports whether the beginning of a body is text, of which the last
// character may be cut in two.
func isText(start []byte) bool {
	for len(start) > 0 {
		r, size := utf8.DecodeRune(start)
		if r == utf8.RuneError && size == 1 && utf8.FullRune(start) || r < ' ' && r != '\t' && r != '\r' && r != '\n' {
			return false
		}
		start = start[size:]
	}
	return true
}

// length describes a body that is not shown.
func length(n int64, contentType string) string {
	mediaType, _, _ := strings.Cut(contentType, ";")
	if mediaType == "" {
		mediaType = "no content type"
	}
	return fmt.Sprintf("(%d bytes, %s)", n, mediaType)
}

// tracedBody keeps the beginning of a body that is read through it.
type tracedBody struct {
	body io.ReadCloser
	keep int
	end  func(start []byte, n int64) // called once, by Close

	mu     sync.Mutex // Close may come while Read waits
	start  bytes.Buffer
	n      int64
	closed bool
}

func (b *tracedBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n += int64(n)
	b.start.Write(p[:min(n, b.keep-b.start.Len())])
	return n, err
}

func (b *tracedBody) Close() error {
	err := b.body.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		b.end(b.start.Bytes(), b.n)
	}
	return err
}

// counted is a body that is not kept.
type counted struct {
	io.ReadCloser
	contentType string

	mu sync.Mutex // an answer may come while the body is still read
	n  int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += int64(n)
	return n, err
}

func (c *counted) describe() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return length(c.n, c.contentType)
}
