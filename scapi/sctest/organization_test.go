package sctest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// twoOrganizations is a console of two, which share all repositories but the last, with a user of each and an
// administrator; the first organisation has a second user.
func twoOrganizations(t *testing.T, dialect sctest.Dialect, own bool) (s *sctest.Server, users map[int]*client) {
	t.Helper()
	s = sctest.Start(t, sctest.Options{Dialect: dialect, Hosts: 120, Now: fixed, OwnObjects: own, Accounts: []sctest.Account{
		{Username: "root", Password: "r", Administrator: true},
		{Username: "alice", Password: "a"}, {Username: "aaron", Password: "aa"},
		{Username: "bob", Password: "b", Organization: 2, Repositories: []string{"1", "2", "3"}},
	}})
	return s, map[int]*client{0: newClient(t, s).login("root", "r"), 1: newClient(t, s).login("alice", "a"), 2: newClient(t, s).login("bob", "b")}
}

// objects lists what both protocols have: a REST resource, and a list of the answer of a module's action.
func objects(c *client, path, module, action, key string) []map[string]any {
	c.t.Helper()
	if c.s.Options().Dialect == sctest.REST {
		return c.rows(path)
	}
	var answer map[string]json.RawMessage
	c.decode(c.rpc(module, action, map[string]any{"startTime": 0, "endTime": clock.Unix()}), &answer)
	var list []map[string]any
	if err := json.Unmarshal(answer[key], &list); err != nil {
		c.t.Fatalf("%s::%s: %v", module, action, err)
	}
	return list
}

// sees says whether a user of twoOrganizations reads a repository.
func sees(org int, repository string) bool { return org == 1 || repository != "4" }

// texts lists what two fields of objects say, sorted.
func texts(list []map[string]any, fields ...string) (all []string) {
	for _, o := range list {
		text := ""
		for _, f := range fields {
			text += fmt.Sprint(o[f]) + " "
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return all
}

func TestIdsOfOrganizationsRepeat(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		s, users := twoOrganizations(t, dialect, true)
		shared, sharedUsers := twoOrganizations(t, dialect, false)
		for _, kind := range []struct {
			what, path, module, action, key string
			fields                          []string // of which one differs
		}{
			{"asset lists", "/asset?fields=id,name", "asset", "init", "assets", []string{"name"}},
			{"scans", "/scan?fields=id,name", "scan", "init", "scans", []string{"name"}},
			{"results", "/scanResult?fields=id,name,startTime&startTime=0", "scanResult", "getRange", "scanResults", []string{"name", "startTime"}},
			{"tickets", "/ticket?fields=id,status", "ticket", "init", "tickets", []string{"status"}},
			{"users", "/user?fields=id,username", "user", "init", "users", []string{"username"}},
			{"saved queries", "/query?fields=id,name,filters", "", "", "", []string{"name", "filters"}},
			{"audit files", "/auditFile?fields=id,name", "", "", "", []string{"name"}},
			{"policies", "/policy?fields=id,name", "", "", "", []string{"name"}},
			{"risk rules", "/acceptRiskRule?fields=id,hostType", "", "", "", []string{"hostType"}},
		} {
			if dialect == sctest.RPC && kind.module == "" {
				continue // SecurityCenter 4 does not list them
			}
			t.Run(dialect.String()+" "+kind.what, func(t *testing.T) {
				one := objects(users[1], kind.path, kind.module, kind.action, kind.key)
				two := objects(users[2], kind.path, kind.module, kind.action, kind.key)
				byID := map[any]map[string]any{}
				for _, o := range one {
					byID[o["id"]] = o
				}
				repeated, different := 0, 0
				for _, o := range two {
					if other := byID[o["id"]]; other != nil {
						repeated++
						for _, f := range kind.fields {
							if fmt.Sprint(o[f]) != fmt.Sprint(other[f]) {
								different++
								break
							}
						}
					}
				}
				if repeated == 0 || different == 0 {
					t.Errorf("%d of %d and %d objects have an id in common, and %d of them differ", repeated, len(one), len(two), different)
				}
				if kind.what == "users" {
					return
				}
				// Without objects of their own the organisations see the same.
				if kind.what != "scans" && kind.what != "results" { // of which the second sees fewer
					one, two := objects(sharedUsers[1], kind.path, kind.module, kind.action, kind.key), objects(sharedUsers[2], kind.path, kind.module, kind.action, kind.key)
					if !slices.Equal(texts(one, append(kind.fields, "id")...), texts(two, append(kind.fields, "id")...)) {
						t.Error("organisations without objects of their own see different ones")
					}
				}
			})
		}
		if fmt.Sprint(shared.Organization(2).Assets()) != fmt.Sprint(shared.Assets()) || fmt.Sprint(s.Organization(2).Assets()) == fmt.Sprint(s.Assets()) {
			t.Errorf("%s: the asset lists from outside", dialect)
		}
	}
}

func TestAssetListsOfAnOrganizationHoldItsHosts(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		s, users := twoOrganizations(t, dialect, true)
		for org := 1; org <= 2; org++ {
			own := s.Organization(org)
			rows := users[org].query("sumasset", "cumulative", 0, 100).Results
			for _, a := range own.Assets() {
				in := map[sctest.Host]bool{}
				for h := range own.AssetHosts(a.ID) {
					in[h] = true
				}
				want, _ := count(s, func(f sctest.Finding) bool { return f.Open() && in[f.Host] && sees(org, f.Host.Repository) })
				value := any(a.ID)
				name := "assetID"
				if dialect == sctest.REST {
					name, value = "asset", map[string]string{"id": a.ID}
				}
				if got := users[org].severities("cumulative", filter{name, "=", value}); got != want {
					t.Errorf("%s, organisation %d, list %s %s: %v, want %v", dialect, org, a.ID, a.Name, got, want)
				}
				total := 0
				for _, n := range want {
					total += n
				}
				at := slices.IndexFunc(rows, func(row map[string]any) bool {
					if ref, ok := row["asset"].(map[string]any); ok {
						return ref["id"] == a.ID && ref["name"] == a.Name
					}
					return row["id"] == a.ID && row["name"] == a.Name
				})
				if at < 0 || rows[at]["total"] != strconv.Itoa(total) {
					t.Errorf("%s, organisation %d: no row of list %s %s with %d findings", dialect, org, a.ID, a.Name, total)
				}
			}
		}
	}
}

func TestAnEditOfAnOrganizationsListLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	s, users := twoOrganizations(t, sctest.REST, true)
	before := fmt.Sprint(s.Organization(1).Assets())
	if e := users[2].rest(http.MethodPatch, "/asset/8", map[string]any{"definedIPs": "10.0.0.1"}); e.Code != 0 {
		t.Fatal(e.Body)
	}
	if a, ok := s.Organization(2).Asset("8"); !ok || a.DefinedIPs != "10.0.0.1" || fmt.Sprint(s.Organization(1).Assets()) != before {
		t.Errorf("%+v; organisation 1 has %v", a, s.Organization(1).Assets())
	}
}

func TestAuditFilesOfAnOrganizationSelectItsResults(t *testing.T) {
	t.Parallel()
	s, users := twoOrganizations(t, sctest.REST, true)
	results := map[string][5]int{}
	for org := 1; org <= 2; org++ {
		own := s.Organization(org)
		files := own.AuditFiles()
		listed := users[org].rows("/auditFile?fields=id,name")
		if len(listed) != len(files) {
			t.Errorf("organisation %d: %d audit files, want %d", org, len(listed), len(files))
		}
		for i, file := range files {
			if listed[i]["id"] != file.ID || listed[i]["name"] != file.Name {
				t.Errorf("organisation %d: %v, want %+v", org, listed[i], file)
			}
			want, _ := count(s, func(f sctest.Finding) bool {
				return f.Open() && own.AuditResult(file.ID, f) && sees(org, f.Host.Repository)
			})
			got := users[org].severities("cumulative", filter{"auditFile", "=", []map[string]string{{"id": file.ID}}})
			if got != want || got == ([5]int{}) != (file.Name == "DISA STIG Oracle Linux 9") {
				t.Errorf("organisation %d, file %s: %v, want %v", org, file.ID, got, want)
			}
			results[fmt.Sprintf("%d %s", org, file.ID)] = got
		}
	}
	for _, f := range s.Organization(1).AuditFiles() {
		if id := atoi(t, f.ID); id < 1_000_000 {
			if admin := users[0].rows("/auditFile?fields=id,name"); len(admin) != 1 || admin[0]["id"] != f.ID {
				t.Errorf("an administrator sees %v", admin)
			}
		} else if f.ID != "1000004" && results["1 "+f.ID] == results["2 "+f.ID] {
			t.Errorf("file %s selects the same in both organisations", f.ID)
		}
	}
}

func TestSavedQueriesOfAnOrganizationFindWhatTheySay(t *testing.T) {
	t.Parallel()
	s, users := twoOrganizations(t, sctest.REST, true)
	for org := 1; org <= 2; org++ {
		queries := s.Organization(org).SavedQueries()
		for i, listed := range users[org].rows("/query") {
			q := queries[i]
			if listed["id"] != q.ID || listed["name"] != q.Name || listed["tool"] != q.Tool || listed["type"] != q.Type {
				t.Errorf("organisation %d: %v, want %+v", org, listed, q)
			}
			if q.Matches == nil {
				continue
			}
			raw, err := json.Marshal(listed["filters"])
			if err != nil {
				t.Fatal(err)
			}
			var filters []filter
			if err := json.Unmarshal(raw, &filters); err != nil {
				t.Fatal(err)
			}
			want, hosts := count(s, func(f sctest.Finding) bool { return f.Open() && q.Matches(f) && sees(org, f.Host.Repository) })
			if got := users[org].severities("cumulative", filters...); got != want {
				t.Errorf("organisation %d, query %s: %v, want %v", org, q.Name, got, want)
			}
			if q.Tool != "sumip" {
				continue
			}
			var p page // run by its id
			users[org].decode(users[org].rest(http.MethodPost, "/analysis", map[string]any{"type": "vuln", "sourceType": "cumulative",
				"query": map[string]any{"id": q.ID, "startOffset": 0, "endOffset": 1}}), &p)
			if p.TotalRecords.String() != strconv.Itoa(hosts) {
				t.Errorf("organisation %d, query %s by its id: %s hosts, want %d", org, q.Name, p.TotalRecords, hosts)
			}
		}
	}
}

func TestScansTicketsAndUsersOfAnOrganizationAreThoseFromOutside(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		s, users := twoOrganizations(t, dialect, true)
		for org := 1; org <= 2; org++ {
			own := s.Organization(org)
			var want []string
			for _, r := range own.ScanResults() {
				if sees(org, r.Repository) && (dialect == sctest.REST || !r.Finished.After(clock)) {
					want = append(want, r.ID+" "+r.Name+" "+r.Status+" ")
				}
			}
			slices.Sort(want)
			got := texts(objects(users[org], "/scanResult?fields=id,name,status&startTime=0", "scanResult", "getRange", "scanResults"), "id", "name", "status")
			if !slices.Equal(got, want) {
				t.Errorf("%s, organisation %d: %d results, want %d", dialect, org, len(got), len(want))
			}
			want = nil
			for _, scan := range own.Scans() {
				if sees(org, scan.Repository) {
					want = append(want, scan.ID+" "+scan.Name+" ")
				}
			}
			slices.Sort(want)
			if got := texts(objects(users[org], "/scan?fields=id,name", "scan", "init", "scans"), "id", "name"); !slices.Equal(got, want) {
				t.Errorf("%s, organisation %d: scans %q, want %q", dialect, org, got, want)
			}
			want = nil
			for _, ticket := range own.Tickets() {
				want = append(want, ticket.ID+" "+ticket.Status+" ")
			}
			if got := texts(objects(users[org], "/ticket?fields=id,status", "ticket", "init", "tickets"), "id", "status"); !slices.Equal(got, want) {
				t.Errorf("%s, organisation %d: tickets %v, want %v", dialect, org, got, want)
			}
			names := []string{"1 alice ", "2 aaron "}
			if org == 2 {
				names = []string{"1 bob "}
			}
			if got := texts(objects(users[org], "/user?fields=id,username", "user", "init", "users"), "id", "username"); !slices.Equal(got, names) {
				t.Errorf("%s, organisation %d: users %q, want %q", dialect, org, got, names)
			}
		}
	}
}

// A result is that of the asking user's organisation, whichever has one of the same id.
func TestAnIndividualResultIsTheOrganizationsOwn(t *testing.T) {
	t.Parallel()
	s, users := twoOrganizations(t, sctest.REST, true)
	of := map[string]sctest.ScanResult{}
	for _, r := range s.Organization(1).ScanResults() {
		of[r.ID] = r
	}
	compared := 0
	for _, r := range s.Organization(2).ScanResults() {
		other, repeated := of[r.ID]
		if !repeated || r.ImportStatus != "Finished" || other.ImportStatus != "Finished" || r.Repository == other.Repository || !sees(2, r.Repository) {
			continue
		}
		compared++
		for org, repository := range map[int]string{1: other.Repository, 2: r.Repository} {
			var p page
			users[org].decode(users[org].rest(http.MethodPost, "/analysis", map[string]any{"type": "vuln", "sourceType": "individual", "scanID": r.ID, "view": "all",
				"query": map[string]any{"tool": "sumip", "type": "vuln", "startOffset": 0, "endOffset": 1, "filters": []any{}}}), &p)
			if got := p.Results[0]["repository"].(map[string]any)["id"]; got != repository {
				t.Errorf("organisation %d, result %s: repository %v, want %s", org, r.ID, got, repository)
			}
		}
		if compared == 3 {
			break
		}
	}
	if compared == 0 {
		t.Error("no result of both")
	}
}
