package legible

import (
	"strings"
	"testing"
	"time"
)

func TestLasting(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                     "0 s",
		1999 * time.Millisecond:          "1 s",
		119 * time.Second:                "119 s",
		2 * time.Minute:                  "2 min",
		119*time.Minute + 59*time.Second: "119 min",
		2*time.Hour + 5*time.Minute:      "2 h 5 min",
		47*time.Hour + 59*time.Minute:    "47 h 59 min",
		49*time.Hour + 30*time.Minute:    "2 d 1 h",
		400*24*time.Hour + 23*time.Hour:  "400 d 23 h",
	} {
		if got := Lasting(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

func TestText(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"what is harmless stays", "Zürich – 東京 (3)", "Zürich – 東京 (3)"},
		{"lines become one", "a\nb\tc\u2028d\u0085e", "a b c d e"},
		{"what controls is shown to be there", "a\x00b\x1bc\x7fd", "a\uFFFDb\uFFFDc\uFFFDd"},
		{"what turns the text does not", "a\u202eb\u2069c\u200fd", "a\uFFFDb\uFFFDc\uFFFDd"},
		{"bytes that are not UTF-8", "a\xffb", "a\uFFFDb"},
		{"what just fits stays whole", strings.Repeat("漢", 20), strings.Repeat("漢", 20)},
		{"what is too long is cut between letters", strings.Repeat("漢", 21), strings.Repeat("漢", 20) + "…"},
	} {
		if got := Text(test.text, 20); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
