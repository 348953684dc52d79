package scapi

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Zone is a scan zone: address ranges and the scanners that reach them.
type Zone struct {
	ID, Name       string
	Ranges         string       // addresses, ranges and CIDR blocks, separated by commas, or lines on SecurityCenter 4
	Addresses      Opt[float64] // size of Ranges, overlaps counted once; absent without ranges
	Scanners       Opt[int64]
	ActiveScanners Opt[int64] // as the console counts, else the scanners that are usable
	Modified       time.Time  // zero: unknown
	Raw            json.RawMessage
}

type wireZone struct {
	ID, Name, IPList              wire.Str
	ModifiedTime                  wire.Epoch
	ActiveScanners, TotalScanners wire.Int
	Scanners                      *wire.List[wireScanner] // nil: not told
}

// Zones returns the scan zones by id. REST GET /zone: administrators see
// everything, others nothing or ids and names. RPC zone::init.
func (c *Client) Zones(ctx context.Context) ([]Zone, error) {
	t, err := c.target(ctx)
	if err != nil {
		return nil, err
	}
	var answer zonesAnswer
	if t.dialect == RPC {
		answer, _, err = c.rpcZones(ctx)
	} else {
		answer.zones, _, err = restList[wireZone](ctx, c, "/zone",
			"id,name,ipList,modifiedTime,scanners,activeScanners,totalScanners", nil)
	}
	if err != nil {
		return nil, err
	}
	zones := make([]Zone, 0, len(answer.zones.Items))
	for i, w := range answer.zones.Items {
		zones = append(zones, answer.zone(w, answer.zones.Raw[i]))
	}
	sortByID(zones, func(z Zone) string { return z.ID })
	return zones, nil
}

// zonesAnswer is a list of zones, and the scanners that came with it: inside
// the zones or beside them.
type zonesAnswer struct {
	zones    wire.List[wireZone]
	scanners wire.List[wireScanner]
	err      error
}

// rpcZones reads zone::init.
func (c *Client) rpcZones(ctx context.Context) (zonesAnswer, answer, error) {
	var z zonesAnswer
	a, err := c.do(ctx, action("zone", "init", nil), &z)
	return z, a, err
}

// UnmarshalJSON reads {"zones":[…],"scanners":[…]}.
func (z *zonesAnswer) UnmarshalJSON(b []byte) error {
	*z = zonesAnswer{}
	if z.zones, z.err = wire.Under[wireZone](b, "zones"); z.err != nil {
		return nil //nolint:nilerr // kept in z, so that the envelope around it stays readable
	}
	if beside, err := wire.Under[wireScanner](b, "scanners"); err == nil && !wire.Empty(b) && b[0] == '{' {
		z.scanners = beside
	}
	for _, zone := range z.zones.Items {
		if zone.Scanners == nil {
			continue
		}
		for i, scanner := range zone.Scanners.Items {
			// Once per scanner, from where it has a status if anywhere.
			at := slices.IndexFunc(z.scanners.Items, func(w wireScanner) bool { return w.ID == scanner.ID })
			switch {
			case at < 0:
				z.scanners.Items = append(z.scanners.Items, scanner)
				z.scanners.Raw = append(z.scanners.Raw, zone.Scanners.Raw[i])
			case !z.scanners.Items[at].status().Valid:
				z.scanners.Items[at].Status = scanner.Status
			}
		}
	}
	return nil
}

// Err is not nil if there is no list of zones but something else.
func (z *zonesAnswer) Err() error { return z.err }

// status looks a scanner up by its id.
func (z zonesAnswer) status(id wire.Str) wire.Int {
	for _, w := range z.scanners.Items {
		if w.ID == id {
			return w.Status
		}
	}
	return wire.Int{}
}

func (z zonesAnswer) zone(w wireZone, raw json.RawMessage) Zone {
	zone := Zone{
		ID:             string(w.ID),
		Name:           string(w.Name),
		Ranges:         string(w.IPList),
		Addresses:      countAddresses(string(w.IPList)),
		Scanners:       optInt(w.TotalScanners),
		ActiveScanners: optInt(w.ActiveScanners),
		Modified:       w.ModifiedTime.Time(),
		Raw:            raw,
	}
	if w.Scanners == nil {
		return zone
	}
	zone.Scanners = firstOf(zone.Scanners, Some(int64(len(w.Scanners.Items))))
	if !zone.ActiveScanners.Valid {
		zone.ActiveScanners = z.active(w.Scanners.Items)
	}
	return zone
}

// active counts the usable scanners; absent if the status of one is not told.
func (z zonesAnswer) active(scanners []wireScanner) Opt[int64] {
	var n int64
	for _, w := range scanners {
		status, known := w.status().Get()
		if !known {
			w.Status = z.status(w.ID)
			if status, known = w.status().Get(); !known {
				return Opt[int64]{}
			}
		}
		if status.Usable().Value {
			n++
		}
	}
	return Some(n)
}
