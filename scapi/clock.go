package scapi

import (
	"sync"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// clock is the console's, as far as answers have told it. The zero value is ready
// for use.
type clock struct {
	mu    sync.Mutex
	skew  time.Duration // the console's clock minus ours, by the latest answer
	heard bool          // an answer told
}

// hear takes the console's time from an answer, if it has one.
func (k *clock) hear(console time.Time) {
	if console.IsZero() {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.skew, k.heard = time.Until(console), true
}

// now is the time by the console's clock, as far as it is known.
func (c *Client) now() time.Time {
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	return time.Now().Add(c.clock.skew)
}

// past tells the times at which something can have happened from those that
// consoles write for unknown.
type past struct {
	now time.Time // by the console's clock; zero: it does not tell
}

// pastOf is the past as of an answer.
func (c *Client) pastOf(a answer) past {
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	if a.time.IsZero() && c.clock.heard {
		return past{time.Now().Add(c.clock.skew)}
	}
	return past{a.time}
}

// tolerance is for clocks of scanners, and for what happens while an answer is made.
const tolerance = time.Minute

// time is when something happened, or the zero time where that cannot be.
func (p past) time(e wire.Epoch) time.Time {
	t := since1990(e.Time())
	if !p.now.IsZero() && t.After(p.now.Add(tolerance)) {
		return time.Time{}
	}
	return t
}

// since1990 is t, or the zero time before there was anything that a console
// could tell of.
func since1990(t time.Time) time.Time {
	if t.Year() < 1990 {
		return time.Time{}
	}
	return t
}
