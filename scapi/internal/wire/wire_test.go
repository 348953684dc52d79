package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
)

func TestStrKeepsTheTextOfScalars(t *testing.T) {
	for in, want := range map[string]Str{
		`"a"`: "a", `""`: "", `1234567890`: "1234567890", `-1`: "-1", `1.50`: "1.50", `true`: "true", `null`: "", `{}`: "", `["a"]`: "",
		`12345678901234567890123`: "12345678901234567890123", `"\u00e9\/"`: "é/",
	} {
		got := Str("before")
		if err := json.Unmarshal([]byte(in), &got); err != nil || got != want {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
}

func TestIntReadsNumbersAndNumericStrings(t *testing.T) {
	for in, want := range map[string]int64{
		`5`: 5, `"5"`: 5, `" 5 "`: 5, `-1`: -1, `"-1 "`: -1, `5.9`: 5, `"5.9"`: 5, `-5.9`: -5, `1e3`: 1000, `"+7"`: 7,
		`9223372036854775807`: math.MaxInt64, `"-9223372036854775808"`: math.MinInt64,
	} {
		var got Int
		if err := json.Unmarshal([]byte(in), &got); err != nil {
			t.Fatal(err)
		}
		if n, ok := got.Get(); n != want || !ok {
			t.Errorf("%s: %d, %v", in, n, ok)
		}
	}
	for _, in := range []string{
		`""`, `null`, `"none"`, `"5%"`, `true`, `[5]`, `{}`, `"0x10"`, `"NaN"`, `"inf"`, `1e400`, `9223372036854775808`, `"1_000"`, `"--1"`,
	} {
		got := Int{1, true}
		if err := json.Unmarshal([]byte(in), &got); err != nil {
			t.Fatal(err)
		}
		if n, ok := got.Get(); ok || n != 0 {
			t.Errorf("%s: %d, %v", in, n, ok)
		}
	}
}

func TestFloatReadsNumbersAndNumericStrings(t *testing.T) {
	for in, want := range map[string]float64{`5`: 5, `"0.25"`: 0.25, `" -2.5"`: -2.5, `1e3`: 1000, `"10.0"`: 10} {
		var got Float
		if err := json.Unmarshal([]byte(in), &got); err != nil {
			t.Fatal(err)
		}
		if f, ok := got.Get(); f != want || !ok {
			t.Errorf("%s: %v, %v", in, f, ok)
		}
	}
	for _, in := range []string{`""`, `null`, `"none"`, `"0.25%"`, `true`, `[]`, `"Inf"`, `"nan"`, `1e999`} {
		got := Float{1, true}
		if err := json.Unmarshal([]byte(in), &got); err != nil {
			t.Fatal(err)
		}
		if f, ok := got.Get(); ok {
			t.Errorf("%s: %v", in, f)
		}
	}
}

func TestBoolReadsEverySpelling(t *testing.T) {
	for in, want := range map[string]Bool{
		`true`: {true, true}, `"true"`: {true, true}, `"Yes"`: {true, true}, `"yes"`: {true, true}, `"1"`: {true, true}, `1`: {true, true},
		`false`: {false, true}, `"FALSE"`: {false, true}, `"No"`: {false, true}, `"0"`: {false, true}, `0`: {false, true},
		`""`: {}, `null`: {}, `"maybe"`: {}, `2`: {}, `{}`: {}, `[]`: {},
	} {
		got := Bool{true, true}
		if err := json.Unmarshal([]byte(in), &got); err != nil || got != want {
			t.Errorf("%s: %v, %v", in, got, err)
		}
		if got.True() != (want == Bool{true, true}) {
			t.Errorf("%s: True is %v", in, got.True())
		}
	}
}

func TestTimesThatAreNeverAreZero(t *testing.T) {
	for in, want := range map[string]time.Time{
		`"1700000000"`: time.Unix(1700000000, 0).UTC(), `1700000000`: time.Unix(1700000000, 0).UTC(), `1700000000.9`: time.Unix(1700000000, 0).UTC(),
		`"0"`: {}, `0`: {}, `"-1"`: {}, `-1`: {}, `""`: {}, `null`: {}, `"Nov 14, 2023"`: {}, `99999999999999`: {}, `[]`: {},
	} {
		got := Epoch{time.Now()}
		if err := json.Unmarshal([]byte(in), &got); err != nil || !got.Time().Equal(want) {
			t.Errorf("epoch %s: %v, %v", in, got.Time(), err)
		}
	}
	for in, want := range map[string]time.Time{
		`"202311142030"`: time.Date(2023, 11, 14, 20, 30, 0, 0, time.UTC), `202311142030`: time.Date(2023, 11, 14, 20, 30, 0, 0, time.UTC),
		`"202313142030"`: {}, `"000000000000"`: {}, `"1700000000"`: {}, `""`: {}, `null`: {}, `"-1"`: {}, `{}`: {}, `"2023111420301"`: {},
	} {
		got := Stamp{time.Now()}
		if err := json.Unmarshal([]byte(in), &got); err != nil || !got.Time().Equal(want) {
			t.Errorf("stamp %s: %v, %v", in, got.Time(), err)
		}
	}
}

func TestRefReadsObjectsAndBareIDs(t *testing.T) {
	for in, want := range map[string]struct {
		ref Ref
		set bool
	}{
		`{"id":"1","name":"Lab","description":"x","dataFormat":"IPv4"}`: {Ref{"1", "Lab"}, true},
		`{"id":-1,"name":"","description":""}`:                          {Ref{ID: "-1"}, false},
		`{"id":0,"name":"Administration"}`:                              {Ref{ID: "0", Name: "Administration"}, true},
		`"7"`:                                                           {Ref{ID: "7"}, true}, `7`: {Ref{ID: "7"}, true}, `-1`: {Ref{ID: "-1"}, false},
		`""`: {}, `null`: {}, `[]`: {}, `{}`: {}, `{"name":{}}`: {},
	} {
		got := Ref{ID: "before"}
		if err := json.Unmarshal([]byte(in), &got); err != nil || got != want.ref || got.Set() != want.set {
			t.Errorf("%s: %+v, set %v, %v", in, got, got.Set(), err)
		}
	}
}

func TestListReadsEveryShape(t *testing.T) {
	for _, test := range []struct {
		name, in string
		want     []string
		fails    bool
	}{
		{"a bare array", `[{"id":"1"},{"id":2}]`, []string{"1", "2"}, false},
		{"nothing, as a string", `""`, nil, false},
		{"null", `null`, nil, false},
		{"an empty array", ` [ ] `, nil, false},
		{"an empty object", `{}`, nil, false},
		{"two halves that overlap", `{"usable":[{"id":"0"},{"id":"1"}],"manageable":[{"id":1},{"id":"2"}]}`, []string{"0", "1", "2"}, false},
		{"one half", `{"manageable":[{"id":"3"}]}`, []string{"3"}, false},
		{"a half that is nothing", `{"usable":"","manageable":[{"id":"3"}]}`, []string{"3"}, false},
		{"two empty halves", `{"usable":[],"manageable":{}}`, nil, false},
		{"elements without ids in both halves", `{"usable":[{"name":"a"}],"manageable":[{"name":"a"},{"name":"b"}]}`, []string{"", ""}, false},
		{"a known wrapper", `{"assets":[{"id":"9"}]}`, []string{"9"}, false},
		{"a known wrapper in other case", `{"Results":[{"id":"9"}]}`, []string{"9"}, false},
		{"numbers for keys", `{"10":{"id":"c"},"0":{"id":"a"},"1":{"id":"b"}}`, []string{"a", "b", "c"}, false},
		{"the same id twice in a bare array", `[{"id":"1"},{"id":"1"}]`, []string{"1", "1"}, false},
		{"elements of the wrong shape", `[{"id":"1"},7,null,"",[],[1],{"id":{}},{"id":"2"}]`, []string{"1", "", "2"}, false},
		{"a number", `7`, nil, true},
		{"a text", `"many"`, nil, true},
		{"an object without a list", `{"id":"1"}`, nil, true},
		{"an object with something else under a wrapper", `{"assets":7}`, nil, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var l List[struct{ ID Str }]
			err := Decode([]byte(test.in), &l)
			if (err != nil) != test.fails {
				t.Fatalf("error %v", err)
			}
			var got []string
			for _, item := range l.Items {
				got = append(got, string(item.ID))
			}
			if !cmp.Equal(got, test.want) || len(l.Raw) != len(l.Items) {
				t.Errorf("%q and %d raw", got, len(l.Raw))
			}
			// Inside of something else it may be odd, but does no harm.
			var outer struct {
				Before, After Str
				List          List[struct{ ID Str }]
			}
			if err := Decode([]byte(`{"before":"1","list":`+test.in+`,"after":"2"}`), &outer); err != nil || outer.Before != "1" || outer.After != "2" {
				t.Errorf("inside: %+v, %v", outer, err)
			}
			if len(outer.List.Items) != len(l.Items) || (outer.List.Err() != nil) != test.fails {
				t.Errorf("inside: %+v", outer.List)
			}
		})
	}
}

func TestUnderReadsTheListBelowAKey(t *testing.T) {
	for _, test := range []struct {
		in    string
		want  int
		fails bool
	}{
		{`{"zones":[{"id":"1"}],"scanners":[{"id":"1"},{"id":"2"}]}`, 1, false},
		{`{"Zones":[{"id":"1"}]}`, 1, false}, {`{"zones":""}`, 0, false}, {`{"zones":{}}`, 0, false}, {`{"other":[1]}`, 0, false},
		{`""`, 0, false}, {`[]`, 0, false}, {`null`, 0, false}, {`{}`, 0, false}, {`[{"id":"1"}]`, 1, false},
		{`{"zones":7}`, 0, true}, {`7`, 0, true}, {`{"zones":`, 0, true}, {``, 0, true},
	} {
		l, err := Under[Ref]([]byte(test.in), "zones")
		if len(l.Items) != test.want || (err != nil) != test.fails {
			t.Errorf("%s: %v, %v", test.in, l.Items, err)
		}
	}
}

func TestMapReadsObjectsAndEmptyArrays(t *testing.T) {
	for in, want := range map[string]Map[Int]{
		`{"a":"1","b":2,"c":{}}`: {"a": {1, true}, "b": {2, true}, "c": {}}, `{}`: {}, `[]`: nil, `""`: nil, `null`: nil, `7`: nil, `[1]`: nil,
	} {
		got := Map[Int]{"before": {}}
		if err := json.Unmarshal([]byte(in), &got); err != nil || !cmp.Equal(got, want, cmp.AllowUnexported(Int{})) {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	var objects Map[struct{ A Str }]
	if err := json.Unmarshal([]byte(`{"x":{"a":1},"y":7}`), &objects); err != nil || len(objects) != 1 || objects["x"].A != "1" {
		t.Errorf("%v, %v", objects, err)
	}
}

func TestDecodeLeavesOutWhatDoesNotFit(t *testing.T) {
	var v struct {
		A      Int
		Nested struct{ B Str }
		Plain  int
		Items  []struct{ C Str }
		Last   Str
	}
	err := Decode([]byte(`{"a":"1","nested":"oops","plain":"oops","items":[{"c":1},"oops",{"c":3}],"last":"z"}`), &v)
	if n, _ := v.A.Get(); err != nil || n != 1 || v.Last != "z" || len(v.Items) != 3 || v.Items[2].C != "3" {
		t.Errorf("%+v, %v", v, err)
	}
	for _, in := range []string{`""`, `null`, `[]`, `{}`} {
		if err := Decode([]byte(in), &v); err != nil {
			t.Errorf("%s: %v", in, err)
		}
	}
	for _, in := range []string{``, ` `, `7`, `"text"`, `[1]`, `{`, `{}{}`, `<html>`} {
		if err := Decode([]byte(in), &v); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v", in, err)
		}
	}
}

func TestWarningsAreReadInEveryShape(t *testing.T) {
	for in, want := range map[string]Warnings{
		`["The asset list is used by a scan."]`:                                {"The asset list is used by a scan."},
		`[{"code":7,"warning":"The feed is stale."},{"code":8,"Warning":"x"}]`: {"The feed is stale.", "x"},
		`{"0":"a","2":{"code":1,"warning":"b"}}`:                               {"a", "b"},
		`["a","a"," ","",null,[],{},5,true]`:                                   {"a"},
		`[{"code":7,"text":"odd"},["b"]]`:                                      {`{"code":7,"text":"odd"}`, `["b"]`},
		`"a"`:                                                                  {"a"},
		`{"warning":"a"}`:                                                      {"a"},
		`[]`:                                                                   nil, `{}`: nil, `""`: nil, `null`: nil, `0`: nil, `false`: nil,
	} {
		got := Warnings{"before"}
		if err := json.Unmarshal([]byte(in), &got); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
}

func TestEnvelopesAreRecognised(t *testing.T) {
	e, err := DecodeEnvelope([]byte("\xef\xbb\xbf"+`{"type":"regular","response":{"a":[1, 2]},"error_code":"146","error_msg":"x","warnings":{},"timestamp":"1700000000"}`+"\n"), nil)
	if err != nil || e.Code() != 146 || e.ErrorMsg != "x" || string(e.Response) != `{"a":[1, 2]}` || e.Timestamp.Time().Unix() != 1700000000 {
		t.Errorf("%+v, %v", e, err)
	}
	e, err = DecodeEnvelope([]byte(`{"response":"","error_code":0,"error_msg":"said","warnings":[{"code":1,"warning":"warned"}]}`), nil)
	if err != nil || e.ErrorMsg != "said" || !cmp.Equal(e.Warnings, Warnings{"warned"}) {
		t.Errorf("%+v, %v", e, err)
	}
	for in, ok := range map[string]bool{
		`{"response":""}`: true, `{"error_code":0}`: true, `{"response":null}`: true, `{"error_code":12,"response":[]}`: true,
		`{"error":"The requested file was not found."}`: false, `{}`: false, `{"error_code":"x"}`: false,
	} {
		_, err := DecodeEnvelope([]byte(in), nil)
		if (err == nil) != ok || err != nil && !errors.Is(err, ErrNotEnvelope) {
			t.Errorf("%s: %v", in, err)
		}
	}
	for _, in := range []string{``, `[]`, `7`, `{"response":`, `<html>`, `{"response":{}}{"response":{}}`, strings.Repeat("[", 20000)} {
		if _, err := DecodeEnvelope([]byte(in), nil); err == nil {
			t.Errorf("%.40s: no error", in)
		}
	}
}

var seeds = []string{
	`"1"`, `1`, `-1`, `"-1 "`, `1.5`, `"1e5"`, `1e400`, `true`, `"Yes"`, `null`, `""`, `[]`, `{}`, `"202311142030"`, `{"id":"1","name":"x"}`,
	`{"usable":[{"id":1}],"manageable":[{"id":"1"},{"id":2}]}`, `{"0":1,"1":2}`, `{"results":[1,"2",null]}`, `{"zones":[{"id":3}]}`,
	`{"response":{},"error_code":0,"timestamp":1}`, `{"error_code":"12","error_msg":"\u0000"}`, "\xef\xbb\xbf{}", `[[[[`, "\"\xff\"", `{"usable":`,
}

func FuzzScalars(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v struct {
			S Str
			I Int
			F Float
			B Bool
			E Epoch
			T Stamp
			R Ref
			W Warnings
		}
		// As a field, if it is JSON at all, nothing fails; by itself nothing panics.
		field := []byte(`{"s":` + string(b) + `,"i":` + string(b) + `,"f":` + string(b) + `,"b":` + string(b) + `,"e":` + string(b) + `,"t":` + string(b) + `,"r":` + string(b) + `,"w":` + string(b) + `}`)
		if err := json.Unmarshal(field, &v); err != nil && json.Valid(field) {
			t.Fatalf("%s: %v", b, err)
		}
		for _, u := range []json.Unmarshaler{&v.S, &v.I, &v.F, &v.B, &v.E, &v.T, &v.R, &v.W} {
			if err := u.UnmarshalJSON(b); err != nil {
				t.Fatal(err)
			}
		}
		if x, ok := v.F.Get(); ok && (math.IsNaN(x) || math.IsInf(x, 0)) {
			t.Fatalf("%s: %v", b, x)
		}
		if e := v.E.Time(); !e.IsZero() && (e.Unix() <= 0 || e.Year() > 9999) {
			t.Fatalf("%s: %v", b, e)
		}
	})
}

func FuzzLists(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s), "zones")
	}
	f.Fuzz(func(t *testing.T, b []byte, key string) {
		var l List[Ref]
		err := Decode(b, &l)
		if len(l.Items) != len(l.Raw) || err != nil && json.Valid(b) && l.Err() == nil {
			t.Fatalf("%s: %d items, %d raw, %v", b, len(l.Items), len(l.Raw), err)
		}
		if len(l.Raw) > len(b) {
			t.Fatalf("%d items from %d bytes", len(l.Raw), len(b))
		}
		var m Map[Int]
		if err := m.UnmarshalJSON(b); err != nil {
			t.Fatal(err)
		}
		if u, err := Under[Ref](b, key); err == nil && len(u.Items) != len(u.Raw) {
			t.Fatalf("%s: %v", b, u)
		}
	})
}

func FuzzEnvelope(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := DecodeEnvelope(b, nil)
		if err != nil {
			return
		}
		if e.Response != nil && !json.Valid(e.Response) {
			t.Fatalf("response %q", e.Response)
		}
		var v struct{ A Int }
		_ = Decode(e.Response, &v) // must not panic
	})
}

func TestAListOfMoreRowsThanItsSizeMakesLikelyIsRefusedBeforeTheyAreMade(t *testing.T) {
	exhaustive.Only(t)
	type row struct{ Name, Description Str }
	const rows = 600_000
	var ids strings.Builder
	for i := range rows {
		fmt.Fprintf(&ids, `,{"id":%d}`, i)
	}
	for _, text := range []string{
		`[{}` + strings.Repeat(`,{}`, rows-1) + `]`,
		`{"usable":[{}` + ids.String() + `],"manageable":[]}`,
		`{"results":[1` + strings.Repeat(`,1`, rows-1) + `]}`,
	} {
		var l List[row]
		if err := Decode([]byte(text), &l); !errors.Is(err, ErrTooMany) || cap(l.Items) > 0 {
			t.Errorf("%.20s…: room for %d rows, %v", text, cap(l.Items), err)
		}
	}
	var l List[row] // as many short ones as a large site has
	if err := Decode([]byte(`[{"name":"x"}`+strings.Repeat(`,{"name":"x"}`, 99_999)+`]`), &l); err != nil || len(l.Items) != 100_000 {
		t.Errorf("%d rows, %v", len(l.Items), err)
	}
	var numbered strings.Builder
	for i := range rows {
		fmt.Fprintf(&numbered, `"%d":1,`, i)
	}
	for text, fits := range map[string]bool{`{` + numbered.String()[:numbered.Len()-1] + `}`: false, `{"1":{"name":"b"},"0":{"name":"a"}}`: true} {
		err := Decode([]byte(text), &l)
		if (err == nil) != fits || fits && (len(l.Items) != 2 || l.Items[0].Name != "a") {
			t.Errorf("%.20s…: %d rows, %v", text, len(l.Items), err)
		}
	}
	var m Map[Str]
	if err := Decode([]byte(`{`+numbered.String()[:numbered.Len()-1]+`}`), &m); err != nil || m != nil {
		t.Errorf("a map of %d, %v", len(m), err)
	}
}
