package collector

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// watched is a history, fed with answers by hand.
type watched struct {
	*scanHistory
	now      time.Time
	accounts map[string]*console.Account
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	c, err := console.New(console.Options{Name: "test", Accounts: []console.AccountOptions{
		{Name: "a", Options: scapi.Options{URL: "http://127.0.0.1"}}, {Name: "b", Options: scapi.Options{URL: "http://127.0.0.1"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{scanHistory: newScanHistory(), now: time.Unix(1_700_000_000, 0), accounts: map[string]*console.Account{}}
	for _, a := range c.Accounts() {
		w.accounts[a.Name()] = a
	}
	return w
}

// answer is what one account sees.
func (w *watched) answer(account, organization string, s schedule) console.Answer[schedule] {
	return console.Answer[schedule]{Account: w.accounts[account], Identity: scapi.Identity{OrganizationID: organization}, Organization: organization, Value: s}
}

// see adds what account a, of organisation 1, sees ten minutes after the last time.
func (w *watched) see(s schedule) {
	w.now = w.now.Add(10 * time.Minute)
	w.add([]console.Answer[schedule]{w.answer("a", "1", s)}, w.now)
}

func (w *watched) total() (n int64) {
	for _, v := range w.ended {
		n += v
	}
	return n
}

// only returns the one scan that is known.
func (w *watched) only(t *testing.T) *scanRecord {
	t.Helper()
	all := w.scans(&Metrics{})
	if len(all) != 1 {
		t.Fatalf("%d scans are known, want 1", len(all))
	}
	return all[0]
}

func listed(results ...scapi.ScanResult) schedule {
	return schedule{scans: []scapi.Scan{{ID: "7", Name: "Weekly"}}, listed: true, results: results}
}

// result is one of scan 7, in some state; finished means seconds after the epoch, 0 that it runs.
func result(id, status, imported string, finished int64) scapi.ScanResult {
	r := scapi.ScanResult{ID: id, ScanID: "7", Status: status, ImportStatus: imported, Running: finished == 0, Start: time.Unix(finished-60, 0)}
	if finished > 0 {
		r.Finish = time.Unix(finished, 0)
	}
	return r
}

func TestAResultPassesThroughItsStatesAndIsCountedAtTheEnd(t *testing.T) {
	w := newWatched(t)
	steps := []struct {
		what   string
		result scapi.ScanResult
		want   int64
	}{
		{"running", result("1", "Running", "No Results", 0), 0},
		{"ended, import pending", result("1", "Completed", "Import Pending", 100), 0},
		{"importing", result("1", "Completed", "Importing", 100), 0},
		{"imported", result("1", "Completed", "Finished", 100), 1},
		{"still listed", result("1", "Completed", "Finished", 100), 1},
	}
	for _, s := range steps {
		w.see(listed(s.result))
		if got := w.ended[outcome{"completed", "finished"}]; got != s.want || w.total() != s.want {
			t.Errorf("%s: counted %d (%d in all), want %d", s.what, got, w.total(), s.want)
		}
	}
}

func TestWhatHadEndedBeforeTheFirstLookIsNotCountedAndWhatWasStillImportedIs(t *testing.T) {
	w := newWatched(t)
	w.see(listed(result("1", "Completed", "Finished", 100), result("2", "Partial", "Importing", 200)))
	w.see(listed(result("1", "Completed", "Finished", 100), result("2", "Partial", "Finished", 200)))
	if w.total() != 1 || w.ended[outcome{"partial", "finished"}] != 1 {
		t.Errorf("counted %v, want the partial one", w.ended)
	}
}

func TestAResultThatIsMissingForAWhileIsNotCountedTwice(t *testing.T) {
	w := newWatched(t)
	w.see(listed())
	done := listed(result("1", "Error", "No Results", 100))
	w.see(done)
	w.see(listed())
	w.see(done)
	if w.total() != 1 {
		t.Errorf("counted %d times", w.total())
	}
	w.now = w.now.Add(resultsBack + time.Hour)
	w.see(listed())
	if len(w.counted) != 0 {
		t.Errorf("%d results are remembered although they are long gone", len(w.counted))
	}
}

func TestAnAccountThatAnswersLaterHasAFirstLookOfItsOwn(t *testing.T) {
	w := newWatched(t)
	w.see(listed())
	old := schedule{results: []scapi.ScanResult{result("5", "Completed", "Finished", 100)}}
	both := []console.Answer[schedule]{w.answer("a", "1", listed()), w.answer("b", "1", old)}
	w.add(both, w.now)
	if w.total() != 0 {
		t.Errorf("counted %d results that had ended before account b was first asked", w.total())
	}
	old.results = append(old.results, result("6", "Completed", "Finished", 300))
	both[1] = w.answer("b", "1", old)
	w.add(both, w.now)
	if w.total() != 1 {
		t.Errorf("counted %d, want 1", w.total())
	}
}

func TestWordsThatWeDoNotKnowAreOther(t *testing.T) {
	w := newWatched(t)
	w.see(listed())
	w.see(listed(
		result("1", "Exploded", "Finished", 100), result("2", "Completed", "Eaten", 100), // the import may go on
		result("3", "", "", 100), result("4", " STOPPED ", "no results", 100),
	))
	want := map[outcome]int64{{"other", "finished"}: 1, {"other", "other"}: 1, {"stopped", "no_results"}: 1}
	for o, n := range w.ended {
		if n != want[o] {
			t.Errorf("%+v: %d, want %d", o, n, want[o])
		}
	}
	shown := w.recent(time.Time{})
	for _, o := range []outcome{{"other", "finished"}, {"completed", "other"}, {"unknown", "unknown"}, {"stopped", "no_results"}} {
		if shown[o] != 1 {
			t.Errorf("%+v is not among the recent %v", o, shown)
		}
	}
}

func TestOldResultsAreNotRecentAndThoseWithoutATimeAre(t *testing.T) {
	w := newWatched(t)
	noTime := scapi.ScanResult{ID: "3", Status: "Completed"}
	queued := scapi.ScanResult{ID: "4", Status: "Queued", Created: time.Unix(900, 0)}
	w.see(listed(result("1", "Completed", "Finished", 999), result("2", "Partial", "Finished", 1000), noTime, queued, result("5", "Running", "", 0)))
	got := w.recent(time.Unix(1000, 0))
	want := map[outcome]int{{"partial", "finished"}: 1, {"completed", "unknown"}: 1, {"running", "unknown"}: 1}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(outcome{})); d != "" {
		t.Errorf("recent (-want +got):\n%s", d)
	}
}

func TestTheLastResultIsRememberedUntilTheDefinitionGoes(t *testing.T) {
	w := newWatched(t)
	w.see(listed(result("1", "Completed", "Finished", 100), result("2", "Completed", "Finished", 300), result("3", "Completed", "Finished", 200)))
	w.see(listed()) // the results are no longer kept
	if s := w.only(t); s.last == nil || s.last.ID != "2" {
		t.Errorf("last result %+v, want 2", s.last)
	}
	w.see(schedule{listed: true})
	if n := len(w.scans(&Metrics{})); n != 0 {
		t.Errorf("%d scans are known although the definition is gone", n)
	}
	w.see(listed())
	if s := w.only(t); s.last != nil {
		t.Errorf("a new definition has the last result of the old one: %+v", s.last)
	}
}

func TestWhatTheDetailsToldIsKeptWhileTheImportGoesOn(t *testing.T) {
	w := newWatched(t)
	w.see(listed(result("1", "Completed", "Importing", 100)))
	s := w.only(t)
	s.last.detailed, s.last.LiveHosts = true, scapi.Some[int64](12)
	w.see(listed(result("1", "Completed", "Finished", 100)))
	if s := w.only(t); s.last.ImportStatus != "Finished" || s.last.LiveHosts != scapi.Some[int64](12) || !s.last.detailed {
		t.Errorf("after the import: %+v", s.last)
	}
	w.see(listed(result("2", "Completed", "Finished", 400)))
	if s := w.only(t); s.last.LiveHosts.Valid || s.last.detailed {
		t.Errorf("a new result has the hosts of the old one: %+v", s.last)
	}
}

func TestAScanRunsSinceItsLatestStartAndNoLongerWhenItEnded(t *testing.T) {
	w := newWatched(t)
	early, late := result("1", "Running", "No Results", 0), result("2", "Paused", "No Results", 0)
	early.Start, late.Start = time.Unix(1000, 0), time.Unix(2000, 0)
	w.see(listed(late, early))
	if s := w.only(t); !s.runningSince.Equal(late.Start) {
		t.Errorf("running since %s, want %s", s.runningSince, late.Start)
	}
	w.see(listed(result("2", "Completed", "Finished", 3000)))
	if s := w.only(t); !s.runningSince.IsZero() {
		t.Errorf("still running since %s", s.runningSince)
	}
}

func TestAResultWithoutDefinitionMakesNoScanWhereDefinitionsAreListed(t *testing.T) {
	w := newWatched(t)
	w.see(listed())
	lost := result("1", "Completed", "Finished", 100)
	lost.ScanID = "99"
	orphan := result("2", "Completed", "Finished", 100)
	orphan.ScanID = ""
	w.see(listed(lost, orphan))
	if s := w.only(t); s.id != "7" || s.last != nil {
		t.Errorf("scan %+v", s)
	}
	if w.total() != 2 || len(w.recent(time.Time{})) != 1 {
		t.Errorf("counted %d, recent %v", w.total(), w.recent(time.Time{}))
	}
}

func TestWithoutAListTheResultsNameTheScans(t *testing.T) {
	w := newWatched(t)
	r := result("1", "Completed", "Finished", 100)
	r.Name = "Weekly"
	w.see(schedule{results: []scapi.ScanResult{r}})
	if s := w.only(t); s.id != "7" || s.name != "Weekly" || s.last == nil {
		t.Errorf("scan %+v", s)
	}
}

func TestMoreScansThanTheBoundAreReportedAsDropped(t *testing.T) {
	w := newWatched(t)
	many := schedule{listed: true}
	for i := range 520 {
		id := strconv.Itoa(i + 1)
		many.scans = append(many.scans, scapi.Scan{ID: id, Name: "Scan " + id, NextRun: time.Unix(9000, 0)})
		r := result(id, "Completed", "Finished", 100)
		r.ScanID, r.Duration, r.ImportDuration, r.TotalIPs = id, scapi.Some(time.Minute), scapi.Some(time.Second), scapi.Some[int64](5)
		r.LiveHosts, r.DeadHosts = scapi.Some[int64](4), scapi.Some[int64](1)
		many.results = append(many.results, r)
	}
	w.see(many)
	settings := Settings{CollectorSettings: config.CollectorSettings{Own: map[string]any{"progress": false}}}
	m := NewMetrics(settings)
	(&scanLoader{history: w.scanHistory}).emit(m, settings, w.now)
	s := m.Snapshot(scansCollector().Families)
	if s.Dropped != 20*8 {
		t.Errorf("%d series are dropped for 20 scans, want 8 for each", s.Dropped)
	}
	for _, f := range s.Families() {
		if f.GetName() == "securitycenter_scan_last_success" {
			if n := len(f.Metric); n != 500 {
				t.Errorf("%d scans are shown, want 500", n)
			}
			for _, sample := range f.Metric {
				for _, label := range sample.Label {
					if n, err := strconv.Atoi(label.GetValue()); label.GetName() == "scan_id" && (err != nil || n > 500) {
						t.Errorf("scan %s is shown: want the first 500 by number", label.GetValue())
					}
				}
			}
		}
	}
}

// On SecurityCenter 4, which does not tell organisations, accounts may know
// different scans by one id: they are one only where all fields agree.
func TestRowsOfTwoAccountsAreOneObjectOnlyWhereAllFieldsAgree(t *testing.T) {
	scan := func(id, name string) scapi.Scan { return scapi.Scan{ID: id, Name: name} }
	a := func(s schedule) console.Answer[schedule] {
		return console.Answer[schedule]{Organization: "a", Value: s}
	}
	b := func(s schedule) console.Answer[schedule] {
		return console.Answer[schedule]{Organization: "b", Value: s}
	}
	same, other := result("1", "Completed", "Finished", 100), result("2", "Error", "No Results", 100)
	moving := same // it was running when the other account was asked
	moving.CompletedChecks, moving.Running, moving.Finish, moving.Status, moving.ImportStatus = scapi.Some[int64](7), true, time.Time{}, "Running", "No Results"
	another := other
	another.Start = another.Start.Add(time.Second)
	got := distinct([]console.Answer[schedule]{
		a(schedule{scans: []scapi.Scan{scan("1", "daily"), scan("2", "weekly")}, results: []scapi.ScanResult{moving, same, other}}),
		b(schedule{scans: []scapi.Scan{scan("1", "daily"), scan("2", "monthly")}, results: []scapi.ScanResult{same, another, same}}),
	})
	if s := got[0].Value; len(s.scans) != 2 || len(s.results) != 2 {
		t.Errorf("the first account has %d scans and %d results, want 2 and 2", len(s.scans), len(s.results))
	}
	if s := got[1].Value; len(s.scans) != 1 || s.scans[0].Name != "monthly" || len(s.results) != 1 || s.results[0].ID != "2" {
		t.Errorf("the second account has %v and %v, want its own monthly scan and result 2", s.scans, s.results)
	}
}
