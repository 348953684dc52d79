// Package memo keeps what a console answered for a short while, so that callers
// who ask the same at the same time ask the console once.
package memo

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// Map keeps values by key, each with the time when it came. The zero Map is
// empty. It is safe for concurrent use.
type Map[K comparable, V any] struct {
	// Most is how long a value is kept at all; zero: as long as the Map.
	Most time.Duration

	mu   sync.Mutex
	kept map[K]*entry[V]
}

type entry[V any] struct {
	turn  *semaphore.Weighted // who has it may use the rest; a context can stop waiting for it
	value V
	at    time.Time // when the value came; zero: there is none
}

// Get returns the value kept for key if it came less than age ago, or asks load
// for it and keeps it. Callers with the same key wait for one another, each
// within its own ctx. Failures are not kept: who waited then loads for himself.
func (m *Map[K, V]) Get(ctx context.Context, key K, age time.Duration, load func(context.Context) (V, error)) (V, error) {
	e := m.entry(key)
	if err := e.turn.Acquire(ctx, 1); err != nil {
		var none V
		return none, err
	}
	defer e.turn.Release(1)
	if !e.at.IsZero() && time.Since(e.at) < age {
		return e.value, nil
	}
	v, err := load(ctx)
	if err == nil {
		e.value, e.at = v, time.Now()
	}
	return v, err
}

// entry returns the entry of key. Making one forgets those that are too old.
func (m *Map[K, V]) entry(key K) *entry[V] {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.kept[key]; e != nil {
		return e
	}
	for k, e := range m.kept {
		if m.Most > 0 && e.older(m.Most) {
			delete(m.kept, k)
		}
	}
	if m.kept == nil {
		m.kept = map[K]*entry[V]{}
	}
	e := &entry[V]{turn: semaphore.NewWeighted(1)}
	m.kept[key] = e
	return e
}

// older reports whether the value came at least age ago; not of an entry that
// is being used or holds none yet.
func (e *entry[V]) older(age time.Duration) bool {
	if !e.turn.TryAcquire(1) {
		return false
	}
	defer e.turn.Release(1)
	return !e.at.IsZero() && time.Since(e.at) >= age
}
