//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// site is everything that stands between a console and whoever is told: consoles, the exporter with TLS and a password,
// Prometheus with the shipped rules, Alertmanager with the shipped routes, and the receiver of its notifications.
type site struct {
	current, old *console
	exporter     *process
	prometheus   *prometheus
	alertmanager *alertmanager
	hook         *webhook
}

func startSite(t *testing.T) *site {
	t.Helper()
	s := &site{
		current: startConsole(t, "current", sctest.Options{Dialect: sctest.REST, Seed: 6, Hosts: 200, Scanners: 3, Zones: 2}),
		old:     startConsole(t, "old", sctest.Options{Dialect: sctest.RPC, Seed: 4, Hosts: 200, Scanners: 3, Zones: 2}),
	}
	config := "collectors:\n"
	for _, col := range collector.All() {
		if col.Default {
			config += fmt.Sprintf("  %s: {interval: 2s}\n", col.Name)
		}
	}
	config += "consoles:\n" + s.current.entry() + s.old.entry()
	file := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}

	protection := protect(t)
	address := freeAddress(t)
	exporter := protection.client(address)
	s.exporter = runExporter(t, exporter, address, "--config.file="+file, "--web.config.file="+protection.webConfig)
	ready(t, s.exporter, exporter)
	discovered(t, exporter, address, "https")

	s.hook = startWebhook(t)
	s.alertmanager = startAlertmanager(t, s.hook)
	s.prometheus = startPrometheus(t, fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [%s/*.yml]
alerting:
  alertmanagers:
    - static_configs: [{targets: [%s]}]
`, shortRules(t, 2*time.Second, 10*time.Second), strings.TrimPrefix(s.alertmanager.base, "http://"))+protection.scrapeConfigs(address))
	t.Cleanup(func() {
		body, err := s.prometheus.get("/api/v1/rules")
		if err != nil {
			t.Error(err)
		}
		keep(t, "prometheus-rules.json", body)
	})
	return s
}

// trueOfTheSimulation are the alerts that may fire although nothing is broken, each because it is true of the invented
// hosts and scans, or of a week that is 10 seconds long.
var trueOfTheSimulation = map[string]string{
	"SecurityCenterChangeUnexplained":       "what is new in seven days is held against a change over a week that is 10 seconds long",
	"SecurityCenterHostsNotSeen":            "some hosts were last scanned months ago",
	"SecurityCenterCredentialedCoverageLow": "the scans cannot log in to every fourth computer",
	"SecurityCenterOverdueRatioHigh":        "findings stay open for months",
	"SecurityCenterRemediationStalled":      "there are weeks in which no critical finding is mitigated",
	"SecurityCenterRemediationSlow":         "findings stay open for months",
	"SecurityCenterScanKeepsFailing":        "some scans fail, and 8 days without a success are 10 seconds here",
	"SecurityCenterScansFailing":            "some scans fail, and their week is 10 seconds here",
	"SecurityCenterScanImportFailed":        "some imports fail",
}

func TestTheShippedAlertsArriveAndResolve(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	for _, step := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"a quiet minute is quiet", s.isQuiet},
		{"the plugin feed grows old", s.proves(oldFeed)},
		{"critical findings break out", s.proves(outbreak)},
		{"a console that is down keeps the rest of it back", s.holdsBack},
		{"the console refuses an account", s.proves(refusal)},
		{"in the end all is well", s.isMended},
		{"an exporter that dies is one message", s.tellsOnce},
	} {
		if !t.Run(step.name, step.run) {
			return // what was not mended would be told in all others
		}
	}
}

// isQuiet looks at a minute that begins when the first scrapes have ended the alert about the lack of them.
func (s *site) isQuiet(t *testing.T) {
	s.prometheus.eventually(t, 2*time.Minute, func() error {
		instances, err := s.prometheus.instances("count_over_time(securitycenter_up[2m]) >= 66")
		if err == nil && len(instances) < 2 {
			err = fmt.Errorf("only %v scraped for a minute; targets that are not up: %s", instances, s.prometheus.lastErrors())
		}
		return err
	})
	fired, err := s.prometheus.query(`count by (alertname, instance) (count_over_time(ALERTS{alertstate="firing"}[60s]))`)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range fired {
		if trueOfTheSimulation[a["alertname"]] == "" {
			t.Errorf("%s fires for %q, where nothing is wrong", a["alertname"], a["instance"])
		}
	}
	s.prometheus.checkRules(t)
}

// fault is something that happens to the consoles, and who is told.
type fault struct {
	happens func(t *testing.T, c *console)
	told    []expected // by both consoles
	mended  func(t *testing.T, c *console)
	follows []expected // what the repair sets off
}

func state(change func(*sctest.State)) func(*testing.T, *console) {
	return func(_ *testing.T, c *console) { c.Change(change) }
}

var (
	oldFeed = fault{
		happens: state(func(now *sctest.State) { now.FeedAge["active"] = 72 * time.Hour }),
		told:    []expected{{receiver: "securitycenter-tickets", name: "SecurityCenterFeedStale", labels: labels{"feed": "active"}}},
		mended:  state(func(now *sctest.State) { now.FeedAge["active"] = 0 }),
	}
	outbreak = fault{
		happens: state(func(now *sctest.State) { now.Outbreak = true }),
		told: []expected{
			{receiver: "vulnerability-management", name: "SecurityCenterCriticalVulnerabilitiesSurge", labels: labels{"class": "symptom"}},
			{receiver: "vulnerability-management", name: "SecurityCenterCriticalVulnerabilitiesAboveThreshold", labels: labels{"class": "symptom"}},
			{receiver: "vulnerability-management", name: "SecurityCenterExploitableCriticalsGrowing", labels: labels{"class": "symptom"}},
		},
		mended: state(func(now *sctest.State) { now.Outbreak = false }),
		follows: []expected{{receiver: "vulnerability-management", name: "SecurityCenterVulnerabilityCountDropped",
			labels: labels{"vuln_severity": "critical", "class": "data-quality"}}},
	}
	refusal = fault{
		happens: func(_ *testing.T, c *console) {
			c.SetPassword(sctest.AnalystUsername, "another")
			c.ExpireSessions()
		},
		told: []expected{
			{receiver: "securitycenter-tickets", name: "SecurityCenterAccountDown", labels: labels{"account": sctest.AnalystUsername}},
			{receiver: "securitycenter-tickets", name: "SecurityCenterCollectorFailing", labels: labels{"collector": "vulnerabilities"}},
		},
		mended: func(t *testing.T, c *console) { c.tell(t, sctest.AnalystUsername, "another") },
	}
)

// proves returns a test that lets the fault happen to both consoles, and waits for every alert to arrive and to resolve.
// No other may arrive.
func (s *site) proves(f fault) func(*testing.T) {
	return func(t *testing.T) {
		before := s.hook.count()
		told, follows := s.ofBoth(f.told), s.ofBoth(f.follows)
		for _, c := range s.consoles() {
			f.happens(t, c)
		}
		s.hook.awaitFiring(t, s.alertmanager.process, before, told...)
		for _, c := range s.consoles() {
			f.mended(t, c)
		}
		all := slices.Concat(told, follows)
		s.hook.awaitResolved(t, s.alertmanager.process, before, all...)
		s.noneBut(t, before, all...)
	}
}

func (s *site) consoles() []*console { return []*console{s.current, s.old} }

func (s *site) ofBoth(alerts []expected) []expected {
	var all []expected
	for _, c := range s.consoles() {
		for _, e := range alerts {
			e.instance = c.name
			all = append(all, e)
		}
	}
	return all
}

// noneBut checks that no other alert has arrived as firing after the first notifications.
func (s *site) noneBut(t *testing.T, after int, alerts ...expected) {
	t.Helper()
	known := make(map[[2]string]bool)
	for _, e := range alerts {
		known[[2]string{e.name, e.instance}] = true
	}
	for receiver, a := range s.hook.firing(after) {
		name, instance := a.Labels["alertname"], a.Labels["instance"]
		if trueOfTheSimulation[name] == "" && !known[[2]string{name, instance}] {
			t.Errorf("%s was told of %v, which nobody asked for", receiver, a.Labels)
		}
	}
}

// holdsBack breaks scanners of both consoles, and then stops one of the two. It comes before any test in which collectors
// fail: Alertmanager lets a new group wait, but not one that is still there, and all the waiting times of the rules being
// equally short, SecurityCenterDown is not 15 minutes earlier than what follows from it.
func (s *site) holdsBack(t *testing.T) {
	before, manager := s.hook.count(), s.alertmanager
	scanners := s.ofBoth([]expected{
		{receiver: "pager", name: "SecurityCenterZoneWithoutScanner", labels: labels{"zone": "Zone 1", "severity": "critical", "class": "symptom"}},
		{receiver: "securitycenter-tickets", name: "SecurityCenterScannerUnusable", labels: labels{"scanner": "Scanner 1"}},
		{receiver: "securitycenter-tickets", name: "SecurityCenterScannerUnusable", labels: labels{"scanner": "Scanner 3"}},
	})
	down := expected{receiver: "pager", name: "SecurityCenterDown", instance: s.current.name, labels: labels{"severity": "critical"}}
	for _, c := range s.consoles() {
		c.Change(func(now *sctest.State) { now.Scanners["1"], now.Scanners["3"] = 2, 32 })
	}
	s.hook.awaitFiring(t, manager.process, before, scanners...)

	s.current.stop()
	s.hook.awaitFiring(t, manager.process, before, down)
	manager.waitUntil(t, s.current.name, "active", "SecurityCenterDown")
	manager.waitUntil(t, s.current.name, "inhibited", "SecurityCenterZoneWithoutScanner", "SecurityCenterScannerUnusable",
		"SecurityCenterAccountDown", "SecurityCenterCollectorFailing", "SecurityCenterCollectorStale")
	manager.waitUntil(t, s.old.name, "active", "SecurityCenterZoneWithoutScanner", "SecurityCenterScannerUnusable")
	s.noneBut(t, before, append(scanners, down)...)

	s.current.start(t)
	s.hook.awaitResolved(t, manager.process, before, down)
	manager.waitUntil(t, s.current.name, "active", "SecurityCenterZoneWithoutScanner", "SecurityCenterScannerUnusable")
	for _, c := range s.consoles() {
		c.Change(func(now *sctest.State) { now.Scanners["1"], now.Scanners["3"] = 1, 1 })
	}
	s.hook.awaitResolved(t, manager.process, before, scanners...)
}

// isMended waits until nothing but what is true of the simulation is left.
func (s *site) isMended(t *testing.T) {
	s.alertmanager.eventually(t, settled, func() error {
		for _, c := range s.consoles() {
			states, err := s.alertmanager.states(c.name)
			if err != nil {
				return err
			}
			for name, state := range states {
				if trueOfTheSimulation[name] == "" {
					return fmt.Errorf("%s of %s is still %s", name, c.name, state)
				}
			}
		}
		return nil
	})
	s.prometheus.checkRules(t)
}

// tellsOnce stops the exporter.
func (s *site) tellsOnce(t *testing.T) {
	before := s.hook.count()
	s.exporter.stop(t)
	s.alertmanager.eventually(t, settled, func() error {
		for _, n := range s.hook.notifications(before) {
			if n.Receiver == "pager" && n.GroupLabels["alertname"] == "SecurityCenterExporterDown" && len(n.Alerts) == 3 {
				return nil
			}
		}
		return fmt.Errorf("the pager was not told of two consoles and the exporter in one message: %v", s.hook.notifications(before))
	})
	for receiver, a := range s.hook.firing(before) {
		if name := a.Labels["alertname"]; name != "SecurityCenterExporterDown" {
			t.Errorf("%s was told of %s", receiver, name)
		}
	}
}
