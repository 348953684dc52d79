package console_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestAskPrefersAKindOfAccountAndThenTheOrderOfTheConfiguration(t *testing.T) {
	second := sctest.Account{Username: "second", Password: "d", Administrator: true}
	for _, tt := range []struct {
		name     string
		accounts []sctest.Account
		prefer   scapi.Kind
		refused  int    // so many are refused
		want     string // who was asked
		denied   bool
	}{
		{name: "the preferred kind, though it comes last", accounts: []sctest.Account{alice, bob, root}, prefer: scapi.Administrator, want: "root"},
		{name: "the first of the preferred kind", accounts: []sctest.Account{alice, second, root}, prefer: scapi.Administrator, want: "second"},
		{name: "the other kind", accounts: []sctest.Account{root, alice, bob}, prefer: scapi.Organization, want: "alice"},
		{name: "any, where there is none of the preferred kind", accounts: []sctest.Account{alice, bob}, prefer: scapi.Administrator, want: "alice"},
		{name: "the next one, where the first is refused", accounts: []sctest.Account{root, second}, prefer: scapi.Administrator, refused: 1, want: "root second"},
		{name: "others, where the preferred kind is refused", accounts: []sctest.Account{alice, root}, prefer: scapi.Administrator, refused: 1, want: "root alice"},
		{name: "all, before it is not readable", accounts: []sctest.Account{alice, root}, prefer: scapi.Administrator, refused: 2, want: "root alice", denied: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := reach(t, sctest.Options{Accounts: tt.accounts})
				if tt.refused > 0 {
					r.simulated.Inject(sctest.Fault{Endpoint: "GET /feed", Times: tt.refused, Effect: sctest.Refuse(403, 145, "You do not have permission.")})
				}
				_, err := console.Ask(t.Context(), r.Console, tt.prefer, (*scapi.Client).Feeds)
				if tt.denied != errors.Is(err, console.ErrNotReadable) || !tt.denied && err != nil {
					t.Errorf("%v, want ErrNotReadable: %v", err, tt.denied)
				}
				if tt.denied && (!strings.Contains(err.Error(), "account root") || !strings.Contains(err.Error(), "account alice")) {
					t.Errorf("%v: does not name both accounts", err)
				}
				if got := r.askers("/rest/feed"); got != tt.want {
					t.Errorf("asked %q, want %q", got, tt.want)
				}
			})
		})
	}
}

func TestAFailureIsNotALackOfPermission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reach(t, sctest.Options{Accounts: []sctest.Account{alice}})
		r.simulated.Inject(sctest.Fault{Endpoint: "GET /feed", Effect: sctest.HTMLPage(500)})
		_, err := console.Ask(t.Context(), r.Console, scapi.Administrator, (*scapi.Client).Feeds)
		if err == nil || errors.Is(err, console.ErrNotReadable) || !strings.Contains(err.Error(), "account alice: GET /rest/feed") {
			t.Errorf("%v, want a failure that names account and call", err)
		}
	})
}

func TestWhatTheConsoleDoesNotHaveIsNotReadableAndWhatItsWebServerDoesNotFindIsAFailure(t *testing.T) {
	for _, tt := range []struct {
		name   string
		effect sctest.Effect
		denied bool
	}{
		{"the console's own answer", sctest.Refuse(403, 147, "Unable to find existing object."), true},
		{"an error page", sctest.HTMLPage(404), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := reach(t, sctest.Options{Accounts: []sctest.Account{root}})
				r.simulated.Inject(sctest.Fault{Endpoint: "GET /job", Effect: tt.effect})
				_, err := console.Ask(t.Context(), r.Console, scapi.Administrator, (*scapi.Client).Jobs)
				if err == nil || errors.Is(err, console.ErrNotReadable) != tt.denied {
					t.Errorf("%v, want ErrNotReadable: %v", err, tt.denied)
				}
			})
		})
	}
}

func TestAnotherOfThePreferredKindAnswersForOneThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		second := sctest.Account{Username: "second", Password: "d", Administrator: true}
		r := reach(t, sctest.Options{Accounts: []sctest.Account{root, second}})
		ask := func() error {
			_, err := console.Ask(t.Context(), r.Console, scapi.Administrator, (*scapi.Client).Scanners)
			return err
		}
		if err := ask(); err != nil {
			t.Fatal(err)
		}
		r.ways["root"].broken = true
		if err := ask(); err != nil {
			t.Error(err)
		}
		if states := r.Accounts(); states[0].State().Up || states[0].State().Err == nil || !states[1].State().Up {
			t.Errorf("states %+v, %+v", states[0].State(), states[1].State())
		}
	})
}

func TestNoLesserAccountAnswersForOneThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reach(t, sctest.Options{Accounts: []sctest.Account{alice, root}})
		if _, err := console.Ask(t.Context(), r.Console, scapi.Administrator, (*scapi.Client).Scanners); err != nil {
			t.Fatal(err)
		}
		r.ways["root"].broken = true
		scanners, err := console.Ask(t.Context(), r.Console, scapi.Administrator, (*scapi.Client).Scanners)
		if err == nil || !strings.Contains(err.Error(), "account root") {
			t.Errorf("%d scanners, %v: want the failure of root", len(scanners), err)
		}
	})
}

// Of an account that never logged in the kind is not known: it may not be
// what keeps the others from answering.
func TestOthersAnswerForAnAccountThatNeverLoggedIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reach(t, sctest.Options{Accounts: []sctest.Account{root, alice}})
		r.ways["root"].wrong = true
		if _, err := console.Ask(t.Context(), r.Console, scapi.Administrator, (*scapi.Client).Feeds); err != nil {
			t.Error(err)
		}
		if s := r.Accounts()[0].State(); s.Up || !s.Used || s.Err == nil || s.Kind != scapi.UnknownKind {
			t.Errorf("state of root: %+v", s)
		}
	})
}

func TestAskEachAsksEveryOrganisationAccountAndNoAdministrator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reach(t, sctest.Options{Accounts: []sctest.Account{bob, root, alice}})
		answers, err := console.AskEach(t.Context(), r.Console, (*scapi.Client).Scans)
		if err != nil || len(answers) != 2 {
			t.Fatalf("%d answers, %v", len(answers), err)
		}
		for i, want := range []struct{ name, organization string }{{"bob", "2"}, {"alice", "1"}} {
			a := answers[i]
			if a.Account.Name() != want.name || a.Identity.OrganizationID != want.organization || len(a.Value) == 0 {
				t.Errorf("answer %d is of %s, organisation %s, with %d scans", i, a.Account.Name(), a.Identity.OrganizationID, len(a.Value))
			}
		}
		if got := r.askers("/rest/scan"); got != "bob alice" {
			t.Errorf("asked %q", got)
		}
	})
}

func TestAskEachWithoutAnOrganisationAccountIsNotReadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reach(t, sctest.Options{Accounts: []sctest.Account{root}})
		if _, err := console.AskEach(t.Context(), r.Console, (*scapi.Client).Scans); !errors.Is(err, console.ErrNotReadable) {
			t.Errorf("%v, want ErrNotReadable", err)
		}
	})
}

func TestAskEachFailsWhereNobodyCouldLogInYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reach(t, sctest.Options{Accounts: []sctest.Account{alice, bob}})
		r.ways["alice"].wrong, r.ways["bob"].wrong = true, true
		_, err := console.AskEach(t.Context(), r.Console, (*scapi.Client).Scans)
		if err == nil || errors.Is(err, console.ErrNotReadable) || !scapi.IsLoginRefused(err) {
			t.Errorf("%v, want the refused logins", err)
		}
	})
}

func TestAskEachLeavesOutWhoMayNotAskAndFailsWithWhoFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reach(t, sctest.Options{Accounts: []sctest.Account{alice, bob}})
		remove := r.simulated.Inject(sctest.Fault{Endpoint: "GET /scan", Times: 1, Effect: sctest.Refuse(403, 145, "You do not have permission.")})
		answers, err := console.AskEach(t.Context(), r.Console, (*scapi.Client).Scans)
		if err != nil || len(answers) != 1 || answers[0].Account.Name() != "bob" {
			t.Errorf("%d answers, %v: want bob's", len(answers), err)
		}
		remove()
		r.simulated.Inject(sctest.Fault{Endpoint: "GET /scan", Effect: sctest.Refuse(403, 1, "Out of memory.")})
		if answers, err = console.AskEach(t.Context(), r.Console, (*scapi.Client).Scans); err == nil || !strings.Contains(err.Error(), "account alice") {
			t.Errorf("%d answers, %v: want alice's failure", len(answers), err)
		}
	})
}

func TestAnAccountThatWasOfAnOrganisationStillIsWhenItCannotLogIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reach(t, sctest.Options{Accounts: []sctest.Account{alice, bob}})
		if _, err := console.AskEach(t.Context(), r.Console, (*scapi.Client).Scans); err != nil {
			t.Fatal(err)
		}
		r.ways["bob"].wrong = true
		r.simulated.ExpireSessions()
		if _, err := console.AskEach(t.Context(), r.Console, (*scapi.Client).Scans); err == nil || !strings.Contains(err.Error(), "account bob") {
			t.Errorf("%v, want the failure of bob", err)
		}
		r.ways["bob"].wrong = false
		if _, err := console.AskEach(t.Context(), r.Console, (*scapi.Client).Scans); !errors.Is(err, console.ErrLoginPostponed) {
			t.Errorf("%v, want a postponed login", err)
		}
		time.Sleep(15 * time.Minute)
		if _, err := console.AskEach(t.Context(), r.Console, (*scapi.Client).Scans); err != nil {
			t.Errorf("after the pause: %v", err)
		}
	})
}

func TestThroughNamesTheAccountOfAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reach(t, sctest.Options{Accounts: []sctest.Account{alice}})
		if feeds, err := console.Through(t.Context(), r.Accounts()[0], (*scapi.Client).Feeds); err != nil || len(feeds) == 0 {
			t.Errorf("%d feeds, %v", len(feeds), err)
		}
		r.ways["alice"].broken = true
		if _, err := console.Through(t.Context(), r.Accounts()[0], (*scapi.Client).Feeds); err == nil || !strings.HasPrefix(err.Error(), "account alice: ") {
			t.Errorf("%v", err)
		}
	})
}

func TestAnAccountIsUpWhenItsLatestCallWasAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reach(t, sctest.Options{Accounts: []sctest.Account{alice}})
		a := r.Accounts()[0]
		if s := a.State(); s.Used || s.Up || s.Name != "alice" {
			t.Errorf("before the first call: %+v", s)
		}
		call := func() { _, _ = console.Ask(t.Context(), r.Console, scapi.Organization, (*scapi.Client).Jobs) } // refused: an answer too
		call()
		if s := a.State(); !s.Used || !s.Up || s.Err != nil || s.Kind != scapi.Organization || s.Dialect != scapi.REST || s.Version != "6.4.0" {
			t.Errorf("after a refused call: %+v", s)
		}
		r.ways["alice"].broken = true
		call()
		if s := a.State(); s.Up || s.Err == nil {
			t.Errorf("with the console out of reach: %+v", s)
		}
		r.ways["alice"].broken = false
		call()
		if s := a.State(); !s.Up || s.Err != nil {
			t.Errorf("when it is back: %+v", s)
		}
	})
}

func TestCloseLogsAllAccountsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reach(t, sctest.Options{Accounts: []sctest.Account{root, alice, bob}})
		if _, err := r.Repositories(t.Context()); err != nil || r.simulated.Sessions() != 3 {
			t.Fatalf("%d sessions, %v", r.simulated.Sessions(), err)
		}
		if err := r.Close(t.Context()); err != nil || r.simulated.Sessions() != 0 {
			t.Errorf("%d sessions after Close, %v", r.simulated.Sessions(), err)
		}
	})
}

func TestAConsoleNeedsAnAccountAndAnAddress(t *testing.T) {
	at := func(url string) []console.AccountOptions {
		return []console.AccountOptions{{Name: "a", Options: scapi.Options{URL: url}}}
	}
	for _, o := range []console.Options{{Name: "hq"}, {Name: "hq", Accounts: at("ftp://127.0.0.1")}, {Name: "hq", Accounts: at("")}} {
		if _, err := console.New(o); err == nil || !strings.Contains(err.Error(), "console hq") {
			t.Errorf("%+v: %v, want an error that names the console", o, err)
		}
	}
}
