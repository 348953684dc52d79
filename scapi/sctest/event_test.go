package sctest_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// askEvents sends an event query in the console's dialect.
func (c *client) askEvents(tool string, start, end int, filters ...filter) envelope {
	c.t.Helper()
	if filters == nil {
		filters = []filter{}
	}
	if c.s.Options().Dialect == sctest.RPC {
		return c.rpc("events", "query", map[string]any{"tool": tool, "sourceType": "lce", "startOffset": start, "endOffset": end, "filters": filters})
	}
	return c.rest(http.MethodPost, "/analysis", map[string]any{"type": "event", "sourceType": "lce",
		"query": map[string]any{"tool": tool, "type": "event", "startOffset": start, "endOffset": end, "filters": filters}})
}

func (c *client) eventRows(tool string, start, end int, filters ...filter) (rows []map[string]any, total int) {
	c.t.Helper()
	var out struct {
		TotalRecords json.RawMessage
		Results      []map[string]any
	}
	c.decode(c.askEvents(tool, start, end, filters...), &out)
	return out.Results, atoi(c.t, strings.Trim(string(out.TotalRecords), `"`))
}

// classOf returns the network of an address.
func classOf(t *testing.T, ip string, bits int) string {
	t.Helper()
	p, err := netip.MustParseAddr(ip).Prefix(bits)
	if err != nil {
		t.Fatal(err)
	}
	return p.String()
}

func TestEveryEventToolCountsTheSameEvents(t *testing.T) {
	t.Parallel()
	ends := func(e sctest.Event) []string { return []string{e.Source, e.Target} }
	networks := func(bits int) func(sctest.Event) []string {
		return func(e sctest.Event) []string { return []string{classOf(t, e.Source, bits), classOf(t, e.Target, bits)} }
	}
	protocols := map[int]string{0: "Unknown(0)", 6: "TCP(6)", 17: "UDP(17)"}
	tools := []struct {
		tool, column string
		keys         func(sctest.Event) []string
	}{
		{"sumtype", "type", func(e sctest.Event) []string { return []string{e.Type} }},
		{"sumevent", "event", func(e sctest.Event) []string { return []string{e.Name} }},
		{"sumevent2", "event", func(e sctest.Event) []string { return []string{e.Name} }},
		{"sumuser", "user", func(e sctest.Event) []string { return []string{e.User} }},
		{"sumprotocol", "protocol", func(e sctest.Event) []string { return []string{protocols[e.Protocol]} }},
		{"sumport", "port", func(e sctest.Event) []string { return []string{itoa(e.Port)} }},
		{"sumip", "address", ends},
		{"sumsrcip", "address", func(e sctest.Event) []string { return []string{e.Source} }},
		{"sumdstip", "address", func(e sctest.Event) []string { return []string{e.Target} }},
		{"sumclassa", "class-a", networks(8)},
		{"sumclassb", "class-b", networks(16)},
		{"sumclassc", "class-c", networks(24)},
	}
	odd := [2]time.Time{clock.Add(-5*time.Hour - 17*time.Minute - 3*time.Second), clock.Add(-31 * time.Minute)}
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		s := sctest.Start(t, sctest.Options{Dialect: dialect, Hosts: 60, Now: fixed})
		c := newClient(t, s).analyst()
		for name, window := range map[string]struct {
			from, to time.Time
			filters  []filter
		}{
			"the last day": {clock.Add(-24 * time.Hour), clock, nil},
			"odd times":    {odd[0], odd[1], []filter{{"starttime", "=", odd[0].Unix()}, {"endtime", "=", odd[1].Unix()}}},
		} {
			events := slices.Collect(s.Events(window.from, window.to))
			for _, tt := range exhaustive.Sample(tools, 4) {
				t.Run(tt.tool+" of "+name+" on "+dialect.String(), func(t *testing.T) {
					want := map[string]int{}
					for _, e := range events {
						keys := tt.keys(e)
						for k, key := range keys {
							if !slices.Contains(keys[:k], key) {
								want[key]++
							}
						}
					}
					got := map[string]int{}
					rows, total := c.eventRows(tt.tool, 0, 100_000, window.filters...)
					for _, row := range rows {
						got[row[tt.column].(string)] += atoi(t, row["count"].(string))
					}
					if !maps.Equal(got, want) || total != len(want) || len(want) == 0 {
						t.Errorf("%d keys, %d of them in the answer, %d said", len(want), len(got), total)
					}
				})
			}
		}
	}
}

func TestEventsAreListedTheLatestFirst(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 60, Now: fixed})
	c := newClient(t, s).analyst()
	filters := []filter{{"starttime", "=", clock.Add(-3*time.Hour - 7*time.Minute).Unix()}, {"type", "=", "login,intrusion"}}
	var want []sctest.Event
	for e := range s.Events(clock.Add(-3*time.Hour-7*time.Minute), clock) {
		if e.Type == "login" || e.Type == "intrusion" {
			want = append(want, e)
		}
	}
	var got []map[string]any
	for start := 0; ; start += 97 {
		page, total := c.eventRows("listdata", start, start+97, filters...)
		if total != len(want) {
			t.Fatalf("%d events, want %d", total, len(want))
		}
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
	}
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i, row := range got {
		w := want[i]
		if row["time"] != itoa(int(w.Time.Unix())) || row["event"] != w.Name || row["source ip"] != w.Source || row["destination port"] != itoa(w.Port) {
			t.Fatalf("row %d: %v, want %+v", i, row, w)
		}
	}
	logs, _ := c.eventRows("syslog", 0, 5, filters...)
	for i, row := range logs {
		if row["time"] != got[i]["time"] || !strings.Contains(row["message"].(string), want[i].Name) {
			t.Errorf("syslog %d: %v", i, row)
		}
	}
}

func TestEventsAreFilteredAndPlotted(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 60, Now: fixed})
	c := newClient(t, s).analyst()
	some := ""
	want := map[string]int{}
	for e := range s.Events(clock.Add(-24*time.Hour), clock) {
		if some == "" {
			some = e.Source
		}
		if e.Source == some || e.Target == some {
			want["ip"]++
		}
		if e.Sensor == "sensor-2" {
			want["sensor"]++
		}
		if e.Name == "Example-dns_1" {
			want["eventName"]++
		}
		if e.Port >= 400 && e.Port <= 500 {
			want["port"]++
		}
	}
	for name, value := range map[string]string{"ip": some, "sensor": "sensor-2", "eventName": "Example-dns_1", "port": "400-500"} {
		if _, total := c.eventRows("listdata", 0, 1, filter{name, "=", value}); total != want[name] || total == 0 {
			t.Errorf("%s: %d events, want %d", name, total, want[name])
		}
	}
	all, total := c.eventRows("listdata", 0, 1)
	dates, _ := c.eventRows("sumdate", 0, 100)
	times, _ := c.eventRows("sumtime", 0, 5)
	sums := [2]int{}
	for k, rows := range [][]map[string]any{dates, times} {
		for _, row := range rows {
			sums[k] += atoi(t, row["count"].(string))
		}
	}
	plotted := 0
	for _, row := range dates {
		for _, n := range strings.Split(row["24-hour plot"].(string), ",") {
			plotted += atoi(t, n)
		}
	}
	if len(all) != 1 || len(dates) != 2 || len(times) != 100 || sums != [2]int{total, total} || plotted != total {
		t.Errorf("%d events: %v by day and by time, %d plotted", total, sums, plotted)
	}
	if _, none := c.eventRows("listdata", 0, 1, filter{"starttime", "=", clock.Add(time.Hour).Unix()}); none != 0 {
		t.Errorf("%d events of the future", none)
	}
	if e := c.askEvents("nonsense", 0, 1); e.Code != 146 {
		t.Errorf("unknown tool: %s", e.Body)
	}
	if e := c.askEvents("sumip", 0, 1, filter{"nonsense", "=", "1"}); e.Code != 146 || !strings.Contains(e.Msg, "event query.  The filter") {
		t.Errorf("unknown filter: %s", e.Body)
	}
}
