package exporter

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func TestReason(t *testing.T) {
	for want, err := range map[string]error{
		"login refused":                      scapi.ErrLoginRefused,
		"all sessions of the user are taken": scapi.ErrSessionLimit,
		"redirected elsewhere":               scapi.ErrRedirect,
		"the answer cannot be read":          scapi.ErrMalformed,
		"the certificate is not trusted":     &net.OpError{Op: "remote error", Err: &tls.CertificateVerificationError{Err: errors.New("unknown authority")}},
		"the host name cannot be resolved":   &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host"}},
		"no answer in time":                  context.DeadlineExceeded,
		"cannot be reached":                  &net.OpError{Op: "dial", Err: errors.New("connection refused")},
		"":                                   errors.New("the moon is full"),
	} {
		if got := reason(fmt.Errorf("read feeds: %w", err)); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
	postponed := fmt.Errorf("%w: refused, next try at noon; last answer: %w", console.ErrLoginPostponed, errors.New("no"))
	if got := reason(postponed); got != "login refused" {
		t.Errorf("%v: %q", postponed, got)
	}
}
