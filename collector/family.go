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
}

// gathered returns the family with its samples in the order of their labels.
func (f *Family) gathered(samples []*dto.Metric) *dto.MetricFamily {
	slices.SortFunc(samples, func(a, b *dto.Metric) int {
		return slices.CompareFunc(a.Label, b.Label, func(x, y *dto.LabelPair) int {
			return strings.Compare(x.GetValue(), y.GetValue())
		})
	})
	kind := dto.MetricType_GAUGE
	if f.Counter {
		kind = dto.MetricType_COUNTER
	}
	return &dto.MetricFamily{Name: &f.Name, Help: &f.Help, Type: &kind, Metric: samples}
}
