package scapi_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// filterSent returns the field of the filter that a query sends.
func filterSent(t *testing.T, c *scapi.Client, s *script, field string) string {
	t.Helper()
	if _, err := ids(t, c, scapi.PluginQuery{Filter: scapi.PluginFilter{Field: field, Value: "x"}}); err != nil {
		t.Fatal(err)
	}
	calls := s.calls()
	a := calls[len(calls)-1]
	if a.Query.Has("filterField") {
		return a.Query.Get("filterField")
	}
	field, _ = a.body(t)["filterField"].(string)
	return field
}

func TestNamesOfCrossReferencesAreSpelledForTheWire(t *testing.T) {
	t.Parallel()
	for api, version := range bothDialects {
		c, s := scripted(t, api, version, pluginDatabase{}.answer)
		for field, want := range map[string]string{
			"CVE": "xrefs:CVE", "cve": "xrefs:CVE", "CISCO_SA": "xrefs:CISCO-SA", "cisco-sa": "xrefs:CISCO-SA",
			"zone_h": "xrefs:zone-h", "EDB_ID": "xrefs:EDB-ID", "NessusID": "xrefs:NessusID",
			"name": "name", "family": "family", "xrefs:MCAFEE-SB": "xrefs:MCAFEE-SB", "MCAFEE_SB": "MCAFEE_SB",
		} {
			if got := filterSent(t, c, s, field); got != want {
				t.Errorf("%s, %s: %s, want %s", api, field, got, want)
			}
		}
	}
}

func TestCrossReferencesAreLearntFromThePlugins(t *testing.T) {
	t.Parallel()
	for api, version := range bothDialects {
		rows := `[{"id":"1","xrefs":"MCAFEE-SB:SB10, CVE:CVE-1"},{"id":"2","xrefs":""},{"id":"3","xrefs":null},{"id":"4","xrefs":"CVE:CVE-2, new_one:7"}]`
		answer := func(a asked) said {
			past := a.Query.Get("startOffset") != "0"
			if a.Call == "plugin::init" {
				past = a.body(t)["offset"] != 0.0
				if !past {
					return said{Response: `{"plugins":` + rows + `}`}
				}
			}
			switch {
			case a.Call != "GET /plugin" && a.Call != "plugin::init":
				return said{}
			case past:
				return said{Response: "[]"}
			}
			return said{Response: rows}
		}
		c, s := scripted(t, api, version, answer)
		common := c.CrossReferenceNames()
		if len(common) != 37 || !slices.Contains(common, "CVE") || !slices.IsSorted(common) {
			t.Errorf("%s, before: %q", api, common)
		}
		got, err := c.LearnCrossReferences(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"CVE", "MCAFEE-SB", "new_one"}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", api, diff)
		}
		if fields := s.calls()[0].Query.Get("fields"); api == scapi.REST && fields != "id,xrefs" {
			t.Errorf("asked for %q", fields)
		}
		for field, want := range map[string]string{"mcafee_sb": "xrefs:MCAFEE-SB", "new_one": "xrefs:new-one", "USN": "USN"} {
			if got := filterSent(t, c, s, field); got != want {
				t.Errorf("%s, %s: %s, want %s", api, field, got, want)
			}
		}
		got[0] = "changed"
		if c.CrossReferenceNames()[0] != "CVE" {
			t.Error("a caller changed the names of the client")
		}
	}
}

func TestAListWithoutCrossReferencesChangesNothing(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, scapi.REST, "6.4.0", pluginDatabase{length: 5}.answer)
	if got, err := c.LearnCrossReferences(t.Context()); len(got) != 37 || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestPluginsOfASimulatedConsoleAreFoundByCVE(t *testing.T) {
	t.Parallel()
	onBothDialects(t, sctest.Options{Plugins: 5000}, func(t *testing.T, s *sctest.Server) {
		c := dialSimulated(t, s, asAnalyst)
		var cve string
		for p, err := range c.Plugins(t.Context(), scapi.PluginQuery{Filter: scapi.PluginFilter{Field: "cve", Value: "CVE-"}, PageSize: 10, Pages: 1}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, ref := range p.CrossReferences {
				if ref.Name == "CVE" {
					cve = ref.Value
				}
			}
			if cve == "" {
				t.Fatalf("no CVE: %s", p.Raw)
			}
		}
		if cve == "" {
			t.Fatal("no plugin with a CVE")
		}
		found, err := ids(t, c, scapi.PluginQuery{Filter: scapi.PluginFilter{Field: "CVE", Value: cve}})
		if err != nil || len(found) == 0 {
			t.Errorf("%s: %q, %v", cve, found, err)
		}
	})
}
