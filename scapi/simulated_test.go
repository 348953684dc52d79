package scapi_test

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// simulatedNow is the clock of simulated consoles, which is not the test's.
var simulatedNow = time.Date(2026, 5, 20, 10, 0, 0, 0, time.UTC)

// simulated starts a console and returns it with a client of each account.
func simulated(t *testing.T, o sctest.Options) (server *sctest.Server, admin, analyst *scapi.Client) {
	t.Helper()
	o.Now = func() time.Time { return simulatedNow }
	server = sctest.Start(t, o)
	client := func(user, password string) *scapi.Client {
		c, err := scapi.New(scapi.Options{URL: server.URL, Transport: server.Transport(), Retries: -1,
			Credentials: func() (scapi.Credentials, error) {
				return scapi.Credentials{Username: user, Password: password}, nil
			}})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	return server, client(sctest.AdminUsername, sctest.AdminPassword), client(sctest.AnalystUsername, sctest.AnalystPassword)
}

// consoles are versions that differ in what they are asked and answer.
var consoles = []sctest.Options{
	{Dialect: sctest.REST, Version: "5.8.0"},
	{Dialect: sctest.REST, Version: "6.4.0"},
	{Dialect: sctest.REST, Version: "6.7.2"},
	{Dialect: sctest.RPC, Version: "4.0.3"},
	{Dialect: sctest.RPC, Version: "4.2.1"},
	{Dialect: sctest.RPC, Version: "4.4.1"},
	{Dialect: sctest.RPC, Version: "4.6.2.2"},
	{Dialect: sctest.RPC, Version: "4.8.1"},
	{Dialect: sctest.RPC, Version: "4.8.1", Quirks: sctest.Quirks{RPCMatchingCount: true}},
	{Dialect: sctest.REST, Version: "6.4.0", Quirks: sctest.Quirks{NumbersAsNumbers: true}},
	{Dialect: sctest.REST, Version: "6.4.0", Quirks: sctest.Quirks{NoMatchingCount: true}},
	{Dialect: sctest.REST, Version: "6.4.0", Quirks: sctest.Quirks{WrongMatchingCount: true}},
}

func label(o sctest.Options) string {
	return strings.TrimSuffix(fmt.Sprintf("%s %s %+v", o.Dialect, o.Version, o.Quirks), fmt.Sprintf(" %+v", sctest.Quirks{}))
}

// On every console a summary is what counting the findings one by one gives.
func TestSummaryOfSimulatedConsoles(t *testing.T) {
	t.Parallel()
	daysAgo := func(n int) time.Time { return simulatedNow.AddDate(0, 0, -n) }
	for _, o := range exhaustive.Sample(consoles, 4) {
		o.Seed, o.Hosts = 7, 300
		t.Run(label(o), func(t *testing.T) {
			server, _, c := simulated(t, o)
			old := o.Version < "4.4" && o.Dialect == sctest.RPC
			assigned := map[string]bool{}
			for _, r := range server.Repositories() {
				assigned[r.ID] = r.Assigned
			}
			family, cves := namedIn(server.Console)
			for name, tc := range map[string]struct {
				query scapi.Query
				keep  func(sctest.Finding) bool
			}{
				"open findings":   {scapi.Query{}, func(sctest.Finding) bool { return true }},
				"high and worse":  {scapi.Query{Filters: []scapi.Filter{scapi.BySeverity(scapi.High, scapi.Critical)}}, func(f sctest.Finding) bool { return f.Severity >= 3 }},
				"two severities":  {scapi.Query{Filters: []scapi.Filter{scapi.BySeverity(scapi.Low, scapi.Critical)}}, func(f sctest.Finding) bool { return f.Severity == 4 || f.Severity == 1 || old && f.Severity == 0 }},
				"a repository":    {scapi.Query{Filters: []scapi.Filter{scapi.ByRepository("2")}}, func(f sctest.Finding) bool { return f.Host.Repository == "2" }},
				"repositories":    {scapi.Query{Filters: []scapi.Filter{scapi.ByRepository("1", "3")}}, func(f sctest.Finding) bool { return f.Host.Repository == "1" || f.Host.Repository == "3" }},
				"no audit checks": {scapi.Query{Filters: []scapi.Filter{scapi.ByPluginID(1, 999999)}}, func(f sctest.Finding) bool { return f.PluginID <= 999999 }},
				"audit checks":    {scapi.Query{Filters: []scapi.Filter{scapi.ByPluginType("compliance")}}, func(f sctest.Finding) bool { return f.PluginType == "compliance" }},
				"one plugin":      {scapi.Query{Filters: []scapi.Filter{scapi.ByPluginID(19506, 19506)}}, func(f sctest.Finding) bool { return f.PluginID == 19506 }},
				"accepted":        {scapi.Query{Filters: []scapi.Filter{scapi.AcceptedRisk(true)}}, func(f sctest.Finding) bool { return f.Accepted }},
				"not accepted":    {scapi.Query{Filters: []scapi.Filter{scapi.AcceptedRisk(false)}}, func(f sctest.Finding) bool { return !f.Accepted }},
				"by the flag":     {scapi.Query{Filters: []scapi.Filter{scapi.AcceptedRiskFlag(true)}}, func(f sctest.Finding) bool { return f.Accepted }},
				"older than 30 days": {scapi.Query{Filters: []scapi.Filter{scapi.FirstSeen(time.Time{}, daysAgo(30))}},
					func(f sctest.Finding) bool { return !f.FirstSeen.After(daysAgo(30)) }},
				"seen in the last 30 days": {scapi.Query{Filters: []scapi.Filter{scapi.LastSeen(daysAgo(30).Add(time.Second), time.Time{})}},
					func(f sctest.Finding) bool { return f.LastSeen.After(daysAgo(30)) }},
				"fixed in the last 7 days": {scapi.Query{Source: scapi.Mitigated, Filters: []scapi.Filter{scapi.LastMitigated(daysAgo(7).Add(time.Second), simulatedNow)}},
					func(f sctest.Finding) bool { return f.LastMitigated.After(daysAgo(7)) }},
				"all that was fixed": {scapi.Query{Source: scapi.Mitigated}, func(sctest.Finding) bool { return true }},
				"exploitable":        {scapi.Query{Filters: []scapi.Filter{scapi.Exploitable()}}, func(f sctest.Finding) bool { return f.Exploitable }},
				"recast":             {scapi.Query{Filters: []scapi.Filter{scapi.Recast(true)}}, func(f sctest.Finding) bool { return f.Recast }},
				"not recast":         {scapi.Query{Filters: []scapi.Filter{scapi.RecastFlag(false)}}, func(f sctest.Finding) bool { return !f.Recast }},
				"reopened":           {scapi.Query{Filters: []scapi.Filter{scapi.Reopened(true)}}, func(f sctest.Finding) bool { return f.Reopened }},
				"never mitigated":    {scapi.Query{Filters: []scapi.Filter{scapi.ReopenedFlag(false)}}, func(f sctest.Finding) bool { return !f.Reopened }},
				"fixed within 30 days": {scapi.Query{Source: scapi.Mitigated, Filters: []scapi.Filter{scapi.DaysToMitigated(30)}},
					func(f sctest.Finding) bool { return f.LastMitigated.Sub(f.FirstSeen) < 31*24*time.Hour }},
				"a band of VPR": {scapi.Query{Filters: []scapi.Filter{scapi.VPR(4, 6.9)}}, func(f sctest.Finding) bool { return f.VPR >= 4 && f.VPR <= 6.9 }},
				"some plugins":  {scapi.Query{Filters: []scapi.Filter{scapi.ByPluginIDs(19506, 21745)}}, func(f sctest.Finding) bool { return f.PluginID == 19506 || f.PluginID == 21745 }},
				"a family":      {scapi.Query{Filters: []scapi.Filter{scapi.ByFamily(family)}}, func(f sctest.Finding) bool { return strconv.Itoa(f.FamilyID) == family }},
				"two CVEs": {scapi.Query{Filters: []scapi.Filter{scapi.ByCVE(cves...)}}, func(f sctest.Finding) bool {
					return slices.ContainsFunc(f.CVEs, func(id string) bool { return slices.Contains(cves, id) })
				}},
				"two blocks": {scapi.Query{Filters: []scapi.Filter{scapi.ByAddress("10.0.0.0/28", "10.0.1.1-10.0.1.9")}}, func(f sctest.Finding) bool { return inBlocks(f.Host.IP) }},
				"nothing":    {scapi.Query{Filters: []scapi.Filter{{Name: "ip", Value: "203.0.113.77"}}}, func(sctest.Finding) bool { return false }},
			} {
				t.Run(name, func(t *testing.T) {
					var want scapi.Summary
					hosts := map[string]bool{}
					for f := range server.Findings() {
						if f.Open() == (tc.query.Source == scapi.Mitigated) || !assigned[f.Host.Repository] || !tc.keep(f) {
							continue
						}
						severity := f.Severity
						if old && severity == 0 {
							severity = 1 // the old scale begins with low
						}
						want.Findings[severity]++
						hosts[f.Host.Repository+" "+f.Host.IP+" "+f.Host.UUID] = true
					}
					want.Records = int64(len(hosts))
					if (want.Records == 0) != (name == "nothing") && !lacking[o.Version][name] {
						t.Fatalf("%d hosts have such findings: the test proves nothing", want.Records)
					}
					got, err := c.Summary(t.Context(), tc.query)
					if lacks := lacking[o.Version][name]; lacks || err != nil {
						if _, named := scapi.RefusalOf(err); !lacks || !named || !errors.Is(err, scapi.ErrUnsupported) {
							t.Fatalf("error %v; lacking %t", err, lacks)
						}
						return
					}
					if got.Score.Valid {
						// The weights that a console has by default.
						n := want.Findings
						if score := float64(n[1] + 3*n[2] + 10*n[3] + 40*n[4]); got.Score.Value != score {
							t.Errorf("score %v, want %v", got.Score.Value, score)
						}
						got.Score = scapi.Opt[float64]{}
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("summary (-counted one by one +got):\n%s", diff)
					}
				})
			}
		})
	}
}

// lacking are the queries of the test above that a version has no filter for.
var lacking = map[string]map[string]bool{
	"4.0.3":   {"fixed within 30 days": true, "a band of VPR": true, "two CVEs": true},
	"4.2.1":   {"fixed within 30 days": true, "a band of VPR": true, "two CVEs": true},
	"4.4.1":   {"fixed within 30 days": true, "a band of VPR": true},
	"4.6.2.2": {"a band of VPR": true},
	"4.8.1":   {"a band of VPR": true},
	"5.8.0":   {"a band of VPR": true},
}

// namedIn returns a family and two CVEs that open findings of the console have.
func namedIn(c *sctest.Console) (family string, cves []string) {
	for f := range c.Findings() {
		if f.Open() && len(f.CVEs) > 0 && !slices.Contains(cves, f.CVEs[0]) {
			family, cves = strconv.Itoa(f.FamilyID), append(cves, f.CVEs[0])
		}
		if len(cves) == 2 {
			break
		}
	}
	return family, cves
}

// inBlocks says whether the address is in 10.0.0.0/28 or 10.0.1.1-10.0.1.9.
func inBlocks(ip string) bool {
	n := netip.MustParseAddr(ip).As4()
	return n[0] == 10 && n[1] == 0 && (n[2] == 0 && n[3] < 16 || n[2] == 1 && n[3] >= 1 && n[3] <= 9)
}

func TestPluginCountsOfSimulatedConsoles(t *testing.T) {
	t.Parallel()
	for _, o := range []sctest.Options{
		{Dialect: sctest.REST}, {Dialect: sctest.REST, Quirks: sctest.Quirks{FullPluginPages: true}}, {Dialect: sctest.RPC}, {Dialect: sctest.RPC, Version: "4.2.1"},
	} {
		t.Run(label(o), func(t *testing.T) {
			server, admin, _ := simulated(t, o)
			got, err := admin.PluginCounts(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !got.Total.Valid || got.Total.Value == 0 {
				t.Error("no total")
			}
			for shown, n := range got.ByType {
				want := server.PluginCount(strings.Replace(shown, "event", "lce", 1))
				if int64(want) != n {
					t.Errorf("%d %s plugins, want %d", n, shown, want)
				}
			}
			if old := o.Version == "4.2.1"; old != (len(got.ByType) == 0) {
				t.Errorf("types %v", slices.Sorted(maps.Keys(got.ByType)))
			}
			if n := server.Count(func(r sctest.Request) bool { return r.Endpoint == "GET /plugin" }); n > 100 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestIndividualScansOfSimulatedConsoles(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		t.Run(dialect.String(), func(t *testing.T) {
			_, _, c := simulated(t, sctest.Options{Dialect: dialect})
			results, err := c.ScanResults(t.Context(), scapi.ScanWindow{End: simulatedNow})
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(results, func(r scapi.ScanResult) bool {
				return r.Status == "Completed" && (r.ImportStatus == "Finished" || r.ImportStatus == "")
			})
			if at < 0 {
				t.Fatal("no completed scan")
			}
			s, err := c.Summary(t.Context(), scapi.Query{Source: scapi.Individual, ScanID: results[at].ID, Directory: results[at].Finish})
			if err != nil || s.Records == 0 || s.Findings.Total() == 0 {
				t.Errorf("summary %+v, %v", s, err)
			}
		})
	}
}

func TestScanResultOfASimulatedConsole(t *testing.T) {
	t.Parallel()
	_, _, c := simulated(t, sctest.Options{})
	results, err := c.ScanResults(t.Context(), scapi.ScanWindow{End: simulatedNow})
	if err != nil {
		t.Fatal(err)
	}
	var finished, running int
	for _, r := range results {
		if r.Running {
			running++
		}
		if r.Status != "Completed" {
			continue
		}
		finished++
		if finished > 3 {
			continue
		}
		detail, err := c.ScanResult(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		live, dead := detail.LiveHosts, detail.DeadHosts
		if !live.Valid || !dead.Valid || live.Value+dead.Value != detail.TotalIPs.Value {
			t.Errorf("result %s: %v live and %v dead of %v", r.ID, live, dead, detail.TotalIPs)
		}
		if detail.ID != r.ID || detail.Finish != r.Finish || detail.Duration != r.Duration {
			t.Errorf("detail %+v, list %+v", detail, r)
		}
	}
	if finished == 0 || running == 0 {
		t.Errorf("%d finished and %d running results", finished, running)
	}
}

func TestFaultsInMidPaging(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		endpoint := map[sctest.Dialect]string{sctest.REST: "POST /analysis", sctest.RPC: "vuln::query"}[dialect]
		for name, tc := range map[string]struct {
			effect sctest.Effect
			times  int
			fails  error // nil: every row arrives
		}{
			"an expired session":     {sctest.ExpireSession(), 1, nil},
			"missing totals":         {sctest.MissingTotals(), 0, nil},
			"numbers for strings":    {sctest.WrongTypes(), 0, nil},
			"truncated JSON":         {sctest.Truncate(), 1, errAny},
			"an HTML page":           {sctest.HTMLPage(200), 1, scapi.ErrMalformed},
			"a redirect":             {sctest.Redirect("https://elsewhere.example.org/"), 1, scapi.ErrRedirect},
			"an empty refusal":       {sctest.Refuse(403, 143, "Unable to process Vuln Query"), 1, errAny},
			"a connection that ends": {sctest.Reset(), 1, errAny},
			"a page of nothing":      {sctest.Answer(""), 1, nil},
			"pages of nothing":       {sctest.Answer(map[string]any{}), 0, scapi.ErrMalformed},
		} {
			t.Run(name+" on "+dialect.String(), func(t *testing.T) {
				server, _, c := simulated(t, sctest.Options{Dialect: dialect})
				q := scapi.Query{Tool: "sumip", PageSize: 30}
				want, err := c.Query(t.Context(), q)
				if err != nil || len(want) < 100 {
					t.Fatalf("%d rows, %v", len(want), err)
				}
				server.ForgetRequests()
				server.Inject(sctest.Fault{Endpoint: endpoint, Skip: 2, Times: tc.times, Effect: tc.effect})
				var got []string
				err = c.QueryPages(t.Context(), q, func(p scapi.Page) error {
					for _, row := range p.Rows {
						got = append(got, row.String("ip"))
					}
					return nil
				})
				if tc.fails == nil {
					if err != nil || len(got) != len(want) {
						t.Fatalf("%d rows, %v; want %d", len(got), err, len(want))
					}
				} else if err == nil || !errors.Is(err, tc.fails) && !errors.Is(tc.fails, errAny) || len(got)%30 != 0 || len(got) < 30 {
					// Which page the third request is for is anybody's guess, as they are fetched ahead.
					t.Fatalf("%d rows, %v; want some pages and %v", len(got), err, tc.fails)
				}
				for i := range got {
					if got[i] != want[i].String("ip") {
						t.Fatalf("row %d is of %s, want %s", i, got[i], want[i].String("ip"))
					}
				}
				if n := server.Count(nil); n > 12 {
					t.Errorf("%d requests", n)
				}
			})
		}
	}
}

// errAny stands for whatever error.
var errAny = errors.New("any error")

func TestSummaryOfAnyConsoleSizeIsOneSmallRequest(t *testing.T) {
	t.Parallel()
	for _, hosts := range []int{100, 100_000} {
		t.Run(strconv.Itoa(hosts), func(t *testing.T) {
			server, _, c := simulated(t, sctest.Options{Hosts: hosts})
			if err := c.Login(t.Context()); err != nil {
				t.Fatal(err)
			}
			server.ForgetRequests()
			if _, err := c.Summary(t.Context(), scapi.Query{}); err != nil {
				t.Fatal(err)
			}
			requests := server.Requests()
			if len(requests) != 1 || requests[0].Start != 0 || requests[0].End != 1 {
				t.Errorf("requests %+v, want one of rows 0 to 1", requests)
			}
		})
	}
}

func TestWhoMayCallWhat(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		t.Run(dialect.String(), func(t *testing.T) {
			_, admin, analyst := simulated(t, sctest.Options{Dialect: dialect})
			if _, err := admin.Summary(t.Context(), scapi.Query{}); !scapi.IsPermission(err) {
				t.Errorf("findings for an administrator: %v, want a permission error", err)
			}
			if _, err := analyst.Jobs(t.Context()); !scapi.IsPermission(err) && !errors.Is(err, scapi.ErrUnsupported) {
				t.Errorf("jobs for an analyst: %v, want a permission error", err)
			}
			scanners, err := analyst.Scanners(t.Context())
			if err != nil && !scapi.IsPermission(err) || err == nil && slices.ContainsFunc(scanners, func(s scapi.Scanner) bool { return s.Type == "nessus" }) {
				t.Errorf("scanners for an analyst: %+v, %v", scanners, err)
			}
			if _, err := analyst.Zones(t.Context()); err != nil && !scapi.IsPermission(err) {
				t.Errorf("zones for an analyst: %v", err)
			}
			if _, err := admin.Scans(t.Context()); err != nil && !scapi.IsPermission(err) {
				t.Errorf("scans for an administrator: %v", err)
			}
			if _, err := analyst.Status(t.Context()); err != nil {
				t.Errorf("status for an analyst: %v", err)
			}
			if _, err := analyst.Summary(t.Context(), scapi.Query{Filters: []scapi.Filter{{Name: "nonsense", Value: "1"}}}); err == nil {
				t.Error("a nonsense filter was taken")
			} else if r, ok := scapi.RefusalOf(err); !ok || r.Of != scapi.RefusedFilter || r.Name != "nonsense" {
				t.Errorf("a nonsense filter: %v", err)
			}
		})
	}
}

func TestJobsAndDiagnosticsOfASimulatedConsole(t *testing.T) {
	t.Parallel()
	_, admin, _ := simulated(t, sctest.Options{})
	jobs, err := admin.Jobs(t.Context())
	if err != nil || len(jobs) == 0 {
		t.Fatalf("%d jobs, %v", len(jobs), err)
	}
	var running, late int
	for _, j := range jobs {
		if j.Running {
			running++
		} else if !j.Target.IsZero() && j.Target.Before(simulatedNow.Add(-5*time.Minute)) {
			late++
		}
	}
	if running == 0 || late == 0 {
		t.Errorf("%d jobs running and %d late, want some of each", running, late)
	}
	d, err := admin.Diagnostics(t.Context())
	if err != nil || !d.Java.Valid || !d.Disk.Valid || d.LastChecked.IsZero() {
		t.Errorf("diagnostics %+v, %v", d, err)
	}
	s, err := admin.Status(t.Context())
	if err != nil || s.LastBackupSuccess.IsZero() || s.LastBackupFailure.IsZero() || !s.JobDaemonRunning.Value || s.PluginSet["active"].IsZero() {
		t.Errorf("status %+v, %v", s, err)
	}
}
