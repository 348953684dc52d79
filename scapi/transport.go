package scapi

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// TransportOptions are the TLS settings and the proxy of one Client. The zero
// value verifies the console by the system's authorities and takes the proxy
// from the environment.
type TransportOptions struct {
	// CA is PEM text, CAFile the name of a file of it: the authorities that are
	// believed instead of the system's. Both together are all of them.
	CA     []byte
	CAFile string
	// CertFile and KeyFile are PEM files of the client certificate, for two-way
	// TLS; one without the other is an error. They are read again at every
	// handshake, so that a renewed certificate needs no new Client.
	CertFile, KeyFile string
	// ServerName is the name that the console's certificate must bear, where
	// that is not the host of its URL.
	ServerName string
	// InsecureSkipVerify accepts any certificate. Credentials then go to
	// whoever answers.
	InsecureSkipVerify bool
	// MinVersion of TLS, tls.VersionTLS12 when 0. Consoles of SecurityCenter 4
	// may know nothing newer than tls.VersionTLS10.
	MinVersion uint16
	// Proxy is the URL of a proxy (http, https, socks5, socks5h), ProxyNone, or
	// empty for the one that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name.
	Proxy string
}

// ProxyNone as TransportOptions.Proxy goes without a proxy whatever the environment says.
const ProxyNone = "none"

// NewTransport returns a transport for Options.Transport. It belongs to one
// Client, or to several that shall share connections; nothing is global. Files
// that cannot be read or hold no usable certificate, and a proxy that is none,
// are errors, which repeat no secret.
func NewTransport(o TransportOptions) (*http.Transport, error) {
	config, err := o.tls()
	if err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	proxy, err := o.proxy()
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		Proxy:               proxy,
		TLSClientConfig:     config,
		TLSHandshakeTimeout: 30 * time.Second,
		// Consoles are Apache servers with few workers: HTTP/1.1, and no more
		// idle connections than a client has use for.
		MaxIdleConnsPerHost: 4,
		IdleConnTimeout:     90 * time.Second,
	}, nil
}

func (o TransportOptions) tls() (*tls.Config, error) {
	lowest := o.MinVersion
	if lowest == 0 {
		lowest = tls.VersionTLS12
	}
	config := &tls.Config{
		MinVersion:         lowest, // 1.2 unless the caller wants to reach an old console
		ServerName:         o.ServerName,
		InsecureSkipVerify: o.InsecureSkipVerify, //nolint:gosec // only where the caller says so
	}
	var err error
	if config.RootCAs, err = o.authorities(); err != nil {
		return nil, err
	}
	switch {
	case o.CertFile == "" && o.KeyFile == "":
		return config, nil
	case o.KeyFile == "":
		return nil, errors.New("a client certificate without its key")
	case o.CertFile == "":
		return nil, errors.New("a key without its client certificate")
	}
	if _, err := o.certificate(nil); err != nil {
		return nil, err
	}
	config.GetClientCertificate = o.certificate
	return config, nil
}

// authorities returns nil for those of the system.
func (o TransportOptions) authorities() (*x509.CertPool, error) {
	text := slices.Clone(o.CA)
	if o.CAFile != "" {
		file, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read certificate authorities: %w", err)
		}
		text = append(append(text, '\n'), file...)
	}
	if len(text) == 0 {
		return nil, nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("no certificate among the authorities")
	}
	return pool, nil
}

func (o TransportOptions) certificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("read client certificate: %w", err)
	}
	return &pair, nil
}

func (o TransportOptions) proxy() (func(*http.Request) (*url.URL, error), error) {
	switch o.Proxy {
	case "":
		return http.ProxyFromEnvironment, nil
	case ProxyNone:
		return nil, nil
	}
	u, err := url.Parse(o.Proxy)
	if err != nil || u.Hostname() == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		return nil, errors.New("proxy: want a URL such as http://proxy.example.org:3128 (http, https, socks5 or socks5h)")
	}
	return http.ProxyURL(u), nil
}

// transportSecrets returns what asks for the secrets that a transport adds to
// the requests to a console: passwords of a proxy, headers for it, and what
// more says, which may be nil.
func transportSecrets(t http.RoundTripper, console *url.URL, more func() []string) func() []string {
	if t == nil {
		t = http.DefaultTransport
	}
	known, _ := t.(*http.Transport)
	return func() []string {
		var secrets []string
		if more != nil {
			secrets = more()
		}
		if known == nil {
			return secrets
		}
		for _, values := range known.ProxyConnectHeader {
			secrets = append(secrets, HeaderSecrets(values...)...)
		}
		if known.Proxy != nil {
			if proxy, err := known.Proxy(&http.Request{Method: http.MethodGet, URL: console, Header: http.Header{}}); err == nil && proxy != nil {
				secrets = append(secrets, URLSecrets(proxy)...)
			}
		}
		return secrets
	}
}

// URLSecrets returns the user information of a URL, for Options.Secrets.
func URLSecrets(u *url.URL) []string {
	if u == nil || u.User == nil {
		return nil
	}
	secrets := []string{u.User.Username()} // may be a token
	if password, ok := u.User.Password(); ok {
		secrets = append(secrets, password)
	}
	return secrets
}

// HeaderSecrets returns what is secret in values of headers such as "Bearer
// abc" or "Basic dXNlcjpwYXNz", for Options.Secrets.
func HeaderSecrets(values ...string) []string {
	var secrets []string
	for _, value := range values {
		secrets = append(secrets, value)
		scheme, token, ok := strings.Cut(value, " ")
		if !ok {
			continue
		}
		secrets = append(secrets, token)
		if !strings.EqualFold(scheme, "Basic") {
			continue
		}
		if pair, err := base64.StdEncoding.DecodeString(token); err == nil {
			if _, password, ok := strings.Cut(string(pair), ":"); ok {
				secrets = append(secrets, password)
			}
		}
	}
	return secrets
}
