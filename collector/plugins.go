package collector

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// recountAfter is how long a count of plugins is kept although no feed was
// updated: uploaded custom plugins leave no trace in the feeds.
const recountAfter = 24 * time.Hour

var (
	pluginsSet = &Family{
		Name:   "securitycenter_plugin_set_timestamp_seconds",
		Source: fromStatus,
		Help:   "Build time of the plugin set that the console has loaded, in seconds since the epoch, taken as UTC. Absent if the console does not say.",
		Labels: []string{"feed"},
	}
	pluginsByType = &Family{
		Name:   "securitycenter_plugins",
		Source: Source{REST: "GET /plugin", RPC: "plugin::init", Cost: "1 request for each 10,000 plugins when a feed was updated, else none; 1 on SecurityCenter 4"},
		Help:   "Plugins on the console by type: active, passive, compliance, custom, event. Types that the console does not count are absent.",
		Labels: []string{"type"},
	}
	pluginsByFamily = &Family{
		Name:   "securitycenter_plugins_by_family",
		Source: Source{REST: "GET /pluginFamily, GET /pluginFamily/{id}", Cost: "some 200 requests when a feed was updated, else none"},
		Help:   "Plugins on the console by family. The type is empty, and the family absent, where the console does not tell. Absent unless switched on.",
		Labels: []string{"family_id", "family", "type"},
	}
)

// pluginsCollector tells how many plugins the console has and how old the set is. REST
// GET /status and /plugin; RPC plugin::init.
func pluginsCollector() *Collector {
	return &Collector{
		Name:     "plugins",
		Help:     "Number of plugins by type and age of the plugin set.",
		Interval: time.Hour,
		Default:  true,
		Account:  scapi.Administrator,
		Keys: []config.Key{
			{Name: "by_family", Kind: config.Bool, Default: false, Help: "count the plugins of every family too; some 200 requests more whenever a feed was updated"},
		},
		Families: []*Family{pluginsSet, pluginsByType, pluginsByFamily},
		New:      func() Loader { return (&pluginLoader{}).load },
	}
}

// pluginLoader remembers the last count: counting takes some dozen requests on
// REST, and the number changes only with the feeds.
type pluginLoader struct {
	feeds   map[string]time.Time // last update of every feed at the last count
	counts  scapi.PluginCounts
	counted time.Time
	// families are counted at the same time, where that is switched on.
	families []scapi.PluginFamily
}

func (l *pluginLoader) load(ctx context.Context, c *findings.Console, settings Settings, m *Metrics) error {
	err := read(ctx, c, m, "plugin set", scapi.Administrator, (*scapi.Client).Status, func(s scapi.Status) {
		for feed, built := range s.PluginSet {
			m.SetTime(pluginsSet, built, feed)
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
	current := len(feeds) > 0 && maps.Equal(feeds, l.feeds) && time.Since(l.counted) < recountAfter
	if !current {
		l.families = nil
		err = read(ctx, c, m, "plugin counts", scapi.Administrator, (*scapi.Client).PluginCounts, func(counts scapi.PluginCounts) {
			l.feeds, l.counts, l.counted = feeds, counts, time.Now()
		})
		if err != nil {
			return err
		}
	}
	if settings.Bool("by_family") && l.families == nil {
		err = read(ctx, c, m, "plugin families", scapi.Administrator, countFamilies, func(families []scapi.PluginFamily) { l.families = families })
		if err != nil {
			return err
		}
	}
	for kind, n := range l.counts.ByType {
		m.Set(pluginsByType, float64(n), kind)
	}
	if settings.Bool("by_family") {
		for _, f := range l.families {
			SetOpt(m, pluginsByFamily, f.Plugins, f.ID, f.Name, f.Type)
		}
	}
	return nil
}

// countFamilies returns the plugin families with their numbers of plugins, one
// request for each.
func countFamilies(client *scapi.Client, ctx context.Context) ([]scapi.PluginFamily, error) { //nolint:revive // in the order of a method of the client
	list, err := client.PluginFamilies(ctx)
	if err != nil {
		return nil, err
	}
	counted := make([]scapi.PluginFamily, 0, len(list))
	for _, f := range list {
		c, err := client.PluginFamily(ctx, f.ID)
		if err != nil {
			return nil, fmt.Errorf("family %s (%s): %w", f.ID, f.Name, err)
		}
		counted = append(counted, c)
	}
	return counted, nil
}
