package exporter

import (
	"slices"
	"strings"
	"sync"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
)

// healthCache keeps the health of a console encoded until it changes, for every
// choice of collectors and every form asked for lately.
type healthCache struct {
	mu   sync.Mutex
	kept map[healthKey]keptHealth
}

type healthKey struct {
	collectors string
	form       form
}

type keptHealth struct {
	changes uint64   // of the console
	states  []uint64 // of its slots
	part    *encoded
}

// maxHealths bounds what is kept: clients may choose as they like.
const maxHealths = 16

// encodedHealth returns the health encoded, as it was kept if no load, no
// request and no expiry has changed it.
func (t *target) encodedHealth(views, all []view, f form) (*encoded, error) {
	now := keptHealth{changes: t.console.Changes(), states: make([]uint64, len(all))}
	for i, v := range all {
		now.states[i] = v.state
	}
	chosen := make([]string, len(views))
	for i, v := range views {
		chosen[i] = v.collector.Name
	}
	key := healthKey{strings.Join(chosen, ","), f}
	c := &t.healths
	c.mu.Lock()
	kept, is := c.kept[key]
	c.mu.Unlock()
	if is && kept.changes == now.changes && slices.Equal(kept.states, now.states) {
		return kept.part, nil
	}
	families, err := t.health(views, all)
	if err != nil {
		return nil, err
	}
	if now.part, err = encode(f, slices.Values(families)); err != nil {
		return nil, err
	}
	// Credentials that let an account in again change without a request.
	if slices.ContainsFunc(t.console.Accounts(), func(a *console.Account) bool { return a.State().Blocked }) {
		return now.part, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || len(c.kept) >= maxHealths && !is {
		c.kept = map[healthKey]keptHealth{}
	}
	c.kept[key] = now
	return now.part, nil
}
