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
	bubble(t, "of a watch that cannot be asked it says why", func(t *testing.T) {
		o := small(sctest.REST)
		o.Accounts = []sctest.Account{{Username: "one", Password: "a", Organization: 1}, {Username: "two", Password: "b", Organization: 2}}
		b := newBench(t, `
consoles: [{name: hq, url: "http://console.example", accounts: [{name: one, username: one, password: a}, {name: two, username: two, password: b}]}]
watches: [{name: mine, query: 1}]
owners: [{name: team, assets: [3]}]
`, map[string]sctest.Options{"hq": o})
		var out strings.Builder
		if err := b.exporter.Estimate(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		var nothing any
		if err := yaml.Unmarshal([]byte(out.String()), &nothing); err != nil || nothing != nil {
			t.Errorf("it is not a comment of YAML: %v", err)
		}
		if line := first(out.String(), "watch mine"); !strings.HasPrefix(line, "# missing: hq, watches: ") || !strings.Contains(line, "give it an account") {
			t.Errorf("%q does not say what to do in\n%s", line, &out)
		}
		if line := first(out.String(), "owner team"); !strings.HasPrefix(line, "# missing: hq, owners: ") || !strings.Contains(line, "give it an account") {
			t.Errorf("%q does not say what to do in\n%s", line, &out)
		}
		if landing := b.get("/"); !strings.Contains(landing, "give it an account") {
			t.Error("the landing page does not say why")
		}
		if lines := b.log.lines("give it an account"); len(lines) != 2 { // of the watch and of the owner
			t.Errorf("the log says it %d times", len(lines))
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
