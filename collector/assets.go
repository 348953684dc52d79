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
	assetsByStatus = &Family{
		Name:   "securitycenter_asset_lists",
		Source: Source{REST: "GET /asset", RPC: "asset::init", Cost: "1 request for each organisation account"},
		Help:   "Asset lists by status: ready, calculating, other. A filter by a list that is stuck calculating finds the wrong hosts. Absent if the console does not tell.",
		Labels: []string{"status"},
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
		Families: []*Family{assetsVulnerabilities, assetsByStatus},
		New:      stateless(loadAssets),
	}
}

var assetStatuses = []string{"ready", "calculating", "other"}

// maxAssetRows bounds the rows of sumasset: a console has thousands of lists.
const maxAssetRows = 20000

func loadAssets(ctx context.Context, c *findings.Console, settings Settings, m *Metrics) error {
	var named []owned[scapi.Asset]
	err := readEach(ctx, c, m, "asset lists", (*scapi.Client).Assets, func(a scapi.Asset) string { return a.ID }, func(list []owned[scapi.Asset]) {
		count := map[string]int{}
		for _, a := range list {
			count[a.object.Status]++
			if slices.Contains(settings.Strings("ids"), a.object.ID) {
				named = append(named, a)
			}
		}
		if len(list) > count[""] {
			for _, status := range assetStatuses {
				m.Set(assetsByStatus, float64(count[status]), status)
			}
		}
	})
	if err != nil || len(named) == 0 {
		return err
	}
	for _, lists := range byAccount(named) {
		if err := setAssets(ctx, c, lists, m); err != nil {
			return err
		}
	}
	return nil
}

// setAssets counts the findings of lists of one account through that account:
// another organisation's lists may have the same ids.
func setAssets(ctx context.Context, c *findings.Console, lists []owned[scapi.Asset], m *Metrics) error {
	total, err := tallyOf(ctx, c, lists[0].account, m)
	if err != nil || len(total.scopes) == 0 {
		return err
	}
	pages, err := total.pages(ctx, assetsVulnerabilities, "sumasset", findings.Question{}, "", maxAssetRows)
	if err != nil || pages == nil {
		return err
	}
	counts := map[string]scapi.Counts{}
	for _, row := range pages[0].Rows {
		// No source tells the columns of SecurityCenter 4 for certain.
		id := row.Ref("asset", "assetID", "id").ID
		if id == "" {
			m.lacking(assetsVulnerabilities, errors.New("the console does not tell which list a row is of"))
			return nil
		}
		if n, ok := row.Counts().Get(); ok {
			counts[id] = counts[id].Add(n)
		}
	}
	for _, a := range lists { // one without findings has no row
		m.setCounts(assetsVulnerabilities, allSeverities, counts[a.object.ID], a.organization, a.object.ID, a.object.Name)
	}
	return nil
}
