//go:build e2e

package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// onEveryConsole has, for every default collector, families that both protocols can supply.
var onEveryConsole = []string{
	"securitycenter_account_up",
	"securitycenter_collector_success",
	"securitycenter_api_requests_total",
	"securitycenter_info",
	"securitycenter_license_valid",
	"securitycenter_license_ips_used",
	"securitycenter_feed_last_update_timestamp_seconds",
	"securitycenter_plugins",
	"securitycenter_scanner_info",
	"securitycenter_scanner_usable",
	"securitycenter_zone_scanners",
	"securitycenter_repository_info",
	"securitycenter_repository_ips",
	`securitycenter_vulnerabilities{severity="critical"}`,
	"securitycenter_hosts",
	"securitycenter_scan_results",
	"securitycenter_scan_last_finish_timestamp_seconds",
}

// onRESTConsole has families that only Tenable.sc 5 and later supply.
var onRESTConsole = []string{
	"securitycenter_vulnerability_score", // the other protocol does not add it up
	"securitycenter_job_daemon_running",
	"securitycenter_database_backup_last_success_timestamp_seconds",
	"securitycenter_feed_stale",
	"securitycenter_plugin_set_timestamp_seconds",
	"securitycenter_scan_next_run_timestamp_seconds",
}

func TestPrometheusScrapesTheDemoThroughOneServiceDiscoveryStanza(t *testing.T) {
	address := freeAddress(t)
	exporter := newClient("http://" + address)
	process := startExporter(t, exporter, address)

	server := startPrometheus(t, fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: securitycenter
    http_sd_configs:
      - {url: "http://%s/sd", refresh_interval: 1s}
`, address))

	entries := discovered(t, exporter, address, "http")
	var instances, consoles []string
	for _, d := range entries {
		instances = append(instances, d.Labels["instance"])
		if d.console() != "" {
			consoles = append(consoles, d.Labels["instance"])
		}
	}
	if len(consoles) != 2 {
		t.Fatalf("/sd names %d consoles, want 2: %v", len(consoles), entries)
	}

	server.waitUntil(t, "up == 1", instances)
	ready(t, process, exporter)
	server.waitUntil(t, "securitycenter_up == 1", consoles)
	for _, family := range onEveryConsole {
		server.waitUntil(t, family, consoles)
	}
	rest, err := server.instances(`securitycenter_info{version=~"[56][.].*"}`)
	if err != nil {
		t.Fatal(err)
	}
	if len(rest) != 1 {
		t.Errorf("consoles of version 5 or 6: %v, want one of the two", rest)
	}
	for _, family := range onRESTConsole {
		server.waitUntil(t, family, rest)
	}
	// The exporter's own metrics are its own, and no console's are among them.
	server.waitUntil(t, "securitycenter_exporter_build_info", without(instances, consoles))
	server.checkMetadata(t)
	server.checkNoDuplicates(t)

	t.Run("every exposition satisfies promtool and has no series twice", func(t *testing.T) {
		for _, d := range entries {
			body, err := exporter.get(d.path())
			if err != nil {
				t.Fatal(err)
			}
			keep(t, "metrics-"+d.Labels["instance"]+".txt", body)
			checkExposition(t, body)
		}
	})
	t.Run("every exposition has the same samples as text and as OpenMetrics", func(t *testing.T) {
		for _, d := range entries {
			checkBothFormats(t, process, exporter, d)
		}
	})
	t.Run("the landing page links to every exposition", func(t *testing.T) {
		page, err := exporter.get("/")
		if err != nil {
			t.Fatal(err)
		}
		keep(t, "landing.html", page)
		for _, d := range entries {
			if !strings.Contains(string(page), strings.TrimPrefix(d.path(), "/")) {
				t.Errorf("no link to %s", d.path())
			}
		}
	})
	targets, err := server.get("/api/v1/targets")
	if err != nil {
		t.Fatal(err)
	}
	keep(t, "prometheus-targets.json", targets)

	t.Run("the health check of the binary follows the exporter", func(t *testing.T) {
		check := func() error {
			return exec.Command(binary, "--healthcheck", "--web.listen-address="+address).Run()
		}
		if err := check(); err != nil {
			t.Errorf("of a running exporter: %v", err)
		}
		process.stop(t)
		if err := check(); err == nil {
			t.Error("of a stopped exporter: no error")
		}
	})
	server.eventually(t, 15*time.Second, func() error {
		left, err := server.query("up == 1")
		if err == nil && len(left) > 0 {
			err = fmt.Errorf("still up after the exporter has stopped: %v", left)
		}
		return err
	})
}

// without returns the names that are not among the others.
func without(names, others []string) []string {
	known := make(map[string]bool)
	for _, name := range others {
		known[name] = true
	}
	var rest []string
	for _, name := range names {
		if !known[name] {
			rest = append(rest, name)
		}
	}
	return rest
}
