package sctest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"
)

// phpJSON encodes as PHP does: no blanks, slashes escaped, non-ASCII characters as \uXXXX. Members are in the order of
// their names, so that equal answers are equal bytes.
func phpJSON(v any) []byte { return appendJSON(nil, v) }

// appendJSON writes the types that most of an answer is made of by itself, because consoles of a million hosts answer
// with many rows; the rest is left to encoding/json.
func appendJSON(b []byte, v any) []byte {
	switch t := v.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		return appendString(b, t)
	case bool:
		return strconv.AppendBool(b, t)
	case int:
		return strconv.AppendInt(b, int64(t), 10)
	case int64:
		return strconv.AppendInt(b, t, 10)
	case object:
		return appendObject(b, t)
	case []object:
		return appendArray(b, t, appendObject)
	case []idRow:
		return appendArray(b, t, appendID)
	case []string:
		return appendArray(b, t, appendString)
	case []any:
		return appendArray(b, t, appendJSON)
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return append(b, `""`...) // answers are made of maps, slices and scalars: this is unreachable
	}
	return appendEscaped(b, bytes.TrimRight(buf.Bytes(), "\n"))
}

func appendArray[T any](b []byte, list []T, one func([]byte, T) []byte) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, v)
	}
	return append(b, ']')
}

func appendObject(b []byte, o object) []byte {
	if o == nil {
		return append(b, "null"...)
	}
	var space [48]string // enough for the widest rows
	keys := space[:0]
	for key := range o {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	b = append(b, '{')
	for i, key := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, key)
		b = append(b, ':')
		b = appendJSON(b, o[key])
	}
	return append(b, '}')
}

// idRow is an object of which only the id was asked for. Lists of plugins have so many of them.
type idRow struct {
	ID int `json:"id,string"`
}

func appendID(b []byte, row idRow) []byte {
	return append(strconv.AppendInt(append(b, `{"id":"`...), int64(row.ID), 10), `"}`...)
}

func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			var buf bytes.Buffer
			enc := json.NewEncoder(&buf)
			enc.SetEscapeHTML(false)
			_ = enc.Encode(s) // a string always has an encoding
			return appendEscaped(b, bytes.TrimRight(buf.Bytes(), "\n"))
		}
	}
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '/' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}

// appendEscaped rewrites JSON as PHP would have written it.
func appendEscaped(b, in []byte) []byte {
	for len(in) > 0 {
		r, size := utf8.DecodeRune(in)
		switch {
		case r == '\\' && len(in) > 1: // what is escaped already stays so
			b = append(b, in[:2]...)
			size = 2
		case r == '/':
			b = append(b, '\\', '/')
		case r < utf8.RuneSelf:
			b = append(b, byte(r))
		case r < 0x10000:
			b = appendUnit(b, r)
		default:
			r -= 0x10000
			b = appendUnit(appendUnit(b, 0xd800+r>>10), 0xdc00+r&0x3ff)
		}
		in = in[size:]
	}
	return b
}

func appendUnit(b []byte, unit rune) []byte {
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', hex[unit>>12&15], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15])
}
