package sctest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestQuirksChangeTheAnswers(t *testing.T) {
	t.Parallel()
	one := func(t *testing.T, c *client) string {
		t.Helper()
		e := c.ask("sumip", "cumulative", 0, 1)
		if e.Code != 0 {
			t.Fatal(e.Body)
		}
		return e.Body
	}
	for _, tt := range []struct {
		name   string
		o      sctest.Options
		answer func(*testing.T, *client) string
		with   string
	}{
		{"numbers", sctest.Options{Quirks: sctest.Quirks{NumbersAsNumbers: true}}, one, `"totalRecords":60`},
		{"warnings", sctest.Options{Quirks: sctest.Quirks{WarningsObject: true}}, one, `"warnings":{}`},
		{"no matching count", sctest.Options{Quirks: sctest.Quirks{NoMatchingCount: true}}, one, `"matchingDataElementCount":"-1"`},
		{"numeric totals of events", sctest.Options{Dialect: sctest.RPC, Quirks: sctest.Quirks{RPCNumericEventTotals: true}},
			func(t *testing.T, c *client) string {
				return c.rpc("events", "query", map[string]any{"tool": "sumtype", "sourceType": "lce"}).Body
			}, `"totalRecords":7`},
		{"the end of the plugin list", sctest.Options{Dialect: sctest.RPC, Plugins: 2000, Quirks: sctest.Quirks{RPCPluginEndArray: true}},
			func(t *testing.T, c *client) string {
				return c.rpc("plugin", "init", map[string]any{"size": 1000, "offset": 2000}).Body
			}, `"response":[]`},
		{"token", sctest.Options{Quirks: sctest.Quirks{TokenAsString: true}}, func(t *testing.T, c *client) string {
			return c.rest(http.MethodPost, "/token", map[string]string{"username": sctest.AdminUsername, "password": sctest.AdminPassword}).Body
		}, `"token":"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Hosts, tt.o.Now = 60, fixed
			if body := tt.answer(t, newClient(t, sctest.Start(t, tt.o)).analyst()); !strings.Contains(body, tt.with) {
				t.Errorf("no %s in %.300s", tt.with, body)
			}
			tt.o.Quirks = sctest.Quirks{}
			if body := tt.answer(t, newClient(t, sctest.Start(t, tt.o)).analyst()); strings.Contains(body, tt.with) {
				t.Errorf("%s without the quirk: %.300s", tt.with, body)
			}
		})
	}
}

func TestAWrongMatchingCountDoesNotAddUp(t *testing.T) {
	t.Parallel()
	c := newClient(t, sctest.Start(t, sctest.Options{Hosts: 60, Now: fixed, Quirks: sctest.Quirks{WrongMatchingCount: true}})).analyst()
	parts := strings.Split(c.query("sumip", "cumulative", 0, 1).MatchingDataElementCount, ":")
	sum := 0
	for _, p := range parts[1:6] {
		sum += atoi(t, p)
	}
	if len(parts) != 7 || sum == atoi(t, parts[0]) {
		t.Errorf("%v", parts)
	}
}

func TestAuditChecksWithLowIDsEscapeTheFilterOnIDs(t *testing.T) {
	t.Parallel()
	for _, low := range []bool{false, true} {
		c := newClient(t, sctest.Start(t, sctest.Options{Hosts: 100, Now: fixed, Quirks: sctest.Quirks{LowCompliancePlugins: low}})).analyst()
		all, audit := c.severities("cumulative"), c.severities("cumulative", filter{"pluginType", "=", "compliance"})
		below := c.severities("cumulative", filter{"pluginID", "<=", "999999"})
		for sev := range all {
			all[sev] -= audit[sev]
		}
		if (all == below) == low {
			t.Errorf("low ids %v: without audit checks %v, ids below a million %v", low, all, below)
		}
	}
}

func TestAPageMayHoldTheFirstRowOfTheNext(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		c := newClient(t, sctest.Start(t, sctest.Options{Dialect: dialect, Hosts: 60, Now: fixed, Quirks: sctest.Quirks{InclusivePages: true}})).analyst()
		a, b := c.query("sumip", "cumulative", 0, 5).Results, c.query("sumip", "cumulative", 5, 10).Results
		if len(a) != 6 || len(b) != 6 || fmt.Sprint(a[5]) != fmt.Sprint(b[0]) || fmt.Sprint(a[4]) == fmt.Sprint(b[0]) {
			t.Errorf("%s: %d and %d rows, which do not share just one", dialect, len(a), len(b))
		}
	}
}

func TestAcceptedFindingsMayBeHidden(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 100, Now: fixed, Quirks: sctest.Quirks{AcceptedHidden: true}})
	c := newClient(t, s).analyst()
	want, _ := count(s, func(f sctest.Finding) bool { return f.Open() && !f.Accepted })
	if got := c.severities("cumulative"); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	accepted, _ := count(s, func(f sctest.Finding) bool { return f.Open() && f.Accepted })
	if got := c.severities("cumulative", filter{"acceptRiskStatus", "=", "accepted"}); got != accepted || got == ([5]int{}) {
		t.Errorf("accepted: %v, want %v", got, accepted)
	}
}

func TestTheInventoryAgreesWithTheAnswers(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Now: fixed})
	admin, analyst := newClient(t, s).admin(), newClient(t, s).analyst()
	for i, o := range admin.rows("/zone") {
		if z := s.Zones()[i]; o["activeScanners"] != float64(z.Active) || o["totalScanners"] != float64(z.Total) || o["name"] != z.Name {
			t.Errorf("%v, want %+v", o, z)
		}
	}
	for i, o := range admin.rows("/scanner?fields=id,name,status,enabled") {
		if sc := s.Scanners()[i]; atoi(t, o["status"].(string)) != sc.Status || o["name"] != sc.Name || (o["enabled"] == "true") != sc.Enabled {
			t.Errorf("%v, want %+v", o, sc)
		}
	}
	byID := map[any]sctest.ScanResult{}
	for _, r := range s.ScanResults() {
		byID[r.ID] = r
	}
	for _, o := range analyst.rows("/scanResult?fields=id,status,importStatus&startTime=0") {
		if r := byID[o["id"]]; r.Status != o["status"] || r.ImportStatus != o["importStatus"] {
			t.Errorf("%v, want %+v", o, r)
		}
	}
	used, limit := s.License()
	var status struct {
		ActiveIPs   int
		LicensedIPs string
	}
	admin.decode(admin.rest(http.MethodGet, "/status", nil), &status)
	if status.ActiveIPs != used || atoi(t, status.LicensedIPs) != limit || used >= limit || used >= 200 {
		t.Errorf("%+v, want %d of %d", status, used, limit)
	}
	if len(s.Scans()) != 12 || s.Scans()[0].NextRun.IsZero() {
		t.Errorf("%+v", s.Scans())
	}
}
