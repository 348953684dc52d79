package console_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

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

func TestAnAccountTellsWhatItsConsoleIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reach(t, sctest.Options{Accounts: []sctest.Account{alice}})
		a := r.Accounts()[0]
		version, err := a.Version(t.Context())
		if err != nil || version != "6.4.0" {
			t.Errorf("version %q, %v", version, err)
		}
		if dialect, err := a.Dialect(t.Context()); err != nil || dialect != scapi.REST {
			t.Errorf("dialect %q, %v", dialect, err)
		}
		if s := a.State(); s.Used {
			t.Error("what nothing was sent for counts as an answer")
		}
		p, err := a.Prepare(t.Context(), scapi.Query{})
		if err != nil || !strings.Contains(p.Key(), "sumip") {
			t.Errorf("%q, %v", p.Key(), err)
		}
		a.Logger().Info("no panic")
	})
}

func TestWhoeverObservesAnAccountHearsOfItsRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // logouts of several accounts are heard side by side
		var heard []string
		r := reach(t, sctest.Options{}, func(o *console.Options) {
			for i, a := range o.Accounts {
				o.Accounts[i].Observe = func(_ context.Context, x scapi.Exchange) {
					mu.Lock()
					defer mu.Unlock()
					heard = append(heard, a.Name+" "+x.Endpoint)
				}
			}
		})
		if _, err := r.Repositories(t.Context()); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if want := "analyst /repository"; !slices.Contains(heard, want) {
			t.Errorf("%q, want %s among them", heard, want)
		}
	})
}
