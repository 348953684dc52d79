package scapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// way is how a console is spoken to.
type way struct {
	dialect API
	rpcPath string // below the base URL; RPC only
}

// endpoint of RPC, the whole URL of request.php.
func (c *Client) endpoint(w way) *url.URL {
	u := *c.base
	u.Path, u.RawPath = u.Path+w.rpcPath, ""
	return &u
}

// request encodes k with the credentials of s, which may be nil. A call that
// writes goes no further where Options.DryRun takes it.
func (c *Client) request(ctx context.Context, k call, w way, s *session) (*http.Request, error) {
	var req *http.Request
	var err error
	switch {
	case w.dialect == RPC && k.rpc.Module != "":
		req, err = k.rpc.request(ctx, c.endpoint(w), s.rpcToken())
	case w.dialect == REST && k.rest.Method != "":
		req, err = k.rest.request(ctx, c.base)
	default:
		err = fmt.Errorf("%w: there is no such call over %s", ErrUnsupported, w.dialect)
	}
	if err == nil {
		err = c.rehearse(k, w, req)
	}
	if err != nil {
		return nil, &Error{Call: k.name(w.dialect), Err: err}
	}
	if k.writes {
		c.meetFields(k, w)
	}
	c.mask.session(s)
	req.Header.Set("User-Agent", c.options.UserAgent)
	s.authorize(req, w.dialect)
	return req, nil
}

// meetFields takes up the secrets of a call that writes, such as those of a
// stored credential, by the names of their fields.
func (c *Client) meetFields(k call, w way) {
	body := k.rest.Body
	if w.dialect == RPC {
		body = k.rpc.Input
	}
	if body == nil {
		return
	}
	if text, err := json.Marshal(body); err == nil {
		secrets := redactor{mask: &c.mask}
		secrets.json(text)
	}
}

// attempt makes one request and reads its answer: through the gate, within the
// time-out of its class, told to Observe and the log. The reply is useful even
// with an error, if there was an answer.
func (c *Client) attempt(ctx context.Context, k call, w way, s *session) (reply, error) {
	req, err := c.request(ctx, k, w, s)
	if err != nil {
		return reply{}, err
	}
	leave, err := c.enter(ctx, k, w)
	if err != nil {
		return reply{}, err
	}
	timeout := c.timeout(k)
	bounded, cancel := context.WithTimeout(ctx, timeout)
	x := Exchange{Endpoint: k.endpoint, Start: time.Now()}
	r, err := c.exchange(req.WithContext(bounded), k, w, s, &x)
	if err != nil && x.Code == "" {
		err = c.failure(ctx, bounded.Err() != nil, timeout, k.name(w.dialect), err, &x)
	}
	cancel()
	leave()
	if x.Err = err; err == nil {
		x.Err = r.unfulfilled(k, w.dialect)
	}
	if err != nil || !k.held {
		r.free()
	}
	c.record(ctx, k.name(w.dialect), x)
	if err == nil {
		s.renewCookie(r.cookie)
	}
	return r, err
}

// exchange sends req and reads the answer. It sets x.Code once there is one.
func (c *Client) exchange(req *http.Request, k call, w way, s *session, x *Exchange) (reply, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	x.CertificateNotAfter = notAfter(resp.TLS)
	c.mask.hearCookies(resp)
	r := reply{status: resp.StatusCode, header: resp.Header, mask: &c.mask, cookie: sessionCookie(resp)}
	r.body, r.leave, err = c.read(req.Context(), resp, k.body)
	x.Bytes = int64(len(r.body))
	if errors.Is(err, ErrTooLarge) {
		x.Code = httpCode(resp.StatusCode, true)
		return r, &Error{Call: k.name(w.dialect), Status: resp.StatusCode, Err: err}
	}
	if err != nil {
		return r, err
	}
	err = r.judge(k, w.dialect, s)
	x.Message, x.Warnings = r.said.message, r.said.warnings
	x.Code = httpCode(resp.StatusCode, err != nil)
	if r.envelope != nil {
		x.ConsoleTime = r.envelope.Timestamp.Time()
		c.clock.hear(x.ConsoleTime)
	}
	return r, err
}

// httpCode is the status, unless it says 200 about what is none.
func httpCode(status int, failed bool) string {
	if failed && status < 300 {
		return "envelope"
	}
	return strconv.Itoa(status)
}

// large is how many bytes of an answer are read without asking: see
// Options.Large.
const large = 1 << 20

// read reads the body of an answer, of at most Options.MaxBody bytes, into b if
// there is one. The length that the console announces, if it does, is a hint.
// The answer is the caller's to leave, also with an error.
func (c *Client) read(ctx context.Context, resp *http.Response, b *bytes.Buffer) (body []byte, leave func(), err error) {
	if b == nil {
		b = new(bytes.Buffer)
	}
	b.Reset()
	leave = func() {}
	limit := c.options.MaxBody
	b.Grow(int(min(max(resp.ContentLength, 0), limit, large)) + bytes.MinRead)
	for upTo := min(large, limit); ; upTo = min(4*upTo, limit) {
		if _, err := b.ReadFrom(io.LimitReader(resp.Body, upTo-int64(b.Len()))); err != nil {
			return b.Bytes(), leave, err
		}
		if int64(b.Len()) < upTo {
			return b.Bytes(), leave, nil
		}
		var more [1]byte
		switch n, err := io.ReadFull(resp.Body, more[:]); {
		case n == 0 && errors.Is(err, io.EOF):
			return b.Bytes(), leave, nil
		case n == 0:
			return b.Bytes(), leave, err
		case upTo == limit:
			return b.Bytes(), leave, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
		}
		if upTo == large && c.options.Large != nil {
			if leave, err = c.options.Large(ctx); err != nil {
				return b.Bytes(), func() {}, fmt.Errorf("an answer of more than %d bytes must wait for others: %w", large, err)
			}
		}
		if b.Available() < bytes.MinRead { // else it had as large an answer before
			b.Grow(int(min(3*upTo, limit-upTo)) + bytes.MinRead) // at once, and not by doubling
		}
		b.Write(more[:])
	}
}

// failure turns a failure without an answer into an Error, and says in x what
// kind it was. The attempt may be late, that is, beyond its own time-out.
func (c *Client) failure(ctx context.Context, late bool, timeout time.Duration, name string, err error, x *Exchange) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the URL, which Call says better
	}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		x.Code, err = "canceled", ended(ctx)
	case ctx.Err() != nil:
		x.Code, err = "timeout", ended(ctx)
	case late:
		x.Code, err = "timeout", fmt.Errorf("no answer within %s: %w", timeout, context.DeadlineExceeded)
	case isTLS(err):
		x.Code = "tls"
		var refused *tls.CertificateVerificationError
		if errors.As(err, &refused) && len(refused.UnverifiedCertificates) > 0 {
			x.CertificateNotAfter = refused.UnverifiedCertificates[0].NotAfter
		}
	case isTimeout(err):
		x.Code = "timeout"
	default:
		x.Code = "network"
	}
	return c.mask.failed(&Error{Call: name, Err: err})
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// isTLS reports whether TLS failed: a certificate that is not accepted, or a
// peer that speaks no TLS.
func isTLS(err error) bool {
	var (
		refused   *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		alert     *net.OpError
	)
	return errors.As(err, &refused) || errors.As(err, &record) || errors.As(err, &authority) ||
		errors.As(err, &host) || errors.As(err, &invalid) ||
		// crypto/tls reports alerts so, and has no exported type for them.
		errors.As(err, &alert) && (alert.Op == "remote error" || alert.Op == "local error")
}

func notAfter(state *tls.ConnectionState) time.Time {
	if state == nil || len(state.PeerCertificates) == 0 {
		return time.Time{}
	}
	return state.PeerCertificates[0].NotAfter
}

// enter passes the gate, if there is one.
func (c *Client) enter(ctx context.Context, k call, w way) (leave func(), err error) {
	if c.options.Gate == nil {
		if ctx.Err() != nil {
			return nil, &Error{Call: k.name(w.dialect), Err: ended(ctx)}
		}
		return func() {}, nil
	}
	leave, err = c.options.Gate.Enter(ctx, k.class)
	if err != nil {
		return nil, &Error{Call: k.name(w.dialect), Err: err}
	}
	return leave, nil
}

func (c *Client) timeout(k call) time.Duration {
	if k.class == Analysis || k.slow {
		return c.options.AnalysisTimeout
	}
	return c.options.Timeout
}

// record tells Observe and the log of an attempt that has ended.
func (c *Client) record(ctx context.Context, name string, x Exchange) {
	x.Duration = time.Since(x.Start)
	if c.options.Observe != nil {
		c.options.Observe(ctx, x)
	}
	attrs := []slog.Attr{
		slog.String("call", name), slog.String("code", x.Code),
		slog.Duration("duration", x.Duration), slog.Int64("bytes", x.Bytes),
	}
	if x.Err != nil {
		attrs = append(attrs, slog.String("err", x.Err.Error()))
	}
	if x.Message != "" {
		attrs = append(attrs, slog.String("message", x.Message))
	}
	if len(x.Warnings) > 0 {
		attrs = append(attrs, slog.Any("warnings", x.Warnings))
	}
	c.options.Logger.LogAttrs(ctx, slog.LevelDebug, "Console call", attrs...)
}
