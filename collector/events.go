package collector

import (
	"context"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var eventsByType = &Family{
	Name:      "securitycenter_events",
	Stability: Experimental,
	Source:    Source{REST: "POST /analysis of type event, sumtype", RPC: "events::query, sumtype", Cost: "1 page of rows"},
	Help:      "Log events within the window by type, of the types with most events. A rolling number: do not take its rate. Absent if the console has no log correlation engine." + fromFullHour,
	Labels:    []string{"type", "window"},
}

// eventsCollector counts log events by type. REST POST /analysis of type event, RPC
// events::query, tool sumtype, one page.
func eventsCollector() *Collector {
	return &Collector{
		Name:     "events",
		Help:     "Log events of the last day by type.",
		Interval: time.Hour,
		Account:  scapi.Organization,
		priority: 3,
		Keys: []config.Key{
			{Name: "top", Kind: config.Int, Default: 50, Min: 1, Max: 1000, Help: "how many types are shown"},
		},
		Families: []*Family{eventsByType},
		New:      stateless(loadEvents),
	}
}

const eventDays = 1

// loadEvents asks the first organisation account that may read events: they
// belong to no repository, and added over accounts they would count twice.
func loadEvents(ctx context.Context, c *findings.Console, settings Settings, m *Metrics) error {
	from := clockOf(c).daysAgo(eventDays)
	query := scapi.Query{
		Source: scapi.Events, Tool: "sumtype", Sort: "count", Limit: int64(settings.Int("top")),
		Filters: []scapi.Filter{scapi.EventsSince(from)},
	}
	rows := func(client *scapi.Client, ctx context.Context) ([]scapi.Row, error) { return client.Query(ctx, query) }
	return read(ctx, c, m, "log events", scapi.Organization, rows, func(rows []scapi.Row) {
		counts := map[string]float64{}
		for _, r := range rows {
			if n, ok := r.Float("count").Get(); ok {
				counts[labelValue(r.String("type"))] += n
			}
		}
		for kind, n := range counts {
			m.Set(eventsByType, n, kind, windowLabel(eventDays))
		}
	})
}
