package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// halves are the two overlapping lists that an organisation user gets.
var halves = []string{"usable", "manageable"}

// wrappers are the other keys under which consoles put a list.
var wrappers = []string{
	"results", "assets", "credentials", "files", "groups", "organizations", "plugins", "pluginFamilies",
	"records", "repositories", "roles", "scanResults", "scanners", "scans", "tickets", "users", "zones",
}

// List is a list in any of the console's shapes: an array; "", null or {} for
// an empty one; {"usable":[…],"manageable":[…]}, merged by id without
// duplicates; an array below one of the usual keys; an object with the keys
// "0", "1", …. Items and Raw run in parallel: an element that is no T at all
// is in neither.
type List[T any] struct {
	Items []T
	Raw   []json.RawMessage

	err error
}

// Err is not nil if what was decoded is no list at all.
func (l List[T]) Err() error { return l.err }

// UnmarshalJSON never fails, so that one odd list does not spoil what is
// around it. Err tells, and Decode returns it for a list at the top.
func (l *List[T]) UnmarshalJSON(b []byte) error {
	*l = List[T]{}
	elements, err := elementsOf(b)
	l.fill(elements)
	l.err = err
	return nil
}

func (l *List[T]) fill(elements []json.RawMessage) {
	l.Items = make([]T, 0, len(elements))
	l.Raw = make([]json.RawMessage, 0, len(elements))
	for _, raw := range elements {
		var item T
		if kind(raw) != '{' && Empty(raw) || Decode(raw, &item) != nil {
			continue
		}
		l.Items = append(l.Items, item)
		l.Raw = append(l.Raw, raw)
	}
}

// Under decodes the list below one key of an object, as SecurityCenter 4 sends
// lists: {"zones":[…]}. The key's case does not matter. An answer of "", null,
// [] or {} and a missing key are an empty list; a bare array is the list itself.
func Under[T any](b []byte, key string) (List[T], error) {
	var l List[T]
	if kind(b) == '{' {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(b, &object); err != nil {
			return l, fmt.Errorf("list %q: %w", key, err)
		}
		value, ok := member(object, key)
		if !ok {
			return l, nil
		}
		b = value
	}
	if err := Decode(b, &l); err != nil {
		return l, fmt.Errorf("list %q: %w", key, err)
	}
	return l, nil
}

// member returns the value of a key whatever its case.
func member(object map[string]json.RawMessage, key string) (json.RawMessage, bool) {
	if v, ok := object[key]; ok {
		return v, true
	}
	for k, v := range object {
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	return nil, false
}

// elementsOf returns the elements of a list in any shape.
func elementsOf(b []byte) ([]json.RawMessage, error) {
	if Empty(b) {
		return nil, nil
	}
	switch kind(b) {
	case '[':
		return split(b)
	case '{':
		var object map[string]json.RawMessage
		if err := json.Unmarshal(b, &object); err != nil {
			return nil, err
		}
		return unwrap(object)
	}
	return nil, fmt.Errorf("no list but %s", describe(b))
}

// split returns the elements of an array.
func split(b []byte) ([]json.RawMessage, error) {
	r := NewReader(b)
	elements := []json.RawMessage{}
	for ok := r.Begin('[') && r.Next(']'); ok; ok = r.Next(']') {
		elements = append(elements, r.Value())
	}
	if !r.End() {
		return nil, cmp.Or(r.Err(), errors.New("no array"))
	}
	return elements, nil
}

func unwrap(object map[string]json.RawMessage) ([]json.RawMessage, error) {
	if elements, ok := numbered(object); ok {
		return elements, nil
	}
	var merged []json.RawMessage
	found := false
	seen := map[string]bool{}
	for _, key := range halves {
		half, ok := array(object, key)
		found = found || ok
		for _, raw := range half {
			if id := identity(raw); !seen[id] {
				seen[id] = true
				merged = append(merged, raw)
			}
		}
	}
	if found {
		return merged, nil
	}
	for _, key := range wrappers {
		if elements, ok := array(object, key); ok {
			return elements, nil
		}
	}
	return nil, fmt.Errorf("no list in an object of %d keys", len(object))
}

// array returns the array below a key. Nothing there, spelled "", null or {},
// is an empty one.
func array(object map[string]json.RawMessage, key string) ([]json.RawMessage, bool) {
	value, ok := member(object, key)
	if !ok {
		return nil, false
	}
	if Empty(value) {
		return nil, true
	}
	elements, err := split(value)
	return elements, err == nil
}

// numbered takes an object whose keys are all numbers for the array that PHP
// meant it to be.
func numbered(object map[string]json.RawMessage) ([]json.RawMessage, bool) {
	keys := make([]int, 0, len(object))
	for k := range object {
		n, err := strconv.Atoi(k)
		if err != nil || strconv.Itoa(n) != k {
			return nil, false
		}
		keys = append(keys, n)
	}
	slices.Sort(keys)
	elements := make([]json.RawMessage, 0, len(keys))
	for _, n := range keys {
		elements = append(elements, object[strconv.Itoa(n)])
	}
	return elements, true
}

// identity tells elements apart: by id, or by their text where there is none.
func identity(raw json.RawMessage) string {
	var object struct{ ID Str }
	if json.Unmarshal(raw, &object) == nil && object.ID != "" {
		return "id " + string(object.ID)
	}
	return "raw " + string(raw)
}

// Map is an object used as a map. [], "" and null are an empty one, because
// PHP cannot tell an empty object from an empty array. A member that is no T
// is left out. Other values give a nil map.
type Map[T any] map[string]T

// UnmarshalJSON never fails.
func (m *Map[T]) UnmarshalJSON(b []byte) error {
	*m = nil
	var object map[string]json.RawMessage
	_ = json.Unmarshal(b, &object) // what is no object leaves nil
	if object != nil {
		*m = make(Map[T], len(object))
	}
	for key, raw := range object {
		var value T
		if Decode(raw, &value) == nil {
			(*m)[key] = value
		}
	}
	return nil
}

// Empty reports whether b is one of the console's ways to say nothing: "",
// null, [], {} or no bytes at all.
func Empty(b []byte) bool {
	switch string(bytes.TrimSpace(b)) {
	case "", `""`, "null", "[]", "{}":
		return true
	}
	return false
}

// kind is the first byte of a JSON text, which tells its type; 0 if there is none.
func kind(b []byte) byte {
	b = bytes.TrimLeft(b, " \t\r\n")
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

func describe(b []byte) string {
	switch c := kind(b); c {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	default:
		return "a number"
	}
}
