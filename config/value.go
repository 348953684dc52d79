package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// value is a place in the file: a node of it, and what to call it when it is
// wrong. Its methods return the value in the wanted type, or false after
// noting the problem.
type value struct {
	doc          *document
	node         *yaml.Node // nil where the key is absent
	line, column int
	path         string
	printed      *printed // what is in force there; nil for a key
}

// refuse notes a problem with v. Neither text may hold a secret.
func (v value) refuse(wrong, expected string) {
	v.doc.problems = append(v.doc.problems, Problem{
		File: v.doc.file, Line: v.line, Column: v.column,
		Path: v.path, Wrong: wrong, Expected: expected,
	})
}

// key returns the key under which v stands.
func (v value) key() string { return v.path[strings.LastIndex(v.path, ".")+1:] }

// text returns a string. Numbers and booleans are taken as they are written,
// so that a password of digits or a repository id needs no quotes.
func (v value) text(expected string) (string, bool) {
	if v.node.Kind != yaml.ScalarNode || isNull(v.node) || v.node.Value == "" {
		v.refuse(v.kind(), expected)
		return "", false
	}
	return v.node.Value, true
}

func (v value) anyText() (string, bool) { return v.text("a text") }

// choice returns one of the given words.
func (v value) choice(words ...string) (string, bool) {
	expected := oneOf(words)
	s, ok := v.text(expected)
	if !ok {
		return "", false
	}
	if !slices.Contains(words, s) {
		v.refuse("is "+quote(s), expected)
		return "", false
	}
	return s, true
}

// number returns a whole number between low and high.
func (v value) number(low, high int) (int, bool) {
	n, err := strconv.Atoi(v.node.Value)
	if v.node.ShortTag() != "!!int" || err != nil || n < low || n > high {
		v.refuse(v.shown(), fmt.Sprintf("a whole number from %d to %d", low, high))
		return 0, false
	}
	return n, true
}

// flag returns true or false.
func (v value) flag() (bool, bool) {
	if v.node.ShortTag() != "!!bool" {
		v.refuse(v.shown(), "true or false")
		return false, false
	}
	return strings.EqualFold(v.node.Value, "true"), true
}

// duration returns a duration between low and high, written as Prometheus
// writes them: 30s, 5m, 1h30m, 1d.
func (v value) duration(low, high time.Duration) (time.Duration, bool) {
	const expected = "a number with a unit, such as 30s, 5m, 1h or 1d"
	if v.node.Kind != yaml.ScalarNode || isNull(v.node) {
		v.refuse(v.kind(), expected)
		return 0, false
	}
	d, err := model.ParseDuration(v.node.Value)
	switch {
	case err != nil:
		v.refuse("is "+quote(v.node.Value), expected)
		return 0, false
	case time.Duration(d) < low || time.Duration(d) > high:
		v.refuse("is "+quote(v.node.Value), fmt.Sprintf("a duration from %s to %s", model.Duration(low), model.Duration(high)))
		return 0, false
	}
	return time.Duration(d), true
}

// bytes reads v as a number of bytes with a unit, of which one is 1024 of the next
// smaller.
func (v value) bytes(low, high units.Base2Bytes) (units.Base2Bytes, bool) {
	expected := fmt.Sprintf("a number of bytes with a unit, such as 16MB, from %s to %s", written(low), written(high))
	if v.node.Kind != yaml.ScalarNode || isNull(v.node) {
		v.refuse(v.kind(), expected)
		return 0, false
	}
	n, err := units.ParseBase2Bytes(v.node.Value)
	if err != nil || n < low || n > high {
		v.refuse("is "+quote(v.node.Value), expected)
		return 0, false
	}
	return n, true
}

// list returns the entries of a list; none where v is empty.
func (v value) list(expected string) []value {
	v.printed.list = true
	if v.node == nil || isNull(v.node) {
		v.refuseCutOff(expected)
		return nil
	}
	if v.node.Kind != yaml.SequenceNode {
		v.refuse(v.kind(), expected)
		return nil
	}
	entries := make([]value, len(v.node.Content))
	for i, n := range v.node.Content {
		entries[i] = value{
			doc: v.doc, node: n, line: n.Line, column: n.Column,
			path: fmt.Sprintf("%s[%d]", v.path, i), printed: v.printed.add(""),
		}
	}
	return entries
}

// refuseCutOff refuses a key with nothing behind it, as at the end of a file that
// was not written to its end. An empty file is something else.
func (v value) refuseCutOff(expected string) {
	said := func(p Problem) bool { return p.Path == v.path && p.Line == v.line }
	if v.node != nil && v.node.Value == "" && v.path != "" && !slices.ContainsFunc(v.doc.problems, said) {
		v.refuse("has nothing behind it", expected+", or no such key: the file may have been cut off here")
	}
}

// distinct returns a list of at most so many different values, any number for 0,
// that accept lets pass; accept notes its own problems. The result is nil for the
// empty list.
func distinct[T comparable](v value, expected string, most int, accept func(value) (T, bool)) []T {
	var out []T
	seen := map[T]bool{}
	for _, entry := range v.atMost(most, v.list(expected)) {
		x, ok := accept(entry)
		switch {
		case !ok:
		case seen[x]:
			entry.refuse("repeats "+quote(fmt.Sprint(x)), "each value once")
		default:
			seen[x] = true
			out = append(out, x)
		}
	}
	return out
}

// atMost refuses what goes beyond n of the entries of a list, and returns the
// rest. An n of 0 is no bound.
func (v value) atMost(n int, entries []value) []value {
	if n == 0 || len(entries) <= n {
		return entries
	}
	entries[n].refuse("is one too many", fmt.Sprintf("at most %d entries", n))
	return entries[:n]
}

// id returns the number of an object of the console in its usual spelling.
func (v value) id(expected string) (string, bool) {
	s, ok := v.text(expected)
	if !ok {
		return "", false
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil || n == 0 {
		v.refuse("is "+quote(s), expected)
		return "", false
	}
	return strconv.FormatUint(n, 10), true
}

// void reports whether nothing, or an empty list, stands there.
func (v value) void() bool {
	return isNull(v.node) || v.node.Kind == yaml.SequenceNode && len(v.node.Content) == 0
}

// kind says what stands there without quoting it.
func (v value) kind() string {
	switch {
	case v.node.Kind == yaml.SequenceNode:
		return "is a list"
	case v.node.Kind == yaml.MappingNode:
		return "is a mapping"
	case isNull(v.node), v.node.Value == "":
		return "is empty"
	}
	return "is a single value"
}

// shown says what stands there, and quotes it where it is a scalar.
func (v value) shown() string {
	if v.node.Kind == yaml.ScalarNode && !isNull(v.node) && v.node.Value != "" {
		return "is " + quote(v.node.Value)
	}
	return v.kind()
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// quote returns s in quotes, cut to a length that fits into a line.
func quote(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}
