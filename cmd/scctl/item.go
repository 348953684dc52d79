package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// item is one line of output: values that mean the same on every console, by
// name, and the object as the console sent it.
type item struct {
	names  []string // nil: the object's own, as for the rows of a query
	values []any    // nil: unknown
	raw    json.RawMessage
	row    scapi.Row // of a query, and raw

	object map[string]json.RawMessage // raw, decoded when it is needed, if there is no row
}

// column is one value of the items made of T.
type column[T any] struct {
	name string
	of   func(T) any
}

// columns are the values of the items made of T, and where its raw object is.
type columns[T any] struct {
	columns []column[T]
	raw     func(T) json.RawMessage
}

func (c columns[T]) names() []string {
	names := make([]string, len(c.columns))
	for i, column := range c.columns {
		names[i] = column.name
	}
	return names
}

func (c columns[T]) item(names []string, v T) *item {
	i := &item{names: names, values: make([]any, len(c.columns))}
	for n, column := range c.columns {
		i.values[n] = column.of(v)
	}
	if c.raw != nil {
		i.raw = c.raw(v)
	}
	return i
}

// opt is a value, or nil where it is unknown.
func opt[T any](o scapi.Opt[T]) any {
	if v, ok := o.Get(); ok {
		return v
	}
	return nil
}

// when is a time, or nil where it is unknown or never.
func when(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// seconds is a duration in whole seconds, or nil where it is unknown.
func seconds(o scapi.Opt[time.Duration]) any {
	if d, ok := o.Get(); ok {
		return int64(d / time.Second)
	}
	return nil
}

// value returns the value of a field: one of the item's own names, or a path
// of keys in the console's object, joined by dots. A name with Date or Time behind
// it, of what is a moment of the item's, or of what holds seconds since the epoch
// in the object, is that moment. Nil: there is none.
func (i *item) value(field string) any {
	if n := slices.Index(i.names, field); n >= 0 {
		return i.values[n]
	}
	for suffix, layout := range layouts {
		if base, ok := strings.CutSuffix(field, suffix); ok {
			if n := slices.Index(i.names, base); n >= 0 {
				if t, ok := i.values[n].(time.Time); ok {
					return t.UTC().Format(layout)
				}
			}
		}
	}
	for _, path := range []string{field, strings.TrimPrefix(field, rawPrefix)} {
		if raw := i.lookup(path); raw != nil {
			return raw
		}
	}
	for suffix, layout := range layouts {
		if base, ok := strings.CutSuffix(field, suffix); ok {
			return i.moment(strings.TrimPrefix(base, rawPrefix), layout)
		}
	}
	return nil
}

// rawPrefix begins a field of the console's own object.
const rawPrefix = "raw."

// layouts are how moments are written, by what the field ends in.
var layouts = map[string]string{"Date": time.DateOnly, "Time": time.RFC3339}

// bases are a field, and what it is a moment of if its name says so.
func bases(field string) []string {
	all := []string{field}
	for suffix := range layouts {
		if base, ok := strings.CutSuffix(field, suffix); ok {
			all = append(all, base)
		}
	}
	return all
}

// has reports whether the console's object has what a field asks for, be it
// unknown there.
func (i *item) has(field string) bool {
	return slices.ContainsFunc(bases(strings.TrimPrefix(field, rawPrefix)), func(path string) bool { return i.lookup(path) != nil })
}

// moment returns the seconds since the epoch that a field of the console's object
// holds as a time, or nil if it holds none.
func (i *item) moment(field, layout string) any {
	if moment := appendMoment(nil, i.lookup(field), layout); moment != nil {
		return string(moment)
	}
	return nil
}

// lookup follows a path into the console's object. A key that has dots itself
// is found too.
func (i *item) lookup(path string) json.RawMessage {
	row := i.row
	if row.Raw == nil {
		if i.object == nil && json.Unmarshal(i.raw, &i.object) != nil {
			i.object = map[string]json.RawMessage{} // no object: no fields
		}
		if raw, ok := i.object[path]; ok {
			return raw
		}
		key, rest, ok := strings.Cut(path, ".")
		if !ok {
			return nil
		}
		row.Raw, path = i.object[key], rest
	}
	for {
		if raw := row.Column(path); raw != nil {
			return raw
		}
		key, rest, ok := strings.Cut(path, ".")
		if !ok {
			return nil
		}
		row, path = scapi.Row{Raw: row.Column(key)}, rest
	}
}

// keys returns the fields that a table of the item has: its own names, or those
// of the console's object in their order, where an object that names something
// gives its id and its name.
func (i *item) keys() []string {
	if i.names != nil {
		return i.names
	}
	d := json.NewDecoder(bytes.NewReader(i.raw))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil
	}
	var keys []string
	for d.More() {
		token, err := d.Token()
		key, ok := token.(string)
		var value json.RawMessage
		if err != nil || !ok || d.Decode(&value) != nil {
			return keys
		}
		var reference struct{ ID, Name json.RawMessage }
		if isObject(value) && json.Unmarshal(value, &reference) == nil && reference.ID != nil && reference.Name != nil {
			keys = append(keys, key+".id", key+".name")
			continue
		}
		keys = append(keys, key)
	}
	return keys
}

func isObject(raw json.RawMessage) bool { return bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) }

// text is a value as a cell of a table shows it; empty where it is unknown.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []string:
		return strings.Join(v, ",")
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	case json.RawMessage:
		return rawText(v)
	}
	b, err := marshal(v)
	if err != nil {
		return ""
	}
	return rawText(b)
}

// rawText is a JSON value as text: see appendText.
func rawText(raw json.RawMessage) string { return string(appendText(nil, raw)) }

func compact(raw json.RawMessage) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return nil
	}
	return b.Bytes()
}

// marshal is json.Marshal without the escapes that only HTML needs.
func marshal(v any) ([]byte, error) {
	if t, ok := v.(time.Time); ok {
		v = t.UTC().Format(time.RFC3339)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
