package collector_test

import (
	"errors"
	"html"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

var (
	big    = &collector.Family{Name: "big", Labels: []string{"zone", "zone_id"}}
	middle = &collector.Family{Name: "middle", Labels: []string{"zone_id"}}
	small  = &collector.Family{Name: "small"}
	known  = []*collector.Family{middle, small, big}
)

// fill adds 5 samples to big, 3 to middle and 1 to small.
func fill(m *collector.Metrics) {
	for i, id := range []string{"1", "2", "3", "4", "5"} {
		m.Set(big, float64(i), "Zone "+id, id)
		if i < 3 {
			m.Set(middle, float64(i), id)
		}
	}
	m.Set(small, 1)
}

func familyNames(s collector.Snapshot) (names []string) {
	for _, f := range s.Families() {
		names = append(names, f.GetName())
	}
	return names
}

func TestOverTheLimitWholeFamiliesAreLeftOutTheLargestFirst(t *testing.T) {
	for _, tt := range []struct {
		limit, series, dropped int
		families               []string
	}{
		{0, 9, 0, []string{"big", "middle", "small"}},
		{9, 9, 0, []string{"big", "middle", "small"}},
		{8, 4, 5, []string{"middle", "small"}},
		{4, 4, 5, []string{"middle", "small"}},
		{3, 1, 8, []string{"small"}},
		{1, 1, 8, []string{"small"}},
	} {
		m := collector.NewMetrics(limited(tt.limit))
		fill(m)
		s := m.Snapshot(known)
		if d := cmp.Diff(tt.families, familyNames(s)); d != "" || s.Series != tt.series || s.Dropped != tt.dropped {
			t.Errorf("limit %d: %d series, %d dropped, families (-want +got):\n%s", tt.limit, s.Series, s.Dropped, d)
		}
	}
}

func TestALoadOverItsLimitSucceedsAndSaysWhatIsMissing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		s, err := e.run(t, "scanners", limited(150))
		if err != nil || s.Dropped != 14*15 || s.Series > 150 || s.Series == 0 {
			t.Errorf("%d series, %d dropped, %v; want the states of 14 scanners dropped", s.Series, s.Dropped, err)
		}
		for _, f := range s.Families() {
			if f.GetName() == "securitycenter_scanner_status" {
				t.Error("the largest family is still there")
			}
		}
	})
}

func TestRedactionEmptiesNamesAndKeepsIDsAndMakesNoDuplicates(t *testing.T) {
	ids := []string{"repository_id", "zone_id", "scanner_id", "scan_id"}
	limits := collector.Settings{Redact: map[string]bool{"repository": true, "zone": true, "scanner": true, "scan": true}}
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: dialect})
			for _, col := range collector.All() {
				plain, err := e.run(t, col.Name, noLimits)
				if errors.Is(err, console.ErrNotReadable) {
					continue // not on this dialect
				}
				if err != nil {
					t.Fatal(err)
				}
				redacted, err := e.run(t, col.Name, limits)
				if err != nil {
					t.Fatal(err)
				}
				if redacted.Series != plain.Series {
					t.Errorf("%s: %d series, but %d with redaction", col.Name, plain.Series, redacted.Series)
				}
				distinct := samplesOf(redacted.Families())
				if len(distinct) != redacted.Series {
					t.Errorf("%s: %d series, of which %d are different", col.Name, redacted.Series, len(distinct))
				}
				for _, f := range redacted.Families() {
					for _, m := range f.Metric {
						for _, l := range m.Label {
							if limits.Redact[l.GetName()] && l.GetValue() != "" {
								t.Errorf("%s: %s is %q", f.GetName(), l.GetName(), l.GetValue())
							}
							if slices.Contains(ids, l.GetName()) && l.GetValue() == "" {
								t.Errorf("%s: %s is empty", f.GetName(), l.GetName())
							}
						}
					}
				}
			}
		})
	}
}

func TestBytesThatAreNotUTF8AreReplacedAndDuplicatesKeepTheFirstValueAndAreCounted(t *testing.T) {
	m := collector.NewMetrics(collector.Settings{Redact: map[string]bool{"zone": true}})
	m.Set(middle, 1, "caf\xe9")
	m.Set(middle, 2, "caf\xe9")
	m.Set(middle, 3, "caf\xff") // the same text after the replacement
	m.Set(big, 1, "one", "1")
	m.Set(big, 2, "two", "1") // the same without the name
	m.Set(big, 3, "one\xff", "2")
	want := samples{"middle{zone_id=\"caf\uFFFD\"}": 1, `big{zone="",zone_id="1"}`: 1, `big{zone="",zone_id="2"}`: 3}
	got := m.Snapshot(known)
	diff(t, "samples", want, samplesOf(got.Families()))
	if got.Series != 3 {
		t.Errorf("%d series, want 3", got.Series)
	}
	if d := cmp.Diff(map[string]int{"middle": 2, "big": 1}, got.Duplicates); d != "" {
		t.Errorf("duplicates (-want +got):\n%s", d)
	}
}

func TestLabelValuesThatOnlyTogetherAreTheSameAreDifferentSeries(t *testing.T) {
	m := collector.NewMetrics(noLimits)
	m.Set(big, 1, "ab", "c")
	m.Set(big, 2, "a", "bc")
	if s := m.Snapshot(known); s.Series != 2 {
		t.Errorf("%d series, want 2", s.Series)
	}
}

func TestATimeThatIsUnknownMakesNoSample(t *testing.T) {
	m := collector.NewMetrics(noLimits)
	m.SetTime(middle, time.Time{}, "1")
	m.SetTime(middle, time.UnixMilli(1_700_000_000_250), "2")
	got := samplesOf(m.Snapshot(known).Families())
	diff(t, "times", samples{`middle{zone_id="2"}`: 1_700_000_000.25}, got)
}

func TestAValueThatIsUnknownMakesNoSample(t *testing.T) {
	m := collector.NewMetrics(noLimits)
	collector.SetOpt(m, middle, scapi.Opt[bool]{}, "1")
	collector.SetOpt(m, middle, scapi.Some(true), "2")
	collector.SetOpt(m, middle, scapi.Some(false), "3")
	collector.SetOpt(m, middle, scapi.Some(int64(7)), "4")
	collector.SetOpt(m, middle, scapi.Some(0.25), "5")
	collector.SetOpt(m, middle, scapi.Some(1500*time.Millisecond), "6")
	collector.SetOpt(m, middle, scapi.Opt[time.Duration]{}, "7")
	want := samples{}
	for id, v := range map[string]float64{"2": 1, "3": 0, "4": 7, "5": 0.25, "6": 1.5} {
		want[sample("middle", "zone_id", id)] = v
	}
	diff(t, "values", want, samplesOf(m.Snapshot(known).Families()))
}

func TestAValueIsWrittenAsItIs(t *testing.T) {
	m := collector.NewMetrics(noLimits)
	m.Set(small, math.MaxUint32)
	diff(t, "value", samples{"small": 4294967295}, samplesOf(m.Snapshot(known).Families()))
}

func TestLongLabelValuesAreCutAtACharacter(t *testing.T) {
	for _, tt := range []struct{ name, value, want string }{
		{"512 bytes", strings.Repeat("n", 512), strings.Repeat("n", 512)},
		{"513 bytes", strings.Repeat("n", 513), strings.Repeat("n", 509) + "…"},
		{"in a character", strings.Repeat("n", 507) + strings.Repeat("😀", 100_000), strings.Repeat("n", 507) + "…"},
		{"what gets longer", strings.Repeat("a\xff", 200), strings.Repeat("a\uFFFD", 127) + "a…"},
		{"what is no UTF-8", strings.Repeat("\xff", 1000), "\uFFFD…"},
	} {
		m := collector.NewMetrics(noLimits)
		m.Set(middle, 1, tt.value)
		got := m.Snapshot(known).Families()[0].Metric[0].Label[0].GetValue()
		if got != tt.want || len(got) > 512 || !utf8.ValidString(got) {
			t.Errorf("%s: %d bytes, %.600q; want %.600q", tt.name, len(got), got, tt.want)
		}
	}
}

func TestRowsWhoseTextsAreCutToTheSameAreAddedUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		long := strings.Repeat("login failure ", 50)
		e.simulated.Inject(sctest.Fault{Endpoint: "POST /analysis", Match: func(r sctest.Request) bool { return r.Tool == "sumtype" }, Effect: sctest.Answer(map[string]any{"totalRecords": "3", "results": []map[string]string{
			{"type": long + "1", "count": "2"}, {"type": long + "2", "count": "40"}, {"type": "logout", "count": "5"},
		}})})
		s, err := e.run(t, "events", noLimits)
		if err != nil {
			t.Fatal(err)
		}
		got := map[float64]bool{}
		for _, m := range s.Families()[0].Metric {
			got[m.GetGauge().GetValue()] = true
		}
		if want := (map[float64]bool{42: true, 5: true}); !maps.Equal(got, want) || len(s.Duplicates) > 0 {
			t.Errorf("events %v, duplicates %v; want %v and none", got, s.Duplicates, want)
		}
	})
}

// A console can put what it was asked into any name.
func TestANameThatIsASecretIsNoLabel(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: dialect})
			for _, name := range []string{"vulnerabilities", "system"} { // logs in
				if _, err := e.run(t, name, noLimits); err != nil {
					t.Fatal(err)
				}
			}
			for _, secret := range []string{sctest.AnalystPassword, sctest.AdminPassword} {
				for _, name := range []string{secret, "a " + secret + " b", url.QueryEscape(secret), html.EscapeString(secret)} {
					if got := e.Conceal(name); strings.Contains(got, secret) {
						t.Errorf("%q became %q", name, got)
					}
				}
			}
			if got := e.Conceal("Repository of the password"); got != "Repository of the password" {
				t.Errorf("an innocent name became %q", got)
			}
		})
	}
}
