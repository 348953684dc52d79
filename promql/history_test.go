package promql

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/demo"
	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
	"github.com/securitycenter-exporter/securitycenter_exporter/history"
)

// TestPrometheusReadsTheRebuiltPast reads the files as promtool does: every series in
// the order of time, with the labels that service discovery gives.
func TestPrometheusReadsTheRebuiltPast(t *testing.T) {
	consoles, err := demo.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer consoles.Close()
	opened, err := exporter.Options{Load: func() (*config.Config, error) { return consoles.Config(exporter.KnownCollectors()) }}.Open()
	if err != nil {
		t.Fatal(err)
	}
	o := history.Options{Span: 3 * 24 * time.Hour, Step: 24 * time.Hour, Job: "securitycenter", Dir: t.TempDir(), Out: io.Discard}
	for _, c := range opened {
		defer func() { _ = c.Close() }()
		o.Consoles = append(o.Consoles, history.Console{Console: c.Console, Labels: c.Labels(), Settings: c.Settings})
	}
	if err := history.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(o.Dir, "*.om"))
	if err != nil {
		t.Fatal(err)
	}
	for _, console := range []string{demo.Current, demo.Old} {
		last, families := map[string]int64{}, map[string]bool{}
		for _, path := range paths {
			if matched, _ := filepath.Match(console+"-????-??.om", filepath.Base(path)); matched {
				readPast(t, path, console, last, families)
			}
		}
		for _, name := range history.Families() {
			if !families[name] {
				t.Errorf("%s: there is no %s", console, name)
			}
		}
	}
}

// readPast reads a file: last is the time of the latest sample of every series so far.
func readPast(t *testing.T, path, console string, last map[string]int64, families map[string]bool) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	parser := textparse.NewOpenMetricsParser(text, labels.NewSymbolTable())
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if entry != textparse.EntrySeries {
			continue
		}
		_, at, value := parser.Series()
		var l labels.Labels
		parser.Labels(&l)
		families[l.Get("__name__")] = true
		switch series := l.String(); {
		case at == nil:
			t.Fatalf("%s: %s has no time", path, series)
		case *at <= last[series]:
			t.Fatalf("%s: %s is at %d after %d", path, series, *at, last[series])
		case l.Get("job") != "securitycenter", l.Get("instance") != console, l.Get("environment") != "demo", value < 0, !slices.Contains([]string{"info", "low", "medium", "high", "critical"}, l.Get("severity")):
			t.Fatalf("%s: %s is %g", path, series, value)
		default:
			last[series] = *at
		}
	}
}
