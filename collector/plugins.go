package collector

import (
	"context"
	"maps"
	"time"

	"securitycenter_exporter/console"
	"securitycenter_exporter/scapi"
)

// recountAfter is how long a count of plugins is kept although no feed was
// updated: uploaded custom plugins leave no trace in the feeds.
const recountAfter = 24 * time.Hour

var (
	pluginSet = &Family{
		Name:   "securitycenter_plugin_set_timestamp_seconds",
		Help:   "Build time of the plugin set that the console has loaded, in seconds since the epoch, taken as UTC. Absent if the console does not say.",
		Labels: []string{"feed"},
	}
	plugins = &Family{
		Name:   "securitycenter_plugins",
		Help:   "Plugins on the console by type: active, passive, compliance, custom, event. Types that the console does not count are absent.",
		Labels: []string{"type"},
	}
)

// Plugins tells how many plugins the console has and how old the set is. REST
// GET /status and /plugin; RPC plugin::init.
func Plugins() *Collector {
	return &Collector{
		Name:     "plugins",
		Help:     "Number of plugins by type and age of the plugin set.",
		Interval: time.Hour,
		Default:  true,
		Account:  scapi.Administrator,
		Families: []*Family{pluginSet, plugins},
		New:      func() Loader { return &pluginLoader{} },
	}
}

// pluginLoader remembers the last count: counting takes some dozen requests on
// REST, and the number changes only with the feeds.
type pluginLoader struct {
	feeds   map[string]time.Time // last update of every feed at the last count
	counts  scapi.PluginCounts
	counted time.Time
}

func (l *pluginLoader) Load(ctx context.Context, c *console.Console, m *Metrics) error {
	err := read(ctx, c, m, "plugin set", scapi.Administrator, (*scapi.Client).Status, func(s scapi.Status) {
		for feed, built := range s.PluginSet {
			m.SetTime(pluginSet, built, feed)
		}
	})
	if err != nil {
		return err
	}
	feeds := map[string]time.Time{}
	err = read(ctx, c, m, "feeds", scapi.Administrator, (*scapi.Client).Feeds, func(list []scapi.Feed) {
		for _, f := range list {
			if f.Type != "sc" { // the console's own software and templates
				feeds[f.Type] = f.Updated
			}
		}
	})
	if err != nil {
		return err
	}
	if len(feeds) > 0 && maps.Equal(feeds, l.feeds) && time.Since(l.counted) < recountAfter {
		l.emit(m)
		return nil
	}
	return read(ctx, c, m, "plugin counts", scapi.Administrator, (*scapi.Client).PluginCounts, func(counts scapi.PluginCounts) {
		l.feeds, l.counts, l.counted = feeds, counts, time.Now()
		l.emit(m)
	})
}

func (l *pluginLoader) emit(m *Metrics) {
	for kind, n := range l.counts.ByType {
		m.Set(plugins, float64(n), kind)
	}
}
