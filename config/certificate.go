package config

import (
	"fmt"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/regularfile"
)

// ClientCertificate returns the account's client certificate and its key as they
// are now, PEM; nil if there is none. It is for telling whether they have changed,
// not for logs.
func (a Account) ClientCertificate() ([]byte, error) {
	if a.tls == nil || !hasClientCertificate(*a.tls) {
		return nil, nil
	}
	both := []byte(a.tls.Cert + string(a.tls.Key))
	for _, path := range []string{a.tls.CertFile, a.tls.KeyFile} {
		if path == "" {
			continue
		}
		content, err := regularfile.Read(path)
		if err != nil {
			return nil, fmt.Errorf("client certificate of account %s: %w", a.Name, err)
		}
		both = append(both, content...)
	}
	return both, nil
}
