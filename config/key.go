package config

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Key is a key of one collector only.
type Key struct {
	Name    string
	Kind    Kind
	Default any // of the type that Kind names; nil: the empty list
	Help    string
	// Min and Max bound an Int. Max alone bounds the entries of a list. A Max of 0
	// is no bound.
	Min, Max int
	// Choices are the only values that an Int or a String may have; none: any.
	Choices []string
}

// Kind is what the value of a key is.
type Kind string

// The kinds of keys, and the types of their values.
const (
	Int      Kind = "int"      // int, from 0 unless Min is set
	Duration Kind = "duration" // time.Duration, from 1s to 1y
	String   Kind = "string"   // string
	Bool     Kind = "bool"     // bool
	Strings  Kind = "strings"  // []string, each different; nil for the empty list
	IDs      Kind = "ids"      // []string: numbers of objects of the console; nil for the empty list
	Networks Kind = "networks" // []netip.Prefix in canonical form; nil for the empty list
)

// Int returns the value of a key of kind Int. This and the other getters panic
// where the collector has declared no such key.
func (s CollectorSettings) Int(key string) int { return own[int](s, key) }

// Duration returns the value of a key of kind Duration.
func (s CollectorSettings) Duration(key string) time.Duration { return own[time.Duration](s, key) }

// Text returns the value of a key of kind String.
func (s CollectorSettings) Text(key string) string { return own[string](s, key) }

// Bool returns the value of a key of kind Bool.
func (s CollectorSettings) Bool(key string) bool { return own[bool](s, key) }

// Strings returns the value of a key of kind Strings or IDs.
func (s CollectorSettings) Strings(key string) []string { return own[[]string](s, key) }

// Networks returns the value of a key of kind Networks.
func (s CollectorSettings) Networks(key string) []netip.Prefix { return own[[]netip.Prefix](s, key) }

func own[T any](s CollectorSettings, key string) T {
	x, ok := s.Own[key].(T)
	if !ok {
		panic(fmt.Sprintf("config: key %s holds a %T and not a %T: the collector declares it otherwise, or not at all", key, s.Own[key], x))
	}
	return x
}

// fallback returns the value where the file gives none.
func (k Key) fallback() any {
	switch {
	case k.Default != nil:
		return k.Default
	case k.Kind == Networks:
		return []netip.Prefix(nil)
	}
	return []string(nil)
}

// reader returns what the value of the key is, for the reference, and what reads
// it.
func (k Key) reader() (kind string, read func(value) (any, bool)) {
	most := cmp.Or(k.Max, math.MaxInt32)
	switch {
	case k.Choices != nil:
		return oneOf(k.Choices), func(v value) (any, bool) {
			s, ok := v.choice(k.Choices...)
			if k.Kind != Int {
				return s, ok
			}
			n, err := strconv.Atoi(s)
			return n, ok && err == nil
		}
	case k.Kind == Int:
		return numberKind(k.Min, most), func(v value) (any, bool) { return anyOf(v.number(k.Min, most)) }
	case k.Kind == Duration:
		return durationKind(minInterval, maxInterval), func(v value) (any, bool) { return anyOf(v.duration(minInterval, maxInterval)) }
	case k.Kind == Bool:
		return flagKind, func(v value) (any, bool) { return anyOf(v.flag()) }
	case k.Kind == Strings:
		return listKind("texts", k.Max), func(v value) (any, bool) { return distinct(v, "a list of texts", k.Max, value.anyText), true }
	case k.Kind == IDs:
		return listKind("ids", k.Max), func(v value) (any, bool) {
			return distinct(v, "a list of ids", k.Max, func(e value) (string, bool) { return e.id("an id, a whole number such as 5") }), true
		}
	case k.Kind == Networks:
		return listKind("networks or addresses", k.Max), func(v value) (any, bool) { return distinct(v, "a list of networks", k.Max, value.network), true }
	}
	return "text", func(v value) (any, bool) { return anyOf(v.anyText()) }
}

func anyOf[T any](x T, ok bool) (any, bool) { return x, ok }

// network returns a network, or the network of a lone address.
func (v value) network() (netip.Prefix, bool) {
	const expected = "a network such as 10.0.0.0/8 or fd00::/8, or an address"
	s, ok := v.text(expected)
	if !ok {
		return netip.Prefix{}, false
	}
	text := s
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err == nil {
			text += "/" + strconv.Itoa(a.BitLen())
		}
	}
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil || p.Addr().Is4In6():
		v.refuse("is "+quote(s), expected)
		return netip.Prefix{}, false
	case p != p.Masked():
		v.refuse("is "+quote(s)+", an address inside a network", p.Masked().String()+", or the address alone")
		return netip.Prefix{}, false
	}
	return p, true
}
