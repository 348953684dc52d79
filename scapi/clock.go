package scapi

import (
	"sync"
	"time"
)

// clock is the console's, as far as answers have told it. The zero value is ready
// for use.
type clock struct {
	mu   sync.Mutex
	skew time.Duration // the console's clock minus ours, by the latest answer
}

// hear takes the console's time from an answer, if it has one.
func (k *clock) hear(console time.Time) {
	if console.IsZero() {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.skew = time.Until(console)
}

// now is the time by the console's clock, as far as it is known.
func (c *Client) now() time.Time {
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	return time.Now().Add(c.clock.skew)
}
