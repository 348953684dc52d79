package collector_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

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
			if strings.HasPrefix(f.Help, "Deprecated since ") != (f.Stability == collector.Deprecated) {
				t.Errorf("%s is %s, and its help is %q", f.Name, f.Stability, f.Help)
			}
			if i := slices.Index(f.Labels, "severity"); i >= 0 && i != len(f.Labels)-1 {
				t.Errorf("%s: labels %q, want the severity last", f.Name, f.Labels)
			}
			if f.Counter != strings.HasSuffix(f.Name, "_total") {
				t.Errorf("%s: only counters end in _total, and all of them", f.Name)
			}
		}
	}
}

func TestFamiliesAndSamplesComeInOrderAndCountersAreCounters(t *testing.T) {
	total := &collector.Family{Name: "a_total", Counter: true, Labels: []string{"z", "a"}}
	m := collector.NewMetrics(noLimits)
	fill(m)
	m.Set(total, 7, "1", "b")
	m.Set(total, 8, "2", "a")
	s := m.Snapshot(append([]*collector.Family{total}, known...))
	if d := cmp.Diff([]string{"a_total", "big", "middle", "small"}, familyNames(s)); d != "" {
		t.Errorf("order of families (-want +got):\n%s", d)
	}
	first := s.Families()[0]
	if first.GetType() != dto.MetricType_COUNTER || first.Metric[0].GetCounter().GetValue() != 8 {
		t.Errorf("%v: want a counter, ordered by the value of label a", first)
	}
	if labels := first.Metric[0].Label; labels[0].GetName() != "a" || labels[1].GetName() != "z" {
		t.Errorf("labels %v are not in order", labels)
	}
}
