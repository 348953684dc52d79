package scapi

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// prefixSize is how much of a stream is looked at for an error envelope, in
// bytes. Envelopes of errors are far smaller.
const prefixSize = 64 << 10

// stream makes one request and returns the answer's body, unless the answer
// turns out to be an error.
func (c *Client) stream(ctx context.Context, k call, w way, s *session) (*download, error) {
	req, err := c.request(ctx, k, w, s)
	if err != nil {
		return nil, err
	}
	leave, err := c.enter(ctx, k, w)
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithCancel(ctx)
	x := Exchange{Endpoint: k.endpoint, Start: time.Now()}
	name := k.name(w.dialect)
	d := &download{exchange: x, mask: &c.mask}
	d.end = func() {
		cancel()
		leave()
		c.record(ctx, name, d.exchange)
	}
	timeout := c.timeout(k)
	watchdog := time.AfterFunc(timeout, cancel)
	resp, err := c.http.Do(req.WithContext(bounded)) //nolint:bodyclose // the download closes it
	late := !watchdog.Stop()
	if err != nil {
		return nil, d.fail(c.failure(ctx, late, timeout, name, err, &d.exchange))
	}
	c.mask.hearCookies(resp)
	d.body, d.header = resp.Body, resp.Header
	d.exchange.CertificateNotAfter = notAfter(resp.TLS)
	if err = d.open(k, w, s, resp); err != nil {
		if d.exchange.Code == "" {
			err = c.failure(ctx, late, timeout, name, err, &d.exchange)
		}
		return nil, d.fail(err)
	}
	s.renewCookie(sessionCookie(resp))
	return d, nil
}

// download is the body of a streamed answer.
type download struct {
	header   http.Header
	mask     *mask // of the client
	reader   *bufio.Reader
	body     io.Closer
	exchange Exchange
	end      func() // called once
	ended    sync.Once
}

// open looks whether the answer is an error. It sets the exchange's code as
// soon as there is one.
func (d *download) open(k call, w way, s *session, resp *http.Response) error {
	d.reader = bufio.NewReaderSize(resp.Body, prefixSize)
	first, err := d.reader.Peek(1)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	failed := resp.StatusCode >= 300
	if !failed && (len(first) == 0 || first[0] != '{') {
		d.exchange.Code = strconv.Itoa(resp.StatusCode)
		return nil
	}
	r := reply{status: resp.StatusCode, header: resp.Header, mask: d.mask}
	if r.body, err = d.reader.Peek(prefixSize); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	k.bare = false // a body without an envelope is what is wanted
	err = r.judge(k, w.dialect, s)
	d.exchange.Message, d.exchange.Warnings = r.said.message, r.said.warnings
	if r.envelope != nil {
		d.exchange.ConsoleTime = r.envelope.Timestamp.Time()
		if err == nil {
			err = r.unfulfilled(k, w.dialect)
		}
	} else if !failed {
		err = nil // JSON that is no envelope, or longer than one of an error
	}
	if err != nil {
		d.exchange.Bytes = int64(len(r.body))
	}
	d.exchange.Code = httpCode(resp.StatusCode, err != nil)
	return err
}

// Read reads on. A failure is remembered for Observe.
func (d *download) Read(p []byte) (int, error) {
	n, err := d.reader.Read(p)
	d.exchange.Bytes += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = d.mask.cause(err)
		d.exchange.Err = err
	}
	return n, err
}

// Close ends the request, whether the body was read to its end or not.
func (d *download) Close() error {
	var err error
	d.ended.Do(func() {
		if d.body != nil {
			err = d.body.Close()
		}
		d.end()
	})
	return err
}

// fail ends the request for an error, which it returns.
func (d *download) fail(err error) error {
	d.exchange.Err = err
	// How the body ends adds nothing to err.
	_ = d.Close()
	return err
}
