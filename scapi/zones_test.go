package scapi_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func TestZones(t *testing.T) {
	t.Parallel()
	n := scapi.Some[int64]
	for name, tc := range map[string]struct {
		api  scapi.API
		body string
		want []scapi.Zone
	}{
		"REST": {scapi.REST, `[{"id":"1","name":"Lab","ipList":"10.0.0.0\/8,192.168.0.1","modifiedTime":"1700000000","scanners":[{"id":"1"},{"id":"2"}],"activeScanners":1,"totalScanners":2},
			{"id":"2","name":"Empty","ipList":"","scanners":[],"activeScanners":0,"totalScanners":0}]`, []scapi.Zone{
			{ID: "1", Name: "Lab", Ranges: "10.0.0.0/8,192.168.0.1", Addresses: scapi.Some(16777217.0), Scanners: n(2), ActiveScanners: n(1), Modified: epoch(1700000000)},
			{ID: "2", Name: "Empty", Scanners: n(0), ActiveScanners: n(0)},
		}},
		"REST for an organisation": {scapi.REST, `[{"id":"1","name":"Lab","description":""}]`, []scapi.Zone{{ID: "1", Name: "Lab"}}},
		"RPC with scanners inside": {scapi.RPC, `{"zones":[{"id":"1","name":"Lab","ipList":"10.0.0.1\n10.0.0.2","scanners":[{"id":"1","status":"1"},{"id":"2","status":"2"}]}]}`,
			[]scapi.Zone{{ID: "1", Name: "Lab", Ranges: "10.0.0.1\n10.0.0.2", Addresses: scapi.Some(2.0), Scanners: n(2), ActiveScanners: n(1)}}},
		"RPC with scanners beside": {scapi.RPC, `{"zones":[{"id":"1","name":"Lab","scanners":[{"id":"1"},{"id":"2"}]}],"scanners":[{"id":"1","status":"1"},{"id":"2","status":"1"}]}`,
			[]scapi.Zone{{ID: "1", Name: "Lab", Scanners: n(2), ActiveScanners: n(2)}}},
		"RPC without their status": {scapi.RPC, `{"zones":[{"id":"1","name":"Lab","scanners":[{"id":"1"}]}]}`,
			[]scapi.Zone{{ID: "1", Name: "Lab", Scanners: n(1)}}},
		"RPC without scanners": {scapi.RPC, `{"zones":[{"id":"1","name":"Lab"}]}`, []scapi.Zone{{ID: "1", Name: "Lab"}}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := scripted(t, tc.api, "4.8.1", table(map[string]said{"GET /zone": {Response: tc.body}, "zone::init": {Response: tc.body}}))
			got, err := c.Zones(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, noRaw); diff != "" {
				t.Errorf("zones (-want +got):\n%s", diff)
			}
		})
	}
}
