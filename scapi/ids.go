package scapi

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// checkID makes sure that an id is one: it becomes part of a path.
func checkID(what, id string) error {
	if _, err := strconv.ParseUint(id, 10, 63); err != nil {
		return wrongArgument("%s %q: the id is no number", what, id)
	}
	return nil
}

// CompareIDs orders the ids of a console as numbers where they are numbers, and
// what is no number behind them, as texts. It returns -1, 0 or 1.
func CompareIDs(a, b string) int {
	n, errA := strconv.ParseInt(a, 10, 64)
	m, errB := strconv.ParseInt(b, 10, 64)
	switch {
	case errA == nil && errB == nil:
		return cmp.Compare(n, m)
	case errA == nil:
		return -1
	case errB == nil:
		return 1
	}
	return strings.Compare(a, b)
}

// sortByID orders objects by their id.
func sortByID[T any](list []T, id func(T) string) {
	slices.SortFunc(list, func(a, b T) int { return CompareIDs(id(a), id(b)) })
}
