package wire

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"
)

// Str is text: a JSON string, or the literal text of a number or boolean, so
// that ids and tokens keep every digit. Null, objects and arrays are "".
type Str string

// UnmarshalJSON never fails.
func (s *Str) UnmarshalJSON(b []byte) error {
	text := scalar(b)
	*s = Str(text)
	return nil
}

// Int is an integer: a JSON number or a numeric string, blanks around it and a
// fraction dropped. Anything else is absent. Negative numbers are kept: a
// console's -1 means "unknown" or "never", which only the reader can tell.
type Int struct {
	value int64
	valid bool
}

// Get returns the integer and whether there is one.
func (i Int) Get() (int64, bool) { return i.value, i.valid }

// UnmarshalJSON never fails.
func (i *Int) UnmarshalJSON(b []byte) error {
	*i = Int{}
	text := scalar(b)
	i.value, i.valid = parseInt(text)
	return nil
}

// Float is a number: a JSON number or a numeric string. Anything else, "none"
// and "" among them, is absent.
type Float struct {
	value float64
	valid bool
}

// Get returns the number and whether there is one.
func (f Float) Get() (float64, bool) { return f.value, f.valid }

// UnmarshalJSON never fails.
func (f *Float) UnmarshalJSON(b []byte) error {
	*f = Float{}
	text := scalar(b)
	f.value, f.valid = parseFloat(text)
	return nil
}

// Bool is a truth value in any of the console's spellings: true, "true", "yes",
// "Yes", "1", 1 and their opposites. Anything else is absent.
type Bool struct {
	value, valid bool
}

// Get returns the truth value and whether there is one.
func (v Bool) Get() (bool, bool) { return v.value, v.valid }

// True reports whether the value is present and true.
func (v Bool) True() bool { return v.valid && v.value }

// UnmarshalJSON never fails.
func (v *Bool) UnmarshalJSON(b []byte) error {
	*v = Bool{}
	text := scalar(b)
	v.value, v.valid = parseBool(text)
	return nil
}

// Epoch is a time in seconds since 1970. Zero, negative, empty and null mean
// never or unknown and give the zero time; so does what lies beyond the year 9999.
type Epoch struct{ t time.Time }

// Time returns the time in UTC, or the zero time.
func (e Epoch) Time() time.Time { return e.t }

// maxEpoch is the last second of the year 9999, beyond which time.Time has no JSON form.
const maxEpoch = 253402300799

// UnmarshalJSON never fails.
func (e *Epoch) UnmarshalJSON(b []byte) error {
	*e = Epoch{}
	text := scalar(b)
	if sec, ok := parseInt(text); ok && sec > 0 && sec <= maxEpoch {
		e.t = time.Unix(sec, 0).UTC()
	}
	return nil
}

// Stamp is a time written YYYYMMDDhhmm, as plugin sets are named. The wire has
// no zone; UTC is taken.
type Stamp struct{ t time.Time }

// Time returns the time in UTC, or the zero time where there is no such stamp.
func (s Stamp) Time() time.Time { return s.t }

// UnmarshalJSON never fails.
func (s *Stamp) UnmarshalJSON(b []byte) error {
	*s = Stamp{}
	text := scalar(b)
	text = strings.TrimSpace(text)
	if len(text) != len("200601021504") {
		return nil
	}
	if t, err := time.Parse("200601021504", text); err == nil && t.Year() >= 1990 { // there were no plugins before
		s.t = t
	}
	return nil
}

// scalar returns the text of a JSON string, number or boolean. Null, objects
// and arrays have none.
func scalar(b []byte) string {
	b = bytes.TrimSpace(b)
	switch kind(b) {
	case 0, '{', '[', 'n':
		return ""
	case '"':
		r := Reader{text: b}
		text := r.string()
		if !r.End() {
			return ""
		}
		return string(text)
	}
	return string(b)
}

func parseInt(text string) (int64, bool) {
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	f, ok := parseFloat(text)
	// 2^63 itself is not an int64; -2^63 is.
	if !ok || f >= math.MaxInt64 || f < math.MinInt64 {
		return 0, false
	}
	return int64(f), true
}

func parseFloat(text string) (float64, bool) {
	text = strings.TrimSpace(text)
	// ParseFloat knows hexadecimal, "inf" and "nan" too; the wire does not.
	if text == "" || strings.Trim(text, "+-.0123456789eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, false
	}
	return f, true
}

func parseBool(text string) (value, known bool) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "yes", "1", "on":
		return true, true
	case "false", "no", "0", "off":
		return false, true
	}
	return false, false
}
