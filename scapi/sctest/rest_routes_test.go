package sctest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestWhatIsNoCallIsAnsweredAsAWebServerDoes(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 10})
	admin, analyst := newClient(t, s).admin(), newClient(t, s).analyst()
	for _, tt := range []struct {
		method, path string
		status       int // of both accounts
	}{
		{http.MethodGet, "/nonsense", 404}, {http.MethodGet, "/", 404}, {http.MethodGet, "/scanner/1/nonsense", 404},
		{http.MethodGet, "/scanner/1/health/2", 404}, {http.MethodGet, "/system/nonsense", 404}, {http.MethodGet, "/plugin/1/2", 404},
		{http.MethodGet, "/analysis", 404}, {http.MethodPost, "/status", 404}, {http.MethodPut, "/feed", 404},
		{http.MethodPost, "/asset/1/2/share", 404}, {http.MethodGet, "/asset//share", 404},
		{http.MethodGet, "/repository/../system", 404}, {http.MethodGet, "/dashboard/import", 404},
		// Writes that this console does not have.
		{http.MethodPost, "/scanner/import", 404}, {http.MethodDelete, "/scanner/1", 404}, {http.MethodPost, "/zone", 404},
		{http.MethodPut, "/role/1", 404}, {http.MethodPatch, "/repository/1", 404}, {http.MethodPost, "/scanner/1/testScansQuery", 404},
		// What does not exist.
		{http.MethodGet, "/role/abc", 403}, {http.MethodGet, "/role/999", 403},
		// Calls that exist, in other spellings.
		{http.MethodGet, "/status/", 200}, {http.MethodGet, "/role/1/", 200}, {http.MethodGet, "/feed/active", 200},
	} {
		for name, c := range map[string]*client{"administrator": admin, "analyst": analyst} {
			e := c.rest(tt.method, tt.path, nil)
			if e.Status != tt.status || strings.Contains(e.Body, "404 Not Found") != (tt.status == 404) {
				t.Errorf("%s %s for the %s: %d, want %d: %.100s", tt.method, tt.path, name, e.Status, tt.status, e.Body)
			}
		}
	}
}

func TestWritesAreRefusedWhereReadingIs(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 10})
	if e := newClient(t, s).admin().rest(http.MethodPost, "/scan", map[string]any{}); e.Status != 403 || e.Code != 145 {
		t.Errorf("an administrator's scan: %d, %s", e.Status, e.Body)
	}
	if e := newClient(t, s).analyst().rest(http.MethodPost, "/scan", map[string]any{}); e.Status != 404 || !strings.Contains(e.Body, "404 Not Found") {
		t.Errorf("a scan: %d, %s", e.Status, e.Body)
	}
}

// The console asks its scanners how they are: what is answered is their state with the bit of the question.
func TestTheStatusOfScannersIsAskedForByAdministrators(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 10, Now: fixed})
	var answer struct {
		Status []struct{ ID, Name, Description, Status string }
	}
	admin := newClient(t, s).admin()
	admin.decode(admin.rest(http.MethodPost, "/scanner/updateStatus", map[string]any{}), &answer)
	if len(answer.Status) != len(s.Scanners()) {
		t.Fatalf("%d scanners of %d", len(answer.Status), len(s.Scanners()))
	}
	recorded := false
	for i, sc := range s.Scanners() {
		got, status := answer.Status[i], sc.Status
		if sc.Enabled {
			status |= 8192
		}
		if got.ID != sc.ID || got.Name != sc.Name || atoi(t, got.Status) != status {
			t.Errorf("%+v, want %+v", got, sc)
		}
		recorded = recorded || got.Status == "8193" // as recorded: 8192 + 1
	}
	if !recorded {
		t.Error("no working scanner")
	}
	if e := newClient(t, s).analyst().rest(http.MethodPost, "/scanner/updateStatus", map[string]any{}); e.Code != 145 {
		t.Errorf("an analyst: %s", e.Body)
	}
	for i, o := range admin.rows("/scanner?fields=id,status") { // the states themselves stay
		if atoi(t, o["status"].(string)) != s.Scanners()[i].Status {
			t.Errorf("scanner %v is %v afterwards", o["id"], o["status"])
		}
	}
}

// As recorded: of a scanner never contacted the console knows nothing, and writes 0.
func TestAScannerThatWasNeverContactedTellsNothing(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 10, Now: fixed})
	never := 0
	for _, o := range newClient(t, s).admin().rows("/scanner?fields=id,status,version,webVersion,uptime,pluginSet,loadedPluginSet,loadAvg,numScans,numHosts,numSessions,numTCPSessions") {
		if o["version"] != nil {
			continue
		}
		never++
		want := map[string]any{"id": o["id"], "status": o["status"], "version": nil, "webVersion": nil, "uptime": float64(-1), "pluginSet": nil, "loadedPluginSet": nil,
			"loadAvg": "0.0", "numScans": "0", "numHosts": "0", "numSessions": "0", "numTCPSessions": "0"}
		if diff := cmp.Diff(want, o); diff != "" {
			t.Errorf("scanner (-want +got):\n%s", diff)
		}
	}
	if never == 0 {
		t.Error("every scanner was contacted")
	}
}
