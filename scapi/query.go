package scapi

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Source selects the data that a query reads.
type Source string

// The sources. The names on the wire differ between dialects and versions.
const (
	Cumulative Source = "cumulative" // open findings
	Mitigated  Source = "mitigated"  // fixed findings: REST and 4.6+ "patched", before "mitigated"
	Individual Source = "individual" // one scan result; needs ScanID
	Events     Source = "lce"        // log events: REST type event, RPC events::query
)

// Direction of a sort.
type Direction string

// Sort directions.
const (
	Descending Direction = "desc"
	Ascending  Direction = "asc"
)

// Query asks an analysis tool for rows: REST POST /analysis, RPC vuln::query
// or events::query. An administrator's account may not ask.
type Query struct {
	Tool      string   // sumip, sumid, vulndetails, …
	Source    Source   // Cumulative when empty
	Filters   []Filter // all must hold
	Sort      string   // result column; empty: the tool's own order
	Direction Direction
	PageSize  int // rows per request; Options.PageSize when 0
	// ScanID is the scan result to read when Source is Individual.
	ScanID string
	// Directory is the day the scan finished; SecurityCenter 4 wants it with ScanID, REST ignores it.
	Directory time.Time
	// View of an individual result: all (default), new or patched.
	View string
	// Offset skips rows, Limit ends after that many (0: no limit).
	Offset, Limit int64
	// ReuseRaw saves the copy of every row: a Row, and Raw of a Vuln or Host, are only good until the function that
	// QueryPages calls returns, or until the loop over Rows, Vulns or Hosts goes on. Then their memory gets
	// other rows. Query does not look at it.
	ReuseRaw bool
}

// Page is a run of consecutive rows of an answer.
type Page struct {
	Rows []Row
	// Total is the number of rows of the whole answer as the console claims it; often right.
	Total Opt[int64]
	// Findings of the whole answer by severity; absent where the console does not tell them in a
	// way that can be trusted (see OneRow).
	Findings Opt[Counts]
}

// Query returns all rows of q in memory. A query that is wrong in itself (an
// unknown source, an individual result without a scan) and one that the
// console's version has no equivalent for (ErrUnsupported) fail before the
// request.
func (c *Client) Query(ctx context.Context, q Query) ([]Row, error) {
	var rows []Row
	q.ReuseRaw = false
	err := c.QueryPages(ctx, q, func(p Page) error {
		rows = append(rows, p.Rows...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// QueryPages calls f with every page of q in order, never with an empty one, and stops at the
// first error, which it returns. Memory is one page, and those fetched ahead, however many rows
// there are.
//
// From the second page on, Options.Prefetch pages are fetched while f is at work, as long as the
// console's total says that they exist and pages come as long as asked for. What f returns for the
// first page is waited for, so that a caller who wants no more than that costs no more.
//
// The last page is the one that reaches the console's total, or a short one
// where the total cannot be right. A page without rows short of a total that no
// page spoke against is asked for again, and is then ErrMalformed. Data may move
// between two pages: a row may then be missing or come twice.
func (c *Client) QueryPages(ctx context.Context, q Query, f func(Page) error) error {
	p, err := c.plan(ctx, q)
	if err != nil {
		return err
	}
	return pages(ctx, p, rowType[Row]{reader: p.rowReaders(), lent: q.ReuseRaw}, func(rows []Row, of claims) error {
		page := Page{Rows: rows, Total: of.total}
		if counts, _, ok := parseColonList(of.colon, colonNumbers[p.query.Tool]); ok {
			page.Findings = Some(counts)
		}
		return f(page)
	})
}

// Rows iterates over the rows of q, fetching pages as it goes, like QueryPages. A failure is
// yielded once, as the last pair.
func (c *Client) Rows(ctx context.Context, q Query) iter.Seq2[Row, error] {
	return each(func(f func([]Row, claims) error) error {
		p, err := c.plan(ctx, q)
		if err != nil {
			return err
		}
		return pages(ctx, p, rowType[Row]{reader: p.rowReaders(), lent: true}, f)
	})
}

// each iterates over the rows that walk hands on page by page.
func each[T any](walk func(func([]T, claims) error) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		left := errors.New("the loop was left")
		err := walk(func(rows []T, _ claims) error {
			for i := range rows {
				if !yield(rows[i], nil) {
					return left
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, left) {
			var none T
			yield(none, err)
		}
	}
}

// plan is a query that was checked and spelled for its console.
type plan struct {
	client   *Client
	query    Query
	target   target
	filters  []wireFilter
	pageSize int64
}

// plan checks q before anything is sent, and spells its filters.
func (c *Client) plan(ctx context.Context, q Query) (plan, error) {
	if err := q.check(); err != nil {
		return plan{}, fmt.Errorf("query: %w", err)
	}
	t, err := c.target(ctx)
	if err != nil {
		return plan{}, err
	}
	t.now = c.now()
	if q.Source == "" {
		q.Source = Cumulative
	}
	if q.Source == Individual && t.dialect == RPC && q.Directory.IsZero() {
		return plan{}, wrongArgument("query: SecurityCenter 4 wants the day an individual scan finished (Directory)")
	}
	filters, err := spell(q.Filters, t)
	if err != nil {
		return plan{}, fmt.Errorf("query: %w", err)
	}
	size := int64(q.PageSize)
	if size <= 0 {
		size = int64(c.options.PageSize)
	}
	return plan{client: c, query: q, target: t, filters: filters, pageSize: size}, nil
}

func (q Query) check() error {
	switch q.Source {
	case "", Cumulative, Mitigated, Individual, Events:
	default:
		return wrongArgument("unknown source %q", q.Source)
	}
	switch q.Direction {
	case "", Ascending, Descending:
	default:
		return wrongArgument("unknown direction %q", q.Direction)
	}
	switch {
	case q.Tool == "":
		return wrongArgument("no tool")
	case q.Source == Individual && q.ScanID == "":
		return wrongArgument("an individual scan without ScanID")
	case q.Source != Individual && (q.ScanID != "" || q.View != "" || !q.Directory.IsZero()):
		return wrongArgument("ScanID, Directory and View are for source %s", Individual)
	case q.Offset < 0 || q.Limit < 0:
		return wrongArgument("negative offset or limit")
	}
	return nil
}

// unpaged reports whether the tool answers everything at once, whatever rows
// are asked for.
func (p plan) unpaged() bool {
	switch p.query.Tool {
	case "sumseverity", "iplist", "trend":
		return p.query.Source != Events
	case "sumtime":
		return p.query.Source == Events
	}
	return false
}

// fetch asks for the rows from start to before end alone.
func (p plan) fetch(ctx context.Context, start, end int64) (results[Row], error) {
	s := pending[Row]{read: p.rowReaders()()}
	s.fetch(ctx, p, start, end)
	return s.res, s.err
}
