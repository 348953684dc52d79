package main

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// places are where the fields of records are in the rows of a query. They are learned
// from a row, and hold for all that have the same columns in the same order.
type places struct {
	names  []string // of the columns
	values []json.RawMessage
	fields []fieldPlace
}

// fieldPlace is where a field is.
type fieldPlace struct {
	column int    // in the row; negative: the row has none
	key    string // in the object that the column is; empty: all of it
	layout string // of the moment that it is; empty: it is none
	search bool   // it is none of that: it has to be looked for in every row

	known map[string]string // texts of the key, by the objects: there are few repositories and severities
}

// mostKnown is how many texts are remembered of a field.
const mostKnown = 100

// look finds the columns of a row, and learns where the fields are unless it is known.
func (p *places) look(row scapi.Row, fields []string) {
	var names []string
	names, p.values = row.Values(p.values[:0])
	if len(p.fields) == len(fields) && len(names) == len(p.names) && (len(names) == 0 || &names[0] == &p.names[0] || slices.Equal(names, p.names)) {
		return
	}
	p.names, p.fields = names, p.fields[:0]
	for _, field := range fields {
		p.fields = append(p.fields, p.place(field))
	}
}

// place is where a field is in a row with these columns, as item.value finds it.
func (p *places) place(field string) fieldPlace {
	own := strings.TrimPrefix(field, rawPrefix)
	for _, path := range []string{field, own} {
		if column := p.column(path); column >= 0 {
			return fieldPlace{column: column}
		}
		if key, rest, nested := strings.Cut(path, "."); nested && p.column(key) >= 0 {
			if path != own || strings.Contains(rest, ".") || len(bases(field)) > 1 { // there may be more to try
				return fieldPlace{search: true}
			}
			return fieldPlace{column: p.column(key), key: rest}
		}
	}
	for suffix, layout := range layouts {
		if base, ok := strings.CutSuffix(own, suffix); ok {
			if column := p.column(base); column >= 0 {
				return fieldPlace{column: column, layout: layout}
			}
			key, _, nested := strings.Cut(base, ".")
			return fieldPlace{column: -1, search: nested && p.column(key) >= 0}
		}
	}
	return fieldPlace{column: -1}
}

// column is which of the columns has a name; of two the last. Negative: none.
func (p *places) column(name string) int {
	for n, known := range slices.Backward(p.names) {
		if known == name {
			return n
		}
	}
	return -1
}

// whole returns the value of a field that is a column; nil if it is none.
func (p *places) whole(field int) json.RawMessage {
	f := &p.fields[field]
	if f.column < 0 || f.search || f.key != "" || f.layout != "" {
		return nil
	}
	return p.values[f.column]
}

// append appends the text of a field of the row that was looked at, which is that of an item.
func (p *places) append(to []byte, field int, i *item, name string) []byte {
	f := &p.fields[field]
	switch {
	case f.search:
		return append(to, text(i.value(name))...)
	case f.column < 0:
		return to
	case f.layout != "":
		return appendMoment(to, p.values[f.column], f.layout)
	case f.key == "":
		return appendText(to, p.values[f.column])
	}
	raw := p.values[f.column]
	text, known := f.known[string(raw)]
	if !known {
		if len(f.known) >= mostKnown || f.known == nil {
			f.known = map[string]string{}
		}
		text = rawText(scapi.Row{Raw: raw}.Column(f.key))
		f.known[string(raw)] = text
	}
	return append(to, text...)
}
