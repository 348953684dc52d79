package collector_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// ownLists are lists that overlap (4 of 3 and 8 is 10), alone and together; one that is
// empty, and one that nobody has.
var ownLists = map[string][]string{
	"servers": {"3"}, "headquarters": {"8"}, "both": {"3", "8"}, "part": {"10"}, "empty": {"11"}, "with-empty": {"11", "3"},
	"many": {"2", "3", "4", "5", "6", "7", "9", "10", "11"}, "nobodys": {"77"}, "half-nobodys": {"3", "77"},
}

// membersOf are the hosts that any of the lists of an organisation holds.
func (e *exported) membersOf(organization int, lists ...string) map[sctest.Host]bool {
	members := map[sctest.Host]bool{}
	for _, id := range lists {
		for h := range e.simulated.Organization(organization).AssetHosts(id) {
			members[h] = true
		}
	}
	return members
}

// owned adds what an owner of these hosts has.
func (s samples) owned(r *reckoning, name string, policies []config.SLA, has func(*sctest.Finding) bool) {
	s.severities("securitycenter_owner_vulnerabilities", 0, r.open(has), "owner", name)
	s[sample("securitycenter_owner_hosts", "owner", name)] = r.hosts(func(f *sctest.Finding) bool { return open(f) && has(f) })
	s.severities("securitycenter_owner_vulnerabilities_exploitable", 0, r.open(func(f *sctest.Finding) bool { return f.Exploitable && has(f) }), "owner", name)
	for _, p := range policies {
		for word, days := range p.Days {
			severity := slices.Index(severities[:], word)
			late := r.open(func(f *sctest.Finding) bool { return has(f) && r.until(dated(f, p.Basis), days) })
			s[sample("securitycenter_owner_vulnerabilities_overdue", "owner", name, "severity", word, "sla", p.Name)] = late[severity]
		}
	}
}

func recountOwners(t *testing.T, e *exported, r *reckoning) {
	var settings collector.Settings
	policies := slices.DeleteFunc(policies(t), func(p config.SLA) bool { return p.Name != "vendor" && p.Name != "patch" })
	want, absent := samples{}, []string{}
	for _, a := range e.organizationAccounts() {
		for list, ids := range ownLists {
			name := a.Username + "-" + list
			settings.Owners = append(settings.Owners, config.Owner{Name: name, Account: a.Username, Assets: ids, SLA: policies})
			if slices.Contains(ids, "77") || r.rpc && len(ids) > 1 {
				absent = append(absent, name)
				continue
			}
			members := e.membersOf(a.Organization, ids...)
			want.owned(r, name, policies, func(f *sctest.Finding) bool { return members[f.Host] && seenBy(f, a) })
		}
	}
	want = want.on(e.simulated.Options().Dialect)
	s, err := e.run(t, "owners", settings)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "owners", want, samplesOf(s.Families()))
	for _, family := range []string{"securitycenter_owner_vulnerabilities", "securitycenter_owner_hosts", "securitycenter_owner_vulnerabilities_exploitable", "securitycenter_owner_vulnerabilities_overdue"} {
		if want.sum(family) == 0 {
			t.Errorf("there is nothing in %s: this proves nothing", family)
		}
	}
	missing := strings.Join(s.Missing, "\n")
	for _, name := range append(absent, "hosts without owner") {
		if !strings.Contains(missing, name+": ") && !strings.Contains(missing, name+",") {
			t.Errorf("missing: %q, want a word on %s", s.Missing, name)
		}
	}
}

// Hosts without owner are those of all repositories that somebody reads, less those
// that the lists of an organisation hold in what their accounts see.
func TestHostsWithoutOwnerAreThoseThatNoListHolds(t *testing.T) {
	own := func(account string, ids ...string) config.Owner {
		return config.Owner{Name: fmt.Sprint(account, ids[0]), Account: account, Assets: ids, SLA: []config.SLA{{Name: "default", Basis: "first_seen"}}}
	}
	for name, tt := range map[string]struct {
		accounts  []sctest.Account
		owners    []config.Owner
		rest, rpc bool // whether it is shown
	}{
		"one list":                    {[]sctest.Account{admin, alice}, []config.Owner{own("alice", "3")}, true, true},
		"without account":             {[]sctest.Account{admin, alice}, []config.Owner{own("", "3")}, true, true},
		"an empty list":               {[]sctest.Account{admin, alice}, []config.Owner{own("alice", "11")}, true, true},
		"lists that overlap":          {[]sctest.Account{admin, alice}, []config.Owner{own("alice", "3", "10"), own("alice", "4", "3")}, true, false},
		"the same list twice":         {[]sctest.Account{admin, alice}, []config.Owner{own("alice", "4"), {Name: "again", Account: "alice", Assets: []string{"4"}}}, true, true},
		"another organisation reads":  {[]sctest.Account{admin, alice, bob}, []config.Owner{own("alice", "8")}, true, true},
		"two accounts of one":         {[]sctest.Account{admin, alice, carol, bob}, []config.Owner{own("carol", "3"), own("alice", "4")}, true, false},
		"lists of two organisations":  {[]sctest.Account{admin, alice, bob}, []config.Owner{own("alice", "3"), own("bob", "8")}, false, false},
		"without account, of several": {[]sctest.Account{admin, alice, bob}, []config.Owner{own("", "3")}, false, false},
		"an administrator's":          {[]sctest.Account{admin, alice}, []config.Owner{own("admin", "3")}, false, false},
		"a list that nobody has":      {[]sctest.Account{admin, alice}, []config.Owner{own("alice", "8"), own("alice", "77")}, false, false},
		"an account that is not there": {
			[]sctest.Account{admin, alice}, []config.Owner{own("alice", "8"), own("nobody", "8")}, false, false,
		},
	} {
		for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
			in(t, dialect.String()+" "+name, func(t *testing.T) {
				e := export(t, sctest.Options{Dialect: dialect, Seed: 6, OwnObjects: true, Accounts: tt.accounts})
				r := e.reckon(t)
				members, seen := map[sctest.Host]bool{}, map[string]bool{}
				for _, o := range tt.owners {
					for _, a := range tt.accounts {
						if a.Username == o.Account || o.Account == "" && a.Username == "alice" {
							for h := range e.membersOf(1, o.Assets...) {
								members[h] = true
							}
							for _, id := range a.Repositories {
								seen[id] = true
							}
						}
					}
				}
				read := r.of(func(f *sctest.Finding) bool {
					return slices.ContainsFunc(tt.accounts, func(a sctest.Account) bool { return !a.Administrator && seenBy(f, a) })
				})
				without := read.hosts(func(f *sctest.Finding) bool { return open(f) && (!members[f.Host] || !seen[f.Host.Repository]) })
				want := samples{"securitycenter_owner_unassigned_hosts": without}
				shown := tt.rest && dialect == sctest.REST || tt.rpc && dialect == sctest.RPC
				if !shown {
					want = samples{}
				}
				s, err := e.run(t, "owners", collector.Settings{Owners: tt.owners})
				if err != nil {
					t.Fatal(err)
				}
				diff(t, "hosts without owner", want, samplesOf(s.Families()).of("securitycenter_owner_unassigned_hosts"))
				if noted := strings.Contains(strings.Join(s.Missing, "\n"), "hosts without owner"); noted == shown {
					t.Errorf("missing: %q, shown: %v", s.Missing, shown)
				}
				if shown && without == 0 {
					t.Error("every host has an owner: this proves nothing")
				}
			})
		}
	}
}

// The budget: six requests for an owner with one policy (seven where the console does not
// tell hosts and severities in one answer), one for all lists together, beside what
// every collector of findings asks to know its console.
func TestWhatAnOwnerCosts(t *testing.T) {
	for dialect, each := range map[sctest.Dialect]int{sctest.REST: 6, sctest.RPC: 7} {
		in(t, dialect.String(), func(t *testing.T) {
			cost := func(owners ...config.Owner) int {
				e := export(t, sctest.Options{Dialect: dialect, Hosts: 40})
				e.load(t, "vulnerabilities")
				ctx := console.WithReuse(t.Context(), console.MostReuse)
				for _, col := range collector.All() {
					if col.Name != "owners" {
						continue
					}
					e.simulated.ForgetRequests()
					if _, err := col.Run(ctx, col.New(), e.Console, completed(col, collector.Settings{Owners: owners})); err != nil {
						t.Fatal(err)
					}
				}
				return e.simulated.Count(func(r sctest.Request) bool { return r.Tool != "" })
			}
			vendor := policies(t)[:1]
			owner := func(name string, ids ...string) config.Owner {
				return config.Owner{Name: name, Assets: ids, SLA: vendor}
			}
			if n := cost(); n > 0 {
				t.Errorf("no owner costs %d requests", n)
			}
			one, two := cost(owner("a", "3")), cost(owner("a", "3"), owner("b", "8"))
			if one < each || one > each+1 || two < 2*each || two > 2*each+1 {
				t.Errorf("one owner costs %d requests, two %d; want %d each, and 1 more at most", one, two, each)
			}
		})
	}
}

// A login that is refused takes the owners away that are asked through it, and no other.
func TestAnOwnerWhoseAccountCannotLogInIsAbsentAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{Accounts: []sctest.Account{admin, alice, bob}}, wrongPassword("bob"))
		s, err := e.run(t, "owners", collector.Settings{Owners: []config.Owner{
			{Name: "of-alice", Account: "alice", Assets: []string{"3"}}, {Name: "of-bob", Account: "bob", Assets: []string{"3"}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		got := samplesOf(s.Families()).of("securitycenter_owner_hosts")
		if len(got) != 1 || got[sample("securitycenter_owner_hosts", "owner", "of-alice")] == 0 {
			t.Errorf("%v, want the hosts of alice", got)
		}
		if missing := strings.Join(s.Missing, ""); !strings.Contains(missing, "owner of-bob") || !strings.Contains(missing, "login refused") {
			t.Errorf("missing: %q, want that the login of bob was refused", s.Missing)
		}
	})
}
