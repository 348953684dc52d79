package sctest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault makes the console misbehave for some requests. Several faults may hit one request; they act in the order of
// their injection.
type Fault struct {
	Endpoint string             // "POST /analysis", "vuln::query"; empty: every one
	Match    func(Request) bool // narrows further; nil: all
	Skip     int                // matching requests that are left alone first
	Times    int                // requests that are hit; 0: all until the fault is removed
	Effect   Effect
}

// Effect is what a fault does.
type Effect struct {
	before func(*exchange) (*reply, bool) // true: the request ends here, with that reply or none
	after  func(*exchange, *reply)
}

type activeFault struct {
	Fault
	skip, left int
}

// Inject adds a fault and returns what removes it.
func (c *Console) Inject(f Fault) (remove func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	active := &activeFault{Fault: f, skip: f.Skip, left: f.Times}
	c.faults = append(c.faults, active)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.faults = slices.DeleteFunc(c.faults, func(a *activeFault) bool { return a == active })
	}
}

// effects returns what hits the request.
func (c *Console) effects(r Request) []Effect {
	c.mu.Lock()
	defer c.mu.Unlock()
	var hit []Effect
	for _, f := range c.faults {
		if f.Endpoint != "" && f.Endpoint != r.Endpoint || f.Match != nil && !f.Match(r) {
			continue
		}
		if f.skip > 0 {
			f.skip--
			continue
		}
		if f.Times > 0 {
			if f.left == 0 {
				continue
			}
			f.left--
		}
		hit = append(hit, f.Effect)
	}
	return hit
}

// withFaults answers the request as far as the faults let it. It returns nil when there is nothing more to write.
func (x *exchange) withFaults(answer func() *reply) *reply {
	if !wait(x.r.Context(), x.c.o.Latency) {
		return nil
	}
	effects := x.c.effects(x.seen)
	for _, e := range effects {
		if e.before != nil {
			if rep, end := e.before(x); end {
				return rep
			}
		}
	}
	rep := answer()
	for _, e := range effects {
		if e.after != nil {
			e.after(x, rep)
		}
	}
	return rep
}

func instead(answer func(*exchange) *reply) Effect {
	return Effect{before: func(x *exchange) (*reply, bool) { return answer(x), true }}
}

// Delay makes the console think for that long; it stops when the client gives up.
func Delay(d time.Duration) Effect {
	return Effect{before: func(x *exchange) (*reply, bool) { return nil, !wait(x.r.Context(), d) }}
}

// Hang makes the console never answer: it waits until the client gives up.
func Hang() Effect {
	return Effect{before: func(x *exchange) (*reply, bool) {
		<-x.r.Context().Done()
		return nil, true
	}}
}

// Reset breaks the connection instead of answering.
func Reset() Effect {
	return instead(func(x *exchange) *reply {
		conn, _, err := http.NewResponseController(x.w).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler) // net/http's own way to drop a connection, where it cannot be taken over
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, not an orderly end
		}
		_ = conn.Close()
		return nil
	})
}

// Truncate cuts the body in the middle, that of a download after its first hundred bytes; the answer ends in order.
func Truncate() Effect {
	return Effect{after: func(x *exchange, rep *reply) {
		if whole := rep.stream; whole != nil {
			rep.stream = func(w io.Writer) error {
				if err := whole(&firstBytes{w: w, left: 100}); !errors.Is(err, errSevered) {
					return err
				}
				return nil
			}
			return
		}
		if rep.raw == nil {
			rep.raw = x.envelope(rep)
		}
		rep.raw = rep.raw[:len(rep.raw)/2]
	}}
}

// firstBytes writes what is left of a number of bytes and then refuses.
type firstBytes struct {
	w    io.Writer
	left int
}

func (f *firstBytes) Write(data []byte) (int, error) {
	n, err := f.w.Write(data[:min(len(data), f.left)])
	f.left -= n
	if err == nil && n < len(data) {
		err = errSevered
	}
	return n, err
}

// Sever ends the connection after that many bytes of the body.
func Sever(after int) Effect {
	return Effect{after: func(_ *exchange, rep *reply) { rep.sever = after }}
}

// SlowBody pauses after every 32 KiB of the body, or less; it stops when the client gives up.
func SlowBody(pause time.Duration) Effect {
	return Effect{after: func(_ *exchange, rep *reply) { rep.pause = pause }}
}

// HTMLPage answers with an error page of the web server, of that status.
func HTMLPage(status int) Effect {
	return instead(func(*exchange) *reply { return page(status, http.StatusText(status)) })
}

// Refuse answers with an error of the console: an HTTP status (200 for what SecurityCenter 4 does), a code, a message.
func Refuse(status, code int, msg string) Effect {
	return instead(func(*exchange) *reply { return failure(&apiError{status, code, msg}) })
}

// DatabaseLocked answers as a console does whose database is busy for the moment.
func DatabaseLocked() Effect {
	return Refuse(http.StatusForbidden, 1, "Error querying the database: database is locked\n")
}

// EmptyRefusal answers with status 403, code 0 and no text, as after a wrong API key.
func EmptyRefusal() Effect { return Refuse(http.StatusForbidden, 0, "") }

// ExpireSession ends the session of the request before it is answered, so that it is refused with code 12.
func ExpireSession() Effect {
	return Effect{before: func(x *exchange) (*reply, bool) {
		x.c.sessions.end(x.r)
		return nil, false
	}}
}

// SessionLimit makes a login answer as at the session limit: without a token, asking to release other sessions.
func SessionLimit() Effect {
	return instead(func(*exchange) *reply { return success(object{"releaseSession": true}) })
}

// WrongTypes turns numbers into texts, and texts that are numbers into numbers.
func WrongTypes() Effect {
	return Effect{after: func(_ *exchange, rep *reply) { rep.response = retype(rep.response, true, true) }}
}

// Remark makes the console say something beside its success: a text in error_msg, and warnings, which are texts or objects
// with code and warning.
func Remark(message string, warnings ...any) Effect {
	return Effect{after: func(_ *exchange, rep *reply) {
		rep.message = message
		if len(warnings) > 0 {
			rep.warnings = warnings
		}
	}}
}

// Redirect answers with a redirection.
func Redirect(url string) Effect {
	return instead(func(*exchange) *reply {
		rep := page(http.StatusFound, "302 Found")
		rep.header.Set("Location", url)
		return rep
	})
}

// HugeBody answers with valid JSON of at least that many bytes.
func HugeBody(bytesAtLeast int) Effect {
	return Effect{after: func(_ *exchange, rep *reply) {
		var b bytes.Buffer
		b.Grow(bytesAtLeast + 200)
		b.WriteString(`{"type":"regular","response":"`)
		b.WriteString(strings.Repeat("x", bytesAtLeast))
		b.WriteString(`","error_code":0,"error_msg":"","warnings":[],"timestamp":0}`)
		rep.raw = b.Bytes()
	}}
}
