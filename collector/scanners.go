package collector

import (
	"context"
	"slices"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var (
	fromScanners     = Source{REST: "GET /scanner", RPC: "scanner::init, zone::init", Cost: "1 request for all"}
	fromScannersREST = Source{REST: "GET /scanner", Cost: "1 request for all"}
	fromZones        = Source{REST: "GET /zone", RPC: "zone::init", Cost: "1 request for all"}
)

var (
	scannersInfo = &Family{
		Name:   "securitycenter_scanner_info",
		Source: fromScanners,
		Help:   "Scanners with their version and type; the value is 1. A label is empty where the console does not say.",
		Labels: []string{"scanner_id", "scanner", "version", "type"},
	}
	scannersEnabled = &Family{
		Name:   "securitycenter_scanner_enabled",
		Source: fromScanners,
		Help:   "Whether the scanner is enabled on the console (1) or switched off on purpose (0).",
		Labels: []string{"scanner_id", "scanner"},
	}
	scannersUsable = &Family{
		Name:   "securitycenter_scanner_usable",
		Source: fromScanners,
		Help:   "Whether the scanner can scan now (1) or has an error (0). Absent while its state is only in transition.",
		Labels: []string{"scanner_id", "scanner"},
	}
	scannersStatus = &Family{
		Name:   "securitycenter_scanner_status",
		Source: fromScanners,
		Help:   "State of the scanner as a state set: 1 for every state that holds now, else 0. Several may hold.",
		Labels: []string{"scanner_id", "scanner", "status"},
	}
	scannersLoadedPluginSet = &Family{
		Name:   "securitycenter_scanner_loaded_plugin_set_timestamp_seconds",
		Source: fromScannersREST,
		Help:   "Build time of the plugin set that the scanner has loaded, in seconds since the epoch, taken as UTC. Absent if unknown.",
		Labels: []string{"scanner_id", "scanner"},
	}
	scannersPluginSet = &Family{
		Name:   "securitycenter_scanner_plugin_set_timestamp_seconds",
		Source: fromScannersREST,
		Help:   "Build time of the plugin set that was pushed to the scanner, in seconds since the epoch, taken as UTC. Absent if unknown.",
		Labels: []string{"scanner_id", "scanner"},
	}
	scannersStartTime = &Family{
		Name:   "securitycenter_scanner_start_time_seconds",
		Source: fromScannersREST,
		Help:   "Time when the scanner started, in seconds since the epoch. Absent if unknown.",
		Labels: []string{"scanner_id", "scanner"},
	}
	scannersLoadAverage = &Family{
		Name:   "securitycenter_scanner_load_average",
		Source: fromScannersREST,
		Help:   "Load average of the scanner's machine. Absent if unknown.",
		Labels: []string{"scanner_id", "scanner"},
	}
	scannersScansRunning = &Family{
		Name:   "securitycenter_scanner_scans_running",
		Source: fromScannersREST,
		Help:   "Scans that the scanner is running. Absent if unknown.",
		Labels: []string{"scanner_id", "scanner"},
	}
	scannersHostsScanning = &Family{
		Name:   "securitycenter_scanner_hosts_scanning",
		Source: fromScannersREST,
		Help:   "Hosts that the scanner is scanning. Absent if unknown.",
		Labels: []string{"scanner_id", "scanner"},
	}
	scannersTCPSessions = &Family{
		Name:   "securitycenter_scanner_tcp_sessions",
		Source: fromScannersREST,
		Help:   "TCP sessions that the scanner holds open. Absent if unknown.",
		Labels: []string{"scanner_id", "scanner"},
	}
	scannersInZone = &Family{
		Name:   "securitycenter_zone_scanners",
		Source: fromZones,
		Help:   "Scanners assigned to the scan zone. Absent if the account may not see them.",
		Labels: []string{"zone_id", "zone"},
	}
	scannersActiveInZone = &Family{
		Name:   "securitycenter_zone_scanners_active",
		Source: fromZones,
		Help:   "Scanners of the scan zone that are working. Absent if the account may not see them.",
		Labels: []string{"zone_id", "zone"},
	}
	scannersZoneAddresses = &Family{
		Name:   "securitycenter_zone_addresses",
		Source: fromZones,
		Help:   "Addresses in the ranges of the scan zone, overlaps counted once. Absent if the account may not see them.",
		Labels: []string{"zone_id", "zone"},
	}
	scannersZoneModified = &Family{
		Name:   "securitycenter_zone_modified_timestamp_seconds",
		Source: fromZones,
		Help:   "Time when the scan zone was last changed, in seconds since the epoch. Absent if unknown.",
		Labels: []string{"zone_id", "zone"},
	}
)

// scannersCollector tells the state of scanners and scan zones. REST GET /scanner,
// /zone and, where wanted, /scanner/{id}/health; RPC scanner::init and zone::init.
func scannersCollector() *Collector {
	return &Collector{
		Name:     "scanners",
		Help:     "State, load and plugin sets of the scanners, and the scanners of every scan zone.",
		Interval: 5 * time.Minute,
		Default:  true,
		Account:  scapi.Administrator,
		Families: []*Family{
			scannersInfo, scannersEnabled, scannersUsable, scannersStatus, scannersLoadedPluginSet, scannersPluginSet, scannersStartTime,
			scannersLoadAverage, scannersScansRunning, scannersHostsScanning, scannersTCPSessions,
			scannersDiskFree, scannersMemory, scannersInZone, scannersActiveInZone, scannersZoneAddresses, scannersZoneModified,
		},
		Keys: []config.Key{
			{Name: "health", Kind: config.Bool, Default: false, Help: "ask every scanner for its disks and memory too; one request more for each scanner, which the console passes on"},
		},
		New: stateless(loadScanners),
	}
}

func loadScanners(ctx context.Context, c *findings.Console, settings Settings, m *Metrics) error {
	var known []scapi.Scanner
	err := read(ctx, c, m, "scanners", scapi.Administrator, (*scapi.Client).Scanners, func(scanners []scapi.Scanner) {
		known = scanners
		for _, s := range scanners {
			m.Set(scannersInfo, 1, s.ID, s.Name, s.Version, s.Type)
			SetOpt(m, scannersEnabled, s.Enabled, s.ID, s.Name)
			if s.Status.Valid {
				SetOpt(m, scannersUsable, s.Status.Value.Usable(), s.ID, s.Name)
				holds := s.Status.Value.Names()
				for _, state := range scapi.ScannerStatusWords() {
					m.Set(scannersStatus, OneIf(slices.Contains(holds, state)), s.ID, s.Name, state)
				}
			}
			m.SetTime(scannersLoadedPluginSet, s.LoadedPluginSet, s.ID, s.Name)
			m.SetTime(scannersPluginSet, s.PluginSet, s.ID, s.Name)
			m.SetTime(scannersStartTime, s.Started, s.ID, s.Name)
			SetOpt(m, scannersLoadAverage, s.LoadAverage, s.ID, s.Name)
			SetOpt(m, scannersScansRunning, s.Scans, s.ID, s.Name)
			SetOpt(m, scannersHostsScanning, s.Hosts, s.ID, s.Name)
			SetOpt(m, scannersTCPSessions, s.TCPSessions, s.ID, s.Name)
		}
	})
	if err != nil {
		return err
	}
	if settings.Bool("health") {
		if err := readScannerHealth(ctx, c, m, known); err != nil {
			return err
		}
	}
	return read(ctx, c, m, "scan zones", scapi.Administrator, (*scapi.Client).Zones, func(zones []scapi.Zone) {
		for _, z := range zones {
			SetOpt(m, scannersInZone, z.Scanners, z.ID, z.Name)
			SetOpt(m, scannersActiveInZone, z.ActiveScanners, z.ID, z.Name)
			SetOpt(m, scannersZoneAddresses, z.Addresses, z.ID, z.Name)
			m.SetTime(scannersZoneModified, z.Modified, z.ID, z.Name)
		}
	})
}
