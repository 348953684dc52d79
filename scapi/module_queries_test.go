package scapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// querying are the promises of the functions that read findings and scans.
func querying() []promise {
	return []promise{{
		of: "raw_query", says: "any call's response as it is",
		keeps: func(t *testing.T, m *moduleConsole) {
			raw, err := m.admin.Raw(t.Context(), scapi.RawCall{Method: "GET", Path: "/repository", Module: "repository", Action: "init"})
			var want, got []string
			for _, r := range m.Repositories() {
				want = append(want, r.Name)
			}
			for _, r := range rawList(t, raw, "repositories") {
				got = append(got, fmt.Sprint(r["name"]))
			}
			alike(t, "repositories", err, want, got)
		},
		recorded: func(t *testing.T, c *scapi.Client, response func(string) json.RawMessage) {
			got, err := c.Raw(t.Context(), scapi.RawCall{Method: "GET", Path: "/zone"})
			if want := response("zone-list.json"); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s, %v; want %s", got, err, want)
			}
		},
	}, {
		of: "raw_query", says: "input and headers reach the console, an error code comes back",
		keeps: func(t *testing.T, m *moduleConsole) {
			call := scapi.RawCall{Method: "GET", Path: "/plugin/19506", Module: "plugin", Action: "getDetails", Body: map[string]string{"pluginID": "19506"}, Header: map[string][]string{"X-Example": {"yes"}}}
			if m.dialect == sctest.REST {
				call.Body, call.Query = nil, url.Values{"fields": {"id,name"}}
			}
			raw, err := m.user.Raw(t.Context(), call)
			if err != nil || !strings.Contains(string(raw), "Nessus Scan Information") {
				t.Errorf("%s, %v", raw, err)
			}
			if h := m.last(t, "GET /rest/plugin/19506", "plugin::getDetails").header; h.Get("X-Example") != "yes" {
				t.Errorf("headers %v", h)
			}
			_, err = m.user.Raw(t.Context(), scapi.RawCall{Method: "POST", Path: "/analysis", Module: "vuln", Action: "query", Body: map[string]any{
				"type": "vuln", "sourceType": "cumulative", "tool": "nonsense", "query": map[string]any{"tool": "nonsense", "type": "vuln"}, "filters": []any{}}})
			if e := (*scapi.Error)(nil); !errors.As(err, &e) || e.Code == 0 || e.Message == "" {
				t.Errorf("error %v, want the console's code and message", err)
			}
		},
	}, {
		of: "raw_query", says: "a body that is not decoded",
		keeps: func(t *testing.T, m *moduleConsole) {
			body, err := m.user.RawStream(t.Context(), scapi.RawCall{Method: "POST", Path: "/scanResult/" + m.completed(t).ID + "/download",
				Module: "scanResult", Action: "download", Body: on(m, map[string]string{"downloadType": "v2"}, map[string]string{"scanResultID": m.completed(t).ID, "downloadType": "v2"})})
			if err != nil {
				t.Fatal(err)
			}
			defer body.Close()
			if b, err := io.ReadAll(body); err != nil || !bytes.HasPrefix(b, []byte("PK")) {
				t.Errorf("%.20q, %v", b, err)
			}
		},
	}, {
		of: "query", says: "all pages as one list",
		keeps: func(t *testing.T, m *moduleConsole) {
			want := map[string]scapi.Counts{}
			for f := range m.Findings() {
				if f.Open() {
					key := f.Host.Repository + " " + f.Host.IP + " " + f.Host.UUID
					counts := want[key]
					counts[f.Severity]++
					want[key] = counts
				}
			}
			rows, err := m.user.Query(t.Context(), scapi.Query{Tool: "sumip", PageSize: 7})
			got := map[string]scapi.Counts{}
			for _, r := range rows {
				got[strings.TrimSuffix(r.Repository()+" "+r.String("ip"), " ")+" "+r.String("uuid")] = r.Counts().Value
			}
			if m.dialect == sctest.RPC { // which has no agents' ids
				want = forgetUUIDs(want)
			}
			if diff := cmp.Diff(want, got); err != nil || diff != "" || len(rows) != 60 {
				t.Errorf("%d rows, %v (-want +got):\n%s", len(rows), err, diff)
			}
			if n := m.called("POST /analysis", "vuln::query"); n != 9 {
				t.Errorf("%d pages of 7, want 9", n)
			}
		},
		recorded: func(t *testing.T, c *scapi.Client, response func(string) json.RawMessage) {
			var want, got []string
			for _, file := range []string{"analysis-vuln-sumip-1.json", "analysis-vuln-sumip-2.json"} {
				var page struct{ Results []json.RawMessage }
				if err := json.Unmarshal(response(file), &page); err != nil {
					t.Fatal(err)
				}
				for _, r := range page.Results {
					want = append(want, string(r))
				}
			}
			rows, err := c.Query(t.Context(), scapi.Query{Tool: "sumip", PageSize: 5})
			for _, r := range rows {
				got = append(got, string(r.Raw))
			}
			alike(t, "rows", err, want, got)
		},
	}, {
		of: "query", says: "filters, by a function each or written out",
		keeps: func(t *testing.T, m *moduleConsole) {
			sameFindings(t, m, scapi.Query{Tool: "vulndetails", Filters: []scapi.Filter{scapi.BySeverity(scapi.Medium, scapi.High, scapi.Critical), scapi.ByRepository("1", "3")}},
				func(f sctest.Finding) bool {
					return f.Open() && f.Severity >= 2 && (f.Host.Repository == "1" || f.Host.Repository == "3")
				})
			sameFindings(t, m, scapi.Query{Tool: "listvuln", Filters: []scapi.Filter{{Name: "pluginID", Value: "19506"}}},
				func(f sctest.Finding) bool { return f.Open() && f.PluginID == 19506 })
			sameFindings(t, m, scapi.Query{Tool: "vulndetails", Filters: []scapi.Filter{{Name: "exploitAvailable", Operator: "=", Value: "true"}, {Name: "severity", Value: "2,3,4"}}},
				func(f sctest.Finding) bool { return f.Open() && f.Exploitable && f.Severity >= 2 })
		},
	}, {
		of: "query", says: "in either direction",
		keeps: func(t *testing.T, m *moduleConsole) {
			scores := map[scapi.Direction][]int64{}
			for _, direction := range []scapi.Direction{scapi.Ascending, scapi.Descending} {
				rows, err := m.user.Query(t.Context(), scapi.Query{Tool: "sumip", Sort: "total", Direction: direction, PageSize: 25})
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range rows {
					scores[direction] = append(scores[direction], r.Int("total").Value)
				}
			}
			slices.Reverse(scores[scapi.Descending])
			if up := scores[scapi.Ascending]; !slices.IsSorted(up) || len(up) == 0 || up[0] == up[len(up)-1] {
				t.Errorf("ascending: %v", up)
			}
			alike(t, "descending, from its end", nil, scores[scapi.Ascending], scores[scapi.Descending])
		},
	}, {
		of: "query", says: "streaming: a function gets page after page, and its error ends the query",
		keeps: func(t *testing.T, m *moduleConsole) {
			var rows []scapi.Row
			err := m.user.QueryPages(t.Context(), scapi.Query{Tool: "listvuln", PageSize: 50}, func(p scapi.Page) error {
				if len(p.Rows) == 0 || len(p.Rows) > 50 {
					t.Errorf("a page of %d rows", len(p.Rows))
				}
				rows = append(rows, p.Rows...)
				return nil
			})
			alike(t, "rows", err, m.findings(sctest.Finding.Open), listed(rows))
			enough := errors.New("enough")
			pages := 0
			err = m.user.QueryPages(t.Context(), scapi.Query{Tool: "listvuln", PageSize: 50}, func(scapi.Page) error {
				pages++
				return enough
			})
			if !errors.Is(err, enough) || pages != 1 {
				t.Errorf("%d pages, %v", pages, err)
			}
		},
	}, {
		of: "query", says: "mitigated and patched findings",
		keeps: func(t *testing.T, m *moduleConsole) {
			sameFindings(t, m, scapi.Query{Tool: "vulndetails", Source: scapi.Mitigated}, func(f sctest.Finding) bool { return !f.Open() })
			if !strings.Contains(m.last(t, "POST /rest/analysis", "vuln::query").input, `"patched"`) {
				t.Error("did not ask for what is patched")
			}
		},
	}, {
		of: "query", says: "mitigated findings of a console that has no patched ones", version: "4.4.1",
		keeps: func(t *testing.T, m *moduleConsole) {
			sameFindings(t, m, scapi.Query{Tool: "listvuln", Source: scapi.Mitigated}, func(f sctest.Finding) bool { return !f.Open() })
			if !strings.Contains(m.last(t, "POST /rest/analysis", "vuln::query").input, on(m, `"patched"`, `"mitigated"`)) {
				t.Error("not what this version calls them")
			}
		},
	}, {
		of: "query", says: "the result of an individual scan",
		keeps: func(t *testing.T, m *moduleConsole) {
			r := m.completed(t)
			q := scapi.Query{Tool: "listvuln", Source: scapi.Individual, ScanID: r.ID, Directory: r.Finished}
			// A result of the simulated console holds what its repository knows.
			sameFindings(t, m, q, func(f sctest.Finding) bool { return f.Open() && f.Host.Repository == r.Repository })
			if day := r.Finished.Format(time.DateOnly); m.dialect == sctest.RPC && !strings.Contains(m.last(t, "", "vuln::query").input, `"`+day+`"`) {
				t.Errorf("did not ask for the day %s", day)
			}
		},
	}, {
		of: "query", says: "log events",
		keeps: func(t *testing.T, m *moduleConsole) {
			from, to := simulatedNow.Add(-3*time.Hour), simulatedNow.Add(-time.Hour)
			want, got := map[string]int64{}, map[string]int64{}
			for e := range m.Events(from, to) {
				want[e.Type]++
			}
			rows, err := m.user.Query(t.Context(), scapi.Query{Tool: "sumtype", Source: scapi.Events, PageSize: 3, Filters: []scapi.Filter{
				{Name: "starttime", Value: from.Unix()}, {Name: "endtime", Value: to.Unix()}}})
			for _, r := range rows {
				got[r.String("type")] = r.Int("count").Value
			}
			if diff := cmp.Diff(want, got); err != nil || diff != "" || len(want) == 0 {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
			if m.called("POST /analysis", "events::query") < 2 {
				t.Error("not by pages of the event query")
			}
		},
	}, {
		of: "vulns", says: "every open finding",
		keeps: func(t *testing.T, m *moduleConsole) {
			var got []string
			for v, err := range m.user.Vulns(t.Context(), scapi.Query{}) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprintf("%s %s %s %d %d", v.RepositoryID, v.IP, v.PluginID, v.Port.Value, v.Severity.Value))
			}
			slices.Sort(got)
			alike(t, "findings", nil, m.findings(sctest.Finding.Open), got)
		},
	}, {
		of: "vulns", says: "what the page of findings begins with",
		lacks: map[sctest.Dialect]func(context.Context, *moduleConsole) error{sctest.REST: func(ctx context.Context, m *moduleConsole) error {
			_, err := m.user.VulnInit(ctx)
			return err
		}},
		keeps: func(t *testing.T, m *moduleConsole) {
			raw, err := m.user.VulnInit(t.Context())
			if err != nil || len(rawList(t, raw, "repositories")) != len(m.Repositories()) {
				t.Errorf("%.80s, %v", raw, err)
			}
		},
	}, {
		of: "ip_info", says: "what every repository, or one of them, knows of an address",
		keeps: func(t *testing.T, m *moduleConsole) {
			where := map[string][]string{}
			for h := range m.Hosts() {
				if h.UUID == "" {
					where[h.IP] = append(where[h.IP], h.Repository)
				}
			}
			ip := slices.MaxFunc(slices.Sorted(maps.Keys(where)), func(a, b string) int { return len(where[a]) - len(where[b]) })
			if len(where[ip]) < 2 {
				t.Fatal("no address is in two repositories")
			}
			for _, only := range [][]string{nil, where[ip][:1]} {
				want := where[ip]
				if only != nil {
					want = only
				}
				records, err := m.user.IPInfo(t.Context(), ip, only...)
				var got []string
				for _, r := range records {
					got = append(got, r.RepositoryID)
				}
				alike(t, "repositories", err, slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got)))
			}
		},
	}, {
		of: "scan_list", says: "the scan results of a time, and of 30 days if none is given",
		keeps: func(t *testing.T, m *moduleConsole) {
			for _, w := range []scapi.ScanWindow{{}, {Start: simulatedNow.AddDate(0, 0, -12), End: simulatedNow.AddDate(0, 0, -5)}} {
				start, end := simulatedNow.AddDate(0, 0, -30), simulatedNow
				if !w.End.IsZero() {
					start, end = w.Start, w.End
				}
				results, err := m.user.ScanResults(t.Context(), w)
				var want, got []string
				for _, r := range m.ScanResults() {
					// REST goes by the creation, and the simulated SecurityCenter 4 by the end.
					at := on(m, r.Started.Add(-5*time.Second), r.Finished)
					if at.IsZero() && w.End.IsZero() { // of those that are running, every window that ends now has some
						at = end
					}
					if !at.Before(start) && !at.After(end) {
						want = append(want, r.ID+" "+r.Name)
					}
				}
				for _, r := range results {
					got = append(got, r.ID+" "+r.Name)
				}
				alike(t, "results", err, slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got)))
			}
		},
		recorded: func(t *testing.T, c *scapi.Client, response func(string) json.RawMessage) {
			results, err := c.ScanResults(t.Context(), scapi.ScanWindow{})
			sameIDs(t, err, response("scanresult-list.json"), results, func(r scapi.ScanResult) string { return r.ID })
		},
	}, {
		of: "scan_download", says: "the file of a scan, out of its archive",
		keeps: func(t *testing.T, m *moduleConsole) {
			for _, format := range []string{"", "v2"} {
				got, err := m.download(t, format)
				var want bytes.Buffer
				if err := m.WriteScan(&want, m.completed(t).ID, "v2"); err != nil {
					t.Fatal(err)
				}
				if err != nil || !bytes.Equal(got, want.Bytes()) {
					t.Errorf("%d bytes, %v; want %d", len(got), err, want.Len())
				}
			}
		},
	}, {
		of: "scan_download", says: "the formats of old versions", version: "4.2.1",
		lacks: map[sctest.Dialect]func(context.Context, *moduleConsole) error{sctest.REST: func(ctx context.Context, m *moduleConsole) error {
			_, err := m.user.DownloadScan(ctx, "1", "nsr")
			return err
		}},
		keeps: func(t *testing.T, m *moduleConsole) {
			for _, format := range []string{"nessus", "nsr"} {
				got, err := m.download(t, format)
				var want bytes.Buffer
				if err := m.WriteScan(&want, m.completed(t).ID, format); err != nil {
					t.Fatal(err)
				}
				if err != nil || !bytes.Equal(got, want.Bytes()) {
					t.Errorf("%s: %d bytes, %v; want %d", format, len(got), err, want.Len())
				}
			}
		},
	}}
}
