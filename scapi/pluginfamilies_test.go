package scapi_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestPluginFamilies(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, scapi.REST, "5.8.0", table(map[string]said{
		"GET /pluginFamily":         {Response: `[{"id":"1000000","name":"Generic","type":"passive"},{"id":"0","name":"N\/A"}]`},
		"GET /pluginFamily/1000000": {Response: `{"id":"1000000","name":"Generic","type":"lce","count":1200}`},
		"GET /pluginFamily/7":       {Response: `[]`},
	}))
	families, err := c.PluginFamilies(t.Context())
	check(t, "families", err, families, []scapi.PluginFamily{{ID: "0", Name: "N/A"}, {ID: "1000000", Name: "Generic", Type: "passive"}})
	one, err := c.PluginFamily(t.Context(), "1000000")
	check(t, "a family", err, one, scapi.PluginFamily{ID: "1000000", Name: "Generic", Type: "event", Plugins: scapi.Some[int64](1200)})
	if _, err := c.PluginFamily(t.Context(), "7"); !errors.Is(err, scapi.ErrMalformed) {
		t.Errorf("a family without id: %v", err)
	}
	if _, err := c.PluginFamily(t.Context(), "Windows"); err == nil {
		t.Error("an id that is none was taken")
	}
	for _, call := range s.calls() {
		if call.Query.Get("fields") == "" || strings.Contains(call.Query.Get("fields"), "plugins") {
			t.Errorf("%s asks for all plugins: %v", call.Call, call.Query)
		}
	}
}

func TestPluginFamiliesOfSimulatedConsoles(t *testing.T) {
	t.Parallel()
	server, _, c := simulated(t, sctest.Options{Plugins: 5000})
	families, err := c.PluginFamilies(t.Context())
	want := server.PluginFamilies()
	if err != nil || len(families) != len(want) {
		t.Fatalf("%d families, %v; want %d", len(families), err, len(want))
	}
	total := 0
	for i, w := range want {
		total += w.Plugins
		got, err := c.PluginFamily(t.Context(), families[i].ID)
		if err != nil || got.ID != w.ID || got.Name != w.Name || got.Type != strings.Replace(w.Type, "lce", "event", 1) || got.Plugins != scapi.Some(int64(w.Plugins)) {
			t.Errorf("family %+v, %v; want %+v", got, err, w)
		}
		if families[i].Name != w.Name || families[i].Type != got.Type {
			t.Errorf("listed as %+v, want %+v", families[i], w)
		}
	}
	if total != server.PluginCount("all") {
		t.Errorf("%d plugins in families, %d plugins", total, server.PluginCount("all"))
	}
	if _, err := c.PluginFamily(t.Context(), "999"); !scapi.IsNotFound(err) {
		t.Errorf("a family that does not exist: %v", err)
	}
}

func TestRecordedPluginFamilies(t *testing.T) {
	t.Parallel()
	c := recorded(t, recordings(t))
	families, err := c.PluginFamilies(t.Context())
	if err != nil || len(families) != 95 || families[0].ID != "0" || families[0].Name != "N/A" {
		t.Errorf("%d plugin families, %v; want 95", len(families), err)
	}
}
