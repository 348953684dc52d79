package scapi_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestSavedQueries(t *testing.T) {
	t.Parallel()
	const query = `{"id":"744","name":"Mine","description":"d","tool":"sumid","type":"Vuln","tags":"t","createdTime":"1556816695","modifiedTime":"1556816696","status":0,
		"filters":[{"id":"severity","filterName":"severity","operator":"=","type":"vuln","isPredefined":true,"value":"3,4"},
			{"id":"repository","filterName":"repository","operator":"=","value":[{"id":"1","name":"Default"}]},{"filterName":"firstSeen","operator":">=","value":30},{"filterName":"x"},"odd"],
		"owner":{"id":"2","username":"api","firstname":"api","lastname":"user"}}`
	c, s := scripted(t, scapi.REST, "5.8.0", table(map[string]said{
		"GET /query": {Response: `{"usable":[` + query + `,{"id":"2","filters":{}},{"id":"3","filters":""},{"id":"4","filters":[]},{"id":"5","filters":{"severity":"4"}},
			{"id":"6","filters":"filter"},{"id":"7","filters":null},{"id":"8"},{"id":"9","filters":[{"operator":"="}]},{"id":"10","filters":["severity"]}],
			"manageable":[` + query + `]}`},
		"GET /query/744": {Response: query},
		"POST /analysis": {Response: `{"totalRecords":"0","returnedRecords":0,"results":[],"matchingDataElementCount":"0:0:0:0:0:0:0"}`},
	}))
	raw := func(text string) json.RawMessage { return json.RawMessage(text) }
	want := scapi.SavedQuery{
		ID: "744", Name: "Mine", Description: "d", Tool: "sumid", Type: "vuln", Tags: "t", Created: epoch(1556816695), Modified: epoch(1556816696),
		Owner: scapi.UserRef{ID: "2", Username: "api", Name: "api user"},
		Filters: []scapi.Filter{{Name: "severity", Operator: "=", Value: raw(`"3,4"`)}, {Name: "repository", Operator: "=", Value: raw(`[{"id":"1","name":"Default"}]`)},
			{Name: "firstSeen", Operator: ">=", Value: raw("30")}, {Name: "x", Value: raw("")}},
		Unreadable: true,
	}
	plain := func(queries ...scapi.SavedQuery) (text []string) { // filters have functions, which do not compare
		for _, q := range queries {
			for _, f := range q.Filters {
				value, _ := f.Value.(json.RawMessage)
				text = append(text, q.ID+" "+f.Name+" "+f.Operator+" "+string(value))
			}
			text = append(text, fmt.Sprint(q.ID, q.Name, q.Description, q.Tool, q.Type, q.Tags, q.Owner.Name, q.Created, q.Modified, q.Unreadable))
		}
		return text
	}
	one, err := c.SavedQuery(t.Context(), "744")
	check(t, "a query", err, plain(one), plain(want))
	all, err := c.SavedQueries(t.Context())
	check(t, "queries", err, plain(all...), plain(scapi.SavedQuery{ID: "2"}, scapi.SavedQuery{ID: "3"}, scapi.SavedQuery{ID: "4"},
		scapi.SavedQuery{ID: "5", Unreadable: true}, scapi.SavedQuery{ID: "6", Unreadable: true}, scapi.SavedQuery{ID: "7"}, scapi.SavedQuery{ID: "8"},
		scapi.SavedQuery{ID: "9", Unreadable: true}, scapi.SavedQuery{ID: "10", Unreadable: true}, want))

	if _, err := c.Summary(t.Context(), scapi.Query{Filters: one.Filters[:3]}); err != nil {
		t.Error(err)
	}
	calls := s.calls()
	sent, _ := json.Marshal(calls[len(calls)-1].body(t)["query"].(map[string]any)["filters"])
	const wanted = `[{"filterName":"severity","operator":"=","value":"3,4"},{"filterName":"repository","operator":"=","value":[{"id":"1","name":"Default"}]},{"filterName":"firstSeen","operator":"\u003e=","value":30}]`
	if string(sent) != wanted {
		t.Errorf("sent %s\nwant %s", sent, wanted)
	}
	if _, err := c.SavedQuery(t.Context(), "7 "); err == nil {
		t.Error("an id that is none was taken")
	}
}

// A saved query finds what its filters say.
func TestSavedQueriesOfSimulatedConsoles(t *testing.T) {
	t.Parallel()
	server, _, c := simulated(t, sctest.Options{})
	queries, err := c.SavedQueries(t.Context())
	if err != nil || len(queries) != 5 {
		t.Fatalf("%d queries, %v; want 5", len(queries), err)
	}
	keep := map[string]func(sctest.Finding) bool{
		"Criticals":             func(f sctest.Finding) bool { return f.Severity == 4 },
		"Exploitable criticals": func(f sctest.Finding) bool { return f.Severity == 4 && f.Exploitable },
		"First repository":      func(f sctest.Finding) bool { return f.Host.Repository == "1" },
		"Everything":            func(sctest.Finding) bool { return true },
	}
	for _, listed := range queries {
		q, err := c.SavedQuery(t.Context(), listed.ID)
		if err != nil || q.Name != listed.Name || q.Tool == "" || len(q.Filters) != len(listed.Filters) {
			t.Errorf("query %+v, %v; listed as %+v", q, err, listed)
		}
		if q.Type != "vuln" {
			rows, err := c.Query(t.Context(), scapi.Query{Tool: q.Tool, Source: scapi.Events, Filters: q.Filters})
			if err != nil || len(rows) != 1 || rows[0].String("type") != "login" {
				t.Errorf("%s: %d rows, %v", q.Name, len(rows), err)
			}
			continue
		}
		var want scapi.Counts
		for f := range server.Findings() {
			if f.Open() && keep[q.Name](f) {
				want[f.Severity]++
			}
		}
		got, err := c.Summary(t.Context(), scapi.Query{Filters: q.Filters})
		if err != nil || got.Findings != want || want.Total() == 0 {
			t.Errorf("%s: %v, %v; want %v", q.Name, got.Findings, err, want)
		}
	}
	if _, err := c.SavedQuery(t.Context(), "999"); !scapi.IsNotFound(err) {
		t.Errorf("a query that does not exist: %v", err)
	}
}

func TestRecordedSavedQueries(t *testing.T) {
	t.Parallel()
	c := recorded(t, recordings(t))
	queries, err := c.SavedQueries(t.Context())
	if err != nil || len(queries) != 1 || queries[0].Name != "New Query" || queries[0].Tool != "vulndetails" || len(queries[0].Filters) != 0 {
		t.Errorf("saved queries %+v, %v", queries, err)
	}
}
