package scapi

import (
	"slices"
	"strings"
	"sync"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// template is a row that was read, and that others are likely to be like: with the
// same columns in the same order, and many of the same values. What is the same,
// byte for byte, is not looked at again. It does not change. C is what is known of a column.
type template[C any] struct {
	raw    []byte
	layout *layout[C]
	places []place
	blanks int // between values, in raw
}

// layout is which columns rows have, in which order.
type layout[C any] struct {
	names   []string
	columns []C
}

// place is where the value of a column is. The next name begins where it ends.
type place struct{ begin, end uint32 }

// maxColumns is far beyond the width of any row.
const maxColumns = 200

// walk reads an object. It calls same for columns in a row that are as in the template,
// with their places there and how much further on they are in the object, and read for
// others, which has to read the value, with where it begins in the object. What the
// template has not is looked up with find. Alike: all was in the template.
func (t *template[C]) walk(in *wire.Reader, find func(name []byte) C, same func(places []place, columns []C, shift int), read func(begin int, column C)) (alike bool) {
	start, at, k := in.Offset(), 0, 0
	for k < len(t.places) {
		most := at + in.Common(t.raw[at:])
		shift := in.Offset() - start - at
		first := k
		for k < len(t.places) && int(t.places[k].end) < most { // with the byte behind it
			k++
		}
		if k > first {
			same(t.places[first:k], t.layout.columns[first:k], shift)
			end := int(t.places[k-1].end)
			in.Advance(end - at)
			at = end
		}
		if k == len(t.places) || int(t.places[k].begin) > most { // another name
			break
		}
		in.Advance(int(t.places[k].begin) - at)
		in.Kind() // behind blanks
		read(in.Offset()-start, t.layout.columns[k])
		at = int(t.places[k].end)
		k++
	}
	if k > 0 && k == len(t.places) && in.Last() {
		return true
	}
	if k == 0 {
		in.Begin('{')
	}
	for in.Next('}') {
		if name := in.Key(); in.Err() == nil {
			column := find(name)
			in.Kind()
			read(in.Offset()-start, column)
		}
	}
	return false
}

// templateOf makes a row a template: an object that was read. One with very many columns,
// or with two of one name in whatever case, of which the last counts, is none for others.
func templateOf[C any](raw []byte, like *layout[C], find func(name []byte) C) template[C] {
	t := template[C]{raw: slices.Clone(raw), layout: like, places: make([]place, 0, len(like.names))}
	alike := true
	in := wire.NewReader(t.raw)
	for in.Begin('{'); in.Next('}'); {
		name, n := in.Key(), len(t.places)
		if alike && (n >= len(like.names) || like.names[n] != string(name)) {
			alike = false
			t.layout = &layout[C]{slices.Clone(like.names[:n]), slices.Clone(like.columns[:n])}
		}
		if !alike {
			if n == maxColumns || slices.ContainsFunc(t.layout.names, func(other string) bool { return strings.EqualFold(other, string(name)) }) {
				return template[C]{layout: new(layout[C])}
			}
			t.layout.names, t.layout.columns = append(t.layout.names, string(name)), append(t.layout.columns, find(name))
		}
		in.Kind()
		begin := in.Offset()
		in.Value()
		t.places = append(t.places, place{uint32(begin), uint32(in.Offset())})
	}
	t.blanks = in.Blanks()
	if n := len(t.places); alike && n < len(like.names) {
		t.layout = &layout[C]{like.names[:n:n], like.columns[:n:n]}
	}
	return t
}

// drift is after how many rows one is the template of all, although they were like the one before.
const drift = 64

// templates are one for the rows of each plugin, or one for all rows. The readers of
// all pages of a query share them.
type templates[T any] struct {
	ofPlugins bool // rows are of plugins, which most of a row depends on

	mu   sync.RWMutex
	of   map[string]*T
	held int // bytes, about
}

// maxHeld is how many bytes of templates are remembered.
const maxHeld = 16 << 20

// choose returns what a row is likely to be like, or nil, and how it is called. Which
// plugin the row is about is a hint: what is the same is seen when it is compared. Before
// is how far off its name was in the row before.
func (m *templates[T]) choose(in *wire.Reader, before *int) (t *T, key []byte) {
	if m.ofPlugins {
		key, *before = in.Ahead([]byte(`"pluginID":"`), *before)
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.of[string(key)], key
}

// keep makes t the template of the rows that are called so.
func (m *templates[T]) keep(key []byte, t *T, size int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held += 2*size + 2<<10; m.held > maxHeld || m.of == nil {
		m.of, m.held = map[string]*T{}, 0
	}
	m.of[string(key)] = t
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
