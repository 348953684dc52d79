package main

import (
	"encoding/csv"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// Every command that reads, on both dialects: what it prints comes from the
// console's own state, not from the client.
func TestEveryReadingCommandPrintsWhatTheConsoleHas(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			console := start(t, dialect)
			url := console.URL
			host := firstHost(console)
			finished := console.ScanResults()[0]
			for _, c := range []struct {
				as      func(*testing.T)
				args    []string
				columns []string // of the table
				lines   int      // of records; -1: some
				says    string   // on one of the lines
			}{
				{asAnalyst, []string{"query", "sumip"}, []string{"ip", "total"}, 60, host.IP},
				{asAnalyst, []string{"query", "sumip", "-f", "repository=1", "--limit", "2"}, []string{"ip"}, 2, ""},
				{asAnalyst, []string{"query", "sumseverity"}, []string{"count"}, -1, ""},
				{asAnalyst, []string{"summary"}, []string{"records", "findings", "critical"}, 1, "60"},
				{asAnalyst, []string{"vulns", "--limit", "5"}, []string{"ip", "pluginID", "severity"}, 5, host.IP},
				{asAnalyst, []string{"ip", host.IP}, []string{"ip", "repositoryID"}, -1, host.IP},
				{asAnalyst, []string{"plugins", "--page-size", "5", "--pages", "2"}, []string{"id", "name"}, -1, ""},
				{asAnalyst, []string{"plugin", "19506"}, []string{"id", "name"}, 1, "19506"},
				{asAnalyst, []string{"plugin-counts"}, []string{"type", "plugins"}, -1, strconv.Itoa(console.PluginCount("compliance"))},
				{asAnalyst, []string{"assets"}, []string{"id", "name", "type"}, -1, "static"},
				{asAnalyst, []string{"asset", "ips", "8"}, []string{"repositoryID", "first", "last"}, -1, ""},
				{asAnalyst, []string{"credentials"}, []string{"id", "name", "type"}, -1, "ssh"},
				{asAnalyst, []string{"repositories"}, []string{"id", "name"}, 4, "Branch Offices"},
				{asAdmin, []string{"organizations"}, []string{"id", "name"}, 1, ""},
				{asAnalyst, []string{"roles"}, []string{"id", "name"}, -1, ""},
				{asAdmin, []string{"users"}, []string{"id", "username"}, -1, "admin"},
				{asAnalyst, []string{"tickets"}, []string{"id", "name", "status"}, -1, ""},
				{asAdmin, []string{"zones"}, []string{"id", "name", "scanners", "activeScanners"}, len(console.Zones()), console.Zones()[0].Name},
				{asAdmin, []string{"scanners"}, []string{"id", "name", "status"}, len(console.Scanners()), "working"},
				{asAnalyst, []string{"scans"}, []string{"id", "name", "status"}, -1, finished.Name},
				{asAnalyst, []string{"scan", "definitions"}, []string{"id", "name"}, len(console.Scans()), console.Scans()[0].Name},
				{asAdmin, []string{"system"}, []string{"version", "licenseStatus"}, 1, console.Options().Version},
				{asAdmin, []string{"feeds"}, []string{"type", "updated"}, -1, "active"},
			} {
				t.Run(strings.Join(c.args, " "), func(t *testing.T) {
					c.as(t)
					out := succeed(t, append([]string{"--url", url}, append(c.args, "--wide")...)...)
					lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
					for _, column := range c.columns {
						if !strings.Contains(" "+lines[0]+" ", " "+column+" ") {
							t.Errorf("no column %s in %q", column, lines[0])
						}
					}
					if n := len(lines) - 1; n != c.lines && (c.lines >= 0 || n == 0) {
						t.Errorf("%d records, want %d:\n%s", n, c.lines, out)
					}
					if c.says != "" && !strings.Contains(out, c.says) {
						t.Errorf("no %q in\n%s", c.says, out)
					}
				})
			}
			if open := console.Sessions(); open != 0 {
				t.Errorf("%d sessions were left open", open)
			}
		})
	}
}

// What only Tenable.sc and later tell, from the console's own state.
func TestCommandsForRESTPrintWhatTheConsoleHas(t *testing.T) {
	console := start(t, sctest.REST)
	records := func(args ...string) []map[string]string {
		rows, err := csv.NewReader(strings.NewReader(succeed(t, append(append([]string{"--url", console.URL}, args...), "--format", "csv")...))).ReadAll()
		if err != nil || len(rows) < 2 {
			t.Fatalf("%v: %d lines, %v", args, len(rows), err)
		}
		var all []map[string]string
		for _, row := range rows[1:] {
			record := map[string]string{}
			for i, name := range rows[0] {
				record[name] = row[i]
			}
			all = append(all, record)
		}
		return all
	}
	asAnalyst(t)
	for _, command := range []string{"accept-risk-rules", "recast-risk-rules"} {
		for i, r := range records(command) {
			want := console.RiskRules()[i]
			expires := ""
			if !want.Expires.IsZero() {
				expires = want.Expires.UTC().Format(time.RFC3339)
			}
			if r["id"] != want.ID || r["expires"] != expires || r["hostType"] != want.HostType || (r["severity"] != "") != (command == "recast-risk-rules") {
				t.Errorf("%s: %v, want %+v", command, r, want)
			}
		}
	}
	for i, r := range records("audit-files") {
		if want := console.AuditFiles()[i]; r["id"] != want.ID || r["name"] != want.Name || r["type"] != want.Type {
			t.Errorf("audit file %v, want %+v", r, want)
		}
	}
	for i, r := range records("plugin-families", "--count") {
		if want := console.PluginFamilies()[i]; r["id"] != want.ID || r["name"] != want.Name || r["plugins"] != strconv.Itoa(want.Plugins) {
			t.Errorf("plugin family %v, want %+v", r, want)
		}
	}
	if r := records("plugin-families")[0]; r["name"] == "" || r["plugins"] != "" {
		t.Errorf("a family that was not counted: %v", r)
	}
	for _, r := range records("saved-queries") {
		one := records("saved-query", r["id"])[0]
		if one["name"] != r["name"] || one["filters"] != r["filters"] || (r["filters"] == "") != (r["name"] == "Everything") {
			t.Errorf("saved query %v, listed as %v", one, r)
		}
	}
	asAdmin(t)
	for _, r := range records("scanner-health", "1", "2") {
		want, _ := console.ScannerHealth(r["id"])
		if r["dataFree"] != strconv.Itoa(want.DataFree<<20) || r["ramTotal"] != strconv.Itoa(want.RAM<<20) || r["ramUsed"] != "" {
			t.Errorf("health %v, want %+v", r, want)
		}
	}
	if out := fail(t, exitNotFound, "--url", console.URL, "scanner-health", "999"); !strings.Contains(out, "999") {
		t.Error(out)
	}
}

func firstHost(console *sctest.Server) sctest.Host {
	for h := range console.Hosts() {
		return h
	}
	return sctest.Host{}
}

func TestWhatADialectLacksIsSaidByTheExitCode(t *testing.T) {
	console := start(t, sctest.RPC)
	asAdmin(t)
	fail(t, exitUnsupported, "--url", console.URL, "jobs")
	asAnalyst(t)
	fail(t, exitUnsupported, "--url", console.URL, "scan", "result", "1")
	for _, command := range []string{"accept-risk-rules", "recast-risk-rules", "audit-files", "saved-queries", "plugin-families"} {
		fail(t, exitUnsupported, "--url", console.URL, command)
	}
	fail(t, exitUnsupported, "--url", console.URL, "saved-query", "1")
	fail(t, exitUnsupported, "--url", console.URL, "summary", "-f", "auditFile=1000001")
	fail(t, exitUnsupported, "--url", console.URL, "query", "sumip", "-f", "pluginType=event", "--source", "mitigated", "-f", "wasVuln=excludeWas")
}

func TestRecordsComeInEveryFormatAndAreTheSame(t *testing.T) {
	console := start(t, sctest.REST)
	asAnalyst(t)
	query := func(format string) string {
		return succeed(t, "--url", console.URL, "query", "sumip", "--fields", "ip,repository.id,total,lastUnauthRunTime", "--page-size", "7", "--format", format)
	}
	rows, err := csv.NewReader(strings.NewReader(query("csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var objects []map[string]any
	if err := json.Unmarshal([]byte(query("json")), &objects); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(query("jsonl"), "\n"), "\n")
	table := strings.Split(strings.TrimSuffix(query("table"), "\n"), "\n")
	if len(rows) != 61 || len(objects) != 60 || len(lines) != 60 || len(table) != 61 {
		t.Fatalf("csv has %d lines, json %d objects, jsonl %d, table %d lines", len(rows), len(objects), len(lines), len(table))
	}
	if got, want := strings.Join(rows[0], " "), "ip repository.id total lastUnauthRunTime"; got != want {
		t.Errorf("columns %q, want %q", got, want)
	}
	for n, row := range rows[1:] {
		var line map[string]any
		if err := json.Unmarshal([]byte(lines[n]), &line); err != nil {
			t.Fatal(err)
		}
		for at, name := range rows[0] {
			if a, b := textOf(objects[n][name]), textOf(line[name]); row[at] != a || row[at] != b {
				t.Errorf("row %d, %s: csv %q, json %q, jsonl %q", n, name, row[at], a, b)
			}
		}
		if got, want := strings.Join(strings.Fields(table[n+1]), " "), strings.TrimSpace(strings.Join(row, " ")); got != want {
			t.Errorf("row %d: table %q, csv %q", n, got, want)
		}
	}
}

// textOf is a decoded JSON value as a cell shows it.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return "?"
}

func TestPluginsAreFilteredAndShownWithTheirTexts(t *testing.T) {
	console := sctest.Start(t, sctest.Options{Plugins: 1500, Quirks: sctest.Quirks{FullPluginPages: true}})
	asAnalyst(t)
	all := succeed(t, "--url", console.URL, "plugins", "--format", "csv", "--fields", "id,name", "--texts")
	rows, err := csv.NewReader(strings.NewReader(all)).ReadAll()
	if err != nil || len(rows) != 1501 {
		t.Fatalf("%d lines, %v", len(rows), err)
	}
	if asked := console.Count(func(r sctest.Request) bool { return strings.Contains(r.Query, "synopsis") }); asked == 0 {
		t.Error("--texts did not ask for texts")
	}
	one := succeed(t, "--url", console.URL, "plugins", "--format", "csv", "--fields", "id,name", "-f", "id=="+rows[7][0])
	if want := rows[7][0] + ","; strings.Count(one, "\n") != 2 || !strings.Contains(one, want) {
		t.Errorf("%q, want plugin %s alone", one, want)
	}
}

func TestRawObjectsAreTheConsolesOwn(t *testing.T) {
	console := start(t, sctest.REST)
	asAdmin(t)
	var zones []struct {
		ID, IPList string // as the console calls it
	}
	if err := json.Unmarshal([]byte(succeed(t, "--url", console.URL, "zones", "--format", "json", "--raw")), &zones); err != nil {
		t.Fatal(err)
	}
	if len(zones) != len(console.Zones()) || zones[0].IPList == "" {
		t.Errorf("zones %+v", zones)
	}
}

func TestNothingFoundIsAnEmptyAnswer(t *testing.T) {
	console := start(t, sctest.REST)
	asAnalyst(t)
	for format, want := range map[string]string{"csv": "ip,total\r\n", "json": "[]\n", "jsonl": "", "table": "ip  total\n"} {
		if got := succeed(t, "--url", console.URL, "query", "sumip", "-f", "ip=203.0.113.77", "--fields", "ip,total", "--format", format); got != want {
			t.Errorf("%s: %q, want %q", format, got, want)
		}
	}
}

func TestTheRawCommandMakesAnyCall(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			console := start(t, dialect)
			asAnalyst(t)
			args := []string{"raw", "GET", "/scan", "--query", "fields=id,name"}
			if dialect == sctest.RPC {
				args = []string{"raw", "asset", "init"}
			}
			var answer map[string]json.RawMessage
			if err := json.Unmarshal([]byte(succeed(t, append([]string{"--url", console.URL}, args...)...)), &answer); err != nil || len(answer) == 0 {
				t.Errorf("answer %v, error %v", answer, err)
			}
		})
	}
}

func TestTheBodyOfARawCallMayComeFromStandardInput(t *testing.T) {
	console := start(t, sctest.REST)
	asAnalyst(t)
	body := `{"type":"vuln","sourceType":"cumulative","query":{"tool":"sumip","type":"vuln","filters":[],"startOffset":0,"endOffset":1}}`
	r := scctlWith(t.Context(), body, "--url", console.URL, "raw", "POST", "/analysis", "--body-file", "-")
	if r.code != exitDone || !strings.Contains(r.stdout, `"totalRecords": "60"`) {
		t.Errorf("code %d, %s%s", r.code, r.stdout, r.stderr)
	}
}

// What a console writes without knowing it is null in JSON and an empty cell.
func TestNumbersThatMeanNothingAreUnknown(t *testing.T) {
	records := func(args ...string) []map[string]any {
		var list []map[string]any
		if err := json.Unmarshal([]byte(succeed(t, append(args, "--format", "json")...)), &list); err != nil {
			t.Fatal(err)
		}
		return list
	}
	console := start(t, sctest.REST)
	asAdmin(t)
	contacted := 0
	for _, s := range records("--url", console.URL, "scanners") {
		known := s["version"] != ""
		if known {
			contacted++
		}
		for _, name := range []string{"started", "loadAverage", "scans", "hosts", "tcpSessions"} {
			if (s[name] != nil) != known {
				t.Errorf("scanner %v of version %q: %s %v", s["id"], s["version"], name, s[name])
			}
		}
	}
	if all := len(console.Scanners()); contacted == 0 || contacted == all {
		t.Errorf("%d of %d scanners were contacted", contacted, all)
	}
	for _, version := range []string{"4.2.1", "4.8.1"} {
		console := sctest.Start(t, sctest.Options{Dialect: sctest.RPC, Version: version, Hosts: 60, Plugins: 1500})
		asAnalyst(t)
		var ip string
		for h := range console.Hosts() {
			ip = h.IP
			break
		}
		found := append(records("--url", console.URL, "summary"), records("--url", console.URL, "ip", ip)...)
		for _, r := range found {
			var sum float64
			for _, name := range []string{"info", "low", "medium", "high", "critical"} {
				n, known := r[name].(float64)
				if sum += n; known != (version != "4.2.1" || name != "info") {
					t.Errorf("%s: %s is %v", version, name, r[name])
				}
			}
			total, told := r["total"]
			if !told {
				total = r["findings"]
			}
			if total != sum || sum == 0 {
				t.Errorf("%s: total %v of %v", version, total, sum)
			}
		}
		if len(found) < 2 {
			t.Errorf("%s: %v", version, found)
		}
	}
}

func TestFiltersOfASavedQueryThatAreNoneAreNotShownAsFilters(t *testing.T) {
	console := start(t, sctest.REST)
	asAnalyst(t)
	console.Inject(sctest.Fault{Endpoint: "GET /query", Effect: sctest.Answer(map[string]any{"usable": []any{}, "manageable": []any{
		map[string]any{"id": "1", "name": "one", "filters": "filter"}, map[string]any{"id": "2", "name": "two", "filters": nil},
	}})})
	text := succeed(t, "--url", console.URL, "saved-queries", "--fields", "id,filters", "--format", "jsonl")
	if want := `{"id":"1","filters":null}` + "\n" + `{"id":"2","filters":[]}` + "\n"; text != want {
		t.Errorf("wrote %s, want %s", text, want)
	}
}
