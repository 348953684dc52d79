package collector

import (
	"context"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var familiesVulnerabilities = &Family{
	Name:   "securitycenter_vulnerabilities_by_family",
	Source: Source{REST: "POST /analysis, sumfamily", RPC: "vuln::query, sumfamily", Cost: "1 page of rows"},
	Help:   "Open findings by plugin family and severity. A family without findings is absent, its name is empty where the console tells only the id. Absent where compliance results have to be subtracted.",
	Labels: []string{"family_id", "family", "severity"},
}

// familiesCollector tells which plugin families the findings are of, in one page. REST
// POST /analysis, RPC vuln::query, tool sumfamily.
func familiesCollector() *Collector {
	return &Collector{
		Name:     "families",
		Help:     "Open findings by plugin family: who has to patch.",
		Interval: time.Hour,
		Account:  scapi.Organization,
		priority: 3,
		Families: []*Family{familiesVulnerabilities},
		New:      stateless(loadFamilies),
	}
}

// maxFamilies bounds the plugin families that are read; a console has some two hundred.
const maxFamilies = 2000

func loadFamilies(ctx context.Context, c *findings.Console, _ Settings, m *Metrics) error {
	total, err := newTally(ctx, c, m)
	if err != nil {
		return err
	}
	pages, err := total.pages(ctx, familiesVulnerabilities, "sumfamily", findings.Question{}, "", maxFamilies)
	if err != nil {
		return err
	}
	counts := map[scapi.Ref]scapi.Counts{}
	for _, page := range pages {
		for _, row := range page.Rows {
			if n, ok := row.Counts().Get(); ok {
				family := row.Ref("family", "familyID")
				family.ID, family.Name = labelValue(family.ID), labelValue(family.Name)
				counts[family] = counts[family].Add(n)
			}
		}
	}
	for family, n := range counts {
		m.setCounts(familiesVulnerabilities, allSeverities, n, family.ID, family.Name)
	}
	return nil
}
