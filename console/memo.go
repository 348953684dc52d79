package console

import (
	"context"
	"sync"
	"time"
)

// memo keeps a value for a short while, so that collectors which load at the
// same time ask the console once.
type memo[T any] struct {
	mu    sync.Mutex
	value T
	until time.Time
}

// get returns the kept value, or asks load for it and keeps it for ttl.
// Callers wait for one another. Failures are not kept.
func (m *memo[T]) get(ctx context.Context, ttl time.Duration, load func(context.Context) (T, error)) (T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Now().Before(m.until) {
		return m.value, nil
	}
	v, err := load(ctx)
	if err == nil {
		m.value, m.until = v, time.Now().Add(ttl)
	}
	return v, err
}
