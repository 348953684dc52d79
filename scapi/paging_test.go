package scapi

import "testing"

func TestWhatFollowsFromAPage(t *testing.T) {
	t.Parallel()
	none, of := Opt[int64]{}, Some[int64]
	// page is an answer with a list of rows; blank is one without.
	page := func(asked, rows int64, total Opt[int64]) arrival {
		return arrival{asked: asked, rows: rows, total: total, listed: true}
	}
	blank := arrival{asked: 4}
	same := func(a arrival) arrival { a.repeats = true; return a }
	known := func(n int64, a arrival) arrival { a.known = n; return a }
	// read is a reading that has come to row at, with totals from the least to the latest.
	read := func(at int64, totals ...int64) reading {
		r := reading{at: at, given: at}
		if len(totals) > 0 {
			r.least, r.total = of(totals[0]), of(totals[len(totals)-1])
		}
		return r
	}
	to := func(limit int64, r reading) reading { r.limit = limit; return r }
	from := func(row int64, r reading) reading { r.from, r.given = row, r.at-row; return r }
	again := func(r reading) reading { r.again = true; return r }
	whole := reading{whole: true}
	for name, tc := range map[string]struct {
		reading reading
		arrival arrival
		what    outcome
		rows    int64 // to hand on
		at      int64 // of the next page
		ahead   int64
	}{
		// The first page.
		"nothing at all":                             {read(0), blank, noMore, 0, 0, 0},
		"nothing, and no total":                      {read(0), page(4, 0, none), noMore, 0, 0, 0},
		"nothing, and a total of nothing":            {read(0), page(4, 0, of(0)), noMore, 0, 0, 0},
		"nothing, and a total that is not":           {read(0), page(4, 0, of(7)), noMore, 0, 0, 0},
		"nothing behind an offset":                   {from(5, read(5)), page(4, 0, of(3)), noMore, 0, 5, 0},
		"a short page that reaches the total":        {read(0), page(4, 3, of(3)), lastPage, 3, 3, 0},
		"a short page without a total":               {read(0), page(4, 3, none), lastPage, 3, 3, 0},
		"a short page with a total that is too low":  {read(0), page(4, 3, of(2)), lastPage, 3, 3, 0},
		"a short page with a total of nothing":       {read(0), page(4, 3, of(0)), lastPage, 3, 3, 0},
		"a short page short of the total":            {read(0), page(4, 3, of(9)), readOn, 3, 3, 0},
		"a full page without a total":                {read(0), page(4, 4, none), readOn, 4, 4, 0},
		"a full page short of the total":             {read(0), page(4, 4, of(9)), readOn, 4, 4, 9},
		"a full page with a total that is too low":   {read(0), page(4, 4, of(2)), readOn, 4, 4, 0},
		"a full page whose total may be its own":     {read(0), page(4, 4, of(4)), readOn, 4, 4, 4},
		"a full page behind an offset":               {from(5, read(5)), page(4, 4, of(99)), readOn, 4, 9, 99},
		"a tool without paging":                      {whole, page(4, 5, of(9)), lastPage, 5, 4, 0},
		"a tool without paging and with a full page": {whole, page(4, 4, of(9)), lastPage, 4, 4, 0},
		"a tool without paging that has nothing":     {whole, page(4, 0, none), noMore, 0, 0, 0},
		"a tool without paging, from an offset":      {reading{from: 3, at: 3, limit: 4, whole: true}, known(3, page(1, 5, of(5))), lastPage, 1, 4, 0},

		// Pages behind others.
		"a full page that reaches an agreed total":   {read(4, 8), page(4, 4, of(8)), lastPage, 4, 8, 8},
		"a full page that reaches a new total":       {read(4, 9), page(4, 4, of(8)), readOn, 4, 8, 8},
		"a full page that reaches the first total":   {read(4), page(4, 4, of(8)), readOn, 4, 8, 8},
		"a short page that reaches a new total":      {read(4, 9), page(4, 2, of(6)), lastPage, 2, 6, 0},
		"a short page of a console with short pages": {read(3, 9), page(4, 3, of(9)), readOn, 3, 6, 0},
		"a full page behind totals that were wrong":  {read(4, 2), page(4, 4, of(4)), readOn, 4, 8, 0},
		"a short page behind totals that were wrong": {read(8, 4), page(4, 3, of(3)), lastPage, 3, 11, 0},
		"nothing behind totals that were wrong":      {read(8, 4), page(4, 0, of(0)), noMore, 0, 8, 0},
		"nothing behind full pages without a total":  {read(8), page(4, 0, none), noMore, 0, 8, 0},
		"nothing where the total was":                {read(8, 8), page(4, 0, of(8)), noMore, 0, 8, 0},
		"nothing where one of the totals was":        {read(8, 8, 99), page(4, 0, of(99)), noMore, 0, 8, 0},

		// Totals that come and go.
		"a full page without the total of before":          {read(4, 99), page(4, 4, none), readOn, 4, 8, 99},
		"a full page that reaches the total of before":     {read(4, 8), page(4, 4, none), readOn, 4, 8, 8},
		"a short page that reaches the total of before":    {read(4, 6), page(4, 2, none), lastPage, 2, 6, 0},
		"a short page short of the total of before":        {read(4, 9), page(4, 2, none), readOn, 2, 6, 0},
		"a short page with a total lower than its rows":    {read(4, 9), page(4, 2, of(2)), readOn, 2, 6, 0},
		"a full page with a total lower than its rows":     {read(4, 99), page(4, 4, of(4)), readOn, 4, 8, 99},
		"a page that refutes the total of before":          {read(4, 6), page(4, 4, none), readOn, 4, 8, 0},
		"a short page that refutes the total of before":    {read(4, 6), page(4, 3, none), lastPage, 3, 7, 0},
		"a full page with a total behind one of before":    {read(4, 8), page(4, 4, of(99)), readOn, 4, 8, 99},
		"a full page with the total of the one but before": {read(4, 8, 8), page(4, 4, of(8)), lastPage, 4, 8, 8},

		// Nothing, although there should be something.
		"nothing short of the total":                 {read(4, 9), page(4, 0, of(9)), askAgain, 0, 4, 0},
		"nothing short of the total, and no list":    {read(4, 9), blank, askAgain, 0, 4, 0},
		"nothing short of the total, without one":    {read(4, 9), page(4, 0, none), askAgain, 0, 4, 0},
		"nothing, and a total of nothing any more":   {read(4, 9), page(4, 0, of(0)), askAgain, 0, 4, 0},
		"nothing short of all totals":                {read(4, 9, 11), page(4, 0, none), askAgain, 0, 4, 0},
		"nothing once more":                          {again(read(4, 9)), page(4, 0, of(9)), rowsMissing, 0, 4, 0},
		"nothing once more, and no list":             {again(read(4, 9)), blank, rowsMissing, 0, 4, 0},
		"rows at last":                               {again(read(4, 9)), page(4, 4, of(9)), readOn, 4, 8, 9},
		"the last rows at last":                      {again(read(8, 9)), page(4, 1, of(9)), lastPage, 1, 9, 0},
		"nothing any more, and a total that says so": {read(4, 9), page(4, 0, of(2)), noMore, 0, 4, 0},
		"nothing, and a total that is just there":    {read(4, 9), page(4, 0, of(4)), noMore, 0, 4, 0},
		"a total that says so without a list":        {read(4, 9), arrival{asked: 4, total: of(4)}, askAgain, 0, 4, 0},
		"nothing, as before":                         {again(read(4, 9)), same(blank), rowsMissing, 0, 4, 0},

		// The same rows once more.
		"the page before, without a total":           {read(4), same(page(4, 4, none)), inCircles, 0, 4, 0},
		"the page before, with a huge total":         {read(4, 99), same(page(4, 4, of(99))), inCircles, 0, 4, 0},
		"the row before, without a total":            {read(1), same(page(1, 1, none)), inCircles, 0, 1, 0},
		"a row that is like the one before":          {read(1, 3), same(page(1, 1, of(3))), readOn, 1, 2, 3},
		"all there is, whatever is asked":            {read(4), same(page(4, 9, none)), noMore, 0, 4, 0},
		"all there is, and a total that says so":     {read(4, 9), same(page(4, 9, of(9))), noMore, 0, 4, 0},
		"a part of what there is, whatever is asked": {read(4, 99), same(page(4, 9, of(99))), inCircles, 0, 4, 0},

		// More rows than asked for.
		"a row too many":                                {read(0), page(4, 5, of(9)), readOn, 5, 4, 9},
		"a row too many, without a total":               {read(0), page(4, 5, none), readOn, 5, 4, 0},
		"a row too many in the middle":                  {read(4, 99), page(4, 5, of(99)), readOn, 5, 8, 99},
		"a row too many behind one that is known":       {read(4, 99), known(1, page(4, 5, of(99))), readOn, 4, 8, 99},
		"a row too many on the page that ends the list": {read(4, 8), page(4, 5, of(8)), lastPage, 5, 8, 8},
		"all rows at once, it seems":                    {read(0), page(4, 9, of(9)), readOn, 9, 4, 9},
		"nothing but a row that is known":               {read(4, 5), known(1, page(4, 1, of(5))), lastPage, 0, 5, 0},

		// A limit.
		"a page up to the limit":                 {to(4, read(0)), page(4, 4, of(9)), lastPage, 4, 4, 4},
		"a page short of the limit":              {to(9, read(0)), page(4, 4, of(99)), readOn, 4, 4, 9},
		"a total short of the limit":             {to(99, read(0)), page(4, 4, of(9)), readOn, 4, 4, 9},
		"more rows than the limit":               {to(2, read(0)), page(2, 9, of(99)), lastPage, 2, 2, 2},
		"more rows than asked for up to a limit": {to(5, read(0)), page(4, 5, of(99)), lastPage, 5, 4, 5},
		"a short page short of limit and total":  {to(9, read(0)), page(4, 3, of(99)), readOn, 3, 3, 0},
		"the end of the list short of the limit": {to(9, read(0)), page(4, 3, of(3)), lastPage, 3, 3, 0},
		"nothing short of the limit":             {to(9, read(4)), page(4, 0, none), noMore, 0, 4, 0},
		"nothing short of limit and total":       {to(9, read(4, 99)), page(4, 0, none), askAgain, 0, 4, 0},
		"a limit behind an offset":               {to(8, from(5, read(5))), page(3, 3, of(11)), lastPage, 3, 8, 8},
	} {
		got := tc.reading.next(tc.arrival)
		if got.outcome != tc.what || got.rows != tc.rows || got.at != tc.at || got.ahead != tc.ahead {
			t.Errorf("%s: outcome %d, %d rows, on from %d, %d ahead; want %d, %d, %d, %d",
				name, got.outcome, got.rows, got.at, got.ahead, tc.what, tc.rows, tc.at, tc.ahead)
		}
		if got.again != (tc.what == askAgain || tc.what == rowsMissing || tc.reading.again && got.outcome == noMore) {
			t.Errorf("%s: asked again %t", name, got.again)
		}
		if got.given != tc.reading.given+tc.rows || got.from != tc.reading.from || got.limit != tc.reading.limit || got.whole != tc.reading.whole {
			t.Errorf("%s: the reading has become %+v", name, got.reading)
		}
	}
}

func TestAReadingRemembersTotals(t *testing.T) {
	t.Parallel()
	var r reading
	for _, tc := range []struct {
		total         Opt[int64]
		least, latest Opt[int64]
	}{
		{Opt[int64]{}, Opt[int64]{}, Opt[int64]{}},
		{Some[int64](3), Opt[int64]{}, Opt[int64]{}}, // less than what has come
		{Some[int64](99), Some[int64](99), Some[int64](99)},
		{Opt[int64]{}, Some[int64](99), Some[int64](99)},
		{Some[int64](90), Some[int64](90), Some[int64](90)},
		{Some[int64](95), Some[int64](90), Some[int64](95)},
		{Some[int64](7), Some[int64](90), Some[int64](95)},
	} {
		r = r.next(arrival{asked: 4, rows: 4, total: tc.total, listed: true}).reading
		if r.least != tc.least || r.total != tc.latest {
			t.Errorf("up to row %d, total %+v: least %+v, latest %+v", r.at, tc.total, r.least, r.total)
		}
	}
	if got, want := r.lacking(), int64(90-28); got != want {
		t.Errorf("%d rows lacking, want %d", got, want)
	}
	r.limit = 40
	if got, want := r.lacking(), int64(40-28); got != want {
		t.Errorf("%d rows up to the limit lacking, want %d", got, want)
	}
}

func TestWhatFollowsFromAPageOfAListWithoutATotal(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		listing               listing
		asked, entries, fresh int64
		what                  outcome
		after                 listing
	}{
		"nothing":                              {listing{}, 4, 0, 0, noMore, listing{}},
		"nothing behind pages":                 {listing{at: 8}, 4, 0, 0, noMore, listing{at: 8}},
		"a full page":                          {listing{at: 4}, 4, 4, 4, readOn, listing{at: 8}},
		"a page that lacks an entry":           {listing{at: 4}, 4, 3, 3, readOn, listing{at: 7}},
		"a page that begins with known ones":   {listing{at: 7}, 4, 4, 3, readOn, listing{at: 11}},
		"a page of nothing but known ones":     {listing{at: 7}, 4, 1, 0, readOn, listing{at: 11, stuck: true}},
		"new ones behind a page of known ones": {listing{at: 11, stuck: true}, 4, 2, 2, readOn, listing{at: 13}},
		"nothing behind a page of known ones":  {listing{at: 11, stuck: true}, 4, 0, 0, noMore, listing{at: 11, stuck: true}},
		"known ones a second time":             {listing{at: 11, stuck: true}, 4, 4, 0, inCircles, listing{at: 11, stuck: true}},
		"all there is a second time":           {listing{at: 11, stuck: true}, 4, 9, 0, noMore, listing{at: 11, stuck: true}},
		"a few known ones a second time":       {listing{at: 11, stuck: true}, 4, 3, 0, noMore, listing{at: 11, stuck: true}},
		"more than was asked for":              {listing{}, 4, 9, 9, readOn, listing{at: 9}},
	} {
		if what, after := tc.listing.next(tc.asked, tc.entries, tc.fresh); what != tc.what || after != tc.after {
			t.Errorf("%s: outcome %d and %+v, want %d and %+v", name, what, after, tc.what, tc.after)
		}
	}
}
