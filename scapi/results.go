package scapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unsafe"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// results is the answer to one analysis request, its rows read as T.
type results[T any] struct {
	rows []T
	// listed is true if there was a list of rows, be it empty.
	listed bool
	// total is what the console calls the number of rows of the whole answer:
	// a string, a number, -1, or missing.
	total Opt[int64]
	// colon is the text matchingDataElementCount, totals separated by colons.
	colon string
	// most is how many rows there may be, see mostRows; 0: any.
	most int
	// text is that of all rows, an array. It may point into the answer's body.
	text []byte
	// err is not nil if the answer is none to an analysis request. There are no
	// rows then.
	err error
}

// rowReader reads one row, whatever value it is, into a zero T.
type rowReader[T any] func(in *wire.Reader, row *T)

// mostRows is how many rows may be made of one answer: their memory is bounded
// as that of the answer is, for a console can write a row in three bytes.
func mostRows[T any](maxBody int64) int {
	var row T
	return int(maxBody / int64(unsafe.Sizeof(row)))
}

// scan reads a response: the usual object with results, one of the other
// shapes, or nothing.
func (r *results[T]) scan(in *wire.Reader, read rowReader[T]) {
	*r = results[T]{rows: r.rows[:0], most: r.most}
	if in.Kind() == 0 {
		return
	}
	start := in.Offset()
	if !in.Begin('{') {
		r.scanOdd(in.Value(), read)
		return
	}
	for in.Next('}') {
		switch name := in.Key(); {
		case bytes.EqualFold(name, []byte("totalRecords")):
			n, ok := in.Int()
			r.total = Opt[int64]{n, ok && n >= 0}
		case bytes.EqualFold(name, []byte("matchingDataElementCount")):
			r.colon = string(in.Text())
		case bytes.EqualFold(name, []byte("results")) && in.Kind() == '[':
			r.scanRows(in, read)
		default:
			in.Value()
		}
	}
	if in.Err() == nil && !r.listed {
		r.scanOdd(in.Since(start), read)
	}
}

// scanRows reads the array of rows.
func (r *results[T]) scanRows(in *wire.Reader, read rowReader[T]) {
	r.listed, r.rows = true, r.rows[:0]
	start := in.Offset()
	for in.Begin('['); in.Next(']'); {
		if in.Kind() == '{' {
			r.add(in, read)
		} else if raw := in.Value(); !wire.Empty(raw) {
			r.add(wire.NewReader(raw), read)
		}
	}
	r.text = in.Since(start)
}

// rowTexts divides the text of all rows into theirs.
func rowTexts(text []byte) [][]byte {
	var rows [][]byte
	in := wire.NewReader(text)
	for in.Begin('['); in.Next(']'); {
		if raw := in.Value(); bytes.HasPrefix(raw, []byte("{")) || !wire.Empty(raw) {
			rows = append(rows, raw)
		}
	}
	return rows
}

func (r *results[T]) add(in *wire.Reader, read rowReader[T]) {
	var none T
	if r.most > 0 && len(r.rows) == r.most {
		r.rows, r.err = nil, fmt.Errorf("%w: more than %d", wire.ErrTooMany, r.most)
	}
	if r.err != nil {
		in.Value()
		return
	}
	r.rows = append(r.rows, none)
	read(in, &r.rows[len(r.rows)-1])
}

// scanOdd reads a response without an array of results: lists in other shapes,
// and the answer of iplist, {"0":"192.0.2.1","1":"192.0.2.3-192.0.2.5","results":null},
// whose addresses become rows with the column ip.
func (r *results[T]) scanOdd(response []byte, read rowReader[T]) {
	var object struct {
		Results *wire.List[json.RawMessage] // nil: missing or null
	}
	if r.err = wire.Decode(response, &object); r.err != nil {
		return
	}
	var rows [][]byte
	if object.Results == nil {
		rows, r.err = addressRows(response, r.most)
	} else {
		r.listed, r.err = true, object.Results.Err()
		for _, raw := range object.Results.Raw {
			rows = append(rows, raw)
		}
	}
	for _, raw := range rows {
		r.add(wire.NewReader(raw), read)
	}
	r.text = slices.Concat([]byte{'['}, bytes.Join(rows, []byte{','}), []byte{']'})
}

// addressRows makes rows of the numbered members of an object, in their order.
// More than most are refused, and so is an object that has neither those, nor
// results, nor a total.
func addressRows(b []byte, most int) (rows [][]byte, err error) {
	type numbered struct {
		n   int
		row []byte
	}
	var all []numbered
	members, known := 0, false
	err = wire.EachMember(b, func(name, value []byte) error {
		members++
		n, err := strconv.Atoi(string(name))
		if err != nil {
			known = known || string(name) == "results" || string(name) == "totalRecords"
			return nil
		}
		known = true
		var address wire.Str
		_ = wire.Decode(value, &address) // no text: empty, and skipped
		switch {
		case address == "":
			return nil
		case most > 0 && len(all) == most:
			return wire.ErrTooMany
		}
		row, err := json.Marshal(struct {
			IP wire.Str `json:"ip"`
		}{address})
		all = append(all, numbered{n, row})
		return err
	})
	nothing := members == 0 || err != nil && !errors.Is(err, wire.ErrTooMany) // in one of the ways to say so
	switch {
	case nothing:
		return nil, nil
	case err == nil && !known:
		err = errors.New("an object without results")
	}
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b numbered) int { return cmp.Compare(a.n, b.n) })
	for _, a := range all {
		rows = append(rows, a.row)
	}
	return rows, nil
}
