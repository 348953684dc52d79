package collector_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// watch is what one watch finds: the findings that pass, none if it is absent.
type watch struct {
	config.Watch
	finds func(*sctest.Finding) bool
	rest  bool // not on SecurityCenter 4
}

func filters(f ...config.Filter) config.Watch { return config.Watch{Filters: f} }

func equal(name string, value any) config.Filter {
	return config.Filter{Name: name, Operator: "=", Value: value}
}

// watches looks for what the console has, in every way that the configuration
// knows.
func (r *reckoning) watches(t *testing.T) map[string]watch {
	t.Helper()
	var cves, plugins []string
	xref := ""
	for _, f := range r.findings {
		if !f.Open() || !counts(f) {
			continue
		}
		if len(f.CVEs) > 0 && len(cves) < 3 && !slices.Contains(cves, f.CVEs[0]) {
			cves = append(cves, f.CVEs[0])
		}
		if id := strconv.Itoa(f.PluginID); f.Severity > 1 && len(plugins) < 4 && !slices.Contains(plugins, id) {
			plugins = append(plugins, id)
		}
		if len(f.XRefs) > 0 {
			xref = f.XRefs[0]
		}
	}
	one := func(of, wanted []string) bool {
		return slices.ContainsFunc(of, func(v string) bool { return slices.Contains(wanted, v) })
	}
	risky := func(f *sctest.Finding) bool { return f.Open() && !f.Accepted && !f.WebApplication } // compliance results too
	repository := map[bool]config.Filter{true: equal("repositoryIDs", "2"), false: equal("repository", []any{map[string]any{"id": "2"}})}[r.rpc]
	acceptance := map[bool]config.Filter{true: equal("acceptedRisk", "true"), false: equal("acceptRiskStatus", "accepted")}[r.rpc]
	return map[string]watch{
		"cves":    {Watch: config.Watch{CVEs: cves}, finds: func(f *sctest.Finding) bool { return open(f) && one(f.CVEs, cves) }},
		"plugins": {Watch: config.Watch{Plugins: plugins}, finds: func(f *sctest.Finding) bool { return risky(f) && slices.Contains(plugins, strconv.Itoa(f.PluginID)) }},
		"xref":    {Watch: config.Watch{XRef: xref}, finds: func(f *sctest.Finding) bool { return open(f) && slices.Contains(f.XRefs, xref) }},
		"filters": {
			Watch: filters(equal("severity", "4,3"), equal("exploitAvailable", "true")),
			finds: func(f *sctest.Finding) bool { return open(f) && f.Severity >= 3 && f.Exploitable },
		},
		"a network":    {Watch: filters(equal("ip", "10.0.0.0/16")), finds: func(f *sctest.Finding) bool { return open(f) && strings.HasPrefix(f.Host.IP, "10.0.") }},
		"a repository": {Watch: filters(repository, equal("severity", "3")), finds: func(f *sctest.Finding) bool { return open(f) && f.Host.Repository == "2" && f.Severity == 3 }},
		"accepted risk": {Watch: filters(acceptance), finds: func(f *sctest.Finding) bool {
			return f.Accepted && open(unaccepted(f))
		}},
		"a plugin type":  {Watch: filters(equal("pluginType", "active")), finds: func(f *sctest.Finding) bool { return risky(f) && f.PluginType == "active" }},
		"all types":      {Watch: filters(equal("pluginType", "all"), equal("severity", "3")), finds: func(f *sctest.Finding) bool { return open(f) && f.Severity == 3 }},
		"old plugins":    {Watch: filters(equal("pluginID", "1-30000")), finds: func(f *sctest.Finding) bool { return risky(f) && f.PluginID <= 30000 }},
		"web findings":   {Watch: filters(equal("wasVuln", "onlyWas")), rest: true, finds: func(f *sctest.Finding) bool { return f.WebApplication && open(ofNoWeb(f)) }},
		"an old plugin":  {Watch: filters(config.Filter{Name: "pluginID", Operator: "<=", Value: "30000"}), rest: true, finds: func(f *sctest.Finding) bool { return risky(f) && f.PluginID <= 30000 }},
		"criticals":      {Watch: config.Watch{Query: "1"}, rest: true, finds: func(f *sctest.Finding) bool { return open(f) && f.Severity == 4 }},
		"exploitable":    {Watch: config.Watch{Query: "2"}, rest: true, finds: func(f *sctest.Finding) bool { return open(f) && f.Severity == 4 && f.Exploitable }},
		"its own":        {Watch: config.Watch{Query: "3"}, rest: true, finds: func(f *sctest.Finding) bool { return open(f) && f.Host.Repository == "1" }},
		"everything":     {Watch: config.Watch{Query: "4"}, rest: true, finds: open},
		"log events":     {Watch: config.Watch{Query: "5"}},
		"no query":       {Watch: config.Watch{Query: "99"}},
		"unknown filter": {Watch: filters(equal("moonPhase", "full"))},
		"wrong value":    {Watch: filters(equal("severity", "very high"))},
		"wrong operator": {Watch: filters(config.Filter{Name: "pluginID", Operator: "~=", Value: "19506"})},
		"no repository":  {Watch: filters(equal("repository", []any{map[string]any{"id": "77"}}))},
	}
}

func TestEveryWatchFindsWhatLookingAtEveryFindingDoes(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		for _, tt := range []struct {
			name     string
			quirks   sctest.Quirks
			accounts []sctest.Account
		}{
			{name: "one account"},
			{name: "two accounts", accounts: []sctest.Account{admin, alice, bob}},
			{name: "compliance results subtracted", quirks: sctest.Quirks{LowCompliancePlugins: true, RPCMatchingCount: true}},
		} {
			in(t, dialect.String()+" "+tt.name, func(t *testing.T) {
				e := export(t, sctest.Options{Dialect: dialect, Seed: 5, Accounts: tt.accounts, Quirks: tt.quirks})
				before := e.load(t, "risk")
				r := e.reckon(t)
				watches := r.watches(t)
				want, settings := samples{}, collector.Settings{}
				for name, w := range watches {
					w.Name = name
					sees := sctest.Account{} // all
					if tt.accounts != nil && w.Query != "" {
						w.Account, sees = "alice", alice
					}
					settings.Watches = append(settings.Watches, w.Watch)
					if w.finds == nil || w.rest && r.rpc {
						continue
					}
					finds := func(f *sctest.Finding) bool { return w.finds(f) && seenBy(f, sees) }
					r.present(t, "finding of watch "+name, finds)
					found := r.all(finds)
					want.severities("securitycenter_watch_vulnerabilities", 0, found, "watch", name)
					byPlugin := len(w.Plugins) > 0 || slices.ContainsFunc(w.Filters, func(f config.Filter) bool {
						return f.Name == "pluginID" || f.Name == "pluginType" && f.Value != "all"
					})
					if byPlugin || !tt.quirks.LowCompliancePlugins {
						want[sample("securitycenter_watch_hosts", "watch", name)] = r.hosts(finds)
					}
				}
				s, err := e.run(t, "watches", settings)
				if err != nil {
					t.Fatal(err)
				}
				diff(t, "watches", want, samplesOf(s.Families()))
				for name, w := range watches {
					absent := w.finds == nil || w.rest && r.rpc
					if noted := strings.Contains(strings.Join(s.Missing, "\n"), "watch "+name); noted != absent {
						t.Errorf("watch %s is noted as missing: %v, want %v", name, noted, absent)
					}
				}
				// What is wrong with a watch says nothing of the console.
				diff(t, "risk after the watches", before, e.load(t, "risk"))
				for filter, takes := range e.SupportedFilters() {
					if !takes {
						t.Errorf("filter %s is held to be refused", filter)
					}
				}
			})
		}
	}
}

// elsewhere asks for saved query 99 wherever query 1 is asked for: it belongs to
// another organisation.
type elsewhere struct{ http.RoundTripper }

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/rest/query/1" {
		r = r.Clone(r.Context())
		r.URL.Path = "/rest/query/99"
	}
	return e.RoundTripper.RoundTrip(r)
}

// Ids of saved queries, asset lists and audit files are unique within one
// organisation: a watch that names one looks at one organisation.
func TestAWatchOfAnOrganisationsObjectLooksAtThatOrganisationAlone(t *testing.T) {
	list := equal("asset", map[string]any{"id": "3"})
	watches := []config.Watch{
		{Name: "query", Query: "1"}, {Name: "alice's query", Query: "1", Account: "alice"}, {Name: "bob's query", Query: "1", Account: "bob"},
		{Name: "list", Filters: []config.Filter{list}}, {Name: "alice's list", Filters: []config.Filter{list}, Account: "alice"}, {Name: "bob's list", Filters: []config.Filter{list}, Account: "bob"},
		{Name: "alice's view", Filters: []config.Filter{equal("severity", "3")}, Account: "alice"},
		{Name: "gone", Query: "99", Account: "alice"}, {Name: "nobody's", Query: "1", Account: "carol"},
	}
	for name, tt := range map[string]struct {
		accounts []sctest.Account
		through  map[string]sctest.Account // watch to the account that it looks through; others are absent
		wrong    string                    // account that may not read query 1
	}{
		"one organisation": {[]sctest.Account{admin, alice}, map[string]sctest.Account{"query": alice, "list": alice, "alice's query": alice, "alice's list": alice, "alice's view": alice}, ""},
		"two organisations": {[]sctest.Account{admin, alice, bob}, map[string]sctest.Account{
			"alice's query": alice, "bob's query": bob, "alice's list": alice, "bob's list": bob, "alice's view": alice,
		}, ""},
		"one may not read it": {[]sctest.Account{admin, alice, bob}, map[string]sctest.Account{"alice's query": alice, "alice's list": alice, "bob's list": bob, "alice's view": alice}, "bob"},
	} {
		in(t, name, func(t *testing.T) {
			e := export(t, sctest.Options{Seed: 5, Accounts: tt.accounts}, func(o *console.Options) {
				for i, a := range o.Accounts {
					if a.Name == tt.wrong {
						o.Accounts[i].Transport = elsewhere{a.Transport}
					}
				}
			})
			r := e.reckon(t)
			members := map[sctest.Host]bool{}
			for h := range e.simulated.AssetHosts("3") {
				members[h] = true
			}
			finds := map[string]func(*sctest.Finding) bool{
				"query": func(f *sctest.Finding) bool { return open(f) && f.Severity == 4 },
				"list":  func(f *sctest.Finding) bool { return open(f) && members[f.Host] },
				"view":  func(f *sctest.Finding) bool { return open(f) && f.Severity == 3 },
			}
			want := samples{}
			for name, through := range tt.through {
				what := finds[name[strings.LastIndexByte(name, ' ')+1:]]
				pass := func(f *sctest.Finding) bool { return what(f) && seenBy(f, through) }
				r.present(t, "finding of watch "+name, pass)
				want.severities("securitycenter_watch_vulnerabilities", 0, r.all(pass), "watch", name)
				want[sample("securitycenter_watch_hosts", "watch", name)] = r.hosts(pass)
			}
			s, err := e.run(t, "watches", collector.Settings{Watches: watches})
			if err != nil {
				t.Fatal(err)
			}
			diff(t, "watches", want, samplesOf(s.Families()))
			for _, w := range watches {
				_, shown := tt.through[w.Name]
				if noted := strings.Contains(strings.Join(s.Missing, "\n"), "watch "+w.Name+":"); noted == shown {
					t.Errorf("watch %s is noted as missing: %v\n%s", w.Name, noted, strings.Join(s.Missing, "\n"))
				}
			}
		})
	}
}

// Whoever saved a query on a range of plugins means findings: results of audits
// would be among them.
func TestASavedQueryThatReachesAuditChecksMakesItsWatchAbsent(t *testing.T) {
	for value, shown := range map[string]bool{`"1-2000000"`: false, `"1-999999"`: true, `"19506,1006879"`: true} {
		in(t, value, func(t *testing.T) {
			e := export(t, sctest.Options{}, intercept("/rest/query/1", `{"id":"1","name":"q","type":"vuln","tool":"sumip","filters":[{"filterName":"pluginID","operator":"=","value":`+value+`}]}`))
			s, err := e.run(t, "watches", collector.Settings{Watches: []config.Watch{{Name: "w", Query: "1"}}})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(samplesOf(s.Families())); (n > 0) != shown || (len(s.Missing) == 0) != shown {
				t.Errorf("%d samples, missing %q; want it shown: %v", n, s.Missing, shown)
			}
		})
	}
}

// A saved query of which the console tells what is no filter finds too much
// without it.
func TestASavedQueryWhoseFiltersCannotBeReadMakesItsWatchAbsent(t *testing.T) {
	for filters, shown := range map[string]bool{`"filter"`: false, `["odd"]`: false, `{"severity":"4"}`: false, `null`: true, `[]`: true} {
		in(t, filters, func(t *testing.T) {
			e := export(t, sctest.Options{}, intercept("/rest/query/1", `{"id":"1","name":"q","type":"vuln","tool":"sumip","filters":`+filters+`}`))
			s, err := e.run(t, "watches", collector.Settings{Watches: []config.Watch{{Name: "w", Query: "1"}}})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(samplesOf(s.Families())); (n > 0) != shown || shown == strings.Contains(strings.Join(s.Missing, "\n"), "cannot be read") {
				t.Errorf("%d series, missing %q", n, s.Missing)
			}
		})
	}
}

// Objects of an organisation are looked for in what it sees.
func recountWatches(t *testing.T, e *exported, r *reckoning) {
	settings, want, found := collector.Settings{}, samples{}, 0.0
	var absent []string // what is said of each
	look := func(name string, account sctest.Account, w config.Watch, finds func(*sctest.Finding) bool) {
		w.Name, w.Account = name, account.Username
		settings.Watches = append(settings.Watches, w)
		pass := func(f *sctest.Finding) bool { return finds(f) && seenBy(f, account) }
		want.severities("securitycenter_watch_vulnerabilities", 0, r.open(pass), "watch", name)
		want[sample("securitycenter_watch_hosts", "watch", name)] = r.hosts(func(f *sctest.Finding) bool { return open(f) && pass(f) })
		found += want[sample("securitycenter_watch_hosts", "watch", name)]
	}
	for _, a := range e.organizationAccounts() {
		o := e.simulated.Organization(a.Organization)
		for _, list := range o.Assets() {
			members := map[sctest.Host]bool{}
			for h := range o.AssetHosts(list.ID) {
				members[h] = true
			}
			filter := equal("asset", map[string]any{"id": list.ID})
			if r.rpc {
				filter = equal("assetID", list.ID)
			}
			look(a.Username+"'s list "+list.ID, a, filters(filter), func(f *sctest.Finding) bool { return members[f.Host] })
		}
		for _, q := range o.SavedQueries() {
			name := a.Username + "'s query " + q.ID
			switch first := (&sctest.Finding{Host: sctest.Host{Repository: "1"}}); {
			case q.Matches == nil || r.rpc: // which does not list them
			case q.Name == "First repository" && !seenBy(first, a):
				settings.Watches = append(settings.Watches, config.Watch{Name: name, Account: a.Username, Query: q.ID})
				absent = append(absent, "watch "+name+": nothing to look at: account "+a.Username+" looks at none")
			default:
				look(name, a, config.Watch{Query: q.ID}, func(f *sctest.Finding) bool { return q.Matches(*f) })
			}
		}
	}
	s, err := e.run(t, "watches", settings)
	if err != nil {
		t.Fatal(err)
	}
	if diff(t, "watches", want, samplesOf(s.Families())); found == 0 {
		t.Error("nothing is found")
	}
	missing := strings.Join(s.Missing, "\n")
	for _, said := range absent {
		if !strings.Contains(missing, said) || strings.Count(missing, "watch ") != len(absent) {
			t.Errorf("missing: %q, want %q", s.Missing, absent)
		}
	}
}

// SecurityCenter 4 does not tell organisations: several accounts may be of several.
func TestAWatchOfAListNeedsAnAccountWhereSeveralLookAtSecurityCenter4(t *testing.T) {
	for name, tt := range map[string]struct {
		accounts []sctest.Account
		shown    bool
	}{"one account": {[]sctest.Account{admin, alice}, true}, "two of one organisation": {[]sctest.Account{admin, alice, carol}, false}, "two organisations": {[]sctest.Account{admin, alice, bob}, false}} {
		in(t, name, func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: sctest.RPC, Seed: 5, OwnObjects: true, Accounts: tt.accounts})
			list := filters(equal("assetID", "3"))
			list.Name = "list"
			s, err := e.run(t, "watches", collector.Settings{Watches: []config.Watch{list}})
			if err != nil {
				t.Fatal(err)
			}
			if shown := len(samplesOf(s.Families())) > 0; shown != tt.shown || shown == strings.Contains(strings.Join(s.Missing, ""), "give it an account") {
				t.Errorf("it is shown: %v, missing %q", shown, s.Missing)
			}
		})
	}
}

// Whether it sees nothing is not known before it has logged in.
func TestAWatchOfAnAccountThatCannotLogInSaysSo(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: dialect, Accounts: []sctest.Account{admin, alice, bob}}, wrongPassword("bob"))
			settings := collector.Settings{}
			for _, account := range []string{"alice", "bob"} {
				w := filters(equal("severity", "3"))
				w.Name, w.Account = "of "+account, account
				settings.Watches = append(settings.Watches, w)
			}
			s, err := e.run(t, "watches", settings)
			if err != nil {
				t.Fatal(err)
			}
			if got := samplesOf(s.Families()).of("securitycenter_watch_hosts"); len(got) != 1 || got[sample("securitycenter_watch_hosts", "watch", "of alice")] == 0 {
				t.Errorf("%v, want the watch of alice", got)
			}
			if missing := strings.Join(s.Missing, ""); !strings.Contains(missing, "watch of bob") || !strings.Contains(missing, "account bob") || !strings.Contains(missing, "login refused") {
				t.Errorf("missing: %q, want that the login of bob was refused", s.Missing)
			}
		})
	}
}
