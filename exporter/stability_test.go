package exporter

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
)

// promised is every metric whose name, type and labels a version number vouches
// for, as the lists of testdata/stable have it.
func promised(t *testing.T) map[string]bool {
	b := newBench(t, hq, nil)
	b.settle()
	metrics := slices.Concat(declared(healthFamilies), kept(t, b.get("/probe?target=hq"), "securitycenter_api_", "securitycenter_logins_"),
		kept(t, b.get("/metrics?only=exporter"), "securitycenter_exporter_"))
	for _, c := range collector.All() {
		metrics = append(metrics, declared(c.Families)...)
	}
	lines := map[string]bool{}
	for _, m := range metrics {
		if m.stability != collector.Experimental {
			lines[m.line()] = true
		}
	}
	return lines
}

// line is the metric with its labels in order, however they are declared.
func (m metric) line() string {
	labels := strings.Split(m.labels, ", ")
	slices.Sort(labels)
	return fmt.Sprintf("%s %s %s", m.name, m.kind, cmp.Or(strings.Join(labels, ","), "-"))
}

// TestAStableMetricNeverChangesUnnoticed compares the metrics of this version with
// the lists of all releases of this major version, and of the next one. Nothing
// takes a line out of a list but a hand: -update only adds to that of the next
// release.
func TestAStableMetricNeverChangesUnnoticed(t *testing.T) {
	bubble(t, "testdata/stable", func(t *testing.T) {
		now := promised(t)
		lists, err := filepath.Glob(filepath.Join("testdata", "stable", "*.txt"))
		if err != nil {
			t.Fatal(err)
		}
		next := filepath.Join("testdata", "stable", "next.txt")
		if !slices.Contains(lists, next) {
			t.Fatalf("%s is missing", next)
		}
		listed, said := map[string]bool{}, map[string][]string{}
		for _, list := range lists {
			text, err := os.ReadFile(list)
			if err != nil {
				t.Fatal(err)
			}
			said[list] = strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
			for _, line := range said[list] {
				listed[line] = true
				if !now[line] {
					t.Errorf("%s promises %q, which is not so any more: a stable metric keeps name, type and labels until the next major version (docs/stability.md)", list, line)
				}
			}
		}
		var added []string
		for line := range now {
			if !listed[line] {
				added = append(added, line)
			}
		}
		if *update && len(added) > 0 {
			all := slices.Sorted(slices.Values(append(said[next], added...)))
			if err := os.WriteFile(next, []byte(strings.Join(all, "\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		if len(added) > 0 {
			t.Errorf("no list has these stable metrics; make them experimental, or promise them with -update:\n%s", strings.Join(added, "\n"))
		}
	})
}
