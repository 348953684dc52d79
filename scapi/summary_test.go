package scapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func TestSummary(t *testing.T) {
	t.Parallel()
	const (
		host       = `[{"ip":"10.0.0.1"}]`
		severities = `{"totalRecords":"5","results":[{"severity":{"id":"4"},"count":"19"},{"severity":{"id":"3"},"count":"146"},{"severity":{"id":"2"},"count":176},{"severity":{"id":"1"},"count":"32"},{"severity":{"id":"0"},"count":"1256"}]}`
		flat       = `{"totalRecords":"5","results":[{"severity":"4","count":"19"},{"severity":"3","count":"146"},{"severity":"2","count":176},{"severity":"1","count":"32"},{"severity":"0","count":"1256"}]}`
		old        = `{"totalRecords":"4","results":[{"severity":"3","count":"19"},{"severity":"2","count":"146"},{"severity":"1","count":176},{"severity":"0","count":"32"}]}`
		none       = `{"totalRecords":"5","results":[{"severity":"4","count":"0"},{"severity":"3","count":"0"},{"severity":"2","count":"0"},{"severity":"1","count":"0"},{"severity":"0","count":"0"}]}`
	)
	counts := scapi.Counts{scapi.Info: 1256, scapi.Low: 32, scapi.Medium: 176, scapi.High: 146, scapi.Critical: 19}
	first := func(total, colon, rows string) string {
		return fmt.Sprintf(`{"totalRecords":%s,"returnedRecords":1,"startOffset":"0","endOffset":"1","matchingDataElementCount":%s,"results":%s}`, total, colon, rows)
	}
	trusted := scapi.Summary{Records: 33, Findings: counts, Score: scapi.Some(2780.0)}
	counted := scapi.Summary{Records: 33, Findings: counts}

	for name, tc := range map[string]struct {
		tool      string
		version   string // "" for REST
		first     string
		second    string // of sumseverity
		want      scapi.Summary
		requests  int
		malformed bool
	}{
		"the one-row answer is enough":              {"", "", first(`"33"`, `"1629:19:146:176:32:1256:2780"`, host), "", trusted, 1, false},
		"a numeric total is fine":                   {"sumip", "", first(`33`, `"1629:19:146:176:32:1256:2780"`, host), "", trusted, 1, false},
		"sumid has an eighth number":                {"sumid", "", first(`"33"`, `"1629:19:146:176:32:1256:2780:904"`, host), "", trusted, 1, false},
		"sumid without it is not trusted":           {"sumid", "", first(`"33"`, `"1629:19:146:176:32:1256:2780"`, host), severities, counted, 2, false},
		"sumip with an eighth number neither":       {"", "", first(`"33"`, `"1629:19:146:176:32:1256:2780:904"`, host), severities, counted, 2, false},
		"severities that do not add up neither":     {"", "", first(`"33"`, `"1629:19:146:176:32:1255:2780"`, host), severities, counted, 2, false},
		"a list without the score neither":          {"", "", first(`"33"`, `"1629:19:146:176:32:1256"`, host), severities, counted, 2, false},
		"a negative number neither":                 {"", "", first(`"33"`, `"-1:0:0:0:0:-1:0"`, host), severities, counted, 2, false},
		"a list of -1 neither":                      {"", "", first(`"33"`, `"-1"`, host), severities, counted, 2, false},
		"a list of blanks neither":                  {"", "", first(`"33"`, `"1629:19:146:176:32:1256:2780 "`, host), severities, counted, 2, false},
		"a missing list neither":                    {"", "", `{"totalRecords":"33","results":[{}]}`, severities, counted, 2, false},
		"a list of zeros beside rows neither":       {"", "", first(`"33"`, `"0:0:0:0:0:0:0"`, host), severities, counted, 2, false},
		"a tool that counts twice is not trusted":   {"sumasset", "", first(`"33"`, `"5600:37:434:681:92:4356:7955"`, host), severities, counted, 2, false},
		"no row and a list of zeros is nothing":     {"", "", first(`"0"`, `"0:0:0:0:0:0:0"`, `[]`), "", scapi.Summary{Score: scapi.Some(0.0)}, 1, false},
		"no row and no list is nothing":             {"", "", `{"totalRecords":"0","returnedRecords":0,"results":[]}`, "", scapi.Summary{}, 1, false},
		"no row and a list of -1 is not known":      {"", "", first(`"0"`, `"-1"`, `[]`), none, scapi.Summary{}, 2, false},
		"no row but findings is asked again":        {"", "", first(`"0"`, `"1629:19:146:176:32:1256:2780"`, `[]`), severities, scapi.Summary{Findings: counts}, 2, false},
		"no row of another tool is asked again":     {"sumcce", "", first(`"0"`, `"1629:0:0:0:0:0:0:1629"`, `[]`), severities, scapi.Summary{Findings: counts}, 2, false},
		"a missing total is malformed":              {"", "", `{"results":[{}]}`, "", scapi.Summary{}, 1, true},
		"no row and no total is nothing":            {"", "", `{"results":[]}`, "", scapi.Summary{}, 1, false},
		"no list of rows and no total is malformed": {"", "", `{"results":null}`, "", scapi.Summary{}, 1, true},
		"a total of -1 is malformed":                {"", "", first(`-1`, `"1629:19:146:176:32:1256:2780"`, host), "", scapi.Summary{}, 1, true},
		"a total of zero with a row is malformed":   {"", "", first(`"0"`, `"1629:19:146:176:32:1256:2780"`, host), "", scapi.Summary{}, 1, true},
		"a total without a row is malformed":        {"", "", first(`"33"`, `"1629:19:146:176:32:1256:2780"`, `[]`), "", scapi.Summary{}, 1, true},
		"an empty answer is malformed":              {"", "", `""`, "", scapi.Summary{}, 1, true},
		"severities without counts are malformed":   {"", "", first(`"33"`, `"-1"`, host), `{"results":[{"severity":{"id":"4"}}]}`, scapi.Summary{}, 2, true},
		"severities off the scale are malformed":    {"", "", first(`"33"`, `"-1"`, host), `{"results":[{"severity":"7","count":"1"}]}`, scapi.Summary{}, 2, true},
		"rows but no finding are malformed":         {"", "", first(`"33"`, `"-1"`, host), none, scapi.Summary{}, 2, true},
		"SecurityCenter 4.8 counts severities":      {"", "4.8.1", `{"totalRecords":"33","results":[{"ip":"10.0.0.1"}]}`, flat, counted, 2, false},
		"SecurityCenter 4.8 with the list needs 1":  {"", "4.8.1", first(`"33"`, `"1629:19:146:176:32:1256:2780"`, host), "", trusted, 1, false},
		"SecurityCenter 4.8 without a row needs 1":  {"", "4.8.1", `{"totalRecords":"0","returnedRecords":0,"results":[]}`, "", scapi.Summary{}, 1, false},
		"SecurityCenter 4.2 counts from low upward": {"", "4.2.0", `{"totalRecords":"33","results":[{"ip":"10.0.0.1"}]}`, old, scapi.Summary{Records: 33, Findings: scapi.Counts{0, 32, 176, 146, 19}}, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			api := scapi.REST
			if tc.version != "" {
				api = scapi.RPC
			}
			c, s := scripted(t, api, tc.version, func(a asked) said {
				if a.Call != "POST /analysis" && a.Call != "vuln::query" {
					return said{}
				}
				if tool(t, a) == "sumseverity" {
					return said{Response: tc.second}
				}
				return said{Response: tc.first}
			})
			got, err := c.Summary(t.Context(), scapi.Query{Tool: tc.tool, Sort: "ip", Limit: 7, Offset: 9})
			if errors.Is(err, scapi.ErrMalformed) != tc.malformed || err != nil && !tc.malformed {
				t.Errorf("error %v, want malformed %t", err, tc.malformed)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
			calls := s.calls()
			if len(calls) != tc.requests {
				t.Errorf("%d requests, want %d", len(calls), tc.requests)
			}
			if start, end := window(calls[0]); start != 0 || end != 1 {
				t.Errorf("asked for rows %d to %d, want 0 to 1", start, end)
			}
		})
	}
}

// tool returns the tool of an analysis request.
func tool(t *testing.T, a asked) string {
	t.Helper()
	var body struct {
		Tool  string
		Query struct{ Tool string }
	}
	if err := json.Unmarshal([]byte(a.Body), &body); err != nil {
		t.Fatal(err)
	}
	return body.Tool + body.Query.Tool
}

func TestSummaryOfEventsIsNotSupported(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, scapi.REST, "6.4.0", table(nil))
	if _, err := c.Summary(t.Context(), scapi.Query{Source: scapi.Events}); !errors.Is(err, scapi.ErrUnsupported) {
		t.Errorf("error %v, want ErrUnsupported", err)
	}
	if n := len(s.calls()); n != 0 {
		t.Errorf("%d requests, want none", n)
	}
}
