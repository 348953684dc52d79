package scapi

// outcome is what follows from a page that came.
type outcome int

const (
	readOn      outcome = iota // there may be more behind it
	lastPage                   // it is the last one
	noMore                     // it holds nothing new, and the end was before it
	askAgain                   // it holds nothing, although there should be something
	rowsMissing                // the same, for the second time
	inCircles                  // it holds what the page before held, although there should be more
)

// reading is how far the rows of a query have been read, and what the console
// said of their number. It is a value: what comes next follows from it and from
// the page that came, and from nothing else.
//
// A total can be right as long as no row has come behind it. Totals may be
// missing on some pages or on all, and those of one answer need not be equal.
type reading struct {
	from  int64 // the first row wanted
	limit int64 // the row before which reading ends; 0: none
	whole bool  // the tool gives everything at once, whatever rows are asked for

	at      int64      // the first row that has not been asked for, or not come
	given   int64      // rows handed on
	surplus int64      // rows that the page before had more than it was asked for
	total   Opt[int64] // the latest that could be right when it was told
	least   Opt[int64] // the least of them
	again   bool       // the page from at on came empty, and is asked for again
}

// arrival is a page that came.
type arrival struct {
	asked   int64 // rows that were asked for
	rows    int64
	known   int64      // of them, at the head: the surplus of the page before
	total   Opt[int64] // rows of the whole answer, as the page says
	listed  bool       // there is a list of rows, be it empty
	repeats bool       // it is the page before once more
}

// step is what follows from a page, and the reading after it.
type step struct {
	outcome
	reading
	rows  int64 // to hand on, behind the known ones
	ahead int64 // the row before which further pages may be fetched ahead; 0: pages are not as thought
}

// next returns what follows from the page of the rows from r.at on.
func (r reading) next(a arrival) step {
	if a.rows == 0 {
		return r.nothing(a)
	}
	// A row too many may be a stray one, or the first row of the next page: in
	// either case the next page starts where this one was asked to end.
	end := r.at + min(a.rows, a.asked)
	short := a.rows < a.asked
	total := r.believable(a.total, end)
	if what, odd := r.repeated(a, total); odd {
		return step{outcome: what, reading: r}
	}
	s := step{outcome: readOn, reading: r, rows: a.rows - a.known}
	if r.limit > 0 {
		s.rows = min(s.rows, r.limit-r.from-r.given)
	}
	s.at, s.given, s.surplus, s.again = end, r.given+s.rows, max(a.rows-a.asked, 0), false
	if total.Valid {
		s.total = total
		if !r.least.Valid || total.Value < r.least.Value {
			s.least = total
		}
		if !short && !r.whole {
			s.ahead = s.within(total.Value)
		}
	}
	switch {
	case r.whole, r.limit > 0 && (end >= r.limit || s.given >= r.limit-r.from):
		s.outcome = lastPage
	// A total that is just what has come could be the page's own number of
	// rows. It is believed where a page before said the same, or where the
	// page was not as long as it might have been.
	case total.Valid && total.Value == end && (short || a.total == r.total):
		s.outcome = lastPage
	case !total.Valid && short:
		s.outcome = lastPage
	}
	return s
}

// nothing returns what follows from a page without rows.
func (r reading) nothing(a arrival) step {
	s := step{outcome: noMore, reading: r}
	lacks := r.lacking() > 0
	// The page behind the end has an empty list and a total that is not behind
	// it: rows were deleted meanwhile.
	genuine := a.listed && a.total.Valid && a.total.Value > 0 && a.total.Value <= r.at
	switch {
	case !lacks, genuine:
	case !r.again:
		s.outcome, s.again = askAgain, true
	default:
		s.outcome = rowsMissing
	}
	return s
}

// lacking is how many rows have not come of those which all totals agree on.
func (r reading) lacking() int64 {
	if !r.least.Valid {
		return 0
	}
	return r.within(r.least.Value) - r.at
}

// believable is the latest total that can be right when rows before end exist:
// the page's own, or one that was told before.
func (r reading) believable(own Opt[int64], end int64) Opt[int64] {
	for _, total := range []Opt[int64]{own, r.total} {
		if total.Valid && total.Value >= end {
			return total
		}
	}
	return Opt[int64]{}
}

// repeated returns what follows from a page that is the one before once more,
// and whether that is odd: one row may be just like the one before.
func (r reading) repeated(a arrival, total Opt[int64]) (what outcome, odd bool) {
	switch {
	case !a.repeats, a.rows == 1 && total.Valid:
		return readOn, false
	case a.rows > a.asked && (!total.Valid || total.Value <= r.from+a.rows):
		return noMore, true // the console gives everything whatever is asked
	}
	return inCircles, true
}

// within is row, or the limit where that is before it.
func (r reading) within(row int64) int64 {
	if r.limit > 0 {
		return min(row, r.limit)
	}
	return row
}

// listing is how far a list has been read that has no total and may have short
// pages in its middle. It is a value, like a reading.
type listing struct {
	at    int64 // the first place that has not been asked for
	stuck bool  // the page before held nothing new
}

// next returns what follows from a page that held so many entries, some of them
// new, and the listing after it.
//
// The offset moves on by what the page held, not by what was asked for: then
// neither a page that lacks a few entries nor a console that gives fewer than
// asked for loses any. In the first case the next page begins with the end of
// the one before.
func (l listing) next(asked, entries, fresh int64) (outcome, listing) {
	switch {
	case entries == 0:
		return noMore, l
	case fresh > 0:
		return readOn, listing{at: l.at + entries}
	case !l.stuck:
		return readOn, listing{at: l.at + asked, stuck: true} // these are known up to the end of the page
	case entries == asked:
		return inCircles, l
	}
	return noMore, l // the console gives everything whatever is asked
}
