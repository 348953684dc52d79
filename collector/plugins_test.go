package collector_test

import (
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestFamiliesOfThePluginListAreCounted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{Plugins: 20_000})
		want := samples{}
		for _, f := range e.simulated.PluginFamilies() {
			kind := strings.Replace(f.Type, "lce", "event", 1)
			want[sample("securitycenter_plugins_by_family", "family_id", f.ID, "family", f.Name, "type", kind)] = float64(f.Plugins)
		}
		got := e.with(t, "plugins", own(map[string]any{"by_family": true}))
		diff(t, "families", want, got.of("securitycenter_plugins_by_family"))
	})
}

func TestPluginsAreCountedByType(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: dialect, Plugins: 54_321})
			want := samples{}
			for kind, wire := range map[string]string{"active": "active", "passive": "passive", "compliance": "compliance", "custom": "custom", "event": "lce"} {
				want[series("securitycenter_plugins", `type="`+kind+`"`)] = float64(e.simulated.PluginCount(wire))
			}
			diff(t, "plugins", want, e.load(t, "plugins").of("securitycenter_plugins"))
		})
	}
}

func TestPluginsAreCountedAgainWhenAFeedWasUpdatedOrADayHasPassed(t *testing.T) {
	// The simulated feeds are updated at two and at three; a test begins at midnight.
	updated := []step{{0, true}, {time.Hour, false}, {90 * time.Minute, true}, {time.Hour, true}, {time.Hour, false}, {20 * time.Hour, false}}
	resting := []step{{0, true}, {23 * time.Hour, false}, {time.Hour, true}, {23 * time.Hour, false}}
	in(t, "updated feeds", func(t *testing.T) { countPlugins(t, export(t, sctest.Options{}), updated) })
	in(t, "feeds at rest", func(t *testing.T) {
		countPlugins(t, export(t, sctest.Options{}, intercept("/rest/feed", `{"active":{"updateTime":"900000000","stale":"true"}}`)), resting)
	})
}

// step is a load some time after the one before, which counts plugins again or does not.
type step struct {
	after time.Duration
	again bool
}

func countPlugins(t *testing.T, e *exported, steps []step) {
	t.Helper()
	for i, s := range steps {
		time.Sleep(s.after)
		e.simulated.ForgetRequests()
		e.load(t, "plugins")
		if n := e.simulated.Count(func(r sctest.Request) bool { return r.Endpoint == "GET /plugin" }); (n > 0) != s.again {
			t.Errorf("load %d, at %s: %d requests, want some: %v", i, time.Now().UTC().Format(time.TimeOnly), n, s.again)
		}
	}
}

func TestWhereNoFeedIsToldPluginsAreCountedByEveryLoad(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{}, intercept("/rest/feed", `[]`))
		for range 2 {
			e.simulated.ForgetRequests()
			if n := len(e.load(t, "plugins").of("securitycenter_plugins")); n != 5 {
				t.Errorf("%d types of plugins, want 5", n)
			}
			if e.simulated.Count(func(r sctest.Request) bool { return r.Endpoint == "GET /plugin" }) == 0 {
				t.Error("not counted")
			}
		}
	})
}
