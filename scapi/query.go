package scapi

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
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
}

// Page is a run of consecutive rows of an answer.
type Page struct {
	Rows []Row
	// Total is the number of rows of the whole answer as the console claims it; often right.
	Total Opt[int64]
}

// Query returns all rows of q in memory. A query that is wrong in itself (an
// unknown source, an individual result without a scan) and one that the
// console's version has no equivalent for (ErrUnsupported) fail before the
// request.
func (c *Client) Query(ctx context.Context, q Query) ([]Row, error) {
	var rows []Row
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
// first error, which it returns. Memory is one page however many rows there are.
//
// The last page is the one that reaches the console's total, or a short one
// where the total cannot be right. Data may move between two pages: a row may
// then be missing or come twice.
func (c *Client) QueryPages(ctx context.Context, q Query, f func(Page) error) error {
	p, err := c.plan(ctx, q)
	if err != nil {
		return err
	}
	return p.pages(ctx, f)
}

// Rows iterates over the rows of q, fetching pages as it goes. A failure is yielded once, as the last pair.
func (c *Client) Rows(ctx context.Context, q Query) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		left := errors.New("the loop was left")
		err := c.QueryPages(ctx, q, func(p Page) error {
			for _, row := range p.Rows {
				if !yield(row, nil) {
					return left
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, left) {
			yield(Row{}, err)
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
		return plan{}, errors.New("query: SecurityCenter 4 wants the day an individual scan finished (Directory)")
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
		return fmt.Errorf("unknown source %q", q.Source)
	}
	switch q.Direction {
	case "", Ascending, Descending:
	default:
		return fmt.Errorf("unknown direction %q", q.Direction)
	}
	switch {
	case q.Tool == "":
		return errors.New("no tool")
	case q.Source == Individual && q.ScanID == "":
		return errors.New("an individual scan without ScanID")
	case q.Source != Individual && (q.ScanID != "" || q.View != "" || !q.Directory.IsZero()):
		return fmt.Errorf("ScanID, Directory and View are for source %s", Individual)
	case q.Offset < 0 || q.Limit < 0:
		return errors.New("negative offset or limit")
	}
	return nil
}

// pages fetches pages until the end and hands them on.
func (p plan) pages(ctx context.Context, f func(Page) error) error {
	var (
		seed     = maphash.MakeSeed()
		seen     int64       // rows so far
		claimed  = int64(-1) // total of the page before
		previous uint64      // hash of the page before
	)
	limit := p.query.Limit
	for {
		want := p.pageSize
		if limit > 0 {
			want = min(want, limit-seen)
		}
		start := p.query.Offset + seen
		res, err := p.fetch(ctx, start, start+want)
		if err != nil {
			return err
		}
		rows := res.rows
		if p.unpaged() {
			rows = rows[min(start, int64(len(rows))):]
		}
		n := int64(len(rows))
		if n == 0 {
			return nil
		}
		end := start + n
		total, known := res.total.Get()
		believable := known && total >= end
		hash := hashRows(seed, rows)
		if hash == previous && (n > 1 || !believable) {
			if n > want {
				return nil // a tool that gives everything whatever is asked
			}
			return p.malformed(fmt.Sprintf("rows %d to %d are those before", start, end))
		}
		if limit > 0 && n > limit-seen {
			rows = rows[:limit-seen]
		}
		if err := f(p.page(rows, res.total)); err != nil {
			return err
		}
		seen += n
		if p.unpaged() || limit > 0 && seen >= limit {
			return nil
		}
		// A total that is just what has come could be the page's own number of
		// rows. It is believed where the page before said the same, or where
		// the page was not as long as it might have been.
		if believable && total == end && (n != want || total == claimed) {
			return nil
		}
		if !believable && n < want {
			return nil
		}
		claimed, previous = -1, hash
		if known {
			claimed = total
		}
	}
}

func (p plan) page(rows [][]byte, total Opt[int64]) Page {
	page := Page{Total: total, Rows: make([]Row, 0, len(rows))}
	for _, raw := range rows {
		page.Rows = append(page.Rows, newRow(raw, p.target.oldScale()))
	}
	return page
}

func hashRows(seed maphash.Seed, rows [][]byte) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, raw := range rows {
		_, _ = h.Write(raw) // never fails
		_ = h.WriteByte(0)
	}
	return h.Sum64()
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

// fetch asks for the rows from start to before end.
func (p plan) fetch(ctx context.Context, start, end int64) (results, error) {
	var res results
	_, err := p.client.do(ctx, p.call(start, end), &res)
	return res, err
}
