package scapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"unicode"
)

// Sentinels that errors of a Client wrap.
var (
	// ErrUnsupported: the dialect or version has no equivalent; nothing was sent.
	ErrUnsupported = errors.New("not supported by this console")
	// ErrSessionLimit: the login was answered with releaseSession: the user has all sessions he may have. Other sessions are never closed.
	ErrSessionLimit = errors.New("session limit of the user reached")
	// ErrMalformed: the answer is not what the protocol promises (HTML page, truncated JSON, wrong shape).
	ErrMalformed = errors.New("malformed answer")
	// ErrTooLarge: the answer's body is larger than Options.MaxBody.
	ErrTooLarge = errors.New("answer too large")
	// ErrRedirect: the console answered with a redirect, which is never followed.
	ErrRedirect = errors.New("redirect refused")

	// ErrNotFound: there is no such object. Errors for which IsNotFound holds wrap it, whether the console said so or its lists did.
	ErrNotFound = errors.New("not found")

	// ErrNoConsole: what is at the address speaks neither protocol.
	ErrNoConsole = errors.New("no Security Center at this address")

	// ErrDryRun: the call would have changed something and was shown to Options.DryRun instead.
	ErrDryRun = errors.New("dry run: nothing was sent")

	// ErrLoginRefused: the console does not take the credentials: wrong, locked or unknown.
	ErrLoginRefused = errors.New("login refused")

	errNoReason = errors.New("no reason given")
)

// fault is what an error means for the session.
type fault int

const (
	noFault     fault = iota
	sessionLost       // the session is over, or the API key does not hold any more
)

// Error is a console's refusal of a call, or a failure to make it.
type Error struct {
	Call    string // "GET /rest/scanResult", "vuln::query"
	Status  int    // HTTP status; 0 if there was no answer
	Code    int    // error_code of the envelope; 0 if there was none
	Message string // error_msg of the envelope, one line, bounded, secrets masked
	Err     error  // cause, if any

	// What the console said, to be understood and not to be shown, and what
	// may be shown of it; nil: Message is all.
	said  func() string
	shown func(text string) string

	fault    fault
	judged   bool   // the console itself says so, in its envelope, be it of the account or of the call
	envelope bool   // the console itself refused the call, of an account that it knows
	filterOf string // of the operator that the console refused, where the query tells
	anywhere bool   // nothing in the answer speaks of a Security Center at this address
}

// Error reads like "GET /rest/feed: 403, code 146: Invalid parameters specified".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Call)
	if e.Status != 0 {
		fmt.Fprintf(&b, ": %d", e.Status)
		if e.Code != 0 {
			fmt.Fprintf(&b, ", code %d", e.Code)
		}
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// words are what the console said, for those who look for what they mean.
func (e *Error) words() string {
	if e.said == nil {
		return e.Message
	}
	return e.said()
}

// masked is a part of words that may be shown.
func (e *Error) masked(text string) string {
	if e.shown == nil {
		return text
	}
	return e.shown(text)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrNotFound) hold for a console's own words.
func (e *Error) Is(target error) bool { return target == ErrNotFound && e.notFound() }

// IsLoginRefused reports whether the console refused the credentials: wrong, locked or unknown.
func IsLoginRefused(err error) bool { return errors.Is(err, ErrLoginRefused) }

// IsTemporary reports whether the same call may work later: 429, 5xx, a failed or reset
// connection, a locked database, a query that brought no answer (143, "No response from showvulns"), a time-out.
func IsTemporary(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || retryable(err) {
		return true
	}
	var e *Error
	if !errors.As(err, &e) || e.Err == nil || isTLS(e.Err) {
		return false
	}
	var n net.Error
	return errors.As(e.Err, &n)
}

// Answered reports whether err means that the console answered the account: no error, or an
// error of the call itself, rather than of network, login or session.
func Answered(err error) bool {
	if err == nil || unfulfilled(err) {
		return true
	}
	_, ok := refusalOf(err)
	return ok && !IsLoginRefused(err)
}

// unsupportedFilter is the lack of a filter on a dialect or version.
type unsupportedFilter struct{ name string }

func (e *unsupportedFilter) Error() string { return "filter " + e.name + ": " + ErrUnsupported.Error() }
func (e *unsupportedFilter) Unwrap() error { return ErrUnsupported }

// retryable reports whether a failure is likely to be over in a moment. The
// time-out of an attempt is not: the console is overloaded already.
func retryable(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return passing.MatchString(e.words()) || e.broken()
}

// broken reports whether the connection broke.
func (e *Error) broken() bool {
	return slices.ContainsFunc([]error{
		io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE,
	}, func(how error) bool { return errors.Is(e.Err, how) })
}

// lost reports whether err means that the session is over.
func lost(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.fault == sessionLost
}

// ended returns why ctx ended.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause != nil && !errors.Is(cause, err) {
		return fmt.Errorf("%w: %w", err, cause)
	}
	return err
}

// oneLine makes text of a console fit for a log: printable, one line, at most
// limit characters.
func oneLine(text string, limit int) string {
	var b strings.Builder
	n, blank := 0, false
	for _, r := range text {
		if unicode.IsSpace(r) {
			blank = n > 0
			continue
		}
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			continue
		}
		if n >= limit {
			b.WriteString("…")
			break
		}
		if blank {
			b.WriteByte(' ')
			n++
			blank = false
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}
