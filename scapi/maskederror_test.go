package scapi

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

func TestAMaskedFailureIsStillWhatItWas(t *testing.T) {
	t.Parallel()
	const secret = "hunter2&swordfish"
	refused := &net.OpError{Op: "read", Net: "tcp", Err: fmt.Errorf("peer said %s: %w", secret, syscall.ECONNRESET)}
	for name, test := range map[string]struct {
		err  error
		want func(error) bool
	}{
		"a connection that was reset": {refused, func(err error) bool { return errors.Is(err, syscall.ECONNRESET) && retryable(err) && IsTemporary(err) }},
		"the end of a connection":     {fmt.Errorf("%s: %w", secret, io.ErrUnexpectedEOF), func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) && IsTemporary(err) }},
		"a time-out": {&net.DNSError{Err: secret, IsTimeout: true}, func(err error) bool {
			var n net.Error
			return errors.As(err, &n) && n.Timeout() && !strings.Contains(n.Error(), "hunter2") && IsTemporary(err) && isTimeout(err)
		}},
		"a certificate": {fmt.Errorf("%s: %w", secret, x509.UnknownAuthorityError{}), func(err error) bool {
			var e *Error
			return isTLS(err) && errors.As(err, &e) && !IsTemporary(err)
		}},
		"an alert of TLS": {&net.OpError{Op: "remote error", Err: errors.New(secret)}, func(err error) bool {
			var op *net.OpError
			return isTLS(err) && errors.As(err, &op) && !strings.Contains(op.Error(), "hunter2")
		}},
		"another": {errors.New(secret), func(err error) bool {
			var n net.Error
			return !errors.As(err, &n) && !IsTemporary(err) && !isTLS(err)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			m := new(mask)
			m.learn(secret)
			err := error(m.failed(&Error{Call: "GET /rest/feed", Err: test.err}))
			if !test.want(err) {
				t.Errorf("%v is not known any more", err)
			}
			for _, text := range chain(err) {
				if strings.Contains(text, "hunter2") || strings.Contains(text, "swordfish") {
					t.Errorf("shows %s", text)
				}
			}
			harmless := m.failed(&Error{Err: io.EOF})
			if harmless.Err != io.EOF { //nolint:errorlint // the very same
				t.Error("what holds no secret is replaced")
			}
		})
	}
}

// A password may be a word that a console uses.
func TestWhatAConsoleMeansIsReadBeforeItIsMasked(t *testing.T) {
	t.Parallel()
	for password, test := range map[string]struct {
		message string
		want    func(error) bool
	}{
		"permission":     {"You do not have permission", IsPermission},
		"does not exist": {"Scan #5 does not exist", IsNotFound},
		"locked":         {"database is locked", IsTemporary},
		"operator": {"Operator 'x' is not recognized", func(err error) bool {
			r, ok := RefusalOf(err)
			return ok && r == Refusal{Of: RefusedOperator, Name: "x"}
		}},
		"secretName": {"The filter 'secretName' is invalid", func(err error) bool {
			r, ok := RefusalOf(err)
			return ok && r == Refusal{Of: RefusedFilter, Name: masked, Filter: masked}
		}},
	} {
		m := new(mask)
		m.learn(password)
		r := reply{status: http.StatusForbidden, mask: m, body: []byte(envelope(`""`, 146, test.message))}
		err := r.judge(feedCall, REST, nil)
		if !test.want(err) || strings.Contains(err.Error(), password) {
			t.Errorf("%s: %v", test.message, err)
		}
	}
}
