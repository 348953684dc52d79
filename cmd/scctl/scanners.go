package main

import (
	"context"
	"encoding/json"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
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

	addScannerHealth(t)
}

func addScannerHealth(t *tree) {
	type health struct {
		id string
		scapi.ScannerHealth
	}
	var ids []string
	cmd := command(t.app, "scanner-health", "Disks and memory of scanners, in bytes, by id. The console asks each scanner, which takes its time. Not before 5.10.",
		"scctl scanner-health 1 2", "scctl scanner-health 1 --fields dataFree,dataTotal")
	cmd.Arg("id", "Id of a scanner.").Required().StringsVar(&ids)
	c := columns[health]{
		raw: func(h health) json.RawMessage { return h.Raw },
		columns: []column[health]{
			{"id", func(h health) any { return h.id }},
			{"dataFree", func(h health) any { return opt(h.Data.Free) }},
			{"dataTotal", func(h health) any { return opt(h.Data.Total) }},
			{"logFree", func(h health) any { return opt(h.Log.Free) }},
			{"logTotal", func(h health) any { return opt(h.Log.Total) }},
			{"tempFree", func(h health) any { return opt(h.Temp.Free) }},
			{"tempTotal", func(h health) any { return opt(h.Temp.Total) }},
			{"ramUsed", func(h health) any { return opt(h.RAMUsed) }},
			{"ramTotal", func(h health) any { return opt(h.RAMTotal) }},
			{"resident", func(h health) any { return opt(h.Resident) }},
			{"virtual", func(h health) any { return opt(h.Virtual) }},
			{"load", func(h health) any { return opt(h.Load) }},
			{"cores", func(h health) any { return opt(h.Cores) }},
			{"measured", func(h health) any { return when(h.Measured) }},
		},
	}
	t.settings.output.registerListing(cmd, c.names()...)
	t.asking(cmd, scapi.Administrator, func(ctx context.Context, j *job) error {
		return listEach(ctx, j, c, "scanner", ids, func(client *scapi.Client, ctx context.Context, id string) (health, error) {
			h, err := client.ScannerHealth(ctx, id)
			return health{id, h}, err
		})
	})
}

func statusWords(s scapi.Opt[scapi.ScannerStatus]) any {
	if v, ok := s.Get(); ok {
		return v.Names()
	}
	return nil
}
