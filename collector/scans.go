package collector

import (
	"context"
	"slices"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var (
	fromScanList    = Source{REST: "GET /scan, GET /scanResult", RPC: "scan::init, scanResult::getRange", Cost: "3 requests for each organisation account"}
	fromScanDetails = Source{REST: "GET /scan, GET /scanResult, GET /scanResult/{id}", RPC: "scan::init, scanResult::getRange", Cost: "3 requests for each organisation account, and 1 for each newly finished result"}
	fromScanRuns    = Source{REST: "GET /scan, GET /scanResult", RPC: "scan::init, scanResult::getRange", Cost: "3 requests for each organisation account, and 1 at the first look"}
	fromScanREST    = Source{REST: "GET /scan", Cost: "3 requests for each organisation account"}
)

const (
	// resultsBack is how far back results are looked up, by finish time.
	resultsBack = 35 * 24 * time.Hour
	// resultsWindow is what securitycenter_scan_results covers.
	resultsWindow = 7 * 24 * time.Hour
)

var scanLabels = []string{"organization_id", "scan_id", "scan"}

var (
	scansResults = &Family{
		Name:   "securitycenter_scan_results",
		Source: fromScanList,
		Help:   "Scan results of the last 7 days by state of the scan and of its import; results of which the console tells no time are among them. A state that the console does not give is unknown. Combinations without a result are absent.",
		Labels: []string{"status", "import_status"},
	}
	scansResultsTotal = &Family{
		Name:    "securitycenter_scan_results_ended_total",
		Source:  fromScanList,
		Help:    "Scan results that ended while the exporter watched, counted once when both scan and import have ended. Results that had ended before the first look are not counted.",
		Counter: true,
		Labels:  []string{"status", "import_status"},
	}
	scansLastFinish = &Family{
		Name:   "securitycenter_scan_last_finish_timestamp_seconds",
		Source: fromScanList,
		Help:   "Time when the scan last ended, in seconds since the epoch. Absent if it did not end in the last 35 days.",
		Labels: []string{"organization_id", "scan_id", "scan", "repository_id"},
	}
	scansNextRun = &Family{
		Name:   "securitycenter_scan_next_run_timestamp_seconds",
		Source: fromScanREST,
		Help:   "Time when the scan is scheduled to run next, in seconds since the epoch. Absent if none is scheduled.",
		Labels: scanLabels,
	}
	scansLastSuccess = &Family{
		Name:   "securitycenter_scan_last_success",
		Source: fromScanList,
		Help:   "Whether the last result of the scan was completed and imported (1) or not (0). Absent while its import has not ended, or if the console does not give both states.",
		Labels: scanLabels,
	}
	scansLastDuration = &Family{
		Name:   "securitycenter_scan_last_duration_seconds",
		Source: fromScanList,
		Help:   "Duration of the last finished run of the scan in seconds. Absent if unknown.",
		Labels: scanLabels,
	}
	scansLastImportDuration = &Family{
		Name:   "securitycenter_scan_last_import_duration_seconds",
		Source: fromScanList,
		Help:   "Duration of the import of the scan's last result in seconds. Absent if unknown.",
		Labels: scanLabels,
	}
	scansLastHosts = &Family{
		Name:   "securitycenter_scan_last_hosts",
		Source: fromScanDetails,
		Help:   "Addresses of the last finished run of the scan by state: targeted, live (answered) and dead. Absent if unknown.",
		Labels: []string{"organization_id", "scan_id", "scan", "state"},
	}
	scansRunningSince = &Family{
		Name:   "securitycenter_scan_running_since_timestamp_seconds",
		Source: fromScanRuns,
		Help:   "Time when the present run of the scan began, in seconds since the epoch. Absent while it is not running.",
		Labels: scanLabels,
	}
	scansProgress = &Family{
		Name:      "securitycenter_scan_progress_ratio",
		Stability: Experimental,
		Source:    fromScanRuns,
		Help:      "Share of the checks that the running scan has done, from 0 to 1. Absent while it is not running, if the console does not tell, and unless switched on.",
		Labels:    scanLabels,
	}
)

// scansCollector tells how the scans of all organisations went and when they run next.
// REST GET /scan and /scanResult; RPC scan::init and scanResult::getRange.
func scansCollector() *Collector {
	return &Collector{
		Name:     "scans",
		Help:     "Last result, schedule and failures of every scan.",
		Interval: 5 * time.Minute,
		Default:  true,
		Account:  scapi.Organization,
		Families: []*Family{
			scansResults, scansResultsTotal, scansLastFinish, scansNextRun, scansLastSuccess, scansLastDuration,
			scansLastImportDuration, scansLastHosts, scansRunningSince, scansProgress,
		},
		Keys: []config.Key{
			{Name: "progress", Kind: config.Bool, Default: false, Help: "tell how far the running scans are too"},
		},
		New: func() Loader { return newScanLoader().load },
	}
}

// scanLoader remembers the last finished result of every scan and which results were counted.
type scanLoader struct {
	history *scanHistory
}

func newScanLoader() *scanLoader { return &scanLoader{history: newScanHistory()} }

func (l *scanLoader) load(ctx context.Context, c *findings.Console, settings Settings, m *Metrics) error {
	answers, err := console.AskEach(ctx, c.Console, func(client *scapi.Client, ctx context.Context) (schedule, error) {
		return readSchedule(ctx, client, c.Now())
	})
	if err := m.part("scans", err, func() {}); err != nil || len(answers) == 0 {
		return err
	}
	for _, a := range answers {
		if a.Value.refused != nil {
			m.lacking(scansResults, a.Account.Wrap(a.Value.refused))
		}
	}
	now := c.Now()
	l.history.seek(ctx, answers, m)
	l.history.follow(ctx, answers, m)
	l.history.add(distinct(answers), now)
	l.history.readHosts(ctx, m)
	l.emit(m, settings, now)
	return nil
}

func (l *scanLoader) emit(m *Metrics, settings Settings, now time.Time) {
	for state, n := range l.history.recent(now.Add(-resultsWindow)) {
		m.Set(scansResults, float64(n), state.status, state.imported)
	}
	for state, n := range l.history.ended {
		m.Set(scansResultsTotal, float64(n), state.status, state.imported)
	}
	for _, s := range l.history.scans(m) {
		labels := []string{s.organization, s.id, s.name}
		m.SetTime(scansNextRun, s.nextRun, labels...)
		m.SetTime(scansRunningSince, s.runningSince, labels...)
		if settings.Bool("progress") {
			SetOpt(m, scansProgress, s.progress, labels...)
		}
		r := s.last
		if r == nil {
			continue
		}
		m.SetTime(scansLastFinish, r.Finish, append(labels, r.RepositoryID)...)
		if success, known := succeeded(r.ScanResult); known {
			m.Set(scansLastSuccess, OneIf(success), labels...)
		}
		SetOpt(m, scansLastDuration, r.Duration, labels...)
		SetOpt(m, scansLastImportDuration, r.ImportDuration, labels...)
		SetOpt(m, scansLastHosts, r.TotalIPs, append(labels, "targeted")...)
		SetOpt(m, scansLastHosts, r.LiveHosts, append(labels, "live")...)
		SetOpt(m, scansLastHosts, r.DeadHosts, append(labels, "dead")...)
	}
}

// distinct leaves every object with the first account that sees it. A result may
// be in both lists of one account; of two accounts of SecurityCenter 4, which does
// not tell organisations, it is the same one where all of its fields agree, but for
// how far it is: it may end between two answers, and must not be counted twice.
func distinct(answers []console.Answer[schedule]) []console.Answer[schedule] {
	scans, results := objects[scapi.Scan]{}, objects[scapi.ScanResult]{}
	for i, a := range answers {
		s := &answers[i].Value
		s.scans = slices.DeleteFunc(s.scans, func(scan scapi.Scan) bool { return !scans.add(a.Identity.OrganizationID, scan.ID, scan) })
		listed := map[string]bool{}
		s.results = slices.DeleteFunc(s.results, func(r scapi.ScanResult) bool {
			if listed[r.ID] {
				return true
			}
			listed[r.ID] = true
			r.CompletedChecks, r.TotalChecks = scapi.Opt[int64]{}, scapi.Opt[int64]{}
			if !r.Start.IsZero() {
				r = scapi.ScanResult{ID: r.ID, Name: r.Name, ScanID: r.ScanID, RepositoryID: r.RepositoryID, Created: r.Created, Start: r.Start}
			}
			return !results.add(a.Identity.OrganizationID, r.ID, r)
		})
	}
	return answers
}

// schedule is what one organisation account sees of scans.
type schedule struct {
	scans   []scapi.Scan
	listed  bool // scans is the list of definitions; else only the results tell of scans
	results []scapi.ScanResult
	until   time.Time // of the results
	refused error     // why the account may not list results; nil: it may
}

// readSchedule asks for definitions and results. Results are asked for by
// finish time, which leaves out those that run, and by creation time.
func readSchedule(ctx context.Context, client *scapi.Client, now time.Time) (s schedule, err error) {
	s.scans, err = lean((*scapi.Client).Scans)(client, ctx)
	s.listed = err == nil
	if err != nil && !listsNoScans(ctx, client, err) {
		return s, err
	}
	s.until = now
	from := now.Add(-resultsBack)
	for _, w := range []scapi.ScanWindow{{Start: from, End: now, ByFinish: true}, {Start: from, End: now}} {
		results, err := client.ScanResults(ctx, w)
		if console.CannotRead(err) && s.listed {
			s.refused = err
			return s, nil
		}
		if err != nil {
			return s, err
		}
		for _, r := range results {
			r.Raw = nil // the text of thousands of results need not be kept
			s.results = append(s.results, r)
		}
	}
	return s, nil
}

// listsNoScans reports whether err says that the account cannot list scan
// definitions. No source proves that SecurityCenter 4 has the call, nor with
// which words it refuses one that it does not have: any lasting refusal will do.
func listsNoScans(ctx context.Context, client *scapi.Client, err error) bool {
	if console.NotReadable(err) {
		return true
	}
	dialect, unknown := client.Dialect(ctx)
	return unknown == nil && dialect == scapi.RPC && scapi.Answered(err) && !scapi.IsTemporary(err)
}
