package console

import (
	"context"
	"time"
)

// memo keeps a value for a short while, so that collectors which load at the
// same time ask the console once.
type memo[T any] struct {
	turn  turn // who has it may use the rest
	value T
	until time.Time
}

func newMemo[T any]() *memo[T] { return &memo[T]{turn: newTurn()} }

// get returns the kept value, or asks load for it and keeps it for ttl.
// Callers wait for one another, each within its own ctx. Failures are not
// kept: who waited then loads for himself.
func (m *memo[T]) get(ctx context.Context, ttl time.Duration, load func(context.Context) (T, error)) (T, error) {
	if err := m.turn.take(ctx); err != nil {
		var none T
		return none, err
	}
	defer m.turn.pass()
	if time.Now().Before(m.until) {
		return m.value, nil
	}
	v, err := load(ctx)
	if err == nil {
		m.value, m.until = v, time.Now().Add(ttl)
	}
	return v, err
}
