package scapi_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// writePair makes a self-signed certificate of this name, and returns the
// files of certificate and key.
func writePair(t *testing.T, dir, name string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(file, kind string, der []byte) string {
		file = filepath.Join(dir, file)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("client.crt", "CERTIFICATE", der), write("client.key", "PRIVATE KEY", keyDER)
}

// greeter is a TLS server that says the name of its client's certificate.
// Its own certificate is for example.com and 127.0.0.1.
func greeter(t *testing.T) (s *httptest.Server, ca []byte) {
	t.Helper()
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			name = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		w.Header().Set("Name", name)
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}

// greet makes a request over a transport of its own and returns what the
// greeter calls the client.
func greet(t *testing.T, target string, o scapi.TransportOptions) (string, error) {
	t.Helper()
	transport, err := scapi.NewTransport(o)
	if err != nil {
		t.Fatal(err)
	}
	defer transport.CloseIdleConnections()
	return greetOver(t, transport, target)
}

func greetOver(t *testing.T, transport http.RoundTripper, target string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	return resp.Header.Get("Name"), resp.Body.Close()
}

func TestAConsoleIsVerifiedUnlessTheCallerSaysOtherwise(t *testing.T) {
	t.Parallel()
	s, ca := greeter(t)
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		options scapi.TransportOptions
		refused bool
	}{
		"an unknown authority is refused":           {scapi.TransportOptions{}, true},
		"an authority of the caller's is believed":  {scapi.TransportOptions{CA: ca}, false},
		"an authority of a file is believed":        {scapi.TransportOptions{CAFile: caFile}, false},
		"another name is refused":                   {scapi.TransportOptions{CA: ca, ServerName: "other.example.org"}, true},
		"a pinned name of the certificate is taken": {scapi.TransportOptions{CA: ca, ServerName: "example.com"}, false},
		"verification can be switched off":          {scapi.TransportOptions{InsecureSkipVerify: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			test.options.Proxy = scapi.ProxyNone
			if _, err := greet(t, s.URL, test.options); (err != nil) != test.refused {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestAClientCertificateBelongsToOneTransport(t *testing.T) {
	t.Parallel()
	s, ca := greeter(t)
	dir := t.TempDir()
	cert, key := writePair(t, dir, "first")
	with := scapi.TransportOptions{CA: ca, CertFile: cert, KeyFile: key, Proxy: scapi.ProxyNone}
	transport, err := scapi.NewTransport(with)
	if err != nil {
		t.Fatal(err)
	}
	defer transport.CloseIdleConnections()
	if name, err := greetOver(t, transport, s.URL); name != "first" || err != nil {
		t.Errorf("with a certificate: %s, %v", name, err)
	}
	if name, err := greet(t, s.URL, scapi.TransportOptions{CA: ca, Proxy: scapi.ProxyNone}); name != "nobody" || err != nil {
		t.Errorf("another transport without one: %s, %v", name, err)
	}
	writePair(t, dir, "renewed")
	transport.CloseIdleConnections()
	if name, err := greetOver(t, transport, s.URL); name != "renewed" || err != nil {
		t.Errorf("after the certificate was renewed: %s, %v", name, err)
	}
}

func TestTransportOptionsThatCannotBeUsedAreErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := writePair(t, dir, "client")
	_, otherKey := writePair(t, t.TempDir(), "other")
	empty := filepath.Join(dir, "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		options scapi.TransportOptions
		says    string
	}{
		"a certificate without its key":          {scapi.TransportOptions{CertFile: cert}, "without its key"},
		"a key without its certificate":          {scapi.TransportOptions{KeyFile: key}, "without its client certificate"},
		"the key of another certificate":         {scapi.TransportOptions{CertFile: cert, KeyFile: otherKey}, "read client certificate"},
		"a file of authorities that is not":      {scapi.TransportOptions{CAFile: filepath.Join(dir, "none.pem")}, "read certificate authorities"},
		"a file of authorities without any":      {scapi.TransportOptions{CAFile: empty}, "no certificate"},
		"authorities that are none":              {scapi.TransportOptions{CA: []byte("x")}, "no certificate"},
		"a proxy without a host":                 {scapi.TransportOptions{Proxy: "http://"}, "proxy: want a URL"},
		"a proxy of a protocol that nobody has":  {scapi.TransportOptions{Proxy: "ftp://user:hunter2@proxy"}, "proxy: want a URL"},
		"a proxy whose address cannot be parsed": {scapi.TransportOptions{Proxy: "http://user:hunter2@pro xy"}, "proxy: want a URL"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scapi.NewTransport(test.options)
			if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestAProxyCarriesTheRequests(t *testing.T) {
	t.Parallel()
	var through []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		through = append(through, r.RequestURI)
		w.Header().Set("Name", "proxied")
	}))
	defer proxy.Close()
	const console = "http://console.example.org/rest/system"
	if name, err := greet(t, console, scapi.TransportOptions{Proxy: proxy.URL}); name != "proxied" || err != nil {
		t.Errorf("%s, %v", name, err)
	}
	if len(through) != 1 || through[0] != console {
		t.Errorf("the proxy saw %q", through)
	}
}

func TestTheEnvironmentsProxyIsForThoseWhoNameNone(t *testing.T) {
	t.Parallel()
	// The standard library reads the environment once, so only the functions
	// can be told apart here.
	for proxy, environment := range map[string]bool{"": true, scapi.ProxyNone: false} {
		transport, err := scapi.NewTransport(scapi.TransportOptions{Proxy: proxy})
		if err != nil {
			t.Fatal(err)
		}
		if (transport.Proxy != nil) != environment {
			t.Errorf("proxy %q: by the environment is %v", proxy, !environment)
		}
	}
}

func TestAnOldConsoleIsReachedOnlyByThoseWhoAllowIt(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	for version, refused := range map[uint16]bool{0: true, tls.VersionTLS10: false} {
		_, err := greet(t, s.URL, scapi.TransportOptions{CA: ca, MinVersion: version, Proxy: scapi.ProxyNone})
		if (err != nil) != refused {
			t.Errorf("lowest version %#x: %v", version, err)
		}
	}
}
