// Package wire decodes the JSON of Security Center consoles, which is loosely
// typed: numbers, booleans and times come as strings, as numbers or as "",
// lists in several wrappers, and the same field changes its type between
// versions. Types of this package read all of that, take what they cannot read
// as absent, and never panic.
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrNotEnvelope is returned for JSON that is no envelope: neither response
// nor error_code is there.
var ErrNotEnvelope = errors.New("no envelope")

// Envelope is what every answer of both dialects is wrapped in.
type Envelope struct {
	Response  json.RawMessage
	ErrorMsg  Str
	Warnings  Warnings
	Timestamp Epoch // the console's clock
	errorCode Int   // absent: success
}

// Code is the error code; 0 is success.
func (e Envelope) Code() int {
	n, _ := e.errorCode.Get()
	return int(n)
}

// DecodeEnvelope decodes an answer. It fails on what is no JSON, no object, or
// no envelope (ErrNotEnvelope). If response is not nil, it is called to read
// the value of that name in passing; it must read all of it, and does not yet
// know whether the rest of the answer is an error. Where there is no such value,
// it gets an empty text.
func DecodeEnvelope(b []byte, response func(*Reader)) (Envelope, error) {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	r := NewReader(b)
	e, ok := readEnvelope(r, response)
	if !ok || !r.End() {
		// What it says of the mistake is worth a second look.
		if err := json.Unmarshal(b, &struct{}{}); err != nil {
			return Envelope{}, err
		}
		if r.Err() != nil {
			return Envelope{}, r.Err()
		}
		return Envelope{}, ErrNotEnvelope
	}
	if _, ok := e.errorCode.Get(); !ok && e.Response == nil {
		return Envelope{}, ErrNotEnvelope
	}
	return e, nil
}

// readEnvelope returns false for what is no object.
func readEnvelope(r *Reader, response func(*Reader)) (Envelope, bool) {
	var e Envelope
	if !r.Begin('{') {
		return e, false
	}
	for r.Next('}') {
		var member json.Unmarshaler
		switch name := r.Key(); {
		case bytes.EqualFold(name, []byte("response")):
			if response == nil {
				e.Response = r.Value()
				continue
			}
			r.Kind()
			start := r.Offset()
			response(r)
			e.Response = r.Since(start)
			continue
		case bytes.EqualFold(name, []byte("error_code")):
			member = &e.errorCode
		case bytes.EqualFold(name, []byte("error_msg")):
			member = &e.ErrorMsg
		case bytes.EqualFold(name, []byte("warnings")):
			member = &e.Warnings
		case bytes.EqualFold(name, []byte("timestamp")):
			member = &e.Timestamp
		default:
			r.Value()
			continue
		}
		_ = member.UnmarshalJSON(r.Value()) // never fails
	}
	if response != nil && e.Response == nil {
		response(NewReader(nil))
	}
	return e, r.Err() == nil
}

// Decode decodes b into v. A field of an unexpected type is left at its zero
// value and does not fail the rest. An answer of "", null or [] leaves a
// struct at its zero value. What is no JSON, or has nothing to do with v's
// shape at the top (a number for a list), is an error.
func Decode(b []byte, v any) error {
	if len(bytes.TrimSpace(b)) == 0 {
		return errors.New("nothing to decode")
	}
	err := json.Unmarshal(b, v)
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mismatch):
		// encoding/json skips what does not fit and goes on. Only a mismatch
		// of the whole leaves nothing decoded, and is fine where the console
		// says "nothing".
		if mismatch.Field == "" && !Empty(b) {
			return fmt.Errorf("%s where %s was expected", describe(b), mismatch.Type)
		}
	case err != nil:
		return err
	}
	if l, ok := v.(interface{ Err() error }); ok {
		return l.Err()
	}
	return nil
}
