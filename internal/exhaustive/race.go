//go:build race

package exhaustive

// Raced says whether the race detector is at work.
const Raced = true
