package scapi

import (
	"slices"
	"strconv"
	"strings"
)

// version is a console's version by its parts; nil when it is not known.
type version []int

// parseVersion reads "4.6.2.2". What follows the leading numbers is dropped.
func parseVersion(s string) version {
	var v version
	for part := range strings.SplitSeq(strings.TrimSpace(s), ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			break
		}
		v = append(v, n)
	}
	return v
}

// before reports whether v is older than the version with these parts. An
// unknown version is older than none: it is taken for the newest.
func (v version) before(parts ...int) bool {
	return v.known() && slices.Compare(v, parts) < 0
}

// known reports whether the console told its version.
func (v version) known() bool { return len(v) > 0 }
