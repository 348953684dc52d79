package collector

import (
	"context"
	"slices"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var ticketsByStatus = &Family{
	Name:   "securitycenter_tickets",
	Source: Source{REST: "GET /ticket", RPC: "ticket::init", Cost: "1 request for each organisation account"},
	Help:   "Tickets of the console's own workflow by status: assigned, resolved, feedback, na, duplicate, closed, other.",
	Labels: []string{"status"},
}

var ticketStatuses = []string{"assigned", "resolved", "feedback", "na", "duplicate", "closed", "other"}

// ticketsCollector counts the console's tickets. REST GET /ticket, RPC ticket::init.
func ticketsCollector() *Collector {
	return &Collector{
		Name:     "tickets",
		Help:     "Tickets of the console's own workflow by status.",
		Interval: time.Hour,
		Account:  scapi.Organization,
		Families: []*Family{ticketsByStatus},
		New:      stateless(loadTickets),
	}
}

func loadTickets(ctx context.Context, c *findings.Console, _ Settings, m *Metrics) error {
	return readEach(ctx, c, m, "tickets", (*scapi.Client).Tickets, func(t scapi.Ticket) string { return t.ID }, func(list []owned[scapi.Ticket]) {
		count := map[string]int{}
		for _, t := range list {
			status := t.object.Status
			if !slices.Contains(ticketStatuses, status) {
				status = "other"
			}
			count[status]++
		}
		for _, status := range ticketStatuses {
			m.Set(ticketsByStatus, float64(count[status]), status)
		}
	})
}
