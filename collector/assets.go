package collector

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var (
	assetsVulnerabilities = &Family{
		Name:   "securitycenter_vulnerabilities_by_asset",
		Source: Source{REST: "POST /analysis, sumasset; GET /asset", RPC: "vuln::query, sumasset; asset::init", Cost: "1 page of rows, 1 other request"},
		Help:   "Open findings by asset list and severity, for the configured lists. Lists overlap: never add them up. Absent for lists that no account sees, and where compliance results have to be subtracted.",
		Labels: []string{"organization_id", "asset_id", "asset", "severity"},
	}
	assetsIPs = &Family{
		Name:   "securitycenter_asset_list_ips",
		Source: Source{REST: "GET /asset", Cost: "none more"},
		Help:   "Addresses in an asset list by the console's own count, for the configured lists. Absent while the console calculates the list, and for static lists where it does not count them.",
		Labels: []string{"organization_id", "asset_id", "asset"},

		Uncounted: "it is the console's own count of a list, whose addresses scctl assets ips lists",
	}
	assetsByStatus = &Family{
		Name:   "securitycenter_asset_lists",
		Source: Source{REST: "GET /asset", RPC: "asset::init", Cost: "1 request for each organisation account"},
		Help:   "Asset lists by status: ready, calculating, other. A filter by a list that is stuck calculating finds the wrong hosts. Absent if the console does not tell.",
		Labels: []string{"status"},

		Uncounted: "it counts asset lists, which scctl assets lists",
	}
)

// assetsCollector counts the findings of some asset lists, and how the lists are. REST
// GET /asset and POST /analysis, RPC asset::init and vuln::query, tool sumasset.
func assetsCollector() *Collector {
	return &Collector{
		Name:     "assets",
		Help:     "Status of the asset lists, and open findings of the lists that are named.",
		Interval: time.Hour,
		Account:  scapi.Organization,
		priority: 3,
		Keys: []config.Key{
			{Name: "ids", Kind: config.IDs, Default: []string(nil), Max: 50, Help: "ids of the asset lists whose findings are counted"},
		},
		demo:     map[string]any{"ids": []string{"1", "2", "3", "4"}},
		Families: []*Family{assetsVulnerabilities, assetsIPs, assetsByStatus},
		figures:  assetsFigures,
	}
}

var assetStatuses = []string{"ready", "calculating", "other"}

// maxAssetRows bounds the rows of sumasset: a console has thousands of lists.
const maxAssetRows = 20000

func assetsFigures(ctx context.Context, c *findings.Console, settings Settings, m *Metrics) ([]*figure, error) {
	var list []*figure
	var named []owned[scapi.Asset]
	err := readEach(ctx, c, m, "asset lists", (*scapi.Client).Assets, func(a scapi.Asset) string { return a.ID }, func(lists []owned[scapi.Asset]) {
		count := map[string]int{}
		for _, a := range lists {
			count[a.object.Status]++
			if slices.Contains(settings.Strings("ids"), a.object.ID) {
				named = append(named, a)
				if n, ok := a.object.IPCount.Get(); ok {
					list = append(list, given(assetsIPs, float64(n), a.organization, a.object.ID, a.object.Name))
				}
			}
		}
		if len(lists) > count[""] {
			for _, status := range assetStatuses {
				list = append(list, given(assetsByStatus, float64(count[status]), status))
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for _, lists := range byAccount(named) {
		total, err := tallyOf(ctx, c, lists[0].account, m)
		if err != nil {
			return nil, err
		}
		if len(total.scopes) > 0 {
			list = append(list, assetsOf(total, lists))
		}
	}
	return list, nil
}

// assetsOf counts the findings of lists of one account through that account:
// another organisation's lists may have the same ids.
func assetsOf(total tally, lists []owned[scapi.Asset]) *figure {
	read := func(_ context.Context, pages []findings.Page) ([]series, error) {
		counts := map[string]scapi.Counts{}
		for _, row := range pages[0].Rows {
			// No source tells the columns of SecurityCenter 4 for certain.
			id := row.Ref("asset", "assetID", "id").ID
			if id == "" {
				total.m.lacking(assetsVulnerabilities, errors.New("the console does not tell which list a row is of"))
				return nil, nil
			}
			if n, ok := row.Counts().Get(); ok {
				counts[id] = counts[id].Add(n)
			}
		}
		var told []series
		for _, a := range lists { // one without findings has no row
			of := series{family: assetsVulnerabilities, labels: []string{a.organization, a.object.ID, a.object.Name}, only: []scapi.Filter{scapi.ByAsset(a.object.ID)}}
			told = append(told, of.counted(total, allSeverities, counts[a.object.ID])...)
		}
		return told, nil
	}
	return total.rows(findings.Question{}, page{tool: "sumasset", most: maxAssetRows, families: []*Family{assetsVulnerabilities}, read: read})
}
