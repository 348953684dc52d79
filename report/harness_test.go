package report

import (
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 5, 20, 9, 30, 0, 0, time.UTC)

// ago is that time before now, in seconds since the epoch.
func ago(d time.Duration) float64 { return float64(now.Add(-d).Unix()) }

// world is families that are put together series by series.
type world map[string]*dto.MetricFamily

// set sets a series; labels are name, value, name, value.
func (w world) set(family string, value float64, labels ...string) {
	f := w[family]
	if f == nil {
		f = &dto.MetricFamily{Name: &family, Type: dto.MetricType_GAUGE.Enum()}
		w[family] = f
	}
	m := &dto.Metric{Gauge: &dto.Gauge{Value: &value}}
	for i := 0; i < len(labels); i += 2 {
		m.Label = append(m.Label, &dto.LabelPair{Name: &labels[i], Value: &labels[i+1]})
	}
	for i, o := range f.Metric {
		if pairs(o) == pairs(m) {
			f.Metric[i] = m
			return
		}
	}
	f.Metric = append(f.Metric, m)
}

func pairs(m *dto.Metric) string {
	var b strings.Builder
	for _, l := range m.Label {
		b.WriteString(l.GetName() + "\x00" + l.GetValue() + "\x00")
	}
	return b.String()
}

func (w world) families() []*dto.MetricFamily {
	var all []*dto.MetricFamily
	for _, f := range w {
		all = append(all, f)
	}
	return all
}

// without is the world without a family.
func (w world) without(family string) { delete(w, family) }

// sound is a console against which nothing speaks, and which tells something in every
// section. Its objects are named as name says.
func sound(name func(string) string) world {
	w := world{}
	w.set("securitycenter_info", 1, "version", name("6.4.0"), "classification", name("SECRET"), "acas", "false")
	w.set("securitycenter_up", 1)
	w.set("securitycenter_account_up", 1, "account", name("analyst"))
	w.set("securitycenter_account_blocked", 0, "account", name("analyst"))
	w.set("securitycenter_clock_skew_seconds", -2)
	for _, c := range []string{"vulnerabilities", "risk", "coverage", "feeds", "scanners"} {
		w.set("securitycenter_collector_interval_seconds", 1800, "collector", c)
		w.set("securitycenter_collector_success", 1, "collector", c)
		w.set("securitycenter_collector_permitted", 1, "collector", c)
		w.set("securitycenter_collector_last_success_timestamp_seconds", ago(time.Second), "collector", c)
		w.set("securitycenter_collector_series_dropped", 0, "collector", c)
	}
	w.set("securitycenter_check_ok", 1, "check", "one_row")
	for i, id := range []string{"1", "2"} {
		of := []string{"repository_id", id, "repository", name("Default")}
		w.set("securitycenter_repository_accessible", 1, of...)
		w.set("securitycenter_repository_info", 1, append(of, "type", "local", "data_format", "IPv4")...)
		w.set("securitycenter_repository_last_update_timestamp_seconds", ago(time.Hour), of...)
		w.set("securitycenter_hosts", float64(100*(i+1)), of...)
		w.set("securitycenter_vulnerability_score", float64(5000*(i+1)), of...)
		for n, s := range severities {
			w.set("securitycenter_vulnerabilities", float64((i+1)*(n+1)*100), append(of, "severity", s)...)
		}
	}
	for n, s := range severities {
		for _, family := range []string{"exploitable", "accepted", "recast", "reopened"} {
			w.set("securitycenter_vulnerabilities_"+family, float64(10+n), "severity", s)
		}
		w.set("securitycenter_hosts_affected", float64(20+n), "severity", s)
		w.set("securitycenter_unique_vulnerabilities", float64(7+n), "severity", s)
		for _, window := range []string{"1d", "7d"} {
			w.set("securitycenter_vulnerabilities_new", float64(30+n), "window", window, "severity", s)
			w.set("securitycenter_vulnerabilities_mitigated", float64(25-n), "window", window, "severity", s)
		}
		w.set("securitycenter_vulnerabilities_aged", float64(50-n), "min_age_days", "30", "severity", s)
		w.set("securitycenter_remediation_findings", 40, "window", "30d", "severity", s)
		w.set("securitycenter_remediation_findings_within", 10, "window", "30d", "max_days", "7", "severity", s)
		w.set("securitycenter_vulnerabilities_overdue", float64(3+n), "sla", name("default"), "severity", s)
		w.set("securitycenter_sla_threshold_seconds", 7*24*3600, "sla", name("default"), "severity", s)
		w.set("securitycenter_owner_vulnerabilities", float64(9+n), "owner", name("payments"), "severity", s)
		w.set("securitycenter_owner_vulnerabilities_overdue", float64(2+n), "owner", name("payments"), "sla", name("default"), "severity", s)
		w.set("securitycenter_watch_vulnerabilities", float64(4+n), "watch", name("kev"), "severity", s)
	}
	w.set("securitycenter_owner_hosts", 12, "owner", name("payments"))
	w.set("securitycenter_owner_unassigned_hosts", 5)
	w.set("securitycenter_watch_hosts", 6, "watch", name("kev"))
	w.set("securitycenter_hosts_seen", 290, "window", "30d")
	w.set("securitycenter_hosts_assessed", 280, "window", "30d")
	w.set("securitycenter_hosts_credentialed", 270, "window", "30d", "result", "success")
	w.set("securitycenter_feed_last_update_timestamp_seconds", ago(10*time.Hour), "feed", "active")
	w.set("securitycenter_feed_stale", 0, "feed", "active")
	w.set("securitycenter_subscription_valid", 1, "feed", "active")
	w.set("securitycenter_license_valid", 1)
	w.set("securitycenter_license_ips_used", 300)
	w.set("securitycenter_license_ips_limit", 512)
	w.set("securitycenter_job_daemon_running", 1)
	w.set("securitycenter_plugin_set_timestamp_seconds", ago(20*time.Hour), "feed", "active")
	of := []string{"scanner_id", "1", "scanner", name("dmz")}
	w.set("securitycenter_scanner_info", 1, append(of, "version", name("10.8.3"), "type", "")...)
	w.set("securitycenter_scanner_enabled", 1, of...)
	w.set("securitycenter_scanner_usable", 1, of...)
	w.set("securitycenter_scanner_status", 1, append(of, "status", "working")...)
	w.set("securitycenter_scanner_loaded_plugin_set_timestamp_seconds", ago(20*time.Hour), of...)
	w.set("securitycenter_zone_scanners", 1, "zone_id", "1", "zone", name("DMZ"))
	w.set("securitycenter_zone_scanners_active", 1, "zone_id", "1", "zone", name("DMZ"))
	scan := []string{"organization_id", "1", "scan_id", "4", "scan", name("weekly")}
	w.set("securitycenter_scan_last_success", 1, scan...)
	w.set("securitycenter_scan_last_finish_timestamp_seconds", ago(26*time.Hour), scan...)
	w.set("securitycenter_scan_next_run_timestamp_seconds", ago(-24*time.Hour), scan...)
	return w
}

func itself(s string) string { return s }

// made is the report of consoles at now.
func made(t *testing.T, consoles ...Console) *Report {
	t.Helper()
	r, err := New(Options{Now: now, Days: 7, Generator: "test"}, consoles)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// written is the report in both formats.
func written(t *testing.T, r *Report) (html, markdown string) {
	t.Helper()
	var h, m strings.Builder
	if err := r.WriteHTML(&h); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteMarkdown(&m); err != nil {
		t.Fatal(err)
	}
	return h.String(), m.String()
}
