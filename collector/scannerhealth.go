package collector

import (
	"context"
	"errors"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var fromScannerHealth = Source{REST: "GET /scanner/{id}/health", Cost: "1 request for each scanner"}

var (
	scannersDiskFree = &Family{
		Name:      "securitycenter_scanner_disk_free_bytes",
		Stability: Experimental,
		Source:    fromScannerHealth,
		Help:      "Free space of the scanner's volume for data, log or temp, in bytes. Absent if the scanner does not tell, and unless switched on.",
		Labels:    []string{"scanner_id", "scanner", "volume"},
	}
	scannersMemory = &Family{
		Name:      "securitycenter_scanner_memory_bytes",
		Stability: Experimental,
		Source:    fromScannerHealth,
		Help:      "Memory of the scanner's machine (ram_total, ram_used) and of its process (resident, virtual), in bytes. Absent if the scanner does not tell, and unless switched on.",
		Labels:    []string{"scanner_id", "scanner", "kind"},
	}
)

// readScannerHealth asks every scanner how it is, one request each, which the
// console passes on. A scanner that does not answer is noted and left out.
func readScannerHealth(ctx context.Context, c *findings.Console, m *Metrics, scanners []scapi.Scanner) error {
	for _, s := range scanners {
		h, err := console.Ask(ctx, c.Console, scapi.Administrator, func(client *scapi.Client, ctx context.Context) (scapi.ScannerHealth, error) {
			return client.ScannerHealth(ctx, s.ID)
		})
		var incomplete *console.Incomplete
		switch {
		case err == nil, errors.As(err, &incomplete):
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, scapi.ErrUnsupported): // of no scanner then
			m.lacking(scannersDiskFree, err)
			return nil
		default:
			m.lacking(scannersDiskFree, errlist.Of("scanner "+s.ID+" ("+s.Name+")", err))
			continue
		}
		SetOpt(m, scannersDiskFree, h.Data.Free, s.ID, s.Name, "data")
		SetOpt(m, scannersDiskFree, h.Log.Free, s.ID, s.Name, "log")
		SetOpt(m, scannersDiskFree, h.Temp.Free, s.ID, s.Name, "temp")
		SetOpt(m, scannersMemory, h.RAMTotal, s.ID, s.Name, "ram_total")
		SetOpt(m, scannersMemory, h.RAMUsed, s.ID, s.Name, "ram_used")
		SetOpt(m, scannersMemory, h.Resident, s.ID, s.Name, "resident")
		SetOpt(m, scannersMemory, h.Virtual, s.ID, s.Name, "virtual")
	}
	return nil
}
