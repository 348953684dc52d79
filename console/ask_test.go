package console_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

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

func TestWhatTheConsoleDoesNotHaveIsNotReadableAndAPageOfItsWebServerIsToldApart(t *testing.T) {
	for _, tt := range []struct {
		name   string
		effect sctest.Effect
		denied bool
		noPage bool
	}{
		{"the console's own answer", sctest.Refuse(403, 147, "Unable to find existing object."), true, false},
		{"a call that it does not have", sctest.Refuse(403, 10, "Resource is not supported."), true, false},
		{"no such page", sctest.HTMLPage(404), true, true},
		{"a server that cannot now", sctest.HTMLPage(503), false, false},
		{"a refusal of something else", sctest.Refuse(403, 143, "Unable to process."), false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := reach(t, sctest.Options{Accounts: []sctest.Account{root}})
				r.simulated.Inject(sctest.Fault{Endpoint: "GET /job", Effect: tt.effect})
				_, err := console.Ask(t.Context(), r.Console, scapi.Administrator, (*scapi.Client).Jobs)
				if err == nil || errors.Is(err, console.ErrNotReadable) != tt.denied || console.NoPage(err) != tt.noPage {
					t.Errorf("%v, want ErrNotReadable: %v, NoPage: %v", err, tt.denied, tt.noPage)
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

// Of an account that never logged in the kind is not known: what others tell is
// told, and that it may not be all.
func TestOthersAnswerForAnAccountThatNeverLoggedIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reach(t, sctest.Options{Accounts: []sctest.Account{root, alice}})
		r.ways["root"].wrong = true
		feeds, err := console.Ask(t.Context(), r.Console, scapi.Administrator, (*scapi.Client).Feeds)
		var incomplete *console.Incomplete
		if len(feeds) == 0 || !errors.As(err, &incomplete) || !scapi.IsLoginRefused(err) || console.NotReadable(err) {
			t.Errorf("%d feeds, %v: want alice's, and that root could not log in", len(feeds), err)
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
		if _, err := console.AskEach(t.Context(), r.Console, (*scapi.Client).Scans); !errors.Is(err, console.ErrLoginPostponed) {
			t.Errorf("%v, want a postponed login", err)
		}
		r.ways["bob"].wrong = false
		if _, err := console.AskEach(t.Context(), r.Console, (*scapi.Client).Scans); err != nil {
			t.Errorf("with the right password: %v", err)
		}
	})
}

func TestErrorsOfSeveralAccountsAreOneLineAndASharedCauseIsSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reach(t, sctest.Options{Accounts: []sctest.Account{alice, root, bob}})
		r.simulated.Inject(sctest.Fault{Endpoint: "GET /feed", Effect: sctest.Refuse(403, 145, "You do not have\npermission.")})
		_, err := console.Ask(t.Context(), r.Console, scapi.Administrator, (*scapi.Client).Feeds)
		const want = "no account can read this: account root, account alice, account bob: GET /rest/feed: 403, code 145: You do not have permission."
		if err == nil || err.Error() != want {
			t.Errorf("%v\nwant %s", err, want)
		}
		r.ways["alice"].broken, r.ways["bob"].broken, r.ways["root"].broken = true, true, true
		if _, err = console.Ask(t.Context(), r.Console, scapi.Administrator, (*scapi.Client).Feeds); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q", err)
		}
	})
}

// A server that is being restarted, or a way to another server, may be in the way
// of one account: the sum over the others would pass for all.
func TestAskEachFailsWhereTheWebServerHasNoPageForSome(t *testing.T) {
	for times, denied := range map[int]bool{1: false, 2: true} {
		t.Run(fmt.Sprint(times, " of 2"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := reach(t, sctest.Options{Accounts: []sctest.Account{alice, bob}})
				r.simulated.Inject(sctest.Fault{Endpoint: "GET /acceptRiskRule", Times: times, Effect: sctest.HTMLPage(404)})
				answers, err := console.AskEach(t.Context(), r.Console, (*scapi.Client).AcceptRiskRules)
				if err == nil || errors.Is(err, console.ErrNotReadable) != denied || console.NoPage(err) != denied {
					t.Errorf("%d answers, %v; want ErrNotReadable: %v", len(answers), err, denied)
				}
			})
		})
	}
}
