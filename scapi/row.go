package scapi

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Row is one row of an answer, as the console sent it. Its columns depend on
// the tool; the accessors read them whatever type they came with. Columns are
// decoded at the first use of an accessor. A Row is safe for concurrent use.
type Row struct {
	// Raw is the row's JSON object.
	Raw json.RawMessage

	columns  *columns // nil: made by hand
	oldScale bool     // severities from 0 (low) to 3 (critical)
}

// columns are those of a row, as soon as one was asked for.
type columns struct {
	once sync.Once
	list []member
}

// member is a column, as the console sent it.
type member struct {
	name string
	raw  json.RawMessage
}

// rowReader returns a reader of rows, which keeps its own copies.
func (p plan) rowReader() rowReader[Row] {
	var k keeper
	oldScale := p.target.oldScale()
	return func(in *wire.Reader, row *Row) {
		*row = Row{Raw: k.raw(in.Value()), columns: new(columns), oldScale: oldScale}
	}
}

// members splits a row into its columns. What is no object has none.
func members(raw json.RawMessage) []member {
	var list []member
	in := wire.NewReader(raw)
	if !in.Begin('{') {
		return nil
	}
	for in.Next('}') {
		name := string(in.Key())
		list = append(list, member{name, in.Value()})
	}
	if !in.End() {
		return nil // not JSON after all
	}
	return list
}

// field returns the text of a column, or nil.
func (r Row) field(name string) json.RawMessage {
	var list []member
	if r.columns == nil {
		list = members(r.Raw)
	} else {
		r.columns.once.Do(func() { r.columns.list = members(r.Raw) })
		list = r.columns.list
	}
	for i := len(list) - 1; i >= 0; i-- { // of two the last counts, as elsewhere
		if list[i].name == name {
			return list[i].raw
		}
	}
	return nil
}

// column decodes a column into a wire type, which never fails.
func column[T any](r Row, name string) T {
	var v T
	if raw := r.field(name); raw != nil {
		_ = wire.Decode(raw, &v) // of another type: absent
	}
	return v
}

// String returns a column's text; the digits of a number; "" for a column that
// is missing, null, or an object.
func (r Row) String(name string) string { return string(column[wire.Str](r, name)) }

// Int returns a column's integer, if it is one. Negative numbers are returned
// as they come; the console's -1 often means "unknown".
func (r Row) Int(name string) Opt[int64] {
	v, ok := column[wire.Int](r, name).Get()
	return Opt[int64]{v, ok}
}

// Float returns a column's number, if it is one.
func (r Row) Float(name string) Opt[float64] {
	v, ok := column[wire.Float](r, name).Get()
	return Opt[float64]{v, ok}
}

// Time returns a column's time, of seconds since the epoch; zero for never,
// unknown, and what is no such time.
func (r Row) Time(name string) time.Time { return column[wire.Epoch](r, name).Time() }

// Severity returns the column severity on the scale of this package. REST sends
// an object, SecurityCenter 4 a number.
func (r Row) Severity() Opt[Severity] {
	v, err := strconv.Atoi(strings.TrimSpace(string(column[wire.Ref](r, "severity").ID)))
	if r.oldScale {
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
	if ref := column[wire.Ref](r, "repository"); ref.Set() {
		return string(ref.ID)
	}
	if ref := column[wire.Ref](r, "repositoryID"); ref.Set() {
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
		if n := optInt(column[wire.Int](r, name)); n.Valid {
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
		if ref := column[wire.Ref](r, name); ref.Set() {
			return refOf(ref, wire.Ref{})
		}
	}
	return Ref{}
}
