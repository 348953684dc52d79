//go:build race

package exhaustive

// raced: everything takes ten times as long, and more cases of the same code show no more races.
const raced = true
