package collector_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestTheCollectorsThatAreOnByDefault(t *testing.T) {
	var on []string
	for _, col := range collector.All() {
		if col.Default {
			on = append(on, col.Name)
		}
	}
	want := []string{"system", "feeds", "plugins", "scanners", "repositories", "vulnerabilities", "risk", "coverage", "scans"}
	if d := cmp.Diff(want, on); d != "" {
		t.Errorf("collectors that are on by default (-want +got):\n%s", d)
	}
}

func TestEveryMetricHasANameOfItsOwnAndAHelpTextThatIsASentence(t *testing.T) {
	seen := map[string]bool{}
	collectors := map[string]bool{}
	for _, col := range collector.All() {
		if collectors[col.Name] {
			t.Errorf("two collectors are called %s", col.Name)
		}
		collectors[col.Name] = true
		if col.Help == "" || !strings.HasSuffix(col.Help, ".") || col.Interval <= 0 {
			t.Errorf("collector %s: help %q, interval %s", col.Name, col.Help, col.Interval)
		}
		for _, f := range col.Families {
			if seen[f.Name] {
				t.Errorf("two families are called %s", f.Name)
			}
			seen[f.Name] = true
			if !f.Source.On(scapi.REST) && !f.Source.On(scapi.RPC) {
				t.Errorf("%s: no console tells it by %+v", f.Name, f.Source)
			}
			first, _, _ := strings.Cut(f.Help, " ")
			if first == "" || strings.ToUpper(first[:1]) != first[:1] || !strings.HasSuffix(f.Help, ".") {
				t.Errorf("%s: %q is no sentence", f.Name, f.Help)
			}
			if i := slices.Index(f.Labels, "severity"); i >= 0 && i != len(f.Labels)-1 {
				t.Errorf("%s: labels %q, want the severity last", f.Name, f.Labels)
			}
			if counts := f.Type == collector.Counter; counts != strings.HasSuffix(f.Name, "_total") {
				t.Errorf("%s: only counters end in _total, and all of them", f.Name)
			}
		}
	}
}

// A family that a console of one dialect shows and its source does not name
// there is wrong in docs/metrics.md, and so is one that it does not show.
func TestAFamilyIsEmittedWhereItsSourceNamesACallAndNoOtherIs(t *testing.T) {
	for _, o := range []sctest.Options{{Version: "6.4.0", Seed: 6}, {Version: "4.8.1", Seed: 4, Dialect: sctest.RPC, Repositories: 3}} {
		in(t, o.Version, func(t *testing.T) {
			e := export(t, o)
			for _, col := range collector.All() {
				// Run leaves undeclared families out: the loader is run by itself.
				settings := completed(col, everything(col))
				m := collector.NewMetrics(settings)
				if err := col.New()(t.Context(), e.Console, settings, m); err != nil {
					t.Fatalf("%s: %v", col.Name, err)
				}
				declared := m.Snapshot(col.Families)
				if undeclared := m.Len() - declared.Series; undeclared != 0 {
					t.Errorf("%s: %d samples of families that it does not declare", col.Name, undeclared)
				}
				if len(declared.Duplicates) > 0 {
					t.Errorf("%s sets samples twice: %v", col.Name, declared.Duplicates)
				}
				emitted := samplesOf(declared.Families)
				for _, f := range col.Families {
					if is, should := len(emitted.of(f.Name)) > 0, f.Source.On(api(o.Dialect)); is != should {
						t.Errorf("%s of collector %s is emitted: %v, and its source is %+v", f.Name, col.Name, is, f.Source)
					}
				}
			}
		})
	}
}
