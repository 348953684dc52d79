package scapi

import (
	"cmp"
	"encoding/binary"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// span is a range of addresses of one family, both ends included.
type span struct{ first, last netip.Addr }

// countAddresses returns how many addresses a list of addresses, ranges
// (10.0.0.1-10.0.0.9, 10.0.0.1-9) and CIDR blocks covers, overlaps counted
// once. Entries are separated by commas, semicolons or white space; what is no
// address, such as a host name, is not counted. Absent if nothing is.
//
// The result is a float because an IPv6 block has more addresses than an
// integer can hold.
func countAddresses(list string) Opt[float64] {
	entries := strings.FieldsFunc(list, func(r rune) bool {
		return r == ',' || r == ';' || r == ' ' || r == '\t' || r == '\n' || r == '\r'
	})
	var spans []span
	for _, e := range entries {
		if s, ok := parseSpan(e); ok {
			spans = append(spans, s)
		}
	}
	if len(spans) == 0 {
		return Opt[float64]{}
	}
	// Compare orders IPv4 before IPv6, so that the families do not mix.
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(a.first.Compare(b.first), a.last.Compare(b.last))
	})
	total, current := 0.0, spans[0]
	for _, s := range spans[1:] {
		switch {
		case s.first.BitLen() != current.first.BitLen() || current.last.Less(s.first):
			total += current.size()
			current = s
		case current.last.Less(s.last):
			current.last = s.last
		}
	}
	return Some(total + current.size())
}

// size is the number of addresses in s.
func (s span) size() float64 {
	a, b := s.first.As16(), s.last.As16()
	high := binary.BigEndian.Uint64(b[:8]) - binary.BigEndian.Uint64(a[:8])
	lowA, lowB := binary.BigEndian.Uint64(a[8:]), binary.BigEndian.Uint64(b[8:])
	if lowB < lowA {
		high-- // borrow; lowB-lowA wraps to the right value
	}
	return float64(high)*math.Exp2(64) + float64(lowB-lowA) + 1
}

func parseSpan(text string) (span, bool) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return prefixSpan(prefix), true
	}
	if addr, err := netip.ParseAddr(text); err == nil {
		addr = addr.Unmap().WithZone("")
		return span{addr, addr}, true
	}
	left, right, ok := strings.Cut(text, "-")
	if !ok {
		return span{}, false
	}
	first, err := netip.ParseAddr(left)
	if err != nil {
		return span{}, false
	}
	first = first.Unmap().WithZone("")
	last, err := netip.ParseAddr(right)
	if err != nil {
		octet, err := strconv.ParseUint(right, 10, 8)
		if err != nil || !first.Is4() {
			return span{}, false
		}
		bytes := first.As4()
		bytes[3] = byte(octet)
		last = netip.AddrFrom4(bytes)
	}
	last = last.Unmap().WithZone("")
	if last.BitLen() != first.BitLen() || last.Less(first) {
		return span{}, false
	}
	return span{first, last}, true
}

func prefixSpan(p netip.Prefix) span {
	p = p.Masked()
	first := p.Addr()
	bytes, bits := first.AsSlice(), p.Bits()
	for i := range bytes {
		switch host := bits - 8*i; {
		case host <= 0:
			bytes[i] = 0xff
		case host < 8:
			bytes[i] |= 0xff >> host
		}
	}
	last, _ := netip.AddrFromSlice(bytes) // as long as first's
	return span{first, last}
}
