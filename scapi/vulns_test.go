package scapi_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestVulns(t *testing.T) {
	t.Parallel()
	yes, no, n := scapi.Some(true), scapi.Some(false), scapi.Some[int64]
	for name, tc := range map[string]struct {
		api     scapi.API
		version string
		tool    string
		row     string
		want    scapi.Vuln
	}{
		"REST vulndetails": {scapi.REST, "6.4.0", "", `{"pluginID":"49113","severity":{"id":"3","name":"High"},"hasBeenMitigated":"1","acceptRisk":"0","recastRisk":"1","ip":"192.0.2.1","uuid":"u","port":"445","protocol":"TCP",
			"pluginName":"Patch missing","firstSeen":"1700000000","lastSeen":"1700003600","exploitAvailable":"Yes","synopsis":"s","description":"d","solution":"Patch.","seeAlso":"http:\/\/example.org","riskFactor":"High",
			"baseScore":"9.3","cvssV3BaseScore":"","vprScore":"6.7","cve":"CVE-2020-1,CVE-2020-2","xref":"IAVA:2020-A-1, CWE:79","vulnPubDate":"1600000000","patchPubDate":"-1",
			"pluginText":"<plugin_output>\nKB1 <br\/>\n<\/plugin_output>","dnsName":"a.example.org","macAddress":"00:00:5e:00:53:01","netbiosName":"LAB\\A","family":{"id":"10","name":"Windows"},"repository":{"id":"2","name":"Main"}}`,
			scapi.Vuln{PluginID: "49113", PluginName: "Patch missing", FamilyID: "10", Family: "Windows", Severity: scapi.Some(scapi.High), RepositoryID: "2", Repository: "Main", IP: "192.0.2.1", DNSName: "a.example.org",
				NetBIOSName: `LAB\A`, MACAddress: "00:00:5e:00:53:01", UUID: "u", Port: n(445), Protocol: "TCP", FirstSeen: epoch(1700000000), LastSeen: epoch(1700003600), Accepted: no, Recast: yes, Resurfaced: yes, Exploitable: yes,
				RiskFactor: "High", BaseScore: scapi.Some(9.3), VPR: scapi.Some(6.7), CVEs: []string{"CVE-2020-1", "CVE-2020-2"}, Xrefs: []string{"IAVA:2020-A-1", "CWE:79"}, Synopsis: "s", Description: "d", Solution: "Patch.",
				SeeAlso: "http://example.org", Output: "KB1 <br/>", Published: epoch(1600000000)}},
		"REST 6.4 vulndetails": {scapi.REST, "6.4.0", "", `{"pluginID":"1006879","severity":{"id":"3"},"ip":"192.0.2.1","uuid":"","port":"0","protocol":"TCP","pluginName":"p","family":{"id":"0","name":"N\/A","type":"compliance"},
			"repository":{"id":"2","name":"Main","description":"","sciID":"1","dataFormat":"universal"},"acrScore":"6.0","assetExposureScore":"547","keyDrivers":"{\"internet exposure\":\"yes\"}","seolDate":"1700000000",
			"operatingSystem":"Linux Kernel 6.1","hostUUID":"h","vulnUniqueness":"repositoryID,ip,port,protocol,pluginID","hostUniqueness":"repositoryID,ip,dnsName","pluginPubDate":"1600000000","cpe":"cpe:\/a:x:y,z<br\/>cpe:\/o:x:w",
			"cve":"CVE-2020-1","xref":"CWE #200,IAVA #2020-A-0001,CISCO-SA #cisco-sa-1","acceptRiskRuleComment":"until March","recastRiskRuleComment":"not here"}`,
			scapi.Vuln{PluginID: "1006879", PluginName: "p", FamilyID: "0", Severity: scapi.Some(scapi.High), RepositoryID: "2", Repository: "Main", IP: "192.0.2.1", Port: n(0), Protocol: "TCP",
				ACRScore: scapi.Some(6.0), AssetExposureScore: scapi.Some(547.0), EndOfLife: epoch(1700000000), OS: "Linux Kernel 6.1", HostUUID: "h", Uniqueness: "repositoryID,ip,port,protocol,pluginID",
				PluginPublished: epoch(1600000000), CPEs: []string{"cpe:/a:x:y,z", "cpe:/o:x:w"}, CVEs: []string{"CVE-2020-1"},
				Xrefs: []string{"CWE:200", "IAVA:2020-A-0001", "CISCO-SA:cisco-sa-1"}, AcceptComment: "until March", RecastComment: "not here"}},
		"REST 6.4, of which nothing is known": {scapi.REST, "6.4.0", "", `{"pluginID":"1","severity":{"id":"0"},"ip":"","uuid":"N\/A","hostUUID":"-1","macAddress":"N\/A","dnsName":"","netbiosName":"-1","riskFactor":"N\/A","acrScore":"-1","assetExposureScore":"",
			"seolDate":"-1","operatingSystem":"N\/A","vulnUniqueness":"","pluginPubDate":"-1","cpe":"N\/A","cve":"","xref":"-1","acceptRiskRuleComment":"N\/A","recastRiskRuleComment":"","vprScore":"N\/A","baseScore":"-1","port":"-1"}`,
			scapi.Vuln{PluginID: "1", Severity: scapi.Some(scapi.Info)}},
		"REST, of an individual scan": {scapi.REST, "5.8.0", "", `{"pluginID":"1","severity":{"id":"1"},"ip":"192.0.2.1","repository":{"id":-1,"name":"Individual Scan","description":"","dataFormat":"IPv4"}}`,
			scapi.Vuln{PluginID: "1", Severity: scapi.Some(scapi.Low), IP: "192.0.2.1"}},
		"REST, of which the address is none": {scapi.REST, "6.4.0", "", `{"pluginID":"1","ip":"the rest of a text that had a line break"}`, scapi.Vuln{PluginID: "1"}},
		"REST listvuln": {scapi.REST, "6.4.0", "listvuln", `{"pluginID":"1","severity":{"id":"0"},"name":"Scan","port":"0","protocol":"udp"}`,
			scapi.Vuln{PluginID: "1", PluginName: "Scan", Severity: scapi.Some(scapi.Info), Port: n(0), Protocol: "UDP"}},
		"RPC vulndetails": {scapi.RPC, "4.6.2", "", `{"pluginID":"49113","pluginName":"p","severity":"3","ip":"10.0.0.5","port":"445","protocol":"6","familyID":"2","repositoryID":"1","acceptRisk":"0","pluginText":"plain"}`,
			scapi.Vuln{PluginID: "49113", PluginName: "p", FamilyID: "2", RepositoryID: "1", Severity: scapi.Some(scapi.High), IP: "10.0.0.5", Port: n(445), Protocol: "TCP", Accepted: no, Output: "plain"}},
		"RPC 4.2, on the old scale": {scapi.RPC, "4.2.1", "", `{"pluginID":"1","severity":"3","protocol":"47"}`,
			scapi.Vuln{PluginID: "1", Severity: scapi.Some(scapi.Critical), Protocol: "47"}},
	} {
		t.Run(name, func(t *testing.T) {
			answer := said{Response: `{"totalRecords":"1","returnedRecords":1,"results":[` + tc.row + `]}`}
			c, s := scripted(t, tc.api, tc.version, table(map[string]said{"POST /analysis": answer, "vuln::query": answer}))
			var got []scapi.Vuln
			for v, err := range c.Vulns(t.Context(), scapi.Query{Tool: tc.tool}) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, v)
			}
			if diff := cmp.Diff([]scapi.Vuln{tc.want}, got, noRaw); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if body := s.calls()[0].Body; tc.tool == "" && !strings.Contains(body, `"tool":"vulndetails"`) {
				t.Errorf("asked %s", body)
			}
		})
	}
}

func TestVulnsOfWhatHasNone(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, scapi.REST, "", func(asked) said { return said{} })
	for name, tc := range map[string]struct {
		query scapi.Query
		want  error
	}{
		"log events":   {scapi.Query{Source: scapi.Events}, scapi.ErrUnsupported},
		"another tool": {scapi.Query{Tool: "sumip"}, nil},
		"a bad source": {scapi.Query{Source: "bad"}, nil},
	} {
		n := 0
		for _, err := range c.Vulns(t.Context(), tc.query) {
			if n++; err == nil || tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("%s: %v, want %v", name, err, tc.want)
			}
		}
		if n != 1 || len(s.calls()) > 0 {
			t.Errorf("%s: %d pairs after %v", name, n, s.calls())
		}
	}
}

// sameDetails compares what a plugin, a rule and a host say of a finding.
func sameDetails(t *testing.T, v scapi.Vuln, f sctest.Finding, dialect sctest.Dialect) {
	t.Helper()
	if !slices.Equal(v.Xrefs, f.XRefs) || !slices.Equal(v.CPEs, f.CPEs) || !slices.Equal(v.CVEs, f.CVEs) || !v.PluginPublished.Equal(f.PluginPublished) {
		t.Errorf("plugin %s: %q, %q, %q, %s; want %+v", v.PluginID, v.Xrefs, v.CPEs, v.CVEs, v.PluginPublished, f)
	}
	if dialect == sctest.RPC {
		if v.ACRScore.Valid || v.AssetExposureScore.Valid || v.OS+v.HostUUID+v.Uniqueness+v.AcceptComment+v.RecastComment != "" || !v.EndOfLife.IsZero() {
			t.Errorf("SecurityCenter 4 does not tell %+v", v)
		}
		return
	}
	acr := scapi.Opt[float64]{Value: float64(f.Host.Criticality), Valid: f.Host.Criticality > 0}
	exposure := scapi.Opt[float64]{}
	if f.Host.Exposure >= 0 {
		exposure = scapi.Some(float64(f.Host.Exposure))
	}
	if v.ACRScore != acr || v.AssetExposureScore != exposure || v.OS != f.Host.OS || v.HostUUID != f.Host.UUID || !v.EndOfLife.Equal(f.EndOfLife) ||
		(v.AcceptComment != "") != f.Accepted || (v.RecastComment != "") != f.Recast || !strings.HasSuffix(v.Uniqueness, ",port,protocol,pluginID") {
		t.Errorf("finding %+v, want %+v", v, f)
	}
}

func TestVulnsOfSimulatedConsoles(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		t.Run(dialect.String(), func(t *testing.T) {
			server, _, c := simulated(t, sctest.Options{Dialect: dialect, Hosts: 40})
			assigned := map[string]bool{}
			for _, r := range server.Repositories() {
				assigned[r.ID] = r.Assigned
			}
			want, told := map[string]int{}, map[string]sctest.Finding{}
			for f := range server.Findings() {
				if f.Open() && assigned[f.Host.Repository] {
					key := fmt.Sprintf("%s %s %d %d", f.Host.Repository, f.Host.IP, f.PluginID, f.Severity)
					want[key]++
					told[key] = f
				}
			}
			if len(want) == 0 {
				t.Fatal("no findings")
			}
			for v, err := range c.Vulns(t.Context(), scapi.Query{PageSize: 333}) {
				if err != nil {
					t.Fatal(err)
				}
				key := fmt.Sprintf("%s %s %s %d", v.RepositoryID, v.IP, v.PluginID, v.Severity.Value)
				want[key]--
				sameDetails(t, v, told[key], dialect)
				if v.FirstSeen.IsZero() || v.PluginName == "" || !v.Port.Valid || v.Protocol == "" || v.FamilyID == "" {
					t.Fatalf("finding %+v", v)
				}
			}
			for _, n := range want {
				if n != 0 {
					t.Fatal("findings are missing, or come twice")
				}
			}
			for _, err := range c.Vulns(t.Context(), scapi.Query{PageSize: 7}) {
				if err != nil {
					t.Fatal(err)
				}
				break // leaves nothing behind, which the package's leak test sees
			}
			raw, err := c.VulnInit(t.Context())
			if dialect == sctest.REST {
				if !errors.Is(err, scapi.ErrUnsupported) {
					t.Errorf("vuln::init on REST: %v", err)
				}
			} else if err != nil || !strings.Contains(string(raw), "repositories") {
				t.Errorf("vuln::init: %.60s, %v", raw, err)
			}
		})
	}
}
