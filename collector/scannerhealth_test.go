package collector_test

import (
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestScannersTellTheirDisksAndMemory(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		want, silent := samples{}, 0
		for _, s := range e.simulated.Scanners() {
			h, ok := e.simulated.ScannerHealth(s.ID)
			if !ok {
				silent++
				continue
			}
			set := func(family, label, value string, megabytes int) {
				if megabytes >= 0 {
					want[sample(family, "scanner_id", s.ID, "scanner", s.Name, label, value)] = float64(megabytes) * (1 << 20)
				}
			}
			for volume, free := range map[string]int{"data": h.DataFree, "log": h.LogFree, "temp": h.TempFree} {
				set("securitycenter_scanner_disk_free_bytes", "volume", volume, free)
			}
			for kind, n := range map[string]int{"ram_total": h.RAM, "resident": h.Resident, "virtual": h.Virtual} {
				set("securitycenter_scanner_memory_bytes", "kind", kind, n)
			}
		}
		if silent == 0 || len(want) == 0 {
			t.Fatalf("%d scanners do not answer, and %d figures of others", silent, len(want))
		}
		got := e.with(t, "scanners", own(map[string]any{"health": true}))
		disks, memory := got.of("securitycenter_scanner_disk_free_bytes"), got.of("securitycenter_scanner_memory_bytes")
		for name, v := range memory {
			disks[name] = v
		}
		diff(t, "health", want, disks)
		if len(got.of("securitycenter_scanner_info")) != len(e.simulated.Scanners()) {
			t.Error("a scanner that does not tell its health is missing")
		}
	})
}
