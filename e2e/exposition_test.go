//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strconv"
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

// samples returns the values of a page by series, whatever its format: bounds of buckets are read as numbers.
func samples(t *testing.T, page []byte) map[string]float64 {
	t.Helper()
	values := make(map[string]float64)
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		series := line[:at]
		if before, rest, is := strings.Cut(series, `le="`); is {
			bound, after, _ := strings.Cut(rest, `"`)
			number, err := strconv.ParseFloat(bound, 64)
			if err != nil {
				t.Fatalf("line %q: %v", line, err)
			}
			series = fmt.Sprintf(`%sle="%v"%s`, before, number, after)
		}
		values[series] = value
	}
	return values
}

// checkBothFormats checks that a page has the same samples as text and as OpenMetrics. The values of the exporter's own
// metrics differ from scrape to scrape.
func checkBothFormats(t *testing.T, p *process, c *client, d target) {
	t.Helper()
	p.eventually(t, settled, func() error { // a load may end between the two scrapes
		text, err := c.getAs(d.path(), "text/plain;version=0.0.4")
		if err != nil {
			return err
		}
		open, err := c.getAs(d.path(), "application/openmetrics-text;version=1.0.0")
		if err != nil {
			return err
		}
		if !bytes.HasSuffix(open, []byte("\n# EOF\n")) || bytes.Contains(text, []byte("# EOF")) {
			return fmt.Errorf("%s: the answers are not text and OpenMetrics", d.path())
		}
		inText, inOpen := samples(t, text), samples(t, open)
		if d.console() == "" {
			for _, values := range []map[string]float64{inText, inOpen} {
				for series := range values {
					values[series] = 0
				}
			}
		}
		if !maps.Equal(inText, inOpen) {
			return fmt.Errorf("%s: %d samples as text, %d as OpenMetrics, and they differ: %v", d.path(), len(inText), len(inOpen), differing(inText, inOpen))
		}
		return nil
	})
}

// differing names series whose samples differ, at most ten.
func differing(a, b map[string]float64) []string {
	var names []string
	for series, value := range a {
		if other, is := b[series]; !is || other != value {
			names = append(names, series)
		}
	}
	for series := range b {
		if _, is := a[series]; !is {
			names = append(names, series)
		}
	}
	slices.Sort(names)
	return names[:min(len(names), 10)]
}
