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

// UnmarshalJSON never fails.
func (w *Warnings) UnmarshalJSON(b []byte) error {
	*w = nil
	elements := []json.RawMessage{b}
	switch kind(b) {
	case '[':
		elements = nil
		_ = json.Unmarshal(b, &elements) // a list that cannot be read holds nothing
	case '{':
		var object map[string]json.RawMessage
		if json.Unmarshal(b, &object) == nil {
			if list, ok := numbered(object); ok {
				elements = list
			}
		}
	}
	for _, raw := range elements {
		text := warning(raw)
		if strings.TrimSpace(text) != "" && !slices.Contains(*w, text) {
			*w = append(*w, text)
		}
	}
	return nil
}

// warning is the text of one warning, or "".
func warning(raw json.RawMessage) string {
	if Empty(raw) {
		return ""
	}
	var object map[string]json.RawMessage
	switch kind(raw) {
	case '"':
		return scalar(raw)
	case '{':
		_ = json.Unmarshal(raw, &object) // what cannot be read is shown
		if text, ok := member(object, "warning"); ok && kind(text) == '"' {
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
