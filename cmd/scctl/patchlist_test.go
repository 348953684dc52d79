package main

import (
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// fixesOf recounts what every plugin adds to the score, finding by finding, and the
// score of all, with the default weights of the protocol notes.
func fixesOf(console *sctest.Server, read func(sctest.Host) bool) (score, hosts map[string]float64, all float64) {
	weight := [5]float64{0, 1, 3, 10, 40}
	score, hosts = map[string]float64{}, map[string]float64{}
	on := map[string]map[sctest.Host]bool{}
	for f := range console.Findings() {
		if !f.Open() || f.Accepted || f.WebApplication || f.PluginType == "compliance" || !read(f.Host) {
			continue
		}
		id := strconv.Itoa(f.PluginID)
		all += weight[f.Severity]
		score[id] += weight[f.Severity]
		if on[id] == nil {
			on[id] = map[sctest.Host]bool{}
		}
		on[id][f.Host] = true
		hosts[id] = float64(len(on[id]))
	}
	return score, hosts, all
}

// Of an owner, fixes and shares are those of its hosts alone.
func TestTheFixesOfAnOwnerAreThoseOfItsHosts(t *testing.T) {
	for _, dialect := range dialects {
		for name, refused := range map[string][]string{"sumremediation": nil, "without the tool": {"sumremediation"}} {
			t.Run(dialect.String()+" "+name, func(t *testing.T) {
				console := sctest.Start(t, sctest.Options{Dialect: dialect, Hosts: 60, Plugins: 1500, RefuseTools: refused})
				environment(t, nil)
				file := configured(t, map[string]string{"one": console.URL}, "")
				lists := "[3, 10]"
				if dialect == sctest.RPC {
					lists = "[3]"
				}
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				text = append(text, "owners: [{name: servers, account: analyst, assets: "+lists+"}, {name: web, assets: [77]}]\n"...)
				if err := os.WriteFile(file, text, 0o600); err != nil {
					t.Fatal(err)
				}
				members := map[sctest.Host]bool{}
				for h := range console.AssetHosts("3") { // which holds the hosts of 10
					members[h] = true
				}
				if len(members) == 0 {
					t.Fatal("the list is empty: this proves nothing")
				}
				score, hosts, all := fixesOf(console, func(h sctest.Host) bool { return members[h] })
				for _, fix := range objects(t, succeed(t, "--config.file", file, "patch-list", "--owner", "servers", "--top", "5", "--format", "jsonl")) {
					id := fix["pluginID"].(string)
					if want := 100 * score[id] / all; math.Abs(fix["sharePercent"].(float64)-want) > 0.011 || fix["score"] != score[id] || fix["hosts"] != hosts[id] {
						t.Errorf("%v, want the share %v of plugin %s, on %v hosts", fix, want, id, hosts[id])
					}
				}
				for _, mistake := range []struct{ owner, want string }{{"servrs", "there are servers, web"}, {"web", "owner web"}} {
					if r := scctl(t, "--config.file", file, "patch-list", "--owner", mistake.owner); r.code == exitDone || !strings.Contains(r.stderr, mistake.want) {
						t.Errorf("--owner %s: %d, %s; want %s", mistake.owner, r.code, r.stderr, mistake.want)
					}
				}
			})
		}
	}
}

func TestTheFixesThatRemoveMostRiskInWords(t *testing.T) {
	for _, dialect := range dialects {
		for name, tt := range map[string]struct {
			sctest.Options
			computed bool // from sumid
		}{
			"sumremediation":       {},
			"without the tool":     {Options: sctest.Options{RefuseTools: []string{"sumremediation"}}, computed: true},
			"audits of low ids":    {Options: sctest.Options{Quirks: sctest.Quirks{LowCompliancePlugins: true}}, computed: true},
			"without totals":       {Options: sctest.Options{Quirks: sctest.Quirks{NoMatchingCount: true}}},
			"the tool by code 143": {Options: sctest.Options{RefuseTools: []string{"sumremediation"}, Quirks: sctest.Quirks{Speaks143: true}}, computed: true},
		} {
			t.Run(dialect.String()+" "+name, func(t *testing.T) {
				tt.Dialect, tt.Hosts, tt.Plugins = dialect, 60, 1500
				console := sctest.Start(t, tt.Options)
				asAnalyst(t)
				for _, repositories := range [][]string{nil, {"--repository", "1,Branch Offices"}} {
					ids := map[string]bool{"1": true, "2": true, "3": true, "4": true}
					if repositories != nil {
						ids = map[string]bool{"1": true}
						for _, r := range console.Repositories() {
							ids[r.ID] = ids[r.ID] && r.ID == "1" || r.Name == "Branch Offices"
						}
					}
					score, hosts, all := fixesOf(console, func(h sctest.Host) bool { return ids[h.Repository] })
					console.ForgetRequests()
					list := objects(t, succeed(t, append([]string{"--url", console.URL, "patch-list", "--top", "7", "--format", "jsonl"}, repositories...)...))
					if len(list) != 7 {
						t.Fatalf("%d fixes, want 7", len(list))
					}
					sum, least := 0.0, math.Inf(1)
					shown := map[string]bool{}
					for _, fix := range list {
						id := fix["pluginID"].(string)
						shown[id] = true
						share := 100 * score[id] / all
						sum += share
						for key, want := range map[string]float64{"score": score[id], "hosts": hosts[id], "sharePercent": share, "cumulativePercent": sum} {
							if got := fix[key].(float64); math.Abs(got-want) > 0.011 {
								t.Errorf("plugin %s: %s is %v, want %v", id, key, got, want)
							}
						}
						if score[id] > least {
							t.Errorf("plugin %s is behind one that removes less", id)
						}
						least = score[id]
						if fix["solution"] == "" || fix["pluginName"] == "" {
							t.Errorf("plugin %s has no words: %v", id, fix)
						}
					}
					for id, v := range score {
						if tt.computed && v > least && !shown[id] { // the tool leaves out what no patch is known for
							t.Errorf("plugin %s removes %v and is not among the first", id, v)
						}
					}
					pages := console.Count(func(r sctest.Request) bool { return r.Tool == "sumremediation" && r.End == 7 })
					if most := 1; pages > most || pages < most && !tt.computed {
						t.Errorf("%d pages of sumremediation were asked for, want %d", pages, most)
					}
				}
			})
		}
	}
}

func TestTheFixesOfTwoAccountsAreAddedUp(t *testing.T) {
	for _, dialect := range dialects {
		console := sctest.Start(t, sctest.Options{Dialect: dialect, Hosts: 60, Plugins: 1500, Accounts: []sctest.Account{
			{Username: sctest.AdminUsername, Password: sctest.AdminPassword, Organization: 1, Repositories: []string{"1", "2"}},
			{Username: sctest.AnalystUsername, Password: sctest.AnalystPassword, Organization: 2, Repositories: []string{"2", "3"}},
		}})
		environment(t, nil)
		file := configured(t, map[string]string{"one": console.URL}, "")
		score, _, all := fixesOf(console, func(h sctest.Host) bool { return h.Repository != "4" })
		for _, fix := range objects(t, succeed(t, "--config.file", file, "patch-list", "--top", "3", "--format", "jsonl")) {
			id := fix["pluginID"].(string)
			if want := 100 * score[id] / all; math.Abs(fix["sharePercent"].(float64)-want) > 0.011 || fix["score"] != score[id] {
				t.Errorf("%v, want the share %v of plugin %s", fix, want, id)
			}
		}
	}
}

func TestThePatchListIsATableAndCSVToo(t *testing.T) {
	console := start(t, sctest.REST)
	asAnalyst(t)
	if out := succeed(t, "--url", console.URL, "patch-list"); !strings.HasPrefix(out, "solution ") || strings.Count(out, "\n") != 11 {
		t.Error(out)
	}
	if out := succeed(t, "--url", console.URL, "patch-list", "--top", "2", "--format", "csv"); !strings.HasPrefix(out, "solution,pluginID,pluginName,hosts,findings,score,sharePercent,cumulativePercent") || strings.Count(out, "\n") != 3 {
		t.Error(out)
	}
}

func TestRepositoriesOfThePatchListMustBeKnown(t *testing.T) {
	console := start(t, sctest.REST)
	asAnalyst(t)
	for _, tt := range []struct {
		flag string
		code int
		says string
	}{
		{"--repository=9", exitNotFound, "repository 9: not found"},
		{"--repository=Branch Ofices", exitNotFound, "did you mean Branch Offices?"},
		{"--repository=Default", exitUsage, "several of that name: 1, 2"},
		{"--top=0", exitUsage, "want 1 to 1000"},
	} {
		if said := fail(t, tt.code, "--url", console.URL, "patch-list", tt.flag); !strings.Contains(said, tt.says) {
			t.Errorf("%s: %s", tt.flag, said)
		}
	}
}
