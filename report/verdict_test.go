package report

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestNothingSpeaksAgainstASoundConsole(t *testing.T) {
	t.Parallel()
	r := made(t, Console{Name: "hq", Families: sound(itself).families()})
	if r.Belief() != Believed || len(r.Consoles[0].Reasons) != 0 {
		t.Errorf("%s: %+v", r.Belief(), r.Consoles[0].Reasons)
	}
	html, markdown := written(t, r)
	for _, page := range []string{html, markdown} {
		if !strings.Contains(page, "Nothing speaks against them.") || !strings.Contains(page, "SECRET") {
			t.Error(page)
		}
	}
}

// What speaks against numbers, one by one: each is a sound console with one thing that
// is not.
func TestTheVerdictSaysWhyNumbersMayNotBeBelieved(t *testing.T) {
	t.Parallel()
	repository := []string{"repository_id", "2", "repository", "Default"}
	scanner := []string{"scanner_id", "1", "scanner", "dmz"}
	scan := []string{"organization_id", "1", "scan_id", "4", "scan", "weekly"}
	for name, tt := range map[string]struct {
		change func(w world, c *Console)
		belief Belief
		alert  string
		says   string
	}{
		"a console that is down": {func(w world, _ *Console) { w.set("securitycenter_up", 0) }, NotBelieved, "SecurityCenterDown", "did not answer"},
		"an account that never logged in": {func(w world, _ *Console) {
			w.set("securitycenter_account_up", 0, "account", "analyst")
		}, NotBelieved, "SecurityCenterAccountLeftOut", "Account analyst could not log in"},
		"an account that is left alone": {func(w world, _ *Console) {
			w.without("securitycenter_account_up")
			w.set("securitycenter_account_blocked", 1, "account", "analyst")
		}, NotBelieved, "SecurityCenterAccountLeftOut", "analyst"},
		"an account that answered before": {func(w world, _ *Console) {
			w.set("securitycenter_account_up", 0, "account", "analyst")
			w.set("securitycenter_logins_total", 1, "account", "analyst", "result", "success")
		}, WithReservations, "SecurityCenterAccountDown", "stopped answering"},
		"clocks that differ": {func(w world, _ *Console) { w.set("securitycenter_clock_skew_seconds", -301) }, WithReservations, "SecurityCenterClockSkew", "5 min"},
		"no count": {func(w world, c *Console) {
			w.set("securitycenter_collector_success", 0, "collector", "vulnerabilities")
			w.without("securitycenter_vulnerabilities")
			c.Failures = []Said{{"risk", "another"}, {"vulnerabilities", "the moon is full"}}
		}, NotBelieved, "SecurityCenterCollectorFailing", "Collector vulnerabilities failed: the moon is full"},
		"a collector that failed": {func(w world, _ *Console) { w.set("securitycenter_collector_success", 0, "collector", "risk") }, WithReservations, "SecurityCenterCollectorFailing", "risk"},
		"a collector that did not end": {func(w world, _ *Console) {
			w.without("securitycenter_collector_success")
			for _, c := range []string{"vulnerabilities", "coverage", "feeds", "scanners"} {
				w.set("securitycenter_collector_success", 1, "collector", c)
			}
		}, WithReservations, "SecurityCenterCollectorNeverRan", "risk"},
		"a collector that nobody may read": {func(w world, _ *Console) { w.set("securitycenter_collector_permitted", 0, "collector", "risk") }, WithReservations, "SecurityCenterCollectorNotPermitted", "risk"},
		"findings that nobody may read": {func(w world, _ *Console) {
			w.set("securitycenter_collector_permitted", 0, "collector", "vulnerabilities")
		}, NotBelieved, "SecurityCenterCollectorNotPermitted", "vulnerabilities"},
		"old numbers": {func(w world, _ *Console) {
			w.set("securitycenter_collector_last_success_timestamp_seconds", ago(2*time.Hour), "collector", "risk")
		}, WithReservations, "SecurityCenterCollectorStale", "2 h"},
		"series that were left out":     {func(w world, _ *Console) { w.set("securitycenter_collector_series_dropped", 12, "collector", "risk") }, WithReservations, "SecurityCenterSeriesDropped", "12 series"},
		"findings that cannot be told":  {func(w world, _ *Console) { w.without("securitycenter_vulnerabilities") }, NotBelieved, "SecurityCenterNumbersContradict", "no open findings"},
		"a contradiction":               {func(w world, _ *Console) { w.set("securitycenter_check_ok", 0, "check", "host_total") }, WithReservations, "SecurityCenterNumbersContradict", "by plugin and by host differ"},
		"a contradiction of a new kind": {func(w world, _ *Console) { w.set("securitycenter_check_ok", 0, "check", "moon") }, WithReservations, "SecurityCenterNumbersContradict", "moon"},
		"a repository that nobody reads": {func(w world, _ *Console) {
			w.set("securitycenter_repository_accessible", 0, repository...)
			w.set("securitycenter_repository_findings", 12345, repository...)
		}, WithReservations, "SecurityCenterRepositoryNotRead", "1 repository is read by no account: Default (2); 12,345 records"},
		"a repository without new data": {func(w world, _ *Console) {
			w.set("securitycenter_repository_last_update_timestamp_seconds", ago(9*24*time.Hour), repository...)
		}, WithReservations, "SecurityCenterRepositoryStale", "Default (2) for 9 d"},
		"a remote repository that is not synchronised": {func(w world, _ *Console) {
			w.without("securitycenter_repository_info")
			w.set("securitycenter_repository_info", 1, append(repository, "type", "remote")...)
			w.set("securitycenter_repository_last_update_timestamp_seconds", ago(9*24*time.Hour), repository...)
			w.set("securitycenter_repository_last_sync_timestamp_seconds", ago(4*24*time.Hour), repository...)
		}, WithReservations, "SecurityCenterRepositorySyncOld", "Default (2) for 4 d"},
		"hosts that were not seen": {func(w world, _ *Console) { w.set("securitycenter_hosts_seen", 269, "window", "30d") }, WithReservations, "SecurityCenterHostsNotSeen", "89.7 %"},
		"few logins": {func(w world, _ *Console) {
			w.set("securitycenter_hosts_credentialed", 140, "window", "30d", "result", "success")
		}, WithReservations, "SecurityCenterCredentialedCoverageLow", "50.0 %"},
		"logins that nobody tells": {func(w world, _ *Console) { w.without("securitycenter_hosts_credentialed") }, WithReservations, "", "could log in"},
		"an old feed": {func(w world, _ *Console) {
			w.set("securitycenter_feed_last_update_timestamp_seconds", ago(49*time.Hour), "feed", "active")
		}, WithReservations, "SecurityCenterFeedStale", "2 d 1 h ago"},
		"a feed that nobody tells of": {func(w world, _ *Console) { w.without("securitycenter_feed_last_update_timestamp_seconds") }, WithReservations, "", "when the active feed was updated"},
		"no scanners":                 {func(w world, _ *Console) { w.without("securitycenter_scanner_info") }, WithReservations, "", "No account sees a scanner"},
		"no subscription":             {func(w world, _ *Console) { w.set("securitycenter_subscription_valid", 0, "feed", "active") }, WithReservations, "SecurityCenterSubscriptionNotValid", "subscription"},
		"no licence":                  {func(w world, _ *Console) { w.set("securitycenter_license_valid", 0) }, WithReservations, "SecurityCenterLicenseInvalid", "licence"},
		"more hosts than licensed":    {func(w world, _ *Console) { w.set("securitycenter_license_ips_used", 513) }, WithReservations, "SecurityCenterLicenseExceeded", "513"},
		"a job daemon that is down":   {func(w world, _ *Console) { w.set("securitycenter_job_daemon_running", 0) }, WithReservations, "SecurityCenterJobDaemonDown", "job daemon"},
		"a scanner that cannot scan":  {func(w world, _ *Console) { w.set("securitycenter_scanner_usable", 0, scanner...) }, WithReservations, "SecurityCenterScannerUnusable", "1 scanner that is enabled cannot scan: dmz (1)"},
		"a scanner that is behind": {func(w world, _ *Console) {
			w.set("securitycenter_scanner_loaded_plugin_set_timestamp_seconds", ago(5*24*time.Hour), scanner...)
		}, WithReservations, "SecurityCenterScannerPluginLag", "dmz (1)"},
		"a zone without scanner": {func(w world, _ *Console) {
			w.set("securitycenter_zone_scanners_active", 0, "zone_id", "1", "zone", "DMZ")
		}, WithReservations, "SecurityCenterZoneWithoutScanner", "DMZ (1)"},
		"a scan that failed": {func(w world, _ *Console) { w.set("securitycenter_scan_last_success", 0, scan...) }, WithReservations, "SecurityCenterScanKeepsFailing", "weekly (4)"},
		"a scan that is overdue": {func(w world, _ *Console) {
			w.set("securitycenter_scan_next_run_timestamp_seconds", ago(7*time.Hour), scan...)
		}, WithReservations, "SecurityCenterScanOverdue", "weekly (4)"},
		"a past that is not told": {func(_ world, c *Console) { c.PastErr = errors.New("no route to host") }, WithReservations, "", "no route to host"},
		"a change that nothing explains": {func(_ world, c *Console) { // of 300 critical 30 came and 25 went; 10 are accepted
			c.Past = &Past{Then: State{Open: map[string]float64{"critical": 500}, Accepted: map[string]float64{"critical": 10}}}
		}, WithReservations, "SecurityCenterChangeUnexplained", "−205 critical findings"},
		"a Prometheus with other accounts": {func(_ world, c *Console) {
			c.Past = &Past{Then: State{Open: map[string]float64{"critical": 295}, Accepted: map[string]float64{"critical": 10}}, NowOpen: map[string]float64{"critical": 200}}
		}, WithReservations, "", "Prometheus has 200 open critical findings now, this report 300"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, c := sound(itself), Console{Name: "hq"}
			tt.change(w, &c)
			c.Families = w.families()
			r := made(t, c)
			if r.Belief() != tt.belief || len(r.Consoles[0].Reasons) != 1 {
				t.Fatalf("%s, for %+v", r.Belief(), r.Consoles[0].Reasons)
			}
			why := r.Consoles[0].Reasons[0]
			if why.Alert != tt.alert || !strings.Contains(why.What, tt.says) || why.Means == "" || why.Do == "" {
				t.Errorf("%+v, want %s and %q", why, tt.alert, tt.says)
			}
		})
	}
}

// A scan that is due and runs, a scanner that is switched off, a remote repository whose
// data is old because nothing new came: nothing of that speaks against the numbers.
func TestTheVerdictKnowsWhatIsNoFault(t *testing.T) {
	t.Parallel()
	w := sound(itself)
	scan := []string{"organization_id", "1", "scan_id", "4", "scan", "weekly"}
	w.set("securitycenter_scan_next_run_timestamp_seconds", ago(7*time.Hour), scan...)
	w.set("securitycenter_scan_running_since_timestamp_seconds", ago(7*time.Hour), scan...)
	w.set("securitycenter_scanner_enabled", 0, "scanner_id", "1", "scanner", "dmz")
	w.set("securitycenter_scanner_usable", 0, "scanner_id", "1", "scanner", "dmz")
	w.without("securitycenter_repository_info")
	w.set("securitycenter_repository_info", 1, "repository_id", "2", "repository", "Default", "type", "remote")
	w.set("securitycenter_repository_last_update_timestamp_seconds", ago(9*24*time.Hour), "repository_id", "2", "repository", "Default")
	if r := made(t, Console{Name: "hq", Families: w.families()}); r.Belief() != Believed {
		t.Errorf("%+v", r.Consoles[0].Reasons)
	}
}

// The worst of several consoles decides, and the worst reason stands first.
func TestTheWorstConsoleDecides(t *testing.T) {
	t.Parallel()
	bad := sound(itself)
	bad.set("securitycenter_license_valid", 0)
	bad.set("securitycenter_account_up", 0, "account", "analyst")
	r := made(t, Console{Name: "hq", Families: sound(itself).families()}, Console{Name: "branch", Families: bad.families()})
	if r.Belief() != NotBelieved || r.Consoles[0].Belief != Believed || len(r.Consoles[1].Reasons) != 2 || r.Consoles[1].Reasons[0].Belief != NotBelieved {
		t.Errorf("%s: %+v", r.Belief(), r.Consoles)
	}
	_, markdown := written(t, r)
	if !strings.Contains(markdown, "\n| branch | ✗ not to be believed | 300 |") || !strings.Contains(markdown, "\n| hq | believed | 300 |") {
		t.Error(markdown)
	}
}

func TestEveryReasonHasItsRunbook(t *testing.T) {
	t.Parallel()
	code, err := os.ReadFile("verdict.go")
	if err != nil {
		t.Fatal(err)
	}
	runbooks, err := os.ReadFile("../docs/runbooks.md")
	if err != nil {
		t.Fatal(err)
	}
	alerts := regexp.MustCompile(`"(SecurityCenter\w+)"`).FindAllStringSubmatch(string(code), -1)
	if len(alerts) < 20 {
		t.Errorf("only %d were found", len(alerts))
	}
	for _, m := range alerts {
		if !strings.Contains(string(runbooks), "\n### "+m[1]+"\n") {
			t.Errorf("%s has no runbook", m[1])
		}
	}
}
