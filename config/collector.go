package config

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// Collector is what the configuration must know of a collector.
type Collector struct {
	Name     string
	Default  bool          // enabled unless the file says otherwise
	Interval time.Duration // unless the file says otherwise
	Keys     []Key         // its own keys, beside enabled, interval, max_age and max_series
	Planned  bool          // a name that is reserved: it may be configured but not enabled
}

// Key is a key of one collector only.
type Key struct {
	Name    string
	Kind    string // int (0 or more), duration (1s to 1y), string, strings or bool
	Default any    // int, time.Duration, string, []string or bool
	Help    string
}

// CollectorSettings are the effective settings of one collector of a console.
type CollectorSettings struct {
	Enabled   bool
	Interval  time.Duration // data younger than this is served as it is
	MaxAge    time.Duration // data older than this is not served; never below Interval
	MaxSeries int
	Own       map[string]any // its own keys, of the type of Key.Default; nil where it has none
}

const (
	minInterval = time.Second
	maxInterval = 365 * 24 * time.Hour
	// leastMaxAge keeps the data of a quick collector over a maintenance window.
	leastMaxAge      = 4 * time.Hour
	defaultMaxSeries = 10000
)

// draft is settings that a further block may still overlay. MaxAge is 0 until
// the file sets it, because its default follows from the final interval.
type draft struct{ CollectorSettings }

func (d draft) settle() CollectorSettings {
	s := d.CollectorSettings
	if s.MaxAge == 0 {
		s.MaxAge = max(8*s.Interval, leastMaxAge)
	}
	return s
}

func settle(drafts map[string]draft) map[string]CollectorSettings {
	out := make(map[string]CollectorSettings, len(drafts))
	for name, d := range drafts {
		out[name] = d.settle()
	}
	return out
}

func (k Collector) builtin() draft {
	d := draft{CollectorSettings{Enabled: k.Default, Interval: k.Interval, MaxSeries: defaultMaxSeries}}
	for _, key := range k.Keys {
		if d.Own == nil {
			d.Own = map[string]any{}
		}
		d.Own[key.Name] = key.Default
	}
	return d
}

// readCollectors reads a collectors block over base; over the built-in defaults
// where base is nil. Planned collectors are checked and left out.
func readCollectors(m *mapping, known []Collector, base map[string]draft) map[string]draft {
	drafts := map[string]draft{}
	names := make([]string, len(known))
	for i, k := range known {
		d, ok := base[k.Name]
		if !ok {
			d = k.builtin()
		}
		names[i] = k.Name
		if v, ok := m.take(k.Name); ok {
			d = k.overlay(v.mapping("a mapping such as {interval: 30m}"), d)
		}
		if !k.Planned {
			drafts[k.Name] = d
		}
	}
	for _, e := range m.open() {
		if !slices.Contains(names, e.key.node.Value) {
			e.key.refuse("is not a collector", "one of "+strings.Join(names, ", "))
		}
	}
	return drafts
}

// overlay reads the keys of one collector over d.
func (k Collector) overlay(m *mapping, d draft) draft {
	before := len(m.doc.problems)
	enabled := false
	at, ok := m.flag("enabled", &enabled)
	switch {
	case ok && enabled && k.Planned:
		at.refuse("collector "+k.Name+" is not available in this version", "false")
	case ok:
		d.Enabled = enabled
	}
	interval, hasInterval := m.duration("interval", &d.Interval, minInterval, maxInterval)
	age, hasAge := m.duration("max_age", &d.MaxAge, minInterval, 10*maxInterval)
	m.number("max_series", &d.MaxSeries, 10_000_000)
	d.Own = maps.Clone(d.Own)
	for _, key := range k.Keys {
		if v, ok := m.take(key.Name); ok {
			if x, ok := v.own(key.Kind); ok {
				d.Own[key.Name] = x
			}
		}
	}
	m.close()
	if s := d.settle(); s.MaxAge < s.Interval && len(m.doc.problems) == before {
		switch {
		case hasAge:
			age.refuse(fmt.Sprintf("is shorter than the interval of %s", model.Duration(s.Interval)), "at least the interval")
		case hasInterval:
			interval.refuse(fmt.Sprintf("is longer than the max_age of %s", model.Duration(s.MaxAge)), "at most max_age")
		}
	}
	return d
}

// own returns the value of a collector's own key.
func (v value) own(kind string) (any, bool) {
	switch kind {
	case "int":
		return anyOf(v.number(0, math.MaxInt32))
	case "duration":
		return anyOf(v.duration(minInterval, maxInterval))
	case "bool":
		return anyOf(v.flag())
	case "strings":
		before := len(v.doc.problems)
		list := v.texts("a list of texts", func(e value) (string, bool) { return e.text("a text") })
		return list, len(v.doc.problems) == before
	}
	return anyOf(v.text("a text"))
}

func anyOf[T any](x T, ok bool) (any, bool) { return x, ok }
