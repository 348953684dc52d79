package scapi

import (
	"encoding/json"
	"errors"
	"math"
	"testing"
)

func TestFiltersOnRiskAndOnWhatIsNamedAreSpelled(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		filter      Filter
		rest, rpc   string // name, operator and value as JSON; empty: unsupported
		rest5, rpc4 string // of REST 5.8 and RPC 4.2, where they differ
	}{
		"exploitable":              {Exploitable(), `exploitAvailable="true"`, `exploitAvailable="true"`, "", ""},
		"recast":                   {Recast(true), `recastRiskStatus="recast"`, `recastRisk="true"`, "", ""},
		"not recast":               {Recast(false), `recastRiskStatus="notRecast"`, `recastRisk="false"`, "", ""},
		"recast by the flag":       {RecastFlag(true), `recastRisk="true"`, `recastRisk="true"`, "", ""},
		"reopened":                 {Reopened(true), `mitigatedStatus="previously"`, `wasMitigated="true"`, "", ""},
		"never mitigated":          {Reopened(false), `mitigatedStatus="never"`, `wasMitigated="false"`, "", ""},
		"reopened by the flag":     {ReopenedFlag(false), `wasMitigated="false"`, `wasMitigated="false"`, "", ""},
		"mitigated within 30 days": {DaysToMitigated(30), `daysToMitigated="0:30"`, `daysToMitigated="0:30"`, "", "-"},
		"mitigated the same day":   {DaysToMitigated(0), `daysToMitigated="0:0"`, `daysToMitigated="0:0"`, "", "-"},
		"a band of VPR":            {VPR(7, 8.9), `vprScore="7-8.9"`, "-", "-", "-"},
		"CVEs":                     {ByCVE("CVE-2021-44228", "CVE-2021-45046"), `cveID="CVE-2021-44228,CVE-2021-45046"`, `cveID="CVE-2021-44228,CVE-2021-45046"`, "", "-"},
		"a cross reference":        {ByCrossReference("IAVA|20*"), `xref="IAVA|20*"`, `xref="IAVA|20*"`, "", "-"},
		"plugins":                  {ByPluginIDs(19506, 21745), `pluginID="19506,21745"`, `pluginID="19506,21745"`, "", ""},
		"addresses":                {ByAddress("10.0.0.1", "10.0.1.0/24"), `ip="10.0.0.1,10.0.1.0/24"`, `ip="10.0.0.1,10.0.1.0/24"`, "", ""},
		"an asset list":            {ByAsset("5"), `asset={"id":"5"}`, `assetID="5"`, "", ""},
		"three asset lists": {
			ByAsset("5", "6", "7"), `asset~{"operator":"union","operand1":{"id":"5"},"operand2":{"operator":"union","operand1":{"id":"6"},"operand2":{"id":"7"}}}`, "-", "", "",
		},
		"families":      {ByFamily("0", "30"), `family=[{"id":"0"},{"id":"30"}]`, `familyID="0,30"`, "", ""},
		"a policy":      {ByPolicy("1000001"), `policy={"id":"1000001"}`, `policyID="1000001"`, "", ""},
		"an audit file": {ByAuditFile("1000001"), `auditFile=[{"id":"1000001"}]`, "-", "", "-"},
	} {
		t.Run(name, func(t *testing.T) {
			or := func(a, b string) string {
				if a != "" {
					return a
				}
				return b
			}
			for _, c := range []struct {
				target target
				want   string
			}{
				{target{dialect: REST, version: version{6, 4}}, tc.rest}, {target{dialect: REST}, tc.rest},
				{target{dialect: REST, version: version{5, 8}}, or(tc.rest5, tc.rest)},
				{target{dialect: RPC, version: version{4, 6}}, tc.rpc}, {target{dialect: RPC, version: version{4, 2}}, or(tc.rpc4, tc.rpc)},
			} {
				spelled, err := spell([]Filter{tc.filter}, c.target)
				refusal, named := RefusalOf(err)
				refused := refusal.Name
				if unsupported := c.want == "-"; unsupported != errors.Is(err, ErrUnsupported) || unsupported != named || named && refused == "" {
					t.Errorf("%s %v: error %v", c.target.dialect, c.target.version, err)
				}
				if c.want == "-" || len(spelled) == 0 {
					continue
				}
				value, err := json.Marshal(spelled[0].Value)
				if got := spelled[0].Name + spelled[0].Operator + string(value); got != c.want || err != nil {
					t.Errorf("%s %v: got %s, want %s", c.target.dialect, c.target.version, got, c.want)
				}
			}
		})
	}
}

func TestFiltersThatMeanNothingAreRefused(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]Filter{
		"no plugin": ByPluginIDs(), "plugin 0": ByPluginIDs(1, 0), "no CVE": ByCVE(), "an empty CVE": ByCVE("CVE-2021-44228", " "),
		"no cross reference": ByCrossReference(""), "no address": ByAddress(), "an asset list without id": ByAsset(""), "no asset list": ByAsset(), "one of two asset lists without id": ByAsset("5", ""),
		"no family": ByFamily(), "a family by its name": ByFamily("Windows"), "an audit file by its name": ByAuditFile("CIS"),
		"less than no days": DaysToMitigated(-1), "VPR in reverse": VPR(9, 7), "VPR above 10": VPR(9, 11), "VPR that is no number": VPR(math.NaN(), 10),
	} {
		for _, api := range []API{REST, RPC} {
			spelled, err := spell([]Filter{f}, target{dialect: api, version: version{6, 4}})
			if err == nil || errors.Is(err, ErrUnsupported) {
				t.Errorf("%s on %s: %v, %v", name, api, spelled, err)
			}
		}
	}
}
