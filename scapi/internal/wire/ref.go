package wire

import (
	"bytes"
	"encoding/json"
)

// Ref is a reference to another object: {"id","name",…}, or the
// bare id that SecurityCenter 4 sends. Unset references carry the number -1.
type Ref struct {
	ID, Name Str
}

// Set reports whether the reference leads to an object. Id 0 does: it is the
// administrators' organisation.
func (r Ref) Set() bool { return r.ID != "" && r.ID != "-1" }

// UnmarshalJSON never fails.
func (r *Ref) UnmarshalJSON(b []byte) error {
	*r = Ref{}
	b = bytes.TrimSpace(b)
	if len(b) == 0 || b[0] != '{' {
		r.ID = Str(scalar(b))
		return nil
	}
	type object Ref // without this method
	var o object
	if json.Unmarshal(b, &o) == nil {
		*r = Ref(o)
	}
	return nil
}
