package collector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

const (
	// maxScans bounds the scans that are shown one by one.
	maxScans = 500
	// detailsPerLoad bounds the requests for details of finished results in
	// one load; the rest are read by the next loads.
	detailsPerLoad = 100
	// detailFailures ends the reading of details for this load: the console
	// is out of order rather than the results.
	detailFailures = 3
)

// outcome is the state of a result in our words.
type outcome struct{ status, imported string }

// scanHistory is what is known of the scans of one console between loads.
type scanHistory struct {
	results map[ownedKey]scapi.ScanResult // of the latest load
	known   map[ownedKey]*scanRecord
	ended   map[outcome]int64 // counted since the first look
	counted map[ownedKey]time.Time
	watched map[*console.Account]bool // accounts that have answered before
	sought  map[*console.Account]bool // accounts that have told which scans run, however long they do
}

// scanRecord is what is known of one scan.
type scanRecord struct {
	organization, id, name string
	nextRun                time.Time
	present                *scapi.ScanResult // of the run that goes on; nil: none does
	runningSince           time.Time
	progress               scapi.Opt[float64] // of the present run
	last                   *finishedResult    // nil: none was seen
	account                *console.Account
}

type finishedResult struct {
	scapi.ScanResult
	detailed bool // live and dead hosts were asked for
}

func newScanHistory() *scanHistory {
	h := &scanHistory{
		known:   map[ownedKey]*scanRecord{},
		ended:   map[outcome]int64{},
		counted: map[ownedKey]time.Time{},
		watched: map[*console.Account]bool{},
		sought:  map[*console.Account]bool{},
	}
	for _, status := range []string{"completed", "partial", "stopped", "error", "other"} {
		for _, imported := range []string{"finished", "no_results", "blocked", "error", "other"} {
			h.ended[outcome{status, imported}] = 0
		}
	}
	return h
}

// seek asks every account once for the runs that go on and began before the lists
// reach back, and adds them to its answer; follow does not lose them afterwards.
// SecurityCenter 4 cannot be asked for those that run, but only for all there ever were.
func (h *scanHistory) seek(ctx context.Context, answers []console.Answer[schedule], m *Metrics) {
	for i, a := range answers {
		if h.sought[a.Account] || a.Value.refused != nil {
			continue
		}
		running, err := console.Through(ctx, a.Account, func(client *scapi.Client, ctx context.Context) ([]scapi.ScanResult, error) {
			if dialect, err := client.Dialect(ctx); err != nil || dialect == scapi.RPC {
				return nil, err
			}
			return client.ScanResults(ctx, scapi.ScanWindow{Start: time.Unix(0, 0), End: answers[i].Value.until, Filter: map[string]string{"filter": "running"}})
		})
		if err != nil {
			m.lacking(scansRunningSince, fmt.Errorf("those that began more than 35 days ago: %w", err))
			continue
		}
		h.sought[a.Account] = true
		for _, r := range running {
			if r.Raw = nil; r.Running { // an old console may not heed the filter
				answers[i].Value.results = append(answers[i].Value.results, r)
			}
		}
	}
}

// follow asks for the results of runs that were seen and are in no list any more:
// lists reach back by the time of creation, and a scan may run for longer. Each is
// added to the answer of the account that saw it.
func (h *scanHistory) follow(ctx context.Context, answers []console.Answer[schedule], m *Metrics) {
	for i, a := range answers {
		listed := map[string]bool{}
		for _, r := range a.Value.results {
			listed[r.ID] = true
		}
		for _, s := range h.known {
			if s.account != a.Account || s.present == nil || listed[s.present.ID] {
				continue
			}
			r, err := console.Through(ctx, a.Account, s.look)
			if console.NotReadable(err) || scapi.IsNotFound(err) {
				continue // it is gone
			}
			if err != nil {
				m.missing = append(m.missing, errlist.Of("run of scan "+s.id+" ("+s.name+")", err))
				r = *s.present
			}
			r.Raw = nil
			answers[i].Value.results = append(answers[i].Value.results, r)
		}
	}
}

// look asks for the result of the run that goes on: by its id, or on SecurityCenter
// 4, which has no such call, in the days around its start.
func (s *scanRecord) look(client *scapi.Client, ctx context.Context) (scapi.ScanResult, error) { //nolint:revive // in the order of a method of the client
	r, err := client.ScanResult(ctx, s.present.ID)
	if !errors.Is(err, scapi.ErrUnsupported) {
		return r, err
	}
	const around = 24 * time.Hour
	list, err := client.ScanResults(ctx, scapi.ScanWindow{Start: s.present.Start.Add(-around), End: s.present.Start.Add(around)})
	if err != nil {
		return scapi.ScanResult{}, err
	}
	for _, r := range list {
		if r.ID == s.present.ID {
			return r, nil
		}
	}
	return scapi.ScanResult{}, fmt.Errorf("scan result %s: %w", s.present.ID, scapi.ErrNotFound)
}

// add takes in what the organisation accounts answered.
func (h *scanHistory) add(answers []console.Answer[schedule], now time.Time) {
	h.results = map[ownedKey]scapi.ScanResult{}
	present := map[ownedKey]bool{}
	for _, a := range answers {
		organization := a.Organization
		for _, s := range a.Value.scans {
			record := h.record(organization, s.ID, a.Account)
			record.name, record.nextRun = s.Name, s.NextRun
			present[ownedKey{organization, s.ID}] = true
		}
		for _, r := range a.Value.results {
			h.results[ownedKey{organization, r.ID}] = r
			if r.ScanID != "" && !a.Value.listed {
				record := h.record(organization, r.ScanID, a.Account)
				record.name = cmp.Or(record.name, r.Name)
				present[ownedKey{organization, r.ScanID}] = true
			}
		}
	}
	for key, record := range h.known {
		if !present[key] {
			delete(h.known, key)
		}
		record.present, record.runningSince, record.progress = nil, time.Time{}, scapi.Opt[float64]{}
	}
	for key, r := range h.results {
		if record := h.known[ownedKey{key.organization, r.ScanID}]; record != nil {
			record.take(r)
		}
	}
	h.count(answers, now)
}

func (h *scanHistory) record(organization, id string, through *console.Account) *scanRecord {
	key := ownedKey{organization, id}
	if h.known[key] == nil {
		h.known[key] = &scanRecord{organization: organization, id: id, account: through}
	}
	return h.known[key]
}

// take updates a scan's record with one of its results.
func (s *scanRecord) take(r scapi.ScanResult) {
	switch {
	case r.Running:
		if r.Start.After(s.runningSince) {
			s.present, s.runningSince, s.progress = &r, r.Start, progress(r)
		}
	case r.Finish.IsZero():
	case s.last == nil || r.Finish.After(s.last.Finish):
		s.last = &finishedResult{ScanResult: r}
	case r.ID == s.last.ID: // its import may have gone on
		r.LiveHosts, r.DeadHosts = s.last.LiveHosts, s.last.DeadHosts
		s.last.ScanResult = r
	}
}

// progress is the share of a running scan's checks that are done.
func progress(r scapi.ScanResult) scapi.Opt[float64] {
	done, total := r.CompletedChecks, r.TotalChecks
	if !done.Valid || !total.Valid || total.Value <= 0 || done.Value < 0 {
		return scapi.Opt[float64]{}
	}
	return scapi.Some(min(float64(done.Value)/float64(total.Value), 1))
}

// count counts every result once, when its scan and its import have ended.
// What had ended when an account answered for the first time is not counted.
func (h *scanHistory) count(answers []console.Answer[schedule], now time.Time) {
	for _, a := range answers {
		for _, r := range a.Value.results {
			key := ownedKey{a.Organization, r.ID}
			o, ended := final(r)
			if !ended || !h.counted[key].IsZero() {
				continue
			}
			h.counted[key] = now
			if h.watched[a.Account] {
				h.ended[o]++
			}
		}
	}
	for _, a := range answers {
		h.watched[a.Account] = true
	}
	for key, at := range h.counted { // forget what is no longer listed, but not at once
		if _, listed := h.results[key]; listed {
			h.counted[key] = now
		} else if now.Sub(at) > resultsBack {
			delete(h.counted, key)
		}
	}
}

// recent counts the results since then by state: those that run, those that
// ended since, and those of which the console tells no time.
func (h *scanHistory) recent(since time.Time) map[outcome]int {
	n := map[outcome]int{}
	for _, r := range h.results {
		if at := latest(r.Finish, r.Start, r.Created); r.Running || at.IsZero() || !at.Before(since) {
			n[outcome{scanWord(r.Status), importWord(r.ImportStatus)}]++
		}
	}
	return n
}

// scans returns the records in the order of their ids, at most maxScans: the
// samples of the others are reported to m as dropped.
func (h *scanHistory) scans(m *Metrics) []*scanRecord {
	records := make([]*scanRecord, 0, len(h.known))
	for _, s := range h.known {
		records = append(records, s)
	}
	slices.SortFunc(records, func(a, b *scanRecord) int {
		return cmp.Or(scapi.CompareIDs(a.organization, b.organization), scapi.CompareIDs(a.id, b.id))
	})
	if len(records) > maxScans {
		for _, s := range records[maxScans:] {
			m.dropped += s.samples()
		}
		records = records[:maxScans]
	}
	return records
}

// samples is about how many samples the scan would have: its schedule, and
// what is shown of a finished result.
func (s *scanRecord) samples() int {
	n := 0
	if !s.nextRun.IsZero() {
		n++
	}
	if s.last != nil {
		n += 7
	}
	return n
}

// readHosts asks once for the details of every scan's last finished result,
// which alone tell how many hosts answered. A result whose details cannot be
// read is noted as missing and asked for again by the next load: it must not
// take the other scans with it.
func (h *scanHistory) readHosts(ctx context.Context, m *Metrics) {
	left, failures := detailsPerLoad, 0
	for _, s := range h.scans(&Metrics{}) {
		if s.last == nil || s.last.detailed {
			continue
		}
		if left--; left < 0 || failures == detailFailures {
			return
		}
		detail, err := console.Through(ctx, s.account, func(client *scapi.Client, ctx context.Context) (scapi.ScanResult, error) {
			return client.ScanResult(ctx, s.last.ID)
		})
		switch {
		case err == nil, scapi.IsNotFound(err) && scapi.Answered(err): // or it is gone
		case console.CannotRead(err):
			m.lacking(scansLastHosts, err) // of any
			return
		default:
			failures++
			m.missing = append(m.missing, errlist.Of("hosts of scan "+s.id+" ("+s.name+")", err))
			continue
		}
		s.last.LiveHosts, s.last.DeadHosts = detail.LiveHosts, detail.DeadHosts
		s.last.detailed = true
	}
}

func latest(times ...time.Time) time.Time {
	return slices.MaxFunc(times, time.Time.Compare)
}
