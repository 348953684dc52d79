package collector

// Stability is what a version number promises for a metric: see
// docs/stability.md.
type Stability int

const (
	// Stable metrics keep name, type, labels and meaning until the next major
	// version.
	Stable Stability = iota
	// Experimental metrics may change or go with any minor version: what the
	// console tells there is not known well enough.
	Experimental
	// Deprecated metrics are as stable as before and go with the next major version.
	// Their help begins with "Deprecated since VERSION: use NAME.".
	Deprecated
)

// String returns the word for it.
func (s Stability) String() string {
	return [...]string{"stable", "experimental", "deprecated"}[s]
}
