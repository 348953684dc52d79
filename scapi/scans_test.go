package scapi_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func TestScans(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		api  scapi.API
		body string
		want []scapi.Scan
	}{
		"REST": {scapi.REST, `{"usable":[{"id":"9","name":"b","schedule":{"nextRun":0}},{"id":"1","name":"a","schedule":{"type":"ical","nextRun":1700003600}}],
			"manageable":[{"id":"1","name":"a","schedule":{"nextRun":1700003600}},{"id":"11","name":"c","schedule":[]}]}`,
			[]scapi.Scan{{ID: "1", Name: "a", NextRun: epoch(1700003600)}, {ID: "9", Name: "b"}, {ID: "11", Name: "c"}}},
		"RPC": {scapi.RPC, `{"scans":[{"id":"1","name":"a","nextRun":"1368500000"}]}`, []scapi.Scan{{ID: "1", Name: "a", NextRun: epoch(1368500000)}}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := scripted(t, tc.api, "4.8.1", table(map[string]said{"GET /scan": {Response: tc.body}, "scan::init": {Response: tc.body}}))
			got, err := c.Scans(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, noRaw); diff != "" {
				t.Errorf("scans (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("RPC that refuses it says so", func(t *testing.T) {
		c, _ := scripted(t, scapi.RPC, "4.8.1", func(a asked) said {
			if a.Call == "scan::init" {
				return forbidden(a)
			}
			return said{}
		})
		if _, err := c.Scans(t.Context()); !scapi.IsPermission(err) {
			t.Errorf("error %v, want a permission error", err)
		}
	})
}

func TestScanResults(t *testing.T) {
	t.Parallel()
	n, d := scapi.Some[int64], scapi.Some[time.Duration]
	end := epoch(1700000000)
	for name, tc := range map[string]struct {
		api    scapi.API
		window scapi.ScanWindow
		body   string
		want   []scapi.ScanResult
		query  map[string]string
		input  string
	}{
		"REST": {scapi.REST, scapi.ScanWindow{End: end, ByFinish: true, Filter: map[string]string{"filter": "completed"}},
			`{"usable":[{"id":"2","name":"Daily","status":"Completed","importStatus":"Error","running":"false","createdTime":"1699990000","startTime":"1699990010","finishTime":"1699993610","scanDuration":"3600",
				"importStart":"1699993620","importFinish":"1699993680","importDuration":"-1","totalIPs":"256","completedChecks":"10","totalChecks":"10","repository":{"id":"1"},"scan":{"id":"7","name":"Daily"}},
			  {"id":"1","name":"Gone","status":"Running","importStatus":"No Results","running":"true","createdTime":"1699990000","startTime":"1699990010","finishTime":"-1","scanDuration":-1,"totalIPs":-1,"scan":{"id":-1},"repository":{"id":-1}}],
			  "manageable":[{"id":"2"}]}`,
			[]scapi.ScanResult{
				{ID: "1", Name: "Gone", Status: "Running", ImportStatus: "No Results", Running: true, Created: epoch(1699990000), Start: epoch(1699990010)},
				{ID: "2", Name: "Daily", ScanID: "7", RepositoryID: "1", Status: "Completed", ImportStatus: "Error", Created: epoch(1699990000), Start: epoch(1699990010), Finish: epoch(1699993610),
					Duration: d(time.Hour), ImportDuration: d(time.Minute), TotalIPs: n(256), CompletedChecks: n(10), TotalChecks: n(10)},
			},
			map[string]string{"startTime": "1697408000", "endTime": "1700000000", "timeCompareField": "finishTime", "filter": "completed"}, ""},
		"REST, at times that cannot be": {scapi.REST, scapi.ScanWindow{End: end},
			`[{"id":"1","status":"Running","running":"true","createdTime":"1700000300","startTime":"1700000300","finishTime":"-1","repository":{"id":-1,"name":"Individual Scan"}},
			  {"id":"2","status":"Completed","createdTime":"1","startTime":"86400","finishTime":"9999999999","importStart":"86400","importFinish":"1700000000"},
			  {"id":"3","status":"Completed","createdTime":"1699999000","startTime":"1699999000","finishTime":"1700000030"}]`,
			[]scapi.ScanResult{
				{ID: "1", Status: "Running", Running: true},
				{ID: "2", Status: "Completed"},
				// While the answer is made time goes on.
				{ID: "3", Status: "Completed", Created: epoch(1699999000), Start: epoch(1699999000), Finish: epoch(1700000030), Duration: d(1030 * time.Second)},
			}, nil, ""},
		"REST of an own window": {scapi.REST, scapi.ScanWindow{Start: epoch(5), End: epoch(10)}, `[]`, nil,
			map[string]string{"startTime": "5", "endTime": "10", "timeCompareField": ""}, ""},
		"RPC": {scapi.RPC, scapi.ScanWindow{End: end, Filter: map[string]string{"userID": "all"}},
			`{"scanResults":[{"id":"121","name":"Daily","status":"running","startTime":"1699990010","finishTime":"","totalIPs":"256","repositoryID":"1","scanID":"4"},
				{"id":"120","name":"Daily","status":"Completed","startTime":"1699990000","finishTime":"1699990060","repositoryID":"1","scanID":"-1"}]}`,
			[]scapi.ScanResult{
				{ID: "120", Name: "Daily", RepositoryID: "1", Status: "Completed", Start: epoch(1699990000), Finish: epoch(1699990060), Duration: d(time.Minute)},
				{ID: "121", Name: "Daily", ScanID: "4", RepositoryID: "1", Status: "running", Running: true, Start: epoch(1699990010), TotalIPs: n(256)},
			},
			nil, `{"endTime":1700000000,"startTime":1697408000,"userID":"all"}`},
		"RPC of nothing": {scapi.RPC, scapi.ScanWindow{}, `""`, nil, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := scripted(t, tc.api, "4.8.1", table(map[string]said{"GET /scanResult": {Response: tc.body}, "scanResult::getRange": {Response: tc.body}}))
			got, err := c.ScanResults(t.Context(), tc.window)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, noRaw, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
			call := s.calls()[0]
			for name, want := range tc.query {
				if got := call.Query.Get(name); got != want {
					t.Errorf("parameter %s is %q, want %q", name, got, want)
				}
			}
			if tc.input != "" && call.Body != tc.input {
				t.Errorf("input %s, want %s", call.Body, tc.input)
			}
		})
	}
	t.Run("a reversed window is not asked for", func(t *testing.T) {
		c, s := scripted(t, scapi.REST, "6.4.0", table(nil))
		if _, err := c.ScanResults(t.Context(), scapi.ScanWindow{Start: epoch(10), End: epoch(5)}); err == nil || len(s.calls()) != 0 {
			t.Errorf("error %v after %d calls, want one after none", err, len(s.calls()))
		}
	})
	t.Run("the default window is the 30 days before now", func(t *testing.T) {
		c, s := scripted(t, scapi.RPC, "4.8.1", table(map[string]said{"scanResult::getRange": {Response: `[]`}}))
		if _, err := c.ScanResults(t.Context(), scapi.ScanWindow{}); err != nil {
			t.Fatal(err)
		}
		input := s.calls()[0].body(t)
		if days := (input["endTime"].(float64) - input["startTime"].(float64)) / 86400; days != 30 {
			t.Errorf("a window of %v days, want 30", days)
		}
	})
}

func TestScanResult(t *testing.T) {
	t.Parallel()
	n := scapi.Some[int64]
	c, s := scripted(t, scapi.REST, "6.4.0", table(map[string]said{
		"GET /scanResult/12": {Response: `{"id":"12","status":"Completed","totalIPs":"2048","scannedIPs":"2048","progress":{"scannedSize":49,"deadHostSize":1999,"scannedIPs":"10.0.0.1,10.0.0.2","completedChecks":"7","totalChecks":9}}`},
		"GET /scanResult/13": {Response: `{"id":"13","progress":[]}`},
		"GET /scanResult/14": {Response: `[]`},
		"GET /scanResult/15": {Status: 403, Code: 147, Message: "Scan Result #15 does not exist."},
	}))
	got, err := c.ScanResult(t.Context(), "12")
	if err != nil {
		t.Fatal(err)
	}
	want := scapi.ScanResult{ID: "12", Status: "Completed", TotalIPs: n(2048), LiveHosts: n(49), DeadHosts: n(1999), CompletedChecks: n(7), TotalChecks: n(9)}
	if diff := cmp.Diff(want, got, noRaw); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if got, err := c.ScanResult(t.Context(), "13"); err != nil || got.LiveHosts.Valid {
		t.Errorf("result without progress: %+v, %v", got, err)
	}
	if _, err := c.ScanResult(t.Context(), "14"); !errors.Is(err, scapi.ErrMalformed) {
		t.Errorf("an empty answer: %v, want ErrMalformed", err)
	}
	if _, err := c.ScanResult(t.Context(), "15"); !scapi.IsNotFound(err) {
		t.Errorf("an unknown result: %v, want not found", err)
	}
	before := len(s.calls())
	if _, err := c.ScanResult(t.Context(), "12/../../token"); err == nil || len(s.calls()) != before {
		t.Errorf("an id that is none: %v after %d calls", err, len(s.calls())-before)
	}
}
