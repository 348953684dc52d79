package scapi_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func TestRowAccessors(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, scapi.REST, "6.4.0", table(map[string]said{"POST /analysis": {Response: `{"totalRecords":"1","results":[{
		"ip":"10.0.0.1","score":"184","baseScore":"7.5","firstSeen":"1284001810","lastSeen":"-1","count":42,"empty":"","nothing":null,
		"severity":{"id":"3","name":"High"},"repository":{"id":"7","name":"Default"},"source ip":"10.0.0.2",
		"severityInfo":"5","severityLow":4,"severityMedium":"3","severityHigh":"2","severityCritical":"1"}]}`}}))
	rows, err := c.Query(t.Context(), scapi.Query{Tool: "sumip"})
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for name, row := range map[string]scapi.Row{"of a query": rows[0], "made by hand": {Raw: rows[0].Raw}} {
		t.Run("a row "+name, func(t *testing.T) {
			got := []any{row.String("ip"), row.String("count"), row.String("severity"), row.String("nothing"), row.String("source ip"),
				row.Int("score"), row.Int("count"), row.Int("empty"), row.Int("lastSeen"), row.Int("missing"), row.Float("baseScore"), row.Float("ip"),
				row.Time("firstSeen"), row.Time("lastSeen"), row.Severity(), row.Repository(), row.Counts()}
			want := []any{"10.0.0.1", "42", "", "", "10.0.0.2",
				scapi.Some[int64](184), scapi.Some[int64](42), scapi.Opt[int64]{}, scapi.Some[int64](-1), scapi.Opt[int64]{}, scapi.Some(7.5), scapi.Opt[float64]{},
				epoch(1284001810), time.Time{}, scapi.Some(scapi.High), "7", scapi.Some(scapi.Counts{5, 4, 3, 2, 1})}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("columns (-want +got):\n%s", diff)
			}
			var own struct {
				IP    string `json:"ip"`
				Count json.Number
			}
			if err := row.Decode(&own); err != nil || own.IP != "10.0.0.1" || own.Count != "42" {
				t.Errorf("decoded %+v, %v", own, err)
			}
			if err := row.Decode(&struct{ IP int }{}); err == nil {
				t.Error("a string was decoded as a number")
			}
		})
	}
	for name, tc := range map[string]struct {
		raw        string
		severity   scapi.Opt[scapi.Severity]
		repository string
	}{
		"flat":          {`{"severity":"4","repositoryID":"1"}`, scapi.Some(scapi.Critical), "1"},
		"numbers":       {`{"severity":0,"repositoryID":2}`, scapi.Some(scapi.Info), "2"},
		"nothing":       {`{}`, scapi.Opt[scapi.Severity]{}, ""},
		"unset":         {`{"severity":"","repository":{"id":-1}}`, scapi.Opt[scapi.Severity]{}, ""},
		"off the scale": {`{"severity":"5"}`, scapi.Opt[scapi.Severity]{}, ""},
		"no object":     {`"10.0.0.1"`, scapi.Opt[scapi.Severity]{}, ""},
	} {
		row := scapi.Row{Raw: json.RawMessage(tc.raw)}
		if row.Severity() != tc.severity || row.Repository() != tc.repository || row.Counts().Valid {
			t.Errorf("row %s: severity %v, repository %q, counts %v", name, row.Severity(), row.Repository(), row.Counts())
		}
	}
}

func TestRowsOfSecurityCenter42AreOnTheNewScale(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, scapi.RPC, "4.2.1", table(map[string]said{"vuln::query": {Response: `{"totalRecords":"2","results":[
		{"severity":"3","low":"1","medium":"2","high":"3","critical":"4"},{"severity":"0"}]}`}}))
	rows, err := c.Query(t.Context(), scapi.Query{Tool: "vulndetails"})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := rows[0].Severity(), rows[1].Severity(); a != scapi.Some(scapi.Critical) || b != scapi.Some(scapi.Low) {
		t.Errorf("severities %v and %v, want critical and low", a, b)
	}
	if got := rows[0].Counts(); got != scapi.Some(scapi.Counts{0, 1, 2, 3, 4}) {
		t.Errorf("counts %v", got)
	}
	for severity, want := range map[scapi.Severity]scapi.Opt[int64]{scapi.Info: {}, scapi.Low: scapi.Some[int64](1), scapi.Critical: scapi.Some[int64](4), 5: {}, -1: {}} {
		if got := rows[0].Count(severity); got != want {
			t.Errorf("count of severity %d: %v, want %v", severity, got, want)
		}
	}
}
