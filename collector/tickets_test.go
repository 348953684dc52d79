package collector_test

import (
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func recountTickets(t *testing.T, e *exported, _ *reckoning) {
	want := samples{}
	for _, status := range []string{"assigned", "resolved", "feedback", "na", "duplicate", "closed", "other"} {
		want[sample("securitycenter_tickets", "status", status)] = 0
	}
	for _, ticket := range everySeen(e, sctest.Organization.Tickets, func(t sctest.Ticket) string { return t.ID }, everybody) {
		want[sample("securitycenter_tickets", "status", ticket.object.Status)]++
	}
	diff(t, "tickets", want, e.load(t, "tickets"))
}
