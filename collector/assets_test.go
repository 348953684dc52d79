package collector_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestAssetListsThatAreNamedAreCountedZerosToo(t *testing.T) {
	ids := []string{"0", "3", "8", "10", "11", "77"}
	for release, o := range releases {
		for name, accounts := range map[string][]sctest.Account{"one account": nil, "two organisations": {admin, alice, bob}} {
			in(t, release+", "+name, func(t *testing.T) {
				o := o
				o.Accounts, o.Seed = accounts, 6
				o.OwnObjects = accounts != nil && o.Dialect == sctest.REST // equal ids are other lists
				e := export(t, o)
				r := e.reckon(t)
				want, empty := samples{}, 0
				for _, account := range e.simulated.Options().Accounts {
					if account.Administrator || r.rpc && account.Organization > 1 {
						continue // on SecurityCenter 4 all fields of these lists agree: they are one
					}
					lists := e.simulated.Organization(account.Organization)
					for _, id := range ids {
						list, ok := lists.Asset(id)
						if !ok {
							continue
						}
						members := map[sctest.Host]bool{}
						for h := range lists.AssetHosts(id) {
							members[h] = true
						}
						n := r.open(func(f sctest.Finding) bool {
							return members[f.Host] && seenBy(f, account)
						})
						if slices.Max(n[:]) == 0 {
							empty++
						}
						organization := strconv.Itoa(account.Organization)
						switch {
						case r.rpc && len(accounts) > 0:
							organization = account.Username
						case r.rpc:
							organization = ""
						}
						want.severities("securitycenter_vulnerabilities_by_asset", 0, n, "organization_id", organization, "asset_id", id, "asset", list.Name)
					}
				}
				if empty == 0 || len(want) == empty*5 {
					t.Fatalf("%d of the lists of %d series are empty", empty, len(want))
				}
				got := e.with(t, "assets", own(map[string]any{"ids": ids}))
				diff(t, "asset lists", want, got.of("securitycenter_vulnerabilities_by_asset"))
				if n := got.sum("securitycenter_asset_lists"); n < float64(len(e.simulated.Assets())) {
					t.Errorf("%v lists by status, want all %d", n, len(e.simulated.Assets()))
				}
			})
		}
	}
}

// seenBy says whether the account sees a finding, whoever reads it.
func seenBy(f sctest.Finding, account sctest.Account) bool {
	return len(account.Repositories) == 0 || slices.Contains(account.Repositories, f.Host.Repository)
}

func TestStatusOfAssetLists(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		calculating := 0
		for _, a := range e.simulated.Assets() {
			if a.Calculating {
				calculating++
			}
		}
		want := samples{
			sample("securitycenter_asset_lists", "status", "ready"):       float64(len(e.simulated.Assets()) - calculating),
			sample("securitycenter_asset_lists", "status", "calculating"): float64(calculating),
			sample("securitycenter_asset_lists", "status", "other"):       0,
		}
		if e.load(t, "assets"); calculating == 0 {
			t.Fatal("no list is being calculated")
		}
		diff(t, "asset lists", want, e.load(t, "assets"))
	})
}
