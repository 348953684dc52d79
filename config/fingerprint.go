package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
)

// Fingerprint identifies the account's present secrets, its client certificate
// included, without revealing them: it changes when one of them does, also when
// only a file's content changed. It is a hash for memory, not for logs.
func (a Account) Fingerprint() string {
	h := sha256.New()
	c, err := a.Credentials()
	for _, part := range []string{c.Username, c.Password, c.AccessKey, c.SecretKey, fmt.Sprint(err)} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	if a.tls != nil {
		for _, inline := range []string{a.tls.Cert, string(a.tls.Key)} {
			fmt.Fprintf(h, "%d:%s", len(inline), inline)
		}
		for _, path := range []string{a.tls.CertFile, a.tls.KeyFile} {
			if path == "" {
				continue
			}
			content, err := os.ReadFile(path)
			fmt.Fprintf(h, "%d:%s%v", len(content), content, err)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
