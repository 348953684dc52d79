package sctest_test

import (
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// onBothDialects runs a test with a console of each.
func onBothDialects(t *testing.T, test func(t *testing.T, s *sctest.Server)) {
	t.Helper()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		t.Run(dialect.String(), func(t *testing.T) {
			test(t, sctest.Start(t, sctest.Options{Dialect: dialect, Now: fixed}))
		})
	}
}

// scannerStatus returns what an administrator reads of the scanners, by id.
func (c *client) scannerStatus() map[string]int {
	c.t.Helper()
	var scanners []struct{ ID, Status string }
	if c.s.Options().Dialect == sctest.RPC {
		var lists struct {
			Scanners *[]struct{ ID, Status string }
		}
		lists.Scanners = &scanners
		c.decode(c.rpc("scanner", "init", map[string]any{}), &lists)
	} else {
		c.decode(c.rest(http.MethodGet, "/scanner?fields=id,status", nil), &scanners)
	}
	status := map[string]int{}
	for _, s := range scanners {
		status[s.ID] = atoi(c.t, s.Status)
	}
	return status
}

func TestAScannerChangesItsStateAndStaysInItsZone(t *testing.T) {
	t.Parallel()
	onBothDialects(t, func(t *testing.T, s *sctest.Server) {
		admin := newClient(t, s).admin()
		before, zones := s.Scanners(), s.Zones()
		s.Change(func(now *sctest.State) { now.Scanners["1"] = 2 })
		for i, is := range s.Scanners() {
			want := before[i]
			if is.ID == "1" {
				want.Status = 2
			}
			if is != want {
				t.Errorf("scanner %+v, want %+v", is, want)
			}
			if told := admin.scannerStatus()[is.ID]; told != is.Status {
				t.Errorf("the console tells status %d of scanner %s, want %d", told, is.ID, is.Status)
			}
		}
		for i, is := range s.Zones() {
			want := zones[i]
			if want.ID == before[0].Zone {
				want.Active--
			}
			if is != want {
				t.Errorf("zone %+v, want %+v", is, want)
			}
		}

		s.Change(func(now *sctest.State) {
			for _, scanner := range before {
				now.Scanners[scanner.ID] = 1
			}
		})
		for _, is := range s.Scanners() {
			if is.Status != 1 || !is.Enabled || admin.scannerStatus()[is.ID] != 1 {
				t.Errorf("scanner %+v, want all enabled and of status 1", is)
			}
		}
		for i, is := range s.Zones() {
			if is.Active != is.Total || is.Total != zones[i].Total {
				t.Errorf("zone %+v, want %d scanners, all of them active", is, zones[i].Total)
			}
		}

		s.Change(func(now *sctest.State) { *now = sctest.State{} })
		if now := s.Scanners(); !slices.Equal(now, before) {
			t.Errorf("scanners %+v, want those of the beginning: %+v", now, before)
		}
	})
}

func TestTheStatusTellsWhichZonesWork(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Now: fixed})
	admin := newClient(t, s).admin()
	working := func() int {
		var status struct{ Zones []struct{ Status string } }
		admin.decode(admin.rest(http.MethodGet, "/status", nil), &status)
		n := 0
		for _, zone := range status.Zones {
			if zone.Status == "Working" {
				n++
			}
		}
		return n
	}
	if n := working(); n != 3 {
		t.Errorf("%d zones work, want all but the last of 4", n)
	}
	s.Change(func(now *sctest.State) { now.Scanners["6"] = 1 })
	if n := working(); n != 4 {
		t.Errorf("%d zones work after a scanner of the last was mended, want 4", n)
	}
}

func TestAFeedGrowsOld(t *testing.T) {
	t.Parallel()
	onBothDialects(t, func(t *testing.T, s *sctest.Server) {
		admin := newClient(t, s).admin()
		updated := func(feed string) time.Time {
			var of map[string]struct{ UpdateTime string }
			if s.Options().Dialect == sctest.RPC {
				var plugins struct {
					LastUpdates *map[string]struct{ UpdateTime string }
				}
				plugins.LastUpdates = &of
				admin.decode(admin.rpc("plugin", "init", map[string]any{}), &plugins)
			} else {
				admin.decode(admin.rest(http.MethodGet, "/feed", nil), &of)
			}
			return time.Unix(int64(atoi(t, of[feed].UpdateTime)), 0)
		}
		active, passive := updated("active"), updated("passive")
		s.Change(func(now *sctest.State) { now.FeedAge["active"] = 72 * time.Hour })
		if age := active.Sub(updated("active")); age != 72*time.Hour {
			t.Errorf("the active feed is %s older, want 72h", age)
		}
		if age := passive.Sub(updated("passive")); age != 0 {
			t.Errorf("the passive feed is %s older, want as it was", age)
		}
	})
}

func TestAnOldFeedIsStale(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Now: fixed})
	admin := newClient(t, s).admin()
	for _, tt := range []struct {
		age   time.Duration
		stale string
	}{{0, "false"}, {23 * time.Hour, "false"}, {24 * time.Hour, "true"}} {
		s.Change(func(now *sctest.State) { now.FeedAge["active"] = tt.age })
		var feeds map[string]struct{ Stale string }
		admin.decode(admin.rest(http.MethodGet, "/feed", nil), &feeds)
		if feeds["active"].Stale != tt.stale || feeds["passive"].Stale != "false" {
			t.Errorf("%s older: %v, want an active feed with stale=%s", tt.age, feeds, tt.stale)
		}
	}
}

func TestAnOutbreakIsOneMoreCriticalFindingOnEveryHostScannedDaily(t *testing.T) {
	t.Parallel()
	onBothDialects(t, func(t *testing.T, s *sctest.Server) {
		analyst := newClient(t, s).analyst()
		found := func() (n [5]int) {
			for f := range s.Findings() {
				if f.Open() {
					n[f.Severity]++
				}
			}
			return n
		}
		daily := 0
		for h := range s.Hosts() {
			if clock.Unix()-h.LastSeen <= 2*86400 {
				daily++
			}
		}
		before := found()
		if told := analyst.severities("cumulative"); told != before || daily < 50 {
			t.Fatalf("the console tells %v, the findings are %v, %d hosts are scanned daily", told, before, daily)
		}

		s.Change(func(now *sctest.State) { now.Outbreak = true })
		after := found()
		want := before
		want[4] += daily
		if told := analyst.severities("cumulative"); told != after || after != want {
			t.Errorf("in an outbreak the console tells %v, the findings are %v, want %v", told, after, want)
		}
		fresh := 0
		for f := range s.Findings() {
			if f.Severity == 4 && f.FirstSeen.Equal(f.LastSeen) && f.LastSeen.Unix() == f.Host.LastSeen {
				fresh++
			}
		}
		if fresh < daily {
			t.Errorf("%d critical findings were first seen by the latest scan, want at least %d", fresh, daily)
		}

		s.Change(func(now *sctest.State) { now.Outbreak = false })
		if told := analyst.severities("cumulative"); told != before {
			t.Errorf("after the outbreak the console tells %v, want %v", told, before)
		}
	})
}

func TestLateJobsCanBeTakenAway(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Now: fixed})
	admin := newClient(t, s).admin()
	jobs := func() (all, late int) {
		var list []struct{ Status, TargetedTime string }
		admin.decode(admin.rest(http.MethodGet, "/job?fields=status,targetedTime", nil), &list)
		for _, job := range list {
			if due, err := strconv.ParseInt(job.TargetedTime, 10, 64); err != nil {
				t.Error(err)
			} else if job.Status == "0" && due < clock.Unix()-300 {
				late++
			}
		}
		return len(list), late
	}
	all, late := jobs()
	if late == 0 {
		t.Fatalf("none of %d jobs is late at first", all)
	}
	s.Change(func(now *sctest.State) { now.NoLateJobs = true })
	if left, still := jobs(); still != 0 || left != all-late {
		t.Errorf("%d jobs, %d of them late, want %d and none", left, still, all-late)
	}
}

func TestAPasswordCanBeChanged(t *testing.T) {
	t.Parallel()
	onBothDialects(t, func(t *testing.T, s *sctest.Server) {
		open := newClient(t, s).analyst()
		s.SetPassword(sctest.AnalystUsername, "another")
		newClient(t, s).login(sctest.AnalystUsername, "another")
		newClient(t, s).admin() // whose password is as it was
		if told := open.severities("cumulative"); told == [5]int{} {
			t.Error("the session that was open before tells nothing")
		}
		old := map[string]string{"username": sctest.AnalystUsername, "password": sctest.AnalystPassword}
		stranger := newClient(t, s)
		var e envelope
		if s.Options().Dialect == sctest.RPC {
			e = stranger.rpc("auth", "login", old)
		} else {
			e = stranger.rest(http.MethodPost, "/token", old)
		}
		if e.Code == 0 {
			t.Errorf("the old password logs in: %s", e.Body)
		}
	})
}

// A console's clock may be far off: its time stamps and what it makes of windows follow its own.
func TestAClockThatIsAheadIsTheConsolesOwn(t *testing.T) {
	t.Parallel()
	const ahead = 90 * time.Minute
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		now := clock
		s := sctest.Start(t, sctest.Options{Dialect: dialect, Hosts: 30, Now: func() time.Time { return now.Add(ahead) }})
		c := newClient(t, s).analyst()
		if e := c.ask("sumip", "cumulative", 0, 1); e.Time != now.Add(ahead).Unix() {
			t.Errorf("%s: time stamp %d, want %d", dialect, e.Time, now.Add(ahead).Unix())
		}
		later := 0
		for _, r := range s.ScanResults() {
			if r.Started.After(now) {
				later++
			}
		}
		if later == 0 {
			t.Fatalf("%s: no result began in the last 90 minutes", dialect)
		}
		now = now.Add(time.Hour)
		if e := c.ask("sumip", "cumulative", 0, 1); e.Code != 12 { // an hour without use
			t.Errorf("%s: the session did not end by the console's clock: %s", dialect, e.Body)
		}
	}
}
