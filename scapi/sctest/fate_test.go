package sctest_test

import (
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// countFindings counts the findings that the test picks, by severity.
func countFindings(s *sctest.Server, pick func(sctest.Finding) bool) (n [5]int) {
	for f := range s.Findings() {
		if pick(f) {
			n[f.Severity]++
		}
	}
	return n
}

func daily(f sctest.Finding) bool { return clock.Unix()-f.Host.LastSeen <= 2*86400 }

func TestTheFateOfAPluginIsToldByEveryQuery(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fate  sctest.Fate
		hit   func(sctest.Finding) bool // of the plugin's findings, as they were
		after func(open, gone *[5]int, f sctest.Finding)
	}{
		"fixed":    {sctest.Fixed, func(f sctest.Finding) bool { return f.Open() && daily(f) }, func(open, gone *[5]int, f sctest.Finding) { open[f.Severity]--; gone[f.Severity]++ }},
		"accepted": {sctest.Accepted, sctest.Finding.Open, func(_, _ *[5]int, _ sctest.Finding) {}},
		"recast": {sctest.Recast, func(sctest.Finding) bool { return true }, func(open, gone *[5]int, f sctest.Finding) {
			if !f.Open() {
				open = gone
			}
			open[f.Severity]--
			open[f.Severity-1]++
		}},
		"reopened": {sctest.Reopened, func(f sctest.Finding) bool { return !f.Open() && daily(f) }, func(open, gone *[5]int, f sctest.Finding) { open[f.Severity]++; gone[f.Severity]-- }},
	} {
		t.Run(name, func(t *testing.T) {
			onBothDialects(t, func(t *testing.T, s *sctest.Server) {
				analyst := newClient(t, s).analyst()
				open, gone := countFindings(s, sctest.Finding.Open), countFindings(s, func(f sctest.Finding) bool { return !f.Open() })
				hits := map[int]int{}
				for f := range s.Findings() {
					if f.Severity > 1 && tt.hit(f) {
						hits[f.PluginID]++
					}
				}
				most := 0
				for id, n := range hits {
					if n > hits[most] || n == hits[most] && id < most {
						most = id
					}
				}
				for f := range s.Findings() {
					if f.PluginID == most && tt.hit(f) {
						tt.after(&open, &gone, f)
					}
				}
				s.Change(func(now *sctest.State) { now.Fates[most] = tt.fate })
				if told := analyst.severities("cumulative"); told != open {
					t.Errorf("%d open findings told, want %d", told, open)
				}
				if told := analyst.severities("patched"); told != gone {
					t.Errorf("%d mitigated findings told, want %d", told, gone)
				}
				var bad int
				for f := range s.Findings() {
					if f.PluginID != most || !f.Open() {
						continue
					}
					switch {
					case tt.fate == sctest.Accepted && !f.Accepted, tt.fate == sctest.Recast && !f.Recast, tt.fate == sctest.Fixed && daily(f):
						bad++
					}
				}
				if hits[most] < 5 || bad > 0 {
					t.Errorf("plugin %d: %d findings hit, %d are not what they should be", most, hits[most], bad)
				}
			})
		})
	}
}

func TestWhatNoScanSeesAgesOut(t *testing.T) {
	t.Parallel()
	onBothDialects(t, func(t *testing.T, s *sctest.Server) {
		analyst := newClient(t, s).analyst()
		all := analyst.severities("cumulative")
		want := countFindings(s, func(f sctest.Finding) bool { return f.Open() && clock.Sub(f.LastSeen) < 30*24*time.Hour })
		s.Change(func(now *sctest.State) { now.Lifetime = 30 * 24 * time.Hour })
		if told := analyst.severities("cumulative"); told != want || told == all {
			t.Errorf("%d open findings told, want %d of %d", told, want, all)
		}
	})
}

func TestARepositoryThatIsWithdrawnIsTheAdministratorsOnly(t *testing.T) {
	t.Parallel()
	onBothDialects(t, func(t *testing.T, s *sctest.Server) {
		analyst := newClient(t, s).analyst()
		want := countFindings(s, func(f sctest.Finding) bool { return f.Open() && f.Host.Repository != "1" })
		s.Change(func(now *sctest.State) { now.Withdrawn["1"] = true })
		if told := analyst.severities("cumulative"); told != want {
			t.Errorf("%d open findings told, want %d", told, want)
		}
		for _, r := range s.Repositories() {
			if r.Assigned != (r.ID != "1") {
				t.Errorf("repository %s: assigned is %t", r.ID, r.Assigned)
			}
		}
	})
}
