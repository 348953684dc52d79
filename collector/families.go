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
		figures:  counting(familiesFigures),
	}
}

// maxFamilies bounds the plugin families that are read; a console has some two hundred.
const maxFamilies = 2000

func familiesFigures(_ context.Context, total tally, _ Settings) ([]*figure, error) {
	read := func(_ context.Context, pages []findings.Page) ([]series, error) {
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
		var told []series
		for family, n := range counts {
			of := series{family: familiesVulnerabilities, labels: []string{family.ID, family.Name}, only: []scapi.Filter{scapi.ByFamily(family.ID)}}
			told = append(told, of.counted(total, allSeverities, n)...)
		}
		return told, nil
	}
	return []*figure{total.rows(findings.Question{}, page{tool: "sumfamily", most: maxFamilies, families: []*Family{familiesVulnerabilities}, read: read})}, nil
}
