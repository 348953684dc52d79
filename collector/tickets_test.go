package collector_test

import (
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestTicketsAreCountedByStatus(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			colleague := alice
			colleague.Username = "carol" // of the same organisation: she sees the same tickets
			e := export(t, sctest.Options{Dialect: dialect, Accounts: []sctest.Account{admin, alice, colleague}})
			want := samples{sample("securitycenter_tickets", "status", "other"): 0}
			for status, n := range e.simulated.Tickets() {
				want[sample("securitycenter_tickets", "status", status)] = float64(n)
			}
			diff(t, "tickets", want, e.load(t, "tickets"))
		})
	}
}
