package exporter

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestAnEstimateSaysWhatEveryCollectorMakesAndAsks(t *testing.T) {
	bubble(t, "of two consoles", func(t *testing.T) {
		b := newBench(t, hq+branch+"\ncollectors: {scanners: {max_series: 3}}\n", map[string]sctest.Options{"branch": small(sctest.RPC)})
		var out strings.Builder
		if err := b.exporter.Estimate(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		var nothing any
		if err := yaml.Unmarshal([]byte(out.String()), &nothing); err != nil || nothing != nil {
			t.Errorf("it is not a comment of YAML: %v", err)
		}
		for _, console := range []string{"hq", "branch"} {
			rows := map[string][]string{}
			for line := range strings.Lines(out.String()) {
				if cells := strings.Fields(line); len(cells) > 3 && cells[1] == console {
					rows[cells[2]] = cells[3:]
				}
			}
			asked := 0
			page := b.probe(console)
			for _, name := range b.exporter.target(console).collectorNames() {
				row := rows[name]
				if len(row) < 6 {
					t.Fatalf("%s: no row of %s in\n%s", console, name, &out)
				}
				for column, metric := range []string{"series", "series_dropped"} {
					if got := strconv.Itoa(int(page[of(metric, name)])); row[column] != got {
						t.Errorf("%s: %s of %s is %s, want %s", console, metric, name, row[column], got)
					}
				}
				queries, err := strconv.Atoi(row[2])
				if err != nil {
					t.Fatal(err)
				}
				asked += queries
			}
			if seen := b.requests(console, "POST /analysis", "vuln::query"); asked != seen {
				t.Errorf("%s: %d analysis requests are told, %d were made", console, asked, seen)
			}
			if rows["scanners"][1] == "0" {
				t.Errorf("%s: nothing of scanners is left out", console)
			}
		}
	})
	bubble(t, "of a console that fails it says what", func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.consoles["hq"].Inject(sctest.Fault{Endpoint: "GET /feed", Effect: sctest.Refuse(http.StatusForbidden, 999, "The moon is full.")})
		var out strings.Builder
		err := b.exporter.Estimate(t.Context(), &out)
		for _, word := range []string{"console hq", "collector feeds", "The moon is full."} {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%v: does not say %q", err, word)
			}
		}
		if line := first(out.String(), "feeds"); !strings.Contains(line, "failed") {
			t.Errorf("%q does not say that it failed", line)
		}
	})
}
