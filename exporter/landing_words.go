package exporter

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
	"unicode"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// reason says in a few words what kind of failure err is; empty if only err
// itself can tell.
func reason(err error) string {
	switch {
	case errors.Is(err, console.ErrLoginPostponed), scapi.IsLoginRefused(err):
		return "login refused"
	case errors.Is(err, scapi.ErrSessionLimit):
		return "all sessions of the user are taken"
	case errors.Is(err, scapi.ErrRedirect):
		return "redirected elsewhere"
	case errors.Is(err, scapi.ErrMalformed):
		return "the answer cannot be read"
	case is[*tls.CertificateVerificationError](err):
		return "the certificate is not trusted"
	case is[*net.DNSError](err):
		return "the host name cannot be resolved"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case is[*net.OpError](err):
		return "cannot be reached"
	case scapi.IsPermission(err):
		return "not permitted"
	default:
		return ""
	}
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// lasting says how long d is, with two figures at most.
func lasting(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(d, 0); {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%d d %d h", d/day, d%day/time.Hour)
	}
}

// plain makes a foreign text fit to be shown: at most limit characters, none
// of which breaks the line or turns its direction.
func plain(s string, limit int) string {
	var b strings.Builder
	n := 0
	for _, r := range s { // a byte that is not UTF-8 is U+FFFD
		if n++; n > limit {
			b.WriteRune('…')
			break
		}
		switch {
		case unicode.IsSpace(r):
			r = ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			r = unicode.ReplacementChar
		}
		b.WriteRune(r)
	}
	return b.String()
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
