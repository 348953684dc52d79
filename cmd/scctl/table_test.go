package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// tabulated is a table of objects in lines of at most width.
func tabulated(t *testing.T, width int, objects ...string) string {
	t.Helper()
	var b strings.Builder
	w := outputSettings{format: "table"}.writerOf(&b)
	w.width = width
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

func (o outputSettings) writerOf(b *strings.Builder) *tableWriter {
	return o.newWriter(b, nil, nil).(*tableWriter)
}

func TestATableFits(t *testing.T) {
	for name, c := range map[string]struct {
		width   int
		objects []string
		want    string
	}{
		"numbers stand to the right": {40, []string{`{"name":"a","total":7,"version":"6.4.0","share":"0.5"}`, `{"name":"bc","total":"1234","version":"6","share":""}`},
			"name  total  version  share\na         7  6.4.0      0.5\nbc     1234  6\n"},
		"wide characters count double": {40, []string{`{"name":"漢字","x":"1a"}`, `{"name":"Ümläut","x":"2b"}`, `{"name":"e\u0301","x":"3c"}`},
			"name    x\n漢字    1a\nÜmläut  2b\ne\u0301       3c\n"},
		"the longest are cut": {24, []string{`{"ip":"10.0.0.1","text":"the quick brown fox","n":5}`},
			"ip        text         n\n10.0.0.1  the quick …  5\n"},
		"a wide character is not cut in two": {13, []string{`{"a":"x","b":"漢字漢字漢字漢字"}`}, "a  b\nx  漢字漢字…\n"},
		"equals are cut alike":               {24, []string{`{"a":"aaaaaaaaaaaaaaaa","b":"bbbbbbbbbbbbbbbb"}`}, "a            b\naaaaaaaaaa…  bbbbbbbbbb…\n"},
		"what has no room is left out":       {19, []string{`{"one":"11111x","two":"22222x","three":"33333x","four":"44444x"}`}, "one     two     …\n11111x  22222x  …\n"},
		"numbers and times are not cut, but their names": {36, []string{`{"completedChecks":"12345","created":"2026-11-27T06:34:01Z","name":"abcdefghijkl"}`},
			"completedC…  created               …\n      12345  2026-11-27T06:34:01Z  …\n"},
		"one column is cut to what there is": {8, []string{`{"name":"abcdefghijkl","b":"x"}`}, "name   …\nabcd…  …\n"},
		"it fits as it is":                   {8, []string{`{"a":"xxx","b":"yyy"}`}, "a    b\nxxx  yyy\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got := tabulated(t, c.width, c.objects...)
			if got != c.want {
				t.Errorf("\n%s\nwant\n%s", got, c.want)
			}
			for line := range strings.Lines(got) {
				if n := cellsOf.StringWidth(strings.TrimSuffix(line, "\n")); n > c.width {
					t.Errorf("a line of %d: %q", n, line)
				}
			}
		})
	}
}

// Only the first records settle the widths.
func TestALongerCellOfALaterRecordIsCutOnlyWhereTheLineHasNoRoom(t *testing.T) {
	var objects []string
	for range headSize {
		objects = append(objects, `{"ip":"10.0.0.1","name":"abcdef"}`)
	}
	objects = append(objects, `{"ip":"192.168.100.200","name":"abcdef"}`, `{"ip":"192.168.100.200","name":"`+strings.Repeat("x", 50)+`"}`)
	lines := strings.Split(tabulated(t, 24, objects...), "\n")
	if got := lines[headSize+1]; got != "192.168.100.200  abcdef" {
		t.Errorf("with room: %q", got)
	}
	if got := lines[headSize+2]; got != "192.168.100.200  xxxxxx…" {
		t.Errorf("without room: %q", got)
	}
}

func TestAWideTableIsNotCut(t *testing.T) {
	long := strings.Repeat("x", 500)
	if got := written(t, outputSettings{format: "table", wide: true}, `{"a":"`+long+`","b":"`+long+`"}`); !strings.HasSuffix(got, "\n"+long+"  "+long+"\n") {
		t.Errorf("%q", got)
	}
	if got := written(t, outputSettings{format: "table"}, `{"a":"`+long+`","b":"`+long+`"}`); cellsOf.StringWidth(strings.Split(got, "\n")[1]) != usualWidth {
		t.Errorf("%q", got)
	}
}
