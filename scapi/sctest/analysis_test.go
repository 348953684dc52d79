package sctest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// count counts findings one by one.
func count(s *sctest.Server, match func(sctest.Finding) bool) (counts [5]int, hosts int) {
	seen := map[string]bool{}
	for f := range s.Findings() {
		if match(f) {
			counts[f.Severity]++
			seen[f.Host.Repository+"/"+f.Host.IP] = true
		}
	}
	return counts, len(seen)
}

func daysAgo(n int) time.Time { return clock.AddDate(0, 0, -n) }

// questions are asked of both dialects; empty filters mean that the dialect has no such filter.
var questions = []struct {
	name      string
	mitigated bool
	rest, rpc []filter
	match     func(sctest.Finding) bool
}{
	{"everything that is open", false, []filter{}, []filter{}, func(sctest.Finding) bool { return true }},
	{"everything that is mitigated", true, []filter{}, []filter{}, func(sctest.Finding) bool { return true }},
	{"one repository", false, []filter{{"repository", "=", []map[string]string{{"id": "2"}}}}, []filter{{"repositoryIDs", "=", 2}},
		func(f sctest.Finding) bool { return f.Host.Repository == "2" }},
	{"high and critical", false, []filter{{"severity", "=", "3,4"}}, []filter{{"severity", "=", "3,4"}},
		func(f sctest.Finding) bool { return f.Severity >= 3 }},
	{"without audit checks", false, []filter{{"pluginID", "<=", "999999"}}, []filter{{"pluginID", "=", "1-999999"}},
		func(f sctest.Finding) bool { return f.PluginID <= 999999 }},
	{"audit checks", false, []filter{{"pluginType", "=", "compliance"}}, []filter{{"pluginType", "=", "compliance"}},
		func(f sctest.Finding) bool { return f.PluginType == "compliance" }},
	{"accepted risk", false, []filter{{"acceptRiskStatus", "=", "accepted"}}, []filter{{"acceptedRisk", "=", "true"}},
		func(f sctest.Finding) bool { return f.Accepted }},
	{"recast risk", false, []filter{{"recastRiskStatus", "=", "recast"}}, []filter{{"recastRisk", "=", "true"}},
		func(f sctest.Finding) bool { return f.Recast }},
	{"reopened", false, []filter{{"mitigatedStatus", "=", "previously"}}, []filter{{"wasMitigated", "=", "true"}},
		func(f sctest.Finding) bool { return f.Reopened }},
	{"exploitable", false, []filter{{"exploitAvailable", "=", "true"}}, []filter{{"exploitAvailable", "=", "true"}},
		func(f sctest.Finding) bool { return f.Exploitable }},
	{"first seen in the last 30 days", false, []filter{{"firstSeen", "=", "0:30"}}, []filter{{"firstSeen", "=", "0:30"}},
		func(f sctest.Finding) bool { return f.FirstSeen.After(daysAgo(30)) }},
	{"older than 30 days", false, []filter{{"firstSeen", "=", "30:all"}}, []filter{{"firstSeen", "=", "30:all"}},
		func(f sctest.Finding) bool { return !f.FirstSeen.After(daysAgo(30)) }},
	{"first seen between two epochs", false,
		[]filter{{"firstSeen", "=", fmt.Sprintf("%d-%d", daysAgo(90).Unix(), daysAgo(30).Unix())}}, nil,
		func(f sctest.Finding) bool {
			return !f.FirstSeen.Before(daysAgo(90)) && !f.FirstSeen.After(daysAgo(30))
		}},
	{"hosts seen in a week", false, []filter{{"lastSeen", "=", "0:7"}}, []filter{{"lastSeen", "=", "0:7"}},
		func(f sctest.Finding) bool { return f.LastSeen.After(daysAgo(7)) }},
	{"published long ago", false, []filter{{"vulnPublished", "=", "90:all"}}, []filter{{"vulnPublished", "=", "90:all"}},
		func(f sctest.Finding) bool { return !f.VulnPublished.IsZero() && !f.VulnPublished.After(daysAgo(90)) }},
	{"mitigated in a month", true, []filter{{"lastMitigated", "=", "0:30"}}, []filter{{"lastMitigated", "=", "0:30"}},
		func(f sctest.Finding) bool { return f.LastMitigated.After(daysAgo(30)) }},
	{"mitigated within 15 days", true, []filter{{"daysToMitigated", "=", "0:15"}}, []filter{{"daysToMitigated", "=", "0:15"}},
		func(f sctest.Finding) bool { return f.LastMitigated.Sub(f.FirstSeen) <= 15*24*time.Hour }},
	{"a plugin", false, []filter{{"pluginID", "=", "19506"}}, []filter{{"pluginID", "=", 19506}},
		func(f sctest.Finding) bool { return f.PluginID == 19506 }},
	{"a block of addresses", false, []filter{{"ip", "=", "10.0.0.0/25"}}, []filter{{"ip", "=", "10.0.0.0/25"}},
		func(f sctest.Finding) bool {
			last, _ := strconv.Atoi(f.Host.IP[strings.LastIndex(f.Host.IP, ".")+1:])
			return strings.HasPrefix(f.Host.IP, "10.0.0.") && last < 128
		}},
	{"without web applications", false, []filter{{"wasVuln", "=", "excludeWas"}}, nil,
		func(f sctest.Finding) bool { return !f.WebApplication }},
	{"only web applications", false, []filter{{"wasVuln", "=", "onlyWas"}}, nil,
		func(f sctest.Finding) bool { return f.WebApplication }},
	{"a band of VPR", false, []filter{{"vprScore", "=", "7-10"}}, nil,
		func(f sctest.Finding) bool { return f.VPR >= 7 }},
	{"several filters at once", false,
		[]filter{{"severity", "=", "4"}, {"exploitAvailable", "=", "false"}, {"acceptedRisk", "=", "false"}, {"firstSeen", "=", "7:all"}},
		[]filter{{"severity", "=", "4"}, {"exploitAvailable", "=", "false"}, {"acceptedRisk", "=", "false"}, {"firstSeen", "=", "7:all"}},
		func(f sctest.Finding) bool {
			return f.Severity == 4 && !f.Exploitable && !f.Accepted && !f.FirstSeen.After(daysAgo(7))
		}},
}

func TestEveryToolCountsTheSameFindings(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		s := sctest.Start(t, sctest.Options{Dialect: dialect, Seed: 7, Hosts: 70, Now: fixed, Quirks: sctest.Quirks{RPCMatchingCount: true}})
		c := newClient(t, s).analyst()
		for _, q := range exhaustive.Sample(questions, 8) {
			filters, source := q.rest, "cumulative"
			if dialect == sctest.RPC {
				filters = q.rpc
			}
			if q.mitigated {
				source = "patched"
			}
			if filters == nil {
				continue
			}
			t.Run(dialect.String()+" "+q.name, func(t *testing.T) {
				want, hosts := count(s, func(f sctest.Finding) bool { return f.Open() != q.mitigated && q.match(f) })
				total := want[0] + want[1] + want[2] + want[3] + want[4]
				if total == 0 {
					t.Fatal("the question matches nothing, so it shows nothing")
				}
				if got := c.severities(source, filters...); got != want {
					t.Errorf("sumseverity %v, want %v", got, want)
				}
				one := c.query("sumip", source, 0, 1, filters...)
				score := want[1] + 3*want[2] + 10*want[3] + 40*want[4]
				matching := fmt.Sprintf("%d:%d:%d:%d:%d:%d:%d", total, want[4], want[3], want[2], want[1], want[0], score)
				if one.MatchingDataElementCount != matching || one.TotalRecords.String() != strconv.Itoa(hosts) {
					t.Errorf("one row: %s hosts, %s; want %d, %s", one.TotalRecords, one.MatchingDataElementCount, hosts, matching)
				}
				for _, tool := range []string{"sumip", "sumid", "sumport", "sumprotocol", "sumfamily", "sumclassc"} {
					sum := 0
					for _, row := range c.query(tool, source, 0, 2000, filters...).Results {
						sum += atoi(t, row["total"].(string))
					}
					if sum != total {
						t.Errorf("%s adds up to %d, want %d", tool, sum, total)
					}
				}
				if rows := c.query("listvuln", source, 0, 100000, filters...); len(rows.Results) != total {
					t.Errorf("listvuln has %d rows, want %d", len(rows.Results), total)
				}
			})
		}
	}
}

func TestBothDialectsShowTheSameNumbers(t *testing.T) {
	t.Parallel()
	options := sctest.Options{Seed: 3, Hosts: 400, Now: fixed}
	rest := newClient(t, sctest.Start(t, options)).analyst()
	options.Dialect = sctest.RPC
	rpc := newClient(t, sctest.Start(t, options)).analyst()
	for _, source := range []string{"cumulative", "patched"} {
		a, b := rest.severities(source, filter{"wasVuln", "=", "excludeWas"}), rpc.severities(source)
		if a != b {
			t.Errorf("%s: %v on REST, %v on RPC", source, a, b)
		}
	}
	short := func(rows []map[string]any) (list []string) {
		for _, r := range rows {
			list = append(list, fmt.Sprint(r["ip"], r["score"], r["total"], r["severityCritical"], r["dnsName"]))
		}
		return list
	}
	a := rest.query("sumip", "cumulative", 0, 1000, filter{"wasVuln", "=", "excludeWas"})
	b := rpc.query("sumip", "cumulative", 0, 1000)
	if diff := cmp.Diff(short(a.Results), short(b.Results)); diff != "" {
		t.Error(diff)
	}
}

func TestThePagesOfAListAreTheList(t *testing.T) {
	t.Parallel()
	c := newClient(t, sctest.Start(t, sctest.Options{Hosts: 150, Now: fixed})).analyst()
	for _, tool := range []string{"sumip", "sumdnsname", "sumid", "listvuln", "sumcve"} {
		whole := c.query(tool, "cumulative", 0, 1<<20).Results
		var pages []map[string]any
		for {
			p := c.query(tool, "cumulative", len(pages), len(pages)+307)
			if len(p.Results) == 0 {
				break
			}
			pages = append(pages, p.Results...)
		}
		if diff := cmp.Diff(whole, pages); diff != "" {
			t.Errorf("%s: %.2000s", tool, diff)
		}
		if last := c.query(tool, "cumulative", 1<<20, 1<<20+10); len(last.Results) != 0 || last.TotalRecords.String() != strconv.Itoa(len(whole)) {
			t.Errorf("%s past the end: %d rows, total %s, want 0 and %d", tool, len(last.Results), last.TotalRecords, len(whole))
		}
	}
}

func TestHostsSortedByScoreComeInTheSameOrderWhateverThePage(t *testing.T) {
	t.Parallel()
	c := newClient(t, sctest.Start(t, sctest.Options{Hosts: 500, Now: fixed})).analyst()
	sorted := func(start, end int) []map[string]any {
		var p page
		c.decode(c.rest(http.MethodPost, "/analysis", map[string]any{"type": "vuln", "sourceType": "cumulative", "sortField": "score", "sortDir": "desc",
			"query": map[string]any{"tool": "sumip", "type": "vuln", "startOffset": start, "endOffset": end, "filters": []any{}}}), &p)
		return p.Results
	}
	whole := sorted(0, 1000)
	if !slices.IsSortedFunc(whole, func(a, b map[string]any) int {
		return atoi(t, b["score"].(string)) - atoi(t, a["score"].(string))
	}) || len(whole) != 500 {
		t.Fatalf("%d rows, not by falling score", len(whole))
	}
	var pages []map[string]any
	for start := 0; start < 500; start += 33 {
		pages = append(pages, sorted(start, start+33)...)
	}
	if diff := cmp.Diff(whole, pages); diff != "" {
		t.Errorf("%.2000s", diff)
	}
}

func TestTheProportionsAreThoseOfARealConsole(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 2000, Now: fixed})
	counts, _ := count(s, func(f sctest.Finding) bool { return f.Open() })
	total := counts[0] + counts[1] + counts[2] + counts[3] + counts[4]
	share := func(sev int) float64 { return float64(counts[sev]) / float64(total) }
	if share(0) < 0.65 || share(0) > 0.85 || share(4) < 0.004 || share(4) > 0.025 {
		t.Errorf("%.1f %% info and %.2f %% critical of %d findings: %v", 100*share(0), 100*share(4), total, counts)
	}
}

func TestTheDataMoveWithTheClock(t *testing.T) {
	t.Parallel()
	now := clock
	s := sctest.Start(t, sctest.Options{Hosts: 2000, Now: func() time.Time { return now }})
	before, _ := count(s, sctest.Finding.Open)
	now = now.Add(6 * time.Hour)
	after, _ := count(s, sctest.Finding.Open)
	if before == after {
		t.Errorf("six hours changed nothing: %v", before)
	}
	for sev := range before {
		if d := before[sev] - after[sev]; d*20 > before[sev]+200 || -d*20 > before[sev]+200 {
			t.Errorf("six hours changed severity %d from %d to %d", sev, before[sev], after[sev])
		}
	}
}

func TestAnUnknownFilterIsRefusedWithTheListOfValidOnes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		options sctest.Options
		filter  string
		refused bool
	}{
		{"nonsense", sctest.Options{}, "something", true},
		{"web applications before 6.2", sctest.Options{Version: "6.1.1"}, "wasVuln", true},
		{"web applications from 6.2 on", sctest.Options{Version: "6.2.0"}, "wasVuln", false},
		{"refused by option", sctest.Options{RefuseFilters: []string{"wasVuln"}}, "wasVuln", true},
		{"a REST name on SecurityCenter 4", sctest.Options{Dialect: sctest.RPC}, "wasVuln", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.options.Now, tt.options.Hosts = fixed, 20
			c := newClient(t, sctest.Start(t, tt.options)).analyst()
			e := c.ask("sumip", "cumulative", 0, 1, filter{tt.filter, "=", "excludeWas"})
			refused := strings.Contains(e.Msg, "query.  The filter '"+tt.filter+"' is invalid (valid filters: ") && e.Code == 146
			if refused != tt.refused {
				t.Errorf("status %d, code %d, %s", e.Status, e.Code, e.Msg)
			}
			if refused && e.Status != map[bool]int{true: 200, false: 403}[tt.options.Dialect == sctest.RPC] {
				t.Errorf("status %d", e.Status)
			}
		})
	}
}

func TestSecurityCenterBefore44SpeaksItsOwnScaleAndDates(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Dialect: sctest.RPC, Version: "4.2.0", Hosts: 100, Now: fixed})
	c := newClient(t, s).analyst()
	want, _ := count(s, sctest.Finding.Open)
	got := c.severities("cumulative")
	if wantOld := [5]int{want[0] + want[1], want[2], want[3], want[4], 0}; got != wantOld {
		t.Errorf("%v, want %v", got, wantOld)
	}
	row := c.query("sumip", "cumulative", 0, 1).Results[0]
	if _, has := row["severityInfo"]; has || row["severityLow"] == nil {
		t.Errorf("columns of a host: %v", row)
	}
	aged, _ := count(s, func(f sctest.Finding) bool { return f.Open() && !f.FirstSeen.After(daysAgo(30)) && f.Severity > 1 })
	old := c.severities("cumulative", filter{"firstSeen", ">=", 30}, filter{"severity", "=", "1,2,3"})
	if old != [5]int{0, aged[2], aged[3], aged[4], 0} {
		t.Errorf("older than 30 days: %v, want %v", old, aged)
	}
	if e := c.ask("sumip", "cumulative", 0, 1, filter{"firstSeen", "=", "0:30"}); e.Code != 146 {
		t.Errorf("a window of days: code %d", e.Code)
	}
	if e := c.ask("sumip", "patched", 0, 1); e.Code == 0 {
		t.Error("the source patched exists from 4.6 on only")
	}
	if mitigated := c.severities("mitigated"); mitigated == ([5]int{}) {
		t.Error("the source mitigated is empty")
	}
}

func TestPagesAskedForAtOnceAreThoseAskedForInTurn(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Seed: 8, Hosts: 500, Now: fixed})
	c := newClient(t, s).analyst()
	ask := func(k int) string {
		return c.ask("sumip", "cumulative", k*40, k*40+40, filter{"severity", "=", "1,2,3,4"}).Body
	}
	const pages = 14
	var inTurn, atOnce [pages]string
	for k := range pages {
		inTurn[k] = ask(k)
	}
	c = newClient(t, sctest.Start(t, sctest.Options{Seed: 8, Hosts: 500, Now: fixed})).analyst()
	var wait sync.WaitGroup
	for k := range pages {
		wait.Go(func() {
			own := *c
			e, err := own.try(http.MethodPost, "/analysis", map[string]any{"type": "vuln", "sourceType": "cumulative", "query": map[string]any{"tool": "sumip",
				"type": "vuln", "startOffset": k * 40, "endOffset": k*40 + 40, "filters": []filter{{"severity", "=", "1,2,3,4"}}}})
			if err != nil {
				t.Error(err)
			}
			atOnce[k] = e.Body
		})
	}
	wait.Wait()
	if inTurn != atOnce {
		t.Error("the pages differ")
	}
	if inTurn[1] == inTurn[2] || !strings.Contains(inTurn[1], `"ip":`) {
		t.Errorf("%.200s", inTurn[1])
	}
}

// The web client sends a whole query object, and 6.7 wants one.
func TestA67WantsTheWholeQuery(t *testing.T) {
	t.Parallel()
	whole := func() map[string]any {
		return map[string]any{"name": "", "description": "", "context": "", "status": -1, "createdTime": 0, "modifiedTime": 0, "groups": []any{}, "type": "vuln",
			"tool": "sumip", "sourceType": "cumulative", "startOffset": 0, "endOffset": 1, "filters": []any{}, "vulnTool": "sumip"}
	}
	for version, wants := range map[string]bool{"6.4.0": false, "6.7.0": true, "6.7.2": true} {
		c := newClient(t, sctest.Start(t, sctest.Options{Version: version, Hosts: 10})).analyst()
		ask := func(query map[string]any) envelope {
			return c.rest(http.MethodPost, "/analysis", map[string]any{"type": "vuln", "sourceType": "cumulative", "query": query})
		}
		if e := ask(whole()); e.Code != 0 {
			t.Errorf("%s: %s", version, e.Body)
		}
		for part := range whole() {
			query := whole()
			delete(query, part)
			if part == "tool" || part == "filters" || part == "type" || strings.HasSuffix(part, "Offset") {
				continue // which every version wants, or not in this place
			}
			if e := ask(query); (e.Code != 0) != wants || wants && (e.Status != 403 || !strings.Contains(e.Msg, part)) {
				t.Errorf("%s without %s: %d, %s", version, part, e.Status, e.Body)
			}
		}
	}
}
