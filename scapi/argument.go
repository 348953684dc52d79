package scapi

import "fmt"

// ArgumentError says that a call was given what it cannot take: an id that is no
// number, a severity that does not exist, a window that ends before it begins.
// What the call would have asked was not sent, and nothing was changed.
//
// What this console or its version lacks is ErrUnsupported instead.
type ArgumentError struct{ err error }

// Error says what was given and what is wanted.
func (e *ArgumentError) Error() string { return e.err.Error() }

// Unwrap returns the cause, if there is one.
func (e *ArgumentError) Unwrap() error { return e.err }

func wrongArgument(format string, a ...any) error { return &ArgumentError{fmt.Errorf(format, a...)} }
