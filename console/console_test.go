package console_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

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
