package exporter

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"

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

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
