package collector_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// catalogue is what the collectors export: collector, name, type, labels. Dashboards and rules rely on it.
const catalogue = `
system securitycenter_info gauge version build_id acas classification
system securitycenter_license_valid gauge
system securitycenter_license_ips_used gauge
system securitycenter_license_ips_limit gauge
system securitycenter_job_daemon_running gauge
system securitycenter_jobs gauge type state
system securitycenter_database_backup_last_success_timestamp_seconds gauge
system securitycenter_database_backup_last_failure_timestamp_seconds gauge
system securitycenter_diagnostic_ok gauge check
system securitycenter_diagnostic_last_check_timestamp_seconds gauge
feeds securitycenter_feed_last_update_timestamp_seconds gauge feed
feeds securitycenter_feed_stale gauge feed
feeds securitycenter_feed_update_running gauge feed
feeds securitycenter_subscription_valid gauge feed
plugins securitycenter_plugin_set_timestamp_seconds gauge feed
plugins securitycenter_plugins gauge type
plugins securitycenter_plugins_by_family gauge family_id family type
scanners securitycenter_scanner_info gauge scanner_id scanner version type
scanners securitycenter_scanner_enabled gauge scanner_id scanner
scanners securitycenter_scanner_usable gauge scanner_id scanner
scanners securitycenter_scanner_status gauge scanner_id scanner status
scanners securitycenter_scanner_loaded_plugin_set_timestamp_seconds gauge scanner_id scanner
scanners securitycenter_scanner_plugin_set_timestamp_seconds gauge scanner_id scanner
scanners securitycenter_scanner_start_time_seconds gauge scanner_id scanner
scanners securitycenter_scanner_load_average gauge scanner_id scanner
scanners securitycenter_scanner_scans_running gauge scanner_id scanner
scanners securitycenter_scanner_hosts_scanning gauge scanner_id scanner
scanners securitycenter_scanner_tcp_sessions gauge scanner_id scanner
scanners securitycenter_scanner_disk_free_bytes gauge scanner_id scanner volume
scanners securitycenter_scanner_memory_bytes gauge scanner_id scanner kind
scanners securitycenter_zone_scanners gauge zone_id zone
scanners securitycenter_zone_scanners_active gauge zone_id zone
scanners securitycenter_zone_addresses gauge zone_id zone
scanners securitycenter_zone_modified_timestamp_seconds gauge zone_id zone
repositories securitycenter_repository_info gauge repository_id repository type data_format
repositories securitycenter_repository_accessible gauge repository_id repository
repositories securitycenter_repository_ips gauge repository_id repository
repositories securitycenter_repository_findings gauge repository_id repository
repositories securitycenter_repository_last_update_timestamp_seconds gauge repository_id repository
repositories securitycenter_repository_last_sync_timestamp_seconds gauge repository_id repository
vulnerabilities securitycenter_vulnerabilities gauge repository_id repository severity
vulnerabilities securitycenter_hosts gauge repository_id repository
vulnerabilities securitycenter_vulnerability_score gauge repository_id repository
risk securitycenter_unique_vulnerabilities gauge severity
risk securitycenter_hosts_affected gauge severity
risk securitycenter_vulnerabilities_exploitable gauge severity
risk securitycenter_vulnerabilities_accepted gauge severity
risk securitycenter_vulnerabilities_recast gauge severity
risk securitycenter_vulnerabilities_reopened gauge severity
risk securitycenter_vulnerabilities_aged gauge min_age_days severity
risk securitycenter_vulnerabilities_overdue gauge sla severity
risk securitycenter_vulnerabilities_due_soon gauge sla window severity
risk securitycenter_sla_threshold_seconds gauge sla severity
risk securitycenter_vulnerabilities_new gauge window severity
risk securitycenter_vulnerabilities_mitigated gauge window severity
risk securitycenter_remediation_findings gauge window severity
risk securitycenter_remediation_findings_within gauge window max_days severity
risk securitycenter_vulnerabilities_vpr gauge band
coverage securitycenter_hosts_seen gauge window
coverage securitycenter_hosts_assessed gauge window
coverage securitycenter_hosts_credentialed gauge window result
scans securitycenter_scan_results gauge status import_status
scans securitycenter_scan_results_ended_total counter status import_status
scans securitycenter_scan_last_finish_timestamp_seconds gauge organization_id scan_id scan repository_id
scans securitycenter_scan_next_run_timestamp_seconds gauge organization_id scan_id scan
scans securitycenter_scan_last_success gauge organization_id scan_id scan
scans securitycenter_scan_last_duration_seconds gauge organization_id scan_id scan
scans securitycenter_scan_last_import_duration_seconds gauge organization_id scan_id scan
scans securitycenter_scan_last_hosts gauge organization_id scan_id scan state
scans securitycenter_scan_running_since_timestamp_seconds gauge organization_id scan_id scan
scans securitycenter_scan_progress_ratio gauge organization_id scan_id scan
watches securitycenter_watch_vulnerabilities gauge watch severity
watches securitycenter_watch_hosts gauge watch
hosts securitycenter_host_vulnerabilities gauge repository_id ip host_uuid severity
hosts securitycenter_host_vulnerabilities_other gauge severity
families securitycenter_vulnerabilities_by_family gauge family_id family severity
assets securitycenter_vulnerabilities_by_asset gauge organization_id asset_id asset severity
assets securitycenter_asset_lists gauge status
subnets securitycenter_vulnerabilities_by_subnet gauge repository_id subnet severity
remediation securitycenter_remediation_risk_ratio gauge plugin_id
remediation securitycenter_top_plugin_hosts gauge plugin_id severity
compliance securitycenter_compliance_checks gauge audit_id audit result
tickets securitycenter_tickets gauge status
users securitycenter_users gauge state
risk_rules securitycenter_accept_risk_rules gauge state
risk_rules securitycenter_recast_risk_rules gauge
events securitycenter_events gauge type window
`

func TestTheCollectorsDeclareExactlyTheCatalogue(t *testing.T) {
	var declared, defaults []string
	for _, col := range collector.All() {
		if col.Default {
			defaults = append(defaults, col.Name)
		}
		for _, f := range col.Families {
			kind := map[collector.Type]string{collector.Gauge: "gauge", collector.Counter: "counter"}[f.Type]
			declared = append(declared, strings.Join(append([]string{col.Name, f.Name, kind}, f.Labels...), " "))
		}
	}
	want := strings.Split(strings.TrimSpace(catalogue), "\n")
	slices.Sort(want)
	slices.Sort(declared)
	if d := cmp.Diff(want, declared); d != "" {
		t.Errorf("declared families (-want +got):\n%s", d)
	}
	on := []string{"system", "feeds", "plugins", "scanners", "repositories", "vulnerabilities", "risk", "coverage", "scans"}
	if d := cmp.Diff(on, defaults); d != "" {
		t.Errorf("collectors that are on by default (-want +got):\n%s", d)
	}
}

func TestEveryMetricHasANameOfItsOwnAndAHelpTextThatIsASentence(t *testing.T) {
	seen := map[string]bool{}
	collectors := map[string]bool{}
	for _, col := range collector.All() {
		if collectors[col.Name] {
			t.Errorf("two collectors are called %s", col.Name)
		}
		collectors[col.Name] = true
		if col.Help == "" || !strings.HasSuffix(col.Help, ".") || col.Interval <= 0 {
			t.Errorf("collector %s: help %q, interval %s", col.Name, col.Help, col.Interval)
		}
		for _, f := range col.Families {
			if seen[f.Name] {
				t.Errorf("two families are called %s", f.Name)
			}
			seen[f.Name] = true
			first, _, _ := strings.Cut(f.Help, " ")
			if first == "" || strings.ToUpper(first[:1]) != first[:1] || !strings.HasSuffix(f.Help, ".") {
				t.Errorf("%s: %q is no sentence", f.Name, f.Help)
			}
			if i := slices.Index(f.Labels, "severity"); i >= 0 && i != len(f.Labels)-1 {
				t.Errorf("%s: labels %q, want the severity last", f.Name, f.Labels)
			}
			if counts := f.Type == collector.Counter; counts != strings.HasSuffix(f.Name, "_total") {
				t.Errorf("%s: only counters end in _total, and all of them", f.Name)
			}
		}
	}
}

func TestWhatIsEmittedIsDeclaredAndWhatIsDeclaredIsEmitted(t *testing.T) {
	emitted := map[string]bool{}
	for _, o := range []sctest.Options{{Seed: 6}, {Seed: 4, Dialect: sctest.RPC, Repositories: 3}} {
		synctest.Test(t, func(t *testing.T) {
			e := export(t, o)
			for _, col := range collector.All() {
				// Run leaves undeclared families out: the loader is run by itself.
				settings := completed(col, everything(col))
				m := collector.NewMetrics(settings)
				if err := col.New()(t.Context(), e.Console, settings, m); err != nil {
					t.Fatalf("%s on %s: %v", col.Name, o.Dialect, err)
				}
				declared := m.Snapshot(col.Families)
				if undeclared := m.Len() - declared.Series; undeclared != 0 {
					t.Errorf("%s on %s: %d samples of families that it does not declare", col.Name, o.Dialect, undeclared)
				}
				if len(declared.Duplicates) > 0 {
					t.Errorf("%s on %s sets samples twice: %v", col.Name, o.Dialect, declared.Duplicates)
				}
				for _, f := range declared.Families {
					emitted[f.GetName()] = true
				}
			}
		})
	}
	for _, col := range collector.All() {
		for _, f := range col.Families {
			if !emitted[f.Name] {
				t.Errorf("%s of collector %s comes from no console", f.Name, col.Name)
			}
		}
	}
}
