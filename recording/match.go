package recording

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Meaning is what a request asks for, however it is written: parameters and filters in any order.
func Meaning(call string, query map[string]string, input []byte) string {
	return meaning(call, query, input, nil)
}

// MeaningAt is Meaning of a request that was made when it was now by the console's clock, with every time in it as days
// before now: the same question at another time has the same.
func MeaningAt(now time.Time, call string, query map[string]string, input []byte) string {
	return meaning(call, query, input, func(e int64) int64 {
		// Windows are cut to the hour, and a cycle may go on beyond one.
		const slack = 2 * 60 * 60
		const day = 24 * 60 * 60
		ago := now.Unix() - e + slack
		if ago < 0 {
			ago -= day - 1
		}
		return ago / day
	})
}

func meaning(call string, query map[string]string, input []byte, change func(int64) int64) string {
	text := func(s string) string {
		if change == nil {
			return s
		}
		return everyEpoch(s, change)
	}
	var b strings.Builder
	b.WriteString(call)
	for _, name := range slices.Sorted(maps.Keys(query)) {
		b.WriteString("\n" + name + "=" + text(query[name]))
	}
	if len(bytes.TrimSpace(input)) > 0 {
		in := json.NewDecoder(bytes.NewReader(input))
		in.UseNumber()
		var v any
		if in.Decode(&v) != nil {
			b.WriteString("\n" + string(input))
		} else if v = ordered(v, text); v != nil {
			b.WriteString("\n")
			b.Write(encoded(v))
		}
	}
	return b.String()
}

// ordered brings lists of objects, which are filters, ids and the like, into an order; numbers and texts are one.
func ordered(v any, text func(string) string) any {
	switch t := v.(type) {
	case map[string]any:
		if len(t) == 0 {
			return nil
		}
		for name := range t {
			t[name] = ordered(t[name], text)
		}
	case []any:
		for i := range t {
			t[i] = ordered(t[i], text)
		}
		slices.SortFunc(t, func(a, b any) int { return bytes.Compare(encoded(a), encoded(b)) })
	case json.Number:
		return text(t.String())
	case bool:
		return strconv.FormatBool(t)
	case string:
		return text(t)
	}
	return v
}

func encoded(v any) []byte {
	b, _ := json.Marshal(v) // it was decoded from JSON
	return b
}
