package wire

import "bytes"

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
	in := NewReader(b)
	if *r = in.Ref(); !in.End() {
		*r = Ref{}
	}
	return nil
}

// Ref reads the next value as Ref would.
func (r *Reader) Ref() Ref {
	var ref Ref
	if !r.Begin('{') {
		ref.ID = Str(r.Text())
		return ref
	}
	for r.Next('}') {
		switch name := r.Key(); {
		case bytes.EqualFold(name, []byte("id")):
			ref.ID = Str(r.Text())
		case bytes.EqualFold(name, []byte("name")):
			ref.Name = Str(r.Text())
		default:
			r.Value()
		}
	}
	return ref
}
