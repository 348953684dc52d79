package scapi

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// layer is a text with escaping undone, and where its bytes come from.
type layer struct {
	text string
	// from and to are the piece of the first text that each byte stands for;
	// nil: the text itself.
	from, to []int32
}

// origin returns the piece of the first text that a piece of l stands for.
func (l layer) origin(from, to int) (int, int) {
	if l.from == nil {
		return from, to
	}
	return int(l.from[from]), int(l.to[to-1])
}

// escaping reads an escape at the beginning of a text: what it stands for, and
// its length; 0 if there is none.
type escaping struct {
	marks string // bytes that escapes begin with
	read  func(text string) (string, int)
}

var (
	jsonEscaping = escaping{`\`, readJSONEscape}
	urlEscaping  = escaping{`%`, readURLEscape}
	htmlEscaping = escaping{`&`, readHTMLEscape}
	// escapings are tried in every order. The last one is for texts that are
	// escaped here so and there so.
	escapings = [...]escaping{jsonEscaping, urlEscaping, htmlEscaping, {`\%&`, readEscape}}
)

// undo returns l with the escapes of a kind replaced, if it has any.
func (l layer) undo(e escaping) (layer, bool) {
	at := strings.IndexAny(l.text, e.marks)
	if at < 0 {
		return l, false
	}
	var b strings.Builder
	b.Grow(len(l.text))
	next := layer{from: make([]int32, 0, len(l.text)), to: make([]int32, 0, len(l.text))}
	changed := false
	for i := 0; i < len(l.text); {
		if strings.IndexByte(e.marks, l.text[i]) >= 0 {
			if s, n := e.read(l.text[i:]); n > 0 {
				changed = true
				from, to := l.origin(i, i+n)
				for range len(s) {
					next.from, next.to = append(next.from, int32(from)), append(next.to, int32(to))
				}
				b.WriteString(s)
				i += n
				continue
			}
		}
		from, to := l.origin(i, i+1)
		next.from, next.to = append(next.from, int32(from)), append(next.to, int32(to))
		b.WriteByte(l.text[i])
		i++
	}
	next.text = b.String()
	return next, changed
}

func readEscape(text string) (string, int) {
	switch text[0] {
	case '\\':
		return readJSONEscape(text)
	case '%':
		return readURLEscape(text)
	}
	return readHTMLEscape(text)
}

// readJSONEscape also reads \x41 and \', as Go and JavaScript have them.
func readJSONEscape(text string) (string, int) {
	if len(text) < 2 {
		return "", 0
	}
	switch c := text[1]; c {
	case '"', '\\', '/', '\'':
		return string(c), 2
	case 'b':
		return "\b", 2
	case 'f':
		return "\f", 2
	case 'n':
		return "\n", 2
	case 'r':
		return "\r", 2
	case 't':
		return "\t", 2
	case 'x':
		if n, ok := hexadecimal(text, 2, 2); ok {
			return string([]byte{byte(n)}), 4
		}
	case 'u':
		n, ok := hexadecimal(text, 2, 4)
		if !ok {
			break
		}
		r := rune(n)
		if utf16.IsSurrogate(r) && strings.HasPrefix(text[6:], `\u`) {
			if low, ok := hexadecimal(text, 8, 4); ok {
				if pair := utf16.DecodeRune(r, rune(low)); pair != utf8.RuneError {
					return string(pair), 12
				}
			}
		}
		return string(r), 6
	}
	return "", 0
}

func readURLEscape(text string) (string, int) {
	n, ok := hexadecimal(text, 1, 2)
	if !ok {
		return "", 0
	}
	return string([]byte{byte(n)}), 3
}

// hexadecimal reads a number of so many digits at an offset.
func hexadecimal(text string, at, digits int) (uint64, bool) {
	if len(text) < at+digits {
		return 0, false
	}
	n, err := strconv.ParseUint(text[at:at+digits], 16, 32)
	return n, err == nil
}

// longestEntity is a bound for a reference to a character, with leading zeros.
const longestEntity = 40

// readHTMLEscape also reads references without their semicolon, as browsers
// do.
func readHTMLEscape(text string) (string, int) {
	text = text[:min(len(text), longestEntity)]
	if end := strings.IndexByte(text, ';'); end > 0 && strings.IndexByte(text[1:end], '&') < 0 {
		entity := text[:end+1]
		if s := html.UnescapeString(entity); s != entity && (!strings.HasSuffix(s, ";") || s == ";") {
			return s, len(entity)
		}
	}
	if len(text) < 2 {
		return "", 0
	}
	n := len(text) - len(strings.TrimLeft(text[1:], "#0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	if text[1] != '#' {
		n = min(n, len("&Aacute"))
	}
	for ; n > 2; n-- { // the longest that is one
		if s := html.UnescapeString(text[:n]); utf8.RuneCountInString(s) == 1 {
			return s, n
		}
	}
	return "", 0
}
