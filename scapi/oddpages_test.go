package scapi_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// oddPages is a console of so many hosts whose pages are not what they should be.
type oddPages struct {
	rows      int
	total     func(start int) string // of the page that starts there; nil: the number of rows
	instead   map[int]string         // what stands for the answer of the page that starts there
	times     int                    // how often it does; 0: always
	stray     map[int]bool           // pages with a row too many, as their fourth
	inclusive bool                   // a page also holds the first row of the next one
	most      int                    // rows of a page; 0: as asked

	mu   sync.Mutex
	odd  int   // pages that were none
	asks []int // first rows
}

func (o *oddPages) answer(a asked) said {
	if a.Call != "POST /analysis" && a.Call != "vuln::query" {
		return said{}
	}
	start, end := window(a)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asks = append(o.asks, start)
	if text, ok := o.instead[start]; ok && (o.times == 0 || o.odd < o.times) {
		o.odd++
		return said{Response: text}
	}
	if o.most > 0 {
		end = min(end, start+o.most)
	}
	if o.inclusive {
		end++
	}
	var rows []string
	for i := start; i < min(end, o.rows); i++ {
		if len(rows) == 3 && o.stray[start] {
			rows = append(rows, `{"n":"-1","ip":"the rest of a text"}`)
		}
		rows = append(rows, fmt.Sprintf(`{"n":"%d","ip":"10.0.0.%d"}`, i, i))
	}
	total := fmt.Sprintf(`"%d"`, o.rows)
	if o.total != nil {
		total = o.total(start)
	}
	if total != "" {
		total = `"totalRecords":` + total + `,`
	}
	return said{Response: fmt.Sprintf(`{%s"returnedRecords":%d.05,"results":[%s]}`, total, len(rows), strings.Join(rows, ","))}
}

// readOddPages reads 10 rows at a time in every way there is: over both
// dialects, with and without pages fetched ahead, raw rows, pages of them, and
// typed ones. It calls check with the rows by number, without stray ones.
func readOddPages(t *testing.T, console func() *oddPages, check func(t *testing.T, o *oddPages, rows []int, err error)) {
	t.Helper()
	q := scapi.Query{Tool: "sumip", PageSize: 10}
	ways := map[string]func(*testing.T, *scapi.Client) ([]int, error){
		"rows": func(t *testing.T, c *scapi.Client) (rows []int, err error) {
			for row, err := range c.Rows(t.Context(), q) {
				if err != nil {
					return rows, err
				}
				rows = append(rows, int(row.Int("n").Value))
			}
			return rows, nil
		},
		"pages": func(t *testing.T, c *scapi.Client) (rows []int, err error) {
			err = c.QueryPages(t.Context(), q, func(p scapi.Page) error {
				if len(p.Rows) == 0 {
					t.Error("an empty page was handed on")
				}
				rows = append(rows, numbersOf(p)...)
				return nil
			})
			return rows, err
		},
		"hosts": func(t *testing.T, c *scapi.Client) (rows []int, err error) {
			for host, err := range c.Hosts(t.Context(), q) {
				if err != nil {
					return rows, err
				}
				n := -1
				if _, err := fmt.Sscanf(host.IP, "10.0.0.%d", &n); err != nil && host.IP != "" { // a stray row has no address
					t.Errorf("host %q", host.IP)
				}
				rows = append(rows, n)
			}
			return rows, nil
		},
	}
	for api, version := range bothDialects {
		for _, prefetch := range []int{-1, 1, 2, 5} {
			for way, read := range ways {
				t.Run(fmt.Sprintf("%s on %s, %d ahead", way, api, prefetch), func(t *testing.T) {
					o := console()
					c, _ := scripted(t, api, version, o.answer, func(o *scapi.Options) { o.Prefetch = prefetch })
					rows, err := read(t, c)
					check(t, o, slices.DeleteFunc(rows, func(n int) bool { return n == -1 }), err)
				})
			}
		}
	}
}

// nothings are the ways in which a page has nothing in it.
var nothings = map[string]string{
	"an empty text":                `""`,
	"an empty object":              `{}`,
	"an empty array":               `[]`,
	"null":                         `null`,
	"an empty list":                `{"results":[]}`,
	"an empty list and its number": `{"returnedRecords":0,"results":[]}`,
	"an empty list and the total":  `{"totalRecords":"25","returnedRecords":0,"results":[]}`,
	"an empty list and no total":   `{"totalRecords":"0","returnedRecords":0,"results":[]}`,
	"a list that is null":          `{"totalRecords":"25","results":null}`,
	"a total alone":                `{"totalRecords":"25"}`,
	"a list that is a text":        `{"results":""}`,
}

func TestAPageWithNothingInItIsAskedForAgain(t *testing.T) {
	t.Parallel()
	for name, nothing := range nothings {
		for _, at := range []int{10, 20} {
			t.Run(fmt.Sprintf("%s from row %d on", name, at), func(t *testing.T) {
				readOddPages(t, func() *oddPages { return &oddPages{rows: 25, instead: map[int]string{at: nothing}, times: 1} },
					func(t *testing.T, o *oddPages, rows []int, err error) {
						if err != nil {
							t.Error(err)
						}
						if diff := cmp.Diff(upTo(0, 25), rows); diff != "" {
							t.Errorf("rows (-want +got):\n%s", diff)
						}
						if slices.Sort(o.asks); !slices.Equal(o.asks, slices.Sorted(slices.Values([]int{0, 10, 20, at}))) {
							t.Errorf("asked for the pages %v", o.asks)
						}
					})
			})
		}
	}
}

func TestAPageThatStaysEmptyIsAnErrorThatSaysHowManyRowsAreMissing(t *testing.T) {
	t.Parallel()
	for name, nothing := range nothings {
		t.Run(name, func(t *testing.T) {
			readOddPages(t, func() *oddPages { return &oddPages{rows: 25, instead: map[int]string{10: nothing}} },
				func(t *testing.T, o *oddPages, rows []int, err error) {
					if !errors.Is(err, scapi.ErrMalformed) || !strings.Contains(err.Error(), "15 rows are missing") || !strings.Contains(err.Error(), "row 10 on") {
						t.Errorf("error %v", err)
					}
					if diff := cmp.Diff(upTo(0, 10), rows); diff != "" {
						t.Errorf("rows (-want +got):\n%s", diff)
					}
					if o.odd != 2 {
						t.Errorf("asked %d times for the page without rows", o.odd)
					}
				})
		})
	}
}

func TestNoRowIsLostOrComesTwiceWhereAPageHasTooMany(t *testing.T) {
	t.Parallel()
	number := func(s string) func(int) string { return func(int) string { return s } }
	for name, console := range map[string]*oddPages{
		"a stray row on the first page":           {rows: 25, stray: map[int]bool{0: true}},
		"a stray row on the second page":          {rows: 25, stray: map[int]bool{10: true}},
		"a stray row on the last page":            {rows: 25, stray: map[int]bool{20: true}},
		"a stray row on every page":               {rows: 25, stray: map[int]bool{0: true, 10: true, 20: true}},
		"stray rows without totals":               {rows: 25, stray: map[int]bool{0: true, 10: true}, total: number("")},
		"a stray row on a last page that is full": {rows: 20, stray: map[int]bool{10: true}},
		"a stray row before a last one":           {rows: 11, stray: map[int]bool{0: true}},
		"the first row of the next page":          {rows: 25, inclusive: true},
		"the first row of the next, at the end":   {rows: 21, inclusive: true},
		"the first row of the next, full pages":   {rows: 20, inclusive: true},
		"the first row of the next, no totals":    {rows: 25, inclusive: true, total: number("")},
		"the first row of the next, wrong totals": {rows: 25, inclusive: true, total: number(`"3"`)},
		"both":                                     {rows: 25, inclusive: true, stray: map[int]bool{10: true}},
		"pages that are as they should be":         {rows: 25},
		"short pages":                              {rows: 25, most: 7},
		"short pages that hold the next row":       {rows: 25, most: 7, inclusive: true},
		"totals that come and go":                  {rows: 45, total: func(start int) string { return map[bool]string{true: `"45"`}[start%20 == 0] }},
		"totals that go":                           {rows: 45, total: func(start int) string { return map[bool]string{true: `45`}[start == 0] }},
		"totals that come":                         {rows: 45, total: func(start int) string { return map[bool]string{true: `45`}[start > 20] }},
		"totals that go where pages are short":     {rows: 45, most: 7, total: func(start int) string { return map[bool]string{true: `45`}[start == 0] }},
		"totals that go and are wrong in between":  {rows: 45, most: 7, total: func(start int) string { return map[bool]string{true: `"45"`, false: `"7"`}[start == 0] }},
		"a last page that is full":                 {rows: 20},
		"a last page that is full, without totals": {rows: 20, total: number("")},
	} {
		t.Run(name, func(t *testing.T) {
			fresh := func() *oddPages {
				return &oddPages{rows: console.rows, stray: console.stray, inclusive: console.inclusive, most: console.most, total: console.total}
			}
			readOddPages(t, fresh, func(t *testing.T, o *oddPages, rows []int, err error) {
				if err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(upTo(0, o.rows), rows); diff != "" {
					t.Errorf("rows (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestALimitHoldsWherePagesHaveTooManyRows(t *testing.T) {
	t.Parallel()
	for _, limit := range []int64{1, 9, 10, 11, 15, 20, 25, 99} {
		for _, stray := range []map[int]bool{nil, {0: true}} {
			o := &oddPages{rows: 25, inclusive: true, stray: stray}
			c, _ := scripted(t, scapi.REST, "6.4.0", o.answer)
			rows, err := c.Query(t.Context(), scapi.Query{Tool: "sumip", PageSize: 10, Limit: limit})
			got := numbersOf(scapi.Page{Rows: rows})
			all := len(got)
			got = slices.DeleteFunc(got, func(n int) bool { return n == -1 })
			if err != nil || int64(all) > limit || !slices.Equal(got, upTo(0, len(got))) || int64(all) < min(limit, 25) {
				t.Errorf("limit %d: rows %v, %v", limit, got, err)
			}
		}
	}
}

func TestNoRowOfASimulatedConsoleIsLostOrComesTwice(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		t.Run(dialect.String(), func(t *testing.T) {
			q := scapi.Query{Tool: "listvuln", PageSize: 100, Limit: 950}
			read := func(o sctest.Options, faults ...sctest.Fault) (rows []string) {
				t.Helper()
				o.Dialect = dialect
				server, _, c := simulated(t, o)
				for _, f := range faults {
					server.Inject(f)
				}
				for row, err := range c.Rows(t.Context(), q) {
					if err != nil {
						t.Fatal(err)
					}
					if !strings.HasPrefix(row.String("pluginID"), "the rest") {
						rows = append(rows, string(row.Raw))
					}
				}
				return rows
			}
			want := read(sctest.Options{})
			if len(want) != 950 {
				t.Fatalf("%d rows", len(want))
			}
			if diff := cmp.Diff(want, read(sctest.Options{Quirks: sctest.Quirks{InclusivePages: true}})); diff != "" {
				t.Errorf("pages that hold the first row of the next (-want +got):\n%s", diff)
			}
			endpoint := map[sctest.Dialect]string{sctest.REST: "POST /analysis", sctest.RPC: "vuln::query"}[dialect]
			q.Limit = 951 // with the stray one
			if diff := cmp.Diff(want, read(sctest.Options{}, sctest.Fault{Endpoint: endpoint, Skip: 2, Times: 1, Effect: sctest.StrayRow()})); diff != "" {
				t.Errorf("a stray row (-want +got):\n%s", diff)
			}
		})
	}
}
