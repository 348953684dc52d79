package console

import (
	"context"
	"sync"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// rests are pauses between analysis queries.
type rests struct {
	pause time.Duration

	mu   sync.Mutex
	left time.Time // when the last one left the gate
}

type pauseKey struct{}

// WithPause keeps analysis queries made under ctx apart: before each but the first, so
// long passes without one of them. Attempts of one query are queries of their own.
func WithPause(ctx context.Context, pause time.Duration) context.Context {
	return context.WithValue(ctx, pauseKey{}, &rests{pause: pause})
}

// rest waits, before the gate, for the end of the pause under ctx. The request tells
// when it has left the gate.
func rest(ctx context.Context, class scapi.Class) (left func(), err error) {
	r, _ := ctx.Value(pauseKey{}).(*rests)
	if r == nil || class != scapi.Analysis {
		return func() {}, nil
	}
	r.mu.Lock()
	wait := time.Until(r.left.Add(r.pause))
	r.mu.Unlock()
	if wait > 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.left = time.Now()
	}, nil
}
