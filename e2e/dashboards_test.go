//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/dashboards"
	"github.com/securitycenter-exporter/securitycenter_exporter/demo"
)

// withoutAnswer are the expressions that may have no answer after a minute of the demonstration, and why.
var withoutAnswer = []exception{
	{"Alerts that fire", "", "no alerts are loaded"},
	{"Console upgraded", "", "nobody upgrades in a minute"},
	{"Feed updated", "", "the simulated feed comes once a day"},
	{"Risk rules changed", "", "nobody changes a rule in a minute"},
	{"Consoles", "securitycenter_tls_certificate", "the simulated consoles speak plain HTTP"},
	{"Certificate ends in", "", "the simulated consoles speak plain HTTP"},
	{"Days until the licence is full", "", "the number of hosts does not grow"},
	{"Scans that are late", "", "every simulated scan begins in time"},
	{"Scans that found no host", "", "every simulated scan finds hosts"},
	{"Scans that are getting slower", "", "simulated scans are as fast as ever"},
	{"Scans whose last result failed", "", "depends on the hour"},
	{"Longest running scan", "", "depends on the hour"},
	{"Progress of running scans", "", "depends on the hour"},
	{"Days to clear the backlog", "", "there are weeks in which nothing of a severity is mitigated"},
	{"Failed requests each minute", "", "after the start none has to fail"},
	{"Filters that a console refuses", "", "the current console knows every filter"},
}

// exception is about the expressions of a panel that have a part in them.
type exception struct{ panel, part, because string }

func (x exception) covers(e dashboards.Expression) bool {
	return x.panel == e.Panel && strings.Contains(e.Expr, x.part)
}

// daysAgo is what an expression compares with, for which a minute has no history: it is cut as short as the rules are
// in the test of the alerts.
var daysAgo = regexp.MustCompile(`\boffset [0-9]+[dh]\b`)

// chosen is what the variables of a board stand for.
var chosen = strings.NewReplacer(
	"$job", "securitycenter",
	"$instance", demo.Current,
	"$exporter", ".+",
	"$repository_id", "3", // a remote one, which has a time of synchronisation too
	"$sla", "default",
	"$__rate_interval", "20s",
	"$__range", "40s",
)

func TestEveryDashboardExpressionHasAnAnswer(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	exporter := newClient("http://" + address)
	ready(t, startExporter(t, exporter, address), exporter)
	server := startPrometheus(t, fmt.Sprintf(`
global: {scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 2s}
rule_files: ["%s/[lr]*.yml"] # limits and recording rules
scrape_configs:
  - job_name: securitycenter
    http_sd_configs:
      - {url: "http://%s/sd", refresh_interval: 1s}
`, shortRules(t, 2*time.Second, 20*time.Second), address))
	server.eventually(t, 2*time.Minute, func() error {
		instances, err := server.instances("count_over_time(securitycenter_up[2m]) >= 25")
		if err == nil && len(instances) < 2 {
			err = fmt.Errorf("only %v scraped for a minute; targets that are not up: %s", instances, server.lastErrors())
		}
		return err
	})

	expressions := dashboards.Expressions()
	if len(expressions) < 100 {
		t.Errorf("the boards have %d expressions, want at least 100", len(expressions))
	}
	for _, e := range expressions {
		query := daysAgo.ReplaceAllString(chosen.Replace(e.Expr), "offset 20s")
		found, err := server.query(query)
		if err != nil {
			t.Errorf("%s, %s: %v\n%s", e.Board, e.Panel, err, query)
			continue
		}
		if strings.Contains(query, "$") {
			t.Errorf("%s, %s: a variable is left in\n%s", e.Board, e.Panel, query)
		}
		if len(found) == 0 && !slices.ContainsFunc(withoutAnswer, func(x exception) bool { return x.covers(e) }) {
			t.Errorf("%s, %s: no answer to\n%s", e.Board, e.Panel, query)
		}
	}
	for _, x := range withoutAnswer {
		if !slices.ContainsFunc(expressions, x.covers) {
			t.Errorf("no panel %q has an expression with %q, which may be empty because %s", x.panel, x.part, x.because)
		}
	}
	for _, theme := range []string{"dark", "light"} {
		for _, board := range []string{"posture", "scanning", "owners"} {
			draw(t, server, board, theme)
		}
	}
}

// draw draws a board with Grafana's own components over what Prometheus has scraped, and keeps the picture. An error of a
// query or a component fails the test.
func draw(t *testing.T, server *prometheus, board, theme string) {
	t.Helper()
	folder := os.Getenv("DRAW")
	if folder == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("DRAW names no folder: see .ci/draw.sh")
		}
		t.Log("not drawn: DRAW names no folder")
		return
	}
	picture := filepath.Join(t.TempDir(), "board-"+board+"-"+theme+".png")
	command := exec.Command("node", filepath.Join(folder, "render.js"), filepath.Join("..", "dashboards", board+".json"), server.base, picture,
		"range=60", "scrape=2", "theme="+theme)
	if said, err := command.CombinedOutput(); err != nil {
		t.Errorf("draw board %s, %s: %v\n%s", board, theme, err, said)
	}
	image, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	keep(t, filepath.Base(picture), image)
}
