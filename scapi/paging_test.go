package scapi

import "testing"

func TestWhatFollowsFromAPage(t *testing.T) {
	none, of := Opt[int64]{}, Some[int64]
	for name, tc := range map[string]struct {
		reading reading
		arrival arrival
		what    outcome
		at      int64 // of the next page
		ahead   int64
	}{
		// The first page.
		"nothing at all":                             {reading{}, arrival{4, 0, none, false}, noMore, 0, 0},
		"nothing, and a total of nothing":            {reading{}, arrival{4, 0, of(0), false}, noMore, 0, 0},
		"nothing, and a total that is not":           {reading{}, arrival{4, 0, of(7), false}, noMore, 0, 0},
		"nothing behind an offset":                   {reading{at: 5}, arrival{4, 0, of(3), false}, noMore, 5, 0},
		"a short page that reaches the total":        {reading{}, arrival{4, 3, of(3), false}, lastPage, 3, 0},
		"a short page without a total":               {reading{}, arrival{4, 3, none, false}, lastPage, 3, 0},
		"a short page with a total that is too low":  {reading{}, arrival{4, 3, of(2), false}, lastPage, 3, 0},
		"a short page with a total of nothing":       {reading{}, arrival{4, 3, of(0), false}, lastPage, 3, 0},
		"a short page short of the total":            {reading{}, arrival{4, 3, of(9), false}, readOn, 3, 0},
		"a full page without a total":                {reading{}, arrival{4, 4, none, false}, readOn, 4, 0},
		"a full page short of the total":             {reading{}, arrival{4, 4, of(9), false}, readOn, 4, 9},
		"a full page with a total that is too low":   {reading{}, arrival{4, 4, of(2), false}, readOn, 4, 0},
		"a full page whose total may be its own":     {reading{}, arrival{4, 4, of(4), false}, readOn, 4, 4},
		"a full page behind an offset":               {reading{at: 5}, arrival{4, 4, of(99), false}, readOn, 9, 99},
		"a tool without paging":                      {reading{whole: true}, arrival{4, 5, of(9), false}, lastPage, 5, 0},
		"a tool without paging and with a full page": {reading{whole: true}, arrival{4, 4, of(9), false}, lastPage, 4, 0},

		// Pages behind others.
		"a full page that reaches an agreed total":   {reading{at: 4, total: of(8)}, arrival{4, 4, of(8), false}, lastPage, 8, 8},
		"a full page that reaches a new total":       {reading{at: 4, total: of(9)}, arrival{4, 4, of(8), false}, readOn, 8, 8},
		"a full page that reaches the first total":   {reading{at: 4}, arrival{4, 4, of(8), false}, readOn, 8, 8},
		"a short page that reaches a new total":      {reading{at: 4, total: of(9)}, arrival{4, 2, of(6), false}, lastPage, 6, 0},
		"a short page of a console with short pages": {reading{at: 3, total: of(9)}, arrival{4, 3, of(9), false}, readOn, 6, 0},
		"nothing behind full pages without a total":  {reading{at: 8}, arrival{4, 0, none, false}, noMore, 8, 0},
		"nothing where the total was":                {reading{at: 8, total: of(8)}, arrival{4, 0, of(8), false}, noMore, 8, 0},
		"nothing short of the total":                 {reading{at: 4, total: of(9)}, arrival{4, 0, of(9), false}, noMore, 4, 0},
		"nothing any more, and a total that says so": {reading{at: 4, total: of(9)}, arrival{4, 0, of(2), false}, noMore, 4, 0},
		"the page before, without a total":           {reading{at: 4}, arrival{4, 4, none, true}, inCircles, 8, 0},
		"the page before, with a huge total":         {reading{at: 4, total: of(99)}, arrival{4, 4, of(99), true}, inCircles, 8, 99},
		"the row before, without a total":            {reading{at: 1}, arrival{1, 1, none, true}, inCircles, 2, 0},
		"a row that is like the one before":          {reading{at: 1, total: of(3)}, arrival{1, 1, of(3), true}, readOn, 2, 3},
		"the page before, of a tool that gives all":  {reading{at: 9}, arrival{4, 9, none, true}, noMore, 18, 0},
		"nothing, as before":                         {reading{at: 4}, arrival{4, 0, none, true}, noMore, 4, 0},
		"more rows than asked for, short of a total": {reading{}, arrival{4, 5, of(9), false}, readOn, 5, 0},
		"more rows than asked for, reaching a total": {reading{at: 5, total: of(10)}, arrival{4, 5, of(10), false}, lastPage, 10, 0},
		"more rows than asked for, without a total":  {reading{}, arrival{4, 5, none, false}, readOn, 5, 0},

		// A limit.
		"a page up to the limit":                 {reading{limit: 4}, arrival{4, 4, of(9), false}, lastPage, 4, 4},
		"a page short of the limit":              {reading{limit: 9}, arrival{4, 4, of(99), false}, readOn, 4, 9},
		"a total short of the limit":             {reading{limit: 99}, arrival{4, 4, of(9), false}, readOn, 4, 9},
		"more rows than the limit":               {reading{limit: 2}, arrival{2, 9, of(99), false}, lastPage, 9, 0},
		"a short page short of limit and total":  {reading{limit: 9}, arrival{4, 3, of(99), false}, readOn, 3, 0},
		"the end of the list short of the limit": {reading{limit: 9}, arrival{4, 3, of(3), false}, lastPage, 3, 0},
		"nothing short of the limit":             {reading{at: 4, limit: 9}, arrival{4, 0, none, false}, noMore, 4, 0},
		"a limit behind an offset":               {reading{at: 5, limit: 8}, arrival{3, 3, of(11), false}, lastPage, 8, 8},
	} {
		what, after, ahead := tc.reading.next(tc.arrival)
		if what != tc.what || after.at != tc.at || ahead != tc.ahead {
			t.Errorf("%s: outcome %d, on from %d, %d ahead; want %d, %d, %d", name, what, after.at, ahead, tc.what, tc.at, tc.ahead)
		}
		if after.limit != tc.reading.limit || after.whole != tc.reading.whole {
			t.Errorf("%s: the reading has become %+v", name, after)
		}
	}
}

func TestWhatFollowsFromAPageOfAListWithoutATotal(t *testing.T) {
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
