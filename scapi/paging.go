package scapi

// outcome is what follows from a page that came.
type outcome int

const (
	readOn    outcome = iota // there may be more behind it
	lastPage                 // it is the last one
	noMore                   // it holds nothing new, and the end was before it
	inCircles                // it holds nothing new, although there should be more
)

// reading is how far the rows of a query have been read, and what the console
// said of their number. It is a value: what comes next follows from it and from
// the page that came, and from nothing else.
type reading struct {
	at    int64      // the first row that has not been read
	limit int64      // the row before which reading ends; 0: none
	whole bool       // the tool gives everything at once, whatever rows are asked for
	total Opt[int64] // as the page before said
}

// arrival is a page that came.
type arrival struct {
	asked   int64 // rows that were asked for
	rows    int64
	total   Opt[int64] // rows of the whole answer, as the page says
	repeats bool       // it is the page before once more
}

// next returns what follows from the page of the rows from r.at on, the reading
// after it, and the row before which further pages may be fetched ahead: the
// console's total, as long as it can be right and pages come as asked for, else
// 0, and what has been fetched ahead is worth nothing.
func (r reading) next(a arrival) (what outcome, after reading, ahead int64) {
	end := r.at + a.rows
	total, known := a.total.Get()
	believable := known && total >= end
	full := a.rows == a.asked
	after = r
	after.at, after.total = end, a.total
	if believable && full && !r.whole {
		if ahead = total; r.limit > 0 {
			ahead = min(ahead, r.limit)
		}
	}
	switch {
	case a.rows == 0:
		what = noMore
	case a.repeats && (a.rows > 1 || !believable):
		what = inCircles
		if a.rows > a.asked {
			what = noMore // a tool that gives everything whatever is asked
		}
	case r.whole, r.limit > 0 && end >= r.limit:
		what = lastPage
	// A total that is just what has come could be the page's own number of
	// rows. It is believed where the page before said the same, or where the
	// page was not as long as it might have been.
	case believable && total == end && (!full || a.total == r.total):
		what = lastPage
	case !believable && a.rows < a.asked:
		what = lastPage
	}
	return what, after, ahead
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
