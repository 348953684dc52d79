package scapi

import (
	"errors"
	"testing"
)

func TestARefusalIsKnownByItsWordsWhateverItsCode(t *testing.T) {
	t.Parallel()
	const building = "Unable to process Vuln Query.\nAn error occurred when building the vuln query command.\n"
	for name, tc := range map[string]struct {
		answer responder
		want   Refusal
	}{
		"a filter, by 146":                     {refusedWith(403, 146, "Invalid parameters specified for vuln query.  The filter 'wasVuln' is invalid (valid filters: a, b)."), Refusal{RefusedFilter, "wasVuln", "wasVuln"}},
		"a filter, by 143":                     {refusedWith(403, 143, building+"Filter \"acceptedRisk\" is not recognized\n"), Refusal{RefusedFilter, "acceptedRisk", "acceptedRisk"}},
		"a filter, by a code never seen":       {refusedWith(403, 7, "Unknown filter 'x'."), Refusal{RefusedFilter, "x", "x"}},
		"a filter, with HTTP 200":              {refusedWith(200, 143, building+"Filter \"x\" is not recognized\n"), Refusal{RefusedFilter, "x", "x"}},
		"an operator that one filter has":      {refusedWith(403, 143, building+"Operator \"<=\" is not recognized\n"), Refusal{RefusedOperator, "<=", "pluginID"}},
		"an operator that two filters have":    {refusedWith(403, 143, building+"Operator \"=\" is not recognized\n"), Refusal{RefusedOperator, "=", ""}},
		"an operator that no filter has":       {refusedWith(403, 143, building+"Operator \"contains\" is not recognized\n"), Refusal{RefusedOperator, "contains", ""}},
		"an operator, with its filter":         {refusedWith(403, 146, "Invalid parameters specified for vuln query.  The operator '=' is invalid for the filter 'severity'."), Refusal{RefusedOperator, "=", "severity"}},
		"a value":                              {refusedWith(403, 146, "The value for Filter \"repository\" contains an id that is not known."), Refusal{RefusedValue, "repository", "repository"}},
		"a value that is repeated":             {refusedWith(403, 146, "Invalid parameters specified for vuln query.  The value '0:x' of the filter 'firstSeen' is invalid."), Refusal{RefusedValue, "firstSeen", "firstSeen"}},
		"the form of a value":                  {refusedWith(403, 146, "Filter 'family' should be an array of records"), Refusal{RefusedValue, "family", "family"}},
		"a tool":                               {refusedWith(403, 143, building+"Tool \"sumremediation\" is not recognized"), Refusal{RefusedTool, "sumremediation", ""}},
		"the call":                             {refusedWith(403, 10, "Resource is not supported."), Refusal{RefusedCall, "", ""}},
		"a page of a web server":               {page(404), Refusal{RefusedCall, "", ""}},
		"143 alone is none":                    {refusedWith(403, 143, "Unable to process Vuln Query"), Refusal{}},
		"a query that brought nothing is none": {refusedWith(403, 143, "Unable to process Vuln Query.\nThe server could not process the vulnerability filter string (-x).\nNo response from showvulns"), Refusal{}},
		"a missing permission is none":         {refusedWith(403, 146, "Group #0 does not have access to the Repository that contains the scan result."), Refusal{}},
		"an object that is not there is none":  {refusedWith(403, 147, "Query #5 does not exist."), Refusal{}},
		"a page that is no answer is none":     {page(200), Refusal{}},
		"a server that cannot now, is none":    {page(503), Refusal{}},
		"a session that is over is none":       {refusedWith(403, 12, "This request contains an invalid token."), Refusal{}},
	} {
		t.Run(name, func(t *testing.T) {
			for protocol, s := range map[string]*script{"REST": restConsole().on("POST /rest/analysis", tc.answer), "RPC": rpcConsole().on("vuln::query", tc.answer)} {
				c := dial(t, s, func(o *Options) { o.Retries = -1 })
				filters := []Filter{BySeverity(High), {Name: "pluginID", Operator: "<=", Value: "9"}, {Name: "port", Value: "80"}}
				_, err := c.Query(t.Context(), Query{Tool: "sumip", Filters: filters})
				if err == nil {
					t.Fatalf("%s: no error", protocol)
				}
				got, ok := RefusalOf(err)
				if got != tc.want || ok != (tc.want.Of != 0) {
					t.Errorf("%s: %+v, %v; want %+v of: %v", protocol, got, ok, tc.want, err)
				}
				if ok && (IsPermission(err) || IsTemporary(err)) {
					t.Errorf("%s: a refusal is also another thing: %v", protocol, err)
				}
			}
		})
	}
}

func TestAFilterThatWasNotSentIsRefusedByName(t *testing.T) {
	t.Parallel()
	_, err := dial(t, rpcConsole()).Query(t.Context(), Query{Tool: "sumip", Filters: []Filter{VPR(7, 10)}})
	if r, ok := RefusalOf(err); !ok || r != (Refusal{RefusedFilter, "vprScore", "vprScore"}) || !errors.Is(err, ErrUnsupported) {
		t.Errorf("%+v, %v: %v", r, ok, err)
	}
}
