package collector_test

import (
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestUsersAreActiveOrLocked(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: dialect, Accounts: []sctest.Account{
				admin, alice, bob,
				{Username: "gone", Password: "x", Organization: 1, Locked: true}, {Username: "left", Password: "x", Administrator: true, Locked: true},
			}}, func(o *console.Options) { o.Accounts = o.Accounts[:3] })
			want := samples{sample("securitycenter_users", "state", "active"): 3, sample("securitycenter_users", "state", "locked"): 2}
			diff(t, "users", want, e.load(t, "users"))
		})
	}
}
