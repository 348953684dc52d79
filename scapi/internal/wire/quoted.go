package wire

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// Bit patterns for the eight bytes of a word.
const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)

// quoted is a string as it is written.
type quoted struct {
	text    []byte // between the quotes
	escapes bool
	beyond  bool // characters beyond ASCII
}

// quoted reads a string without decoding it.
func (r *Reader) quoted() quoted {
	start := r.at + 1
	i := start
	var beyond uint64
	escapes := false
	for {
		// Eight bytes at a time. A byte of the mask has its top bit where the
		// text has a quote, a backslash or a control character; only the first
		// such bit is sure to be right.
		for i+8 <= len(r.text) {
			w := binary.LittleEndian.Uint64(r.text[i:])
			quote, slash := w^('"'*ones), w^('\\'*ones)
			mask := ((quote-ones)&^quote | (slash-ones)&^slash | (w-' '*ones)&^w) & tops
			if mask == 0 {
				beyond |= w
				i += 8
				continue
			}
			before := mask&-mask - 1 // what is below the first bit
			beyond |= w & (before >> 7)
			i += bits.TrailingZeros64(mask) / 8
			break
		}
		if i >= len(r.text) {
			r.at = i
			r.fail("a string without end")
			return quoted{}
		}
		switch c := r.text[i]; {
		case c == '"':
			r.at = i + 1
			return quoted{r.text[start:i:i], escapes, beyond&tops != 0}
		case c == '\\':
			n := escape(r.text[i:])
			if n == 0 {
				r.at = i
				r.fail("a bad escape")
				return quoted{}
			}
			escapes = true
			i += n
		case c < ' ':
			r.at = i
			r.fail("a control character in a string")
			return quoted{}
		default: // near the end of the text
			beyond |= uint64(c)
			i++
		}
	}
}

// escape returns the length of the escape that text starts with, 0 if it is none.
func escape(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(text) < 6 {
			return 0
		}
		if _, ok := hex4(text[2:]); !ok {
			return 0
		}
		return 6
	}
	return 0
}

// hex4 reads the four digits of \uXXXX.
func hex4(text []byte) (rune, bool) {
	var n rune
	for _, c := range text[:4] {
		n <<= 4
		switch {
		case c >= '0' && c <= '9':
			n |= rune(c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			n |= rune(c|0x20-'a') + 10
		default:
			return 0, false
		}
	}
	return n, true
}

// string reads a string and decodes it.
func (r *Reader) string() []byte {
	q := r.quoted()
	odd := q.beyond && !utf8.Valid(q.text)
	if !q.escapes && !odd {
		return q.text
	}
	r.scratch = unescape(r.scratch[:0], q.text)
	if odd {
		r.scratch = replaceInvalid(r.scratch)
	}
	return r.scratch
}

// unescape appends text, whose escapes are known to be right. Half a surrogate
// pair becomes U+FFFD.
func unescape(to, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 {
			return append(to, text...)
		}
		to = append(to, text[:i]...)
		c := text[i+1]
		text = text[i+2:]
		switch c {
		case 'n':
			c = '\n'
		case 't':
			c = '\t'
		case 'r':
			c = '\r'
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'u':
			char, _ := hex4(text)
			text = text[4:]
			if utf16.IsSurrogate(char) {
				pair := utf8.RuneError
				if len(text) >= 6 && text[0] == '\\' && text[1] == 'u' {
					low, _ := hex4(text[2:])
					pair = utf16.DecodeRune(char, low)
				}
				if char = pair; char != utf8.RuneError {
					text = text[6:]
				}
			}
			to = utf8.AppendRune(to, char)
			continue
		}
		to = append(to, c)
	}
}

// replaceInvalid returns text with U+FFFD for every byte that belongs to no character.
func replaceInvalid(text []byte) []byte {
	valid := make([]byte, 0, len(text)+len(text)/8)
	for len(text) > 0 {
		char, n := utf8.DecodeRune(text)
		valid = utf8.AppendRune(valid, char)
		text = text[n:]
	}
	return valid
}
