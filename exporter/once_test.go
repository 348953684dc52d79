package exporter

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestOnce(t *testing.T) {
	bubble(t, "writes all gauges of a console with its name, and no counter", func(t *testing.T) {
		b := newBench(t, hq, nil)
		var out bytes.Buffer
		if err := b.exporter.Once(t.Context(), &out, ""); err != nil {
			t.Fatal(err)
		}
		p := parse(t, out.String())
		scraped := b.probe("hq")
		for series, v := range scraped {
			name, labels, labelled := strings.Cut(series, "{")
			if strings.HasSuffix(name, "_total") || strings.HasPrefix(name, "securitycenter_api_") {
				continue
			}
			if labelled {
				labels = "," + strings.TrimSuffix(labels, "}")
			}
			p.want(t, "once", map[string]float64{withConsole(name, labels, "hq"): v})
		}
		named := func(series string) bool {
			name, _, _ := strings.Cut(series, "{")
			return strings.HasSuffix(name, "_total")
		}
		if slices.ContainsFunc(slices.Collect(maps.Keys(p)), named) || strings.Contains(out.String(), " counter\n") || strings.Contains(out.String(), " histogram\n") {
			t.Error("there are counters")
		}
		if len(p.family("securitycenter_vulnerabilities")) == 0 {
			t.Error("there are no vulnerabilities")
		}
	})

	bubble(t, "puts several consoles into one valid exposition", func(t *testing.T) {
		b := newBench(t, hq+branch, nil)
		var out bytes.Buffer
		if err := b.exporter.Once(t.Context(), &out, ""); err != nil {
			t.Fatal(err)
		}
		problems, err := promlint.New(strings.NewReader(out.String())).Lint()
		if err != nil || len(problems) > 0 {
			t.Errorf("%v %v", problems, err)
		}
		parse(t, out.String()).want(t, "both", map[string]float64{`securitycenter_up{console="hq"}`: 1, `securitycenter_up{console="branch"}`: 1})
	})

	bubble(t, "writes one file for each console", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "sc.prom")
		b := newBench(t, hq+branch, nil)
		var out bytes.Buffer
		if err := b.exporter.Once(t.Context(), &out, file); err != nil {
			t.Fatal(err)
		}
		for console, other := range map[string]string{"hq": "branch", "branch": "hq"} {
			path := strings.Replace(file, "sc.prom", "sc-"+console+".prom", 1)
			p := parse(t, read(t, path))
			p.want(t, path, map[string]float64{`securitycenter_up{console="` + console + `"}`: 1, `securitycenter_up{console="` + other + `"}`: absent})
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
				t.Errorf("%v %v: node_exporter could not read it", info.Mode(), err)
			}
		}
		if out.Len() > 0 {
			t.Error("something was written to the output as well")
		}
	})

	bubble(t, "names the file of a lone console as it was told", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "sc.prom")
		b := newBench(t, hq, nil)
		if err := b.exporter.Once(t.Context(), &bytes.Buffer{}, file); err != nil {
			t.Fatal(err)
		}
		parse(t, read(t, file)).want(t, file, map[string]float64{`securitycenter_up{console="hq"}`: 1})
	})

	bubble(t, "says what could not be read, and writes the rest", func(t *testing.T) {
		b := newBench(t, hq+branch, nil)
		b.consoles["hq"].Inject(sctest.Fault{Endpoint: feedRequest, Effect: sctest.Refuse(http.StatusForbidden, 999, "The moon is full.")})
		var out bytes.Buffer
		err := b.exporter.Once(t.Context(), &out, "")
		for _, word := range []string{"console hq", "collector feeds", "account admin", "The moon is full."} {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("the error does not say %q: %v", word, err)
			}
		}
		parse(t, out.String()).want(t, "the rest", map[string]float64{
			`securitycenter_collector_success{collector="feeds",console="hq"}`:     0,
			`securitycenter_collector_success{collector="system",console="hq"}`:    1,
			`securitycenter_collector_success{collector="feeds",console="branch"}`: 1,
		})
	})

	bubble(t, "says what was not answered in time", func(t *testing.T) {
		b := newBench(t, hq+only("feeds"), nil)
		b.consoles["hq"].Inject(sctest.Fault{Endpoint: feedRequest, Effect: sctest.Hang()})
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		err := b.exporter.Once(ctx, &bytes.Buffer{}, "")
		if err == nil || !strings.Contains(err.Error(), "console hq: collector feeds: no answer in time") {
			t.Errorf("%v", err)
		}
	})

	bubble(t, "does not call it a failure that an account may not read something", func(t *testing.T) {
		b := newBench(t, with(admin), nil)
		if err := b.exporter.Once(t.Context(), &bytes.Buffer{}, ""); err != nil {
			t.Error(err)
		}
	})

	bubble(t, "says that a file cannot be written", func(t *testing.T) {
		b := newBench(t, hq, nil)
		if err := b.exporter.Once(t.Context(), &bytes.Buffer{}, filepath.Join(t.TempDir(), "no", "such", "folder")); err == nil {
			t.Error("no error")
		}
	})
}

// withConsole is a series with the label console among its labels, which are
// written as ,a="1",b="2" and sorted with those before console in front.
func withConsole(name, labels, console string) string {
	own := `console="` + console + `"`
	if labels == "" {
		return name + "{" + own + "}"
	}
	return name + "{" + labels[1:] + "," + own + "}"
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
