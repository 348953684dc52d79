package main

import (
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
)

// hint is what may help against an error, to be said behind it; empty: nothing is
// known to.
func hint(err error) string {
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
	)
	switch {
	case errors.As(err, &authority):
		return "name the authority of its certificate with --tls.ca-file, or ca_file in the configuration"
	case errors.As(err, &host):
		return "if it is the right console, name what its certificate bears with --tls.server-name, or server_name in the configuration"
	case errors.Is(err, http.ErrSchemeMismatch):
		return "write http:// before the address, or give the port of its HTTPS"
	case err != nil && (strings.Contains(err.Error(), "HTTP request to an HTTPS server") || strings.Contains(err.Error(), "plain HTTP to an SSL-enabled")):
		return "write https:// before the address" // as Go's and Apache's servers say
	}
	return ""
}

// withHint is an error's text with its hint.
func withHint(err error) string {
	if h := hint(err); h != "" {
		return err.Error() + " (" + h + ")"
	}
	return err.Error()
}
