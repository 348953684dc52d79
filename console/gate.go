package console

import (
	"context"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// gate bounds the requests in flight towards a console: at most so many at
// all, analysis queries one at a time. Who waits is served by priority, then
// by arrival, request by request.
type gate struct {
	mu       sync.Mutex
	free     int
	analysis bool // a query runs
	waiting  []*waiter
}

type waiter struct {
	class    scapi.Class
	priority int
	admitted chan struct{}
}

func newGate(slots int) *gate { return &gate{free: slots} }

type priorityKey struct{}

// WithPriority gives requests made under ctx a place in the queue towards the
// console: lower goes first, the default is 0.
func WithPriority(ctx context.Context, priority int) context.Context {
	return context.WithValue(ctx, priorityKey{}, priority)
}

// Large bounds how many large answers are read at one time: one of each console,
// and a few of all consoles that share it. A console that sends without end then
// takes the memory of a few answers, and not that of all others.
type Large struct{ all *semaphore.Weighted }

// NewLarge returns a bound of so many.
func NewLarge(most int64) *Large { return &Large{semaphore.NewWeighted(most)} }

// of returns what the clients of one console share: see scapi.Options.Large.
func (l *Large) of() func(context.Context) (func(), error) {
	own := semaphore.NewWeighted(1)
	return func(ctx context.Context) (func(), error) {
		if err := own.Acquire(ctx, 1); err != nil {
			return nil, err
		}
		if err := l.all.Acquire(ctx, 1); err != nil {
			own.Release(1)
			return nil, err
		}
		// What the ones before have left would count twice.
		runtime.GC()
		return func() {
			l.all.Release(1)
			own.Release(1)
		}, nil
	}
}

// Enter implements scapi.Gate.
func (g *gate) Enter(ctx context.Context, class scapi.Class) (func(), error) {
	left, err := rest(ctx, class)
	if err != nil {
		return nil, err
	}
	priority, _ := ctx.Value(priorityKey{}).(int)
	w := &waiter{class, priority, make(chan struct{})}
	leave := func() {
		g.leave(class)
		left()
	}

	g.mu.Lock()
	at, _ := slices.BinarySearchFunc(g.waiting, priority, func(w *waiter, p int) int {
		if w.priority <= p {
			return -1
		}
		return 1
	})
	g.waiting = slices.Insert(g.waiting, at, w)
	g.admit()
	g.mu.Unlock()

	select {
	case <-w.admitted:
		return leave, nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	at = slices.Index(g.waiting, w)
	if at >= 0 {
		g.waiting = slices.Delete(g.waiting, at, at+1)
	}
	g.mu.Unlock()
	if at < 0 { // admitted just now
		leave()
	}
	return nil, ctx.Err()
}

func (g *gate) leave(class scapi.Class) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free++
	if class == scapi.Analysis {
		g.analysis = false
	}
	g.admit()
}

// admit lets in, in order, everyone there is room for. g.mu is held.
func (g *gate) admit() {
	g.waiting = slices.DeleteFunc(g.waiting, func(w *waiter) bool {
		if g.free == 0 || w.class == scapi.Analysis && g.analysis {
			return false
		}
		g.free--
		if w.class == scapi.Analysis {
			g.analysis = true
		}
		close(w.admitted)
		return true
	})
}
