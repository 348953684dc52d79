package scapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// moduleFaults are where the Python module was wrong, so that this client must
// not be a copy of it.
var moduleFaults = []string{
	"default window of scan_list", "end of paging", "end of the plugin list", "cookie", "asset lists of 4.8", "SSH keys", "port", "shared headers", "debug log",
	"TLS settings", "refused login", "login by certificate", "logout", "HTTP status", "no error code", "numbers and strings", "no archive", "since",
	"several plugin filters", "individual without a scan", "arguments of the caller", "upload", "raw mode", "time limits", "populate without login",
}

func TestNoFaultOfThePythonModuleIsForgotten(t *testing.T) { complete(t, moduleFaults, faults()) }

func TestNoFaultOfThePythonModuleIsRepeated(t *testing.T) {
	t.Parallel()
	keep(t, faults())
}

// again is a console like m, with quirks.
func (m *moduleConsole) again(t *testing.T, change func(*sctest.Quirks)) *moduleConsole {
	t.Helper()
	o := m.Options()
	change(&o.Quirks)
	return startModule(t, o)
}

func faults() []promise {
	text := scapi.Some[string]
	return append([]promise{{
		of: "default window of scan_list", says: "a missing end is now, a missing start 30 days before the end",
		keeps: func(t *testing.T, m *moduleConsole) {
			start, end := simulatedNow.AddDate(0, 0, -9).In(time.FixedZone("far", 9*3600)), simulatedNow.AddDate(0, 0, -4)
			const month = 2592000
			for _, tc := range []struct {
				window    scapi.ScanWindow
				from, to  int64
				tolerance int64 // of now
			}{
				{scapi.ScanWindow{}, simulatedNow.Unix() - month, simulatedNow.Unix(), 5},
				{scapi.ScanWindow{Start: start}, start.Unix(), simulatedNow.Unix(), 5},
				{scapi.ScanWindow{End: end}, end.Unix() - month, end.Unix(), 0},
			} {
				if _, err := m.user.ScanResults(t.Context(), tc.window); err != nil {
					t.Fatal(err)
				}
				sent := m.last(t, "GET /rest/scanResult", "scanResult::getRange").values(t)
				from, to := number(t, sent["startTime"]), number(t, sent["endTime"])
				if from < tc.from-tc.tolerance || from > tc.from+tc.tolerance || to < tc.to-tc.tolerance || to > tc.to+tc.tolerance || tc.window.Start.IsZero() && to-from != month {
					t.Errorf("%+v: from %d to %d, want %d to %d", tc.window, from, to, tc.from, tc.to)
				}
			}
			if m.called("", "scanResult::init") != 0 {
				t.Error("asked without a window")
			}
		},
	}, {
		of: "end of paging", says: "nothing found is the end, whatever the total looks like",
		keeps: func(t *testing.T, m *moduleConsole) {
			for name, m := range map[string]*moduleConsole{
				"as it is": m, "numeric totals": m.again(t, func(q *sctest.Quirks) { q.RPCNumericEventTotals, q.NumbersAsNumbers = true, true }), "no totals": m.again(t, func(*sctest.Quirks) {}),
			} {
				if name == "no totals" {
					m.Inject(sctest.Fault{Effect: sctest.MissingTotals()})
				}
				for _, q := range []scapi.Query{{Tool: "sumip"}, {Tool: "sumip", Source: scapi.Events}} {
					q.Filters = []scapi.Filter{{Name: "ip", Value: "203.0.113.77"}}
					rows, err := m.user.Query(t.Context(), q)
					if err != nil || len(rows) != 0 {
						t.Errorf("%s: %d rows, %v", name, len(rows), err)
					}
				}
				rows, err := m.user.Query(t.Context(), scapi.Query{Tool: "sumip", PageSize: 20})
				if err != nil || len(rows) != 60 {
					t.Errorf("%s: %d rows, %v", name, len(rows), err)
				}
				if n := m.called("POST /analysis", "vuln::query") + m.called("", "events::query"); n > 6 {
					t.Errorf("%s: %d requests", name, n)
				}
			}
		},
	}, {
		of: "end of the plugin list", says: "a list that fills its last page is whole",
		keeps: func(t *testing.T, m *moduleConsole) {
			for _, m := range []*moduleConsole{m, m.again(t, func(q *sctest.Quirks) { q.RPCPluginEndArray = true })} {
				n := m.PluginCount("all")
				for _, size := range []int{n, (n + 1) / 2} {
					if got := len(m.plugins(t, scapi.PluginQuery{PageSize: size})); got != n {
						t.Errorf("%d plugins by pages of %d, want %d", got, size, n)
					}
				}
			}
		},
	}, {
		of: "asset lists of 4.8", says: "tags, lists of names and combinations survive an edit",
		keeps: func(t *testing.T, m *moduleConsole) {
			for _, id := range []string{"8", "9", "10"} {
				before, _ := m.Asset(id)
				_, err := m.user.UpdateAsset(t.Context(), id, scapi.AssetUpdate{Tags: text("blue")})
				if err == nil {
					_, err = m.user.UpdateAsset(t.Context(), id, scapi.AssetUpdate{Name: text("New name")})
				}
				after, _ := m.Asset(id)
				before.Tags, before.Name, before.Modified = "blue", "New name", after.Modified
				if diff := cmp.Diff(before, after); err != nil || diff != "" {
					t.Errorf("%s list: error %v (-want +got):\n%s", before.Type, err, diff)
				}
			}
		},
	}, {
		of: "SSH keys", says: "stay, however the console spells them", version: "4.6.2.2",
		keeps: func(t *testing.T, m *moduleConsole) {
			before, _ := m.Credential("1000002")
			_, err := m.user.UpdateCredential(t.Context(), before.ID, scapi.CredentialUpdate{Username: text("somebody"), PrivilegeEscalation: text("su")})
			after, _ := m.Credential("1000002")
			before.Fields["username"], before.Fields["privilegeEscalation"], before.Modified = "somebody", "su", after.Modified
			if diff := cmp.Diff(before, after); err != nil || diff != "" || after.Fields["privateKey"] == "" {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
		},
	}, {
		of: "numbers and strings", says: "ids are found whatever type they come with",
		keeps: func(t *testing.T, m *moduleConsole) {
			m = m.again(t, func(q *sctest.Quirks) { q.NumbersAsNumbers, q.TokenAsString = true, true })
			m.Inject(sctest.Fault{Effect: sctest.WrongTypes(), Match: func(r sctest.Request) bool { return r.Tool == "sumip" }})
			if _, err := m.user.UpdateAsset(t.Context(), "8", scapi.AssetUpdate{Name: text("Renamed")}); err != nil {
				t.Error(err)
			}
			if _, err := m.user.UpdateCredential(t.Context(), "1000001", scapi.CredentialUpdate{Name: text("Renamed")}); err != nil {
				t.Error(err)
			}
			a, _ := m.Asset("8")
			c, _ := m.Credential("1000001")
			if a.Name != "Renamed" || c.Name != "Renamed" {
				t.Errorf("names %s and %s", a.Name, c.Name)
			}
			if s, err := m.user.Summary(t.Context(), scapi.Query{}); err != nil || s.Findings.Total() != int64(len(m.findings(sctest.Finding.Open))) {
				t.Errorf("%+v, %v", s, err)
			}
		},
	}, {
		of: "no archive", says: "the console's error, not one of the archive",
		keeps: func(t *testing.T, m *moduleConsole) {
			_, err := m.user.DownloadScan(t.Context(), "999999999", "")
			if e := (*scapi.Error)(nil); !errors.As(err, &e) || e.Code == 0 || e.Message == "" {
				t.Errorf("error %v", err)
			}
			m.Inject(sctest.Fault{Effect: sctest.HTMLPage(200)})
			if _, err := m.download(t, ""); !errors.Is(err, scapi.ErrMalformed) {
				t.Errorf("a page: %v", err)
			}
		},
	}, {
		of: "since", says: "is a moment, in whatever time zone",
		keeps: func(t *testing.T, m *moduleConsole) {
			since := time.Date(2026, 3, 1, 0, 30, 0, 0, time.FixedZone("far", 9*3600))
			m.plugins(t, scapi.PluginQuery{Since: since, PageSize: 5000})
			if sent := m.last(t, "GET /rest/plugin", "plugin::init").values(t); number(t, sent["since"]) != since.Unix() {
				t.Errorf("sent %v, want %d", sent["since"], since.Unix())
			}
		},
	}, {
		of: "several plugin filters", says: "there is one, or none",
		keeps: func(t *testing.T, m *moduleConsole) {
			for _, err := range m.user.Plugins(t.Context(), scapi.PluginQuery{Filter: scapi.PluginFilter{Value: "x"}}) {
				if err == nil || m.Count(nil) > 0 {
					t.Errorf("a filter on nothing: %v, %d requests", err, m.Count(nil))
				}
			}
			for _, p := range m.plugins(t, scapi.PluginQuery{Filter: scapi.PluginFilter{Field: "name", Value: "Scan Information"}}) {
				if p.ID != "19506" {
					t.Errorf("plugin %s %s", p.ID, p.Name)
				}
			}
		},
	}, {
		of: "individual without a scan", says: "is an error before the request",
		keeps: func(t *testing.T, m *moduleConsole) {
			queries := []scapi.Query{{Source: scapi.Individual}, {Source: scapi.Individual, Directory: simulatedNow}}
			if m.dialect == sctest.RPC {
				queries = append(queries, scapi.Query{Source: scapi.Individual, ScanID: m.completed(t).ID})
			}
			for _, q := range queries {
				q.Tool = "sumip"
				if rows, err := m.user.Query(t.Context(), q); err == nil || m.called("POST /analysis", "vuln::query") > 0 {
					t.Errorf("%+v: %d rows, %v", q, len(rows), err)
				}
			}
		},
	}, {
		of: "arguments of the caller", says: "are not changed, and what cannot be done with them is said",
		keeps: func(t *testing.T, m *moduleConsole) {
			filters := append(make([]scapi.Filter, 0, 5), scapi.Filter{Name: "severity", Value: "3,4"})
			for range 2 {
				sameFindings(t, m, scapi.Query{Tool: "listvuln", Filters: filters}, func(f sctest.Finding) bool { return f.Open() && f.Severity >= 3 })
			}
			if rest := filters[:cap(filters)][1:]; slices.ContainsFunc(rest, func(f scapi.Filter) bool { return f.Name != "" }) || filters[0].Name != "severity" || filters[0].Value != "3,4" || filters[0].Operator != "" {
				t.Errorf("filters %+v", filters[:cap(filters)])
			}
			m.ForgetRequests()
			if _, err := m.user.Query(t.Context(), scapi.Query{Tool: "sumip", Source: "nonsense"}); err == nil || m.Count(nil) != 0 {
				t.Errorf("unknown source: %v, %d requests", err, m.Count(nil))
			}
			_, err := m.user.UpdateAsset(t.Context(), "4", scapi.AssetUpdate{IPs: scapi.Some([]string{"192.0.2.1"})})
			if err == nil || m.called("PATCH /asset/{id}", "asset::edit") != 0 {
				t.Errorf("addresses of a dynamic list: %v", err)
			}
		},
	}, {
		of: "upload", says: "no two forms have the same boundary",
		keeps: func(t *testing.T, m *moduleConsole) {
			seen := map[string]bool{}
			for range 3 {
				if _, err := m.user.Upload(t.Context(), strings.NewReader("x"), "x.txt"); err != nil {
					t.Fatal(err)
				}
				seen[m.last(t, "POST /rest/file/upload", "file::upload").contentType] = true
			}
			if len(seen) != 3 || len(m.Uploads()) != 3 {
				t.Errorf("%d boundaries: %v; %d files", len(seen), seen, len(m.Uploads()))
			}
		},
	}, {
		of: "raw mode", says: "no error passes for data",
		keeps: func(t *testing.T, m *moduleConsole) {
			call := scapi.RawCall{Method: "POST", Path: "/scanResult/999999999/download", Module: "scanResult", Action: "download",
				Body: on(m, map[string]string{"downloadType": "v2"}, map[string]string{"scanResultID": "999999999", "downloadType": "v2"})}
			_, err := m.user.RawStream(t.Context(), call)
			if e := (*scapi.Error)(nil); !errors.As(err, &e) || e.Code == 0 {
				t.Errorf("error envelope: %v", err)
			}
			m.Inject(sctest.Fault{Effect: sctest.HTMLPage(503)})
			if _, err = m.user.RawStream(t.Context(), call); !scapi.IsTemporary(err) {
				t.Errorf("status 503: %v", err)
			}
		},
	}, {
		of: "time limits", says: "a call ends in time or when it is given up, and connections are used again",
		keeps: func(t *testing.T, m *moduleConsole) {
			reused := false
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }})
			for range 2 {
				if _, err := m.user.Raw(ctx, harmless); err != nil || m.logins() != 1 {
					t.Fatal(err)
				}
			}
			if !reused {
				t.Error("a connection for each call")
			}
			m.Inject(sctest.Fault{Endpoint: harmlessEndpoint(m.dialect), Times: 1, Effect: sctest.Reset()})
			patient := dialSimulated(t, m.Server, asAnalyst)
			if _, err := patient.Raw(t.Context(), harmless); err != nil {
				t.Errorf("a connection that broke: %v", err)
			}
			m.Inject(sctest.Fault{Endpoint: harmlessEndpoint(m.dialect), Effect: sctest.Hang()})
			hasty := dialSimulated(t, m.Server, asAnalyst, func(o *scapi.Options) { o.Timeout, o.Retries = 200*time.Millisecond, -1 })
			if _, err := hasty.Raw(t.Context(), harmless); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := m.user.Raw(ctx, harmless); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
		},
	}, {
		of: "populate without login", says: "logs in first",
		keeps: func(t *testing.T, m *moduleConsole) {
			names, err := m.user.LearnCrossReferences(t.Context())
			requests := m.Requests()
			at := slices.IndexFunc(requests, func(r sctest.Request) bool { return r.Endpoint == on(m, "GET /plugin", "plugin::init") })
			if err != nil || len(names) == 0 || at < 1 || requests[at].Account != sctest.AnalystUsername || m.logins() != 1 {
				t.Errorf("%q, %v", names, err)
			}
		},
	}}, sessionFaults()...)
}

// number reads a number as JSON or a URL holds it.
func number(t *testing.T, v any) int64 {
	t.Helper()
	if f, ok := v.(float64); ok {
		return int64(f)
	}
	n, err := strconv.ParseInt(fmt.Sprint(v), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
