package scapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// recording is an exchange with a real Tenable.sc 5.8.
type recording struct {
	Genuine bool
	Request struct {
		Method, Path string
		Query        map[string]string
		Body         json.RawMessage
	}
	Response struct {
		Status   int
		Headers  map[string]string
		BodyText string `json:"body_text"`
	}
}

// recordings reads what was recorded, and skips the test where the recordings
// are not.
func recordings(t *testing.T) map[string]recording {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(root)
		if parent == root {
			t.Skip("not below a module")
		}
		root = parent
	}
	files, err := filepath.Glob(filepath.Join(root, "..", "shared", "fixtures", "tenable-sc", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("no recordings beside the project")
	}
	all := map[string]recording{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var r recording
		if err := json.Unmarshal(b, &r); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[filepath.Base(file)] = r
	}
	return all
}

// recorded returns a client of a server that answers with the recordings:
// those of analysis by tool and first row, others by path. Login is made up.
func recorded(t *testing.T, all map[string]recording) *scapi.Client {
	t.Helper()
	type key struct {
		kind, tool string
		start      int
	}
	analyses, paths := map[key]recording{}, map[string]recording{}
	for _, file := range slices.Sorted(maps.Keys(all)) {
		r := all[file]
		var body struct {
			Type  string
			Query struct {
				Tool        string
				StartOffset int
			}
		}
		if r.Request.Path == "/rest/analysis" {
			if err := json.Unmarshal(r.Request.Body, &body); err != nil {
				t.Fatal(err)
			}
			analyses[key{body.Type, body.Query.Tool, body.Query.StartOffset}] = r
			continue
		}
		_, taken := paths[r.Request.Path] // the earlier of two moments
		if r.Request.Method == http.MethodGet && r.Response.Status == http.StatusOK && !taken {
			paths[r.Request.Path] = r
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		made := func(response string) {
			w.Header().Set("Set-Cookie", "TNS_SESSIONID=0123456789abcdef0123456789abcdef; path=/; secure; HttpOnly")
			fmt.Fprintf(w, `{"type":"regular","response":%s,"error_code":0,"error_msg":"","warnings":[],"timestamp":1553202508}`+"\n", response)
		}
		switch req.Method + " " + req.URL.Path {
		case "POST /rest/token":
			made(`{"token":1234567890}`)
			return
		case "GET /rest/currentUser":
			made(`{"id":"2","username":"api","role":{"id":"2"},"organization":{"id":"1","name":"HomeNet"}}`)
			return
		}
		r, ok := paths[req.URL.Path]
		if req.URL.Path == "/rest/analysis" {
			var body struct {
				Type  string
				Query struct {
					Tool        string
					StartOffset int
				}
			}
			if err := json.NewDecoder(req.Body).Decode(&body); err != nil {
				t.Error(err)
			}
			k := key{body.Type, body.Query.Tool, body.Query.StartOffset}
			if r, ok = analyses[k]; !ok {
				k.start = 0
				if _, ok := analyses[k]; ok { // beyond what was recorded
					made(`{"totalRecords":"10","returnedRecords":0,"startOffset":"10","endOffset":"1010","matchingDataElementCount":"-1","results":[]}`)
					return
				}
			}
		}
		if !ok {
			t.Errorf("no recording of %s %s", req.Method, req.URL)
			http.NotFound(w, req)
			return
		}
		w.Header().Set("Content-Type", r.Response.Headers["content-type"])
		w.WriteHeader(r.Response.Status)
		_, _ = io.WriteString(w, r.Response.BodyText)
	}))
	t.Cleanup(server.Close)
	c, err := scapi.New(scapi.Options{URL: server.URL, API: scapi.Auto, Transport: server.Client().Transport,
		Credentials: func() (scapi.Credentials, error) {
			return scapi.Credentials{Username: "api", Password: "secret"}, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRecordedConsole(t *testing.T) {
	t.Parallel()
	c := recorded(t, recordings(t))
	n := scapi.Some[int64]

	t.Run("system", func(t *testing.T) {
		got, err := c.System(t.Context())
		want := scapi.System{Version: "5.8.0", BuildID: "201810303290", ACAS: scapi.Some(false), Classification: "None", LicenseStatus: "Valid"}
		if diff := cmp.Diff(want, got, noRaw); err != nil || diff != "" {
			t.Errorf("error %v (-want +got):\n%s", err, diff)
		}
	})
	t.Run("status", func(t *testing.T) {
		got, err := c.Status(t.Context())
		want := scapi.Status{LicenseStatus: "Valid", ActiveIPs: n(46), LicensedIPs: n(102400), JobDaemonRunning: scapi.Some(true),
			PluginSet: map[string]time.Time{"active": time.Date(2019, 3, 20, 20, 42, 0, 0, time.UTC)}}
		if diff := cmp.Diff(want, got, noRaw); err != nil || diff != "" {
			t.Errorf("error %v (-want +got):\n%s", err, diff)
		}
	})
	t.Run("feeds", func(t *testing.T) {
		got, err := c.Feeds(t.Context())
		no, yes := scapi.Some(false), scapi.Some(true)
		want := []scapi.Feed{
			{Type: "active", Updated: epoch(1553156153), Stale: no, UpdateRunning: no, SubscriptionStatus: "Valid"},
			{Type: "event", Updated: epoch(1550205301), Stale: yes, UpdateRunning: no, SubscriptionStatus: "Expired"},
			{Type: "passive", Updated: epoch(1553234416), Stale: no, UpdateRunning: no, SubscriptionStatus: "Valid"},
			{Type: "sc", Updated: epoch(1553231422), Stale: no, UpdateRunning: no, SubscriptionStatus: "Valid"},
		}
		if diff := cmp.Diff(want, got, noRaw); err != nil || diff != "" {
			t.Errorf("error %v (-want +got):\n%s", err, diff)
		}
	})
	t.Run("diagnostics", func(t *testing.T) {
		got, err := c.Diagnostics(t.Context())
		want := scapi.Diagnostics{Java: scapi.Some(true), RPM: scapi.Some(true), Disk: scapi.Some(true), LastChecked: epoch(1553141401)}
		if diff := cmp.Diff(want, got, noRaw); err != nil || diff != "" {
			t.Errorf("error %v (-want +got):\n%s", err, diff)
		}
	})
	t.Run("scanners", func(t *testing.T) {
		got, err := c.Scanners(t.Context())
		if err != nil || len(got) != 3 {
			t.Fatalf("%d scanners, %v; want 3", len(got), err)
		}
		states := map[scapi.ScannerStatus]int{}
		for _, s := range got {
			if s.ID == "" || s.Name == "" || !s.Status.Valid {
				t.Errorf("scanner %+v", s)
			}
			states[s.Status.Value]++
		}
		if diff := cmp.Diff(map[scapi.ScannerStatus]int{1: 2, 8192: 1}, states); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
	})
	t.Run("scan definitions", func(t *testing.T) {
		got, err := c.Scans(t.Context())
		if err != nil || len(got) != 3 {
			t.Errorf("%d scans, %v; want 3", len(got), err)
		}
	})
	t.Run("scan results", func(t *testing.T) {
		got, err := c.ScanResults(t.Context(), scapi.ScanWindow{})
		if err != nil || len(got) != 5 {
			t.Fatalf("%d results, %v; want 5", len(got), err)
		}
		states := map[string]int{}
		for _, r := range got {
			states[r.Status]++
		}
		if states["Completed"] == 0 || states["Partial"] == 0 || len(states) != 2 {
			t.Errorf("states %v, want Completed and Partial", states)
		}
	})
	t.Run("a scan result", func(t *testing.T) {
		got, err := c.ScanResult(t.Context(), "120")
		want := scapi.ScanResult{ID: "121", Name: "Daily Internal Scan", RepositoryID: got.RepositoryID, Status: "Completed", ImportStatus: "Finished",
			Created: epoch(1550037600), Start: epoch(1550037606), Finish: epoch(1550039578), Duration: scapi.Some(1972 * time.Second), ImportDuration: scapi.Some(time.Second),
			TotalIPs: n(2048), LiveHosts: n(49), DeadHosts: n(1999), CompletedChecks: n(209686528), TotalChecks: n(209686528)}
		if diff := cmp.Diff(want, got, noRaw); err != nil || diff != "" {
			t.Errorf("error %v (-want +got):\n%s", err, diff)
		}
		if got.RepositoryID == "" {
			t.Error("no repository")
		}
	})
	t.Run("zones and repositories", func(t *testing.T) {
		zones, err := c.Zones(t.Context())
		if err != nil || len(zones) != 3 {
			t.Errorf("%d zones, %v; want 3", len(zones), err)
		}
		repositories, err := c.Repositories(t.Context())
		if err != nil || len(repositories) != 4 {
			t.Errorf("%d repositories, %v; want 4", len(repositories), err)
		}
	})
	t.Run("summary of hosts", func(t *testing.T) {
		got, err := c.Summary(t.Context(), scapi.Query{})
		want := scapi.Summary{Records: 33, Findings: scapi.Counts{1256, 32, 176, 146, 19}, Score: scapi.Some(19.0*40 + 146*10 + 176*3 + 32)}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("error %v (-want +got):\n%s", err, diff)
		}
	})
	t.Run("summary of plugins", func(t *testing.T) {
		got, err := c.Summary(t.Context(), scapi.Query{Tool: "sumid"})
		if err != nil || got.Records != 358 || got.Findings != (scapi.Counts{1256, 32, 176, 146, 19}) || !got.Score.Valid {
			t.Errorf("summary %+v, %v", got, err)
		}
	})
	t.Run("summaries of tools that count otherwise", func(t *testing.T) {
		for tool, records := range map[string]int64{"sumasset": 34, "sumcce": 0, "summsbulletin": 30, "vulndetails": 1629} {
			got, err := c.Summary(t.Context(), scapi.Query{Tool: tool})
			if err != nil || got.Records != records || got.Findings != (scapi.Counts{1256, 32, 176, 146, 19}) || got.Score.Valid {
				t.Errorf("summary by %s: %+v, %v", tool, got, err)
			}
		}
	})
	t.Run("events have numeric totals", func(t *testing.T) {
		rows, err := c.Query(t.Context(), scapi.Query{Tool: "sumtype", Source: scapi.Events, PageSize: 5})
		if err != nil || len(rows) != 10 || rows[0].String("type") == "" || !rows[0].Int("count").Valid {
			t.Errorf("%d rows, %v", len(rows), err)
		}
	})
	t.Run("a list of addresses", func(t *testing.T) {
		rows, err := c.Query(t.Context(), scapi.Query{Tool: "iplist"})
		if err != nil || len(rows) == 0 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for _, row := range rows {
			if row.String("ip") == "" {
				t.Errorf("row %s without address", row.Raw)
			}
		}
	})
}

// Every row that was recorded is delivered, once and as it came.
func TestEveryRecordedAnalysisIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	all := recordings(t)
	c := recorded(t, all)
	rows := map[[2]string]int{}
	for _, r := range all {
		if r.Request.Path != "/rest/analysis" {
			continue
		}
		var body struct {
			Type  string
			Query struct{ Tool string }
		}
		var answer struct {
			Response struct{ Results []json.RawMessage }
		}
		if json.Unmarshal(r.Request.Body, &body) != nil || json.Unmarshal([]byte(r.Response.BodyText), &answer) != nil {
			t.Fatal("a recording that cannot be read")
		}
		if body.Type == "vuln" || body.Type == "event" {
			rows[[2]string{body.Type, body.Query.Tool}] += len(answer.Response.Results)
		}
	}
	for k, want := range rows {
		if k[1] == "iplist" {
			continue // an object, not rows
		}
		t.Run(k[0]+" "+k[1], func(t *testing.T) {
			q := scapi.Query{Tool: k[1], PageSize: 5}
			if k[0] == "event" {
				q.Source = scapi.Events
			}
			got, err := c.Query(t.Context(), q)
			if err != nil || len(got) != want {
				t.Fatalf("%d rows, %v; want %d", len(got), err, want)
			}
			for _, row := range got {
				var object map[string]any
				if row.Decode(&object) != nil || len(object) == 0 {
					t.Errorf("row %s is no object", row.Raw)
				}
			}
		})
	}
}

func TestRecordedDetailsDecodeAsListElements(t *testing.T) {
	t.Parallel()
	all := recordings(t)
	response := func(file string) string {
		var e struct{ Response json.RawMessage }
		if err := json.Unmarshal([]byte(all[file].Response.BodyText), &e); err != nil {
			t.Fatal(err)
		}
		return string(e.Response)
	}
	c, _ := scripted(t, scapi.REST, "5.8.0", table(map[string]said{
		"GET /scanner":    {Response: "[" + response("scanner-details.json") + "]"},
		"GET /zone":       {Response: "[" + response("zone-details.json") + "]"},
		"GET /repository": {Response: "[" + response("repository-details.json") + "]"},
		"GET /scan":       {Response: "[" + response("scan-details.json") + "]"},

		"GET /acceptRiskRule": {Response: response("acceptriskrule-create.json")},
	}))
	n := scapi.Some[int64]
	scanners, err := c.Scanners(t.Context())
	// It was never contacted: its zeros are no numbers.
	check(t, "scanners", err, scanners, []scapi.Scanner{{ID: "10", Name: "Example", Type: "nessus", Enabled: scapi.Some(true), Status: scapi.Some(scapi.ScannerStatus(8192))}})
	zones, err := c.Zones(t.Context())
	check(t, "zones", err, zones, []scapi.Zone{{ID: "7", Name: "Example", Ranges: "192.168.0.0/24", Addresses: scapi.Some(256.0), Scanners: n(0), ActiveScanners: n(0), Modified: epoch(1553205885)}})
	repositories, err := c.Repositories(t.Context())
	check(t, "repositories", err, repositories, []scapi.Repository{{ID: "7", Name: "Example Repo", Type: "local", DataFormat: "IPv4", IPs: n(0), Findings: n(0), LastUpdate: epoch(1550707449)}})
	scans, err := c.Scans(t.Context())
	check(t, "scans", err, scans, []scapi.Scan{{ID: "28", Name: "Example Scan"}})
	rules, err := c.AcceptRiskRules(t.Context())
	check(t, "rules", err, rules, []scapi.RiskRule{{ID: "24", Plugin: scapi.Ref{ID: "19506", Name: "Nessus Scan Information"}, Repository: scapi.Ref{ID: "1", Name: "Default"},
		Organization: scapi.Ref{ID: "1", Name: "HomeNet"}, User: scapi.UserRef{ID: "2", Username: "api", Name: "api user"}, HostType: "ip", Hosts: []string{"127.0.0.1"},
		Port: "any", Protocol: "any", Status: "0", Created: epoch(1553612053), Modified: epoch(1553612053)}})
}

func check(t *testing.T, what string, err error, got, want any) {
	t.Helper()
	if reflect.TypeOf(got) != reflect.TypeOf(want) {
		t.Fatalf("%s: a %T is compared with a %T", what, got, want)
	}
	if diff := cmp.Diff(want, got, noRaw, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("%s: error %v (-want +got):\n%s", what, err, diff)
	}
}
