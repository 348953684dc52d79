package main

import (
	"encoding/json"

	"securitycenter_exporter/scapi"
)

func addScanners(t *tree) {
	zones := command(t.app, "zones", "Scan zones, and how many of their scanners work.", "scctl zones", "scctl zones --format json --raw")
	listing(t, zones, scapi.Administrator, columns[scapi.Zone]{
		raw: func(z scapi.Zone) json.RawMessage { return z.Raw },
		columns: []column[scapi.Zone]{
			{"id", func(z scapi.Zone) any { return z.ID }},
			{"name", func(z scapi.Zone) any { return z.Name }},
			{"scanners", func(z scapi.Zone) any { return opt(z.Scanners) }},
			{"activeScanners", func(z scapi.Zone) any { return opt(z.ActiveScanners) }},
			{"addresses", func(z scapi.Zone) any { return opt(z.Addresses) }},
			{"ranges", func(z scapi.Zone) any { return z.Ranges }},
			{"modified", func(z scapi.Zone) any { return when(z.Modified) }},
		},
	}, (*scapi.Client).Zones)

	scanners := command(t.app, "scanners", "Nessus scanners with their state: the words behind the console's bit mask.", "scctl scanners --fields name,status,version")
	listing(t, scanners, scapi.Administrator, columns[scapi.Scanner]{
		raw: func(s scapi.Scanner) json.RawMessage { return s.Raw },
		columns: []column[scapi.Scanner]{
			{"id", func(s scapi.Scanner) any { return s.ID }},
			{"name", func(s scapi.Scanner) any { return s.Name }},
			{"status", func(s scapi.Scanner) any { return statusWords(s.Status) }},
			{"enabled", func(s scapi.Scanner) any { return opt(s.Enabled) }},
			{"type", func(s scapi.Scanner) any { return s.Type }},
			{"version", func(s scapi.Scanner) any { return s.Version }},
			{"loadedPluginSet", func(s scapi.Scanner) any { return when(s.LoadedPluginSet) }},
			{"pluginSet", func(s scapi.Scanner) any { return when(s.PluginSet) }},
			{"started", func(s scapi.Scanner) any { return when(s.Started) }},
			{"loadAverage", func(s scapi.Scanner) any { return opt(s.LoadAverage) }},
			{"scans", func(s scapi.Scanner) any { return opt(s.Scans) }},
			{"hosts", func(s scapi.Scanner) any { return opt(s.Hosts) }},
			{"tcpSessions", func(s scapi.Scanner) any { return opt(s.TCPSessions) }},
		},
	}, (*scapi.Client).Scanners)
}

func statusWords(s scapi.Opt[scapi.ScannerStatus]) any {
	if v, ok := s.Get(); ok {
		return v.Names()
	}
	return nil
}
