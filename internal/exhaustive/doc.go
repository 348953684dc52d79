// Package exhaustive tells tests how much to look at. By itself a test whose cases are every version, account and oddity
// of a console takes a sample of them, and one of a large volume is skipped, so that go test ./... is done within a minute.
// With go test -tags exhaustive ./..., which .ci/run runs too, nothing is left out.
package exhaustive

import "testing"

// Only skips a test unless tests look at everything.
func Only(t *testing.T) {
	t.Helper()
	if !Tests {
		t.Skip("only with -tags exhaustive")
	}
}

// Sample returns some of the cases, at even distances and always the same, and all of them if tests look at everything.
// Under the race detector it is one: everything takes ten times as long there, and more cases of the same code show no
// more races.
func Sample[T any](cases []T, most int) []T {
	if Raced {
		most = 1
	}
	if Tests || len(cases) <= most {
		return cases
	}
	some := make([]T, most)
	for i := range some {
		some[i] = cases[(2*i+1)*len(cases)/(2*most)]
	}
	return some
}
