package sctest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// logPage is a page of the console's log.
type logPage struct {
	Skip    json.RawMessage
	Results []struct {
		RawLog, Message, Module, Date string
		Organization                  struct {
			ID   any
			Name string
		}
		Severity  struct{ ID, Name string }
		Initiator struct{ Username string }
	}
}

func askLog(c *client, date string, start, end int) envelope {
	c.t.Helper()
	return c.rest(http.MethodPost, "/analysis", map[string]any{"type": "scLog", "date": date,
		"query": map[string]any{"tool": "scLog", "type": "scLog", "startOffset": start, "endOffset": end, "filters": []any{}}})
}

func TestTheLogOfTheConsoleIsPagedWithoutTotals(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 10, Now: fixed})
	read := func(c *client, date string) (rows int, users map[string]bool, skip string) {
		users = map[string]bool{}
		last := clock.Add(time.Second)
		for start := 0; ; start += 50 {
			var p logPage
			e := askLog(c, date, start, start+50)
			c.decode(e, &p)
			if strings.Contains(e.Body, "Records") || strings.Contains(e.Body, "matching") {
				t.Fatalf("totals: %.200s", e.Body)
			}
			for _, row := range p.Results {
				at, err := time.Parse(time.RFC1123Z, row.Date)
				if err != nil || at.After(last) || row.Severity.ID != "0" || row.Severity.Name != "INFO" || row.Module != "auth" ||
					row.RawLog != fmt.Sprintf("%s|%s|auth|INFO|%s\n", row.Date, row.Initiator.Username, row.Message) {
					t.Fatalf("row %+v, %v", row, err)
				}
				last = at
				users[row.Initiator.Username] = true
			}
			rows += len(p.Results)
			if skip = string(p.Skip); len(p.Results) < 50 {
				return rows, users, skip
			}
		}
	}
	own, users, skip := read(newClient(t, s).analyst(), "all")
	if own < 100 || len(users) != 1 || !users[sctest.AnalystUsername] || skip != `{"202604":"false","202605":"false"}` {
		t.Errorf("an analyst sees %d rows of %v, skip %s", own, users, skip)
	}
	all, users, _ := read(newClient(t, s).admin(), "all")
	if all != 2*own || len(users) != 2 {
		t.Errorf("an administrator sees %d rows of %v", all, users)
	}
	may, _, skip := read(newClient(t, s).analyst(), "202605")
	if may == 0 || may >= own || skip != `{"202605":"false"}` {
		t.Errorf("%d rows of May, skip %s", may, skip)
	}
	if none, _, skip := read(newClient(t, s).analyst(), "199912"); none != 0 || skip != "[]" {
		t.Errorf("%d rows of a month without any, skip %s", none, skip)
	}
	if e := askLog(newClient(t, s).analyst(), "yesterday", 0, 5); e.Code != 146 {
		t.Errorf("a date that is none: %s", e.Body)
	}
}

// Without a repository of phones every mobile query finds nothing; the blank behind the counts is the console's own.
func TestThereAreNoPhones(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 10})
	c := newClient(t, s).analyst()
	ask := func(c *client, tool, source string, filters ...filter) envelope {
		return c.rest(http.MethodPost, "/analysis", map[string]any{"type": "mobile", "sourceType": source,
			"query": map[string]any{"tool": tool, "type": "mobile", "startOffset": 0, "endOffset": 5, "filters": filters}})
	}
	for tool, matching := range map[string]string{"sumdeviceid": "0:0:0:0:0:0:0 ", "summdmuser": "0:0:0:0:0:0:0 ", "sumoscpe": "0:0:0:0:0:0:0:0 ",
		"sumpluginid": "0:0:0:0:0:0:0 ", "listvuln": "-1 ", "vulndetails": "-1 "} {
		want := fmt.Sprintf(`{"endOffset":"5","matchingDataElementCount":%q,"results":[],"returnedRecords":0,"startOffset":"0","totalRecords":"0"}`, matching)
		if e := ask(c, tool, "cumulative", filter{"deviceModel", "=", "x"}); e.Code != 0 || string(e.Response) != want {
			t.Errorf("%s: %s", tool, e.Body)
		}
	}
	var p page
	c.decode(ask(c, "sumseverity", "cumulative"), &p)
	if len(p.Results) != 5 || p.Results[0]["count"] != "0" {
		t.Errorf("severities %v", p.Results)
	}
	if e := ask(c, "sumip", "cumulative"); e.Code != 146 {
		t.Errorf("a tool of hosts: %s", e.Body)
	}
	if e := ask(c, "listvuln", "patched"); e.Code != 146 {
		t.Errorf("another source: %s", e.Body)
	}
	const refused = "Invalid parameters specified for mobile vuln query.  The filter 'something' is invalid (valid filters: repositoryIDs, port,"
	if e := ask(c, "listvuln", "cumulative", filter{"something", "=", "x"}); e.Code != 146 || !strings.HasPrefix(e.Msg, refused) {
		t.Errorf("an unknown filter: %s", e.Msg)
	}
	if e := ask(newClient(t, s).admin(), "listvuln", "cumulative"); e.Code != 145 {
		t.Errorf("an administrator: %s", e.Body)
	}
}
