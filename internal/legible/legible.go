// Package legible makes texts and durations fit to be shown to people.
package legible

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Lasting says how long d is, with two figures at most.
func Lasting(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(d, 0); {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%d d %d h", d/day, d%day/time.Hour)
	}
}

// Text makes a foreign text fit to be shown: at most limit characters, none
// of which breaks the line or turns its direction.
func Text(s string, limit int) string {
	var b strings.Builder
	n := 0
	for _, r := range s { // a byte that is not UTF-8 is U+FFFD
		if n++; n > limit {
			b.WriteRune('…')
			break
		}
		switch {
		case unicode.IsSpace(r):
			r = ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			r = unicode.ReplacementChar
		}
		b.WriteRune(r)
	}
	return b.String()
}
