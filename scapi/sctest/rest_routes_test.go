package sctest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestWhatIsNoCallIsAnsweredAsAWebServerDoes(t *testing.T) {
	s := sctest.Start(t, sctest.Options{Hosts: 10})
	admin, analyst := newClient(t, s).admin(), newClient(t, s).analyst()
	for _, tt := range []struct {
		method, path string
		status       int // of both accounts
	}{
		{http.MethodGet, "/nonsense", 404}, {http.MethodGet, "/", 404}, {http.MethodGet, "/scanner/1/nonsense", 404},
		{http.MethodGet, "/scanner/1/health/2", 404}, {http.MethodGet, "/system/nonsense", 404}, {http.MethodGet, "/plugin/1/2", 404},
		{http.MethodGet, "/analysis", 404}, {http.MethodPost, "/status", 404}, {http.MethodPut, "/feed", 404},
		{http.MethodPost, "/scanner/import", 403}, {http.MethodPost, "/asset/1/2/share", 404}, {http.MethodGet, "/asset//share", 404},
		{http.MethodGet, "/repository/../system", 404}, {http.MethodGet, "/dashboard/import", 404},
		// Calls that exist, of objects: who may not make them is told so.
		{http.MethodDelete, "/scanner/1", 403}, {http.MethodPost, "/zone", 403}, {http.MethodPut, "/role/1", 403},
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
