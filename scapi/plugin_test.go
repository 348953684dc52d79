package scapi_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestAPluginIsDecodedFromEitherDialect(t *testing.T) {
	t.Parallel()
	const texts = `"description":"D","synopsis":"S","solution":"Fix","seeAlso":"http://x","riskFactor":"High",` +
		`"pluginPubDate":"1700000001","pluginModDate":1700000002,"patchPubDate":"-1","vulnPubDate":"","modifiedTime":"1700000005",` +
		`"xrefs":"CVE:CVE-2019-0708, BID:5,CISCO-SA:cisco-sa:x, odd, "`
	want := scapi.Plugin{
		ID: "125313", Name: "RDP", Type: "active", Family: "Windows", FamilyID: "20",
		Description: "D", Synopsis: "S", Solution: "Fix", SeeAlso: "http://x", RiskFactor: "High",
		Published: time.Unix(1700000001, 0).UTC(), Changed: time.Unix(1700000002, 0).UTC(), Modified: time.Unix(1700000005, 0).UTC(),
		CrossReferences: []scapi.CrossReference{{"CVE", "CVE-2019-0708"}, {"BID", "5"}, {"CISCO-SA", "cisco-sa:x"}, {"odd", ""}},
	}
	rest := want
	rest.CVSS2, rest.VPR, rest.ExploitAvailable = scapi.Some(10.0), scapi.Some(9.8), scapi.Some(true)
	for name, test := range map[string]struct {
		api      scapi.API
		call     string
		response string
		want     scapi.Plugin
	}{
		"REST": {scapi.REST, "GET /plugin/125313",
			`{"id":"125313","name":"RDP","type":"active","family":{"id":"20","name":"Windows","type":"active"},"baseScore":"10.0","cvssV3BaseScore":null,"vprScore":"9.8","exploitAvailable":"true",` + texts + `}`, rest},
		"RPC": {scapi.RPC, "plugin::getDetails",
			`{"plugin":{"name":"RDP","type":"active","familyID":"20","family":"Windows",` + texts + `}}`, want},
		"RPC with the family's name apart": {scapi.RPC, "plugin::getDetails",
			`{"plugin":{"id":125313,"name":"RDP","type":"active","familyID":20,"familyName":"Windows",` + texts + `}}`, want},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := scripted(t, test.api, "", table(map[string]said{test.call: {Response: test.response}}))
			got, err := c.Plugin(t.Context(), "125313")
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(got.Raw), `"solution":"Fix"`) {
				t.Errorf("raw %s", got.Raw)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreFields(scapi.Plugin{}, "Raw")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if a := s.calls()[0]; test.api == scapi.RPC && a.Body != `{"pluginID":125313}` || strings.Contains(a.Query.Get("fields"), "source,") {
				t.Errorf("asked %+v", a)
			}
		})
	}
}

func TestAPluginThatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		api    scapi.API
		answer said
	}{
		"REST says so":            {scapi.REST, said{Status: 403, Code: 147, Message: "Unable to find the plugin."}},
		"RPC says so":             {scapi.RPC, said{Code: 147, Message: "The plugin does not exist."}},
		"RPC answers nothing":     {scapi.RPC, said{Response: `""`}},
		"RPC answers no plugin":   {scapi.RPC, said{Response: `{"plugin":[]}`}},
		"RPC answers a null":      {scapi.RPC, said{Response: `{"plugin":null}`}},
		"RPC answers with a text": {scapi.RPC, said{Response: `{"plugin":"none"}`}},
	} {
		c, _ := scripted(t, test.api, "", table(map[string]said{"GET /plugin/5": test.answer, "plugin::getDetails": test.answer}))
		if p, err := c.Plugin(t.Context(), "5"); !errors.Is(err, scapi.ErrNotFound) || !scapi.IsNotFound(err) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	c, s := scripted(t, scapi.REST, "", table(nil))
	for _, id := range []string{"", "x", "-1", "1/2", "19506?fields=source"} {
		if _, err := c.Plugin(t.Context(), id); err == nil || len(s.calls()) != 0 {
			t.Errorf("plugin %q: %v", id, err)
		}
	}
}

func TestAPluginOfASimulatedConsoleHasItsTexts(t *testing.T) {
	t.Parallel()
	onBothDialects(t, sctest.Options{Plugins: 500}, func(t *testing.T, s *sctest.Server) {
		c := dialSimulated(t, s, asAnalyst)
		for p, err := range c.Plugins(t.Context(), scapi.PluginQuery{Pages: 1, PageSize: 1, Type: "active"}) {
			if err != nil {
				t.Fatal(err)
			}
			alone, err := c.Plugin(t.Context(), p.ID)
			if err != nil || alone.ID != p.ID || alone.Name != p.Name || alone.Description == "" {
				t.Errorf("%+v, %v", alone, err)
			}
		}
		if _, err := c.Plugin(t.Context(), "999999999"); !scapi.IsNotFound(err) {
			t.Errorf("error %v", err)
		}
	})
}
