package history_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/history"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

var severities = [5]string{"info", "low", "medium", "high", "critical"}

// target are the labels that Prometheus puts onto every series.
var target = []string{`environment="\"lab\""`, `instance="hq"`, `job="securitycenter"`}

// recount is what the files must say of a time, added up finding by finding. Those that
// a limit of the past is about are counted as they are today.
func recount(s *sctest.Server, findings []sctest.Finding, at time.Time) map[string]float64 {
	want := map[string]float64{}
	add := func(n float64, family string, severity int, labels ...string) {
		want[key(family, append(append(labels, target...), `severity="`+severities[severity]+`"`)...)] += n
	}
	one := map[bool]float64{true: 1}
	for _, repository := range s.Repositories() {
		for severity := range severities {
			if repository.Assigned {
				add(0, "securitycenter_vulnerabilities", severity, `repository_id="`+repository.ID+`"`, `repository="`+repository.Name+`"`)
			}
		}
	}
	rpc := s.Options().Dialect == sctest.RPC
	for _, f := range findings {
		if f.Accepted || f.WebApplication || f.PluginType == "compliance" {
			continue
		}
		within := func(t time.Time, days int) bool {
			from := at.Add(-time.Duration(days) * day)
			return !t.After(at) && (t.After(from) || t.Equal(from) && !rpc) // where a window excludes its beginning
		}
		open := !f.FirstSeen.After(at) && (f.Open() || f.LastMitigated.After(at))
		for _, repository := range s.Repositories() {
			if repository.ID == f.Host.Repository {
				add(one[open], "securitycenter_vulnerabilities", f.Severity, `repository_id="`+repository.ID+`"`, `repository="`+repository.Name+`"`)
			}
		}
		for _, n := range []int{1, 7} {
			window := `window="` + strconv.Itoa(n) + `d"`
			add(one[within(f.FirstSeen, n)], "securitycenter_vulnerabilities_new", f.Severity, window)
			add(one[!f.Open() && within(f.LastMitigated, n)], "securitycenter_vulnerabilities_mitigated", f.Severity, window)
		}
		for _, p := range policies {
			days, has := p.Days[severities[f.Severity]]
			began := map[string]time.Time{"first_seen": f.FirstSeen, "patch_published": f.PatchPublished}[p.Basis]
			if has {
				add(one[open && !began.IsZero() && !began.After(at.Add(-time.Duration(days)*day))], "securitycenter_vulnerabilities_overdue", f.Severity, `sla="`+p.Name+`"`)
			}
		}
	}
	return want
}

func TestEveryDayIsThatOfARecount(t *testing.T) {
	for _, name := range exhaustive.Sample(slices.Sorted(maps.Keys(dialects)), 2) {
		o := dialects[name]
		t.Run(name, func(t *testing.T) {
			on(t, o, func(p *past) {
				span := 12
				if exhaustive.Tests {
					span = 40
				}
				findings := slices.Collect(p.simulated.Findings())
				all := samples(p.t, p.must(p.options(span)))
				minute := 0 * time.Minute
				if o.Dialect == sctest.RPC { // which counts whole days back from the minute of the request
					minute = now.Sub(now.Truncate(time.Hour))
				}
				days := map[time.Time]map[string]float64{}
				until := now.Add(-3 * time.Hour)
				for series, of := range all {
					for i, s := range of {
						began := s.at.Truncate(day)
						if o.Dialect == sctest.RPC {
							began = s.at.Add(-15 * time.Hour).Truncate(day).Add(15 * time.Hour)
						}
						if days[began] == nil {
							days[began] = map[string]float64{}
						}
						first, known := days[began][series]
						days[began][series] = s.value
						if known && first != s.value {
							p.t.Fatalf("%s changes within the day, at %s", series, s.at)
						}
						if i > 0 && (s.at.Sub(of[i-1].at) <= 0 || s.at.Sub(of[i-1].at) >= 5*time.Minute) {
							p.t.Fatalf("%s: %s comes after %s", series, s.at, of[i-1].at)
						}
					}
					if last := of[len(of)-1].at; !last.Before(until) || until.Sub(last) > 5*time.Minute {
						p.t.Errorf("%s ends at %s, want %s", series, last, until)
					}
				}
				if n := len(days); n != span {
					p.t.Errorf("%d days, want %d", n, span)
				}
				changes := map[string]bool{}
				for began, got := range days {
					want := recount(p.simulated, findings, began.Add(minute))
					if d := cmp.Diff(want, got); d != "" {
						p.t.Fatalf("%s (-want +got):\n%s", began, d)
					}
					changes[fmt.Sprint(want)] = true
				}
				if len(changes) < span/2 {
					p.t.Errorf("there are but %d different days: this proves little", len(changes))
				}
			})
		})
	}
}

// What no date tells is counted, so that who reads the past knows how much it may be wrong.
func TestFindingsWhosePastIsNotToldAreCounted(t *testing.T) {
	for name, o := range dialects {
		t.Run(name, func(t *testing.T) {
			on(t, o, func(p *past) {
				p.must(p.options(2))
				for family, is := range map[string]func(sctest.Finding) bool{
					"accepted": func(f sctest.Finding) bool { return f.Accepted },
					"recast":   func(f sctest.Finding) bool { return f.Recast && !f.Accepted },
					"reopened": func(f sctest.Finding) bool { return f.Reopened && !f.Accepted },
				} {
					n := 0
					var by [5]int
					for f := range p.simulated.Findings() {
						if f.Open() && !f.WebApplication && f.PluginType != "compliance" && is(f) {
							n++
							by[f.Severity]++
						}
					}
					line := regexp.MustCompile(`hq: findings of today in securitycenter_vulnerabilities_` + family + `, .*`).FindString(p.out.String())
					if n == 0 || !strings.Contains(line, fmt.Sprintf("not told: %d (", n)) || !strings.Contains(line, fmt.Sprintf(`severity="high" %d`, by[3])) {
						t.Errorf("want %d, %v: %q", n, by, line)
					}
				}
			})
		})
	}
}

func TestTheRequestsAreThoseForeseenOneAtATimeAndAPauseBetween(t *testing.T) {
	for name, o := range dialects {
		t.Run(name, func(t *testing.T) {
			o.Latency, o.Now = 100*time.Millisecond, passing
			on(t, o, func(p *past) {
				options := p.options(5)
				options.Pause = 2 * time.Second
				p.must(options)
				said := p.out.String()
				var steps, series, all, each int
				if _, err := fmt.Sscanf(regexp.MustCompile(`hq: from .*`).FindString(said), "hq: from %s until %s %d steps", new(string), new(string), &steps); err != nil {
					t.Fatal(err, said)
				}
				if _, err := fmt.Sscanf(regexp.MustCompile(`\d+ series; .*`).FindString(said), "%d series; %d analysis requests, %d for each", &series, &all, &each); err != nil {
					t.Fatal(err, said)
				}
				log := p.simulated.Requests()
				var began []time.Time
				past := 0
				for _, r := range log {
					if r.Tool == "" {
						continue
					}
					began = append(began, r.Time)
					if len(began) > 1 && r.Time.Sub(began[len(began)-2]) < options.Pause {
						t.Errorf("%s was asked %s after another", r.Tool, r.Time.Sub(began[len(began)-2]))
					}
					if r.InFlight > 1 {
						t.Error("two requests at a time")
					}
					past++
				}
				// Beside the steps there are the check of filters, and the present for the seam.
				if beside := past - all; steps != 5 || all != steps*each || beside < each/2 || beside > each+12 {
					t.Errorf("%d requests were sent, of which %d beside those foreseen: %s", past, beside, said)
				}
				if n := len(samples(t, files(t, options.Dir))); n != series {
					t.Errorf("%d series are written, %d were foreseen", n, series)
				}
			})
		})
	}
}

func TestWhoIsInterruptedGoesOnAndWritesTheSameToTheByte(t *testing.T) {
	for _, name := range exhaustive.Sample(slices.Sorted(maps.Keys(dialects)), 2) {
		t.Run(name, func(t *testing.T) {
			on(t, dialects[name], func(p *past) {
				whole := p.options(12)
				want := p.must(whole)
				if len(want) != 1 && len(want) != 2 {
					t.Fatalf("%d files", len(want))
				}
				sent := p.simulated.Count(func(r sctest.Request) bool { return r.Tool != "" })
				broken := p.options(12)
				p.breaks = sent / 2
				if err := p.run(broken); err == nil || !strings.Contains(err.Error(), "goes on from there") {
					t.Fatalf("the console broke down: %v", err)
				}
				if got := files(t, broken.Dir); len(got) > 0 {
					t.Errorf("there are %d files, as if it were done", len(got))
				}
				cut(t, filepath.Join(broken.Dir, "hq.steps"))
				p.breaks = 0
				p.simulated.ForgetRequests()
				if d := cmp.Diff(want, p.must(broken)); d != "" {
					t.Errorf("resumed (-whole +resumed):\n%s", d)
				}
				if again := p.simulated.Count(func(r sctest.Request) bool { return r.Tool != "" }); again >= sent*9/10 {
					t.Errorf("%d requests for the rest, of %d for all", again, sent)
				}
				p.simulated.ForgetRequests()
				if d := cmp.Diff(want, p.must(broken)); d != "" || !strings.Contains(p.out.String(), "the seam") {
					t.Errorf("done once more (-whole +again):\n%s", d)
				}
			})
		})
	}
}

// cut takes the end of a file away, as a process that ends while it writes does.
func cut(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text[:len(text)-40], 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAnotherHistoryIsNotMixedWithTheOneThatIsKept(t *testing.T) {
	on(t, dialects["REST"], func(p *past) {
		o := p.options(3)
		o.Families = []string{"securitycenter_vulnerabilities"}
		p.must(o)
		for what, change := range map[string]func(*history.Options){
			"length":   func(o *history.Options) { o.Span += day },
			"step":     func(o *history.Options) { o.Step = 6 * time.Hour },
			"families": func(o *history.Options) { o.Families = nil },
			"end":      func(o *history.Options) { o.Until = now.Add(-5 * time.Hour) },
		} {
			other := o
			change(&other)
			if err := p.run(other); err == nil || !strings.Contains(err.Error(), "another history") {
				t.Errorf("another %s: %v", what, err)
			}
		}
	})
}

func TestNothingIsWrittenBeforeTheShortestLifetime(t *testing.T) {
	on(t, dialects["REST"], func(p *past) {
		p.says = func(text string) string {
			return strings.Replace(text, `"mitigatedVulnsLifetime":"365"`, `"mitigatedVulnsLifetime":"20"`, 1)
		}
		first := map[string]time.Time{}
		for series, of := range samples(t, p.must(p.options(60))) {
			family, _, _ := strings.Cut(series, "{")
			if strings.Contains(series, `window="7d"`) {
				family += " 7d"
			}
			if strings.Contains(series, `window="1d"`) {
				family += " 1d"
			}
			if at := first[family]; at.IsZero() || of[0].at.Before(at) {
				first[family] = of[0].at
			}
		}
		begin := now.Add(-20 * day).Truncate(day).Add(day) // the first midnight
		for family, want := range map[string]time.Time{
			"securitycenter_vulnerabilities": begin, "securitycenter_vulnerabilities_overdue": begin,
			"securitycenter_vulnerabilities_new 1d": begin.Add(day), "securitycenter_vulnerabilities_mitigated 1d": begin.Add(day),
			"securitycenter_vulnerabilities_new 7d": begin.Add(7 * day), "securitycenter_vulnerabilities_mitigated 7d": begin.Add(7 * day),
		} {
			if !first[family].Equal(want) {
				t.Errorf("%s begins at %s, want %s", family, first[family], want)
			}
		}
		if !strings.Contains(p.out.String(), "keeps what happened since 2026-11-07T15:30:10Z") {
			t.Errorf("it does not say why: %s", p.out.String())
		}
	})
}

func TestStepsOfHoursAreForConsolesThatTellHours(t *testing.T) {
	hours := func(p *past) history.Options {
		o := p.options(2)
		o.Step, o.Until, o.Families = 6*time.Hour, now.Add(-30*time.Minute), []string{"securitycenter_vulnerabilities"}
		return o
	}
	t.Run("REST", func(t *testing.T) {
		on(t, dialects["REST"], func(p *past) {
			all := samples(t, p.must(hours(p)))
			for series, of := range all {
				if first := of[0].at; !first.Equal(time.Date(2026, 11, 25, 18, 0, 0, 0, time.UTC)) || len(of) != int(now.Add(-30*time.Minute).Sub(first)/(4*time.Minute))+1 {
					t.Errorf("%s has %d samples from %s", series, len(of), first)
				}
			}
			if len(all) == 0 {
				t.Error("nothing is written")
			}
		})
	})
	t.Run("RPC", func(t *testing.T) {
		on(t, dialects["RPC"], func(p *past) {
			if err := p.run(hours(p)); err == nil || !strings.Contains(err.Error(), "whole days") {
				t.Errorf("SecurityCenter 4 in steps of hours: %v", err)
			}
		})
	})
}

// SecurityCenter 4.2 has no window between two days: what needs one is left out, and the
// rest is there.
func TestWhatAVersionCannotTellIsLeftOutWithTheReason(t *testing.T) {
	on(t, sctest.Options{Dialect: sctest.RPC, Version: "4.2.0", Hosts: 20}, func(p *past) {
		families := map[string]bool{}
		for series := range samples(t, p.must(p.options(3))) {
			family, _, _ := strings.Cut(series, "{")
			families[family] = true
		}
		if !families["securitycenter_vulnerabilities"] || !families["securitycenter_vulnerabilities_overdue"] || families["securitycenter_vulnerabilities_new"] || families["securitycenter_vulnerabilities_mitigated"] {
			t.Errorf("there are %v", families)
		}
		if !regexp.MustCompile(`left out of 3 of 3 steps: .*securitycenter_vulnerabilities_new.*cannot tell`).MatchString(p.out.String()) ||
			!regexp.MustCompile(`securitycenter_vulnerabilities_new +severity="high",window="7d" +absent +\d+`).MatchString(p.out.String()) {
			t.Errorf("it does not say what is left out: %s", p.out.String())
		}
	})
}
