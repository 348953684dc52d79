package exporter

import (
	"fmt"
	"net/url"
	"slices"
)

// chosenCollectors returns the collectors that the parameters collect[] and
// exclude[] of a probe leave of those that are on; nil for all, where neither is
// there. wrong says in words what is wrong with them.
func chosenCollectors(query url.Values, console string, on []string) (chosen []string, wrong string) {
	only, without := query["collect[]"], query["exclude[]"]
	if only != nil && without != nil {
		return nil, "Parameters collect[] and exclude[] exclude each other: expected one of them."
	}
	parameter := "collect[]"
	if without != nil {
		parameter = "exclude[]"
	}
	for _, c := range slices.Concat(only, without) {
		if !slices.Contains(on, c) {
			return nil, fmt.Sprintf("Unknown collector %q in %s: expected one that is on for %s: %s.", c, parameter, console, list(on))
		}
	}
	if without == nil {
		return only, ""
	}
	chosen = []string{} // not nil, even where nothing is left
	for _, c := range on {
		if !slices.Contains(without, c) {
			chosen = append(chosen, c)
		}
	}
	return chosen, ""
}
