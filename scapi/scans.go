package scapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Scan is a scan definition.
type Scan struct {
	ID, Name string
	NextRun  time.Time // zero: none scheduled or unknown
	Raw      json.RawMessage
}

// ScanResult is one run of a scan.
type ScanResult struct {
	ID, Name       string
	ScanID         string // definition; empty when it is gone or unknown
	RepositoryID   string
	Status         string // as the console says: Completed, Partial, Running, …; empty: unknown
	ImportStatus   string // Finished, No Results, Blocked, Error, …; empty: unknown
	Running        bool
	Created        time.Time // zero times: not yet, or unknown, as what lies in the console's future is
	Start, Finish  time.Time
	Duration       Opt[time.Duration]
	ImportDuration Opt[time.Duration]
	TotalIPs       Opt[int64] // addresses probed
	// How far the scan is.
	CompletedChecks, TotalChecks Opt[int64]
	// Only from ScanResult (detail): hosts that answered, hosts that did not.
	LiveHosts, DeadHosts Opt[int64]
	Raw                  json.RawMessage
}

// ScanWindow selects scan results. The zero value is the 30 days before now.
type ScanWindow struct {
	Start, End time.Time         // End defaults to now, Start to 30 days before End
	ByFinish   bool              // compare finish times (REST timeCompareField=finishTime) instead of creation
	Filter     map[string]string // further parameters: REST query, RPC input
}

type wireScan struct {
	ID, Name wire.Str
	Schedule struct{ NextRun wire.Epoch }
	NextRun  wire.Epoch // flat, as SecurityCenter 4 may send it
}

// Scans returns the scan definitions that the account sees, by id, to users of
// an organisation. REST GET /scan. RPC scan::init, which no source proves: a
// console that refuses it does so with an error of its own.
func (c *Client) Scans(ctx context.Context) ([]Scan, error) {
	t, err := c.target(ctx)
	if err != nil {
		return nil, err
	}
	var list wire.List[wireScan]
	if t.dialect == RPC {
		list, _, err = rpcList[wireScan](ctx, c, "scan", "scans")
	} else {
		list, _, err = restList[wireScan](ctx, c, "/scan", "id,name,schedule", nil)
	}
	if err != nil {
		return nil, err
	}
	scans := make([]Scan, 0, len(list.Items))
	for i, w := range list.Items {
		next := since1990(w.Schedule.NextRun.Time())
		if next.IsZero() {
			next = since1990(w.NextRun.Time())
		}
		scans = append(scans, Scan{ID: string(w.ID), Name: string(w.Name), NextRun: next, Raw: list.Raw[i]})
	}
	sortByID(scans, func(s Scan) string { return s.ID })
	return scans, nil
}

type wireScanResult struct {
	ID, Name, Status, ImportStatus     wire.Str
	Running                            wire.Bool
	CreatedTime, StartTime, FinishTime wire.Epoch
	ImportStart, ImportFinish          wire.Epoch
	ScanDuration, ImportDuration       wire.Int
	TotalIPs                           wire.Int
	CompletedChecks, TotalChecks       wire.Int
	Scan, Repository                   wire.Ref
	ScanID, RepositoryID               wire.Ref // flat, on SecurityCenter 4
	Progress                           struct {
		ScannedSize, DeadHostSize    wire.Int
		CompletedChecks, TotalChecks wire.Int
	}
}

// scanResultFields are asked for in lists; the progress comes with details only.
const scanResultFields = "id,name,status,importStatus,importStart,importFinish,importDuration,running,totalIPs," +
	"completedChecks,totalChecks,startTime,finishTime,createdTime,scanDuration,repository,scan"

// ScanResults returns the scan results of a window, by id, to users of an
// organisation. REST GET /scanResult, which compares the time of creation
// unless told otherwise. RPC scanResult::getRange, which compares a time that
// no source names.
func (c *Client) ScanResults(ctx context.Context, w ScanWindow) ([]ScanResult, error) {
	t, err := c.target(ctx)
	if err != nil {
		return nil, err
	}
	start, end := w.bounds(c.now())
	if end.Before(start) {
		return nil, wrongArgument("scan results from %s to %s", start.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339))
	}
	var list wire.List[wireScanResult]
	var a answer
	if t.dialect == RPC {
		input := map[string]any{"startTime": start.Unix(), "endTime": end.Unix()}
		for name, value := range w.Filter {
			input[name] = value
		}
		u := under[wireScanResult]{key: "scanResults"}
		a, err = c.do(ctx, action("scanResult", "getRange", input), &u)
		list = u.list
	} else {
		query := url.Values{
			"startTime": {strconv.FormatInt(start.Unix(), 10)},
			"endTime":   {strconv.FormatInt(end.Unix(), 10)},
		}
		if w.ByFinish {
			query.Set("timeCompareField", "finishTime")
		}
		for name, value := range w.Filter {
			query.Set(name, value)
		}
		list, a, err = restList[wireScanResult](ctx, c, "/scanResult", scanResultFields, query)
	}
	if err != nil {
		return nil, err
	}
	results := make([]ScanResult, 0, len(list.Items))
	for i, r := range list.Items {
		results = append(results, r.result(list.Raw[i], c.pastOf(a)))
	}
	sortByID(results, func(r ScanResult) string { return r.ID })
	return results, nil
}

func (w ScanWindow) bounds(now time.Time) (start, end time.Time) {
	start, end = w.Start, w.End
	if end.IsZero() {
		end = now
	}
	if start.IsZero() {
		start = end.Add(-30 * 24 * time.Hour)
	}
	return start, end
}

// ScanResult returns one scan result with the hosts that answered and those
// that did not. REST GET /scanResult/{id}. RPC: ErrUnsupported, because what
// scanResult::getProgress takes and returns is not known.
func (c *Client) ScanResult(ctx context.Context, id string) (ScanResult, error) {
	if _, err := strconv.ParseUint(id, 10, 63); err != nil {
		return ScanResult{}, wrongArgument("scan result %q: the id is no number", id)
	}
	if err := c.onlyREST(ctx, "progress of a scan result"); err != nil {
		return ScanResult{}, err
	}
	var r raws[wireScanResult]
	k := call{endpoint: "/scanResult/{id}", rest: restCall{Method: http.MethodGet, Path: "/scanResult/" + id}}
	a, err := c.do(ctx, k, &r)
	if err != nil {
		return ScanResult{}, err
	}
	if r.value.ID == "" {
		return ScanResult{}, &Error{Call: k.name(REST), Err: fmt.Errorf("%w: a scan result without id", ErrMalformed)}
	}
	return r.value.result(r.raw, c.pastOf(a)), nil
}

func (w wireScanResult) result(raw json.RawMessage, p past) ScanResult {
	start, finish := p.time(w.StartTime), p.time(w.FinishTime)
	r := ScanResult{
		ID:              string(w.ID),
		Name:            string(w.Name),
		ScanID:          refID(w.Scan, w.ScanID),
		RepositoryID:    refID(w.Repository, w.RepositoryID),
		Status:          strings.TrimSpace(string(w.Status)),
		ImportStatus:    strings.TrimSpace(string(w.ImportStatus)),
		Created:         p.time(w.CreatedTime),
		Start:           start,
		Finish:          finish,
		Duration:        firstOf(optSeconds(w.ScanDuration), between(start, finish)),
		ImportDuration:  firstOf(optSeconds(w.ImportDuration), between(p.time(w.ImportStart), p.time(w.ImportFinish))),
		TotalIPs:        optInt(w.TotalIPs),
		CompletedChecks: firstOf(optInt(w.CompletedChecks), optInt(w.Progress.CompletedChecks)),
		TotalChecks:     firstOf(optInt(w.TotalChecks), optInt(w.Progress.TotalChecks)),
		LiveHosts:       optInt(w.Progress.ScannedSize),
		DeadHosts:       optInt(w.Progress.DeadHostSize),
		Raw:             raw,
	}
	running, told := w.Running.Get()
	r.Running = running || !told && strings.EqualFold(r.Status, "running")
	return r
}

// between is the time from one moment to another, where both are known.
func between(from, to time.Time) Opt[time.Duration] {
	if from.IsZero() || to.Before(from) {
		return Opt[time.Duration]{}
	}
	return Some(to.Sub(from))
}
