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
	scannerInfo = &Family{
		Name:   "securitycenter_scanner_info",
		Source: fromScanners,
		Help:   "Scanners with their version and type; the value is 1. A label is empty where the console does not say.",
		Labels: []string{"scanner_id", "scanner", "version", "type"},
	}
	scannerEnabled = &Family{
		Name:   "securitycenter_scanner_enabled",
		Source: fromScanners,
		Help:   "Whether the scanner is enabled on the console (1) or switched off on purpose (0).",
		Labels: []string{"scanner_id", "scanner"},
	}
	scannerUsable = &Family{
		Name:   "securitycenter_scanner_usable",
		Source: fromScanners,
		Help:   "Whether the scanner can scan now (1) or has an error (0). Absent while its state is only in transition.",
		Labels: []string{"scanner_id", "scanner"},
	}
	scannerStatus = &Family{
		Name:   "securitycenter_scanner_status",
		Source: fromScanners,
		Help:   "State of the scanner as a state set: 1 for every state that holds now, else 0. Several may hold.",
		Labels: []string{"scanner_id", "scanner", "status"},
	}
	scannerLoadedPluginSet = &Family{
		Name:   "securitycenter_scanner_loaded_plugin_set_timestamp_seconds",
		Source: fromScannersREST,
		Help:   "Build time of the plugin set that the scanner has loaded, in seconds since the epoch, taken as UTC. Absent if unknown.",
		Labels: []string{"scanner_id", "scanner"},
	}
	scannerPluginSet = &Family{
		Name:   "securitycenter_scanner_plugin_set_timestamp_seconds",
		Source: fromScannersREST,
		Help:   "Build time of the plugin set that was pushed to the scanner, in seconds since the epoch, taken as UTC. Absent if unknown.",
		Labels: []string{"scanner_id", "scanner"},
	}
	scannerStartTime = &Family{
		Name:   "securitycenter_scanner_start_time_seconds",
		Source: fromScannersREST,
		Help:   "Time when the scanner started, in seconds since the epoch. Absent if unknown.",
		Labels: []string{"scanner_id", "scanner"},
	}
	scannerLoadAverage = &Family{
		Name:   "securitycenter_scanner_load_average",
		Source: fromScannersREST,
		Help:   "Load average of the scanner's machine. Absent if unknown.",
		Labels: []string{"scanner_id", "scanner"},
	}
	scannerScansRunning = &Family{
		Name:   "securitycenter_scanner_scans_running",
		Source: fromScannersREST,
		Help:   "Scans that the scanner is running. Absent if unknown.",
		Labels: []string{"scanner_id", "scanner"},
	}
	scannerHostsScanning = &Family{
		Name:   "securitycenter_scanner_hosts_scanning",
		Source: fromScannersREST,
		Help:   "Hosts that the scanner is scanning. Absent if unknown.",
		Labels: []string{"scanner_id", "scanner"},
	}
	scannerTCPSessions = &Family{
		Name:   "securitycenter_scanner_tcp_sessions",
		Source: fromScannersREST,
		Help:   "TCP sessions that the scanner holds open. Absent if unknown.",
		Labels: []string{"scanner_id", "scanner"},
	}
	zoneScanners = &Family{
		Name:   "securitycenter_zone_scanners",
		Source: fromZones,
		Help:   "Scanners assigned to the scan zone. Absent if the account may not see them.",
		Labels: []string{"zone_id", "zone"},
	}
	zoneScannersActive = &Family{
		Name:   "securitycenter_zone_scanners_active",
		Source: fromZones,
		Help:   "Scanners of the scan zone that are working. Absent if the account may not see them.",
		Labels: []string{"zone_id", "zone"},
	}
	zoneAddresses = &Family{
		Name:   "securitycenter_zone_addresses",
		Source: fromZones,
		Help:   "Addresses in the ranges of the scan zone, overlaps counted once. Absent if the account may not see them.",
		Labels: []string{"zone_id", "zone"},
	}
	zoneModified = &Family{
		Name:   "securitycenter_zone_modified_timestamp_seconds",
		Source: fromZones,
		Help:   "Time when the scan zone was last changed, in seconds since the epoch. Absent if unknown.",
		Labels: []string{"zone_id", "zone"},
	}
)

// Scanners tells the state of scanners and scan zones. REST GET /scanner,
// /zone and, where wanted, /scanner/{id}/health; RPC scanner::init and zone::init.
func Scanners() *Collector {
	return &Collector{
		Name:     "scanners",
		Help:     "State, load and plugin sets of the scanners, and the scanners of every scan zone.",
		Interval: 5 * time.Minute,
		Default:  true,
		Account:  scapi.Administrator,
		Families: []*Family{
			scannerInfo, scannerEnabled, scannerUsable, scannerStatus, scannerLoadedPluginSet, scannerPluginSet, scannerStartTime,
			scannerLoadAverage, scannerScansRunning, scannerHostsScanning, scannerTCPSessions,
			scannerDiskFree, scannerMemory, zoneScanners, zoneScannersActive, zoneAddresses, zoneModified,
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
			m.Set(scannerInfo, 1, s.ID, s.Name, s.Version, s.Type)
			SetOpt(m, scannerEnabled, s.Enabled, s.ID, s.Name)
			if s.Status.Valid {
				SetOpt(m, scannerUsable, s.Status.Value.Usable(), s.ID, s.Name)
				holds := s.Status.Value.Names()
				for _, state := range scapi.ScannerStatusWords() {
					m.Set(scannerStatus, OneIf(slices.Contains(holds, state)), s.ID, s.Name, state)
				}
			}
			m.SetTime(scannerLoadedPluginSet, s.LoadedPluginSet, s.ID, s.Name)
			m.SetTime(scannerPluginSet, s.PluginSet, s.ID, s.Name)
			m.SetTime(scannerStartTime, s.Started, s.ID, s.Name)
			SetOpt(m, scannerLoadAverage, s.LoadAverage, s.ID, s.Name)
			SetOpt(m, scannerScansRunning, s.Scans, s.ID, s.Name)
			SetOpt(m, scannerHostsScanning, s.Hosts, s.ID, s.Name)
			SetOpt(m, scannerTCPSessions, s.TCPSessions, s.ID, s.Name)
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
			SetOpt(m, zoneScanners, z.Scanners, z.ID, z.Name)
			SetOpt(m, zoneScannersActive, z.ActiveScanners, z.ID, z.Name)
			SetOpt(m, zoneAddresses, z.Addresses, z.ID, z.Name)
			m.SetTime(zoneModified, z.Modified, z.ID, z.Name)
		}
	})
}
