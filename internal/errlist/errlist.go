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

// asOf reports whether err is what Of or Group made.
func asOf(err error) (*of, bool) {
	o, ok := err.(*of) //nolint:errorlint // what wraps one is another error
	return o, ok
}

// Group returns errs without repetition, in their order: equal ones are one, those
// made by Of of one and the same are one, and so are those of equal causes, which
// then names all who share it.
func Group(errs ...error) []error {
	var groups []error
	causes := map[string]int{} // text of the cause, or of the whole error, to place in groups
	for _, err := range ofEach(errs) {
		o, named := asOf(err)
		key := err.Error()
		if named {
			key = "\x00" + o.err.Error()
		}
		i, known := causes[key]
		switch {
		case !known:
			causes[key] = len(groups)
			groups = append(groups, err)
		case named:
			first, _ := asOf(groups[i])
			groups[i] = &of{append(slices.Clip(first.who), o.who...), first.err}
		}
	}
	return groups
}

// ofEach joins the errors of everybody who has several, and drops nil.
func ofEach(errs []error) []error {
	var list []error
	place := map[string]int{} // who to place in list
	for _, err := range flat(errs) {
		o, named := asOf(err)
		switch {
		case err == nil:
		case !named || len(o.who) > 1:
			list = append(list, err)
		default:
			if i, known := place[o.who[0]]; known {
				first, _ := asOf(list[i])
				list[i] = &of{o.who, Join(first.err, o.err)}
				continue
			}
			place[o.who[0]] = len(list)
			list = append(list, err)
		}
	}
	return list
}

// flat takes joined errors apart.
func flat(errs []error) []error {
	var apart []error
	for _, err := range errs {
		if l, joined := err.(*list); joined { //nolint:errorlint // what wraps a list is not one
			apart = append(apart, l.errs...)
		} else {
			apart = append(apart, err)
		}
	}
	return apart
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
