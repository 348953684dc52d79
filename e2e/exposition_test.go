//go:build e2e

package e2e

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// checkExposition checks a body of metrics with promtool, and that it has no series twice.
func checkExposition(t *testing.T, body []byte) {
	t.Helper()
	lint := exec.Command(tool(t, "PROMTOOL", "promtool"), "check", "metrics")
	lint.Stdin = bytes.NewReader(body)
	if out, err := lint.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
	for name, family := range parse(t, body) {
		seen := make(map[string]bool)
		for _, metric := range family.GetMetric() {
			var labels strings.Builder
			for _, pair := range metric.GetLabel() {
				labels.WriteString(pair.String() + ";")
			}
			if seen[labels.String()] {
				t.Errorf("%s{%s} is there twice", name, labels.String())
			}
			seen[labels.String()] = true
			if metric.TimestampMs != nil {
				t.Errorf("%s has a time stamp of its own", name)
			}
		}
	}
}

func parse(t *testing.T, body []byte) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return families
}
