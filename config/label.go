package config

import (
	"slices"
	"strings"

	"github.com/prometheus/common/model"
)

// labelsOfRules are the label names that Prometheus sets itself or gives a
// meaning, and those that the shipped rules put onto alerts. Metrics declare
// theirs: see Collector.Labels.
func labelsOfRules() []string {
	return []string{
		"job", "instance", "le", "quantile", "alertname", "alertstate", // Prometheus
		"severity", "class", "vuln_severity", // alerts
	}
}

// takenLabels returns the names, in order, that a label of a console may not
// have. Prometheus puts the labels of a target onto every series of it, and
// renames those of the metric that are in the way: with a label severity of the
// console all findings would have one severity, and every rule on it be silent.
func takenLabels(known []Collector) []string {
	names := labelsOfRules()
	for _, k := range known {
		names = append(names, k.Labels...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// readLabels reads the labels of a console, which may not have a name that is
// taken.
func readLabels(m *mapping, taken []string) map[string]string {
	var labels map[string]string
	for _, e := range m.open() {
		name := e.key.node.Value
		switch {
		case !model.LegacyValidation.IsValidLabelName(name), strings.HasPrefix(name, "__"):
			e.key.refuse("is not a valid label name", "a letter, then letters, digits or underscores, not beginning with two underscores")
			continue
		case slices.Contains(taken, name):
			e.key.refuse("is a label of metrics, rules or Prometheus itself", "another name than "+strings.Join(taken, ", "))
			continue
		}
		if s, ok := e.value.text("the value of the label"); ok {
			if labels == nil {
				labels = map[string]string{}
			}
			labels[name] = s
			e.value.print(s)
		}
	}
	return labels
}
