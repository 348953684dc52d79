package scapi

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// rowType says how the rows of a query are read.
type rowType[T any] struct {
	// reader returns a reader of rows, for one page at a time.
	reader func() rowReader[T]
	// lent pages are over when the function that got them returns.
	lent bool
}

// claims are what the console says of the whole answer on every page.
type claims struct {
	total Opt[int64] // of rows
	colon string     // totals separated by colons
}

// pages fetches pages until the end and hands them on, in order.
func pages[T any](ctx context.Context, p plan, t rowType[T], f func([]T, claims) error) error {
	r := reading{from: p.query.Offset, at: p.query.Offset, whole: p.unpaged()}
	if p.query.Limit > 0 {
		r.limit = p.query.Offset + p.query.Limit
	}
	aheadCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &lookahead[T]{plan: p, rows: t, depth: p.client.options.Prefetch, ctx: aheadCtx, cancel: cancel}
	defer w.close()
	var previous *pending[T] // the page before
	for {
		start, end := r.at, p.pageEnd(r.at)
		s, err := w.next(ctx, start, end)
		if err != nil {
			return err
		}
		came := s.arrival(r, end-start, previous)
		next := r.next(came)
		if next.outcome == askAgain {
			r = next.reading
			if s.fetch(ctx, p, start, end); s.err != nil {
				return s.err
			}
			came = s.arrival(r, end-start, previous)
			next = r.next(came)
		}
		switch next.outcome {
		case noMore:
			return nil
		case rowsMissing:
			return p.malformed(fmt.Sprintf("%d rows are missing: the console told of %d and gives none from row %d on",
				r.lacking(), r.least.Value, start))
		case inCircles:
			return p.malformed(fmt.Sprintf("rows %d to %d are those before", start, end))
		}
		rows := s.res.rows[came.known:][:next.rows]
		w.free(previous)
		if next.ahead == 0 {
			w.stop()
		}
		// Who reads the first page may not want another.
		if previous != nil {
			w.fetchAhead(s, next.at, next.ahead)
		}
		if len(rows) > 0 {
			if err := f(rows, claims{s.res.total, s.res.colon}); err != nil {
				return err
			}
		}
		if next.outcome == lastPage {
			return nil
		}
		w.fetchAhead(s, next.at, next.ahead)
		previous, r = s, next.reading
	}
}

// pageEnd is the row before which a page that starts at a row ends, as asked.
func (p plan) pageEnd(start int64) int64 {
	end := start + p.pageSize
	if p.query.Limit > 0 {
		end = min(end, p.query.Offset+p.query.Limit)
	}
	return end
}

// lookahead fetches pages ahead of their reader, several at a time. Its methods
// are for one goroutine.
type lookahead[T any] struct {
	plan    plan
	rows    rowType[T]
	depth   int           // how many pages may be on their way or waiting; negative: none
	queue   []*pending[T] // in order, without gaps
	spare   []*pending[T]
	ctx     context.Context // of the goroutines, which the lookahead owns
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// pending is a page on its way, and then the page.
type pending[T any] struct {
	read rowReader[T]
	body bytes.Buffer // of the answer, which rows do not point into
	end  int64        // the row before which it ends, as asked
	done chan struct{}
	res  results[T]
	err  error
}

// next returns the page of the rows from start to before end: the first of
// those fetched ahead, which is this one, or one that is fetched now.
func (w *lookahead[T]) next(ctx context.Context, start, end int64) (*pending[T], error) {
	if len(w.queue) == 0 {
		s := w.blank(nil)
		s.fetch(ctx, w.plan, start, end)
		return s, s.err
	}
	s := w.queue[0]
	w.queue = w.queue[1:]
	<-s.done // soon after ctx ends, at the latest
	return s, s.err
}

// fetchAhead starts fetching the pages after one that ends before row start, up
// to row promised, as far as the lookahead reaches.
func (w *lookahead[T]) fetchAhead(before *pending[T], start, promised int64) {
	if n := len(w.queue); n > 0 {
		start = w.queue[n-1].end
	}
	for len(w.queue) < w.depth && start < promised {
		s := w.blank(before)
		s.end = w.plan.pageEnd(start)
		s.done = make(chan struct{})
		from := start
		w.running.Go(func() {
			defer close(s.done)
			s.fetch(w.ctx, w.plan, from, s.end)
		})
		w.queue = append(w.queue, s)
		start = s.end
	}
}

// blank returns an empty one, with room for a page like the one before, if
// there was one.
func (w *lookahead[T]) blank(before *pending[T]) *pending[T] {
	var s *pending[T]
	if n := len(w.spare); n > 0 {
		s, w.spare = w.spare[n-1], w.spare[:n-1]
	} else {
		s = &pending[T]{read: w.rows.reader()}
	}
	if before != nil {
		s.body.Reset()
		s.body.Grow(before.body.Len() + before.body.Len()/8)
		s.res.rows = slices.Grow(s.res.rows[:0], len(before.res.rows))
	}
	return s
}

// free takes back a page that was handed on and is not needed any more.
func (w *lookahead[T]) free(s *pending[T]) {
	if s == nil {
		return
	}
	if !w.rows.lent {
		s.res.rows = nil
	}
	w.spare = append(w.spare, s)
}

// stop gives up fetching ahead: the pages are not what they were thought to be.
func (w *lookahead[T]) stop() {
	w.depth = 0
	w.queue = nil
	w.close()
}

// close ends what is on its way, and waits for it.
func (w *lookahead[T]) close() {
	w.cancel()
	w.running.Wait()
}

// arrival is what paging wants to know of a page that came, and of the one
// before.
func (s *pending[T]) arrival(r reading, asked int64, before *pending[T]) arrival {
	a := arrival{asked: asked, rows: int64(len(s.res.rows)), total: s.res.total, listed: s.res.listed}
	if r.whole {
		a.known = min(r.from, a.rows)
	}
	if before != nil {
		a.repeats = bytes.Equal(s.res.text, before.res.text)
		a.known = overlap(before.res.text, s.res.text, int(r.surplus))
	}
	return a
}

// overlap is how many rows at the head of a page are the last of the page
// before, at most so many.
func overlap(before, text []byte, most int) int64 {
	if most == 0 {
		return 0
	}
	a, b := rowTexts(before), rowTexts(text)
	for n := min(most, len(a), len(b)); n > 0; n-- {
		if slices.EqualFunc(a[len(a)-n:], b[:n], bytes.Equal) {
			return int64(n)
		}
	}
	return 0
}

// fetch asks for the rows from start to before end.
func (s *pending[T]) fetch(ctx context.Context, p plan, start, end int64) {
	k := p.call(start, end)
	k.body = &s.body
	s.res.most = mostRows[T](p.client.options.MaxBody)
	k.scan = func(in *wire.Reader) { s.res.scan(in, s.read) }
	_, err := p.client.do(ctx, k, nil)
	if s.err = p.attributed(err); s.err == nil && s.res.err != nil {
		s.err = &Error{Call: k.name(p.target.dialect), Status: http.StatusOK, Err: join(ErrMalformed, s.res.err)}
	}
}
