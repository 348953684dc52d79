package scapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// window returns the offsets that an analysis request asks for.
func window(a asked) (start, end int) {
	var w struct {
		Query struct{ StartOffset, EndOffset int }
	}
	var flat struct{ StartOffset, EndOffset int }
	if json.Unmarshal([]byte(a.Body), &w) == nil && w.Query.EndOffset != 0 {
		return w.Query.StartOffset, w.Query.EndOffset
	}
	if json.Unmarshal([]byte(a.Body), &flat) != nil {
		panic("no analysis request: " + a.Body)
	}
	return flat.StartOffset, flat.EndOffset
}

// rowsAnswer is an analysis answer of the rows n to m, with whatever total.
func rowsAnswer(n, m int, total string) said {
	var rows []string
	for i := n; i < m; i++ {
		rows = append(rows, fmt.Sprintf(`{"n":"%d"}`, i))
	}
	if total != "" {
		total = `"totalRecords":` + total + `,`
	}
	return said{Response: fmt.Sprintf(`{%s"returnedRecords":%d,"results":[%s]}`, total, len(rows), strings.Join(rows, ","))}
}

func TestQueryPages(t *testing.T) {
	t.Parallel()
	honest := func(rows int, total string) func(start, end int) said {
		return func(start, end int) said {
			return rowsAnswer(min(start, rows), min(end, rows), total)
		}
	}
	for name, tc := range map[string]struct {
		serve         func(start, end int) said
		offset, limit int64
		want          []int // rows
		requests      int   // with a page size of 4
		malformed     bool
	}{
		"an empty answer takes one request":                     {honest(0, `"0"`), 0, 0, nil, 1, false},
		"an empty answer with a numeric total":                  {honest(0, `0`), 0, 0, nil, 1, false},
		"an empty answer without a total":                       {honest(0, ``), 0, 0, nil, 1, false},
		"an empty answer with a total that is not":              {honest(0, `"7"`), 0, 0, nil, 1, false},
		"an answer that is an empty string":                     {func(int, int) said { return said{Response: `""`} }, 0, 0, nil, 1, false},
		"an answer that is an empty list":                       {func(int, int) said { return said{Response: `[]`} }, 0, 0, nil, 1, false},
		"results that are null":                                 {func(int, int) said { return said{Response: `{"totalRecords":"0","results":null}`} }, 0, 0, nil, 1, false},
		"one short page ends at the total":                      {honest(3, `"3"`), 0, 0, upTo(0, 3), 1, false},
		"one short page without a total":                        {honest(3, ``), 0, 0, upTo(0, 3), 1, false},
		"a total of -1 is none":                                 {honest(3, `-1`), 0, 0, upTo(0, 3), 1, false},
		"a total of \"-1\" is none":                             {honest(3, `"-1"`), 0, 0, upTo(0, 3), 1, false},
		"a total of text is none":                               {honest(3, `"many"`), 0, 0, upTo(0, 3), 1, false},
		"an exact multiple ends at the total":                   {honest(8, `"8"`), 0, 0, upTo(0, 8), 2, false},
		"an exact multiple with a numeric total":                {honest(8, `8`), 0, 0, upTo(0, 8), 2, false},
		"an exact multiple without a total needs an empty page": {honest(8, ``), 0, 0, upTo(0, 8), 3, false},
		"one exact page could be a total of the page":           {honest(4, `"4"`), 0, 0, upTo(0, 4), 2, false},
		"many pages":                                                {honest(11, `"11"`), 0, 0, upTo(0, 11), 3, false},
		"many pages without a total":                                {honest(11, ``), 0, 0, upTo(0, 11), 3, false},
		"a total that is too small loses nothing":                   {honest(11, `"2"`), 0, 0, upTo(0, 11), 3, false},
		"a total that is too large is an error behind the last row": {honest(11, `"99"`), 0, 0, upTo(0, 11), 5, true},
		"a total of \"0\" with rows loses nothing":                  {honest(11, `"0"`), 0, 0, upTo(0, 11), 3, false},
		"a total of the page's own rows loses nothing": {func(start, end int) said {
			a, b := min(start, 11), min(end, 11)
			return rowsAnswer(a, b, fmt.Sprintf(`"%d"`, b-a))
		}, 0, 0, upTo(0, 11), 3, false},
		"a total that counts what was seen so far loses nothing": {func(start, end int) said {
			b := min(end, 11)
			return rowsAnswer(min(start, 11), b, fmt.Sprintf(`"%d"`, b))
		}, 0, 0, upTo(0, 11), 3, false},
		"a page that is short in the middle": {func(start, end int) said {
			if start == 0 {
				end = 3
			}
			return rowsAnswer(min(start, 11), min(end, 11), `"11"`)
		}, 0, 0, upTo(0, 11), 3, false},
		"more rows than asked for are all taken": {func(start, end int) said {
			return rowsAnswer(min(start, 11), min(end+1, 11), `"11"`)
		}, 0, 0, upTo(0, 11), 3, false},
		"rows that vanish meanwhile": {func(start, end int) said {
			if start == 0 {
				return rowsAnswer(0, 4, `"9"`)
			}
			return rowsAnswer(min(start, 6), min(end, 6), `"6"`)
		}, 0, 0, upTo(0, 6), 2, false},
		"rows that vanish to below what was seen": {func(start, end int) said {
			if start == 0 {
				return rowsAnswer(0, 4, `"9"`)
			}
			return rowsAnswer(0, 0, `"2"`)
		}, 0, 0, upTo(0, 4), 2, false},
		"rows that appear meanwhile": {func(start, end int) said {
			n := 8
			if start > 0 {
				n = 9
			}
			return rowsAnswer(start, min(end, n), fmt.Sprintf(`"%d"`, n))
		}, 0, 0, upTo(0, 9), 3, false},
		"a limit within a page":                                {honest(11, `"11"`), 0, 2, upTo(0, 2), 1, false},
		"a limit of exactly a page":                            {honest(11, `"11"`), 0, 4, upTo(0, 4), 1, false},
		"a limit over pages":                                   {honest(11, `"11"`), 0, 6, upTo(0, 6), 2, false},
		"a limit beyond the end":                               {honest(3, `"3"`), 0, 9, upTo(0, 3), 1, false},
		"a limit holds when the console sends more":            {func(start, end int) said { return rowsAnswer(start, end+7, `"99"`) }, 0, 2, upTo(0, 2), 1, false},
		"an offset":                                            {honest(11, `"11"`), 5, 0, upTo(5, 11), 2, false},
		"an offset with a limit":                               {honest(11, `"11"`), 5, 3, upTo(5, 8), 1, false},
		"an offset beyond the end":                             {honest(3, `"3"`), 5, 0, nil, 1, false},
		"a console that ignores offsets is not asked for ever": {func(int, int) said { return rowsAnswer(0, 4, ``) }, 0, 0, upTo(0, 4), 2, true},
		"nor with a huge total":                                {func(int, int) said { return rowsAnswer(0, 4, `"1000000"`) }, 0, 0, upTo(0, 4), 2, true},
		"a tool that always gives all it has":                  {func(int, int) said { return rowsAnswer(0, 9, `"-1"`) }, 0, 0, upTo(0, 9), 2, false},
		"results that are a number":                            {func(int, int) said { return said{Response: `{"totalRecords":"1","results":7}`} }, 0, 0, nil, 1, true},
		"an answer that is a number":                           {func(int, int) said { return said{Response: `7`} }, 0, 0, nil, 1, true},
		"an answer of something else":                          {func(int, int) said { return said{Response: `{"scanners":[]}`} }, 0, 0, nil, 1, true},
		"rows that are wrapped like an empty object":           {func(int, int) said { return said{Response: `{"totalRecords":"0","results":{}}`} }, 0, 0, nil, 1, false},
	} {
		for _, dialect := range []scapi.API{scapi.REST, scapi.RPC} {
			for _, prefetch := range []int{-1, 1, 3} {
				t.Run(fmt.Sprintf("%s on %s, %d ahead", name, dialect, prefetch), func(t *testing.T) {
					version := map[scapi.API]string{scapi.REST: "6.4.0", scapi.RPC: "4.8.1"}[dialect]
					c, s := scripted(t, dialect, version, func(a asked) said {
						if a.Call != "POST /analysis" && a.Call != "vuln::query" {
							return said{}
						}
						return tc.serve(window(a))
					}, func(o *scapi.Options) { o.Prefetch = prefetch })
					var got []int
					err := c.QueryPages(t.Context(), scapi.Query{Tool: "listvuln", PageSize: 4, Offset: tc.offset, Limit: tc.limit},
						func(p scapi.Page) error {
							if len(p.Rows) == 0 {
								t.Error("an empty page was delivered")
							}
							for _, row := range p.Rows {
								got = append(got, int(row.Int("n").Value))
							}
							if len(got) > 100 {
								return errors.New("no end")
							}
							return nil
						})
					if errors.Is(err, scapi.ErrMalformed) != tc.malformed || err != nil && !tc.malformed {
						t.Errorf("error %v, want malformed %t", err, tc.malformed)
					}
					if diff := cmp.Diff(tc.want, got); diff != "" {
						t.Errorf("rows (-want +got):\n%s", diff)
					}
					// What was fetched ahead is for nothing where the total was wrong.
					if n := len(s.calls()); n < tc.requests || n > tc.requests+max(prefetch, 0) {
						t.Errorf("%d requests, want %d", n, tc.requests)
					}
				})
			}
		}
	}
}

func upTo(n, m int) []int {
	var list []int
	for i := n; i < m; i++ {
		list = append(list, i)
	}
	return list
}

func TestQueriesAreSpelledForEachDialectAndVersion(t *testing.T) {
	t.Parallel()
	day := time.Date(2013, 5, 14, 23, 0, 0, 0, time.UTC)
	const whole = `"name":"","description":"","context":"","status":-1,"createdTime":0,"modifiedTime":0,"groups":[]`
	for name, tc := range map[string]struct {
		api     scapi.API
		version string
		query   scapi.Query
		call    string
		body    string
	}{
		"open findings on REST": {scapi.REST, "6.4.0", scapi.Query{Tool: "sumip", Sort: "score"}, "POST /analysis",
			`{"type":"vuln","sourceType":"cumulative","query":{"tool":"sumip","type":"vuln","startOffset":0,"endOffset":1000,"filters":[]},"sortField":"score","sortDir":"DESC"}`},
		"fixed findings on REST": {scapi.REST, "5.8.0", scapi.Query{Tool: "sumid", Source: scapi.Mitigated, PageSize: 5, Sort: "total", Direction: scapi.Ascending}, "POST /analysis",
			`{"type":"vuln","sourceType":"patched","query":{"tool":"sumid","type":"vuln","startOffset":0,"endOffset":5,"filters":[]},"sortField":"total","sortDir":"ASC"}`},
		"a scan result on REST names it twice": {scapi.REST, "6.4.0", scapi.Query{Tool: "sumip", Source: scapi.Individual, ScanID: "12"}, "POST /analysis",
			`{"type":"vuln","sourceType":"individual","query":{"tool":"sumip","type":"vuln","startOffset":0,"endOffset":1000,"filters":[],"scanID":"12","view":"all"},"scanID":"12","view":"all"}`},
		"log events on REST": {scapi.REST, "6.4.0", scapi.Query{Tool: "sumtype", Source: scapi.Events}, "POST /analysis",
			`{"type":"event","sourceType":"lce","query":{"tool":"sumtype","type":"event","startOffset":0,"endOffset":1000,"filters":[]}}`},
		// From 6.7 on a query is a whole object, as the web client sends it.
		"open findings on 6.7": {scapi.REST, "6.7.2", scapi.Query{Tool: "sumip", Sort: "score"}, "POST /analysis",
			`{"type":"vuln","sourceType":"cumulative","query":{"tool":"sumip","type":"vuln","startOffset":0,"endOffset":1000,"filters":[],` + whole + `,"sourceType":"cumulative",` +
				`"sortColumn":"score","sortDirection":"desc","vulnTool":"sumip"},"sortField":"score","sortDir":"DESC"}`},
		"a scan result on 6.7": {scapi.REST, "6.7.0", scapi.Query{Tool: "sumid", Source: scapi.Individual, ScanID: "12"}, "POST /analysis",
			`{"type":"vuln","sourceType":"individual","query":{"tool":"sumid","type":"vuln","startOffset":0,"endOffset":1000,"filters":[],"scanID":"12","view":"all",` + whole +
				`,"sourceType":"individual","vulnTool":"sumid"},"scanID":"12","view":"all"}`},
		"log events on 6.7": {scapi.REST, "6.7.2", scapi.Query{Tool: "sumtype", Source: scapi.Events}, "POST /analysis",
			`{"type":"event","sourceType":"lce","query":{"tool":"sumtype","type":"event","startOffset":0,"endOffset":1000,"filters":[],` + whole + `,"sourceType":"lce"}}`},
		"open findings on a console sans version": {scapi.REST, "", scapi.Query{Tool: "sumip"}, "POST /analysis",
			`{"type":"vuln","sourceType":"cumulative","query":{"tool":"sumip","type":"vuln","startOffset":0,"endOffset":1000,"filters":[],` + whole + `,"sourceType":"cumulative","vulnTool":"sumip"}}`},
		"open findings on 4.8": {scapi.RPC, "4.8.1", scapi.Query{Tool: "sumip", Sort: "score", Filters: []scapi.Filter{scapi.BySeverity(scapi.Critical)}}, "vuln::query",
			`{"tool":"sumip","sourceType":"cumulative","startOffset":0,"endOffset":1000,"filters":[{"filterName":"severity","operator":"=","value":"4"}],"sortField":"score","sortDir":"desc"}`},
		"the severity scale of 4.2": {scapi.RPC, "4.2.0", scapi.Query{Tool: "sumip", Filters: []scapi.Filter{scapi.BySeverity(scapi.Critical)}}, "vuln::query",
			`{"tool":"sumip","sourceType":"cumulative","startOffset":0,"endOffset":1000,"filters":[{"filterName":"severity","operator":"=","value":"3"}]}`},
		"fixed findings on 4.6": {scapi.RPC, "4.6.2.2", scapi.Query{Tool: "sumip", Source: scapi.Mitigated}, "vuln::query",
			`{"tool":"sumip","sourceType":"patched","startOffset":0,"endOffset":1000,"filters":[]}`},
		"fixed findings on 4.4": {scapi.RPC, "4.4.1", scapi.Query{Tool: "sumip", Source: scapi.Mitigated}, "vuln::query",
			`{"tool":"sumip","sourceType":"mitigated","startOffset":0,"endOffset":1000,"filters":[]}`},
		"plugins on 4.0":   {scapi.RPC, "4.0.3", scapi.Query{Tool: "sumid"}, "vuln::query", `{"tool":"sumplugin","sourceType":"cumulative","startOffset":0,"endOffset":1000,"filters":[]}`},
		"protocols on 4.0": {scapi.RPC, "4.0.3", scapi.Query{Tool: "sumprotocol"}, "vuln::query", `{"tool":"sumprot","sourceType":"cumulative","startOffset":0,"endOffset":1000,"filters":[]}`},
		"plugins on 4.2":   {scapi.RPC, "4.2.1", scapi.Query{Tool: "sumid"}, "vuln::query", `{"tool":"sumid","sourceType":"cumulative","startOffset":0,"endOffset":1000,"filters":[]}`},
		"log events on 4.8": {scapi.RPC, "4.8.1", scapi.Query{Tool: "sumip", Source: scapi.Events}, "events::query",
			`{"tool":"sumip","sourceType":"lce","startOffset":0,"endOffset":1000,"filters":[]}`},
		"a scan result on 4.8": {scapi.RPC, "4.8.1", scapi.Query{Tool: "sumip", Source: scapi.Individual, ScanID: "12", Directory: day, View: "new"}, "vuln::query",
			`{"tool":"sumip","sourceType":"individual","startOffset":0,"endOffset":1000,"filters":[],"scanID":"12","dateDirectory":"2013-05-14","view":"new"}`},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := scripted(t, tc.api, tc.version, table(map[string]said{tc.call: rowsAnswer(0, 0, `"0"`)}))
			if _, err := c.Query(t.Context(), tc.query); err != nil {
				t.Fatal(err)
			}
			calls := s.calls()
			if len(calls) != 1 {
				t.Fatalf("calls %v, want one of %s", calls, tc.call)
			}
			if diff := cmp.Diff(tc.body, calls[0].Body); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

func TestQueriesThatAreWrongAreNotSent(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		api         scapi.API
		query       scapi.Query
		unsupported bool
	}{
		"no tool":                              {scapi.REST, scapi.Query{}, false},
		"an unknown source":                    {scapi.REST, scapi.Query{Tool: "sumip", Source: "archive"}, false},
		"an unknown direction":                 {scapi.REST, scapi.Query{Tool: "sumip", Sort: "ip", Direction: "up"}, false},
		"an individual scan without its id":    {scapi.REST, scapi.Query{Tool: "sumip", Source: scapi.Individual}, false},
		"an individual scan on RPC sans day":   {scapi.RPC, scapi.Query{Tool: "sumip", Source: scapi.Individual, ScanID: "1"}, false},
		"an id of a scan that is not asked":    {scapi.REST, scapi.Query{Tool: "sumip", ScanID: "1"}, false},
		"a negative offset":                    {scapi.REST, scapi.Query{Tool: "sumip", Offset: -1}, false},
		"a filter that the version has not":    {scapi.RPC, scapi.Query{Tool: "sumip", Filters: []scapi.Filter{scapi.ExcludeWAS()}}, true},
		"a filter that restricts to no object": {scapi.REST, scapi.Query{Tool: "sumip", Filters: []scapi.Filter{scapi.ByRepository()}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := scripted(t, tc.api, "4.8.1", table(map[string]said{
				"POST /analysis": rowsAnswer(0, 0, `"0"`), "vuln::query": rowsAnswer(0, 0, `"0"`),
			}))
			_, err := c.Query(t.Context(), tc.query)
			if err == nil || errors.Is(err, scapi.ErrUnsupported) != tc.unsupported {
				t.Errorf("error %v, want one, unsupported %t", err, tc.unsupported)
			}
			if calls := s.calls(); len(calls) != 0 {
				t.Errorf("sent %v", calls)
			}
		})
	}
}

func TestQueryDoesNotTouchTheCallersFilters(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, scapi.REST, "6.4.0", table(map[string]said{"POST /analysis": rowsAnswer(0, 0, `"0"`)}))
	filters := []scapi.Filter{{Name: "ip", Value: "10.0.0.1"}}
	if _, err := c.Query(t.Context(), scapi.Query{Tool: "sumip", Filters: filters}); err != nil {
		t.Fatal(err)
	}
	if filters[0].Operator != "" {
		t.Errorf("the caller's filter became %+v", filters[0])
	}
}

func TestToolsWithoutPagingAreAskedOnce(t *testing.T) {
	t.Parallel()
	severities := said{Response: `{"totalRecords":"5","returnedRecords":5,"results":[{"severity":{"id":"4"},"count":"1"},{"severity":{"id":"3"},"count":"2"},{"severity":{"id":"2"},"count":"3"},{"severity":{"id":"1"},"count":"4"},{"severity":{"id":"0"},"count":"5"}]}`}
	for name, tc := range map[string]struct {
		query  scapi.Query
		answer said
		want   []string // Raw
	}{
		"severities with a small page": {scapi.Query{Tool: "sumseverity", PageSize: 2}, severities,
			[]string{`{"severity":{"id":"4"},"count":"1"}`, `{"severity":{"id":"3"},"count":"2"}`, `{"severity":{"id":"2"},"count":"3"}`, `{"severity":{"id":"1"},"count":"4"}`, `{"severity":{"id":"0"},"count":"5"}`}},
		"severities from an offset": {scapi.Query{Tool: "sumseverity", Offset: 3, Limit: 1}, severities, []string{`{"severity":{"id":"1"},"count":"4"}`}},
		"a trend":                   {scapi.Query{Tool: "trend"}, said{Response: `{"totalRecords":-1,"returnedRecords":-1,"results":[{"date":-86400,"total":0}]}`}, []string{`{"date":-86400,"total":0}`}},
		"times of events":           {scapi.Query{Tool: "sumtime", Source: scapi.Events, PageSize: 1}, said{Response: `{"totalRecords":2,"results":[{"count":"1"},{"count":"2"}]}`}, []string{`{"count":"1"}`, `{"count":"2"}`}},
		"a list of addresses, which is no list": {scapi.Query{Tool: "iplist"},
			said{Response: `{"0":"192.0.2.1","10":"192.0.2.99","2":"192.0.2.3-192.0.2.5","results":null}`},
			[]string{`{"ip":"192.0.2.1"}`, `{"ip":"192.0.2.3-192.0.2.5"}`, `{"ip":"192.0.2.99"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := scripted(t, scapi.REST, "6.4.0", table(map[string]said{"POST /analysis": tc.answer}))
			rows, err := c.Query(t.Context(), tc.query)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, row := range rows {
				got = append(got, string(row.Raw))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if n := len(s.calls()); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

func TestRowsIteratesLazilyAndYieldsAFailureLast(t *testing.T) {
	t.Parallel()
	fail := errors.New("unset")
	c, s := scripted(t, scapi.REST, "6.4.0", func(a asked) said {
		if a.Call != "POST /analysis" {
			return said{}
		}
		start, end := window(a)
		if start >= 4 {
			return said{Status: 403, Code: 143, Message: "Unable to process Vuln Query"}
		}
		return rowsAnswer(start, end, `"9"`)
	})
	q := scapi.Query{Tool: "listvuln", PageSize: 2}
	var got []int
	for row, err := range c.Rows(t.Context(), q) {
		if err != nil {
			fail = err
			continue
		}
		got = append(got, int(row.Int("n").Value))
	}
	if !slices.Equal(got, []int{0, 1, 2, 3}) {
		t.Errorf("rows %v, want 0 to 3", got)
	}
	var refusal *scapi.Error
	if !errors.As(fail, &refusal) || refusal.Code != 143 {
		t.Errorf("failure %v, want code 143", fail)
	}
	before := len(s.calls())
	for _, err := range c.Rows(t.Context(), q) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if n := len(s.calls()) - before; n != 1 {
		t.Errorf("%d requests of a loop that was left at once, want 1", n)
	}
}

func TestQueryPagesReturnsTheCallbacksError(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, scapi.REST, "6.4.0", func(a asked) said {
		if a.Call != "POST /analysis" {
			return said{}
		}
		start, end := window(a)
		return rowsAnswer(start, end, `"9"`)
	})
	enough := errors.New("enough")
	err := c.QueryPages(t.Context(), scapi.Query{Tool: "listvuln", PageSize: 2}, func(scapi.Page) error { return enough })
	if !errors.Is(err, enough) || len(s.calls()) != 1 {
		t.Errorf("error %v after %d requests, want the callback's after 1", err, len(s.calls()))
	}
}

func TestQueryEndsWithItsContextBetweenPages(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c, s := scripted(t, scapi.REST, "6.4.0", func(a asked) said {
		if a.Call != "POST /analysis" {
			return said{}
		}
		start, end := window(a)
		return rowsAnswer(start, end, `"9"`)
	})
	err := c.QueryPages(ctx, scapi.Query{Tool: "listvuln", PageSize: 2}, func(scapi.Page) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) || len(s.calls()) != 1 {
		t.Errorf("error %v after %d requests, want cancellation after 1", err, len(s.calls()))
	}
}

func TestDayWindowsFollowTheConsolesClock(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, scapi.RPC, "4.8.1", table(map[string]said{
		"plugin::init": {Response: `{}`}, "vuln::query": rowsAnswer(0, 0, `"0"`),
	}))
	if _, err := c.PluginCounts(t.Context()); err != nil { // an answer tells the console's time
		t.Fatal(err)
	}
	since := epoch(envelopeTime).Add(-7 * 24 * time.Hour)
	if _, err := c.Query(t.Context(), scapi.Query{Tool: "sumip", Filters: []scapi.Filter{scapi.LastSeen(since, time.Time{})}}); err != nil {
		t.Fatal(err)
	}
	if body := s.calls()[1].Body; !strings.Contains(body, `"value":"0:7"`) {
		t.Errorf("input %s, want a window of 0:7", body)
	}
}
