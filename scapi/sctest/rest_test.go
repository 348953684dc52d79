package sctest_test

import (
	"archive/zip"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// rows reads a list, bare or as usable and manageable.
func (c *client) rows(path string) []map[string]any {
	c.t.Helper()
	e := c.rest(http.MethodGet, path, nil)
	var list []map[string]any
	if strings.HasPrefix(string(e.Response), "[") {
		c.decode(e, &list)
		return list
	}
	var both struct{ Usable, Manageable, Assets []map[string]any }
	c.decode(e, &both)
	return append(both.Usable, both.Assets...)
}

func TestTheConsoleAlwaysHasWhatAMonitorMustShow(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{clock, clock.Add(7 * time.Hour), clock.Add(100 * time.Hour)} {
		s := sctest.Start(t, sctest.Options{Now: func() time.Time { return at }})
		admin, analyst := newClient(t, s).admin(), newClient(t, s).analyst()
		has := func(what string, list []map[string]any, match func(map[string]any) bool) {
			t.Helper()
			if !slices.ContainsFunc(list, match) {
				t.Errorf("at %s: no %s among %d", at, what, len(list))
			}
		}
		results := analyst.rows("/scanResult?fields=id,status,importStatus,running,scan,repository")
		has("running scan", results, func(o map[string]any) bool { return o["running"] == "true" && o["status"] == "Running" })
		for _, want := range []string{"Completed/Finished", "Completed/Error", "Completed/Blocked", "Partial/Finished", "Stopped/No Results", "Error/No Results"} {
			has(want, results, func(o map[string]any) bool { return fmt.Sprint(o["status"], "/", o["importStatus"]) == want })
		}
		has("result without a definition", results, func(o map[string]any) bool { return o["scan"].(map[string]any)["id"] == float64(-1) })
		scans := analyst.rows("/scan?fields=id,name,schedule")
		has("next run", scans, func(o map[string]any) bool {
			return o["schedule"].(map[string]any)["nextRun"].(float64) > float64(at.Unix())
		})
		has("scan without a schedule", scans, func(o map[string]any) bool { return o["schedule"].(map[string]any)["nextRun"] == float64(0) })
		scanners := admin.rows("/scanner?fields=id,status,enabled,uptime,pluginSet,loadedPluginSet")
		for _, status := range []string{"1", "2", "4", "8", "32", "8192", "8193", "16384"} {
			has("scanner with status "+status, scanners, func(o map[string]any) bool { return o["status"] == status })
		}
		has("scanner never contacted", scanners, func(o map[string]any) bool { return o["uptime"] == float64(-1) && o["pluginSet"] == nil })
		zones := admin.rows("/zone")
		has("zone without a working scanner", zones, func(o map[string]any) bool {
			return o["activeScanners"] == float64(0) && o["totalScanners"] != float64(0)
		})
		repositories := admin.rows("/repository?fields=id,name,type,lastSyncTime")
		has("remote repository that synced", repositories, func(o map[string]any) bool { return o["type"] == "Remote" && o["lastSyncTime"] != "0" })
		if repositories[0]["name"] != repositories[1]["name"] {
			t.Error("the first two repositories should have one name")
		}
		jobs := admin.rows("/job?fields=id,targetedTime,startTime")
		number := func(v any) int64 { return int64(atoi(t, v.(string))) }
		has("late job", jobs, func(o map[string]any) bool {
			return number(o["startTime"]) < 0 && number(o["targetedTime"]) < at.Unix()-300
		})
		has("waiting job", jobs, func(o map[string]any) bool { return number(o["targetedTime"]) > at.Unix() })
		has("running job", jobs, func(o map[string]any) bool { return number(o["startTime"]) > 0 })
		var status map[string]any
		admin.decode(admin.rest(http.MethodGet, "/status", nil), &status)
		if number(status["lastDbBackupFailure"]) <= number(status["lastDbBackupSuccess"]) {
			t.Error("the latest backup should have failed")
		}
		var feeds map[string]map[string]any
		admin.decode(admin.rest(http.MethodGet, "/feed", nil), &feeds)
		if feeds["lce"]["stale"] != "true" || feeds["lce"]["subscriptionStatus"] != "Expired" || feeds["industrial"]["updateTime"] != nil {
			t.Errorf("feeds: %v", feeds)
		}
	}
}

func TestScanResultsAppearAsTimePasses(t *testing.T) {
	t.Parallel()
	now := clock
	s := sctest.Start(t, sctest.Options{Now: func() time.Time { return now }})
	c := newClient(t, s).analyst()
	before := c.rows("/scanResult?startTime=0")
	now = now.Add(24*time.Hour + time.Minute)
	c.analyst()
	seen := map[any]bool{}
	for _, o := range before {
		seen[o["id"]] = true
	}
	fresh := 0
	for _, o := range c.rows("/scanResult?startTime=0") {
		if !seen[o["id"]] {
			fresh++
		}
	}
	if fresh < 3 {
		t.Errorf("%d new results in a day", fresh)
	}
}

func TestScanResultsAreLimitedToThirtyDaysUnlessAsked(t *testing.T) {
	t.Parallel()
	c := newClient(t, sctest.Start(t, sctest.Options{Now: fixed})).analyst()
	oldest := func(path string) int {
		first := int(clock.Unix())
		for _, o := range c.rows(path) {
			first = min(first, atoi(t, o["createdTime"].(string)))
		}
		return (int(clock.Unix()) - first) / 86400
	}
	if d := oldest("/scanResult?fields=createdTime"); d < 28 || d > 30 {
		t.Errorf("the default list reaches back %d days", d)
	}
	if d := oldest("/scanResult?fields=createdTime&startTime=0"); d < 38 {
		t.Errorf("the whole list reaches back %d days", d)
	}
	week := strconv.FormatInt(clock.AddDate(0, 0, -7).Unix(), 10)
	for _, o := range c.rows("/scanResult?fields=finishTime,status&timeCompareField=finishTime&startTime=" + week) {
		if atoi(t, o["finishTime"].(string)) < atoi(t, week) {
			t.Errorf("finished before the week: %v", o)
		}
	}
	if _, has := c.rows("/scanResult?fields=id,progress")[0]["progress"]; has {
		t.Error("progress belongs to the details")
	}
}

func TestListsCarryFewFieldsUnlessAsked(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Version: "5.8.0", Hosts: 20})
	c := newClient(t, s).admin()
	if row := c.rows("/scanner")[0]; len(row) != 5 {
		t.Errorf("default fields: %v", row)
	}
	if row := c.rows("/scanner?fields=uptime,nonsense")[0]; len(row) != 2 || row["id"] == nil || row["uptime"] == nil {
		t.Errorf("asked for uptime: %v", row)
	}
}

func TestThePluginListIsPagedWithAShortPageInTheMiddle(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 20, Plugins: 3000})
	c := newClient(t, s).analyst()
	seen := map[any]bool{}
	for start := 0; ; start += 200 {
		page := c.rows(fmt.Sprintf("/plugin?fields=id&startOffset=%d&endOffset=%d", start, start+200))
		if len(page) == 0 {
			if start != 3200 {
				t.Errorf("ended at %d", start)
			}
			break
		}
		// What the hole takes from its page is behind the others.
		if want := 200 - map[int]int{0: 1, 3000: 199}[start]; len(page) != want {
			t.Errorf("the page at %d has %d rows, want %d", start, len(page), want)
		}
		for _, o := range page {
			seen[o["id"]] = true
		}
	}
	if len(seen) != 3000 {
		t.Errorf("%d different plugins", len(seen))
	}
	total := 0
	for _, kind := range []string{"active", "passive", "compliance", "custom", "lce"} {
		n := len(c.rows("/plugin?fields=id&startOffset=0&endOffset=100000&type=" + kind))
		if n == 0 || n != s.PluginCount(kind) {
			t.Errorf("%s: %d rows, want %d", kind, n, s.PluginCount(kind))
		}
		total += s.PluginCount(kind)
	}
	if total != 3000 {
		t.Errorf("the types add up to %d", total)
	}
	families := 0
	for _, f := range c.rows("/pluginFamily") {
		var one struct{ Count int }
		c.decode(c.rest(http.MethodGet, fmt.Sprintf("/pluginFamily/%s?fields=id,count", f["id"]), nil), &one)
		families += one.Count
	}
	if families != 3000 {
		t.Errorf("the families have %d plugins", families)
	}
}

func TestAScanResultIsDownloadedAsAnArchiveOfOneFile(t *testing.T) {
	t.Parallel()
	c := newClient(t, sctest.Start(t, sctest.Options{Now: fixed, Hosts: 20})).analyst()
	seen := map[any]int{}
	for _, o := range c.rows("/scanResult?fields=id,downloadAvailable,status") {
		if seen[o["status"]]++; seen[o["status"]] > 3 {
			continue
		}
		e := c.rest(http.MethodPost, "/scanResult/"+o["id"].(string)+"/download", map[string]string{"downloadType": "v2"})
		if o["downloadAvailable"] != "true" {
			if e.Status != http.StatusForbidden {
				t.Errorf("%v: status %d", o, e.Status)
			}
			continue
		}
		z, err := zip.NewReader(strings.NewReader(e.Body), int64(len(e.Body)))
		if err != nil || len(z.File) != 1 || z.File[0].Name != o["id"].(string)+".nessus" {
			t.Errorf("%v: %v, %d bytes", o, err, len(e.Body))
		}
	}
	if e := c.rest(http.MethodPost, "/scanResult/123/download", nil); e.Code != 147 {
		t.Errorf("unknown result: code %d", e.Code)
	}
}

func TestIndividualResultsNeedAViewAndData(t *testing.T) {
	t.Parallel()
	c := newClient(t, sctest.Start(t, sctest.Options{Now: fixed})).analyst()
	ask := func(id, view string) envelope {
		return c.rest(http.MethodPost, "/analysis", map[string]any{"type": "vuln", "sourceType": "individual", "scanID": id,
			"query": map[string]any{"tool": "sumip", "type": "vuln", "scanID": id, "view": view, "filters": []any{}}})
	}
	for _, o := range c.rows("/scanResult?fields=id,importStatus") {
		want := 143
		if o["importStatus"] == "Finished" {
			want = 0
		}
		if e := ask(o["id"].(string), "all"); e.Code != want {
			t.Fatalf("%v: code %d, want %d", o, e.Code, want)
		}
	}
	if e := ask("1", ""); e.Code != 142 {
		t.Errorf("without a view: code %d", e.Code)
	}
}

func TestUnknownPathsAndObjectsAreRefused(t *testing.T) {
	t.Parallel()
	c := newClient(t, sctest.Start(t, sctest.Options{Hosts: 20})).analyst()
	for path, want := range map[string][2]int{
		"/nonsense": {404, 0}, "/asset/99": {403, 147}, "/scan/abc": {403, 146}, "/plugin/999999999": {403, 147},
	} {
		if e := c.rest(http.MethodGet, path, nil); e.Status != want[0] || e.Code != want[1] {
			t.Errorf("%s: status %d, code %d", path, e.Status, e.Code)
		}
	}
}

func TestTheHealthOfAScannerIsNumbersForAdministrators(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Now: fixed})
	e := newClient(t, s).admin().rest(http.MethodGet, "/scanner/2/health", nil)
	if e.Code != 0 || !strings.Contains(e.Body, `"sys_ram_used":null`) || !strings.Contains(e.Body, `"temp_disk_total":10240`) || !strings.Contains(e.Body, `"perf_stats_history":[{`) {
		t.Error(e.Body)
	}
	if e := newClient(t, s).analyst().rest(http.MethodGet, "/scanner/2/health", nil); e.Code != 145 {
		t.Errorf("an organisation's user: %s", e.Body)
	}
	old := sctest.Start(t, sctest.Options{Version: "5.9.0", Now: fixed})
	if e := newClient(t, old).admin().rest(http.MethodGet, "/scanner/2/health", nil); e.Status != http.StatusNotFound {
		t.Errorf("5.9: status %d", e.Status)
	}
}
