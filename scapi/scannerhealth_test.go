package scapi_test

import (
	"errors"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestScannerHealth(t *testing.T) {
	t.Parallel()
	n := scapi.Some[int64]
	const mb = 1 << 20
	for name, tc := range map[string]struct {
		body string
		want scapi.ScannerHealth
	}{
		"numbers and a null": {`{"perf_stats_current":{"nessus_data_disk_free":51200,"nessus_data_disk_total":102400,"nessus_log_disk_free":1,"nessus_log_disk_total":2,
			"temp_disk_free":0,"temp_disk_total":3.5,"sys_ram_used":null,"sys_ram":16384,"nessus_mem":900,"nessus_vmem":2100,"cpu_load_avg":7.5,"sys_cores":8,"timestamp":1700000000},
			"perf_stats_history":[{"sys_ram":1}]}`, scapi.ScannerHealth{
			Measured: epoch(1700000000), Data: scapi.Disk{Free: n(51200 * mb), Total: n(102400 * mb)}, Log: scapi.Disk{Free: n(mb), Total: n(2 * mb)},
			Temp: scapi.Disk{Free: n(0), Total: n(3.5 * mb)}, RAMTotal: n(16384 * mb), Resident: n(900 * mb), Virtual: n(2100 * mb), Load: scapi.Some(7.5), Cores: n(8)}},
		"texts, and what cannot be": {`{"perf_stats_current":{"sys_ram":"16384","sys_ram_used":-1,"nessus_mem":1e300,"nessus_vmem":{},"cpu_load_avg":""}}`,
			scapi.ScannerHealth{RAMTotal: n(16384 * mb)}},
		"zeros, which mean nothing but for what is free, and the load": {`{"perf_stats_current":{"nessus_data_disk_free":0,"nessus_data_disk_total":0,"nessus_log_disk_free":0,"nessus_log_disk_total":5,"temp_disk_free":3,
			"sys_ram_used":0,"sys_ram":0,"nessus_mem":0,"nessus_vmem":0,"cpu_load_avg":0,"sys_cores":0,"timestamp":0}}`,
			scapi.ScannerHealth{Log: scapi.Disk{Free: n(0), Total: n(5 * mb)}, Temp: scapi.Disk{Free: n(3 * mb)}, Load: scapi.Some(0.0)}},
		"nothing": {`{"perf_stats_current":[],"perf_stats_history":{}}`, scapi.ScannerHealth{}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := scripted(t, scapi.REST, "6.4.0", table(map[string]said{"GET /scanner/3/health": {Response: tc.body}}))
			got, err := c.ScannerHealth(t.Context(), "3")
			check(t, "health", err, got, tc.want)
		})
	}
}

func TestHealthOfSimulatedScanners(t *testing.T) {
	t.Parallel()
	server, admin, analyst := simulated(t, sctest.Options{})
	for _, s := range server.Scanners() {
		want, reachable := server.ScannerHealth(s.ID)
		got, err := admin.ScannerHealth(t.Context(), s.ID)
		if !reachable {
			if err == nil || scapi.IsPermission(err) || scapi.IsNotFound(err) || errors.Is(err, scapi.ErrUnsupported) {
				t.Errorf("scanner %s that cannot be reached: %v", s.ID, err)
			}
			continue
		}
		disk := func(free, total int) scapi.Disk {
			return scapi.Disk{Free: scapi.Some(int64(free) << 20), Total: scapi.Some(int64(total) << 20)}
		}
		if err != nil || got.Data != disk(want.DataFree, want.DataTotal) || got.Log != disk(want.LogFree, want.LogTotal) || got.Temp != disk(want.TempFree, want.TempTotal) ||
			got.RAMTotal.Value != int64(want.RAM)<<20 || got.Resident.Value != int64(want.Resident)<<20 || got.Virtual.Value != int64(want.Virtual)<<20 ||
			got.Load.Value != float64(want.Load) || got.Measured.After(simulatedNow) {
			t.Errorf("scanner %s: %+v, %v; want %+v", s.ID, got, err, want)
		}
		if got.RAMUsed.Valid {
			t.Errorf("scanner %s: RAM in use %v of null", s.ID, got.RAMUsed)
		}
	}
	if _, err := admin.ScannerHealth(t.Context(), "999"); !scapi.IsNotFound(err) {
		t.Errorf("a scanner that does not exist: %v", err)
	}
	if _, err := analyst.ScannerHealth(t.Context(), "1"); !scapi.IsPermission(err) {
		t.Errorf("an organisation's user: %v", err)
	}
	old, admin, _ := simulated(t, sctest.Options{Version: "5.8.0"})
	before := old.Count(nil)
	if _, err := admin.ScannerHealth(t.Context(), "1"); !errors.Is(err, scapi.ErrUnsupported) || old.Count(func(r sctest.Request) bool { return r.Endpoint == "GET /scanner/{id}/health" }) > before {
		t.Errorf("5.8: %v", err)
	}
	if _, err := admin.ScannerHealth(t.Context(), "1/../2"); err == nil {
		t.Error("an id that is none was taken")
	}
}
