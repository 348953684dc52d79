package findings_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestChecksTellWhetherTheConsoleContradictsItself(t *testing.T) {
	t.Parallel()
	const accepted, compliance, oneRow = findings.CheckAcceptedRisk, findings.CheckCompliance, findings.CheckOneRow
	for name, tt := range map[string]struct {
		quirks  sctest.Quirks
		refuse  []string
		want    map[string]bool
		oneDial string // only of this protocol
	}{
		"a plain one":                          {want: map[string]bool{accepted: true, compliance: true, oneRow: true}},
		"accepted findings are hidden":         {quirks: sctest.Quirks{AcceptedHidden: true, NoAllRisk: true}, want: map[string]bool{accepted: true, compliance: true, oneRow: true}},
		"the filter on risk is ignored":        {quirks: sctest.Quirks{AcceptedIgnored: true}, want: map[string]bool{accepted: false, compliance: true, oneRow: true}},
		"no filter on risk":                    {refuse: []string{"acceptRiskStatus", "acceptedRisk"}, want: map[string]bool{compliance: true, oneRow: true}},
		"audit checks with low ids":            {quirks: sctest.Quirks{LowCompliancePlugins: true}, want: map[string]bool{accepted: true, compliance: false, oneRow: true}},
		"the type finds no result of audits":   {quirks: sctest.Quirks{BlindToCompliance: true}, want: map[string]bool{accepted: true, compliance: false, oneRow: true}},
		"no filter on plugins":                 {refuse: []string{"pluginID"}, want: map[string]bool{accepted: true, oneRow: true}},
		"totals that do not add up":            {quirks: sctest.Quirks{WrongMatchingCount: true}, want: map[string]bool{accepted: true, compliance: true, oneRow: false}, oneDial: "rest"},
		"no totals beside the first row":       {quirks: sctest.Quirks{NoMatchingCount: true}, want: map[string]bool{accepted: true, compliance: true}, oneDial: "rest"},
		"totals on SecurityCenter 4, for once": {quirks: sctest.Quirks{RPCMatchingCount: true}, want: map[string]bool{accepted: true, compliance: true, oneRow: true}, oneDial: "rpc"},
	} {
		for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
			if tt.oneDial != "" && tt.oneDial != dialect.String() {
				continue
			}
			in(t, dialect.String()+", "+strings.TrimSpace(name), func(t *testing.T) {
				c := count(t, sctest.Options{Dialect: dialect, Hosts: 40, Repositories: 2, Quirks: tt.quirks, RefuseFilters: tt.refuse})
				if got := c.Checks(); len(got) != 0 {
					t.Errorf("%v before anything was asked", got)
				}
				c.scopes(t)
				want := maps.Clone(tt.want)
				if dialect == sctest.RPC && !tt.quirks.RPCMatchingCount {
					delete(want, oneRow) // it is not told there
				}
				if got := c.Checks(); !maps.Equal(got, want) {
					t.Errorf("%v, want %v", got, want)
				}
			})
		}
	}
}

func TestHostsOfPluginsAreAmongTheChecks(t *testing.T) {
	t.Parallel()
	in(t, "asked for in one page", func(t *testing.T) {
		c := count(t, sctest.Options{Hosts: 40, Repositories: 2})
		if _, err := c.scopes(t)[0].HostsByPlugin(t.Context(), findings.Question{}, 19506, 117887); err != nil {
			t.Fatal(err)
		}
		if holds, checked := c.Checks()[findings.CheckHostTotal]; !checked || !holds {
			t.Errorf("%t, %t", checked, holds)
		}
	})
	in(t, "a console without the tool", func(t *testing.T) {
		c := count(t, sctest.Options{Hosts: 40, Repositories: 2, RefuseTools: []string{"sumid"}})
		if _, err := c.scopes(t)[0].HostsByPlugin(t.Context(), findings.Question{}, 19506, 117887); err != nil {
			t.Fatal(err)
		}
		if holds, checked := c.Checks()[findings.CheckHostTotal]; checked {
			t.Errorf("%t, although nothing was compared", holds)
		}
	})
}

func TestACheckHoldsAgainWhenTheConsoleDoes(t *testing.T) {
	t.Parallel()
	in(t, "totals of the first row", func(t *testing.T) {
		c := count(t, sctest.Options{Hosts: 40, Repositories: 2, SessionTimeout: 72 * time.Hour})
		c.answer = func(body string) string {
			if strings.Contains(body, `"sumip"`) {
				return `{"totalRecords":"1","returnedRecords":1,"startOffset":"0","endOffset":"1","matchingDataElementCount":"9:1:1:1:1:1:1","results":[{"ip":"192.0.2.1","total":"9"}]}`
			}
			return ""
		}
		c.scopes(t)
		if holds, checked := c.Checks()[findings.CheckOneRow]; !checked || holds {
			t.Errorf("%t, %t", checked, holds)
		}
		c.answer = nil
		time.Sleep(25 * time.Hour)
		scopes := c.scopes(t)
		if _, err := scopes[0].Hosts(t.Context(), findings.Question{}); err != nil {
			t.Fatal(err)
		}
		if !c.Checks()[findings.CheckOneRow] {
			t.Error("the check still fails although the totals add up")
		}
	})
}
