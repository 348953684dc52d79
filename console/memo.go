package console

import (
	"context"
	"sync"
	"time"
)

// memo keeps a value for a short while, so that collectors which load at the
// same time ask the console once. The zero value is empty.
type memo[T any] struct {
	mu      sync.Mutex
	value   T
	until   time.Time
	loading chan struct{} // closed when the present load ends; nil: none runs
}

// get returns the kept value, or asks load for it and keeps it for ttl.
// Callers wait for one another, each within its own ctx. Failures are not
// kept: who waited then loads for himself.
func (m *memo[T]) get(ctx context.Context, ttl time.Duration, load func(context.Context) (T, error)) (T, error) {
	for {
		m.mu.Lock()
		if time.Now().Before(m.until) {
			v := m.value
			m.mu.Unlock()
			return v, nil
		}
		loading := m.loading
		if loading == nil {
			m.loading = make(chan struct{})
			m.mu.Unlock()
			return m.load(ctx, ttl, load)
		}
		m.mu.Unlock()
		select {
		case <-loading:
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		}
	}
}

// load calls load alone and lets those who wait go on, whatever happens.
func (m *memo[T]) load(ctx context.Context, ttl time.Duration, load func(context.Context) (T, error)) (v T, err error) {
	kept := false
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if kept {
			m.value, m.until = v, time.Now().Add(ttl)
		}
		close(m.loading)
		m.loading = nil
	}()
	v, err = load(ctx)
	kept = err == nil
	return v, err
}
