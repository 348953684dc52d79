package collector_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestAssetListsThatAreNamedAreCountedZerosToo(t *testing.T) {
	ids := []string{"0", "3", "8", "10", "11", "77"}
	for release, o := range releases {
		for name, accounts := range map[string][]sctest.Account{"one account": nil, "two organisations": {admin, alice, bob}} {
			in(t, release+", "+name, func(t *testing.T) {
				o := o
				o.Accounts, o.Seed = accounts, 6
				e := export(t, o)
				r := e.reckon(t)
				want, empty := samples{}, 0
				for _, account := range e.simulated.Options().Accounts {
					if account.Administrator || r.rpc && account.Organization > 1 {
						continue // SecurityCenter 4 does not tell of which organisation a list is
					}
					for _, id := range ids {
						list, ok := e.simulated.Asset(id)
						if !ok {
							continue
						}
						members := map[sctest.Host]bool{}
						for h := range e.simulated.AssetHosts(id) {
							members[h] = true
						}
						n := r.open(func(f sctest.Finding) bool {
							return members[f.Host] && (r.rpc || e.readBy(f, account))
						})
						if slices.Max(n[:]) == 0 {
							empty++
						}
						organization := strconv.Itoa(account.Organization)
						if r.rpc {
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

// readBy says whether a finding is read through the account: the first that
// sees its repository.
func (e *exported) readBy(f sctest.Finding, account sctest.Account) bool {
	for _, a := range e.simulated.Options().Accounts {
		if !a.Administrator && (len(a.Repositories) == 0 || slices.Contains(a.Repositories, f.Host.Repository)) {
			return a.Username == account.Username
		}
	}
	return false
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

// closeTo fails unless every series has its true value, give or take a hundredth
// of a percent that the console rounds for each of two accounts.
func closeTo(t *testing.T, all map[string]float64, shown samples) {
	t.Helper()
	for name, v := range shown {
		if want, ok := all[name]; !ok || math.Abs(v-want) > 1e-4 {
			t.Errorf("%s is %v, want %v", name, v, want)
		}
	}
}

func keys(s samples) map[string]bool {
	names := map[string]bool{}
	for name := range s {
		names[name] = true
	}
	return names
}

func TestTheFixesThatRemoveMostAndThePluginsOnMostHosts(t *testing.T) {
	weight := [5]float64{0, 1, 3, 10, 40}
	onEach(t, func(t *testing.T, e *exported, r *reckoning) {
		ratios, hosts, score := map[string]float64{}, map[string]float64{}, 0.0
		on := map[string]map[sctest.Host]bool{}
		for _, f := range r.findings {
			if !f.Open() || !counts(f) || f.Severity == 0 {
				continue
			}
			score += weight[f.Severity]
			id := strconv.Itoa(f.PluginID)
			if !f.PatchPublished.IsZero() {
				ratios[sample("securitycenter_remediation_risk_ratio", "plugin_id", id)] += weight[f.Severity]
			}
			name := sample("securitycenter_top_plugin_hosts", "plugin_id", id, "severity", severities[f.Severity])
			if on[name] == nil {
				on[name] = map[sctest.Host]bool{}
			}
			on[name][f.Host] = true
			hosts[name] = float64(len(on[name]))
		}
		for name := range ratios {
			ratios[name] /= score
		}
		for _, n := range []int{1, 10, 25} {
			got := e.with(t, "remediation", own(map[string]any{"top": n, "plugins": n}))
			shown := got.of("securitycenter_remediation_risk_ratio")
			if two := len(e.simulated.Options().Accounts) > 2; two && (r.rpc || e.simulated.Options().Quirks.NoMatchingCount) {
				if len(shown) > 0 {
					t.Errorf("%v, want none: the accounts' scores are not told", shown)
				}
			} else {
				closeTo(t, ratios, shown)
				top(t, n, hundredths(ratios), keys(shown))
			}
			shown = got.of("securitycenter_top_plugin_hosts")
			closeTo(t, hosts, shown)
			top(t, n, hosts, keys(shown))
		}
	})
}

// hundredths makes shares equal that the console tells no difference of.
func hundredths(all map[string]float64) map[string]float64 {
	cut := map[string]float64{}
	for name, v := range all {
		cut[name] = math.Round(v*1e3) / 1e3
	}
	return cut
}

func TestResultsOfAuditsAreCountedByAuditFile(t *testing.T) {
	onEach(t, func(t *testing.T, e *exported, r *reckoning) {
		type file struct{ id, name string }
		files := []file{{"", ""}}
		if !r.rpc {
			files = nil
			for _, f := range e.simulated.AuditFiles() {
				files = append(files, file{f.ID, f.Name})
			}
		}
		want := samples{}
		for _, f := range files {
			n := r.all(func(x sctest.Finding) bool {
				return x.Open() && !x.Accepted && x.PluginType == "compliance" && (f.id == "" || x.AuditFileID == f.id)
			})
			for result, severity := range map[string]int{"passed": 0, "warning": 2, "failed": 3} {
				want[sample("securitycenter_compliance_checks", "audit_id", f.id, "audit", f.name, "result", result)] = n[severity]
			}
		}
		got := e.load(t, "compliance")
		diff(t, "audits", want, got)
		if got.sum("securitycenter_compliance_checks") == 0 {
			t.Error("the console has no results of audits")
		}
		if r.rpc {
			return
		}
		some := e.with(t, "compliance", own(map[string]any{"audits": []string{files[1].id, "77"}}))
		if len(some) != 3 || some.sum("securitycenter_compliance_checks") == 0 {
			t.Errorf("%v, want the results of audit file %s alone", some, files[1].id)
		}
	})
}

// Low ids do not matter here: results are told by their type.
func TestResultsOfAuditsAreExactWherePluginIDsDoNotTellThemApart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		high := export(t, sctest.Options{}).load(t, "compliance")
		low := export(t, sctest.Options{Quirks: sctest.Quirks{LowCompliancePlugins: true}}).load(t, "compliance")
		diff(t, "audits", high, low)
	})
}

func TestTicketsAreCountedByStatus(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			colleague := alice
			colleague.Username = "carol" // of the same organisation: she sees the same tickets
			e := export(t, sctest.Options{Dialect: dialect, Accounts: []sctest.Account{admin, alice, colleague}})
			want := samples{sample("securitycenter_tickets", "status", "other"): 0}
			for status, n := range e.simulated.Tickets() {
				want[sample("securitycenter_tickets", "status", status)] = float64(n)
			}
			diff(t, "tickets", want, e.load(t, "tickets"))
		})
	}
}

func TestUsersAreActiveOrLocked(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: dialect, Accounts: []sctest.Account{
				admin, alice, bob,
				{Username: "gone", Password: "x", Organization: 1, Locked: true}, {Username: "left", Password: "x", Administrator: true, Locked: true},
			}}, func(o *console.Options) { o.Accounts = o.Accounts[:3] })
			want := samples{sample("securitycenter_users", "state", "active"): 3, sample("securitycenter_users", "state", "locked"): 2}
			diff(t, "users", want, e.load(t, "users"))
		})
	}
}

func TestRiskRulesAreCountedByWhenTheyEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		want := samples{}
		for _, state := range []string{"active", "expiring_30d", "expired"} {
			want[sample("securitycenter_accept_risk_rules", "state", state)] = 0
		}
		for _, rule := range e.simulated.RiskRules() {
			state := "active"
			if left := time.Until(rule.Expires); !rule.Expires.IsZero() && left <= 0 {
				state = "expired"
			} else if !rule.Expires.IsZero() && left < 30*day {
				state = "expiring_30d"
			}
			want[sample("securitycenter_accept_risk_rules", "state", state)]++
			want["securitycenter_recast_risk_rules"]++
		}
		for name, n := range want {
			if n == 0 {
				t.Errorf("%s: the console has none", name)
			}
		}
		diff(t, "rules", want, e.load(t, "risk_rules"))
	})
}

func TestEventsAreCountedForTheTypesWithMost(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		for _, n := range []int{3, 50} {
			in(t, fmt.Sprintf("%s top %d", dialect, n), func(t *testing.T) {
				e := export(t, sctest.Options{Dialect: dialect})
				time.Sleep(25 * time.Minute)
				all := map[string]float64{}
				for event := range e.simulated.Events(time.Now().Truncate(time.Hour).Add(-day), time.Now()) {
					all[sample("securitycenter_events", "type", event.Type, "window", "1d")]++
				}
				got := e.with(t, "events", own(map[string]any{"top": n}))
				closeTo(t, all, got)
				top(t, n, all, keys(got))
			})
		}
	}
}

func TestFamiliesOfThePluginListAreCounted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{Plugins: 20_000})
		want := samples{}
		for _, f := range e.simulated.PluginFamilies() {
			kind := strings.Replace(f.Type, "lce", "event", 1)
			want[sample("securitycenter_plugins_by_family", "family_id", f.ID, "family", f.Name, "type", kind)] = float64(f.Plugins)
		}
		got := e.with(t, "plugins", own(map[string]any{"by_family": true}))
		diff(t, "families", want, got.of("securitycenter_plugins_by_family"))
	})
}

func TestScannersTellTheirDisksAndMemory(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		want, silent := samples{}, 0
		for _, s := range e.simulated.Scanners() {
			h, ok := e.simulated.ScannerHealth(s.ID)
			if !ok {
				silent++
				continue
			}
			set := func(family, label, value string, megabytes int) {
				if megabytes >= 0 {
					want[sample(family, "scanner_id", s.ID, "scanner", s.Name, label, value)] = float64(megabytes) * (1 << 20)
				}
			}
			for volume, free := range map[string]int{"data": h.DataFree, "log": h.LogFree, "temp": h.TempFree} {
				set("securitycenter_scanner_disk_free_bytes", "volume", volume, free)
			}
			for kind, n := range map[string]int{"ram_total": h.RAM, "ram_used": h.RAMUsed, "resident": h.Resident, "virtual": h.Virtual} {
				set("securitycenter_scanner_memory_bytes", "kind", kind, n)
			}
		}
		if silent == 0 || len(want) == 0 {
			t.Fatalf("%d scanners do not answer, and %d figures of others", silent, len(want))
		}
		got := e.with(t, "scanners", own(map[string]any{"health": true}))
		disks, memory := got.of("securitycenter_scanner_disk_free_bytes"), got.of("securitycenter_scanner_memory_bytes")
		for name, v := range memory {
			disks[name] = v
		}
		diff(t, "health", want, disks)
		if len(got.of("securitycenter_scanner_info")) != len(e.simulated.Scanners()) {
			t.Error("a scanner that does not tell its health is missing")
		}
	})
}

func TestProgressOfScansThatRun(t *testing.T) {
	result := func(id int, running, done, total string) string {
		return fmt.Sprintf(`{"id":"%d","name":"S","status":"Running","running":%q,"startTime":"946600000","finishTime":"-1","createdTime":"946600000",
			"scan":{"id":"%d","name":"Scan"},"progress":{"completedChecks":%q,"totalChecks":%q}}`, id, running, id, done, total)
	}
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{}, intercept("/rest/scanResult", `{"usable":[`+strings.Join([]string{
			result(1, "true", "250", "1000"), result(2, "true", "0", "400"), result(3, "true", "5", "0"), result(4, "true", "7", "5"), result(5, "true", "-1", "5"),
		}, ",")+`],"manageable":[]}`))
		got := e.with(t, "scans", own(map[string]any{"progress": true})).of("securitycenter_scan_progress_ratio")
		want := map[string]float64{"1": 0.25, "2": 0, "4": 1}
		if len(got) != len(want) {
			t.Errorf("%v, want the scans 1, 2 and 4", got)
		}
		for name, v := range got {
			for id, ratio := range want {
				if strings.Contains(name, `scan_id="`+id+`"`) && v != ratio {
					t.Errorf("%s is %v, want %v", name, v, ratio)
				}
			}
		}
		if n := len(e.load(t, "scans").of("securitycenter_scan_progress_ratio")); n > 0 {
			t.Errorf("%d scans show their progress without being asked to", n)
		}
	})
}
