package sctest_test

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestRPCCallsAnswerTheirLists(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Dialect: sctest.RPC, Now: fixed})
	admin, analyst := newClient(t, s).admin(), newClient(t, s).analyst()
	for _, tt := range []struct {
		module, action, list string
		fields               string
		admin, org           bool
	}{
		{"repository", "init", "repositories", "id name ipCount", true, false},
		{"scanner", "init", "scanners", "id name ip status", true, false},
		{"zone", "init", "zones", "id name ipList scanners", true, false},
		{"role", "init", "roles", "id name", true, true},
		{"user", "init", "users", "id username locked", true, true},
		{"asset", "init", "assets", "id name type tags", false, true},
		{"credential", "init", "credentials", "id name type", false, true},
		{"ticket", "init", "tickets", "id status", false, true},
		{"group", "init", "groups", "id name", false, true},
		{"scan", "init", "scans", "id name repositoryID", false, true},
		{"scanResult", "getRange", "scanResults", "id name status importStatus finishTime repositoryID scanID", false, true},
		{"vuln", "init", "repositories", "id name", false, true},
	} {
		for _, who := range []struct {
			c       *client
			allowed bool
		}{{admin, tt.admin}, {analyst, tt.org}} {
			e := who.c.rpc(tt.module, tt.action, map[string]any{})
			if e.Status != http.StatusOK || (e.Code == 0) != who.allowed {
				t.Errorf("%s::%s: status %d, code %d", tt.module, tt.action, e.Status, e.Code)
				continue
			}
			if !who.allowed {
				continue
			}
			var out map[string]json.RawMessage
			who.c.decode(e, &out)
			var rows []map[string]any
			if err := json.Unmarshal(out[tt.list], &rows); err != nil || len(rows) == 0 {
				t.Errorf("%s::%s: %v, %d rows", tt.module, tt.action, err, len(rows))
				continue
			}
			for _, f := range strings.Fields(tt.fields) {
				switch rows[0][f].(type) {
				case string, []any:
				default:
					t.Errorf("%s::%s: %s is %v", tt.module, tt.action, f, rows[0][f])
				}
			}
		}
	}
}

func TestTheRPCSessionFollowsItsCookie(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Dialect: sctest.RPC, Hosts: 20})
	c := newClient(t, s)
	if e := c.rpc("system", "init", map[string]any{}); e.Status != 200 || !strings.Contains(e.Body, `"version":"4.8.1"`) || c.cookie == "" {
		t.Fatalf("before the login: %s, cookie %q", e.Body, c.cookie)
	}
	before := c.cookie
	c.analyst()
	if c.cookie == before {
		t.Error("the cookie should change at the login")
	}
	c.rpc("system", "init", map[string]any{})
	if e := c.rpc("ticket", "init", map[string]any{}); e.Code != 0 {
		t.Errorf("system::init ended the session: %s", e.Body)
	}
	// Old clients send the whole Set-Cookie text back.
	c.cookie += "; path=/; secure; HttpOnly"
	if e := c.rpc("ticket", "init", map[string]any{}); e.Code != 0 {
		t.Errorf("cookie with attributes: %s", e.Body)
	}
	s.ExpireSessions()
	if e := c.rpc("ticket", "init", map[string]any{}); e.Status != 200 || e.Code != 12 {
		t.Errorf("expired: status %d, code %d", e.Status, e.Code)
	}
	wrong := newClient(t, s)
	form := url.Values{"module": {"system"}, "action": {"init"}}
	req, err := http.NewRequest(http.MethodPost, s.URL+"/rest/system", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if e, err := wrong.send(req); err != nil || e.Status != http.StatusNotFound {
		t.Errorf("a REST path: status %d, %v", e.Status, err)
	}
}

func TestRPCPluginsAreListedAndCounted(t *testing.T) {
	t.Parallel()
	for version, counted := range map[string]bool{"4.2.0": false, "4.4.0": true} {
		s := sctest.Start(t, sctest.Options{Dialect: sctest.RPC, Version: version, Hosts: 20, Plugins: 2500})
		c := newClient(t, s).analyst()
		var counts map[string]any
		c.decode(c.rpc("plugin", "init", map[string]any{}), &counts)
		if counts["pluginCount"] != "2500" || (counts["lastUpdates"] != nil) != counted || (counts["active"] == fmt.Sprint(s.PluginCount("active"))) != counted {
			t.Errorf("%s: %v", version, counts["pluginCount"])
		}
		n := 0
		for offset := 0; ; offset += 1000 {
			var out struct{ Plugins []map[string]any }
			c.decode(c.rpc("plugin", "init", map[string]any{"size": 1000, "offset": offset, "type": "all", "sortField": "id", "sortDirection": "ASC"}), &out)
			if len(out.Plugins) == 0 {
				break
			}
			n += len(out.Plugins)
		}
		if n != 2500 {
			t.Errorf("%s: %d plugins", version, n)
		}
		var detail struct{ Plugin map[string]any }
		c.decode(c.rpc("plugin", "getDetails", map[string]any{"pluginID": 19506}), &detail)
		if detail.Plugin["name"] != "Nessus Scan Information" {
			t.Errorf("%v", detail)
		}
	}
}

func TestRPCAnswersAHostPerRepository(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Dialect: sctest.RPC, Hosts: 2000, Now: fixed})
	c := newClient(t, s).analyst()
	in := map[string]int{}
	for h := range s.Hosts() {
		in[h.IP]++
	}
	shared := ""
	for ip, n := range in {
		if n == 2 {
			shared = ip
		}
	}
	ask := func(ip string, repositories ...map[string]any) int {
		var out struct{ Records []map[string]any }
		c.decode(c.rpc("vuln", "getIP", map[string]any{"ip": ip, "repositories": append([]map[string]any{}, repositories...)}), &out)
		return len(out.Records)
	}
	if shared == "" {
		t.Fatal("the namesakes should have addresses in common")
	}
	if n := ask(shared); n != 2 {
		t.Errorf("%d records of %s", n, shared)
	}
	if n := ask(shared, map[string]any{"id": 1}); n != 1 {
		t.Errorf("%d records in one repository", n)
	}
	if n := ask("203.0.113.9"); n != 0 {
		t.Errorf("%d records of an unknown address", n)
	}
}

func TestRPCDownloadsAZipOrAnEnvelope(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Dialect: sctest.RPC, Hosts: 20, Now: fixed})
	c := newClient(t, s).analyst()
	var out struct {
		ScanResults []struct{ ID, Status, DownloadAvailable string }
	}
	c.decode(c.rpc("scanResult", "getRange", map[string]any{"startTime": 0, "endTime": clock.Unix()}), &out)
	seen := map[string]int{}
	for _, r := range out.ScanResults {
		if seen[r.Status]++; seen[r.Status] > 3 {
			continue
		}
		e := c.rpc("scanResult", "download", map[string]any{"scanResultID": r.ID, "downloadType": "v2"})
		_, err := zip.NewReader(strings.NewReader(e.Body), int64(len(e.Body)))
		if (err == nil) != (r.DownloadAvailable == "true") || err != nil && e.Code == 0 {
			t.Errorf("%+v: %v, code %d", r, err, e.Code)
		}
	}
	if e := c.rpc("scanResult", "download", map[string]any{"scanResultID": out.ScanResults[0].ID, "downloadType": "nsr"}); e.Code == 0 {
		t.Error("nsr was dropped with 4.4")
	}
}

// 4.2 is reached where it always was, and where later clients look; 4.6 takes the older name of its source.
func TestWhatLaterReleasesKeepFromEarlierOnes(t *testing.T) {
	t.Parallel()
	paths := map[string]map[string]int{
		"4.0.0": {"/request.php": 200, "/sc4/request.php": 200}, "4.2.0": {"/request.php": 200, "/sc4/request.php": 200},
		"4.4.0": {"/request.php": 200, "/sc4/request.php": 404}, "4.8.0": {"/request.php": 200, "/sc4/request.php": 404},
	}
	for version, statuses := range paths {
		s := sctest.Start(t, sctest.Options{Dialect: sctest.RPC, Version: version, Hosts: 10})
		for path, want := range statuses {
			form := url.Values{"request_id": {"1"}, "module": {"system"}, "action": {"init"}, "input": {"{}"}}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader(form.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if e, err := newClient(t, s).send(req); err != nil || e.Status != want || (want == 200) != strings.Contains(e.Body, version) {
				t.Errorf("%s at %s: %d, want %d: %.100s %v", version, path, e.Status, want, e.Body, err)
			}
		}
	}
	for version, sources := range map[string]map[string]bool{
		"4.4.0": {"mitigated": true, "patched": false}, "4.6.0": {"mitigated": true, "patched": true}, "4.8.1": {"mitigated": true, "patched": true},
	} {
		c := newClient(t, sctest.Start(t, sctest.Options{Dialect: sctest.RPC, Version: version, Hosts: 30, Now: fixed})).analyst()
		var bodies []string
		for source, known := range sources {
			e := c.ask("sumip", source, 0, 5)
			if (e.Code == 0) != known {
				t.Errorf("%s: source %s: %s", version, source, e.Body)
			}
			if known {
				bodies = append(bodies, string(e.Response))
			}
		}
		if len(bodies) == 2 && bodies[0] != bodies[1] {
			t.Errorf("%s: the two names have different answers", version)
		}
	}
}
