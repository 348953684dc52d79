package console

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func TestGateBoundsRequestsAndRunsOneAnalysisAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(2)
		var mu sync.Mutex
		var all, analysis, mostAll, mostAnalysis int
		change := func(class scapi.Class, by int) {
			mu.Lock()
			defer mu.Unlock()
			all += by
			if class == scapi.Analysis {
				analysis += by
			}
			mostAll, mostAnalysis = max(mostAll, all), max(mostAnalysis, analysis)
		}
		start := time.Now()
		var wg sync.WaitGroup
		for i := range 20 {
			class := scapi.Class(i % 2)
			wg.Go(func() {
				leave, err := g.Enter(t.Context(), class)
				if err != nil {
					t.Error(err)
					return
				}
				change(class, 1)
				time.Sleep(time.Second)
				change(class, -1)
				leave()
			})
			synctest.Wait() // so that light and heavy ones arrive in turn
		}
		wg.Wait()
		if mostAll != 2 || mostAnalysis != 1 {
			t.Errorf("in flight: %d requests and %d analysis queries at most, want 2 and 1", mostAll, mostAnalysis)
		}
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("20 requests of a second took %s, want 10s: a slot stood idle", took)
		}
	})
}

func TestGateServesByPriorityThenByArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1)
		leave, err := g.Enter(t.Context(), scapi.Analysis)
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var order []string
		var wg sync.WaitGroup
		for _, w := range []struct {
			name     string
			priority int
		}{{"risk 1", 1}, {"coverage", 1}, {"vulnerabilities 1", 0}, {"hosts", 2}, {"vulnerabilities 2", 0}} {
			wg.Go(func() {
				leave, err := g.Enter(WithPriority(t.Context(), w.priority), scapi.Analysis)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, w.name)
				mu.Unlock()
				leave()
			})
			synctest.Wait() // so that they arrive in this order
		}
		leave()
		wg.Wait()
		want := []string{"vulnerabilities 1", "vulnerabilities 2", "risk 1", "coverage", "hosts"}
		if !slices.Equal(order, want) {
			t.Errorf("served %q, want %q", order, want)
		}
	})
}

func TestGateForgetsWhoGaveUpWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1)
		leave, err := g.Enter(t.Context(), scapi.Light)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := g.Enter(ctx, scapi.Light); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting beyond the deadline: %v", err)
		}
		leave()
		again, err := g.Enter(t.Context(), scapi.Light)
		if err != nil {
			t.Fatalf("the slot was lost: %v", err)
		}
		again()
	})
}

func TestLargeAnswersAreReadOneOfEachConsoleAndFewOfAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := NewLarge(2)
		consoles := []func(context.Context) (func(), error){all.of(), all.of(), all.of()}
		var mu sync.Mutex
		now, most := 0, 0
		each := make([]int, len(consoles))
		var wg sync.WaitGroup
		for range 5 {
			for i, enter := range consoles {
				wg.Go(func() {
					leave, err := enter(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					now++
					each[i]++
					most = max(most, now)
					if each[i] > 1 {
						t.Error("two of one console")
					}
					mu.Unlock()
					time.Sleep(time.Second)
					mu.Lock()
					now--
					each[i]--
					mu.Unlock()
					leave()
				})
			}
		}
		wg.Wait()
		if most != 2 {
			t.Errorf("%d at a time, want 2", most)
		}
		leave, _ := consoles[0](t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := consoles[0](ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		leave()
		if leave, err := consoles[0](t.Context()); err != nil {
			t.Error(err)
		} else {
			leave()
		}
	})
}
