package collector_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

var (
	admin = sctest.Account{Username: "admin", Password: "a", Administrator: true}
	alice = sctest.Account{Username: "alice", Password: "b", Organization: 1, Repositories: []string{"1", "2"}}
	bob   = sctest.Account{Username: "bob", Password: "c", Organization: 2, Repositories: []string{"2", "3"}}
)

// reading gives an account of the configuration its own list of repositories.
func reading(account string, repositories ...string) func(*console.Options) {
	return func(o *console.Options) {
		i := slices.IndexFunc(o.Accounts, func(a console.AccountOptions) bool { return a.Name == account })
		o.Accounts[i].Repositories = repositories
	}
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

func TestRepositoriesOfTheSameNameAreKeptApartByTheirIDs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		for _, id := range []string{"1", "2"} {
			name := series("securitycenter_repository_accessible", `repository="Default"`, `repository_id="`+id+`"`)
			if v, ok := e.load(t, "repositories")[name]; !ok || v != 1 {
				t.Errorf("%s is %v, %v", name, v, ok)
			}
		}
	})
}

func TestARepositoryOfNoOrganisationIsShownAsNotAccessible(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{UnassignedRepository: true})
		if n := e.load(t, "repositories").sum("securitycenter_repository_accessible"); n != 3 {
			t.Errorf("%v of 4 repositories are accessible, want 3", n)
		}
		if n := len(e.load(t, "vulnerabilities").of("securitycenter_hosts")); n != 3 {
			t.Errorf("%d repositories have hosts, want 3", n)
		}
	})
}

func TestWhatNoAccountMayReadIsToldApartFromFailure(t *testing.T) {
	var names, organizations []string
	for _, col := range collector.All() {
		names = append(names, col.Name)
		if col.Account == scapi.Organization && col.Name != "users" { // an administrator lists the administrators
			organizations = append(organizations, col.Name)
		}
	}
	for _, tt := range []struct {
		name     string
		accounts []sctest.Account
		not      []string            // collectors that cannot be read at all
		absent   []string            // families that are missing from the others
		missing  map[string][]string // parts that are missing, by collector
	}{
		{
			name: "an administrator alone", accounts: []sctest.Account{admin},
			not:     organizations,
			missing: map[string][]string{"users": {"users of organisations"}},
		},
		{
			name: "an organisation user alone", accounts: []sctest.Account{alice},
			absent: []string{
				"securitycenter_license_ips_used", "securitycenter_license_ips_limit", "securitycenter_jobs", "securitycenter_diagnostic_ok",
				"securitycenter_zone_scanners", "securitycenter_zone_addresses", "securitycenter_scanner_enabled",
				"securitycenter_scanner_load_average",
			},
			missing: map[string][]string{"system": {"job queue", "diagnostics"}},
		},
		{name: "both", accounts: []sctest.Account{alice, admin}},
	} {
		in(t, tt.name, func(t *testing.T) {
			e := export(t, sctest.Options{Accounts: tt.accounts})
			for _, name := range names {
				s, err := e.run(t, name, noLimits)
				if slices.Contains(tt.not, name) {
					if !errors.Is(err, console.ErrNotReadable) {
						t.Errorf("%s: %v, want ErrNotReadable", name, err)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				for _, f := range s.Families {
					if slices.Contains(tt.absent, f.GetName()) {
						t.Errorf("%s: %v, want none", f.GetName(), f.Metric)
					}
				}
				var parts []string
				for _, m := range s.Missing {
					part, reason, _ := strings.Cut(m, ": ")
					parts = append(parts, part)
					noUser := strings.Contains(reason, "no organisation account is configured")
					if !noUser && (!strings.Contains(reason, "alice") || !strings.Contains(reason, "permission")) {
						t.Errorf("%s is missing because %q: that names no account or no reason", part, reason)
					}
				}
				if d := cmp.Diff(tt.missing[name], parts); d != "" {
					t.Errorf("%s: missing parts (-want +got):\n%s", name, d)
				}
			}
		})
	}
}

func TestAnOrganisationUserSeesAgentCapableScannersAndTheirState(t *testing.T) {
	bubble(t, func(t *testing.T) {
		got := export(t, sctest.Options{Accounts: []sctest.Account{alice}}).load(t, "scanners")
		want := samples{
			series("securitycenter_scanner_info", `scanner="Scanner 2"`, `scanner_id="2"`, `type="agent-capable"`, `version=""`): 1,
			series("securitycenter_scanner_usable", `scanner="Scanner 2"`, `scanner_id="2"`):                                     1,
		}
		diff(t, "scanners", want, got.without("securitycenter_scanner_status"))
	})
}

func TestAnOrganisationAccountThatNeverLogsInIsLeftOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		stranger := bob
		e := export(t, sctest.Options{Accounts: []sctest.Account{admin, alice, stranger}}, wrongPassword("bob"))
		if n := len(e.load(t, "vulnerabilities").of("securitycenter_hosts")); n != 2 {
			t.Errorf("%d repositories have hosts, want alice's 2", n)
		}
		if got := e.load(t, "scans"); len(got.of("securitycenter_scan_last_success")) == 0 {
			t.Error("alice's scans are missing")
		}
		if n := e.load(t, "repositories").sum("securitycenter_repository_accessible"); n != 2 {
			t.Errorf("%v repositories are accessible, want 2", n)
		}
	})
}

func wrongPassword(account string) func(*console.Options) {
	return func(o *console.Options) {
		for i, a := range o.Accounts {
			if a.Name == account {
				o.Accounts[i].Credentials = wrongCredentials
			}
		}
	}
}

// breakable is a way to the console that can be out of order.
type breakable struct {
	http.RoundTripper
	broken bool
}

func (b *breakable) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.broken {
		return nil, errors.New("no route to host")
	}
	return b.RoundTripper.RoundTrip(r)
}

// through puts a breakable way between an account and the console.
func through(way *breakable, account string) func(*console.Options) {
	return func(o *console.Options) {
		for i, a := range o.Accounts {
			if a.Name == account {
				way.RoundTripper = a.Transport
				o.Accounts[i].Transport = way
			}
		}
	}
}

func TestAnOrganisationAccountThatStopsWorkingFailsTheLoadAsAWhole(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var way breakable
		e := export(t, sctest.Options{Accounts: []sctest.Account{admin, alice, bob}}, through(&way, "bob"))
		before := e.load(t, "vulnerabilities")
		for _, pause := range []time.Duration{0, 2 * time.Minute} { // the list of repositories is still known, and no longer
			way.broken = true
			time.Sleep(pause)
			for _, name := range []string{"vulnerabilities", "scans"} {
				_, err := e.run(t, name, noLimits)
				if err == nil || errors.Is(err, console.ErrNotReadable) || !strings.Contains(err.Error(), "account bob") {
					t.Errorf("%s: %v, want a failure of account bob", name, err)
				}
			}
			way.broken = false
			diff(t, "when it works again", before, e.load(t, "vulnerabilities"))
		}
	})
}

func TestAnAdministratorWhoFailsIsNotReplacedByAUserWhoSeesLess(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var way breakable
		e := export(t, sctest.Options{Accounts: []sctest.Account{admin, alice}}, through(&way, "admin"))
		all := e.load(t, "scanners").of("securitycenter_scanner_info")
		way.broken = true
		if _, err := e.run(t, "scanners", noLimits); err == nil || !strings.Contains(err.Error(), "account admin") {
			t.Errorf("%v, want a failure of account admin", err)
		}
		way.broken = false
		if got := e.load(t, "scanners").of("securitycenter_scanner_info"); len(got) != len(all) {
			t.Errorf("%d scanners, want %d", len(got), len(all))
		}
	})
}
