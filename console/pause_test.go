package console

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func TestAPauseKeepsAnalysisQueriesApartAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(2)
		ctx := WithPause(t.Context(), 5*time.Second)
		start := time.Now()
		var entered []time.Duration
		for _, class := range []scapi.Class{scapi.Analysis, scapi.Analysis, scapi.Light, scapi.Analysis} {
			leave, err := g.Enter(ctx, class)
			if err != nil {
				t.Fatal(err)
			}
			entered = append(entered, time.Since(start))
			time.Sleep(time.Second)
			leave()
		}
		// The first is over at 1s, the second begins 5s later; the light one, at 7s, is
		// part of the pause before the last.
		for i, want := range []time.Duration{0, 6 * time.Second, 7 * time.Second, 12 * time.Second} {
			if entered[i] != want {
				t.Errorf("request %d entered after %s, want %s", i, entered[i], want)
			}
		}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := g.Enter(gone, scapi.Analysis); !errors.Is(err, context.Canceled) {
			t.Errorf("who is called away in a pause: %v", err)
		}
	})
}
