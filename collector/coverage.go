package collector

import (
	"context"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var (
	hostsSeen = &Family{
		Name:   "securitycenter_hosts_seen",
		Source: Source{"POST /analysis, sumip", "vuln::query, sumip", "3 analysis requests"},
		Help:   "Hosts with open findings that were seen within the window; a host counts once in every repository that holds it. Absent where compliance results have to be subtracted.",
		Labels: []string{"window"},
	}
	hostsAssessed = &Family{
		Name:   "securitycenter_hosts_assessed",
		Source: Source{"POST /analysis, sumip", "vuln::query, sumip", "2 analysis requests"},
		Help:   "Hosts on which a scan left its scan information (plugin 19506) within the window. Absent if the console cannot tell.",
		Labels: []string{"window"},
	}
	hostsCredentialed = &Family{
		Name:   "securitycenter_hosts_credentialed",
		Source: Source{"POST /analysis, sumip", "vuln::query, sumip", "12 analysis requests, 14 where the newer plugins are missing"},
		Help:   "Hosts by what became of logging in to them within the window: success, failure, insufficient_privilege, none_provided, intermittent, unsupported_os. A host may have several results, one for each protocol. Where the console's plugins are too old to tell them, only success is there, from the text of the scan information.",
		Labels: []string{"window", "result"},
	}
)

// Coverage tells how many hosts are really looked at. REST POST /analysis, RPC
// vuln::query, tool sumip.
func Coverage() *Collector {
	return &Collector{
		Name:     "coverage",
		Help:     "Hosts seen and assessed lately, and on how many of them scans could log in.",
		Interval: 30 * time.Minute,
		Default:  true,
		Account:  scapi.Organization,
		Priority: 2,
		Families: []*Family{hostsSeen, hostsAssessed, hostsCredentialed},
		New:      stateless(loadCoverage),
	}
}

// scanInformation is the plugin that leaves a finding on every host that was
// scanned.
const scanInformation = 19506

// loginResults are the plugins that tell what became of logging in.
var loginResults = []struct {
	result string
	plugin int64
}{
	{"success", 117887},
	{"failure", 104410},
	{"insufficient_privilege", 110385},
	{"none_provided", 110723},
	{"intermittent", 117885},
	{"unsupported_os", 110695},
}

var (
	seenDays     = []int{7, 30, 90}
	assessedDays = []int{30, 7} // the longest first
)

func loadCoverage(ctx context.Context, c *findings.Console, _ Settings, m *Metrics) error {
	t, err := newTally(ctx, c, m)
	if err != nil || len(t.scopes) == 0 {
		return err
	}
	for _, n := range seenDays {
		seen, err := t.hosts(ctx, hostsSeen, only(seenWithin(n)))
		if err != nil {
			return err
		}
		SetOpt(m, hostsSeen, seen, windowLabel(n))
	}
	return t.logins(ctx)
}

func seenWithin(n int) scapi.Filter {
	return scapi.LastSeen(daysAgo(n), forever)
}

// shows asks for findings of one plugin within so many days. That a risk was
// accepted does not matter: the plugin tells of the scan, not of a risk.
func shows(plugin int64, n int, filters ...scapi.Filter) findings.Question {
	q := only(append([]scapi.Filter{scapi.ByPluginIDs(plugin), seenWithin(n)}, filters...)...)
	q.Risk, q.ByPlugin = findings.RiskAny, true
	return q
}

// logins counts the hosts that were scanned, and what became of logging in.
func (t tally) logins(ctx context.Context) error {
	// Hosts were scanned and no plugin tells how: they are too old for that.
	old := false
	for i, n := range assessedDays {
		assessed, err := t.hosts(ctx, hostsAssessed, shows(scanInformation, n))
		if err != nil {
			return err
		}
		SetOpt(t.m, hostsAssessed, assessed, windowLabel(n))

		told := false
		results := make([]scapi.Opt[int64], len(loginResults))
		for j, r := range loginResults {
			if old {
				break
			}
			if results[j], err = t.hosts(ctx, hostsCredentialed, shows(r.plugin, n)); err != nil {
				return err
			}
			told = told || results[j].Value > 0
		}
		if i == 0 {
			old = assessed.Value > 0 && !told
		}
		if old { // success is told by a text, and the others are not known
			clear(results)
			text := scapi.ByPluginText("Credentialed checks : yes")
			if results[0], err = t.hosts(ctx, hostsCredentialed, shows(scanInformation, n, text)); err != nil {
				return err
			}
		}
		for j, r := range loginResults {
			SetOpt(t.m, hostsCredentialed, results[j], windowLabel(n), r.result)
		}
	}
	return nil
}
