// Package collector turns what a console answers into metrics. A collector is
// data (name, help, interval, families) and one function from console to
// metrics; to add one, copy the file of a neighbour and list it in All.
package collector

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"reflect"
	"runtime/debug"
	"slices"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// Collector reads one subject from a console.
type Collector struct {
	Name     string        // in the configuration, in collect[] and in labels
	Help     string        // what it tells, one sentence
	Interval time.Duration // default age after which its data is read again
	Default  bool          // on unless switched off
	Account  scapi.Kind    // the kind of account that can supply all of it
	priority int           // place in the queue towards the console: lower goes first
	Keys     []config.Key  // its own keys in the configuration
	Hosts    bool          // shows hosts one by one, which is for protected listeners only
	SLA      bool          // reads the deadlines of the configuration
	Watches  bool          // reads the watches of the configuration
	Owners   bool          // reads the owners of the configuration
	SameAs   bool          // reads which repositories are copies
	Families []*Family     // every metric that it may emit
	// demo are values of its own keys that make a demonstration show what it can
	// tell; of keys of Kind config.Bool that is true anyway.
	demo map[string]any
	// New returns what loads the collector's data from one console.
	New func() Loader
	// figures is what it asks of findings, if it does: what it shows can then be
	// explained. New may be left out.
	figures figures
}

// Loader reads a collector's data from a console into m, as s wants it. An
// error means that nothing of m may be shown. It is called by one goroutine at a
// time, and may remember things between calls.
type Loader func(ctx context.Context, c *findings.Console, s Settings, m *Metrics) error

// stateless is Collector.New for a loader that remembers nothing.
func stateless(l Loader) func() Loader { return func() Loader { return l } }

// All returns every collector, in the order of the documentation.
func All() []*Collector {
	all := []*Collector{
		systemCollector(), feedsCollector(), pluginsCollector(), scannersCollector(), repositoriesCollector(),
		vulnerabilitiesCollector(), riskCollector(), coverageCollector(), scansCollector(), watchesCollector(), ownersCollector(),
		hostsCollector(), familiesCollector(), assetsCollector(), subnetsCollector(), remediationCollector(),
		complianceCollector(), ticketsCollector(), usersCollector(), riskRulesCollector(), eventsCollector(),
	}
	for _, col := range all {
		if col.New == nil {
			col.New = stateless(col.figures.load)
		}
	}
	return all
}

// On reports whether consoles of the dialect tell any of the collector's metrics.
func (col *Collector) On(d scapi.API) bool {
	return slices.ContainsFunc(col.Families, func(f *Family) bool { return f.Source.On(d) })
}

// Demonstrated returns values of its own keys with which a demonstration shows
// all that the collector can tell.
func (col *Collector) Demonstrated() map[string]any {
	own := map[string]any{}
	for _, k := range col.Keys {
		if k.Kind == config.Bool {
			own[k.Name] = true
		}
	}
	maps.Copy(own, col.demo)
	return own
}

// Settings are what a load reads, and shape what it may emit.
type Settings struct {
	config.CollectorSettings                 // MaxSeries 0: no limit
	SLA                      []config.SLA    // where the collector reads them
	Watches                  []config.Watch  // likewise
	Owners                   []config.Owner  // likewise
	SameAs                   []config.SameAs // likewise
	Redact                   map[string]bool // labels that are emptied: repository, zone, scanner, scan; host: addresses are hashed
	HashKey                  []byte          // of those hashes
}

// SameData reports whether what a load read with s holds for o.
func (s Settings) SameData(o Settings) bool {
	return s.CollectorSettings.SameData(o.CollectorSettings) && reflect.DeepEqual(s.SLA, o.SLA) && reflect.DeepEqual(s.Watches, o.Watches) && reflect.DeepEqual(s.Owners, o.Owners) &&
		slices.Equal(s.SameAs, o.SameAs) &&
		maps.Equal(s.Redact, o.Redact) && bytes.Equal(s.HashKey, o.HashKey)
}

// Run loads the collector's data from c. The error wraps
// console.ErrNotReadable if no account can supply any of it; beside one that is
// console.Incomplete, the snapshot holds what other accounts tell. A panic is an
// error.
func (col *Collector) Run(ctx context.Context, loader Loader, c *findings.Console, settings Settings) (Snapshot, error) {
	return col.run(ctx, loader, c, settings, NewMetrics(settings))
}

func (col *Collector) run(ctx context.Context, loader Loader, c *findings.Console, settings Settings, m *Metrics) (s Snapshot, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if c != nil {
		m.conceal = c.Conceal
	}
	if err := loader(console.WithPriority(ctx, col.priority), c, settings, m); err != nil {
		return Snapshot{}, err
	}
	if missing := errlist.Join(m.missing...); m.read == 0 && missing != nil {
		if slices.ContainsFunc(m.missing, console.NoPage) {
			// Nothing shows that the console itself answers.
			return Snapshot{}, fmt.Errorf("nothing can be read: %s", missing.Error())
		}
		return Snapshot{}, fmt.Errorf("%w: %w", console.ErrNotReadable, missing)
	}
	return m.Snapshot(col.Families), errlist.Join(m.incomplete...)
}
