package scapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Row is one row of an answer, as the console sent it. Its columns depend on
// the tool; the accessors read them whatever type they came with. Where they
// are was noted as the row was read. A Row is safe for concurrent use.
type Row struct {
	// Raw is the row's JSON object.
	Raw json.RawMessage

	names    []string // of the columns, in their order; nil: made by hand
	places   []place  // of the values
	compact  bool     // there are no blanks between values
	oldScale bool     // severities from 0 (low) to 3 (critical)
}

// plainReader reads rows as they come. Rows with the same columns share their names.
type plainReader struct {
	keeper    keeper
	templates *templates[template[none]]
	latest    *template[none]
	distance  int // see templates.choose
	rows      int
	places    []place
	oldScale  bool
	in        *wire.Reader
}

// none is what is known of a column of which nothing is.
type none struct{}

// placesSize is how many places are allocated at a time.
const placesSize = 1 << 10

// rowReaders returns readers of rows, which keep their own copies.
func (p plan) rowReaders() func() rowReader[Row] {
	shared := &templates[template[none]]{ofPlugins: p.query.Tool == detailTool || p.query.Tool == listTool}
	return func() rowReader[Row] {
		r := &plainReader{keeper: keeper{lends: p.query.ReuseRaw}, templates: shared, latest: &template[none]{layout: new(layout[none])}, oldScale: p.target.oldScale()}
		same := func(places []place, _ []none, shift int) {
			for _, p := range places {
				r.places = append(r.places, place{p.begin + uint32(shift), p.end + uint32(shift)})
			}
		}
		read := func(begin int, _ none) {
			end := begin + len(r.in.Value())
			r.places = append(r.places, place{uint32(begin), uint32(end)})
		}
		return func(in *wire.Reader, row *Row) { r.read(in, row, same, read) }
	}
}

func (r *plainReader) read(in *wire.Reader, row *Row, same func([]place, []none, int), read func(int, none)) {
	*row = Row{oldScale: r.oldScale}
	if in.Kind() != '{' {
		row.Raw = r.keeper.raw(in.Value())
		return
	}
	if cap(r.places)-len(r.places) < maxColumns {
		r.places = make([]place, 0, placesSize)
	}
	r.in, r.rows = in, r.rows+1
	blanks := in.Blanks()
	start, first := in.Offset(), len(r.places)
	t, key := r.templates.choose(in, &r.distance)
	known := t != nil
	if !known {
		t = r.latest
	}
	find := func([]byte) none { return none{} }
	alike := t.walk(in, find, same, read)
	raw := in.Since(start)
	if row.Raw = r.keeper.raw(raw); in.Err() != nil {
		return
	}
	if !known || !alike || !r.templates.ofPlugins && r.rows%drift == 0 {
		made := templateOf(raw, r.latest.layout, find)
		r.templates.keep(key, &made, len(raw))
		t, r.latest = &made, &made
	}
	row.compact = in.Blanks() == blanks && t.blanks == 0
	if len(t.places) > 0 { // else as if made by hand
		row.names, row.places = t.layout.names, r.places[first:len(r.places):len(r.places)]
	}
}

// at returns a reader of the value of a column, and false if there is none.
func (r Row) at(name string) (wire.Reader, bool) {
	if r.names == nil {
		return r.search(name)
	}
	for i := len(r.names) - 1; i >= 0; i-- { // of two the last counts, as elsewhere
		if r.names[i] == name {
			return *wire.NewReader(r.value(i)), true
		}
	}
	return wire.Reader{}, false
}

// value is that of a column whose place is known, as it is written.
func (r Row) value(column int) json.RawMessage {
	p := r.places[column]
	return r.Raw[p.begin:p.end:p.end]
}

// search is at for a row of which no places are known.
func (r Row) search(name string) (wire.Reader, bool) {
	place := -1
	in := wire.NewReader(r.Raw)
	if !in.Begin('{') {
		return wire.Reader{}, false
	}
	for in.Next('}') {
		if string(in.Key()) == name {
			place = in.Offset()
		}
		in.Value()
	}
	if place < 0 || !in.End() { // not JSON after all
		return wire.Reader{}, false
	}
	return *wire.NewReader(r.Raw[place:]), true
}

// Columns iterates over the columns of the row, in the console's order: the name,
// and the value as it is written. A row that is no object has none.
func (r Row) Columns() iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		in := wire.NewReader(r.Raw)
		if !in.Begin('{') {
			return
		}
		if r.names != nil {
			for i, name := range r.names {
				if !yield(name, r.value(i)) {
					return
				}
			}
			return
		}
		for in.Next('}') {
			name := string(in.Key())
			if value := in.Value(); in.Err() != nil || !yield(name, value) {
				return
			}
		}
	}
}

// Values appends the values of the columns to a slice, in the console's order, each as it is written, and
// returns it with their names, which other rows may share. A row that is no object has none.
func (r Row) Values(to []json.RawMessage) (names []string, values []json.RawMessage) {
	if r.names == nil {
		for name, value := range r.Columns() {
			names, to = append(names, name), append(to, value)
		}
		return names, to
	}
	for i := range r.names {
		to = append(to, r.value(i))
	}
	return r.names, to
}

// Column returns the value of a column as it is written; nil if there is none.
func (r Row) Column(name string) json.RawMessage {
	in, there := r.at(name)
	if !there {
		return nil
	}
	return in.Value()
}

// Compact returns the row's JSON without blanks between its values, which is Raw where
// it has none; nil for what is no JSON.
func (r Row) Compact() json.RawMessage {
	var b bytes.Buffer
	switch {
	case r.compact:
		return r.Raw
	case json.Compact(&b, r.Raw) != nil:
		return nil
	}
	return b.Bytes()
}

// String returns a column's text; the digits of a number; "" for a column that
// is missing, null, or an object.
func (r Row) String(name string) string {
	in, there := r.at(name)
	if !there {
		return ""
	}
	return string(in.Text())
}

// Int returns a column's integer, if it is one. Negative numbers are returned
// as they come; the console's -1 often means "unknown".
func (r Row) Int(name string) Opt[int64] {
	in, there := r.at(name)
	if !there {
		return Opt[int64]{}
	}
	v, ok := in.Int()
	return Opt[int64]{v, ok}
}

// Float returns a column's number, if it is one.
func (r Row) Float(name string) Opt[float64] {
	in, there := r.at(name)
	if !there {
		return Opt[float64]{}
	}
	v, ok := in.Float()
	return Opt[float64]{v, ok}
}

// Time returns a column's time, of seconds since the epoch; zero for never,
// unknown, and what is no such time.
func (r Row) Time(name string) time.Time {
	in, there := r.at(name)
	if !there {
		return time.Time{}
	}
	return in.Time()
}

// ref returns the reference of a column; one that is not set if there is none.
func (r Row) ref(name string) wire.Ref {
	in, there := r.at(name)
	if !there {
		return wire.Ref{}
	}
	return in.Ref()
}

// Severity returns the column severity on the scale of this package. REST sends
// an object, SecurityCenter 4 a number.
func (r Row) Severity() Opt[Severity] {
	return severityOf(r.ref("severity"), r.oldScale)
}

// severityOf reads a severity; on the old scale they are from 0 (low) to 3 (critical).
func severityOf(ref wire.Ref, oldScale bool) Opt[Severity] {
	v, err := strconv.Atoi(strings.TrimSpace(string(ref.ID)))
	if oldScale {
		v++
	}
	if err != nil || v < int(Info) || v > int(Critical) {
		return Opt[Severity]{}
	}
	return Some(Severity(v))
}

// Repository returns the id of the row's repository; "" if the tool has none.
// REST sends an object, SecurityCenter 4 the column repositoryID.
func (r Row) Repository() string {
	if ref := r.ref("repository"); ref.Set() {
		return string(ref.ID)
	}
	if ref := r.ref("repositoryID"); ref.Set() {
		return string(ref.ID)
	}
	return ""
}

// Counts returns the findings by severity of a row that counts them in columns,
// severityInfo to severityCritical (low to critical on SecurityCenter 4.0).
// Absent for other rows. A severity without a column has 0; Count tells.
func (r Row) Counts() Opt[Counts] {
	var counts Opt[Counts]
	for _, severity := range Severities {
		if n, ok := r.Count(severity).Get(); ok {
			counts.Value[severity], counts.Valid = n, true
		}
	}
	return counts
}

// countNames are the columns of Counts.
var countNames = [len(Severities)][2]string{
	Info: {"severityInfo", "info"}, Low: {"severityLow", "low"}, Medium: {"severityMedium", "medium"},
	High: {"severityHigh", "high"}, Critical: {"severityCritical", "critical"},
}

// Count returns the findings of one severity of a row that has Counts; absent if
// it has no number of that severity.
func (r Row) Count(s Severity) Opt[int64] {
	if s < Info || s > Critical {
		return Opt[int64]{}
	}
	for _, name := range countNames[s] {
		if n := r.Int(name); n.Valid && n.Value >= 0 {
			return n
		}
	}
	return Opt[int64]{}
}

// Decode decodes the row's JSON into v with encoding/json, strictly: mind that
// consoles send most numbers as strings.
func (r Row) Decode(v any) error {
	if err := json.Unmarshal(r.Raw, v); err != nil {
		return fmt.Errorf("decode row: %w", err)
	}
	return nil
}

// Ref returns the object that a column refers to. REST sends an object with id
// and name; of a flat column, as SecurityCenter 4 has them (familyID), only the
// id is told. Empty if the row has none of the columns.
func (r Row) Ref(names ...string) Ref {
	for _, name := range names {
		if ref := r.ref(name); ref.Set() {
			return refOf(ref, wire.Ref{})
		}
	}
	return Ref{}
}
