package scapi

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Scanner is a Nessus scanner of the console. Zero times and absent values are
// unknown. Load, scans, hosts and sessions are what the scanner told when it was
// last contacted; of one that never was the console writes 0, which is unknown.
type Scanner struct {
	ID, Name        string
	Version         string
	Type            string // nessus, agent-capable; empty: the console does not tell
	Enabled         Opt[bool]
	Status          Opt[ScannerStatus]
	PluginSet       time.Time // build time of the plugin set that the console pushed, taken as UTC
	LoadedPluginSet time.Time // build time of the plugin set in use, taken as UTC
	Started         time.Time // answer's time minus uptime
	LoadAverage     Opt[float64]
	Scans           Opt[int64] // running now
	Hosts           Opt[int64] // being scanned now
	TCPSessions     Opt[int64]
	Raw             json.RawMessage
}

type wireScanner struct {
	ID, Name, Version          wire.Str
	AgentCapable, Enabled      wire.Bool
	Status                     wire.Int
	PluginSet, LoadedPluginSet wire.Stamp
	Uptime, NumScans, NumHosts wire.Int
	NumTCPSessions             wire.Int
	LoadAvg                    wire.Float
}

// Scanners returns the scanners by id. REST GET /scanner: administrators see
// all, others the agent-capable scanners of their organisation, by name and
// status. RPC scanner::init; the scanners of zone::init where it is refused,
// and for the status where it has none.
func (c *Client) Scanners(ctx context.Context) ([]Scanner, error) {
	t, err := c.target(ctx)
	if err != nil {
		return nil, err
	}
	var (
		list wire.List[wireScanner]
		a    answer
	)
	if t.dialect == RPC {
		list, a, err = c.rpcScanners(ctx)
	} else {
		list, a, err = restList[wireScanner](ctx, c, "/scanner", "id,name,status,enabled,version,agentCapable,"+
			"pluginSet,loadedPluginSet,uptime,loadAvg,numScans,numHosts,numTCPSessions", nil)
	}
	if err != nil {
		return nil, err
	}
	now := a.time
	if now.IsZero() {
		now = c.now()
	}
	scanners := make([]Scanner, 0, len(list.Items))
	for i, w := range list.Items {
		scanners = append(scanners, w.scanner(list.Raw[i], now))
	}
	sortByID(scanners, func(s Scanner) string { return s.ID })
	return scanners, nil
}

func (w wireScanner) scanner(raw json.RawMessage, now time.Time) Scanner {
	s := Scanner{
		ID:              string(w.ID),
		Name:            string(w.Name),
		Version:         string(w.Version),
		Enabled:         optBool(w.Enabled),
		Status:          w.status(),
		PluginSet:       w.PluginSet.Time(),
		LoadedPluginSet: w.LoadedPluginSet.Time(),
		LoadAverage:     optFloat(w.LoadAvg),
		Scans:           optInt(w.NumScans),
		Hosts:           optInt(w.NumHosts),
		TCPSessions:     optInt(w.NumTCPSessions),
		Raw:             raw,
	}
	switch agents, known := w.AgentCapable.Get(); {
	case agents:
		s.Type = "agent-capable"
	case known:
		s.Type = "nessus"
	}
	if uptime, ok := optSeconds(w.Uptime).Get(); ok && uptime > 0 {
		s.Started = since1990(now.Add(-uptime))
	}
	if !w.contacted() {
		s.LoadAverage, s.Scans, s.Hosts, s.TCPSessions = Opt[float64]{}, Opt[int64]{}, Opt[int64]{}, Opt[int64]{}
	}
	return s
}

// contacted reports whether the scanner ever told anything of itself.
func (w wireScanner) contacted() bool {
	busy := func(i wire.Int) bool { return optInt(i).Value > 0 }
	return w.Version != "" || busy(w.Uptime) || !w.PluginSet.Time().IsZero() || !w.LoadedPluginSet.Time().IsZero() ||
		busy(w.NumScans) || busy(w.NumHosts) || busy(w.NumTCPSessions) || optFloat(w.LoadAvg).Value > 0
}

func (w wireScanner) status() Opt[ScannerStatus] {
	mask, ok := optInt(w.Status).Get()
	return Opt[ScannerStatus]{ScannerStatus(mask), ok}
}

// rpcScanners reads the scanners of SecurityCenter 4. No source shows whether
// scanner::init tells the status; zone::init is said to.
func (c *Client) rpcScanners(ctx context.Context) (wire.List[wireScanner], answer, error) {
	list, a, err := rpcList[wireScanner](ctx, c, "scanner", "scanners")
	unknown := slices.ContainsFunc(list.Items, func(w wireScanner) bool { return !w.status().Valid })
	if err == nil && !unknown || err != nil && !refusedCall(err) {
		return list, a, err
	}
	zones, b, zoneErr := c.rpcZones(ctx)
	switch {
	case err != nil && zoneErr != nil:
		return list, a, err
	case err != nil:
		return zones.scanners, b, nil //nolint:nilerr // the refusal of scanner::init: zone::init answered instead
	case refusedCall(zoneErr):
		return list, a, nil
	case zoneErr != nil:
		return list, a, zoneErr
	}
	for i, w := range list.Items {
		if !w.status().Valid {
			list.Items[i].Status = zones.status(w.ID)
		}
	}
	return list, a, nil
}
