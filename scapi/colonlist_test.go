package scapi

import "testing"

func FuzzParseColonList(f *testing.F) {
	for _, seed := range []string{"1629:19:146:176:32:1256:2780", "-1", "0:0:0:0:0:0:0", "::::::", "1:1:0:0:0:0:40:1", "60:5:20:10:0:25:430 ",
		"9223372036854775807:9223372036854775807:0:0:0:0:0", "4:9007199254740991:9007199254740991:9007199254740991:9007199254740991:9007199254740991:1"} {
		f.Add(seed, 7)
		f.Add(seed, 8)
	}
	f.Fuzz(func(t *testing.T, text string, numbers int) {
		counts, score, ok := parseColonList(text, numbers)
		if !ok {
			if counts != (Counts{}) || score != 0 {
				t.Errorf("parseColonList(%q) refused, but returned %v and %d", text, counts, score)
			}
			return
		}
		for severity, n := range counts {
			if n < 0 {
				t.Errorf("parseColonList(%q) counts %d of severity %d", text, n, severity)
			}
		}
		if score < 0 || counts.Total() < 0 {
			t.Errorf("parseColonList(%q) has score %d and total %d", text, score, counts.Total())
		}
	})
}

func FuzzResults(f *testing.F) {
	for _, seed := range []string{`{"totalRecords":"1","results":[{}]}`, `{"0":"10.0.0.1","results":null}`, `{"results":{"1":{},"0":{}}}`, `""`, `[]`, `7`, `{"0":{}}`, `null`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r results
		if err := r.UnmarshalJSON(b); err != nil {
			t.Fatal("the error belongs into Err")
		}
		if r.Err() != nil && len(r.rows) != 0 {
			t.Errorf("%d rows of an answer that is an error", len(r.rows))
		}
		for _, raw := range r.rows {
			row := newRow(raw, false)
			row.Severity()
			row.Counts()
			row.Repository()
		}
	})
}
