package scapi_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// breakdown is a tool with a row for each key: how the key is read from a row, and which keys a finding counts for.
type breakdown struct {
	tool string
	row  func(scapi.Row) string
	of   func(sctest.Finding) []string
}

// idIn is the id of an object that a row refers to, in an object or in a flat column.
func idIn(row scapi.Row, object, flat string) string {
	var references map[string]json.RawMessage
	var ref struct{ ID string }
	if row.Decode(&references) == nil && json.Unmarshal(references[object], &ref) == nil && ref.ID != "" {
		return ref.ID
	}
	return row.String(flat)
}

func prefix(ip string, bits int) string {
	return netip.PrefixFrom(netip.MustParseAddr(ip), bits).Masked().String()
}

// Every breakdown that metrics are made of is what counting the findings one by one gives, on both dialects.
func TestBreakdownsOfSimulatedConsoles(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		t.Run(dialect.String(), func(t *testing.T) {
			server, _, c := simulated(t, sctest.Options{Dialect: dialect, Seed: 5, Hosts: 250})
			members := map[sctest.Host][]string{}
			for _, a := range server.Assets() {
				for h := range server.AssetHosts(a.ID) {
					members[h] = append(members[h], a.ID)
				}
			}
			one := func(key func(sctest.Finding) string) func(sctest.Finding) []string {
				return func(f sctest.Finding) []string { return []string{key(f)} }
			}
			for _, b := range []breakdown{
				{"sumfamily", func(r scapi.Row) string { return idIn(r, "family", "familyID") }, one(func(f sctest.Finding) string { return fmt.Sprint(f.FamilyID) })},
				{"sumasset", func(r scapi.Row) string { return idIn(r, "asset", "id") }, func(f sctest.Finding) []string { return members[f.Host] }},
				{"sumclassc", func(r scapi.Row) string { return r.Repository() + " " + r.String("ip") }, one(func(f sctest.Finding) string { return f.Host.Repository + " " + prefix(f.Host.IP, 24) })},
				{"sumclassb", func(r scapi.Row) string { return r.Repository() + " " + r.String("ip") }, one(func(f sctest.Finding) string { return f.Host.Repository + " " + prefix(f.Host.IP, 16) })},
			} {
				want := map[string]scapi.Counts{}
				for f := range server.Findings() {
					for _, key := range b.of(f) {
						if counts := want[key]; f.Open() && f.Severity >= 2 {
							counts[f.Severity]++
							want[key] = counts
						}
					}
				}
				rows, err := c.Query(t.Context(), scapi.Query{Tool: b.tool, Sort: "total", PageSize: 7,
					Filters: []scapi.Filter{scapi.BySeverity(scapi.Medium, scapi.High, scapi.Critical)}})
				if err != nil || len(rows) < len(want) || len(want) < 4 {
					t.Errorf("%s: %d rows, %v; want %d", b.tool, len(rows), err, len(want))
				}
				for i, row := range rows {
					if got := row.Counts().Value; got != want[b.row(row)] || row.Int("total").Value != got.Total() {
						t.Errorf("%s: %s has %v, want %v: %s", b.tool, b.row(row), got, want[b.row(row)], row.Raw)
					}
					if i > 0 && row.Int("total").Value > rows[i-1].Int("total").Value {
						t.Errorf("%s: row %d is larger than the one before", b.tool, i)
					}
				}
			}
		})
	}
}

// The plugins on most hosts, and the remedies that remove most of the risk, come first.
func TestTheWorstPluginsOfSimulatedConsoles(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		t.Run(dialect.String(), func(t *testing.T) {
			server, _, c := simulated(t, sctest.Options{Dialect: dialect, Seed: 5, Hosts: 250})
			hosts, scores := map[string]map[sctest.Host]bool{}, map[string]int64{}
			weights, total := [5]int64{0, 1, 3, 10, 40}, int64(0)
			for f := range server.Findings() {
				if !f.Open() {
					continue
				}
				key := fmt.Sprint(f.PluginID, " ", f.Severity)
				if hosts[key] == nil {
					hosts[key] = map[sctest.Host]bool{}
				}
				hosts[key][f.Host] = true
				total += weights[f.Severity]
				if f.Severity > 0 && !f.PatchPublished.IsZero() {
					scores[fmt.Sprint(f.PluginID)] += weights[f.Severity]
				}
			}
			rows, err := c.Query(t.Context(), scapi.Query{Tool: "sumid", Sort: "hostTotal", Limit: 25})
			if err != nil || len(rows) != 25 {
				t.Fatalf("%d rows, %v", len(rows), err)
			}
			most := 0
			for _, of := range hosts {
				most = max(most, len(of))
			}
			for i, row := range rows {
				n := row.Int("hostTotal").Value
				if want := len(hosts[fmt.Sprint(row.String("pluginID"), " ", int(row.Severity().Value))]); n != int64(want) || i == 0 && n != int64(most) || i > 0 && n > rows[i-1].Int("hostTotal").Value {
					t.Errorf("row %d: %s, want %d hosts", i, row.Raw, want)
				}
			}
			remedies, err := c.Query(t.Context(), scapi.Query{Tool: "sumremediation", Limit: 10})
			if err != nil || len(remedies) != 10 {
				t.Fatalf("%d remedies, %v", len(remedies), err)
			}
			ordered := make([]int64, 0, len(scores))
			for _, score := range scores {
				ordered = append(ordered, score)
			}
			slices.Sort(ordered)
			slices.Reverse(ordered)
			for i, row := range remedies {
				score := row.Int("score").Value
				if score != scores[row.String("pluginID")] || score != ordered[i] || row.String("scorePctg") != fmt.Sprintf("%.2f%%", 100*float64(score)/float64(total)) {
					t.Errorf("remedy %d: %s, want a score of %d of %d", i, row.Raw, ordered[i], total)
				}
			}
		})
	}
}

func TestEventsByTypeOfSimulatedConsoles(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		server, _, c := simulated(t, sctest.Options{Dialect: dialect, Hosts: 50})
		from, want := simulatedNow.Add(-24*time.Hour), map[string]int64{}
		for e := range server.Events(from, simulatedNow) {
			want[e.Type]++
		}
		rows, err := c.Query(t.Context(), scapi.Query{Tool: "sumtype", Source: scapi.Events, Filters: []scapi.Filter{
			{Name: "starttime", Value: from.Unix()}, {Name: "endtime", Value: simulatedNow.Unix()}}})
		got := map[string]int64{}
		for _, row := range rows {
			got[row.String("type")] = row.Int("count").Value
		}
		check(t, dialect.String(), err, got, want)
		if len(want) < 5 {
			t.Errorf("%s: types %v", dialect, want)
		}
	}
}
