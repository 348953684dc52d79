package collector

import (
	"context"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var subnetsVulnerabilities = &Family{
	Name:   "securitycenter_vulnerabilities_by_subnet",
	Source: Source{REST: "POST /analysis, sumclassc or sumclassb", RPC: "vuln::query, sumclassc or sumclassb", Cost: "pages of rows, up to max_series"},
	Help:   "Open findings by repository, network and severity; a network counts once in every repository that holds it. Left out as a whole beyond max_series, and where compliance results have to be subtracted.",
	Labels: []string{"repository_id", "subnet", "severity"},
}

// subnetsCollector tells where on the network the findings are. REST POST /analysis, RPC
// vuln::query, tool sumclassc or sumclassb.
func subnetsCollector() *Collector {
	return &Collector{
		Name:     "subnets",
		Help:     "Open findings by network.",
		Interval: time.Hour,
		Account:  scapi.Organization,
		priority: 3,
		Keys: []config.Key{
			{Name: "prefix", Kind: config.Int, Default: 24, Choices: []string{"16", "24"}, Help: "length of the networks' prefixes"},
		},
		Families: []*Family{subnetsVulnerabilities},
		New:      stateless(loadSubnets),
	}
}

func loadSubnets(ctx context.Context, c *findings.Console, settings Settings, m *Metrics) error {
	total, err := newTally(ctx, c, m)
	if err != nil {
		return err
	}
	tool := "sumclassc"
	if settings.Int("prefix") == 16 {
		tool = "sumclassb"
	}
	// More rows than may be shown need not be read: the family is then left out.
	most := 0
	if settings.MaxSeries > 0 {
		most = settings.MaxSeries/len(allSeverities) + 1
	}
	pages, err := total.pages(ctx, subnetsVulnerabilities, tool, findings.Question{}, "", most)
	networks := int64(0)
	for _, page := range pages {
		networks += max(page.Total.Value, int64(len(page.Rows)))
	}
	if series := networks * int64(len(allSeverities)); settings.MaxSeries > 0 && series > int64(settings.MaxSeries) {
		m.dropped += int(series)
		return err
	}
	type subnet struct{ repository, network string }
	counts := map[subnet]scapi.Counts{}
	for _, page := range pages {
		for _, row := range page.Rows {
			if n, ok := row.Counts().Get(); ok {
				key := subnet{labelValue(row.Repository()), labelValue(row.String("ip"))}
				counts[key] = counts[key].Add(n)
			}
		}
	}
	for key, n := range counts {
		m.setCounts(subnetsVulnerabilities, allSeverities, n, key.repository, key.network)
	}
	return err
}
