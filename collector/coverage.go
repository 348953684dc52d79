package collector

import (
	"context"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var (
	coverageSeen = &Family{
		Name:   "securitycenter_hosts_seen",
		Source: Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumip", Cost: "3 analysis requests"},
		Help:   "Hosts with open findings that were seen within the window; a host counts once in every repository that holds it. Absent where compliance results have to be subtracted." + fromFullHour,
		Labels: []string{"window"},
	}
	coverageAssessed = &Family{
		Name:   "securitycenter_hosts_assessed",
		Source: Source{REST: "POST /analysis, sumid or sumip", RPC: "vuln::query, sumid or sumip", Cost: "2 analysis requests, and one a day"},
		Help:   "Hosts on which a scan left its scan information (plugin 19506) within the window. Absent if the console cannot tell." + fromFullHour,
		Labels: []string{"window"},
	}
	coverageCredentialed = &Family{
		Name:   "securitycenter_hosts_credentialed",
		Source: Source{REST: "POST /analysis, sumid or sumip", RPC: "vuln::query, sumid or sumip", Cost: "those of the hosts assessed; 12 more where the console counts hosts in another way with plugins (sumid) than by hosts (sumip), 2 more where the newer plugins are missing"},
		Help:   "Hosts by what became of logging in to them within the window: success, failure, insufficient_privilege, none_provided, intermittent, unsupported_os. A host may have several results, one for each protocol. Where the console's plugins are too old to tell them, only success is there, from the text of the scan information." + fromFullHour,
		Labels: []string{"window", "result"},
	}
)

// coverageCollector tells how many hosts are really looked at. REST POST /analysis, RPC
// vuln::query, tools sumip and sumid.
func coverageCollector() *Collector {
	return &Collector{
		Name:     "coverage",
		Help:     "Hosts seen and assessed lately, and on how many of them scans could log in.",
		Interval: 30 * time.Minute,
		Default:  true,
		Account:  scapi.Organization,
		priority: 2,
		Families: []*Family{coverageSeen, coverageAssessed, coverageCredentialed},
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
	total, err := newTally(ctx, c, m)
	if err != nil || len(total.scopes) == 0 {
		return err
	}
	for _, n := range seenDays {
		seen, err := total.hosts(ctx, coverageSeen, only(total.seenWithin(n)))
		if err != nil {
			return err
		}
		SetOpt(m, coverageSeen, seen, windowLabel(n))
	}
	return coverageLogins(ctx, total)
}

func (k clock) seenWithin(n int) scapi.Filter {
	return scapi.LastSeen(k.daysAgo(n), forever)
}

// scanned asks for what a plugin tells of a scan within so many days. That a risk was
// accepted does not matter: the plugin tells of the scan, not of a risk.
func (k clock) scanned(n int, filters ...scapi.Filter) findings.Question {
	q := only(append([]scapi.Filter{k.seenWithin(n)}, filters...)...)
	q.Risk = findings.RiskAny
	return q
}

// coverageLogins counts the hosts that were scanned, and what became of logging in.
func coverageLogins(ctx context.Context, total tally) error {
	plugins := []int64{scanInformation}
	for _, r := range loginResults {
		plugins = append(plugins, r.plugin)
	}
	for i, n := range assessedDays {
		hosts, err := total.hostsByPlugin(ctx, coverageAssessed, coverageCredentialed, total.scanned(n), plugins...)
		if err != nil {
			return err
		}
		assessed := scapi.Opt[int64]{Value: hosts.Value[scanInformation], Valid: hosts.Valid}
		SetOpt(total.m, coverageAssessed, assessed, windowLabel(n))

		told := false
		results := make([]scapi.Opt[int64], len(loginResults))
		for j, r := range loginResults {
			results[j] = scapi.Opt[int64]{Value: hosts.Value[r.plugin], Valid: hosts.Valid}
			told = told || results[j].Value > 0
		}
		if i == 0 && assessed.Value > 0 && !told {
			plugins = plugins[:1] // hosts were scanned and no plugin tells how: they are too old for that
		}
		if len(plugins) == 1 { // success is told by a text, and the others are not known
			clear(results)
			text := scapi.ByPluginText("Credentialed checks : yes")
			q := total.scanned(n, scapi.ByPluginIDs(scanInformation), text)
			q.ByPlugin = true
			if results[0], err = total.hosts(ctx, coverageCredentialed, q); err != nil {
				return err
			}
		}
		for j, r := range loginResults {
			SetOpt(total.m, coverageCredentialed, results[j], windowLabel(n), r.result)
		}
	}
	return nil
}
