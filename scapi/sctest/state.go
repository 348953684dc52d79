package sctest

import (
	"maps"
	"time"
)

// State is what can be changed about a running console. Its zero value is the console as it began; what time does goes
// on beside it. Both dialects, and what tells the same from outside (Scanners, Zones, Findings), follow it.
type State struct {
	// Scanners are the states of scanners by id, as the console's bit mask: 1 is working, 2 a connection error, 16384
	// disabled by a user. A scanner that is not named keeps the state that it began with.
	Scanners map[string]int
	// FeedAge is how much older than usual a feed ("active", "passive", "sc") is. The console calls it stale from a day on.
	FeedAge map[string]time.Duration
	// Outbreak gives one more critical finding to every host that is scanned daily: a check that came with the latest
	// feed, first seen by the host's latest scan.
	Outbreak bool
	// NoLateJobs empties the queue of the jobs that are late.
	NoLateJobs bool
}

// Change changes the state of the console, for all requests that come later.
func (c *Console) Change(change func(*State)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := *c.state.Load()
	next.Scanners, next.FeedAge = clone(next.Scanners), clone(next.FeedAge)
	change(&next)
	next.Scanners, next.FeedAge = clone(next.Scanners), clone(next.FeedAge) // the caller's own maps stay the caller's
	c.state.Store(&next)
	c.world.outbreak.Store(next.Outbreak)
}

// clone returns a copy that can be written to.
func clone[V any](m map[string]V) map[string]V {
	n := make(map[string]V, len(m))
	maps.Copy(n, m)
	return n
}
