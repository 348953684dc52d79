//go:build !exhaustive

package exhaustive

// Tests says whether tests look at everything.
const Tests = false
