//go:build !race

package exhaustive

const raced = false
