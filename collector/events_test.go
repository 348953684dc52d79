package collector_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestEventsAreCountedForTheTypesWithMost(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		for _, n := range []int{3, 50} {
			in(t, fmt.Sprintf("%s top %d", dialect, n), func(t *testing.T) {
				e := export(t, sctest.Options{Dialect: dialect})
				time.Sleep(25 * time.Minute)
				all := map[string]float64{}
				for event := range e.simulated.Events(time.Now().Truncate(time.Hour).Add(-day), time.Now()) {
					all[sample("securitycenter_events", "type", event.Type, "window", "1d")]++
				}
				got := e.with(t, "events", own(map[string]any{"top": n}))
				closeTo(t, all, got)
				top(t, n, all, keys(got))
			})
		}
	}
}
