package scapi

import (
	"encoding/json"
	"errors"
	"slices"
)

// ActionError is the answer to a call that should change something on the
// console, and that succeeded by HTTP status and error_code, while its text says
// what went wrong: an e-mail that could not be sent, for instance. Calls that
// only read do not fail for such a text; Options.Observe and the log get it.
type ActionError struct {
	Call     string          // "POST /rest/scanResult/7/email", "asset::edit"
	Message  string          // error_msg of the envelope, one line, bounded
	Response json.RawMessage // of the envelope
}

// Error reads like "POST /rest/scanResult/7/email: not done: Scan Result email failed".
func (e *ActionError) Error() string { return e.Call + ": not done: " + e.Message }

// unfulfilled returns what the console says of a change that it took, but could
// not make.
func (r *reply) unfulfilled(k call, dialect API) error {
	if !k.writes || r.said.message == "" {
		return nil
	}
	return &ActionError{Call: k.name(dialect), Message: r.said.message, Response: slices.Clone(r.envelope.Response)}
}

// unfulfilled reports whether err is an ActionError, beside which there is an answer.
func unfulfilled(err error) bool {
	var e *ActionError
	return errors.As(err, &e)
}
