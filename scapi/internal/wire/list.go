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
	"unsafe"
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
	*l = List[T]{Items: []T{}, Raw: []json.RawMessage{}}
	l.err = l.fill(b)
	return nil
}

func (l *List[T]) fill(b []byte) error {
	most := mostRows(len(b), unsafe.Sizeof(*new(T))+unsafe.Sizeof(json.RawMessage{}))
	var rows []json.RawMessage
	if err := eachElement(b, func(raw json.RawMessage) error {
		if len(rows) == most {
			return fmt.Errorf("%w: more than %d in %d bytes", ErrTooMany, most, len(b))
		}
		rows = append(rows, raw)
		return nil
	}); err != nil {
		return err
	}
	l.Items, l.Raw = make([]T, 0, len(rows)), make([]json.RawMessage, 0, len(rows))
	for _, raw := range rows {
		var item T
		if readable := (kind(raw) == '{' || !Empty(raw)) && Decode(raw, &item) == nil; readable {
			l.Items = append(l.Items, item)
			l.Raw = append(l.Raw, raw)
		}
	}
	return nil
}

// ErrTooMany is returned for more rows than an answer of its size may have.
var ErrTooMany = errors.New("too many rows")

// mostRows is how many rows may be made of some bytes of JSON, if each takes so
// much memory: a console can write a row in three bytes that takes hundreds.
func mostRows(size int, each uintptr) int {
	const room = 8 << 20 // for many small rows
	return (room + size) / int(each)
}

// Under decodes the list below one key of an object, as SecurityCenter 4 sends
// lists: {"zones":[…]}. The key's case does not matter. An answer of "", null,
// [] or {} and a missing key are an empty list; a bare array is the list itself.
func Under[T any](b []byte, key string) (List[T], error) {
	var l List[T]
	if kind(b) == '{' {
		value, err := member(b, key)
		switch {
		case err != nil:
			return l, fmt.Errorf("list %q: %w", key, err)
		case value == nil:
			return l, nil
		}
		b = value
	}
	if err := Decode(b, &l); err != nil {
		return l, fmt.Errorf("list %q: %w", key, err)
	}
	return l, nil
}

// member returns the value of a key of an object. Nil: there is none.
func member(object []byte, key string) (json.RawMessage, error) {
	m := below{key: key}
	err := EachMember(object, func(name, value []byte) error {
		m.see(name, value)
		return nil
	})
	return m.value, err
}

// below is the value below a key of an object, whatever its case: the last one
// spelled as key, else the first. Nil: there is none.
type below struct {
	key   string
	value json.RawMessage
	exact bool
}

// see looks at a member of the object.
func (m *below) see(name, value []byte) {
	switch {
	case string(name) == m.key:
		m.value, m.exact = value, true
	case !m.exact && m.value == nil && strings.EqualFold(string(name), m.key):
		m.value = value
	}
}

// list tells whether there is a list below the key, and which. Nothing there,
// spelled "", null or {}, is an empty one.
func (m *below) list() (json.RawMessage, bool) {
	switch {
	case m.value == nil:
		return nil, false
	case Empty(m.value):
		return json.RawMessage("[]"), true
	}
	return m.value, kind(m.value) == '['
}

// EachMember calls f with the names and values of an object, in order, until it
// fails. A name is valid until f returns.
func EachMember(object []byte, f func(name, value []byte) error) error {
	r := NewReader(object)
	for ok := r.Begin('{') && r.Next('}'); ok; ok = r.Next('}') {
		name := bytes.Clone(r.Key())
		value := r.Value()
		if r.Err() != nil {
			break
		}
		if err := f(name, value); err != nil {
			return err
		}
	}
	if !r.End() {
		return cmp.Or(r.Err(), errors.New("no object"))
	}
	return nil
}

// eachElement calls f with the elements of a list in any shape, until it fails.
func eachElement(b []byte, f func(json.RawMessage) error) error {
	if Empty(b) {
		return nil
	}
	switch kind(b) {
	case '[':
		return each(b, f)
	case '{':
		return eachWrapped(b, f)
	}
	return fmt.Errorf("no list but %s", describe(b))
}

// each calls f with the elements of an array.
func each(b []byte, f func(json.RawMessage) error) error {
	r := NewReader(b)
	for ok := r.Begin('[') && r.Next(']'); ok; ok = r.Next(']') {
		element := r.Value()
		if r.Err() != nil {
			break
		}
		if err := f(element); err != nil {
			return err
		}
	}
	if !r.End() {
		return cmp.Or(r.Err(), errors.New("no array"))
	}
	return nil
}

// eachWrapped calls f with the elements of a list in an object.
func eachWrapped(object []byte, f func(json.RawMessage) error) error {
	lists := make([]below, 0, len(halves)+len(wrappers))
	for _, key := range slices.Concat(halves, wrappers) {
		lists = append(lists, below{key: key})
	}
	members, numbers := 0, true
	if err := EachMember(object, func(name, value []byte) error {
		members++
		if isNumber(name) {
			return nil
		}
		numbers = false
		for i := range lists {
			lists[i].see(name, value)
		}
		return nil
	}); err != nil {
		return err
	}
	if numbers {
		return eachNumbered(object, f)
	}
	seen := map[string]bool{}
	found := false
	for _, l := range lists[:len(halves)] {
		half, ok := l.list()
		if !ok {
			continue
		}
		found = true
		if err := each(half, func(raw json.RawMessage) error {
			id := identity(raw)
			if seen[id] {
				return nil
			}
			seen[id] = true
			return f(raw)
		}); err != nil {
			return err
		}
	}
	if found {
		return nil
	}
	for _, l := range lists[len(halves):] {
		if list, ok := l.list(); ok {
			return each(list, f)
		}
	}
	return fmt.Errorf("no list in an object of %d keys", members)
}

// isNumber tells whether it is the name of a member that PHP meant to be the element of an array.
func isNumber(name []byte) bool {
	n, err := strconv.Atoi(string(name))
	return err == nil && strconv.Itoa(n) == string(name)
}

// numbered tells whether all keys of an object are numbers.
func numbered(object []byte) bool {
	return EachMember(object, func(name, _ []byte) error {
		if !isNumber(name) {
			return errors.New("a name")
		}
		return nil
	}) == nil
}

// eachNumbered calls f with the values of an object whose keys are all numbers,
// in their order. Of two with one number, the last counts.
func eachNumbered(object []byte, f func(json.RawMessage) error) error {
	type element struct {
		n     int
		value json.RawMessage
	}
	var elements []element
	sorted := true
	if err := EachMember(object, func(name, value []byte) error {
		if len(elements) == mostRows(len(object), unsafe.Sizeof(element{})) {
			return fmt.Errorf("%w: more than %d in %d bytes", ErrTooMany, len(elements), len(object))
		}
		n, _ := strconv.Atoi(string(name))
		sorted = sorted && (len(elements) == 0 || elements[len(elements)-1].n < n)
		elements = append(elements, element{n, value})
		return nil
	}); err != nil {
		return err
	}
	if !sorted {
		slices.SortStableFunc(elements, func(a, b element) int { return cmp.Compare(a.n, b.n) })
	}
	for i, e := range elements {
		if i+1 < len(elements) && elements[i+1].n == e.n {
			continue
		}
		if err := f(e.value); err != nil {
			return err
		}
	}
	return nil
}

// identity tells elements apart: by id, or by their text where there is none.
func identity(raw json.RawMessage) string {
	id, _ := member(raw, "id")
	if text := scalar(id); text != "" {
		return "id " + text
	}
	return "raw " + string(raw)
}

// Map is an object used as a map. [], "" and null are an empty one, because
// PHP cannot tell an empty object from an empty array. A member that is no T
// is left out. Other values give a nil map, and so do more than ten thousand
// members: consoles have a few dozen.
type Map[T any] map[string]T

const mostMembers = 10_000

// UnmarshalJSON never fails.
func (m *Map[T]) UnmarshalJSON(b []byte) error {
	*m = nil
	if kind(b) != '{' {
		return nil
	}
	members := Map[T]{}
	if EachMember(b, func(name, raw []byte) error {
		if len(members) == mostMembers {
			return ErrTooMany
		}
		var value T
		if Decode(raw, &value) == nil {
			members[string(name)] = value
		}
		return nil
	}) == nil {
		*m = members
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
