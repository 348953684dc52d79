package collector_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// results asks the console for all scan results of the last 35 days.
func (e *exported) results(t *testing.T) map[string]scapi.ScanResult {
	t.Helper()
	all := map[string]scapi.ScanResult{}
	answers, err := console.AskEach(t.Context(), e.Console.Console, func(c *scapi.Client, ctx context.Context) ([]scapi.ScanResult, error) {
		return c.ScanResults(ctx, scapi.ScanWindow{Start: time.Now().Add(-36 * 24 * time.Hour)})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range answers {
		for _, r := range a.Value {
			all[r.ID] = r
		}
	}
	return all
}

// hasEnded reports whether scan and import are over.
func hasEnded(r scapi.ScanResult) bool { return r.Status != "Running" && r.ImportStatus != "Importing" }

func counter(status, imported string) string {
	spell := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, " ", "_")) }
	return series("securitycenter_scan_results_ended_total", `import_status="`+spell(imported)+`"`, `status="`+spell(status)+`"`)
}

func TestEveryResultIsCountedOnceWhenScanAndImportHaveEnded(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: dialect, Seed: 5, Scans: 7})
			e.simulated.Inject(sctest.Fault{Endpoint: detail, Effect: sctest.Refuse(403, 147, "Unable to find existing ScanResult.\n")})
			first := e.load(t, "scans").of("securitycenter_scan_results_ended_total")
			if len(first) != 25 {
				t.Errorf("%d combinations, want 25", len(first))
			}
			for name, n := range first {
				if n != 0 {
					t.Errorf("%s starts at %v", name, n)
				}
			}
			atFirst := e.results(t)
			running := 0
			for range 20 {
				time.Sleep(3 * time.Hour)
				if len(e.load(t, "scans").of("securitycenter_scan_running_since_timestamp_seconds")) > 1 {
					running++
				}
			}
			want := samples{}
			for name := range first {
				want[name] = 0
			}
			ended := 0
			for id, r := range e.results(t) {
				if before, known := atFirst[id]; hasEnded(r) && (!known || !hasEnded(before)) {
					want[counter(r.Status, r.ImportStatus)]++
					ended++
				}
			}
			if ended < 10 || running == 0 {
				t.Fatalf("%d results ended and %d loads saw one run: too few", ended, running)
			}
			diff(t, "results counted", want, e.load(t, "scans").of("securitycenter_scan_results_ended_total"))
		})
	}
}

func recountScans(t *testing.T, e *exported, r *reckoning) {
	reads := func(repository string, a sctest.Account) bool {
		return seenBy(&sctest.Finding{Host: sctest.Host{Repository: repository}}, a)
	}
	scans := everySeen(e, sctest.Organization.Scans, func(s sctest.Scan) string { return s.ID }, func(s sctest.Scan, a sctest.Account) bool { return reads(s.Repository, a) })
	results := everySeen(e, sctest.Organization.ScanResults, func(r sctest.ScanResult) string { return r.ID }, func(r sctest.ScanResult, a sctest.Account) bool { return reads(r.Repository, a) })
	want := samples{}
	for _, status := range []string{"completed", "partial", "stopped", "error", "other"} {
		for _, imported := range []string{"finished", "no_results", "blocked", "error", "other"} {
			want[sample("securitycenter_scan_results_ended_total", "status", status, "import_status", imported)] = 0 // at the first look
		}
	}
	spell := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, " ", "_")) }
	for _, x := range results {
		if o := x.object; o.Finished.IsZero() || !o.Finished.Before(r.now.Add(-7*day)) {
			want[sample("securitycenter_scan_results", "status", spell(o.Status), "import_status", spell(o.ImportStatus))]++
		}
	}
	running, untold := 0, 0
	for _, scan := range scans {
		labels := func(more ...string) []string {
			return append(more, "organization_id", scan.organization, "scan_id", scan.object.ID, "scan", scan.object.Name)
		}
		set := func(name string, v float64, more ...string) {
			want[sample("securitycenter_scan_"+name, labels(more...)...)] = v
		}
		if next := scan.object.NextRun; !next.IsZero() && !r.rpc {
			set("next_run_timestamp_seconds", float64(next.Unix()))
		}
		var last sctest.ScanResult
		for _, x := range results {
			switch o := x.object; {
			case o.ScanID != scan.object.ID || x.organization != scan.organization:
			case o.Finished.IsZero():
				running++
				set("running_since_timestamp_seconds", float64(o.Started.Unix()))
				set("progress_ratio", float64(o.Done)/100)
			case o.Finished.After(last.Finished):
				last = o
			}
		}
		if last.ID == "" {
			continue
		}
		set("last_finish_timestamp_seconds", float64(last.Finished.Unix()), "repository_id", last.Repository)
		set("last_duration_seconds", last.Finished.Sub(last.Started).Seconds())
		set("last_hosts", float64(last.Targeted), "state", "targeted")
		if !r.rpc { // whose results do not tell who answered
			set("last_hosts", float64(last.Live), "state", "live")
			set("last_hosts", float64(last.Targeted-last.Live), "state", "dead")
		}
		if last.ImportStatus != "Importing" {
			set("last_success", collector.OneIf(last.Status == "Completed" && last.ImportStatus == "Finished"))
		}
		if last.ImportStatus == "Finished" || last.ImportStatus == "Error" {
			set("last_import_duration_seconds", 90)
		} else {
			untold++
		}
	}
	if running == 0 || untold == 0 {
		t.Fatalf("%d scans are running, and the import of %d last results has no duration", running, untold)
	}
	diff(t, "scans", want, e.with(t, "scans", own(map[string]any{"progress": true})))
}

func TestScansWithoutAScheduleHaveNoNextRun(t *testing.T) {
	bubble(t, func(t *testing.T) {
		got := export(t, sctest.Options{Scans: 12}).load(t, "scans").of("securitycenter_scan_next_run_timestamp_seconds")
		for name, v := range got {
			if strings.Contains(name, `scan_id="5"`) || strings.Contains(name, `scan_id="12"`) {
				t.Errorf("%s: these are started by hand", name)
			}
			if next := time.Until(time.Unix(int64(v), 0)); next <= 0 || next > 7*24*time.Hour {
				t.Errorf("%s is %s from now", name, next)
			}
		}
		if len(got) != 10 {
			t.Errorf("%d of 12 scans have a next run, want 10", len(got))
		}
	})
}

func TestResultsOfTheLastSevenDaysAreShownByStateThoseOfLostDefinitionsToo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		spell := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, " ", "_")) }
		want := samples{}
		orphans := 0
		for _, r := range e.results(t) {
			if !r.Running && r.Finish.Before(time.Now().Add(-7*24*time.Hour)) {
				continue
			}
			if r.ScanID == "" {
				orphans++
			}
			want[series("securitycenter_scan_results", `import_status="`+spell(r.ImportStatus)+`"`, `status="`+spell(r.Status)+`"`)]++
		}
		if orphans == 0 {
			t.Fatal("every result has a definition")
		}
		got := e.load(t, "scans")
		diff(t, "results", want, got.of("securitycenter_scan_results"))
		for name := range got {
			if strings.Contains(name, "Retired Scan") {
				t.Errorf("%s: its definition is gone", name)
			}
		}
	})
}

const detail = "GET /scanResult/{id}"

func details(e *exported) int {
	n := e.simulated.Count(func(r sctest.Request) bool { return r.Endpoint == detail })
	e.simulated.ForgetRequests()
	return n
}

func TestDetailsAreAskedForOncePerResultAndAHundredPerLoad(t *testing.T) {
	exhaustive.Only(t)
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{Scans: 108})
		// Answered at once: it is gone. That is not asked again either.
		e.simulated.Inject(sctest.Fault{Endpoint: detail, Effect: sctest.Refuse(403, 147, "Unable to find existing ScanResult.\n")})
		finished := len(e.load(t, "scans").of("securitycenter_scan_last_success"))
		var got []int
		got = append(got, details(e))
		for range 2 {
			e.load(t, "scans")
			got = append(got, details(e))
		}
		if d := cmp.Diff([]int{100, finished - 100, 0}, got); d != "" || finished <= 100 {
			t.Errorf("details asked for by three loads, %d scans have ended (-want +got):\n%s", finished, d)
		}
		time.Sleep(24 * time.Hour) // what runs daily has a new result
		e.load(t, "scans")
		if n := details(e); n == 0 || n > 100 {
			t.Errorf("details of new results: %d requests", n)
		}
	})
}

func TestHostsOfTheLastResultAreThoseOfItsDetails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{Scans: 3})
		got := e.load(t, "scans").of("securitycenter_scan_last_hosts")
		for range 2 { // the second load did not ask for them
			for id := range 3 {
				var targeted, live, dead float64
				for name, v := range got {
					switch {
					case !strings.Contains(name, `scan_id="`+strconv.Itoa(id+1)+`"`):
					case strings.Contains(name, `"targeted"`):
						targeted = v
					case strings.Contains(name, `"live"`):
						live = v
					case strings.Contains(name, `"dead"`):
						dead = v
					}
				}
				if live < 1 || dead < 1 || live+dead != targeted {
					t.Errorf("scan %d: %v targeted, %v live, %v dead", id+1, targeted, live, dead)
				}
			}
			got = e.load(t, "scans").of("securitycenter_scan_last_hosts")
		}
	})
}

func TestWhereScanDefinitionsAreRefusedTheResultsTellOfThem(t *testing.T) {
	for _, tt := range []struct {
		name    string
		dialect sctest.Dialect
		fault   sctest.Fault
	}{
		{"an unknown action", sctest.RPC, sctest.Fault{Endpoint: "scan::init", Effect: sctest.Refuse(200, 1, "Invalid module or action 'scan::init'.")}},
		{"a lack of permission", sctest.RPC, sctest.Fault{Endpoint: "scan::init", Effect: sctest.Refuse(200, 145, "User does not have permission.")}},
		{"a lack of permission on REST", sctest.REST, sctest.Fault{Endpoint: "GET /scan", Effect: sctest.Refuse(403, 145, "User does not have permission.")}},
	} {
		in(t, tt.name, func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: tt.dialect})
			want := e.load(t, "scans").without("securitycenter_scan_next_run_timestamp_seconds")
			e = export(t, sctest.Options{Dialect: tt.dialect})
			e.simulated.Inject(tt.fault)
			diff(t, "scans", want, e.load(t, "scans"))
		})
	}
}

func TestAFailureToListScansIsNotTakenForARefusal(t *testing.T) {
	for _, tt := range []struct {
		name    string
		dialect sctest.Dialect
		fault   sctest.Fault
	}{
		{"a locked database", sctest.RPC, sctest.Fault{Endpoint: "scan::init", Effect: sctest.DatabaseLocked()}},
		{"an error page", sctest.RPC, sctest.Fault{Endpoint: "scan::init", Effect: sctest.HTMLPage(500)}},
		{"an error of REST", sctest.REST, sctest.Fault{Endpoint: "GET /scan", Effect: sctest.Refuse(403, 1, "Out of memory.")}},
		{"results that cannot be read", sctest.REST, sctest.Fault{Endpoint: "GET /scanResult", Effect: sctest.HTMLPage(502)}},
	} {
		in(t, tt.name, func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: tt.dialect})
			e.simulated.Inject(tt.fault)
			if s, err := e.run(t, "scans", noLimits); err == nil {
				t.Errorf("no error, and %d series", s.Series)
			}
		})
	}
}

func TestAResultWithoutReadableDetailsDoesNotHideTheScans(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{Seed: 5, Scans: 8})
		mend := e.simulated.Inject(sctest.Fault{Endpoint: detail, Effect: sctest.HTMLPage(500)})
		s, err := e.run(t, "scans", noLimits)
		if err != nil {
			t.Fatal(err)
		}
		if len(samplesOf(s.Families()).of("securitycenter_scan_last_finish_timestamp_seconds")) == 0 {
			t.Error("no scan is shown")
		}
		if len(s.Missing) != 3 || !strings.Contains(s.Missing[0], "/rest/scanResult/") {
			t.Errorf("missing: %q, want the three results that were tried", s.Missing)
		}
		mend()
		live := 0
		for name := range e.load(t, "scans").of("securitycenter_scan_last_hosts") {
			if strings.Contains(name, `state="live"`) {
				live++
			}
		}
		if live < 4 {
			t.Errorf("hosts of %d scans after the console was mended, want all that have ended", live)
		}
	})
}

func TestProgressOfScansThatRun(t *testing.T) {
	result := func(id int, running, done, total string) string {
		return fmt.Sprintf(`{"id":"%d","name":"S","status":"Running","running":%q,"startTime":"946600000","finishTime":"-1","createdTime":"946600000",
			"scan":{"id":"%d","name":"Scan"},"progress":{"completedChecks":%q,"totalChecks":%q}}`, id, running, id, done, total)
	}
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{}, intercept("/rest/scanResult", `{"usable":[`+strings.Join([]string{
			result(1, "true", "250", "1000"), result(2, "true", "0", "400"), result(3, "true", "5", "0"), result(4, "true", "7", "5"), result(5, "true", "-1", "5"),
		}, ",")+`],"manageable":[]}`))
		got := e.with(t, "scans", own(map[string]any{"progress": true})).of("securitycenter_scan_progress_ratio")
		want := map[string]float64{"1": 0.25, "2": 0, "4": 1}
		if len(got) != len(want) {
			t.Errorf("%v, want the scans 1, 2 and 4", got)
		}
		for name, v := range got {
			for id, ratio := range want {
				if strings.Contains(name, `scan_id="`+id+`"`) && v != ratio {
					t.Errorf("%s is %v, want %v", name, v, ratio)
				}
			}
		}
		if n := len(e.load(t, "scans").of("securitycenter_scan_progress_ratio")); n > 0 {
			t.Errorf("%d scans show their progress without being asked to", n)
		}
	})
}

func TestWhatSecurityCenter4SaysOfAScanIsNotMadeUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		got := export(t, sctest.Options{Dialect: sctest.RPC}).loadAll(t).of("securitycenter_scan_last_hosts")
		if len(got) == 0 {
			t.Fatal("no scan has hosts")
		}
		for name := range got {
			if !strings.Contains(name, `state="targeted"`) {
				t.Errorf("%s: it does not say which hosts answered", name)
			}
		}
	})
}

// The windows of results end at the console's present.
func TestResultsAreLookedUpByTheClockOfTheConsole(t *testing.T) {
	for _, ahead := range []time.Duration{0, 3 * day, -3 * day} {
		in(t, ahead.String(), func(t *testing.T) {
			e := export(t, sctest.Options{Seed: 5, Scans: 8, Now: func() time.Time { return time.Now().Add(ahead) }})
			now := e.simulated.Options().Now()
			want := 0.0
			for _, r := range e.simulated.ScanResults() {
				if r.Finished.IsZero() || !r.Finished.Before(now.Add(-7*day)) {
					want++
				}
			}
			if got := e.load(t, "scans").sum("securitycenter_scan_results"); got != want || want == 0 {
				t.Errorf("%v results of the last week, want %v", got, want)
			}
		})
	}
}

// Lists reach back 35 days by the time of creation.
func TestAScanThatRunsForLongerThanListsReachBackIsStillShownAsRunning(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			began := time.Now().Add(-35*day + time.Hour)
			row := func(id string, running bool) string {
				status, finish := "Completed", time.Now()
				if running {
					status, finish = "Running", time.Unix(-1, 0)
				}
				return fmt.Sprintf(`{"id":%q,"name":"endless","status":%q,"importStatus":"Finished","running":"%v","createdTime":"%d","startTime":"%d","finishTime":"%d","scan":{"id":"1"},"scanID":"1"}`,
					id, status, running, began.Unix(), began.Unix(), finish.Unix())
			}
			running, listed := true, true
			e := export(t, sctest.Options{Dialect: dialect, Scans: 1, SessionTimeout: 100 * day}, func(o *console.Options) {
				for i, a := range o.Accounts {
					o.Accounts[i].Transport = &endless{RoundTripper: a.Transport, list: func() string {
						if !listed {
							return ""
						}
						return row("77", running)
					}, detail: func() string { return row("77", running) }}
				}
			})
			since := func() float64 { return e.load(t, "scans").sum("securitycenter_scan_running_since_timestamp_seconds") }
			if got := since(); got != float64(began.Unix()) {
				t.Fatalf("running since %v, want %v", got, began.Unix())
			}
			listed = false
			for range 3 {
				time.Sleep(2 * time.Hour)
				if got := since(); got != float64(began.Unix()) {
					t.Errorf("when no list holds it: running since %v, want %v", got, began.Unix())
				}
			}
			running = false
			if got := since(); got != 0 {
				t.Errorf("when it has ended: running since %v", got)
			}
		})
	}
}

// After a restart of the exporter too.
func TestAScanThatBeganBeforeListsReachBackIsFoundAtTheFirstLook(t *testing.T) {
	for name, tt := range map[string]struct {
		answer string // to the question for those that run
		finds  bool
		said   bool // that it could not be found out
	}{
		"told": {`{"usable":[%s],"manageable":[%[1]s]}`, true, false}, "ended meanwhile": {`{"usable":[],"manageable":[]}`, false, false},
		"no list": {`"none"`, false, true},
	} {
		in(t, name, func(t *testing.T) {
			began := time.Now().Add(-80 * day)
			row := fmt.Sprintf(`{"id":"77","name":"endless","status":"Running","importStatus":"No Results","running":"true","createdTime":"%d","startTime":"%[1]d","finishTime":"-1","scan":{"id":"1"}}`, began.Unix())
			asked := 0
			e := export(t, sctest.Options{Scans: 1}, func(o *console.Options) {
				for i, a := range o.Accounts {
					o.Accounts[i].Transport = &endless{RoundTripper: a.Transport, list: func() string { return "" }, detail: func() string { return row }, running: func() string {
						asked++
						return strings.ReplaceAll(strings.ReplaceAll(tt.answer, "%s", row), "%[1]s", row)
					}}
				}
			})
			for range 3 {
				s, err := e.run(t, "scans", noLimits)
				if err != nil {
					t.Fatal(err)
				}
				want := 0.0
				if tt.finds {
					want = float64(began.Unix())
				}
				if got := samplesOf(s.Families()).sum("securitycenter_scan_running_since_timestamp_seconds"); got != want {
					t.Errorf("running since %v, want %v", got, want)
				}
				if said := strings.Contains(strings.Join(s.Missing, "\n"), "more than 35 days ago"); said != tt.said {
					t.Errorf("missing: %q", s.Missing)
				}
			}
			if want := map[bool]int{false: 1, true: 3}[tt.said]; asked != want {
				t.Errorf("asked %d times, want %d", asked, want)
			}
		})
	}
}

// endless answers lists and details of scan results in the console's place.
type endless struct {
	http.RoundTripper
	list, detail func() string
	running      func() string // the answer to the question for those that run; nil: there are none
}

func (e *endless) RoundTrip(r *http.Request) (*http.Response, error) {
	response := ""
	switch {
	case r.URL.Path == "/rest/scanResult" && r.URL.Query().Get("filter") == "running":
		if response = `[]`; e.running != nil && r.URL.Query().Get("startTime") == "0" {
			response = e.running()
		}
	case r.URL.Path == "/rest/scanResult":
		response = `{"usable":[` + e.list() + `],"manageable":[]}`
	case r.URL.Path == "/rest/scanResult/77":
		response = e.detail()
	case strings.HasSuffix(r.URL.Path, "request.php"):
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		if form.Get("module")+"::"+form.Get("action") == "scanResult::getRange" {
			list := e.list()
			var window struct{ EndTime int64 }
			if json.Unmarshal([]byte(form.Get("input")), &window) == nil && time.Since(time.Unix(window.EndTime, 0)) > day {
				list = e.detail() // of the days around its start
			}
			response = `{"scanResults":[` + list + `]}`
		}
	}
	if response == "" {
		return e.RoundTripper.RoundTrip(r)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(
		`{"type":"regular","response":` + response + `,"error_code":0,"error_msg":"","warnings":[],"timestamp":` + fmt.Sprint(time.Now().Unix()) + `}`))}, nil
}
