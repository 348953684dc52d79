package scapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// slowly lets every request take a while, of the time inside a bubble, and
// counts those that are under way.
type slowly struct {
	http.RoundTripper
	take func(start int) time.Duration // for the page that starts there

	now, most int // requests of analysis; the bubble runs one goroutine at a time in between
	asked     []int
	canceled  int
}

func (s *slowly) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(req.URL.Path, "/analysis") {
		return s.RoundTripper.RoundTrip(req)
	}
	copied, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(copied)
	if err != nil {
		return nil, err
	}
	start, _ := window(asked{Body: string(body)})
	resp, err := s.RoundTripper.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	sc := s.RoundTripper.(*script)
	sc.mu.Lock()
	s.now++
	s.most = max(s.most, s.now)
	s.asked = append(s.asked, start)
	sc.mu.Unlock()
	defer func() {
		sc.mu.Lock()
		s.now--
		sc.mu.Unlock()
	}()
	select {
	case <-time.After(s.take(start)):
		return resp, nil
	case <-req.Context().Done():
		sc.mu.Lock()
		s.canceled++
		sc.mu.Unlock()
		return nil, req.Context().Err()
	}
}

// slowConsole is one of so many rows, each of whose pages takes a second unless said otherwise.
func slowConsole(t *testing.T, rows, prefetch int, take func(start int) time.Duration) (*scapi.Client, *slowly) {
	t.Helper()
	if take == nil {
		take = func(int) time.Duration { return time.Second }
	}
	slow := &slowly{take: take}
	c, s := scripted(t, scapi.REST, "6.4.0", func(a asked) said {
		if a.Call != "POST /analysis" {
			return said{}
		}
		start, end := window(a)
		return rowsAnswer(min(start, rows), min(end, rows), fmt.Sprintf(`"%d"`, rows))
	}, func(o *scapi.Options) { o.Prefetch, o.Transport = prefetch, slow })
	slow.RoundTripper = s
	return c, slow
}

var tenAPage = scapi.Query{Tool: "listvuln", PageSize: 10}

func numbersOf(p scapi.Page) []int {
	var list []int
	for _, row := range p.Rows {
		list = append(list, int(row.Int("n").Value))
	}
	return list
}

func TestPagesAreFetchedAheadAndDeliveredInOrder(t *testing.T) {
	t.Parallel()
	for prefetch, want := range map[int]struct {
		most int
		took time.Duration
	}{
		-1: {1, 10 * time.Second},
		0:  {2, 6 * time.Second}, // the default of 2: one page, then nine, two at a time
		1:  {1, 10 * time.Second},
		3:  {3, 4 * time.Second},
		50: {9, 2 * time.Second},
	} {
		t.Run(fmt.Sprint(prefetch), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, slow := slowConsole(t, 95, prefetch, nil)
				if err := c.Login(t.Context()); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				var got []int
				if err := c.QueryPages(t.Context(), tenAPage, func(p scapi.Page) error {
					got = append(got, numbersOf(p)...)
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got, upTo(0, 95)) {
					t.Errorf("rows %v, want 0 to 94", got)
				}
				if took := time.Since(began); took != want.took || slow.most != want.most || len(slow.asked) != 10 {
					t.Errorf("%d requests, %d at a time, took %v; want 10, %d and %v", len(slow.asked), slow.most, took, want.most, want.took)
				}
			})
		})
	}
}

func TestPagesThatArriveInAnotherOrderAreDeliveredInTheirs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := slowConsole(t, 60, 4, func(start int) time.Duration { return time.Duration(100-start) * time.Second / 10 })
		rows, err := c.Query(t.Context(), tenAPage)
		if err != nil {
			t.Fatal(err)
		}
		if got := numbersOf(scapi.Page{Rows: rows}); !slices.Equal(got, upTo(0, 60)) {
			t.Errorf("rows %v, want 0 to 59", got)
		}
	})
}

func TestNothingIsFetchedAheadOfASlowReaderBeyondTheBound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, slow := slowConsole(t, 1000, 3, nil)
		pages := 0
		enough := errors.New("enough")
		err := c.QueryPages(t.Context(), tenAPage, func(scapi.Page) error {
			time.Sleep(time.Hour)
			synctest.Wait()
			pages++
			ahead := 3
			if pages == 1 {
				ahead = 0 // nobody knows yet that the reader wants more
			}
			if len(slow.asked) != pages+ahead {
				t.Errorf("%d pages asked for while page %d is read, want %d ahead", len(slow.asked), pages, ahead)
			}
			if pages == 5 {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) {
			t.Error(err)
		}
	})
}

func TestLeavingALoopEndsWhatIsFetchedAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, slow := slowConsole(t, 1000, 3, func(start int) time.Duration { return time.Duration(start) * time.Second })
		began := time.Now()
		for row, err := range c.Rows(t.Context(), tenAPage) {
			if err != nil {
				t.Fatal(err)
			}
			if row.Int("n").Value == 15 {
				synctest.Wait() // until all three are under way
				break
			}
		}
		// The bubble would end with a deadlock if a goroutine were left.
		if took := time.Since(began); took != 10*time.Second || slow.canceled != 3 || slow.now != 0 {
			t.Errorf("took %v, %d requests given up, %d left; want 10s, 3 and 0", took, slow.canceled, slow.now)
		}
	})
}

func TestWhatIsFetchedAheadEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, slow := slowConsole(t, 1000, 3, func(start int) time.Duration { return time.Duration(start) * time.Second })
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		rows := 0
		var failure error
		for _, err := range c.Rows(ctx, tenAPage) {
			if err != nil {
				failure = err
				continue
			}
			rows++
		}
		if !errors.Is(failure, context.DeadlineExceeded) || rows != 20 || slow.now != 0 {
			t.Errorf("%d rows, then %v, with %d requests left; want 20 rows and the deadline", rows, failure, slow.now)
		}
	})
}

func TestAFailureAheadIsToldInItsPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := &slowly{take: func(start int) time.Duration { return time.Duration(100-start) * time.Second }}
		c, s := scripted(t, scapi.REST, "6.4.0", func(a asked) said {
			if a.Call != "POST /analysis" {
				return said{}
			}
			start, end := window(a)
			if start == 30 { // fails long before the pages before it arrive
				return said{Status: 403, Code: 143, Message: "Unable to process Vuln Query"}
			}
			return rowsAnswer(start, end, `"100"`)
		}, func(o *scapi.Options) { o.Prefetch, o.Transport = 4, slow })
		slow.RoundTripper = s
		var got []int
		err := c.QueryPages(t.Context(), tenAPage, func(p scapi.Page) error {
			got = append(got, numbersOf(p)...)
			return nil
		})
		var refusal *scapi.Error
		if !errors.As(err, &refusal) || refusal.Code != 143 || !slices.Equal(got, upTo(0, 30)) {
			t.Errorf("rows %v, then %v; want 0 to 29, then code 143", got, err)
		}
	})
}

func TestOnlyWhatTheTotalPromisesIsFetchedAhead(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		total string
		query scapi.Query
		want  []int // pages asked for, by their first row
	}{
		"a total":                   {`"25"`, scapi.Query{}, []int{0, 10, 20}},
		"an exact multiple":         {`"20"`, scapi.Query{}, []int{0, 10}},
		"a limit":                   {`"1000"`, scapi.Query{Limit: 15}, []int{0, 10}},
		"a limit after an offset":   {`"1000"`, scapi.Query{Offset: 5, Limit: 25}, []int{5, 15, 25}},
		"a limit of one page":       {`"1000"`, scapi.Query{Limit: 10}, []int{0}},
		"no total":                  {``, scapi.Query{}, []int{0, 10, 20}},
		"a total that is not":       {`"-1"`, scapi.Query{}, []int{0, 10, 20}},
		"a total that is too small": {`"7"`, scapi.Query{}, []int{0, 10, 20}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rows := 25
				if strings.Contains(tc.total, "20") {
					rows = 20
				}
				if tc.query.Limit > 0 {
					rows = 1000
				}
				slow := &slowly{take: func(int) time.Duration { return time.Second }}
				c, s := scripted(t, scapi.REST, "6.4.0", func(a asked) said {
					if a.Call != "POST /analysis" {
						return said{}
					}
					start, end := window(a)
					return rowsAnswer(min(start, rows), min(end, rows), tc.total)
				}, func(o *scapi.Options) { o.Prefetch, o.Transport = 8, slow })
				slow.RoundTripper = s
				q := tc.query
				q.Tool, q.PageSize = "listvuln", 10
				if _, err := c.Query(t.Context(), q); err != nil {
					t.Fatal(err)
				}
				slices.Sort(slow.asked)
				if !slices.Equal(slow.asked, tc.want) {
					t.Errorf("pages %v, want %v", slow.asked, tc.want)
				}
			})
		})
	}
}

func TestAConsoleThatGivesShorterPagesIsNotAskedAheadAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := &slowly{take: func(int) time.Duration { return time.Second }}
		c, s := scripted(t, scapi.REST, "6.4.0", func(a asked) said {
			if a.Call != "POST /analysis" {
				return said{}
			}
			start, end := window(a)
			if start > 0 {
				end = start + 7 // whatever is asked for
			}
			return rowsAnswer(min(start, 50), min(end, 50), `"50"`)
		}, func(o *scapi.Options) { o.Prefetch, o.Transport = 2, slow })
		slow.RoundTripper = s
		rows, err := c.Query(t.Context(), tenAPage)
		if err != nil {
			t.Fatal(err)
		}
		if got := numbersOf(scapi.Page{Rows: rows}); !slices.Equal(got, upTo(0, 50)) {
			t.Errorf("rows %v, want 0 to 49", got)
		}
		// Page 2 and 3 were on their way when the second turned out to be short.
		if want := 1 + 2 + 5; len(slow.asked) != want || slow.most != 2 {
			t.Errorf("pages %v, %d at a time; want %d, 2 at a time", slow.asked, slow.most, want)
		}
	})
}

func TestRowsWhoseMemoryIsReusedAreRightUntilTheNext(t *testing.T) {
	t.Parallel()
	c, _ := slowConsole(t, 500, 3, func(int) time.Duration { return 0 })
	reused := tenAPage
	reused.ReuseRaw = true
	rows := 0
	check := func(row scapi.Row) {
		if want := fmt.Sprintf(`{"n":"%d"}`, rows); string(row.Raw) != want || row.Int("n") != scapi.Some(int64(rows)) {
			t.Fatalf("row %d is %s, n %v", rows, row.Raw, row.Int("n"))
		}
		rows++
	}
	for row, err := range c.Rows(t.Context(), reused) {
		if err != nil {
			t.Fatal(err)
		}
		check(row)
	}
	rows = 0
	if err := c.QueryPages(t.Context(), reused, func(p scapi.Page) error {
		for _, row := range p.Rows {
			check(row)
		}
		return nil
	}); err != nil || rows != 500 {
		t.Fatalf("%d rows, %v", rows, err)
	}
	all, err := c.Query(t.Context(), reused) // which keeps them
	if err != nil || len(all) != 500 {
		t.Fatalf("%d rows, %v", len(all), err)
	}
	rows = 0
	for _, row := range all {
		check(row)
	}
}

func TestRowsKeptFromAQueryDoNotChange(t *testing.T) {
	t.Parallel()
	c, _ := slowConsole(t, 500, 3, func(int) time.Duration { return 0 })
	var kept []scapi.Row
	for row, err := range c.Rows(t.Context(), tenAPage) {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, row)
	}
	for i, row := range kept {
		if want := fmt.Sprintf(`{"n":"%d"}`, i); string(row.Raw) != want || row.Int("n") != scapi.Some(int64(i)) {
			t.Fatalf("row %d has become %s, n %v", i, row.Raw, row.Int("n"))
		}
	}
}
