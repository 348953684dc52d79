package collector

import (
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// Family describes a metric.
type Family struct {
	Name    string
	Help    string // a full sentence with the unit and what absence means
	Source  Source
	Counter bool // else a gauge
	Labels  []string
	// Dated: it is told from dates that the console keeps, so that its past can be
	// told too; see Collector.RunAt.
	Dated bool
	// Uncounted says, of what is read from findings, why there are no rows behind
	// its numbers; empty where they are counts of findings, hosts or plugins.
	Uncounted string
	// Stability is what a version promises for it; Stable unless it says otherwise.
	Stability Stability
}

// order returns the places of the labels in the order of their names.
func (f *Family) order() []int {
	order := make([]int, len(f.Labels))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(f.Labels[a], f.Labels[b]) })
	return order
}

// sort puts samples in the order of their labels.
func (f *Family) sort(rows []sample) {
	order := f.order()
	slices.SortFunc(rows, func(a, b sample) int {
		for _, i := range order {
			if n := strings.Compare(a.labels[i], b.labels[i]); n != 0 {
				return n
			}
		}
		return 0
	})
}

// gathered returns the family with these samples.
func (f *Family) gathered(rows []sample) *dto.MetricFamily {
	order := f.order()
	kind := dto.MetricType_GAUGE
	if f.Counter {
		kind = dto.MetricType_COUNTER
	}
	family := &dto.MetricFamily{Name: &f.Name, Help: &f.Help, Type: &kind, Metric: make([]*dto.Metric, len(rows))}
	for i := range rows {
		r := &rows[i]
		metric := &dto.Metric{Label: make([]*dto.LabelPair, len(order))}
		for at, label := range order {
			metric.Label[at] = &dto.LabelPair{Name: &f.Labels[label], Value: &r.labels[label]}
		}
		if f.Counter {
			metric.Counter = &dto.Counter{Value: &r.value}
		} else {
			metric.Gauge = &dto.Gauge{Value: &r.value}
		}
		family.Metric[i] = metric
	}
	return family
}
