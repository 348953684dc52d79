package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// cellStyle is how the cells of CSV are written, or those of TSV.
type cellStyle struct {
	tabs bool // between cells, and lines for shells: TSV instead
	safe bool // against formulas
}

// begin appends what the nth cell of a line begins with; its text is to follow, and then end.
func (s cellStyle) begin(line []byte, n int) (to []byte, start int) {
	line = s.between(line, n)
	if !s.tabs {
		line = append(line, '"') // end takes it back where there need be none
	}
	return line, len(line)
}

// between appends what is between the nth cell of a line and the one before.
func (s cellStyle) between(line []byte, n int) []byte {
	switch {
	case n == 0:
		return line
	case s.tabs:
		return append(line, '\t')
	}
	return append(line, ',')
}

// harmlessIn tells the bytes that mean nothing in a string of JSON, nor in a cell.
var harmlessIn = func() (table [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		table[c] = c != '\\' && !specialIn[c]
	}
	return table
}()

// bare returns the text of a JSON value if that is all of its cell, as of most values; else false, and
// whether the cell is known to need quotes.
func (s cellStyle) bare(raw json.RawMessage) (cell []byte, ok, quotes bool) {
	if s.safe || len(raw) == 0 {
		return nil, false, false
	}
	switch raw[0] {
	case 'n':
		return nil, true, false
	case '{', '[':
		return nil, false, false
	case '"':
		raw = raw[1:max(len(raw)-1, 1)]
	}
	for _, c := range raw {
		if !harmlessIn[c] {
			return nil, false, c == ',' || c == ';'
		}
	}
	around := len(raw) > 0 && (raw[0] == ' ' || raw[len(raw)-1] == ' ')
	return raw, !around, around
}

// end makes a cell of the text that line has from start on, in quotes if it is known to need them or is found to.
func (s cellStyle) end(line []byte, start int, quotes bool) []byte {
	if !utf8.Valid(line[start:]) {
		line = append(line[:start], string([]rune(string(line[start:])))...) // a U+FFFD for each byte that is none
	}
	if s.tabs {
		return escaped(line, start)
	}
	if s.safe && isFormula(line[start:]) {
		line = append(line, 0)
		copy(line[start+1:], line[start:])
		line[start] = '\''
	}
	if cell := line[start:]; !quotes && !s.safe && !special(cell) {
		return line[:start-1+copy(line[start-1:], cell)]
	}
	if inside := bytes.Count(line[start:], []byte{'"'}); inside > 0 {
		line = doubled(line, start, inside)
	}
	return append(line, '"')
}

// special reports whether a cell has a character that must be inside quotes, or that some programs take
// for the end of one, or has blanks around it.
func special(cell []byte) bool {
	for _, c := range cell {
		if specialIn[c] {
			return true
		}
	}
	return len(bytes.TrimSpace(cell)) != len(cell)
}

var specialIn = [256]bool{'"': true, ',': true, ';': true, '\r': true, '\n': true, '\t': true}

// doubled writes the quotes that line has from start on twice.
func doubled(line []byte, start, quotes int) []byte {
	end := len(line)
	line = append(line, make([]byte, quotes)...)
	for ; quotes > 0; quotes-- {
		last := start + bytes.LastIndexByte(line[start:end], '"')
		copy(line[last+quotes:], line[last:end])
		end = last
		line[last+quotes-1] = '"'
	}
	return line
}

// escaped writes what would end a cell or a line of TSV, from start on, as a backslash and a letter.
func escaped(line []byte, start int) []byte {
	const special = "\\\t\n\r"
	if !bytes.ContainsAny(line[start:], special) {
		return line
	}
	cell := bytes.Clone(line[start:])
	line = line[:start]
	for _, c := range cell {
		switch i := strings.IndexByte(special, c); {
		case i < 0:
			line = append(line, c)
		default:
			line = append(line, '\\', `\tnr`[i])
		}
	}
	return line
}

var (
	// formula is how a cell begins that a spreadsheet may run, blanks before it
	// included; ＝＋－＠ are the same in full width.
	formula = regexp.MustCompile(`^[\s\p{Z}\x00-\x1f]*[=+\-@|%＝＋－＠]|^[\t\r\n]`)
	number  = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?$`)
)

// isFormula reports whether a spreadsheet may run a cell instead of showing it. It does not run numbers.
func isFormula(cell []byte) bool {
	if len(cell) == 0 || cell[0]|0x20 >= 'a' && cell[0]|0x20 <= 'z' || cell[0] >= '0' && cell[0] <= '9' {
		return false // as most cells
	}
	return formula.Match(cell) && !number.Match(cell)
}

// appendText appends a JSON value as text: strings without quotes, null as nothing, an
// object by its name if it has one. The value is known to be JSON.
func appendText(to []byte, raw json.RawMessage) []byte {
	if len(raw) == 0 || raw[0] <= ' ' || raw[len(raw)-1] <= ' ' {
		if raw = bytes.TrimSpace(raw); len(raw) == 0 {
			return to
		}
	}
	switch raw[0] {
	case 'n':
		return to
	case '"':
		return appendUnquoted(to, raw)
	case '{':
		var named struct{ Name json.RawMessage }
		if json.Unmarshal(raw, &named) == nil && len(named.Name) > 0 && named.Name[0] == '"' {
			return appendUnquoted(to, named.Name)
		}
		return append(to, compact(raw)...)
	case '[':
		return append(to, compact(raw)...)
	}
	return append(to, raw...) // a number, true, false
}

// appendUnquoted appends the text of a JSON string. Half a surrogate pair becomes U+FFFD.
func appendUnquoted(to []byte, raw json.RawMessage) []byte {
	text := raw[1:max(len(raw)-1, 1)]
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 || i+1 == len(text) {
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
			char, n := character(text)
			to = utf8.AppendRune(to, char)
			text = text[n:]
			continue
		}
		to = append(to, c)
	}
}

// character reads what follows \u, and the second half of a surrogate pair if there is one.
func character(text []byte) (char rune, length int) {
	first := unit(text)
	if !utf16.IsSurrogate(first) {
		return first, min(4, len(text))
	}
	if after, found := bytes.CutPrefix(text[min(4, len(text)):], []byte(`\u`)); found {
		if pair := utf16.DecodeRune(first, unit(after)); pair != utf8.RuneError {
			return pair, min(10, len(text))
		}
	}
	return utf8.RuneError, min(4, len(text))
}

// unit reads four hexadecimal digits.
func unit(text []byte) rune {
	n, err := strconv.ParseUint(string(text[:min(4, len(text))]), 16, 16)
	if err != nil {
		return utf8.RuneError
	}
	return rune(n)
}

// appendMoment appends the seconds since the epoch that a JSON value is, as a time; nothing if it is none.
func appendMoment(to []byte, raw json.RawMessage, layout string) []byte {
	seconds, err := strconv.ParseInt(rawText(raw), 10, 64)
	if err != nil || seconds <= 0 {
		return to
	}
	return time.Unix(seconds, 0).UTC().AppendFormat(to, layout)
}
