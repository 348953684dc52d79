package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// written is what a format makes of console objects.
func written(t testing.TB, o outputSettings, objects ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := o.newWriter(&b, nil, nil)
	for _, object := range objects {
		if err := w.write(&item{raw: json.RawMessage(object)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.finish(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCSVQuotesWhatNeedsIt(t *testing.T) {
	got := written(t, outputSettings{format: "csv"},
		`{"a":"plain","b":"with, comma","c":"with \"quotes\"","d":"two\nlines","e":" blank ","f":null,"g":7,"h":"Ümläut 漢字"}`,
		`{"a":"short"}`)
	want := "a,b,c,d,e,f,g,h\r\n" +
		"plain,\"with, comma\",\"with \"\"quotes\"\"\",\"two\nlines\",\" blank \",,7,Ümläut 漢字\r\n" +
		"short,,,,,,,\r\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCSVBeginsWithAByteOrderMarkOnRequest(t *testing.T) {
	if got := written(t, outputSettings{format: "csv", csvBOM: true}, `{"a":"ü"}`); got != "\ufeffa\r\nü\r\n" {
		t.Errorf("%q", got)
	}
}

func TestAnObjectThatNamesSomethingGivesTwoColumns(t *testing.T) {
	got := written(t, outputSettings{format: "csv"}, `{"ip":"192.0.2.1","repository":{"id":"3","name":"Lab","description":""},"list":[1,2],"odd":{"x":1}}`)
	if want := "ip,repository.id,repository.name,list,odd\r\n192.0.2.1,3,Lab,\"[1,2]\",\"{\"\"x\"\":1}\"\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestColumnsAreThoseOfAllFirstRecords(t *testing.T) {
	if got, want := written(t, outputSettings{format: "csv"}, `{"a":1}`, `{"b":2,"a":3}`), "a,b\r\n1,\r\n3,2\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestASafeCellCannotBecomeAFormula(t *testing.T) {
	for cell, want := range map[string]string{
		"=1+1":                     "'=1+1",
		"+1+1":                     "'+1+1",
		"-2+3+cmd|' /C calc'!A0":   "'-2+3+cmd|' /C calc'!A0",
		"@SUM(A1)":                 "'@SUM(A1)",
		"\t=1":                     "'\t=1",
		"  =1":                     "'  =1",
		"\u00a0=1":                 "'\u00a0=1",
		"\r\n=1":                   "'\r\n=1",
		"＝1+1":                     "'＝1+1",
		"-1":                       "-1",
		"+3.25":                    "+3.25",
		"-1e5":                     "'-1e5",
		"Windows 10 - Enterprise":  "Windows 10 - Enterprise",
		"a=b":                      "a=b",
		"":                         "",
		"192.0.2.1":                "192.0.2.1",
		"http://example.org/?a=-1": "http://example.org/?a=-1",
	} {
		line, start := cellStyle{safe: true}.begin(nil, 0)
		if got := string(cellStyle{safe: true}.end(append(line, cell...), start, false)); got != `"`+want+`"` {
			t.Errorf("%q became %q, want %q", cell, got, want)
		}
	}
}

// Whatever the console sends: other programs read the same cells from CSV, and
// no safe cell begins like a formula.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a", "=1", "\r\n", "\r\r\n", `"`, "a,b", " ", "\xff", "\x00", "'", "\u2028=x"} {
		f.Add(s, "x")
		f.Add("x", s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		object, err := json.Marshal(map[string]string{"a": a, "b": b})
		if err != nil {
			t.Skip()
		}
		for _, safe := range []bool{false, true} {
			text := written(t, outputSettings{format: "csv", csvSafe: safe}, string(object))
			if !utf8.ValidString(text) {
				t.Fatalf("no UTF-8: %q", text)
			}
			rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
			if err != nil || len(rows) != 2 || len(rows[1]) != 2 {
				t.Fatalf("%q reads as %q, %v", text, rows, err)
			}
			for n, cell := range rows[1] {
				// A reader of CSV takes CR LF for LF inside of quotes.
				want := strings.ReplaceAll(strings.ToValidUTF8([]string{a, b}[n], "\ufffd"), "\r\n", "\n")
				got := cell
				if safe {
					if start := strings.TrimSpace(got); !number.MatchString(got) && start != "" && strings.ContainsAny(start[:1], "=+-@|%") {
						t.Fatalf("%q begins like a formula", got)
					}
					got = strings.TrimPrefix(got, "'")
					want = strings.TrimPrefix(want, "'")
				}
				// encoding/json replaces each byte that is no UTF-8.
				if got != want && utf8.ValidString(a) && utf8.ValidString(b) {
					t.Fatalf("cell %q, want %q in %q", got, want, text)
				}
			}
		}
	})
}
