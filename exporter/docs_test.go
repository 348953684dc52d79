package exporter

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// TestTheReferenceOfMetricsIsWhatTheCodeSays compares docs/metrics.md with what
// the collectors declare and what the exporter shows beside them. Write it anew
// with -update.
func TestTheReferenceOfMetricsIsWhatTheCodeSays(t *testing.T) {
	bubble(t, "docs/metrics.md", func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.settle()
		var doc strings.Builder
		doc.WriteString("# Metrics\n\nWritten by a test from what the code declares. What a console cannot say, or an account may not read, is absent.\n" +
			"Every metric is stable, experimental or deprecated: [stability.md](stability.md) says what that promises.\n")
		for _, c := range collector.All() {
			fmt.Fprintf(&doc, "\n## %s\n\n%s %s. Read again after %s; %s.\n", c.Name, c.Help, state(c), model.Duration(c.Interval), account(c.Account))
			if len(c.Keys) > 0 {
				doc.WriteString("Its own keys are in [configuration.md](configuration.md).\n")
			}
			if c.Explains() {
				doc.WriteString("[`scctl explain`](scctl.md#rows-behind-the-numbers) says how a number is asked for, and what it counts.\n")
			}
			doc.WriteString("\n")
			sourced(&doc, c.Families)
		}
		doc.WriteString("\n## Health of console and collectors\n\nOn every probe, whatever the collectors.\n\n")
		table(&doc, append(declared(healthFamilies), kept(t, b.get("/probe?target=hq"), "securitycenter_api_", "securitycenter_logins_")...))
		doc.WriteString("\n## The exporter itself\n\nOn the telemetry path only, beside `go_*`, `process_*` and `promhttp_*`.\n\n")
		table(&doc, kept(t, b.get("/metrics?only=exporter"), "securitycenter_exporter_"))

		path := filepath.Join("..", "docs", "metrics.md")
		if *update {
			if err := os.WriteFile(path, []byte(doc.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := gocmp.Diff(string(got), doc.String()); d != "" {
			t.Errorf("differs from the code (-file +code), write it anew with -update:\n%s", d)
		}
	})
}

func account(k scapi.Kind) string {
	if k == scapi.Administrator {
		return "an administrator can supply all of it"
	}
	return "a user of an organisation can supply all of it"
}

// state says whether a collector is on.
func state(c *collector.Collector) string {
	switch {
	case c.Default:
		return "On by default"
	case c.Name == "watches":
		return "On where there are watches"
	}
	return "Off unless it is switched on"
}

// sourced writes the metrics of a collector with where they come from.
func sourced(w *strings.Builder, families []*collector.Family) {
	w.WriteString("| metric | type | labels | meaning | REST | SecurityCenter 4 | cost for the console | stability |\n|---|---|---|---|---|---|---|---|\n")
	for i, m := range declared(families) {
		from := families[i].Source
		old := cmp.Or(from.RPC, "–")
		if from.Exception != "" {
			old += "; of " + from.Exception
		}
		fmt.Fprintf(w, "| `%s` | %s | %s | %s | %s | %s | %s | %s |\n", m.name, m.kind, cmp.Or(m.labels, "–"), m.help,
			cmp.Or(from.REST, "–"), old, from.Cost, m.stability)
	}
}

// metric is a row of the reference.
type metric struct {
	name, kind, labels, help string
	stability                collector.Stability
}

func table(w *strings.Builder, metrics []metric) {
	w.WriteString("| metric | type | labels | meaning | stability |\n|---|---|---|---|---|\n")
	for _, m := range metrics {
		fmt.Fprintf(w, "| `%s` | %s | %s | %s | %s |\n", m.name, m.kind, cmp.Or(m.labels, "–"), m.help, m.stability)
	}
}

// declared are the metrics of collectors.
func declared(families []*collector.Family) []metric {
	var metrics []metric
	for _, f := range families {
		kind := "gauge"
		if f.Counter {
			kind = "counter"
		}
		metrics = append(metrics, metric{f.Name, kind, strings.Join(f.Labels, ", "), f.Help, f.Stability})
	}
	return metrics
}

// kept are the metrics of an exposition whose names begin so: those that
// client_golang keeps for us.
func kept(t *testing.T, text string, prefixes ...string) []metric {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var metrics []metric
	for name, f := range families {
		if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
			continue
		}
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		metrics = append(metrics, metric{name, strings.ToLower(f.GetType().String()), strings.Join(labels, ", "), f.GetHelp(), collector.Stable})
	}
	slices.SortFunc(metrics, func(a, b metric) int { return strings.Compare(a.name, b.name) })
	return metrics
}
