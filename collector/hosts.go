package collector

import (
	"cmp"
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var (
	hostsVulnerabilities = &Family{
		Name:   "securitycenter_host_vulnerabilities",
		Source: Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumip", Cost: "1 page of rows"},
		Help:   "Open findings by host and severity: of the hosts with the highest score, or of those in the configured networks. Agents are told apart by their UUID; hosts with one address and several names are added up, as far as they are among the worst. Absent where compliance results have to be subtracted.",
		Labels: []string{"repository_id", "ip", "host_uuid", "severity"},
	}
	hostsVulnerabilitiesOther = &Family{
		Name:   "securitycenter_host_vulnerabilities_other",
		Source: Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumip", Cost: "none, or 1 analysis request where the page does not tell the sum"},
		Help:   "Open findings of all hosts that securitycenter_host_vulnerabilities does not show, by severity: both together are all open findings. Absent as that is.",
		Labels: []string{"severity"},

		Uncounted: "it is what is left of all open findings when the hosts that are shown are taken off",
	}
)

// hostsCollector shows the worst hosts one by one. REST POST /analysis, RPC
// vuln::query, tool sumip.
func hostsCollector() *Collector {
	return &Collector{
		Name:     "hosts",
		Help:     "Open findings of the worst hosts, or of those in some networks, one by one.",
		Interval: time.Hour,
		Account:  scapi.Organization,
		priority: 3,
		Hosts:    true,
		Keys: []config.Key{
			{Name: "top", Kind: config.Int, Default: 100, Max: 10000, Help: "how many hosts with the highest score are shown"},
			{Name: "networks", Kind: config.Networks, Default: []netip.Prefix(nil), Max: 100, Help: "networks whose hosts are meant; the empty list means all hosts"},
		},
		demo:     map[string]any{"top": 20},
		Families: []*Family{hostsVulnerabilities, hostsVulnerabilitiesOther},
		figures:  counting(hostsFigures),
	}
}

// hostKey tells hosts apart as the labels do.
type hostKey struct{ repository, ip, uuid string }

// host is a host that may be shown.
type host struct {
	hostKey
	counts scapi.Counts
	score  float64
	names  []string // of the rows that make it, which may have one address
}

func hostsFigures(_ context.Context, total tally, settings Settings) ([]*figure, error) {
	q := findings.Question{}
	if networks := settings.Networks("networks"); len(networks) > 0 {
		texts := make([]string, len(networks))
		for i, n := range networks {
			texts[i] = n.String()
		}
		q.Only = []scapi.Filter{scapi.ByAddress(texts...)}
	}
	shown := settings.Int("top")
	if settings.MaxSeries > 0 { // the bucket takes its share
		shown = min(shown, max(settings.MaxSeries-len(allSeverities), 0)/len(allSeverities))
	}
	read := func(ctx context.Context, pages []findings.Page) ([]series, error) {
		hosts := hostsOf(pages, settings.Int("top"))
		if len(hosts) > shown {
			total.m.dropped += (len(hosts) - shown) * len(allSeverities)
			hosts = hosts[:shown]
		}
		rest, err := hostsAltogether(ctx, total, pages, q)
		if err != nil || !rest.Valid {
			return nil, err
		}
		var told []series
		for _, h := range hosts {
			told = append(told, h.series().counted(total, allSeverities, h.counts)...)
			rest.Value = rest.Value.Sub(h.counts)
		}
		for s, n := range rest.Value {
			rest.Value[s] = max(n, 0) // findings may vanish between two requests
		}
		for _, s := range (series{family: hostsVulnerabilitiesOther}).counted(total, allSeverities, rest.Value) {
			s.reading = reading{of: ofNothing}
			told = append(told, s)
		}
		return told, nil
	}
	return []*figure{total.rows(q, page{
		tool: "sumip", sort: "score", most: max(settings.Int("top"), 1), // 0 would be all of them
		families: []*Family{hostsVulnerabilities, hostsVulnerabilitiesOther}, read: read,
	})}, nil
}

// series is how the host is shown, but for the severity.
func (h host) series() series {
	s := series{family: hostsVulnerabilities, labels: []string{h.repository, h.ip, h.uuid}, repositories: []string{h.repository}}
	if h.ip == "" { // an agent without an address
		s.only = append(s.only, scapi.Filter{Name: "uuid", Value: h.uuid})
	} else {
		s.only = append(s.only, scapi.ByAddress(h.ip))
	}
	s.keep = func(v scapi.Vuln) bool {
		return v.UUID == h.uuid && (h.uuid != "" || v.DNSName == "" || slices.Contains(h.names, v.DNSName))
	}
	return s
}

// hostsAltogether returns all open findings, of which the pages show a part: from the
// same answers where they tell it, for then the rest is exact.
func hostsAltogether(ctx context.Context, total tally, pages []findings.Page, q findings.Question) (scapi.Opt[scapi.Counts], error) {
	told := scapi.Some(scapi.Counts{})
	for _, page := range pages {
		told.Value = told.Value.Add(page.Findings.Value)
		told.Valid = told.Valid && page.Findings.Valid && len(q.Only) == 0
	}
	if told.Valid {
		return told, nil
	}
	all := total.asks(findings.Severities, findings.Question{})
	all.series = []series{{family: hostsVulnerabilitiesOther}}
	rest, err := all.ask(ctx, total.m)
	return scapi.Opt[scapi.Counts]{Value: rest.Value.Counts, Valid: rest.Valid}, err
}

// hostsOf returns the hosts of all accounts with the highest scores. Rows that
// no label tells apart, as those of one address with several names, are added
// up. Hosts with equal scores stay in the order of repository and address, so
// that the same ones are shown each time.
func hostsOf(pages []findings.Page, most int) []host {
	known := map[hostKey]host{}
	for _, page := range pages {
		for _, r := range page.Rows {
			if n, ok := r.Counts().Get(); ok {
				h := host{hostKey: hostKey{labelValue(r.Repository()), labelValue(r.String("ip")), labelValue(r.String("uuid"))}}
				h.counts, h.score = known[h.hostKey].counts.Add(n), known[h.hostKey].score+r.Float("score").Value
				h.names = slices.Concat(known[h.hostKey].names, []string{r.String("dnsName")})
				known[h.hostKey] = h
			}
		}
	}
	hosts := slices.Collect(maps.Values(known))
	slices.SortFunc(hosts, func(a, b host) int {
		return cmp.Or(cmp.Compare(b.score, a.score), scapi.CompareIDs(a.repository, b.repository), strings.Compare(a.ip, b.ip), strings.Compare(a.uuid, b.uuid))
	})
	return hosts[:min(len(hosts), most)]
}
