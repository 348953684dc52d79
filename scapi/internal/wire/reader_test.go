package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReaderWalksAnObjectInOnePass(t *testing.T) {
	r := NewReader([]byte(` { "total" : "33" ,"list":[ {"n":1}, {"n":"2"} ,7, null ],"na\u006de":"caf\u00e9 \/ \"x\"","when":1700000000,"set":"201812150336","score":"-2.5","rest":{"a":[[],{}]}} `))
	type seen struct {
		Total    int64
		Numbers  []int64
		Name     string
		When     time.Time
		Set      time.Time
		Score    float64
		Rest     string
		Unguided bool
	}
	var got seen
	if !r.Begin('{') {
		t.Fatal("no object")
	}
	for r.Next('}') {
		if r.Guess([]byte(`"rest":`)) {
			got.Rest = string(r.Value())
			continue
		}
		switch string(r.Key()) {
		case "total":
			got.Total, _ = r.Int()
		case "list":
			for r.Begin('['); r.Next(']'); {
				if !r.Begin('{') {
					r.Value()
					continue
				}
				for r.Next('}') {
					r.Key()
					n, _ := r.Int()
					got.Numbers = append(got.Numbers, n)
				}
			}
		case "name":
			got.Name = string(r.Text())
		case "when":
			got.When = r.Time()
		case "set":
			got.Set = r.Stamp()
		case "score":
			got.Score, _ = r.Float()
		case "rest":
			got.Unguided = true
		}
	}
	want := seen{33, []int64{1, 2}, `café / "x"`, time.Unix(1700000000, 0).UTC(), time.Date(2018, 12, 15, 3, 36, 0, 0, time.UTC), -2.5, `{"a":[[],{}]}`, false}
	if diff := cmp.Diff(want, got); diff != "" || !r.End() || r.Err() != nil {
		t.Errorf("end %t, error %v, read (-want +got):\n%s", r.End(), r.Err(), diff)
	}
}

func TestReaderStopsAtTheFirstError(t *testing.T) {
	r := NewReader([]byte(`{"a":1,"b":}`))
	members := 0
	for r.Begin('{'); r.Next('}'); members++ {
		r.Key()
		r.Value()
		if members > 5 {
			t.Fatal("no end")
		}
	}
	first := r.Err()
	if first == nil || r.End() || r.Value() != nil || r.Text() != nil || r.Begin('{') || !errors.Is(r.Err(), first) {
		t.Errorf("error %v, then %v", first, r.Err())
	}
}

func TestDecodeEnvelopeReadsTheResponseInPassing(t *testing.T) {
	var passed []string
	read := func(r *Reader) { passed = append(passed, string(r.Value())) }
	e, err := DecodeEnvelope([]byte(`{"type":"regular","response": {"a":1} ,"error_code":0,"timestamp":5}`), read)
	if err != nil || string(e.Response) != `{"a":1}` || e.Timestamp.Time().Unix() != 5 || !cmp.Equal(passed, []string{`{"a":1}`}) {
		t.Errorf("%+v, %v, passed %q", e, err, passed)
	}
	if _, err = DecodeEnvelope([]byte(`{"response":{"a":}}`), read); err == nil {
		t.Error("broken JSON was taken")
	}
}

var readerSeeds = []string{
	`{"ip":"10.0.0.1","n":[1,-2.5e+3,0,true,false,null],"o":{"x":{}}}`, `"\u00e9\ud83d\ude00\ud83d\/\\\"\n"`, `"` + strings.Repeat("long ", 9) + `"`, "\"\x01\"", `"\x"`, `"\u12"`,
	`01`, `1.`, `-`, `+1`, `.5`, `1e`, `{"a" :1 , "b": 2}`, `{"a":1,}`, `[1,]`, `[,1]`, `{,}`, `{"a"}`, `{a:1}`, `tru`, "\"\xff\xc3\xa9 abcdefg\"", `[[[[]]]]`, `"unfinished`, `"a\ud800b"`, `"\ud83d\u0041\udc00"`, `"\b\f\r\t\u000a\u00E9"`, `"\u00g0"`, "\"\xff\\n\xc3\\u00e9\"", `"12.5"`, `"9007199254740993"`,
	`"0.000000000000001"`, `"1.2.3"`, `"5."`, `"Yes"`, `" off "`, `"123456789012.25"`, `"1234567\`, "\"1234567\x80\"",
}

func FuzzReaderAgreesWithEncodingJSON(f *testing.F) {
	for _, s := range append(readerSeeds, seeds...) {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(b)
		raw := r.Value()
		if valid := r.Err() == nil && r.End(); valid != json.Valid(b) {
			t.Fatalf("%q: valid %t, error %v", b, valid, r.Err())
		} else if !valid {
			return
		}
		if !bytes.Equal(raw, bytes.Trim(b, " \t\r\n")) {
			t.Errorf("%q: raw %q", b, raw)
		}
		if got, want := string(NewReader(b).Text()), scalar(b); got != want {
			t.Errorf("%q: text %q, want %q", b, got, want)
		}
		var (
			i Int
			n Float
			e Epoch
			s Stamp
			v Bool
		)
		for _, u := range []json.Unmarshaler{&i, &n, &e, &s, &v} {
			_ = u.UnmarshalJSON(b)
		}
		if got, ok := NewReader(b).Int(); got != i.value || ok != i.valid {
			t.Errorf("%q: integer %d, want %d", b, got, i.value)
		}
		if got, ok := NewReader(b).Float(); got != n.value || ok != n.valid {
			t.Errorf("%q: number %v, want %v", b, got, n.value)
		}
		if got := NewReader(b).Time(); !got.Equal(e.t) {
			t.Errorf("%q: time %v, want %v", b, got, e.t)
		}
		if got := NewReader(b).Stamp(); !got.Equal(s.t) {
			t.Errorf("%q: stamp %v, want %v", b, got, s.t)
		}
		if got, ok := NewReader(b).Bool(); got != v.value || ok != v.valid {
			t.Errorf("%q: truth %v, want %v", b, got, v.value)
		}
		// An object is walked like a map, of which the last of equals counts.
		var want map[string]json.RawMessage
		if raw[0] != '{' || json.Unmarshal(b, &want) != nil {
			return
		}
		got := map[string]json.RawMessage{}
		r = NewReader(b)
		for r.Begin('{'); r.Next('}'); {
			name := string(r.Key())
			got[name] = r.Value()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: members (-want +got):\n%s", b, diff)
		}
	})
}
