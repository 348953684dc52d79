package collector_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestComplianceResultsThatPluginIDsDoNotTellApartAreSubtractedAndHostsAreAbsent(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: dialect, Seed: 3, Quirks: sctest.Quirks{LowCompliancePlugins: true, RPCMatchingCount: true}})
			low := 0
			for f := range e.simulated.Findings() {
				if f.PluginType == "compliance" && f.PluginID < 1_000_000 {
					low++
				}
			}
			if low == 0 {
				t.Fatal("no compliance plugin has a low id")
			}
			want := counted(e.simulated.Console, open).without("securitycenter_hosts")
			diff(t, "open findings", want, e.load(t, "vulnerabilities"))
		})
	}
}

func TestAQueryThatFailsSaysWhichRepositoryAndAccount(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		e.simulated.Inject(sctest.Fault{Endpoint: "POST /analysis", Match: func(r sctest.Request) bool {
			return strings.HasPrefix(fmt.Sprint(r.Filters), `[repository=[{"id":"2"}]`)
		}, Effect: sctest.Refuse(403, 1, "Out of memory")})
		_, err := e.run(t, "vulnerabilities", noLimits)
		for _, word := range []string{"repository 2 (Default)", "account analyst", "POST /rest/analysis", "Out of memory"} {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%v: does not say %q", err, word)
			}
		}
	})
}

// open says whether a finding counts and is open.
func open(f *sctest.Finding) bool { return f.Open() && counts(f) }

// counted is what the collector vulnerabilities must say of a console, added up
// finding by finding.
func counted(c *sctest.Console, keep func(*sctest.Finding) bool) samples {
	type sums struct {
		findings [5]float64
		score    float64
		hosts    map[sctest.Host]bool
	}
	weight := [5]float64{0, 1, 3, 10, 40} // of the severities in the console's score
	repositories := map[string]*sums{}
	for _, r := range c.Repositories() {
		repositories[r.ID] = &sums{hosts: map[sctest.Host]bool{}}
	}
	for f := range c.Findings() {
		if !keep(&f) {
			continue
		}
		s := repositories[f.Host.Repository]
		s.findings[f.Severity]++
		s.score += weight[f.Severity]
		s.hosts[f.Host] = true
	}
	want := samples{}
	for _, r := range c.Repositories() {
		s := repositories[r.ID]
		labels := []string{`repository="` + r.Name + `"`, `repository_id="` + r.ID + `"`}
		for severity, n := range s.findings {
			want[series("securitycenter_vulnerabilities", append(slices.Clone(labels), `severity="`+severities[severity]+`"`)...)] = n
		}
		want[series("securitycenter_hosts", labels...)] = float64(len(s.hosts))
		want[series("securitycenter_vulnerability_score", labels...)] = s.score
	}
	return want
}

func TestEveryVersionGivesTheNumbersThatAddingUpItsFindingsGives(t *testing.T) {
	const score = "securitycenter_vulnerability_score"
	for _, tt := range []struct {
		version string
		dialect sctest.Dialect
		quirks  sctest.Quirks
		absent  []string
	}{
		{version: "6.4.0"},
		{version: "6.1.0"},
		{version: "5.13.0"},
		{version: "5.8.0"},
		{version: "6.4.0", quirks: sctest.Quirks{NumbersAsNumbers: true}},
		{version: "6.4.0", quirks: sctest.Quirks{AcceptedHidden: true}},
		{version: "6.4.0", quirks: sctest.Quirks{NoMatchingCount: true}, absent: []string{score}},
		{version: "6.4.0", quirks: sctest.Quirks{WrongMatchingCount: true}, absent: []string{score}},
		{version: "4.8.1", dialect: sctest.RPC, absent: []string{score}},
		{version: "4.6.2", dialect: sctest.RPC, absent: []string{score}},
		{version: "4.4.0", dialect: sctest.RPC, absent: []string{score}},
		{version: "4.8.1", dialect: sctest.RPC, quirks: sctest.Quirks{RPCMatchingCount: true}}, // the exception of its source
	} {
		in(t, fmt.Sprintf("%s %s %+v", tt.dialect, tt.version, tt.quirks), func(t *testing.T) {
			e := export(t, sctest.Options{Version: tt.version, Dialect: tt.dialect, Quirks: tt.quirks, Seed: 11})
			kept := map[string]int{}
			for f := range e.simulated.Findings() {
				switch {
				case !f.Open():
				case f.Accepted:
					kept["accepted"]++
				case f.WebApplication:
					kept["web-application"]++
				case f.PluginType == "compliance":
					kept["compliance"]++
				}
			}
			if tt.version != "6.4.0" {
				kept["web-application"]++ // there are none before 6.2
			}
			if len(kept) != 3 {
				t.Fatalf("the console has too few kinds of findings that do not count: %v", kept)
			}
			want := counted(e.simulated.Console, open).without(tt.absent...)
			diff(t, "open findings", want, e.load(t, "vulnerabilities"))
		})
	}
}

// Up to 4.2 the scale begins at low, and what later versions call info is low.
func TestTheOldScaleOfFourSeveritiesIsReadAsLowToCritical(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{Version: "4.2.0", Dialect: sctest.RPC, Seed: 11})
		got := e.load(t, "vulnerabilities")
		want := samples{}
		for name, v := range counted(e.simulated.Console, open).without("securitycenter_vulnerability_score") {
			if info := strings.Replace(name, `severity="low"`, `severity="info"`, 1); info != name {
				v += counted(e.simulated.Console, open)[info]
			}
			if !strings.Contains(name, `severity="info"`) { // which it does not know
				want[name] = v
			}
		}
		diff(t, "open findings", want, got)
		if got.sum("securitycenter_vulnerabilities") == 0 {
			t.Error("no findings")
		}
	})
}

func TestRepositoriesAreFilteredInEveryQuery(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		for _, tt := range []struct {
			name   string
			filter console.RepositoryFilter
			want   []string
		}{
			{"include", console.RepositoryFilter{Include: []string{"1", "4", "99"}}, []string{"1", "4"}},
			{"exclude", console.RepositoryFilter{Exclude: []string{"1"}}, []string{"2", "3", "4", "5"}},
			{"types", console.RepositoryFilter{Types: []string{"remote", "offline"}}, []string{"3", "5"}},
			{"all of them", console.RepositoryFilter{Include: []string{"1", "3", "5"}, Exclude: []string{"1"}, Types: []string{"offline"}}, []string{"5"}},
		} {
			in(t, dialect.String()+" "+tt.name, func(t *testing.T) {
				e := export(t, sctest.Options{Dialect: dialect, Repositories: 5}, func(o *console.Options) { o.Repositories = tt.filter })
				e.load(t, "repositories") // the administrator's list tells the types on SecurityCenter 4
				e.simulated.ForgetRequests()
				got := e.load(t, "vulnerabilities")
				want := samples{}
				for name, v := range counted(e.simulated.Console, open).of("securitycenter_hosts") {
					if slices.ContainsFunc(tt.want, func(id string) bool { return strings.Contains(name, `repository_id="`+id+`"`) }) {
						want[name] = v
					}
				}
				diff(t, "hosts", want, got.of("securitycenter_hosts"))
				for _, r := range e.simulated.Requests() {
					if r.Tool == "" {
						continue
					}
					if ids := repositoriesOf(t, r); !subset(ids, tt.want) {
						t.Errorf("a query reads the repositories %q: %q", ids, r.Filters)
					}
				}
				if shown := e.load(t, "repositories").of("securitycenter_repository_info"); len(shown) != len(tt.want) {
					t.Errorf("%d repositories are shown, want %d", len(shown), len(tt.want))
				}
			})
		}
	}
}

func subset(some, all []string) bool {
	return !slices.ContainsFunc(some, func(id string) bool { _, err := strconv.Atoi(id); return err != nil || !slices.Contains(all, id) })
}

func TestEveryRepositoryIsReadThroughExactlyOneAccount(t *testing.T) {
	for _, tt := range []struct {
		name    string
		adjust  []func(*console.Options)
		readers map[string]string // by repository
	}{
		{"the first that sees it", nil, map[string]string{"1": "alice", "2": "alice", "3": "bob"}},
		{"the one that names it", []func(*console.Options){reading("bob", "2", "3")}, map[string]string{"1": "alice", "2": "bob", "3": "bob"}},
		{"an account that names some reads no other", []func(*console.Options){reading("alice", "1"), reading("bob", "2")}, map[string]string{"1": "alice", "2": "bob"}},
		{"nobody reads what its account does not see", []func(*console.Options){reading("bob", "1", "3")}, map[string]string{"2": "alice", "3": "bob"}},
	} {
		for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
			in(t, dialect.String()+" "+tt.name, func(t *testing.T) {
				e := export(t, sctest.Options{Dialect: dialect, Accounts: []sctest.Account{admin, alice, bob}}, tt.adjust...)
				got := e.load(t, "vulnerabilities")
				read := func(name string) bool {
					for id := range tt.readers {
						if strings.Contains(name, `repository_id="`+id+`"`) {
							return true
						}
					}
					return false
				}
				want, accessible := samples{}, samples{}
				for name, v := range counted(e.simulated.Console, open) {
					if read(name) {
						want[name] = v
					}
				}
				diff(t, "open findings", want.on(dialect), got)
				for _, r := range e.simulated.Requests() {
					if r.Tool == "" || r.Account == "admin" || len(r.Filters) == 0 { // SecurityCenter 4 tells the kind of an account by a query
						continue
					}
					for _, id := range repositoriesOf(t, r) {
						if tt.readers[id] != r.Account {
							t.Errorf("repository %s is read through %s, want %q", id, r.Account, tt.readers[id])
						}
					}
				}
				for _, r := range e.simulated.Repositories() {
					name := series("securitycenter_repository_accessible", `repository="`+r.Name+`"`, `repository_id="`+r.ID+`"`)
					accessible[name] = 0
					if tt.readers[r.ID] != "" {
						accessible[name] = 1
					}
				}
				diff(t, "accessible", accessible, e.load(t, "repositories").of("securitycenter_repository_accessible"))
			})
		}
	}
}
