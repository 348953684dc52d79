package console

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// login is all that decides whether a console takes a login.
type login struct {
	url string
	scapi.Credentials
	certificate []byte // PEM, the key included; nil: none
}

// fingerprint stands for a login in memory.
type fingerprint [sha256.Size]byte

func (r *Refusals) fingerprint(l login) fingerprint {
	h := hmac.New(sha256.New, r.salt)
	h.Write(l.text()) // never fails
	return fingerprint(h.Sum(nil))
}

// text is the login as one text that no other login has.
func (l login) text() []byte {
	return joined(l.url, l.Username, l.Password, l.AccessKey, l.SecretKey, string(l.certificate))
}

// whose stands for the user who logs in, whatever his secret is.
func (l login) whose() string {
	certificate := ""
	if l.Username == "" && l.AccessKey == "" {
		certificate = string(l.certificate)
	}
	sum := sha256.Sum256(joined(l.url, l.Username, l.AccessKey, certificate))
	return hex.EncodeToString(sum[:8])
}

// joined returns parts as one text from which they could be told apart again.
func joined(parts ...string) []byte {
	var b []byte
	for _, part := range parts {
		b = fmt.Appendf(b, "%d:%s", len(part), part)
	}
	return b
}

// canonical returns a console's address as all who mean it write it.
func canonical(address string) (string, error) {
	u, err := scapi.ConsoleURL(address)
	if err != nil {
		return "", err
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return (&url.URL{Scheme: u.Scheme, Host: "[" + host + "]:" + port, Path: u.Path}).String(), nil
}
