package dashboards

import "strings"

// Event is something that is drawn into every panel over time, as an annotation:
// what explains a step. It lasts an hour, so that a long range does not miss it
// between two points.
type Event struct {
	Name, Text string // Text may show labels
	Expr       string
	Color      string
	Often      bool // seen on boards that look back a fortnight at most, unless it is switched on
}

// events are the same on all boards.
func events() []Event {
	return []Event{
		{
			Name: "Console upgraded", Text: "{{instance}} runs {{version}}", Color: "blue",
			Expr: `securitycenter_info unless on (job, instance, version) securitycenter_info offset 1h and on (job, instance) securitycenter_info offset 1h`,
		},
		{
			Name: "Exporter restarted", Text: "{{instance}} was started", Color: "purple",
			Expr: `process_start_time_seconds > time() - 3600`,
		},
		{
			Name: "Feed updated", Text: "{{instance}} got the active feed", Color: "green", Often: true,
			Expr: `securitycenter_feed_last_update_timestamp_seconds{feed="active"} > time() - 3600`,
		},
		{
			Name: "Risk rules changed", Text: "{{instance}} has other accept-risk or recast rules", Color: "orange",
			Expr: `sum by (job, instance) (securitycenter_accept_risk_rules{state!="expiring_30d"})
  != sum by (job, instance) (securitycenter_accept_risk_rules{state!="expiring_30d"} offset 1h)
or sum by (job, instance) (securitycenter_recast_risk_rules) != sum by (job, instance) (securitycenter_recast_risk_rules offset 1h)`,
		},
	}
}

// query is the expression as Grafana sees it. The exporter is every one of the
// job: most boards have no choice of it.
func (e Event) query() string {
	return strings.ReplaceAll(scoped(e.Expr), `,instance=~"$exporter"`, "")
}

func (b Board) annotations() object {
	list := []object{}
	for _, e := range events() {
		shown := !e.Often || b.Range == "6h" || b.Range == "7d"
		list = append(list, object{
			"name": e.Name, "datasource": source, "enable": shown, "hide": false, "iconColor": e.Color,
			"expr": e.query(), "titleFormat": e.Text, "step": "60s",
		})
	}
	return object{"list": list}
}
