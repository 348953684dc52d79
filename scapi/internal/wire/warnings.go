package wire

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// Warnings are the texts beside a success. Consoles send a list of texts, or of
// objects with code and warning, and [] or {} where there is nothing to say.
// What else is in the list is kept as it is written. Equal ones are one.
type Warnings []string

// mostWarnings bounds what is looked at: nobody reads more.
const mostWarnings = 100

// UnmarshalJSON never fails.
func (w *Warnings) UnmarshalJSON(b []byte) error {
	*w = nil
	looked := 0
	add := func(raw json.RawMessage) error {
		if looked++; looked > mostWarnings {
			return ErrTooMany
		}
		text := warning(raw)
		if strings.TrimSpace(text) != "" && !slices.Contains(*w, text) {
			*w = append(*w, text)
		}
		return nil
	}
	switch { // a list that cannot be read holds nothing more
	case numbered(b):
		_ = eachNumbered(b, add)
	case kind(b) == '[':
		_ = each(b, add)
	default:
		_ = add(b)
	}
	return nil
}

// warning is the text of one warning, or "".
func warning(raw json.RawMessage) string {
	if Empty(raw) {
		return ""
	}
	switch kind(raw) {
	case '"':
		return scalar(raw)
	case '{':
		if text, _ := member(raw, "warning"); kind(text) == '"' { // what cannot be read is shown
			return scalar(text)
		}
	case '[':
	default:
		return "" // a number or a boolean says nothing
	}
	var shown bytes.Buffer
	if json.Compact(&shown, raw) != nil {
		return ""
	}
	return shown.String()
}
