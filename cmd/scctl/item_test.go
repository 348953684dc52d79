package main

import (
	"encoding/json"
	"testing"
)

func TestTextsOfRowsAreDecodedAsJSON(t *testing.T) {
	for _, raw := range []string{
		`""`, `"a"`, `"a\/b"`, `"line\nline\n"`, `"\\"`, `"\\n"`, `"say \"x\""`, `"\t"`, `"caf\u00e9"`, `"\n\u00e9\/"`, "\"caf\u00e9\\n\"", `"\ud83d\ude00"`, `"half \ud83d"`,
	} {
		var want string
		if err := json.Unmarshal([]byte(raw), &want); err != nil {
			t.Fatal(err)
		}
		if got := rawText(json.RawMessage(raw)); got != want {
			t.Errorf("%s is %q, want %q", raw, got, want)
		}
	}
}
