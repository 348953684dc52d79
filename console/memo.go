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
	at    time.Time // when the value came; zero: there is none
}

func newMemo[T any]() *memo[T] { return &memo[T]{turn: newTurn()} }

// get returns the kept value if it came less than age ago, or asks load for it
// and keeps it. Callers wait for one another, each within its own
// ctx. Failures are not kept: who waited then loads for himself.
func (m *memo[T]) get(ctx context.Context, age time.Duration, load func(context.Context) (T, error)) (T, error) {
	if err := m.turn.take(ctx); err != nil {
		var none T
		return none, err
	}
	defer m.turn.pass()
	if !m.at.IsZero() && time.Since(m.at) < age {
		return m.value, nil
	}
	v, err := load(ctx)
	if err == nil {
		m.value, m.at = v, time.Now()
	}
	return v, err
}

// older reports whether the kept value came at least age ago; not of
// a memo that is being used or holds none yet.
func (m *memo[T]) older(age time.Duration) bool {
	select {
	case m.turn <- struct{}{}:
		defer m.turn.pass()
		return !m.at.IsZero() && time.Since(m.at) >= age
	default:
		return false
	}
}
