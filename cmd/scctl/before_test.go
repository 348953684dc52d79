package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestMistakesAreFoundBeforeAnythingIsAsked(t *testing.T) {
	for _, dialect := range dialects {
		console := start(t, dialect)
		asAnalyst(t)
		for _, c := range []struct{ args, says string }{
			{"vulns --fields ip,severty", "there is no severty; did you mean severity?; there are ip, dnsName, "},
			{"vulns --fields IP", "did you mean ip?"},
			{"zones --fields bogus", "there is no bogus; there are id, name, scanners, activeScanners, "},
			{"scans --fields id,nmae", "did you mean name?"},
			{"summary --fields crtical", "did you mean critical?"},
			{"login-check --fields consle", "did you mean console?"},
			{"asset update 8 --name x --yes --fields idd", "did you mean id?"},
			{"query sumip -f severity=5", "there is no severity 5: want info, low, medium, high, critical (or 0 to 4)"},
			{"query sumip -f severity=crit", "did you mean critical?"},
			{"vulns -f severity=high,hgh", "there is no severity hgh: "},
			{"vulns -f severity!=7", "there is no severity 7"},
			{"summary -f severity=", "want a value"},
			{"summary -f lastSeen>=yesterday", "want a date such as 2024-05-01"},
			{"summary -f lastSeen<=01.05.2024", "want a date such as 2024-05-01"},
			{"summary -f firstSeen>=2024-5-1", "want a date such as 2024-05-01"},
			{"summary -f firstSeen=2024-05-01", "want >= or <= and a date such as 2024-05-01"},
			{"summary -f firstSeen>=2024-05-02 -f firstSeen<=2024-05-01", "the second is before the first"},
			{"scans --start 5/1/2024", "want a date such as 2024-05-01"},
			{"plugins --since lastweek", "want a date such as 2024-05-01"},
			{"query sumip --source individual --scan 5 --directory today", "want a date such as 2024-05-01"},
			{"summary -f severity=high -f severity=low", "filters severity=high and severity=low: want one of a name, such as severity=A,B"},
			{"summary -f repository=1 -f repositoryIDs=2", "want one of a name"},
			{"summary -f pluginName~=a -f pluginName~=b", "want one of a name"},
			{"summary -f lastSeen>=2024-05-01 -f lastSeen>=2024-06-01", "want one of a name"},
			{"summary -f lastSeen>=2024-05-01 -f lastSeen=0:7", "want one of a name"},
			{"summary -f lastSeen=0:7 -f lastSeen<=2024-05-01", "want one of a name"},
			{"summary -f family=Windows", `family "Windows": want an id`},
			{"summary -f auditFile=CIS", `audit file "CIS": want an id`},
			{"summary -f =5", "want NAME=VALUE"},
			{"ip 300.1.1.1", `"300.1.1.1" is no IP address: want one such as 192.0.2.10`},
			{"ip web01.example.org", "is no IP address"},
			{"plugin 19506 abc", `plugin "abc": want an id`},
			{"scanner-health one", `scanner "one": want an id`},
			{"saved-query mine", `saved query "mine": want an id`},
			{"credential update mine --name x --yes", `credential "mine": want an id`},
			{"users --organization 1,two", `organisation "two": want an id`},
			{"query sumip --source individual --scan 5 --view newest", "--view newest: want all, new, patched"},
		} {
			args := append([]string{"--url", console.URL}, strings.Fields(c.args)...)
			if said := fail(t, exitUsage, args...); !strings.Contains(said, c.says) || strings.Count(said, "\n") != 1 {
				t.Errorf("%s: said %q, want %q", c.args, said, c.says)
			}
		}
		if asked := len(console.Requests()); asked != 0 {
			t.Errorf("%s: %d requests", dialect, asked)
		}
	}
}

func TestAFieldThatNoRowHasIsRefusedBeforeTheFirstRow(t *testing.T) {
	for _, dialect := range dialects {
		console := start(t, dialect)
		asAnalyst(t)
		path := filepath.Join(t.TempDir(), "out")
		for _, format := range []string{"table", "csv", "jsonl", "json"} {
			args := []string{"--url", console.URL, "query", "sumip", "--page-size", "10", "--prefetch", "0", "--format", format}
			console.ForgetRequests()
			r := scctl(t, append(args, "--fields", "ip,totl")...)
			if r.code != exitUsage || r.stdout != "" || !strings.Contains(r.stderr, "--fields: there is no totl; did you mean total?; there are ") {
				t.Errorf("%s %s: exit code %d, wrote %q, said %q", dialect, format, r.code, r.stdout, r.stderr)
			}
			if pages := console.Count(func(r sctest.Request) bool { return r.Tool == "sumip" }); pages != 1 {
				t.Errorf("%s %s: %d pages were asked for", dialect, format, pages)
			}
			fail(t, exitUsage, append(args, "--fields", "nope", "-o", path)...)
			if _, err := os.Stat(path); err == nil {
				t.Errorf("%s %s: a file was written", dialect, format)
			}
			// What the rows have, and moments of what they have.
			succeed(t, append(args, "--fields", "ip,total,lastAuthRunDate,score")...)
		}
	}
}

func TestFieldsOfTheConsolesOwnObjectStandBehindRaw(t *testing.T) {
	console := start(t, sctest.REST)
	asAnalyst(t)
	out := succeed(t, "--url", console.URL, "repositories", "--format", "csv", "--fields", "id,raw.id,raw.name,name")
	for _, line := range strings.Split(strings.TrimSpace(out), "\r\n")[1:] {
		cells := strings.Split(line, ",")
		if len(cells) != 4 || cells[0] == "" || cells[0] != cells[1] || cells[2] != cells[3] {
			t.Errorf("line %q", line)
		}
	}
	scans := succeed(t, "--url", console.URL, "scans", "--format", "csv", "--fields", "created,createdDate,createdTime")
	for _, line := range strings.Split(strings.TrimSpace(scans), "\r\n")[1:] {
		cells := strings.Split(line, ",")
		if cells[1] == "" || !strings.HasPrefix(cells[0], cells[1]+"T") || cells[0] != cells[2] {
			t.Errorf("line %q", line)
		}
	}
}

func TestAnArgumentThatOnlyOneProtocolNeedsIsAskedFor(t *testing.T) {
	for _, dialect := range dialects {
		console := start(t, dialect)
		asAnalyst(t)
		r := scctl(t, "--url", console.URL, "query", "sumip", "--source", "individual", "--scan", finishedScan(t, console))
		switch {
		case dialect == sctest.REST && r.code != exitDone:
			t.Errorf("exit code %d: %s", r.code, r.stderr)
		case dialect == sctest.RPC && (r.code != exitUsage || !strings.Contains(r.stderr, "SecurityCenter 4 wants --directory")):
			t.Errorf("exit code %d: %s", r.code, r.stderr)
		}
		if analyses := console.Count(func(r sctest.Request) bool { return r.Tool == "sumip" }); dialect == sctest.RPC && analyses != 0 {
			t.Errorf("%d queries were sent", analyses)
		}
	}
}

// The simulated console's own lists say what a name stands for.
func TestObjectsMayBeGivenByNameWhereItIsUnique(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			console := sctest.Start(t, sctest.Options{Dialect: dialect, Hosts: 60, Plugins: 1500, OwnObjects: true})
			asAnalyst(t)
			same := func(byID, byName []string) {
				t.Helper()
				a := succeed(t, append([]string{"--url", console.URL}, byID...)...)
				b := succeed(t, append([]string{"--url", console.URL}, byName...)...)
				if a != b || a == "" {
					t.Errorf("%v: %q\n%v: %q", byName, b, byID, a)
				}
			}
			names := map[string][]string{}
			for _, r := range console.Repositories() {
				names[r.Name] = append(names[r.Name], r.ID)
			}
			host := firstHost(console)
			for name, ids := range names {
				filter := []string{"summary", "-f", "repository=" + name}
				if len(ids) == 1 {
					same([]string{"summary", "-f", "repository=" + ids[0]}, filter)
					same([]string{"ip", host.IP, "--repository", ids[0]}, []string{"ip", host.IP, "--repository", name})
					continue
				}
				if said := fail(t, exitUsage, append([]string{"--url", console.URL}, filter...)...); !strings.Contains(said, "2 repositories are called") || !strings.Contains(said, ids[1]+", "+ids[0]) {
					t.Errorf("said %q", said)
				}
			}
			if said := fail(t, exitNotFound, "--url", console.URL, "summary", "-f", "repository=Branch Ofices"); !strings.Contains(said, `did you mean "Branch Offices"?`) {
				t.Errorf("said %q", said)
			}

			list, ok := console.Asset("8")
			if !ok {
				t.Fatal("no asset list 8")
			}
			same([]string{"summary", "-f", "asset=" + list.ID}, []string{"summary", "-f", "asset=" + list.Name})
			same([]string{"asset", "ips", list.ID}, []string{"asset", "ips", list.Name})
			same([]string{"asset", "update", list.ID, "--description", "x", "--yes", "--fields", "id,description"},
				[]string{"asset", "update", list.Name, "--description", "x", "--yes", "--fields", "id,description"})

			results := map[string][]sctest.ScanResult{}
			for _, r := range console.ScanResults() {
				results[r.Name] = append(results[r.Name], r)
			}
			unique, several := "", ""
			for name, rs := range results {
				switch {
				case len(rs) > 1:
					several = name
				case rs[0].Status == "Completed" && rs[0].ImportStatus == "Finished":
					unique = name
				}
			}
			if unique != "" {
				same([]string{"scan", "download", results[unique][0].ID}, []string{"scan", "download", unique})
			}
			if several != "" {
				fail(t, exitUsage, "--url", console.URL, "scan", "download", several)
			}
			if unique == "" && several == "" {
				t.Error("no scan results")
			}
		})
	}
}

func TestPoliciesMayBeGivenByName(t *testing.T) {
	console := sctest.New(sctest.Options{Hosts: 10, Plugins: 1000, OwnObjects: true})
	var sent []any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/analysis") {
			var body struct{ Query struct{ Filters []any } }
			b, err := io.ReadAll(r.Body)
			if err != nil || json.Unmarshal(b, &body) != nil {
				t.Errorf("%v: %s", err, b)
			}
			sent = body.Query.Filters
			http.Error(w, "", http.StatusNotFound)
			return
		}
		console.ServeHTTP(w, r)
	}))
	defer server.Close()
	asAnalyst(t)
	scctl(t, "--url", server.URL, "summary", "-f", "policy=Patch Audit")
	want := map[string]any{"filterName": "policy", "operator": "=", "value": map[string]any{"id": "1000002"}}
	if diff := cmp.Diff([]any{want}, sent); diff != "" {
		t.Error(diff)
	}
	rpc := start(t, sctest.RPC)
	fail(t, exitUnsupported, "--url", rpc.URL, "summary", "-f", "policy=Patch Audit")
}
