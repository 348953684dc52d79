package recording

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Text is a text that stands in a recording.
type Text struct {
	Text   string
	Fields []string // where, sorted: names of fields, of objects around them before a full stop
	Times  int
}

// Texts returns every different text of a recording that somebody has to approve before it is given away: all but numbers
// and what is sent by every client. Replaced ones are among them, because nothing tells them apart.
func (r *Recording) Texts() []Text {
	found := map[string]map[string]int{}
	note := func(text, field string) {
		if text == "" || numbers.MatchString(text) || numeric.MatchString(text) {
			return
		}
		if found[text] == nil {
			found[text] = map[string]int{}
		}
		found[text][field]++
	}
	var visit func(v any, object, field string)
	visit = func(v any, object, field string) {
		switch t := v.(type) {
		case map[string]any:
			for name, value := range t {
				note(name, "(names of fields)")
				visit(value, field, name)
			}
		case []any:
			for _, value := range t {
				visit(value, object, field)
			}
		case string:
			note(t, strings.TrimPrefix(object+"."+field, "."))
		}
	}
	for _, x := range r.Exchanges {
		note(x.Call, "(calls)")
		for name, value := range x.Query {
			note(value, "(parameter "+name+")")
		}
		for _, text := range []json.RawMessage{x.Input, x.Answer} {
			var v any
			if json.Unmarshal(text, &v) == nil {
				visit(v, "", "")
			}
		}
		note(x.Text, "(answers that are no JSON)")
		note(x.Header, "(header SecurityCenter)")
	}
	texts := make([]Text, 0, len(found))
	for text, fields := range found {
		one := Text{Text: text, Fields: slices.Sorted(maps.Keys(fields))}
		for _, n := range fields {
			one.Times += n
		}
		texts = append(texts, one)
	}
	slices.SortFunc(texts, func(a, b Text) int {
		return cmp.Or(cmp.Compare(a.Fields[0], b.Fields[0]), cmp.Compare(a.Text, b.Text))
	})
	return texts
}
