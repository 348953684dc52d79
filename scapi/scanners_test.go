package scapi_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func TestScanners(t *testing.T) {
	t.Parallel()
	status := scapi.Some[scapi.ScannerStatus]
	rest := `[{"id":"2","name":"b","status":"8192","enabled":"false","version":null,"agentCapable":"true","pluginSet":null,"loadedPluginSet":null,"uptime":-1,"loadAvg":"0.0","numScans":"0"},
		{"id":"1","name":"a","status":"1","enabled":"true","version":"10.4.2","agentCapable":"false","pluginSet":"202311142030","loadedPluginSet":"202311132030","uptime":"5617814","loadAvg":"1.25","numScans":"2","numHosts":7,"numTCPSessions":"31"}]`
	for name, tc := range map[string]struct {
		api     scapi.API
		answers map[string]said
		want    []scapi.Scanner
	}{
		"REST": {scapi.REST, map[string]said{"GET /scanner": {Response: rest}}, []scapi.Scanner{
			{ID: "1", Name: "a", Version: "10.4.2", Type: "nessus", Enabled: scapi.Some(true), Status: status(1),
				PluginSet: time.Date(2023, 11, 14, 20, 30, 0, 0, time.UTC), LoadedPluginSet: time.Date(2023, 11, 13, 20, 30, 0, 0, time.UTC),
				Started: epoch(envelopeTime - 5617814), LoadAverage: scapi.Some(1.25), Scans: scapi.Some[int64](2), Hosts: scapi.Some[int64](7), TCPSessions: scapi.Some[int64](31)},
			{ID: "2", Name: "b", Type: "agent-capable", Enabled: scapi.Some(false), Status: status(8192)},
		}},
		// As recorded of a scanner that was never contacted, and of one that does nothing.
		"REST, never contacted": {scapi.REST, map[string]said{"GET /scanner": {Response: `[{"id":"7","name":"new","status":"8192","enabled":"true","version":null,"webVersion":null,"uptime":-1,"pluginSet":null,"loadedPluginSet":null,
			"loadAvg":"0.0","numScans":"0","numHosts":"0","numSessions":"0","numTCPSessions":"0"}]`}}, []scapi.Scanner{{ID: "7", Name: "new", Enabled: scapi.Some(true), Status: status(8192)}}},
		"REST, idle": {scapi.REST, map[string]said{"GET /scanner": {Response: `[{"id":"7","name":"idle","status":"1","version":"10.4.2","uptime":-1,"pluginSet":null,"loadedPluginSet":null,"loadAvg":"0.0","numScans":"0","numHosts":"0","numTCPSessions":"0"},
			{"id":"8","name":"busy","status":"2","version":null,"uptime":-1,"loadAvg":"0.5","numScans":"0","numHosts":"0"}]`}}, []scapi.Scanner{
			{ID: "7", Name: "idle", Version: "10.4.2", Status: status(1), LoadAverage: scapi.Some(0.0), Scans: scapi.Some[int64](0), Hosts: scapi.Some[int64](0), TCPSessions: scapi.Some[int64](0)},
			{ID: "8", Name: "busy", Status: status(2), LoadAverage: scapi.Some(0.5), Scans: scapi.Some[int64](0), Hosts: scapi.Some[int64](0)}}},
		"REST, up for longer than there have been scanners": {scapi.REST, map[string]said{"GET /scanner": {Response: `[{"id":"7","version":"10.4.2","uptime":"1700000000"},{"id":"8","version":"10.4.2","uptime":"0"}]`}},
			[]scapi.Scanner{{ID: "7", Version: "10.4.2"}, {ID: "8", Version: "10.4.2"}}},
		"REST for an organisation": {scapi.REST, map[string]said{"GET /scanner": {Response: `[{"id":"2","name":"b","status":"1","agentCapable":"true"}]`}},
			[]scapi.Scanner{{ID: "2", Name: "b", Type: "agent-capable", Status: status(1)}}},
		"RPC with a status": {scapi.RPC, map[string]said{"scanner::init": {Response: `{"scanners":[{"id":"1","name":"a","ip":"127.0.0.1","status":"1"}]}`}},
			[]scapi.Scanner{{ID: "1", Name: "a", Status: status(1)}}},
		"RPC without a status takes the zones'": {scapi.RPC, map[string]said{
			"scanner::init": {Response: `{"scanners":[{"id":"1","name":"a"},{"id":"2","name":"b"}]}`},
			"zone::init":    {Response: `{"zones":[{"id":"1","scanners":[{"id":"1","status":"16"}]}]}`}},
			[]scapi.Scanner{{ID: "1", Name: "a", Status: status(16)}, {ID: "2", Name: "b"}}},
		"RPC without a status and without zones": {scapi.RPC, map[string]said{"scanner::init": {Response: `{"scanners":[{"id":"1","name":"a"}]}`}},
			[]scapi.Scanner{{ID: "1", Name: "a"}}},
		"RPC that refuses scanners takes the zones'": {scapi.RPC, map[string]said{
			"zone::init": {Response: `{"zones":[{"id":"1","scanners":[{"id":"2","name":"b"}]},{"id":"2","scanners":[{"id":"2","name":"b","status":"2"}]}],"scanners":[{"id":"1","name":"a","status":1}]}`}},
			[]scapi.Scanner{{ID: "1", Name: "a", Status: status(1)}, {ID: "2", Name: "b", Status: status(2)}}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := scripted(t, tc.api, "4.8.1", table(tc.answers))
			got, err := c.Scanners(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, noRaw); diff != "" {
				t.Errorf("scanners (-want +got):\n%s", diff)
			}
		})
	}
}
