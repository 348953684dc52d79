package memo

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAMapAsksOnceForAllWhoComeAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Map[struct{}, int]
		loads := 0
		load := func(context.Context) (int, error) {
			loads++
			time.Sleep(time.Second)
			return loads, nil
		}
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if v, err := m.Get(t.Context(), struct{}{}, time.Minute, load); v != 1 || err != nil {
					t.Errorf("%d, %v", v, err)
				}
			})
		}
		wg.Wait()
		time.Sleep(time.Minute - time.Nanosecond)
		if v, _ := m.Get(t.Context(), struct{}{}, time.Minute, load); v != 1 {
			t.Errorf("%d within the minute, want 1", v)
		}
		time.Sleep(time.Nanosecond)
		if v, _ := m.Get(t.Context(), struct{}{}, time.Minute, load); v != 2 {
			t.Errorf("%d after the minute, want 2", v)
		}
	})
}

func TestAMapKeepsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Map[struct{}, string]
		failure := errors.New("no answer")
		if _, err := m.Get(t.Context(), struct{}{}, time.Minute, func(context.Context) (string, error) { return "half", failure }); !errors.Is(err, failure) {
			t.Errorf("%v, want the failure", err)
		}
		if v, err := m.Get(t.Context(), struct{}{}, time.Minute, func(context.Context) (string, error) { return "whole", nil }); v != "whole" || err != nil {
			t.Errorf("%q, %v", v, err)
		}
	})
}

func TestWhoWaitsForAMapDoesNotWaitBeyondHisDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Map[struct{}, int]
		var wg sync.WaitGroup
		wg.Go(func() {
			_, _ = m.Get(t.Context(), struct{}{}, time.Minute, func(context.Context) (int, error) { time.Sleep(time.Hour); return 1, nil })
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := m.Get(ctx, struct{}{}, time.Minute, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the deadline", err)
		}
		wg.Wait()
	})
}

func TestAPanicInALoadDoesNotBlockTheMap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Map[struct{}, int]
		func() {
			defer func() { _ = recover() }()
			_, _ = m.Get(t.Context(), struct{}{}, time.Minute, func(context.Context) (int, error) { panic("broken") })
		}()
		if v, err := m.Get(t.Context(), struct{}{}, time.Minute, func(context.Context) (int, error) { return 3, nil }); v != 3 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
	})
}

func TestKeysAreAskedForByThemselvesAndForgottenWhenTheyAreOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := Map[string, int]{Most: time.Hour}
		loads := 0
		ask := func(key string) int {
			v, err := m.Get(t.Context(), key, time.Hour, func(context.Context) (int, error) { loads++; return loads, nil })
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		if a, b, again := ask("a"), ask("b"), ask("a"); a != 1 || b != 2 || again != 1 {
			t.Errorf("a %d, b %d, a again %d; want 1, 2, 1", a, b, again)
		}
		time.Sleep(time.Hour)
		if ask("c"); len(m.kept) != 1 {
			t.Errorf("%d keys are kept, want c alone", len(m.kept))
		}
	})
}
