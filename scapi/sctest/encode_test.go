package sctest

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestAnswersAreWrittenAsPHPDoes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   any
		want string
	}{
		{nil, `null`}, {true, `true`}, {-1, `-1`}, {int64(7), `7`}, {5.75, `5.75`}, {"", `""`},
		{`a/b "c" \ <d>`, `"a\/b \"c\" \\ <d>"`},
		{"tab\tline\n\x01", `"tab\tline\n\u0001"`},
		{"Zürich €", `"Z\u00fcrich \u20ac"`},
		{"\U0001f600", `"\ud83d\ude00"`},
		{object{"b": "2", "a": []object{{"z": nil}, nil}, "c": []string{"/"}}, `{"a":[{"z":null},null],"b":"2","c":["\/"]}`},
		{[]idRow{{7}, {19506}}, `[{"id":"7"},{"id":"19506"}]`},
		{[]any{1, "x", object{}}, `[1,"x",{}]`},
		{json.RawMessage(`{"x": "a/b"}`), `{"x":"a\/b"}`},
		{json.RawMessage(`"a\/b\\/c\u00e9"`), `"a\/b\\\/c\u00e9"`},
		{map[string]string{"k": "é"}, `{"k":"\u00e9"}`},
	} {
		got := string(phpJSON(tt.in))
		if got != tt.want {
			t.Errorf("%v: %s, want %s", tt.in, got, tt.want)
		}
		plain, err := json.Marshal(tt.in)
		if err != nil {
			t.Fatal(err)
		}
		var a, b any
		if err := json.Unmarshal([]byte(got), &a); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(plain, &b); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%v means %v, want %v", got, a, b)
		}
	}
}
