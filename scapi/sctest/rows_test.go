package sctest_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// Rows spell references CWE #200 and separate CPEs by <br/>, plugins spell them CWE:200 and separate by line breaks.
func TestRowsSpellReferencesDifferentlyFromPlugins(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 60, Now: fixed})
	c := newClient(t, s).analyst()
	want := map[string]sctest.Finding{}
	for f := range s.Findings() {
		if !f.WebApplication { // whose plugins differ from host to host
			want[strconv.Itoa(f.PluginID)] = f
		}
	}
	references, several := 0, 0
	for _, row := range c.query("vulndetails", "cumulative", 0, 2000).Results {
		f, known := want[row["pluginID"].(string)]
		if !known {
			continue
		}
		if got := strings.Split(row["cpe"].(string), "<br/>"); fmt.Sprint(got) != fmt.Sprint(f.CPEs) && len(f.CPEs) > 0 {
			t.Errorf("plugin %v: cpe %q, want %q", row["pluginID"], row["cpe"], f.CPEs)
		}
		if len(f.CPEs) > 1 {
			several++
		}
		refs := strings.Split(row["xref"].(string), ",")
		for i, ref := range f.XRefs {
			name, value, _ := strings.Cut(ref, ":")
			if refs[i] != name+" #"+value {
				t.Errorf("plugin %v: reference %q, want that of %q", row["pluginID"], refs[i], ref)
			}
			references++
		}
		if len(f.CPEs) > 1 && several == 1 {
			var plugin struct{ CPE, Xrefs string }
			c.decode(c.rest(http.MethodGet, "/plugin/"+row["pluginID"].(string)+"?fields=id,cpe,xrefs", nil), &plugin)
			if plugin.CPE != strings.Join(f.CPEs, "\n") || !strings.Contains(plugin.Xrefs, f.XRefs[0]) {
				t.Errorf("plugin %+v, want %q and %q", plugin, f.CPEs, f.XRefs)
			}
		}
	}
	if references == 0 || several == 0 {
		t.Errorf("%d references, %d plugins with several CPEs", references, several)
	}
}

// The columns that 6.4 has, and how they say that nothing is known.
func TestRowsOf64HaveItsColumns(t *testing.T) {
	t.Parallel()
	columns := []string{"acrScore", "assetExposureScore", "keyDrivers", "seolDate", "operatingSystem", "hostUUID", "vulnUniqueness", "pluginPubDate",
		"acceptRiskRuleComment", "recastRiskRuleComment", "hostUniqueness"}
	for _, version := range []string{"5.8.0", "6.4.0"} {
		s := sctest.Start(t, sctest.Options{Version: version, Hosts: 60, Now: fixed})
		seen := map[string]map[string]bool{}
		for _, row := range newClient(t, s).analyst().query("vulndetails", "cumulative", 0, 4000).Results {
			for _, name := range columns {
				if text, ok := row[name].(string); ok {
					if seen[name] == nil {
						seen[name] = map[string]bool{}
					}
					seen[name][text] = true
				}
			}
		}
		if version == "5.8.0" {
			if len(seen) != 1 || seen["pluginPubDate"] == nil {
				t.Errorf("5.8: %d of the columns", len(seen))
			}
			continue
		}
		for name, values := range map[string][]string{
			"acrScore": {"", "6.0"}, "assetExposureScore": {""}, "keyDrivers": {`{"internet exposure":"internal"}`}, "seolDate": {"-1"}, "hostUUID": {""},
			"vulnUniqueness": {"repositoryID,ip,port,protocol,pluginID", "repositoryID,uuid,port,protocol,pluginID"}, "hostUniqueness": {"repositoryID,ip,dnsName"},
			"acceptRiskRuleComment": {"N/A", "Accepted until the next release."}, "recastRiskRuleComment": {"", "Behind a firewall."},
		} {
			for _, value := range values {
				if !seen[name][value] {
					t.Errorf("%s is never %q", name, value)
				}
			}
		}
		if len(seen["seolDate"]) < 2 || len(seen["operatingSystem"]) < 2 || len(seen["hostUUID"]) < 2 {
			t.Errorf("always the same: %d, %d, %d", len(seen["seolDate"]), len(seen["operatingSystem"]), len(seen["hostUUID"]))
		}
	}
}

// The web client of version 6 says lce where version 5 says event.
func TestPluginsOfLogServersHaveOneNameInAFilter(t *testing.T) {
	t.Parallel()
	for version, names := range map[string][2]string{"5.8.0": {"event", "lce"}, "6.4.0": {"lce", "event"}} {
		c := newClient(t, sctest.Start(t, sctest.Options{Version: version, Hosts: 10})).analyst()
		if e := c.ask("sumip", "cumulative", 0, 1, filter{"pluginType", "=", names[0]}); e.Code != 0 {
			t.Errorf("%s: %s: %s", version, names[0], e.Msg)
		}
		if e := c.ask("sumip", "cumulative", 0, 1, filter{"pluginType", "=", names[1]}); e.Code != 146 {
			t.Errorf("%s: %s was taken", version, names[1])
		}
	}
}
