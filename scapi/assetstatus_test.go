package scapi_test

import (
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestTheStateOfAssetLists(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, scapi.REST, "6.4.0", table(map[string]said{"GET /asset": {Response: `{"usable":[{"id":"1","type":"dynamic","status":"0","ipCount":4},
		{"id":"2","type":"dynamic","status":"0","ipCount":-1},{"id":"3","type":"static","status":"0","ipCount":"-1"},{"id":"4","type":"dynamic","status":"7"},{"id":"5"}]}`}}))
	assets, err := c.Assets(t.Context())
	var got []string
	for _, a := range assets {
		got = append(got, a.Status)
	}
	check(t, "states", err, got, []string{"ready", "calculating", "ready", "other", ""})

	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		server, _, c := simulated(t, sctest.Options{Dialect: dialect})
		assets, err := c.Assets(t.Context())
		if err != nil || len(assets) != len(server.Assets()) {
			t.Fatalf("%d asset lists, %v", len(assets), err)
		}
		calculating := 0
		for i, w := range server.Assets() {
			want := "ready"
			if w.Calculating {
				calculating++
				want = map[sctest.Dialect]string{sctest.REST: "calculating", sctest.RPC: "other"}[dialect]
			}
			if assets[i].Status != want {
				t.Errorf("%s: list %s is %q, want %q", dialect, w.Name, assets[i].Status, want)
			}
		}
		if calculating != 1 {
			t.Errorf("%s: %d lists are being calculated", dialect, calculating)
		}
	}
}

// Lists of a real Tenable.sc 5.8.
func TestRecordedAssetLists(t *testing.T) {
	t.Parallel()
	c := recorded(t, recordings(t))
	assets, err := c.Assets(t.Context())
	if err != nil || len(assets) != 37 {
		t.Fatalf("%d asset lists, %v; want 37", len(assets), err)
	}
	types := map[string]int{}
	for i, a := range assets {
		types[a.Type]++
		if a.Name == "" || i > 0 && a.ID == assets[i-1].ID {
			t.Errorf("asset list %+v", a)
		}
	}
	if types["static"] == 0 || types["dynamic"] == 0 || len(types) > 3 {
		t.Errorf("types %v", types)
	}
	for _, a := range assets {
		if a.Status != "ready" {
			t.Errorf("asset list %s is %q", a.Name, a.Status)
		}
	}
}
