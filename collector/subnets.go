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
		figures:  counting(subnetsFigures),
	}
}

func subnetsFigures(_ context.Context, total tally, settings Settings) ([]*figure, error) {
	p := page{tool: "sumclassc", families: []*Family{subnetsVulnerabilities}}
	if settings.Int("prefix") == 16 {
		p.tool = "sumclassb"
	}
	// More rows than may be shown need not be read: the family is then left out.
	if settings.MaxSeries > 0 {
		p.most = settings.MaxSeries/len(allSeverities) + 1
	}
	p.read = func(_ context.Context, pages []findings.Page) ([]series, error) {
		networks := int64(0)
		for _, page := range pages {
			networks += max(page.Total.Value, int64(len(page.Rows)))
		}
		if n := networks * int64(len(allSeverities)); settings.MaxSeries > 0 && n > int64(settings.MaxSeries) {
			total.m.dropped += int(n)
			return nil, nil
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
		var told []series
		for key, n := range counts {
			of := series{family: subnetsVulnerabilities, labels: []string{key.repository, key.network}, repositories: []string{key.repository}, only: []scapi.Filter{scapi.ByAddress(key.network)}}
			told = append(told, of.counted(total, allSeverities, n)...)
		}
		return told, nil
	}
	return []*figure{total.rows(findings.Question{}, p)}, nil
}
