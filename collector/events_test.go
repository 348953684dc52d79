package collector_test

import (
	"testing"
	"time"
)

func recountEvents(t *testing.T, e *exported, _ *reckoning) {
	time.Sleep(25 * time.Minute)
	all := map[string]float64{}
	now := e.simulated.Options().Now()
	for event := range e.simulated.Events(now.Truncate(time.Hour).Add(-day), now) {
		all[sample("securitycenter_events", "type", event.Type, "window", "1d")]++
	}
	for _, n := range []int{3, 50} {
		got := e.with(t, "events", own(map[string]any{"top": n}))
		closeTo(t, all, got)
		top(t, n, all, keys(got))
	}
}
