package scapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// hostsOf reads all hosts of a query.
func hostsOf(t *testing.T, c *scapi.Client, q scapi.Query) []scapi.Host {
	t.Helper()
	var hosts []scapi.Host
	for host, err := range c.Hosts(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, host)
	}
	return hosts
}

func TestHostsAreReadFromEveryShapeOfRow(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		api     scapi.API
		version string
		row     string
		want    scapi.Host // without Raw
	}{
		"a row of Security Center 6": {scapi.REST, "6.4.0",
			`{"ip":"192.0.2.1","uuid":"u-1","score":"49","total":"43","severityInfo":"39","severityLow":"0","severityMedium":"3","severityHigh":"0","severityCritical":"1","macAddress":"00:50:56:aa:bb:cc",` +
				`"policyName":"3ae050e2-621\/Full Safe Scan","pluginSet":"201812150336","netbiosName":"GROUP\\HOST","dnsName":"host.example.org","osCPE":"cpe:\/o:freebsd:freebsd:11.1","biosGUID":"b","tpmID":"t","mcafeeGUID":"m",` +
				`"lastAuthRun":"","lastUnauthRun":"1545071370","uniqueness":"repositoryID,ip,dnsName","hostUniqueness":"repositoryID,uuid","hostUUID":"h","acrScore":"7.5","assetExposureScore":"812","repository":{"id":"1","name":"Caf\u00e9","description":"","dataFormat":"IPv4"}}`,
			scapi.Host{IP: "192.0.2.1", UUID: "u-1", DNSName: "host.example.org", NetBIOSName: `GROUP\HOST`, MACAddress: "00:50:56:aa:bb:cc", RepositoryID: "1", RepositoryName: "Café",
				Score: scapi.Some[int64](49), Total: scapi.Some[int64](43), Counts: scapi.Some(scapi.Counts{39, 0, 3, 0, 1}), PolicyName: "3ae050e2-621/Full Safe Scan",
				PluginSet: time.Date(2018, 12, 15, 3, 36, 0, 0, time.UTC), OSCPE: "cpe:/o:freebsd:freebsd:11.1", BIOSGUID: "b", TPMID: "t", McAfeeGUID: "m", LastUnauthRun: epoch(1545071370),
				Uniqueness: "repositoryID,ip,dnsName", HostUniqueness: "repositoryID,uuid", HostUUID: "h", ACRScore: scapi.Some(7.5), AssetExposureScore: scapi.Some(812.0)}},
		"a row of SecurityCenter 4.4": {scapi.RPC, "4.4.1",
			`{"ip":"192.0.2.1","macAddress":"","netbiosName":"","dnsName":"","repositoryID":"7","score":"12","total":"5","severityInfo":"1","severityLow":"1","severityMedium":"1","severityHigh":"1","severityCritical":"1"}`,
			scapi.Host{IP: "192.0.2.1", RepositoryID: "7", Score: scapi.Some[int64](12), Total: scapi.Some[int64](5), Counts: scapi.Some(scapi.Counts{1, 1, 1, 1, 1})}},
		"a row of SecurityCenter 4.0": {scapi.RPC, "4.0.3", `{"ip":"192.0.2.1","repositoryID":7,"low":"1","medium":"2","high":"3"}`,
			scapi.Host{IP: "192.0.2.1", RepositoryID: "7", Counts: scapi.Some(scapi.Counts{0, 1, 2, 3, 0})}},
		"numbers where texts are usual": {scapi.REST, "6.4.0", `{"ip":"192.0.2.1","score":49,"total":43.0,"severityHigh":2,"pluginSet":201812150336,"lastAuthRun":1545071370,"repository":{"id":1,"name":"Lab"},"acrScore":7}`,
			scapi.Host{IP: "192.0.2.1", RepositoryID: "1", RepositoryName: "Lab", Score: scapi.Some[int64](49), Total: scapi.Some[int64](43), Counts: scapi.Some(scapi.Counts{scapi.High: 2}),
				PluginSet: time.Date(2018, 12, 15, 3, 36, 0, 0, time.UTC), LastAuthRun: epoch(1545071370), ACRScore: scapi.Some(7.0)}},
		"what is unknown":           {scapi.REST, "6.4.0", `{"ip":null,"uuid":{},"score":"-1","total":"","severityHigh":"-1","pluginSet":null,"lastAuthRun":"-1","lastUnauthRun":"0","repository":{"id":-1,"name":""},"acrScore":"","osCPE":[]}`, scapi.Host{}},
		"what is unknown, in words": {scapi.REST, "6.4.0", `{"ip":"a text","uuid":"N\/A","dnsName":"N/A","netbiosName":"-1","macAddress":"n/a","osCPE":"N/A","policyName":"-1","hostUUID":"N/A","acrScore":"N/A","assetExposureScore":"-1","hostUniqueness":"N/A","repository":{"id":"-1","name":"Individual Scan"}}`, scapi.Host{}},
		"an individual scan's":      {scapi.REST, "5.8.0", `{"ip":"192.0.2.1","repository":{"id":-1,"name":"Individual Scan","description":""},"total":"4"}`, scapi.Host{IP: "192.0.2.1", Total: scapi.Some[int64](4)}},
		"columns that nobody knows": {scapi.REST, "6.4.0", `{"new":{"ip":"x"},"ip":"192.0.2.1","newer":[1,{"ip":"y"}]}`, scapi.Host{IP: "192.0.2.1"}},
		"blanks":                    {scapi.REST, "6.4.0", "{ \"ip\" : \"192.0.2.1\" ,\n\t\"total\": \"4\" }", scapi.Host{IP: "192.0.2.1", Total: scapi.Some[int64](4)}},
		"an empty row":              {scapi.REST, "6.4.0", `{}`, scapi.Host{}},
		"no object":                 {scapi.REST, "6.4.0", `"192.0.2.1"`, scapi.Host{}},
	} {
		t.Run(name, func(t *testing.T) {
			// Other rows around it, whose columns are in another order, must not show.
			other := `{"total":"1","ip":"198.51.100.7","repository":{"id":"9","name":"Other"},"osCPE":"cpe:other","dnsName":"other.example.org","pluginSet":"202001010000"}`
			rows := []string{other, tc.row, other, tc.row, tc.row, other}
			c, _ := scripted(t, tc.api, tc.version, func(a asked) said {
				if a.Call != "POST /analysis" && a.Call != "vuln::query" {
					return said{}
				}
				return said{Response: fmt.Sprintf(`{"totalRecords":"%d","results":[%s]}`, len(rows), strings.Join(rows, ","))}
			})
			hosts := hostsOf(t, c, scapi.Query{})
			if len(hosts) != len(rows) {
				t.Fatalf("%d hosts, want %d", len(hosts), len(rows))
			}
			for i, host := range hosts {
				want := tc.want
				if rows[i] == other {
					want = scapi.Host{IP: "198.51.100.7", Total: scapi.Some[int64](1), RepositoryID: "9", RepositoryName: "Other", OSCPE: "cpe:other", DNSName: "other.example.org",
						PluginSet: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}
				}
				want.Raw = json.RawMessage(rows[i])
				if diff := cmp.Diff(want, host); diff != "" {
					t.Errorf("row %d (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

// sameAsRow compares a host with what the accessors of its row say.
func sameAsRow(t *testing.T, host scapi.Host, row scapi.Row) {
	t.Helper()
	known := func(o scapi.Opt[int64]) scapi.Opt[int64] {
		if o.Value < 0 {
			return scapi.Opt[int64]{}
		}
		return o
	}
	want := scapi.Host{
		IP: row.String("ip"), UUID: row.String("uuid"), DNSName: row.String("dnsName"), NetBIOSName: row.String("netbiosName"), MACAddress: row.String("macAddress"),
		RepositoryID: row.Repository(), Score: known(row.Int("score")), Total: known(row.Int("total")), Counts: row.Counts(), PolicyName: row.String("policyName"),
		OSCPE: row.String("osCPE"), BIOSGUID: row.String("biosGUID"), TPMID: row.String("tpmID"), McAfeeGUID: row.String("mcafeeGUID"),
		LastAuthRun: row.Time("lastAuthRun"), LastUnauthRun: row.Time("lastUnauthRun"), Uniqueness: row.String("uniqueness"), HostUUID: row.String("hostUUID"), HostUniqueness: row.String("hostUniqueness"),
		Raw: row.Raw,
	}
	ignored := cmpopts.IgnoreFields(scapi.Host{}, "RepositoryName", "PluginSet", "ACRScore", "AssetExposureScore")
	if diff := cmp.Diff(want, host, ignored); diff != "" {
		t.Errorf("row %s (-row +host):\n%s", row.Raw, diff)
	}
}

func TestHostsOfSimulatedConsolesAreTheirRows(t *testing.T) {
	t.Parallel()
	for _, o := range exhaustive.Sample([]sctest.Options{
		{}, {Version: "5.8.0"}, {Quirks: sctest.Quirks{NumbersAsNumbers: true}}, {Dialect: sctest.RPC}, {Dialect: sctest.RPC, Version: "4.4.0"}, {Dialect: sctest.RPC, Version: "4.0.0"},
	}, 3) {
		t.Run(fmt.Sprint(o.Dialect, " ", o.Version), func(t *testing.T) {
			_, _, c := simulated(t, o)
			q := scapi.Query{Tool: "sumip", PageSize: 30}
			rows, err := c.Query(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			hosts := hostsOf(t, c, q)
			if len(hosts) != len(rows) || len(rows) < 100 {
				t.Fatalf("%d hosts of %d rows", len(hosts), len(rows))
			}
			names := 0
			for i := range hosts {
				sameAsRow(t, hosts[i], rows[i])
				if hosts[i].RepositoryName != "" {
					names++
				}
			}
			if rest := o.Dialect == sctest.REST; rest != (names == len(hosts)) {
				t.Errorf("%d of %d hosts have a repository name", names, len(hosts))
			}
		})
	}
}

func TestHostsOfARecordedConsole(t *testing.T) {
	t.Parallel()
	for name, r := range recordings(t) {
		var body struct{ Query struct{ Tool string } }
		if json.Unmarshal(r.Request.Body, &body) != nil || body.Query.Tool != "sumip" || r.Response.Status != 200 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			var envelope struct{ Response json.RawMessage }
			if err := json.Unmarshal([]byte(r.Response.BodyText), &envelope); err != nil {
				t.Fatal(err)
			}
			c, _ := scripted(t, scapi.REST, "5.8.0", table(map[string]said{"POST /analysis": {Response: string(envelope.Response)}}))
			q := scapi.Query{Tool: "sumip", Limit: 5}
			rows, err := c.Query(t.Context(), q)
			if err != nil || len(rows) == 0 {
				t.Fatal(len(rows), err)
			}
			hosts := hostsOf(t, c, q)
			if len(hosts) != len(rows) {
				t.Fatalf("%d hosts of %d rows", len(hosts), len(rows))
			}
			for i := range hosts {
				sameAsRow(t, hosts[i], rows[i])
				if hosts[i].RepositoryName == "" || hosts[i].IP == "" || hosts[i].PluginSet.IsZero() {
					t.Errorf("host %+v", hosts[i])
				}
			}
		})
	}
}

func TestQueriesThatHaveNoHostsAreNotSent(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		query       scapi.Query
		unsupported bool
	}{
		"log events":     {scapi.Query{Source: scapi.Events}, true},
		"another tool":   {scapi.Query{Tool: "sumid"}, false},
		"a wrong source": {scapi.Query{Source: "archive"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := scripted(t, scapi.REST, "6.4.0", table(map[string]said{"POST /analysis": rowsAnswer(0, 0, `"0"`)}))
			failures := 0
			for _, err := range c.Hosts(t.Context(), tc.query) {
				if err == nil || errors.Is(err, scapi.ErrUnsupported) != tc.unsupported {
					t.Errorf("error %v, want one, unsupported %t", err, tc.unsupported)
				}
				failures++
			}
			if failures != 1 || len(s.calls()) != 0 {
				t.Errorf("%d failures after %v, want 1 after nothing", failures, s.calls())
			}
		})
	}
}

func TestHostsKeptFromALoopDoNotChange(t *testing.T) {
	t.Parallel()
	_, _, c := simulated(t, sctest.Options{Hosts: 400})
	q := scapi.Query{Tool: "sumip", PageSize: 20}
	kept := hostsOf(t, c, q)
	var ips []string
	for i, host := range kept {
		var row struct{ IP string }
		if err := json.Unmarshal(host.Raw, &row); err != nil || row.IP != host.IP {
			t.Fatalf("host %d has become %s with %s: %v", i, host.IP, host.Raw, err)
		}
		ips = append(ips, host.RepositoryID+" "+host.IP)
	}
	slices.Sort(ips)
	if len(slices.Compact(ips)) != len(kept) {
		t.Errorf("%d of %d hosts differ", len(slices.Compact(ips)), len(kept))
	}
}

func TestAHostTakesAtMostEightAllocations(t *testing.T) {
	const hosts = 2000
	row := `{"ip":"192.0.2.%d","uuid":"u-%d","score":"49","total":"43","severityInfo":"39","severityLow":"0","severityMedium":"3","severityHigh":"0","severityCritical":"1","macAddress":"00:50:56:%d",` +
		`"policyName":"policy\/%d","pluginSet":"201812150336","netbiosName":"GROUP\\%d","dnsName":"host-%d.example.org","osCPE":"cpe:\/o:%d","lastAuthRun":"15450%d","repository":{"id":"%d","name":"Caf\u00e9"}}`
	var rows []string
	for i := range hosts {
		rows = append(rows, fmt.Sprintf(row, i, i, i, i, i, i, i, i+10000, i%2))
	}
	answer := said{Response: fmt.Sprintf(`{"totalRecords":"%d","results":[%s]}`, hosts, strings.Join(rows, ","))}
	c, _ := scripted(t, scapi.REST, "6.4.0", table(map[string]said{"POST /analysis": answer}))
	if n := len(hostsOf(t, c, scapi.Query{PageSize: hosts + 1})); n != hosts {
		t.Fatalf("%d hosts", n)
	}
	allocations := testing.AllocsPerRun(5, func() {
		for _, err := range c.Hosts(t.Context(), scapi.Query{PageSize: hosts + 1}) {
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	if perRow := allocations / hosts; perRow > 8 {
		t.Errorf("%.1f allocations per row", perRow)
	} else {
		t.Logf("%.2f allocations per row", perRow)
	}
}
