package scapi

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
)

// maxCause bounds the text of a failure of the network, in characters. A proxy
// and a broken server may put anything into it.
const maxCause = 500

// failed returns e with the secrets taken out of the texts of its cause. It is
// the way of every Error whose cause may quote a console, or a proxy.
func (m *mask) failed(e *Error) *Error {
	e.Err = m.cause(e.Err)
	return e
}

// refused returns e with what the console said, masked and cut. What its words
// mean is read from the words themselves.
func (m *mask) refused(e *Error, said string) *Error {
	words := oneLine(said, maxMessage)
	e.said = func() string { return words }
	e.shown = func(text string) string { return m.quoted(text, maxMessage) }
	e.Message = m.quoted(said, maxMessage)
	return e
}

// cause returns err, or one that reads the same without secrets and without
// end, and is the same to errors.Is.
func (m *mask) cause(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	shown := m.quoted(text, maxCause)
	if shown == text {
		return err
	}
	return &maskedError{text: shown, err: err}
}

// maskedError is an error that must not be read. What it wraps cannot be
// reached, for it holds the text; what it is can be asked.
type maskedError struct {
	text string
	err  error
}

func (e *maskedError) Error() string        { return e.text }
func (e *maskedError) GoString() string     { return e.text }
func (e *maskedError) Is(target error) bool { return errors.Is(e.err, target) }

// As answers for the kinds that tell failures of network and TLS apart.
func (e *maskedError) As(target any) bool {
	switch t := target.(type) {
	case *net.Error:
		var n net.Error
		if !errors.As(e.err, &n) {
			return false
		}
		*t = &maskedNetError{e, n.Timeout()}
	case **net.OpError:
		var op *net.OpError
		if !errors.As(e.err, &op) {
			return false
		}
		*t = &net.OpError{Op: op.Op, Net: op.Net, Source: op.Source, Addr: op.Addr, Err: errors.New(e.text)}
	case **tls.CertificateVerificationError, *tls.RecordHeaderError,
		*x509.UnknownAuthorityError, *x509.HostnameError, *x509.CertificateInvalidError:
		// Their texts are made of certificates when they are asked for.
		return errors.As(e.err, target)
	default:
		return false
	}
	return true
}

// maskedNetError is a maskedError of the network.
type maskedNetError struct {
	*maskedError
	timeout bool
}

func (e *maskedNetError) Timeout() bool   { return e.timeout }
func (e *maskedNetError) Temporary() bool { return e.timeout }
