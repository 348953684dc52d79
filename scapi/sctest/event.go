package sctest

import (
	"fmt"
	"strconv"
	"strings"
)

// eventTypes are the kinds of log events, with how many an hour has.
var eventTypes = []struct {
	name    string
	perHour int
}{{"login", 120}, {"firewall", 900}, {"web-access", 600}, {"dns", 1500}, {"intrusion", 12}, {"system", 240}, {"vulnerability", 30}}

var eventFilters = map[string]bool{"starttime": true, "endtime": true, "sensor": true, "type": true, "eventName": true,
	"timeframe": true, "ip": true, "repositoryIDs": true}

// events answers a query on log events. Without a time filter it covers the last day.
func (c *Console) events(q question, now int64) (answer, error) {
	start, end, only := now-day, now, ""
	for _, f := range q.filters {
		if !eventFilters[f.FilterName] {
			return answer{}, c.invalidFilter("event", f.FilterName, []string{"endtime", "eventName", "ip", "repositoryIDs", "sensor", "starttime", "timeframe", "type"})
		}
		n, err := strconv.ParseInt(f.text(), 10, 64)
		switch {
		case f.FilterName == "type":
			only = f.text()
		case f.FilterName == "starttime" && err == nil:
			start = n
		case f.FilterName == "endtime" && err == nil:
			end = n
		}
	}
	hours := int(max(end-start, 0) / 3600)
	total := 0
	var types []object
	for _, t := range eventTypes {
		if only != "" && t.name != only {
			continue
		}
		n := t.perHour * hours
		total += n
		types = append(types, object{"type": t.name, "24-hour plot": strings.TrimSuffix(strings.Repeat(strconv.Itoa(t.perHour)+",", 50), ","),
			"count": strconv.Itoa(n)})
	}
	got := answer{matching: strconv.Itoa(total)}
	switch q.tool {
	case "sumtype":
		got.rows, got.total = types, len(types)
	case "sumip":
		for i := range min(c.o.Hosts, 500) {
			got.rows = append(got.rows, object{"address": ipText(c.world.address(int(c.world.byIP[i]))), "count": strconv.Itoa(total / (i + 2)),
				"lce": reference("1", "LCE")})
		}
		got.total = len(got.rows)
	case "syslog", "listdata":
		got.total = min(total, 10_000)
		for i := q.start; i < min(q.end, got.total); i++ {
			got.rows = append(got.rows, c.eventRow(q.tool, i, end))
		}
		return got, nil
	default:
		return answer{}, refuse(146, "Invalid parameters specified for event query.  The tool '%s' is invalid.", q.tool)
	}
	sortRows(got.rows, "count", true)
	if q.sortField != "" {
		sortRows(got.rows, q.sortField, q.descending)
	}
	got.rows = cut(got.rows, q.start, q.end)
	return got, nil
}

func (c *Console) eventRow(tool string, i int, end int64) object {
	kind := eventTypes[i%len(eventTypes)].name
	when := epoch(end - int64(i)*7)
	if tool == "syslog" {
		return object{"time": when, "sensor": "sensor-1", "type": kind, "message": fmt.Sprintf("<13> example %s message %d", kind, i)}
	}
	from, to := c.world.address(int(c.world.byIP[i%c.o.Hosts])), c.world.address(int(c.world.byIP[(i*7)%c.o.Hosts]))
	return object{"time": when, "event": "example-" + kind, "source ip": ipText(from), "destination ip": ipText(to), "protocol": "6",
		"destination port": "443", "number of vulns": "0", "sensor": "sensor-1", "type": kind, "va/ids": "no"}
}
