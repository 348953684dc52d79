package scapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Between the attempts of a call; doubled from one to the next, with jitter.
const (
	firstPause = 500 * time.Millisecond
	// longestPause is also the longest Retry-After that is waited for.
	longestPause = time.Minute
)

// try makes a call, and makes it again after a failure that is likely to be
// over in a moment, if it is safe to repeat.
func (c *Client) try(ctx context.Context, k call, w way, s *session) (reply, error) {
	if k.once || c.options.Retries < 0 {
		return c.attempt(ctx, k, w, s)
	}
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.Multiplier, pauses.MaxInterval = firstPause, 2, longestPause
	var r reply
	var failed error
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		r, failed = c.attempt(ctx, k, w, s)
		return struct{}{}, verdict(ctx, failed, r.header)
	},
		backoff.WithBackOff(pauses),
		backoff.WithMaxTries(uint(c.options.Retries)+1),
		backoff.WithMaxElapsedTime(0),
	)
	// Retry's own error is the verdict or the end of ctx.
	if err != nil && ctx.Err() != nil && !errors.Is(failed, ctx.Err()) {
		return r, fmt.Errorf("%w (not tried again: %w)", failed, ended(ctx))
	}
	return r, failed
}

// attemptAfresh makes a call of a login. Those are made once only, as a console
// counts them; but a connection that was kept and that the console has dropped
// meanwhile tells nothing of the call, which is then made once more.
func (c *Client) attemptAfresh(ctx context.Context, k call, w way, s *session) (reply, error) {
	kept := false
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { kept = i.Reused }})
	r, err := c.attempt(traced, k, w, s)
	var e *Error
	if kept && errors.As(err, &e) && e.Status == 0 && e.broken() && ctx.Err() == nil {
		return c.attempt(ctx, k, w, s)
	}
	return r, err
}

// verdict tells package backoff what to do after an attempt.
func verdict(ctx context.Context, failed error, header http.Header) error {
	if failed == nil {
		return nil
	}
	if !retryable(failed) {
		return backoff.Permanent(failed)
	}
	wait, ok := retryAfter(header)
	if !ok {
		return failed
	}
	deadline, bounded := ctx.Deadline()
	if wait > longestPause || bounded && wait > time.Until(deadline) {
		return backoff.Permanent(failed)
	}
	return &backoff.RetryAfterError{Duration: wait}
}

// retryAfter reads a Retry-After, seconds or a date.
func retryAfter(header http.Header) (time.Duration, bool) {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		// Beyond any bound, but no overflow.
		return time.Duration(min(seconds, 1<<20)) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(time.Until(at), 0), true
	}
	return 0, false
}
