package scapi

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/conceal"
)

// json masks JSON, which may be cut off: fields with the name of a secret, the
// value beside such a name ({"name":"password","value":…}), and texts that
// hold a known secret. What cannot be read is not shown, up to the end.
func (r *redactor) json(text []byte) string {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	// Secrets that come after their repetition are known in the second round.
	for again := true; ; again = false {
		before := r.learnt
		m := masking{redactor: r, text: text}
		if m.value(); m.blank() < len(text) {
			m.broken()
		}
		if before == r.learnt || !again {
			return m.shown()
		}
	}
}

// masking is a pass over JSON that notes what must not be shown.
type masking struct {
	*redactor
	text  []byte
	at    int
	depth int
	cuts  []cut // in order, none within another
}

// cut replaces a piece of text.
type cut struct {
	from, to int
	with     string
}

// deepest nesting that is followed.
const deepest = 200

func (m *masking) shown() string {
	var b strings.Builder
	at := 0
	for _, c := range m.cuts {
		b.Write(m.text[at:c.from])
		b.WriteString(c.with)
		at = c.to
	}
	b.Write(m.text[at:])
	return b.String()
}

// hide replaces the text from an offset to where the pass stands.
func (m *masking) hide(from int, with string) {
	for len(m.cuts) > 0 && m.cuts[len(m.cuts)-1].from >= from {
		m.cuts = m.cuts[:len(m.cuts)-1]
	}
	m.cuts = append(m.cuts, cut{from, m.at, with})
}

// omitted stands for the rest of a text.
const omitted = "…"

// broken ends the pass: nothing from here on is shown.
func (m *masking) broken() {
	if n := len(m.cuts); n > 0 && m.cuts[n-1].to == len(m.text) && m.cuts[n-1].with == omitted {
		return
	}
	from := m.at
	m.at = len(m.text)
	m.hide(from, omitted)
}

// blank skips white space and returns where the pass then stands.
func (m *masking) blank() int {
	for m.at < len(m.text) && strings.IndexByte(" \t\r\n", m.text[m.at]) >= 0 {
		m.at++
	}
	return m.at
}

// next skips white space and this byte, if it comes next.
func (m *masking) next(c byte) bool {
	if m.blank() < len(m.text) && m.text[m.at] == c {
		m.at++
		return true
	}
	return false
}

// value passes a value and returns its text, if it is a scalar.
func (m *masking) value() (string, bool) {
	if m.blank() == len(m.text) || m.depth > deepest {
		m.broken()
		return "", false
	}
	switch m.text[m.at] {
	case '{', '[':
		m.depth++
		if m.text[m.at] == '{' {
			m.object()
		} else {
			m.array()
		}
		m.depth--
		return "", false
	case '"':
		return m.string()
	}
	return m.literal()
}

// literal passes a number, true, false or null. At the very end it may be cut
// off.
func (m *masking) literal() (string, bool) {
	from, to := m.at, m.at
	for to < len(m.text) && (m.text[to] == '-' || m.text[to] == '+' || m.text[to] == '.' ||
		m.text[to] >= '0' && m.text[to] <= '9' || m.text[to] >= 'a' && m.text[to] <= 'z' || m.text[to] == 'E') {
		to++
	}
	if to == from || to == len(m.text) && m.depth > 0 {
		m.broken()
		return "", false
	}
	m.at = to
	text := string(m.text[from:to])
	if m.repeats(text) {
		m.hide(from, `"`+masked+`"`)
	}
	return text, true
}

// string passes a string, masking what is in it.
func (m *masking) string() (string, bool) {
	from := m.at
	to := from + 1
	for to < len(m.text) && m.text[to] != '"' {
		if m.text[to] == '\\' {
			to++
		}
		to++
	}
	var text string
	if to >= len(m.text) || json.Unmarshal(m.text[from:to+1], &text) != nil {
		m.broken()
		return "", false
	}
	m.at = to + 1
	shown := text
	switch {
	case looksJSON([]byte(text)):
		shown = m.json([]byte(text)) // as the input of a call in another
	case m.repeats(text):
		shown = m.redactor.text(text, false)
	}
	if shown != text {
		quoted, err := json.Marshal(shown)
		if err != nil {
			m.at = from
			m.broken()
			return "", false
		}
		m.hide(from, string(quoted))
	}
	return text, true
}

func (m *masking) array() {
	m.at++
	if m.next(']') {
		return
	}
	for {
		m.value()
		if m.next(']') {
			return
		}
		if !m.next(',') {
			m.broken()
			return
		}
	}
}

func (m *masking) object() {
	m.at++
	if m.next('}') {
		return
	}
	var beside string // the field "name"
	var value *cut    // where the field "value" stands, and its text
	for {
		if m.blank() == len(m.text) || m.text[m.at] != '"' {
			m.broken()
			break
		}
		name, ok := m.string()
		if !ok || !m.next(':') {
			m.broken()
			break
		}
		from := m.blank()
		text, scalar := m.value()
		switch {
		case conceal.SecretName(name):
			m.secret(from, text, scalar)
		case name == "name":
			beside = text
		case name == "value":
			value = &cut{from: from, to: m.at, with: text}
		}
		if m.next('}') {
			break
		}
		if !m.next(',') {
			m.broken()
			break
		}
	}
	if value != nil && conceal.SecretName(beside) {
		m.learn(value.with)
		m.within(*value)
	}
}

// secret hides the value that was just passed, unless there is none.
func (m *masking) secret(from int, text string, scalar bool) {
	if scalar && (text == "" || text == "null") {
		return
	}
	if scalar {
		m.learn(text)
	}
	m.hide(from, `"`+masked+`"`)
}

// within hides a value that was passed earlier.
func (m *masking) within(c cut) {
	c.with = `"` + masked + `"`
	m.cuts = slices.DeleteFunc(m.cuts, func(other cut) bool { return other.from >= c.from && other.to <= c.to })
	at, _ := slices.BinarySearchFunc(m.cuts, c.from, func(other cut, from int) int { return other.from - from })
	m.cuts = slices.Insert(m.cuts, at, c)
}
