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
		figures:  counting(coverageFigures),
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

func coverageFigures(_ context.Context, total tally, _ Settings) ([]*figure, error) {
	var list []*figure
	for _, n := range seenDays {
		list = append(list, total.asks(findings.Hosts, only(total.seenWithin(n))).shows(ofHosts, coverageSeen, windowLabel(n)))
	}
	return append(list, coverageLogins(total)...), nil
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
func coverageLogins(total tally) []*figure {
	plugins := []int64{scanInformation}
	for _, r := range loginResults {
		plugins = append(plugins, r.plugin)
	}
	// Hosts were scanned and no plugin tells how: they are too old for that. The
	// longest window decides.
	var longest *pluginHosts
	var list []*figure
	for _, n := range assessedDays {
		hosts := &pluginHosts{total: total, q: total.scanned(n), plugins: plugins}
		if longest == nil {
			longest = hosts
		}
		hosts.longest = longest
		list = append(list, hosts.figure(scanInformation).shows(ofHosts, coverageAssessed, windowLabel(n)))
		text := total.scanned(n, scapi.ByPluginIDs(scanInformation), scapi.ByPluginText("Credentialed checks : yes"))
		text.ByPlugin = true
		byText := total.asks(findings.Hosts, text)
		for i, r := range loginResults {
			result := hosts.figure(r.plugin).shows(ofHosts, coverageCredentialed, windowLabel(n), r.result)
			byText.series = result.series
			late := func(ctx context.Context, m *Metrics) (*figure, error) {
				switch old, err := longest.untold(ctx, m); {
				case err != nil:
					return nil, err
				case !old:
					return result, nil
				case i == 0: // success is told by a text, and the others are not known
					return byText, nil
				}
				return nil, nil
			}
			list = append(list, &figure{series: result.series, late: late})
		}
	}
	return list
}

// pluginHosts are the hosts of several plugins, which are asked for together.
type pluginHosts struct {
	total   tally
	q       findings.Question
	plugins []int64 // the first is that of every scan
	longest *pluginHosts
	asked   bool
	hosts   scapi.Opt[map[int64]int64]
}

// figure is the hosts of one of the plugins. Its question tells the same number by itself.
func (p *pluginHosts) figure(plugin int64) *figure {
	q := p.q
	q.ByPlugin, q.Only = true, append([]scapi.Filter{scapi.ByPluginIDs(plugin)}, q.Only...)
	f := p.total.asks(findings.Hosts, q)
	f.together = func(ctx context.Context, m *Metrics) (scapi.Opt[findings.Totals], error) {
		hosts, err := p.ask(ctx, m)
		n := scapi.Some(hosts.Value[plugin])
		return scapi.Opt[findings.Totals]{Value: findings.Totals{Hosts: n}, Valid: hosts.Valid}, err
	}
	return f
}

// ask asks for all plugins, once; where the results are known to be untold, for the
// first alone.
func (p *pluginHosts) ask(ctx context.Context, m *Metrics) (scapi.Opt[map[int64]int64], error) {
	if p.asked {
		return p.hosts, nil
	}
	plugins := p.plugins
	if p.longest != p {
		old, err := p.longest.untold(ctx, m)
		if err != nil {
			return p.hosts, err
		}
		if old {
			plugins = plugins[:1]
		}
	}
	add := func(a, b map[int64]int64) map[int64]int64 {
		for plugin, n := range b {
			a[plugin] += n
		}
		return a
	}
	f := p.total.asks(findings.Hosts, p.q).shows(ofHosts, coverageAssessed)
	hosts, err := addUp(m, f, add, func(of part) (scapi.Opt[map[int64]int64], error) {
		return of.scope.HostsByPlugin(ctx, of.Question, plugins...)
	})
	if err == nil && !hosts.Valid {
		m.lacking(coverageCredentialed, ErrUntold)
	}
	p.asked, p.hosts = err == nil, hosts
	return hosts, err
}

// untold reports whether hosts were scanned, and no plugin tells what became of logging in.
func (p *pluginHosts) untold(ctx context.Context, m *Metrics) (bool, error) {
	hosts, err := p.ask(ctx, m)
	if err != nil {
		return false, err
	}
	for _, plugin := range p.plugins[1:] {
		if hosts.Value[plugin] > 0 {
			return false, nil
		}
	}
	return hosts.Value[scanInformation] > 0, nil
}
