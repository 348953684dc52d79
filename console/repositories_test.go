package console_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// readers returns "id:account" for every repository.
func readers(t *testing.T, r *reached) string {
	t.Helper()
	list, err := r.Repositories(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, repository := range list {
		name := "-"
		if repository.Reader != nil {
			name = repository.Reader.Name()
		}
		all = append(all, repository.ID+":"+name)
	}
	return strings.Join(all, " ")
}

func explicit(account string, ids ...string) func(*console.Options) {
	return func(o *console.Options) {
		for i := range o.Accounts {
			if o.Accounts[i].Name == account {
				o.Accounts[i].Repositories = ids
			}
		}
	}
}

func TestARepositoryHasOneReaderAtMost(t *testing.T) {
	for _, tt := range []struct {
		name     string
		accounts []sctest.Account
		adjust   []func(*console.Options)
		want     string
	}{
		{"the first account that sees it", []sctest.Account{root, alice, bob}, nil, "1:alice 2:alice 3:bob 4:-"},
		{"the first in the order of the configuration", []sctest.Account{bob, alice, root}, nil, "1:alice 2:bob 3:bob 4:-"},
		{"no administrator", []sctest.Account{root}, nil, "1:- 2:- 3:- 4:-"},
		{"without an administrator what users see is all there is", []sctest.Account{alice, bob}, nil, "1:alice 2:alice 3:bob"},
		{"the account that names it", []sctest.Account{root, alice, bob}, []func(*console.Options){explicit("bob", "2")}, "1:alice 2:bob 3:- 4:-"},
		{"the first of two that name it", []sctest.Account{root, alice, bob}, []func(*console.Options){explicit("bob", "2"), explicit("alice", "2")}, "1:- 2:alice 3:- 4:-"},
		{"not an account that names it and does not see it", []sctest.Account{root, alice, bob}, []func(*console.Options){explicit("bob", "1", "4")}, "1:- 2:alice 3:- 4:-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := readers(t, reach(t, sctest.Options{Accounts: tt.accounts}, tt.adjust...)); got != tt.want {
					t.Errorf("read by %q, want %q", got, tt.want)
				}
			})
		})
	}
}

func TestSharesDivideTheRepositoriesInTheOrderOfTheConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reach(t, sctest.Options{Accounts: []sctest.Account{bob, root, alice}})
		shares, err := r.Shares(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range shares {
			for _, repository := range s.Repositories {
				got = append(got, fmt.Sprintf("%s reads %s", s.Account.Name(), repository.ID))
			}
		}
		if d := cmp.Diff([]string{"bob reads 2", "bob reads 3", "alice reads 1"}, got); d != "" {
			t.Errorf("shares (-want +got):\n%s", d)
		}
	})
}

func TestWithoutAReaderThereAreNoShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reach(t, sctest.Options{Accounts: []sctest.Account{root}})
		if _, err := r.Shares(t.Context()); !errors.Is(err, console.ErrNotReadable) || !strings.Contains(err.Error(), "4 repositories") {
			t.Errorf("%v, want ErrNotReadable and the number of repositories", err)
		}
	})
}

// An organisation user of SecurityCenter 4 is told ids and names only.
func TestWhatAccountsSeeOfARepositoryIsMerged(t *testing.T) {
	for _, accounts := range [][]sctest.Account{{root, alice}, {alice, root}} {
		t.Run("beginning with "+accounts[0].Username, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := reach(t, sctest.Options{Dialect: sctest.RPC, Accounts: accounts})
				list, err := r.Repositories(t.Context())
				if err != nil || len(list) != 4 {
					t.Fatalf("%d repositories, %v", len(list), err)
				}
				first := list[0]
				if first.Reader == nil || first.Reader.Name() != "alice" || first.Type != "local" || !first.IPs.Valid || first.LastUpdate.IsZero() {
					t.Errorf("%+v, want alice as the reader and what root sees", first)
				}
			})
		})
	}
}

func TestATypeThatOnlyTheAdministratorSeesDecidesForAll(t *testing.T) {
	for _, accounts := range [][]sctest.Account{{root, bob}, {bob, root}} {
		t.Run("beginning with "+accounts[0].Username, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := reach(t, sctest.Options{Dialect: sctest.RPC, Accounts: accounts}, func(o *console.Options) { o.Repositories.Types = []string{"remote"} })
				if got := readers(t, r); got != "3:bob" {
					t.Errorf("read: %q, want the remote repository only", got)
				}
			})
		})
	}
}

func TestTheListOfRepositoriesIsKeptForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reach(t, sctest.Options{Accounts: []sctest.Account{root, alice}})
		asked := func() int { return len(strings.Fields(r.askers("/rest/repository"))) }
		for _, tt := range []struct {
			after time.Duration
			want  int
		}{{0, 2}, {0, 2}, {59 * time.Second, 2}, {time.Second, 4}} {
			time.Sleep(tt.after)
			readers(t, r)
			if n := asked(); n != tt.want {
				t.Errorf("after %s: asked %d times, want %d", tt.after, n, tt.want)
			}
		}
	})
}

func TestRepositoriesFailOnlyWithAnAccountThatReadsThem(t *testing.T) {
	for _, tt := range []struct {
		broken string
		want   string
		fails  bool
	}{
		{"root", "1:alice 2:alice", false},
		{"alice", "", true},
	} {
		t.Run(tt.broken, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := reach(t, sctest.Options{Accounts: []sctest.Account{root, alice}})
				readers(t, r)
				time.Sleep(time.Minute)
				r.ways[tt.broken].broken = true
				if tt.fails {
					if _, err := r.Repositories(t.Context()); err == nil || errors.Is(err, console.ErrNotReadable) || !strings.Contains(err.Error(), "account "+tt.broken) {
						t.Errorf("%v, want the failure of %s", err, tt.broken)
					}
					return
				}
				if got := readers(t, r); got != tt.want {
					t.Errorf("read by %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// An account that has not been able to log in may be the one that reads a
// repository: nobody can say that none does.
func TestNobodyIsSaidNotToReadWhatAnAccountThatNeverLoggedInMightRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reach(t, sctest.Options{Accounts: []sctest.Account{root, alice, bob}})
		look := func() (list string) {
			t.Helper()
			all, err := r.Repositories(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range all {
				switch {
				case one.Undecided && one.Reader != nil:
					t.Errorf("repository %s is read and undecided", one.ID)
				case one.Undecided:
					list += one.ID + ":? "
				case one.Reader != nil:
					list += one.ID + ":" + one.Reader.Name() + " "
				default:
					list += one.ID + ":nobody "
				}
			}
			return list
		}
		r.ways["alice"].wrong, r.ways["bob"].wrong = true, true
		if got := look(); got != "1:? 2:? 3:? 4:? " {
			t.Errorf("with both out: %s", got)
		}
		if _, err := r.Shares(t.Context()); err == nil || console.NotReadable(err) || !scapi.IsLoginRefused(err) || !strings.Contains(err.Error(), "account alice, account bob: ") {
			t.Errorf("shares: %v, want the refused logins", err)
		}
		time.Sleep(15 * time.Minute)
		r.ways["alice"].wrong = false
		if got := look(); got != "1:alice 2:alice 3:? 4:? " {
			t.Errorf("with bob out: %s", got)
		}
		if shares, err := r.Shares(t.Context()); err != nil || len(shares) != 1 {
			t.Errorf("%d shares, %v: want alice's", len(shares), err)
		}
		time.Sleep(time.Hour)
		r.ways["bob"].wrong = false
		if got := look(); got != "1:alice 2:alice 3:bob 4:nobody " {
			t.Errorf("with all in: %s", got)
		}
	})
}
