package collector_test

import (
	"slices"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// Lists that are named are counted, zeros too.
func recountAssets(t *testing.T, e *exported, r *reckoning) {
	ids := []string{"0", "3", "8", "10", "11", "77"}
	want, empty := samples{}, 0
	state := func(name string) string { return sample("securitycenter_asset_lists", "status", name) }
	want[state("ready")], want[state("calculating")], want[state("other")] = 0, 0, 0
	for _, list := range everySeen(e, sctest.Organization.Assets, func(a sctest.Asset) string { return a.ID }, everybody) {
		switch {
		case !list.object.Calculating:
			want[state("ready")]++
		case r.rpc: // whose codes are not known
			want[state("other")]++
		default:
			want[state("calculating")]++
		}
		if !slices.Contains(ids, list.object.ID) {
			continue
		}
		if !r.rpc && !list.object.Calculating && list.object.Type != "static" { // which this console does not count
			n := 0.0
			for h := range e.simulated.Organization(list.account.Organization).AssetHosts(list.object.ID) {
				if seenBy(&sctest.Finding{Host: h}, list.account) {
					n++
				}
			}
			want[sample("securitycenter_asset_list_ips", "organization_id", list.organization, "asset_id", list.object.ID, "asset", list.object.Name)] = n
		}
		members := map[sctest.Host]bool{}
		for h := range e.simulated.Organization(list.account.Organization).AssetHosts(list.object.ID) {
			members[h] = true
		}
		n := r.open(func(f *sctest.Finding) bool { return members[f.Host] && seenBy(f, list.account) })
		if slices.Max(n[:]) == 0 {
			empty++
		}
		want.severities("securitycenter_vulnerabilities_by_asset", 0, n, "organization_id", list.organization, "asset_id", list.object.ID, "asset", list.object.Name)
	}
	if shown := len(want.of("securitycenter_vulnerabilities_by_asset")); empty == 0 || shown == empty*5 {
		t.Fatalf("%d of the lists of %d series are empty", empty, shown)
	}
	diff(t, "asset lists", want, e.with(t, "assets", own(map[string]any{"ids": ids})))
}

// seenBy says whether the account sees a finding, whoever reads it.
func seenBy(f *sctest.Finding, account sctest.Account) bool {
	return len(account.Repositories) == 0 || slices.Contains(account.Repositories, f.Host.Repository)
}

// An organisation's own objects are counted in what its account sees, as far as
// the configuration chooses it and some account reads it.
func TestObjectsOfAnOrganisationAreCountedInWhatItSeesAndSomebodyReads(t *testing.T) {
	for name, adjust := range map[string][]func(*console.Options){
		"another account reads a part": {reading("alice", "1")},
		"nobody reads a part":          {reading("alice", "1"), reading("bob", "3")},
		"a part is not chosen":         {func(o *console.Options) { o.Repositories = console.RepositoryFilter{Exclude: []string{"1"}} }},
	} {
		for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
			in(t, dialect.String()+", "+name, func(t *testing.T) {
				e := export(t, sctest.Options{Dialect: dialect, Seed: 6, OwnObjects: true, Accounts: []sctest.Account{admin, alice, bob}}, adjust...)
				r := e.reckon(t)
				recountAssets(t, e, r)
				recountCompliance(t, e, r)
				recountVulnerabilities(t, e, r)
			})
		}
	}
}
