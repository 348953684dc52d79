package recording

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pseudonyms replaces texts: equal ones by equal ones, different ones by different ones as far as there are enough, by a
// key that nobody keeps.
type pseudonyms struct {
	key   []byte
	texts map[string]string
	taken map[string]bool
	v4    map[uint32]uint32 // addresses that stand alone
	used  map[uint32]bool   // what they are replaced by
	moves map[span]uint32   // where ranges begin instead
}

func newPseudonyms(key []byte) *pseudonyms {
	return &pseudonyms{key: key, texts: map[string]string{}, taken: map[string]bool{}, v4: map[uint32]uint32{}, used: map[uint32]bool{}, moves: map[span]uint32{}}
}

func (p *pseudonyms) sum(kind, text string, try int) [32]byte {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(kind + "\x00" + strconv.Itoa(try) + "\x00" + text))
	return [32]byte(mac.Sum(nil))
}

// text returns a text of the same length in bytes and in characters: a letter for a letter of the same case, a digit for
// a digit; blanks and punctuation stay.
func (p *pseudonyms) text(s string) string {
	if known, ok := p.texts[s]; ok {
		return known
	}
	var out string
	const tries = 20 // short texts have few others
	for try := range tries {
		random := rand.New(rand.NewChaCha8(p.sum("text", s, try)))
		out = strings.Map(func(r rune) rune { return another(random, r) }, s)
		if !p.taken[out] && (out != s || try == tries-1) {
			break
		}
	}
	p.texts[s], p.taken[out] = out, true
	return out
}

func another(random *rand.Rand, r rune) rune {
	switch {
	case r >= 'a' && r <= 'z':
		return 'a' + random.Int32N(26)
	case r >= 'A' && r <= 'Z':
		return 'A' + random.Int32N(26)
	case r >= '0' && r <= '9':
		return '0' + random.Int32N(10)
	case r < utf8.RuneSelf:
		return r
	case !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) && !unicode.IsSymbol(r):
		return r
	}
	switch utf8.RuneLen(r) {
	case 2:
		return 'α' + random.Int32N(17)
	case 3:
		return 'あ' + random.Int32N(60)
	}
	return '𐌀' + random.Int32N(26)
}

// reserved is where addresses of IPv4 are replaced from: no network has them.
const (
	reserved     = 0xF0000000 // 240.0.0.0
	reservedSize = 1 << 28
	largest      = 1 << 24 // addresses of a range that is moved; larger ones tell nothing of anybody
)

// span is a range of addresses of IPv4.
type span struct{ first, last uint32 }

// addresses replaces addresses, ranges of them and networks, one or several with separators between them, by others: as
// many, in ranges of the same sizes that overlap in the same way. false: the text is something else.
func (p *pseudonyms) addresses(s string) (string, bool) {
	entries := strings.FieldsFunc(s, separator)
	if len(entries) == 0 {
		return "", false
	}
	spans := make([]span, len(entries))
	for i, e := range entries {
		if a, err := netip.ParseAddr(e); err == nil && a.Is6() {
			continue
		}
		if prefix, err := netip.ParsePrefix(e); err == nil && prefix.Addr().Is6() {
			continue
		}
		var ok bool
		if spans[i], ok = parseSpan(e); !ok {
			return "", false
		}
	}
	pieces := union(spans)
	var b strings.Builder
	for i := 0; len(s) > 0; {
		at := strings.IndexFunc(s, func(r rune) bool { return !separator(r) })
		if at < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:at])
		b.WriteString(p.entry(entries[i], spans[i], pieces))
		s = s[at+len(entries[i]):]
		i++
	}
	return b.String(), true
}

func separator(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) }

func parseSpan(e string) (span, bool) {
	if prefix, err := netip.ParsePrefix(e); err == nil {
		first := number(prefix.Masked().Addr())
		return span{first, first + uint32(1)<<(32-prefix.Bits()) - 1}, prefix.Bits() > 0
	}
	from, to, isRange := strings.Cut(e, "-")
	a, err := netip.ParseAddr(from)
	if err != nil || !a.Is4() {
		return span{}, false
	}
	first := number(a)
	if !isRange {
		return span{first, first}, true
	}
	if b, err := netip.ParseAddr(to); err == nil && b.Is4() && number(b) >= first {
		return span{first, number(b)}, true
	}
	if n, err := strconv.ParseUint(to, 10, 8); err == nil && n >= uint64(first&0xFF) {
		return span{first, first&^0xFF | uint32(n)}, true
	}
	return span{}, false
}

func number(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

func written(n uint32) string {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	return netip.AddrFrom4(b).String()
}

// union are the ranges that spans cover, apart from one another.
func union(spans []span) []span {
	sorted := slices.Clone(spans)
	slices.SortFunc(sorted, func(a, b span) int { return int(int64(a.first) - int64(b.first)) })
	var pieces []span
	for _, s := range sorted {
		if n := len(pieces); n > 0 && s.first <= pieces[n-1].last {
			pieces[n-1].last = max(pieces[n-1].last, s.last)
			continue
		}
		pieces = append(pieces, s)
	}
	return pieces
}

// entry writes one entry of a list as it was written, of other addresses.
func (p *pseudonyms) entry(e string, s span, pieces []span) string {
	if s == (span{}) {
		return p.v6(e)
	}
	piece := pieces[slices.IndexFunc(pieces, func(c span) bool { return c.first <= s.first && s.last <= c.last })]
	base := p.moved(piece)
	first, last := base+(s.first-piece.first), base+(s.last-piece.first)
	switch from, to, isRange := strings.Cut(e, "-"); {
	case strings.Contains(e, "/"):
		_, bits, _ := strings.Cut(e, "/")
		return written(first) + "/" + bits
	case isRange && !strings.Contains(to, "."):
		// 10.0.0.1-9: the last byte alone, so that the piece keeps its own.
		return written(first) + "-" + strconv.Itoa(int(last&0xFF))
	case isRange:
		return written(first) + "-" + written(last)
	default:
		_ = from
		return written(first)
	}
}

// moved is where a range of addresses begins instead. Its place within networks of its size stays, so that a network
// remains one.
func (p *pseudonyms) moved(piece span) uint32 {
	size := uint64(piece.last-piece.first) + 1
	known, ok := p.moves[piece]
	switch {
	case size == 1:
		return p.single(piece.first)
	case size > largest:
		return piece.first
	case ok:
		return known
	}
	align := uint32(256)
	for uint64(align) < size {
		align <<= 1
	}
	within, blocks := piece.first%align, uint32(reservedSize)/align-2
	const tries = 50 // large ranges have few other places
	var base uint32
	for try := range tries {
		sum := p.sum("range", written(piece.first)+"-"+written(piece.last), try)
		base = reserved + binary.BigEndian.Uint32(sum[:4])%blocks*align + within
		if !p.overlaps(base, size) {
			break
		}
	}
	p.moves[piece] = base
	return base
}

// overlaps reports whether another range was moved to where one of that size would begin.
func (p *pseudonyms) overlaps(base uint32, size uint64) bool {
	for other, at := range p.moves {
		if uint64(at) < uint64(base)+size && uint64(base) <= uint64(at)+uint64(other.last-other.first) {
			return true
		}
	}
	return false
}

func (p *pseudonyms) single(n uint32) uint32 {
	if known, ok := p.v4[n]; ok {
		return known
	}
	for try := 0; ; try++ {
		sum := p.sum("ip", written(n), try)
		other := reserved + binary.BigEndian.Uint32(sum[:4])%reservedSize
		if !p.used[other] {
			p.v4[n], p.used[other] = other, true
			return other
		}
	}
}

// v6 replaces an address, or a network, of IPv6 by one of the range for documentation.
func (p *pseudonyms) v6(e string) string {
	text, bits, isNetwork := strings.Cut(e, "/")
	sum := p.sum("ip", text, 0)
	var b [16]byte
	copy(b[:], []byte{0x20, 0x01, 0x0d, 0xb8})
	copy(b[4:], sum[:12])
	out := netip.AddrFrom16(b)
	if isNetwork {
		return out.String() + "/" + bits
	}
	return out.String()
}
