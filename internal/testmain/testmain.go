// Package testmain runs the tests of a package that starts simulated consoles.
package testmain

import (
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"
)

// Run runs the tests and fails if a goroutine outlives them. Simulated consoles are much garbage that is soon gone, so it
// is collected less often than elsewhere; a test that measures memory sets debug.SetGCPercent to what the program has.
func Run(m *testing.M) {
	debug.SetGCPercent(400)
	goleak.VerifyTestMain(m)
}
