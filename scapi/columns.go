package scapi

import (
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// order is in which order the row before had its columns: the next one has them
// at the same places. C is what is known of a column.
type order[C any] []guess[C]

// guess is a column at its place in the row before.
type guess[C any] struct {
	text   []byte // the name as it is written, with what is around it: ,"ip":
	column C
}

// maxGuesses is far beyond the width of any row.
const maxGuesses = 200

// next reads the name of the column at this place of a row, and returns what is
// known of it: what find says of its name. False at the end of the row.
func (o *order[C]) next(in *wire.Reader, place int, find func(name []byte) C) (column C, more bool) {
	if place < len(*o) {
		if g := &(*o)[place]; in.Guess(g.text) {
			return g.column, true
		}
	}
	return o.learn(in, place, find)
}

// learn is next without a guess that was right.
func (o *order[C]) learn(in *wire.Reader, place int, find func(name []byte) C) (column C, more bool) {
	start := in.Offset()
	if !in.Next('}') {
		return column, false
	}
	name := in.Key()
	if in.Err() != nil {
		return column, false
	}
	column = find(name)
	if place >= maxGuesses {
		return column, true
	}
	if place == len(*o) {
		*o = append(*o, guess[C]{})
	}
	g := &(*o)[place]
	g.text, g.column = append(g.text[:0], in.Since(start)...), column
	return column, true
}

// latest is the value that a column had when it was last read. Many rows have
// the same, which need not be looked at then.
type latest[V any] struct {
	raw   []byte // as it is written
	value V
}

// again reads the value if it is the latest one once more.
func (l *latest[V]) again(in *wire.Reader) bool { return in.Guess(l.raw) }

// read reads a value, by read unless it is the latest one.
func (l *latest[V]) read(in *wire.Reader, read func(*wire.Reader) V) V {
	if !l.again(in) {
		l.learn(in, read)
	}
	return l.value
}

func (l *latest[V]) learn(in *wire.Reader, read func(*wire.Reader) V) {
	delimited := false
	switch in.Kind() {
	case '"', '{', '[':
		delimited = true
	}
	start := in.Offset()
	l.value, l.raw = read(in), l.raw[:0]
	if delimited && in.Err() == nil { // a number does not say where it ends
		l.raw = append(l.raw, in.Since(start)...)
	}
}

// refs are references that were read: there are few, of which many rows have one.
type refs []latest[wire.Ref]

// maxRefs are remembered at a time.
const maxRefs = 16

// read reads {"id","name",…}, or an id alone.
func (l *refs) read(in *wire.Reader) wire.Ref {
	for i := range *l {
		if known := &(*l)[i]; known.again(in) {
			return known.value
		}
	}
	if len(*l) == maxRefs {
		*l = (*l)[:0]
	}
	*l = append(*l, latest[wire.Ref]{})
	known := &(*l)[len(*l)-1]
	known.learn(in, (*wire.Reader).Ref)
	ref := known.value
	if len(known.raw) == 0 {
		*l = (*l)[:len(*l)-1]
	}
	return ref
}

// count reads a number that is unknown when it is negative.
func count(in *wire.Reader) Opt[int64] {
	n, ok := in.Int()
	if !ok || n < 0 {
		return Opt[int64]{}
	}
	return Some(n)
}

// score reads a number that is unknown when it is negative.
func score(in *wire.Reader) Opt[float64] {
	n, ok := in.Float()
	if !ok || n < 0 {
		return Opt[float64]{}
	}
	return Some(n)
}

// truth reads a truth value.
func truth(in *wire.Reader) Opt[bool] {
	v, ok := in.Bool()
	return Opt[bool]{v, ok}
}

// knownText returns the text of a column; nothing for what consoles write where
// they know none.
func knownText(text []byte) []byte {
	if len(text) <= len("N/A") && unknown(string(text)) {
		return nil
	}
	return text
}
