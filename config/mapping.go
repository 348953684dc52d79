package config

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/alecthomas/units"
	"go.yaml.in/yaml/v3"
)

// mapping is a YAML mapping of which every key must be asked for: what nobody
// took when close is called is unknown, and refused.
type mapping struct {
	value
	entries map[string]entry
	order   []string // keys as they stand in the file
	known   []string // keys that were asked for
}

// field is a key as the reference of the configuration describes it.
type field struct {
	group    string // the mapping that it stands in, such as consoles[].accounts[]
	name     string
	kind     string // what its value is, with its bounds
	fallback string // its value where the file gives none
	help     string // what it does, in sentences
}

type entry struct {
	key, value value
}

// mapping reads v as a mapping. It is empty where v is absent, empty, or
// refused for being something else.
func (v value) mapping(expected string) *mapping {
	m := &mapping{value: v, entries: map[string]entry{}}
	if v.node == nil || isNull(v.node) {
		v.refuseCutOff(expected)
		return m
	}
	if v.node.Kind != yaml.MappingNode {
		v.refuse(v.kind(), expected)
		m.node = nil // what it lacks need not be said as well
		return m
	}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		k, n := v.node.Content[i], v.node.Content[i+1]
		if k.Kind != yaml.ScalarNode || isNull(k) {
			value{doc: v.doc, node: k, line: k.Line, column: k.Column, path: v.path}.refuse("has a key that is not a word", expected)
			continue
		}
		at := v.child(k.Value)
		key := value{doc: v.doc, node: k, line: k.Line, column: k.Column, path: at}
		if _, twice := m.entries[k.Value]; twice {
			key.refuse("stands twice", "each key once")
			continue
		}
		child := value{doc: v.doc, node: n, line: n.Line, column: n.Column, path: at}
		if isNull(n) { // where nothing stands, the key is the place to look at
			child.line, child.column = k.Line, k.Column
		}
		m.entries[k.Value] = entry{key: key, value: child}
		m.order = append(m.order, k.Value)
	}
	return m
}

// word is what a key of ours looks like. Anything else may be a secret in the
// place of a key, such as {password:secret}, and is not repeated: its line and
// column tell where it stands. NAME is for any key, in the reference.
var word = regexp.MustCompile(`^(?:[a-z_]{1,40}|NAME)$`)

func (v value) child(key string) string {
	if !word.MatchString(key) {
		key = "?"
	}
	if v.path == "" {
		return key
	}
	return v.path + "." + key
}

// take returns the value of a key and whether it is in the file. Where it is
// not, the value stands at the mapping, to be refused for its absence. The other
// texts are for the reference: see field.
func (m *mapping) take(key, kind, fallback, help string) (value, bool) {
	m.known = append(m.known, key)
	if m.doc.describe != nil && m.node != nil {
		m.doc.describe(field{group: m.path, name: key, kind: kind, fallback: fallback, help: help})
	}
	e, ok := m.entries[key]
	if !ok {
		e.value = value{doc: m.doc, line: m.line, column: m.column, path: m.child(key)}
	}
	e.value.printed = m.printed.add(key)
	return e.value, ok
}

// needs reports whether a key that was taken is in the file, and refuses it
// where it is not. A mapping that is none itself lacks nothing.
func (m *mapping) needs(v value, expected string) bool {
	if v.node == nil && m.node != nil {
		v.refuse("is missing", expected)
	}
	return v.node != nil
}

// needsEntry refuses the list of a key that was taken where it has no entry.
func (m *mapping) needsEntry(v value, expected string) {
	if m.needs(v, expected) && v.void() {
		v.refuse("is empty", expected)
	}
}

// close refuses the keys that nobody took.
func (m *mapping) close() { m.closeTo("is not a known key") }

// closeTo refuses the keys that nobody took with a word of its own.
func (m *mapping) closeTo(wrong string) {
	for _, k := range m.order {
		if !slices.Contains(m.known, k) {
			m.entries[k].key.refuse(wrong, oneOf(m.known))
		}
	}
}

// open takes every key: for mappings whose keys are the user's own.
func (m *mapping) open() []entry {
	entries := make([]entry, len(m.order))
	for i, k := range m.order {
		entries[i] = m.entries[k]
		entries[i].value.printed = m.printed.add(k)
	}
	return entries
}

// sub returns the mapping under a key.
func (m *mapping) sub(key, help string) *mapping {
	v, _ := m.take(key, "mapping", "", help)
	return v.mapping("a mapping of keys to values")
}

// setting sets *to, which holds the default, to what read makes of a key, and
// prints what is then in force. It returns whether the key gave a value.
func setting[T any](m *mapping, key, kind string, to *T, help string, read func(value) (T, bool)) (value, bool) {
	v, ok := m.take(key, kind, written(*to), help)
	if ok {
		var x T
		if x, ok = read(v); ok {
			*to = x
		}
	}
	v.print(*to)
	return v, ok
}

// text sets *to to a string.
func (m *mapping) text(key string, to *string, help string) (value, bool) {
	return setting(m, key, "text", to, help, value.anyText)
}

// choice sets *to to one of the words.
func (m *mapping) choice(key string, to *string, help string, words ...string) (value, bool) {
	return setting(m, key, oneOf(words), to, help, func(v value) (string, bool) { return v.choice(words...) })
}

// number sets *to to a whole number between 1 and most.
func (m *mapping) number(key string, to *int, most int, help string) {
	setting(m, key, numberKind(1, most), to, help, func(v value) (int, bool) { return v.number(1, most) })
}

// duration sets *to to a duration between low and high.
func (m *mapping) duration(key string, to *time.Duration, low, high time.Duration, help string) (value, bool) {
	return setting(m, key, durationKind(low, high), to, help, func(v value) (time.Duration, bool) { return v.duration(low, high) })
}

// bytes sets *to to a number of bytes between low and high.
func (m *mapping) bytes(key string, to *units.Base2Bytes, low, high units.Base2Bytes, help string) {
	kind := fmt.Sprintf("bytes from %s to %s", written(low), written(high))
	setting(m, key, kind, to, help, func(v value) (units.Base2Bytes, bool) { return v.bytes(low, high) })
}

// flag sets *to to true or false.
func (m *mapping) flag(key string, to *bool, help string) (value, bool) {
	return setting(m, key, flagKind, to, help, value.flag)
}

// texts sets *to to a list of different strings that accept lets pass; nil for
// the empty list. The other arguments are those of listKind and distinct.
func (m *mapping) texts(key, of string, most int, to *[]string, help, expected string, accept func(value) (string, bool)) (value, bool) {
	return setting(m, key, listKind(of, most), to, help, func(v value) ([]string, bool) {
		return distinct(v, expected, most, accept), true
	})
}
