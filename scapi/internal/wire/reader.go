package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"time"
)

// Reader reads a JSON text from front to back, once, and checks it on the way:
// it accepts what encoding/json accepts. It is for the answers that are large;
// the types of this package decode the others. Its errors stick: from the first
// on, every method finds nothing.
type Reader struct {
	text    []byte
	at      int
	fresh   bool   // nothing of the object or array was read yet
	scratch []byte // a string with escapes, decoded
	err     error
	blanks  int
}

// Blanks is how many bytes between values were blank, of those that were looked at.
func (r *Reader) Blanks() int { return r.blanks }

// maxDepth is how deep values may be nested, as in encoding/json.
const maxDepth = 10000

// NewReader returns a Reader at the start of text.
func NewReader(text []byte) *Reader { return &Reader{text: text} }

// Err returns what is wrong with the text, as far as it was read.
func (r *Reader) Err() error { return r.err }

// End reports whether nothing follows but blanks.
func (r *Reader) End() bool { return r.Kind() == 0 && r.at == len(r.text) && r.err == nil }

// Kind returns the first byte of the next value, or what else comes next, or 0
// at the end. It reads blanks.
func (r *Reader) Kind() byte {
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\n', '\r':
			r.blanks++
		default:
			return c
		}
	}
	return 0
}

// Offset is how many bytes were read.
func (r *Reader) Offset() int { return r.at }

// Since returns the text read since an Offset.
func (r *Reader) Since(offset int) []byte { return r.text[offset:r.at:r.at] }

// Begin enters an object ('{') or array ('['), and returns false if the next
// value is none. Then Next goes from member to member, until it returns false.
func (r *Reader) Begin(open byte) bool {
	if r.Kind() != open {
		return false
	}
	r.at++
	r.fresh = true
	return true
}

// Next reports whether there is another member (end is '}') or element (']').
// The one before must have been read.
func (r *Reader) Next(end byte) bool {
	c := r.Kind()
	first := r.fresh
	r.fresh = false
	switch {
	case c == end:
		r.at++
		return false
	case first && c != 0:
		return true
	case !first && c == ',':
		r.at++
		if c = r.Kind(); c != end && c != 0 {
			return true
		}
	}
	r.fail("%q or a comma expected", end)
	return false
}

// Key reads the name of the next member of an object. It is valid until the
// next call.
func (r *Reader) Key() []byte {
	if r.Kind() != '"' {
		r.fail("a name expected")
		return nil
	}
	name := r.string()
	if r.Kind() != ':' {
		r.fail("a colon expected")
		return nil
	}
	r.at++
	return name
}

// Common returns how many of the next bytes are those of a text.
func (r *Reader) Common(text []byte) int {
	rest := r.text[r.at:]
	n := min(len(rest), len(text))
	i := 0
	for ; i+8 <= n; i += 8 {
		if differ := binary.LittleEndian.Uint64(rest[i:]) ^ binary.LittleEndian.Uint64(text[i:]); differ != 0 {
			return i + bits.TrailingZeros64(differ)/8
		}
	}
	for i < n && rest[i] == text[i] {
		i++
	}
	return i
}

// Advance reads n bytes without looking at them. They must be what Common found to
// be in a text that was read before, from the same state to the end of a name, with
// its colon, or of a value; and a number only ends there if what follows is in common too.
func (r *Reader) Advance(n int) {
	r.at += n
	r.fresh = false
}

// Guess reads this text, if it is what comes next, byte for byte. It may stand
// for a whole string, object or array. The text must have been read once before.
func (r *Reader) Guess(text []byte) bool {
	if len(text) == 0 || !bytes.HasPrefix(r.text[r.at:], text) {
		return false
	}
	r.Advance(len(text))
	return true
}

// aheadSize is how far Ahead looks, in bytes.
const aheadSize = 16 << 10

// Ahead returns the text that follows the next place where name stands, as far as it has
// no quotes, and how far off that place is; nothing if it is far off. It may be in another
// row or in a string: a hint of what will come. It is first looked for about as far off as
// it was before. Ahead reads nothing.
func (r *Reader) Ahead(name []byte, before int) (text []byte, distance int) {
	const about = 128
	rest := r.text[r.at:min(len(r.text), r.at+aheadSize)]
	from := min(max(before-about, 0), len(rest))
	i := bytes.Index(rest[from:min(len(rest), from+4*about)], name)
	if i < 0 {
		if from, i = 0, bytes.Index(rest, name); i < 0 {
			return nil, 0
		}
	}
	text, _, _ = bytes.Cut(rest[from+i+len(name):], []byte{'"'})
	return text, from + i
}

// Last reads the end of an object of which all was read, if it is what comes next.
func (r *Reader) Last() bool {
	if r.Kind() != '}' {
		return false
	}
	r.at++
	return true
}

// Value reads the next value, whatever it is, and returns its text.
func (r *Reader) Value() []byte {
	c := r.Kind()
	start := r.at
	r.skip(c, 0)
	if r.err != nil {
		return nil
	}
	return r.Since(start)
}

// Text reads the next value and returns it as Str would: a string, or the
// literal text of a number or boolean. It is valid until the next call.
func (r *Reader) Text() []byte {
	c := r.Kind()
	if c == '"' {
		return r.string()
	}
	start := r.at
	r.skip(c, 0)
	if r.err != nil || c == 'n' || c == '{' || c == '[' {
		return nil
	}
	return r.Since(start)
}

// Int reads the next value as Int would.
func (r *Reader) Int() (int64, bool) {
	if n, ok := r.quotedDigits(); ok {
		return n, true
	}
	text := r.Text()
	if len(text) == 0 {
		return 0, false
	}
	return parseInt(string(text))
}

// quotedDigits reads "123", as consoles write most numbers, and nothing if
// something else comes.
func (r *Reader) quotedDigits() (int64, bool) {
	if r.at >= len(r.text) || r.text[r.at] != '"' {
		return 0, false
	}
	var n int64
	rest := r.text[r.at+1:]
	for i, c := range rest[:min(len(rest), 19)] {
		switch {
		case c >= '0' && c <= '9':
			n = n*10 + int64(c-'0')
		case c == '"' && i > 0:
			r.at += i + 2
			return n, true
		default:
			return 0, false
		}
	}
	return 0, false
}

// Float reads the next value as Float would.
func (r *Reader) Float() (float64, bool) {
	if n, ok := r.quotedDecimal(); ok {
		return n, true
	}
	text := r.Text()
	if len(text) == 0 {
		return 0, false
	}
	return parseFloat(string(text))
}

// powers are those of ten by which a number of 15 digits is divided without a second rounding.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14}

// quotedDecimal reads "12.5", as consoles write scores, and nothing if something else comes.
func (r *Reader) quotedDecimal() (float64, bool) {
	if r.at >= len(r.text) || r.text[r.at] != '"' {
		return 0, false
	}
	n, point := 0, -1
	rest := r.text[r.at+1:]
	for i, c := range rest[:min(len(rest), len(powers)+1)] {
		switch {
		case c >= '0' && c <= '9':
			n = n*10 + int(c-'0')
		case c == '.' && point < 0 && i > 0:
			point = i
		case c == '"' && i > point+1:
			r.at += i + 2
			if point < 0 {
				return float64(n), true
			}
			return float64(n) / powers[i-point-1], true
		default:
			return 0, false
		}
	}
	return 0, false
}

// Bool reads the next value as Bool would.
func (r *Reader) Bool() (value, known bool) {
	switch text := r.Text(); string(text) {
	case "1", "Yes":
		return true, true
	case "0", "No":
		return false, true
	default:
		return parseBool(string(text))
	}
}

// Time reads the next value as Epoch would.
func (r *Reader) Time() time.Time {
	if sec, ok := r.Int(); ok && sec > 0 && sec <= maxEpoch {
		return time.Unix(sec, 0).UTC()
	}
	return time.Time{}
}

// Stamp reads the next value as Stamp would.
func (r *Reader) Stamp() time.Time {
	text := bytes.TrimSpace(r.Text())
	if len(text) != len("200601021504") {
		return time.Time{}
	}
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return time.Time{}
		}
		n = n*10 + int(c-'0')
	}
	year, month, day, hour, minute := n/1e8, time.Month(n/1e6%100), n/1e4%100, n/100%100, n%100
	t := time.Date(year, month, day, hour, minute, 0, 0, time.UTC)
	if year < 1990 || t.Month() != month || t.Day() != day || t.Hour() != hour || t.Minute() != minute {
		return time.Time{} // no plugins yet, the 13th month, or the 30th of February
	}
	return t
}

// fail keeps the first error, and moves to the end.
func (r *Reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("byte %d: %w", r.at, fmt.Errorf(format, args...))
	}
	r.at = len(r.text)
}

// skip reads the value that starts with c.
func (r *Reader) skip(c byte, depth int) {
	switch c {
	case '"':
		r.quoted()
	case '{', '[':
		if depth == maxDepth {
			r.fail("nested too deep")
			return
		}
		end := c + 2 // of both, in ASCII
		for r.Begin(c); r.Next(end); r.skip(r.Kind(), depth+1) {
			if c == '{' {
				r.Key()
			}
		}
	case 't':
		r.word("true")
	case 'f':
		r.word("false")
	case 'n':
		r.word("null")
	default:
		r.number()
	}
}

func (r *Reader) word(word string) {
	if !bytes.HasPrefix(r.text[r.at:], []byte(word)) {
		r.fail("no JSON")
		return
	}
	r.at += len(word)
}

func (r *Reader) number() {
	if r.at < len(r.text) && r.text[r.at] == '-' {
		r.at++
	}
	if r.at < len(r.text) && r.text[r.at] == '0' {
		r.at++
	} else if !r.digits() {
		return
	}
	if r.at < len(r.text) && r.text[r.at] == '.' {
		if r.at++; !r.digits() {
			return
		}
	}
	if r.at < len(r.text) && r.text[r.at]|0x20 == 'e' {
		r.at++
		if r.at < len(r.text) && (r.text[r.at] == '+' || r.text[r.at] == '-') {
			r.at++
		}
		r.digits()
	}
}

// digits reads at least one.
func (r *Reader) digits() bool {
	start := r.at
	for r.at < len(r.text) && r.text[r.at] >= '0' && r.text[r.at] <= '9' {
		r.at++
	}
	if r.at == start {
		r.fail("a digit expected")
		return false
	}
	return true
}
