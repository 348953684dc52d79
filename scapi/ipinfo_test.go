package scapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

const deviceInfo = `{"ip":"192.0.2.1","uuid":"","score":"105","total":"30","severityInfo":"4","severityLow":"20","severityMedium":"3","severityHigh":"2","severityCritical":"1","macAddress":"00:00:5e:00:53:01",
	"policyName":"p","netbiosName":"LAB\\A","dnsName":"a.example.org","osCPE":"cpe:/o:x","os":"X 1<br/>","lastAuthRun":"","lastUnauthRun":"1700000000","hasPassive":"No","hasCompliance":"Yes","lastScan":"1700003600",
	"links":[],"repository":{"id":"2","name":"Main"}}`

var device = scapi.IPRecord{IP: "192.0.2.1", RepositoryID: "2", Repository: "Main", DNSName: "a.example.org", NetBIOSName: `LAB\A`, MACAddress: "00:00:5e:00:53:01", OS: "X 1<br/>", OSCPE: "cpe:/o:x",
	PolicyName: "p", Score: scapi.Some[int64](105), Total: scapi.Some[int64](30), Counts: scapi.Some(scapi.Counts{4, 20, 3, 2, 1}), HasPassive: scapi.Some(false), HasCompliance: scapi.Some(true),
	LastScan: epoch(1700003600), LastUnauthRun: epoch(1700000000)}

func TestIPInfo(t *testing.T) {
	t.Parallel()
	n := scapi.Some[int64]
	unknown := said{Status: http.StatusForbidden, Code: 147, Message: "Unable to find the host.\n"}
	for name, tc := range map[string]struct {
		api          scapi.API
		repositories []string
		answers      map[string]said
		want         []scapi.IPRecord
		asked        string
	}{
		"REST, named repositories": {scapi.REST, []string{"2", "3", "4"}, map[string]said{"GET /repository/2/deviceInfo": {Response: deviceInfo}, "GET /repository/3/deviceInfo": unknown,
			"GET /repository/4/deviceInfo": {Response: `{"ip":"","total":""}`}}, []scapi.IPRecord{device},
			"GET /repository/2/deviceInfo, GET /repository/3/deviceInfo, GET /repository/4/deviceInfo"},
		"REST before 5.12": {scapi.REST, []string{"2"}, map[string]said{"GET /repository/2/deviceInfo": {Status: http.StatusNotFound}, "GET /repository/2/ipInfo": {Response: deviceInfo}},
			[]scapi.IPRecord{device}, "GET /repository/2/deviceInfo, GET /repository/2/ipInfo"},
		"REST, all repositories": {scapi.REST, nil, map[string]said{
			"POST /analysis": {Response: `{"totalRecords":"2","returnedRecords":2,"results":[{"ip":"192.0.2.1","repository":{"id":"2","name":"Main"},"score":"1"},
				{"ip":"192.0.2.1","uuid":"u","repository":{"id":"9","name":"Agents"},"score":"7","total":"2","severityLow":"2"}]}`},
			"GET /repository/2/deviceInfo": {Response: deviceInfo}, "GET /repository/9/deviceInfo": unknown},
			[]scapi.IPRecord{device, {IP: "192.0.2.1", UUID: "u", RepositoryID: "9", Repository: "Agents", Score: n(7), Total: n(2), Counts: scapi.Some(scapi.Counts{scapi.Low: 2})}},
			"POST /analysis, GET /repository/2/deviceInfo, GET /repository/9/deviceInfo"},
		"REST, unknown everywhere": {scapi.REST, nil, map[string]said{"POST /analysis": {Response: `{"totalRecords":"0","returnedRecords":0,"results":[]}`}}, nil, "POST /analysis"},
		"RPC": {scapi.RPC, nil, map[string]said{"vuln::getIP": {Response: `{"records":[{"ip":"192.0.2.1","repositoryID":"2","repositoryName":"Main","score":"105","total":0,"severityLow":"85","severityHigh":"2",
			"lastScan":"1294427459","hasPassive":"Yes","assets":[{"id":"1","name":"My Servers"}]}]}`}},
			[]scapi.IPRecord{{IP: "192.0.2.1", RepositoryID: "2", Repository: "Main", Score: n(105), Counts: scapi.Some(scapi.Counts{scapi.Low: 85, scapi.High: 2}), HasPassive: scapi.Some(true),
				LastScan: epoch(1294427459), Assets: []scapi.Ref{{ID: "1", Name: "My Servers"}}}}, "vuln::getIP"},
		"RPC, a total of 0 beside all severities": {scapi.RPC, nil, map[string]said{"vuln::getIP": {Response: `{"records":[{"ip":"192.0.2.1","repositoryID":"2","total":0,"severityInfo":"60","severityLow":"4","severityMedium":"0","severityHigh":"2","severityCritical":"1"},
			{"ip":"192.0.2.1","repositoryID":"3","total":0,"severityInfo":"0","severityLow":"0","severityMedium":"0","severityHigh":"0","severityCritical":"0"}]}`}},
			[]scapi.IPRecord{{IP: "192.0.2.1", RepositoryID: "2", Total: n(67), Counts: scapi.Some(scapi.Counts{60, 4, 0, 2, 1})},
				{IP: "192.0.2.1", RepositoryID: "3", Total: n(0), Counts: scapi.Some(scapi.Counts{})}}, "vuln::getIP"},
		"RPC, unknown": {scapi.RPC, []string{"1"}, map[string]said{"vuln::getIP": {Response: `{"records":[]}`}}, []scapi.IPRecord{}, "vuln::getIP"},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := scripted(t, tc.api, "4.6.2", table(tc.answers))
			got, err := c.IPInfo(t.Context(), "192.0.2.1", tc.repositories...)
			if diff := cmp.Diff(tc.want, got, noRaw); err != nil || diff != "" {
				t.Errorf("error %v, records (-want +got):\n%s", err, diff)
			}
			var calls []string
			for _, a := range s.calls() {
				calls = append(calls, a.Call)
				if a.Call == "GET /repository/2/deviceInfo" && a.Query.Get("ip") != "192.0.2.1" {
					t.Errorf("asked for %v", a.Query)
				}
			}
			if joined := strings.Join(calls, ", "); joined != tc.asked {
				t.Errorf("asked %s, want %s", joined, tc.asked)
			}
		})
	}
}

// The record of 4.0 to 4.2 that is printed in the notes: it has no severityInfo, and its total is a number.
func TestIPInfoOfAConsoleThatKnowsNoInfo(t *testing.T) {
	t.Parallel()
	const record = `{"records":[{"ip":"1.2.3.4","repositoryID":"2","repositoryName":"Compliance","score":"105","total":0,
		"severityLow":"85","severityMedium":"0","severityHigh":"2","severityCritical":"0","lastScan":"1294427459"}]}`
	for version, total := range map[string]scapi.Opt[int64]{"4.2.1": scapi.Some[int64](87), "4.6.2": {}} {
		c, _ := scripted(t, scapi.RPC, version, table(map[string]said{"vuln::getIP": {Response: record}}))
		records, err := c.IPInfo(t.Context(), "1.2.3.4")
		if err != nil || len(records) != 1 {
			t.Fatalf("%d records, %v", len(records), err)
		}
		if r := records[0]; r.Total != total || r.Count(scapi.Info).Valid || r.Count(scapi.Low) != scapi.Some[int64](85) || r.Count(scapi.Medium) != scapi.Some[int64](0) {
			t.Errorf("%s: %+v", version, r)
		}
	}
}

func TestIPInfoAsksSecurityCenter4ForTheRepositories(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, scapi.RPC, "4.6.2", table(map[string]said{"vuln::getIP": {Response: `{"records":[]}`}}))
	for want, ids := range map[string][]string{
		`{"ip":"192.0.2.1","repositories":[{"id":1},{"id":2}]}`: {"1", "2"}, `{"ip":"192.0.2.1","repositories":[]}`: nil,
	} {
		if _, err := c.IPInfo(t.Context(), "192.0.2.1", ids...); err != nil {
			t.Fatal(err)
		}
		calls := s.calls()
		if got := calls[len(calls)-1].Body; got != want {
			t.Errorf("asked %s, want %s", got, want)
		}
	}
}

func TestIPInfoThatFails(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, scapi.REST, "", forbidden)
	for _, args := range [][]string{{"example.org"}, {"192.0.2.1", "2/x"}, {"192.0.2.0/24"}} {
		if _, err := c.IPInfo(t.Context(), args[0], args[1:]...); err == nil || len(s.calls()) > 0 {
			t.Errorf("%v: %v after %v", args, err, s.calls())
		}
	}
	login := func(a asked) said {
		if a.Call == "POST /analysis" || strings.HasPrefix(a.Call, "GET /repository/") {
			return forbidden(a)
		}
		return said{}
	}
	c, _ = scripted(t, scapi.REST, "", login)
	for _, ids := range [][]string{nil, {"2"}} {
		if _, err := c.IPInfo(t.Context(), "192.0.2.1", ids...); !scapi.IsPermission(err) {
			t.Errorf("repositories %v: %v, want a permission error", ids, err)
		}
	}
}

func TestIPInfoOfSimulatedConsoles(t *testing.T) {
	t.Parallel()
	for _, o := range []sctest.Options{{Dialect: sctest.REST}, {Dialect: sctest.RPC}} {
		t.Run(label(o), func(t *testing.T) {
			server, _, c := simulated(t, o)
			hosts := 0
			for host, err := range c.Hosts(t.Context(), scapi.Query{Limit: 5}) {
				if err != nil {
					t.Fatal(err)
				}
				hosts++
				want := host.Counts
				for _, ids := range [][]string{nil, {host.RepositoryID}} {
					records, err := c.IPInfo(t.Context(), host.IP, ids...)
					if err != nil {
						t.Fatal(err)
					}
					found := false
					for _, r := range records {
						found = found || r.RepositoryID == host.RepositoryID && r.IP == host.IP && r.Counts == want && r.DNSName == host.DNSName
					}
					if !found {
						t.Errorf("%s in %v: %+v, want %+v", host.IP, ids, records, host)
					}
				}
			}
			if hosts == 0 {
				t.Fatal("no hosts")
			}
			server.ForgetRequests()
			if records, err := c.IPInfo(t.Context(), "203.0.113.99"); err != nil || len(records) > 0 {
				t.Errorf("an unknown address: %v, %v", records, err)
			}
			if records, err := c.IPInfo(t.Context(), "203.0.113.99", "1"); err != nil || len(records) > 0 {
				t.Errorf("an unknown address in a repository: %v, %v", records, err)
			}
		})
	}
}

// Of hosts that share an address in one repository the console's own call tells of one; their rows tell of all.
func TestIPInfoOfHostsThatShareAnAddress(t *testing.T) {
	t.Parallel()
	server, _, c := simulated(t, sctest.Options{Quirks: sctest.Quirks{SharedAddresses: true}})
	names := map[string]map[string]int{} // by address: repository and name
	for h := range server.Hosts() {
		if names[h.IP] == nil {
			names[h.IP] = map[string]int{}
		}
		names[h.IP][h.Repository+" "+h.DNSName]++
	}
	compared := 0
	for ip, want := range names {
		if len(want) < 2 || compared == 5 {
			continue
		}
		compared++
		records, err := c.IPInfo(t.Context(), ip)
		if err != nil || len(records) != len(want) {
			t.Errorf("%s: %d records, %v; want %v", ip, len(records), err, want)
		}
		for _, r := range records {
			want[r.RepositoryID+" "+r.DNSName]--
		}
		for host, n := range want {
			if n != 0 {
				t.Errorf("%s: %d records too few of %s", ip, n, host)
			}
		}
	}
	if compared == 0 {
		t.Error("no address is shared")
	}
}
