// Package errlist makes one line of several errors, and says a cause that
// several share once.
package errlist

import (
	"fmt"
	"slices"
	"strings"
)

// mostNamed bounds how many are named who share a cause.
const mostNamed = 3

// Of returns err as the error of somebody: "account admin: no route to host".
func Of(who string, err error) error { return &of{[]string{who}, err} }

type of struct {
	who []string
	err error
}

func (e *of) Error() string {
	who := e.who
	if len(who) > mostNamed+1 {
		who = append(who[:mostNamed:mostNamed], fmt.Sprintf("%d more", len(who)-mostNamed))
	}
	return strings.Join(who, ", ") + ": " + e.err.Error()
}

func (e *of) Unwrap() error { return e.err }

// Group returns errs without repetition, in their order: equal ones are one, and
// those made by Of of equal causes are one that names all.
func Group(errs ...error) []error {
	var groups []error
	seen := map[string]int{} // cause, or whole text, to place in groups
	for _, err := range errs {
		if err == nil {
			continue
		}
		o, named := err.(*of)
		key := err.Error()
		if named {
			key = "\x00" + o.err.Error()
		}
		i, known := seen[key]
		switch {
		case !known:
			seen[key] = len(groups)
			groups = append(groups, err)
		case named:
			first := groups[i].(*of)
			if !slices.Contains(first.who, o.who[0]) {
				groups[i] = &of{append(slices.Clip(first.who), o.who...), first.err}
			}
		}
	}
	return groups
}

// Join returns errs as one error on one line, grouped; nil if there is none. It
// wraps all but the repetitions.
func Join(errs ...error) error {
	switch groups := Group(errs...); len(groups) {
	case 0:
		return nil
	case 1:
		return groups[0]
	default:
		return &list{groups}
	}
}

type list struct{ errs []error }

func (l *list) Error() string {
	texts := make([]string, len(l.errs))
	for i, err := range l.errs {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (l *list) Unwrap() []error { return l.errs }
