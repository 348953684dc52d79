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
	// Fates are what became of the findings of plugins, by plugin id.
	Fates map[int]Fate
	// Lifetime is how long the console keeps an open finding that no scan sees; 0: for ever.
	Lifetime time.Duration
	// Withdrawn are the repositories, by id, that were taken away from every organisation.
	Withdrawn map[string]bool
	// NoLateJobs empties the queue of the jobs that are late.
	NoLateJobs bool

	changes int // how many there have been
}

// Fate is what became of all findings of a plugin.
type Fate int

const (
	// Fixed findings are those that the latest scan found them gone, on the hosts that are scanned daily.
	Fixed Fate = iota + 1
	// Accepted findings are those whose risk a rule accepts.
	Accepted
	// Recast findings are those that a rule gives the severity below.
	Recast
	// Reopened findings had been mitigated and are back since the latest scan, on the hosts that are scanned daily. When
	// they were first seen stays as it was.
	Reopened
)

// befall makes of a finding what its fate is. rescanned says that the host is scanned daily.
func (fate Fate) befall(f *finding, scanned int64, rescanned bool) {
	switch {
	case fate == Accepted:
		f.accepted = true
	case fate == Recast && f.severity > 0:
		f.recast, f.severity = true, f.severity-1
	case fate == Fixed && rescanned && f.mitigated == 0:
		f.mitigated, f.last = scanned, scanned-day
	case fate == Reopened && rescanned && f.mitigated > 0:
		f.mitigated, f.last, f.reopened = 0, scanned, true
	}
}

// Change changes the state of the console, for all requests that come later.
func (c *Console) Change(change func(*State)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := *c.world.state.Load()
	next.own()
	change(&next)
	next.own() // the caller's own maps stay the caller's
	next.changes++
	c.world.state.Store(&next)
}

// own copies what is shared.
func (s *State) own() {
	s.Scanners, s.FeedAge, s.Fates, s.Withdrawn = clone(s.Scanners), clone(s.FeedAge), clone(s.Fates), clone(s.Withdrawn)
}

// clone returns a copy that can be written to.
func clone[K comparable, V any](m map[K]V) map[K]V {
	n := make(map[K]V, len(m))
	maps.Copy(n, m)
	return n
}
