package scapi

import "strings"

// keeper copies what is to outlive an answer's body. Many texts share an
// allocation, but only so many that one row kept for long keeps little else.
type keeper struct {
	lends bool // raw gives what it gets, which is to be overwritten
	texts strings.Builder
	raws  []byte
}

// How much is allocated at a time, in bytes.
const (
	textsSize = 4 << 10
	rawsSize  = 16 << 10
)

// text returns b as a string.
func (k *keeper) text(b []byte) string {
	switch {
	case len(b) == 0:
		return ""
	case len(b) > textsSize/4:
		return string(b)
	case k.texts.Cap()-k.texts.Len() < len(b):
		k.texts = strings.Builder{}
		k.texts.Grow(textsSize)
	}
	start := k.texts.Len()
	k.texts.Write(b)
	return k.texts.String()[start:]
}

// raw returns a copy of b, or lends it.
func (k *keeper) raw(b []byte) []byte {
	switch {
	case k.lends:
		return b
	case len(b) > rawsSize/4:
		return append([]byte(nil), b...)
	case cap(k.raws)-len(k.raws) < len(b):
		k.raws = make([]byte, 0, rawsSize)
	}
	start := len(k.raws)
	k.raws = append(k.raws, b...)
	return k.raws[start:len(k.raws):len(k.raws)]
}
