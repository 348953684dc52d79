package secretfile

import (
	"strings"
	"testing"
)

func TestTheSecretIsTakenOutOfTheContent(t *testing.T) {
	for _, test := range []struct{ name, content, want, refused string }{
		{"alone", "geheim", "geheim", ""},
		{"a line end", "geheim\n", "geheim", ""},
		{"a line end of Windows", "geheim\r\n", "geheim", ""},
		{"a second line end is part of it", "geheim\n\n", "geheim\n", ""},
		{"blanks are part of it", " geheim ", " geheim ", ""},
		{"letters beyond ASCII", "gehéim\n", "gehéim", ""},
		{"a byte order mark", "\xef\xbb\xbfgeheim", "geheim", ""},
		{"a byte order mark and a line end of Windows", "\xef\xbb\xbfgeheim\r\n", "geheim", ""},
		{"a byte order mark further on is part of it", "geheim\xef\xbb\xbf", "geheim\ufeff", ""},
		{"UTF-16 as PowerShell writes it", "\xff\xfeg\x00e\x00h\x00", "", "UTF-16"},
		{"UTF-16 the other way round", "\xfe\xff\x00g\x00e", "", "UTF-16"},
		{"UTF-16 without a mark", "g\x00e\x00h\x00", "", "UTF-16"},
		{"Latin-1", "geh\xe9im", "", "not UTF-8"},
		{"nothing", "", "", "empty"},
		{"nothing but a line end", "\r\n", "", "empty"},
		{"nothing but a byte order mark", "\xef\xbb\xbf\n", "", "empty"},
	} {
		got, err := Text([]byte(test.content))
		switch {
		case test.refused == "" && (err != nil || got != test.want):
			t.Errorf("%s: %q, %v", test.name, got, err)
		case test.refused != "" && (err == nil || !strings.Contains(err.Error(), test.refused)):
			t.Errorf("%s: %q, %v, want it refused as %s", test.name, got, err, test.refused)
		case err != nil && strings.Contains(err.Error(), "geh"):
			t.Errorf("%s: the refusal repeats the secret: %v", test.name, err)
		}
	}
}
