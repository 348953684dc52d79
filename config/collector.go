package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"
)

// Collector is what the configuration must know of a collector.
type Collector struct {
	Name     string
	Help     string        // what it tells, one sentence
	Default  bool          // enabled unless the file says otherwise
	Interval time.Duration // unless the file says otherwise
	Keys     []Key         // its own keys, beside enabled, interval, max_age and max_series
	Labels   []string      // the labels of what it shows and of what tells of its health, which no console may use
}

// CollectorSettings are the effective settings of one collector of a console.
type CollectorSettings struct {
	Enabled   bool
	Interval  time.Duration // data younger than this is served as it is
	MaxAge    time.Duration // data older than this is not served; never below Interval
	MaxSeries int
	Own       map[string]any // its own keys, of the types that Kind names; nil where it has none
}

// SameData reports whether what a collector loaded with s holds for o: its own
// keys are equal. Whether, how often and how long does not matter.
func (s CollectorSettings) SameData(o CollectorSettings) bool { return reflect.DeepEqual(s.Own, o.Own) }

const (
	minInterval = time.Second
	maxInterval = 365 * 24 * time.Hour
	// leastMaxAge keeps the data of a quick collector over a maintenance window.
	leastMaxAge      = 4 * time.Hour
	defaultMaxSeries = 10000
)

// wanting are the collectors that are on where the file has something for them to
// look for, under a key of their name, unless it says otherwise.
func wanting() []string { return []string{"watches", "owners"} }

// draft is settings that a further block may still overlay. MaxAge is 0 until
// the file sets it, because its default follows from the final interval.
type draft struct {
	CollectorSettings
	explicit bool // the file says whether it is enabled
}

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

// builtin is the settings of a collector that the file does not name.
func (k Collector) builtin() draft {
	d := draft{CollectorSettings: CollectorSettings{Enabled: k.Default, Interval: k.Interval, MaxSeries: defaultMaxSeries}}
	for _, key := range k.Keys {
		if d.Own == nil {
			d.Own = map[string]any{}
		}
		d.Own[key.Name] = key.fallback()
	}
	return d
}

// summary says whether the collector is on and how often it reads.
func (k Collector) summary() string {
	state := "off"
	switch {
	case k.Default:
		state = "on"
	case slices.Contains(wanting(), k.Name):
		state = "on where there are " + k.Name
	}
	return state + ", every " + promDuration(k.Interval)
}

// readCollectors reads a collectors block over base; over the built-in defaults
// where base is nil. wanted are the collectors that the console has something to look
// for.
func readCollectors(m *mapping, known []Collector, base map[string]draft, wanted map[string]bool) map[string]draft {
	drafts := map[string]draft{}
	for _, k := range known {
		d, ok := base[k.Name]
		if !ok {
			d = k.builtin()
		}
		if slices.Contains(wanting(), k.Name) && !d.explicit {
			d.Enabled = wanted[k.Name]
		}
		v, _ := m.take(k.Name, "mapping", k.summary(), k.Help)
		drafts[k.Name] = k.overlay(v.mapping("a mapping such as {interval: 30m}"), d)
	}
	m.closeTo("is not a collector")
	return drafts
}

// overlay reads the keys of one collector over d.
func (k Collector) overlay(m *mapping, d draft) draft {
	before := len(m.doc.problems)
	if _, ok := m.flag("enabled", &d.Enabled, "Whether it runs."); ok {
		d.explicit = true
	}
	interval, hasInterval := m.duration("interval", &d.Interval, minInterval, maxInterval,
		"How old data may grow before it is read again. Scraping more often than this costs the console nothing.")
	const age10y = 10 * maxInterval
	age, hasAge := m.take("max_age", durationKind(minInterval, age10y), "8 intervals, at least "+promDuration(leastMaxAge),
		"How long the last good answer is served while the console does not answer. At least the interval.")
	if hasAge {
		if x, ok := age.duration(minInterval, age10y); ok {
			d.MaxAge = x
		}
	}
	age.print(d.settle().MaxAge)
	m.number("max_series", &d.MaxSeries, 10_000_000,
		"The most time series that it may make. What is beyond is cut, and `securitycenter_collector_series_dropped` says how much.")
	d.Own = maps.Clone(d.Own)
	for _, key := range k.Keys {
		x := d.Own[key.Name]
		kind, read := key.reader()
		setting(m, key.Name, kind, &x, sentence(key.Help), read)
		d.Own[key.Name] = x
	}
	m.close()
	if s := d.settle(); s.MaxAge < s.Interval && len(m.doc.problems) == before {
		switch {
		case hasAge:
			age.refuse(fmt.Sprintf("is shorter than the interval of %s", promDuration(s.Interval)), "at least the interval")
		case hasInterval:
			interval.refuse(fmt.Sprintf("is longer than the max_age of %s", promDuration(s.MaxAge)), "at most max_age")
		}
	}
	return d
}
