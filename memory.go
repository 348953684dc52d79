package main

import (
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// collectAt is how much garbage, in percent of what lives, there may be before it
// is collected, unless GOGC says otherwise: an exporter has little to do between
// its loads, and answers of consoles are large.
const collectAt = 50

// memoryShare is how much of a container's limit Go may take: the program itself is
// some 20 MB of the rest.
const memoryShare = 0.8

// boundMemory keeps the process within the memory that its container may take, as
// GOMEMLIMIT would, and away from that otherwise.
func boundMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	// Without a limit, or where it cannot be read, nothing is to be kept.
	_, _ = memlimit.Set(memlimit.WithProvider(memlimit.FromCgroup), memlimit.WithRatio(memoryShare))
}
