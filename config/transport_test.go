package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/regularfile"
)

// keyPair writes a self-signed certificate and its key as NAME.pem and NAME.key.
func keyPair(t *testing.T, dir, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Unix(0, 0), NotAfter: time.Now().Add(time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, name+".pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})))
	write(t, filepath.Join(dir, name+".key"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
}

// console is a TLS server that answers with the protocol, the client
// certificate and the header X-A of the request. Its certificate is written to
// ca.pem.
func console(t *testing.T, dir string) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/redirect" {
			http.Redirect(w, r, "/", http.StatusFound)
			return
		}
		name := "none"
		if len(r.TLS.PeerCertificates) > 0 {
			name = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		fmt.Fprintf(w, "%s %s %s", r.Proto, name, r.Header.Get("X-A"))
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	write(t, filepath.Join(dir, "ca.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	return s
}

func get(t *testing.T, rt http.RoundTripper, url string) (status int, body string, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := rt.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	return res.StatusCode, string(data), err
}

func transport(t *testing.T, c *Config, account int) http.RoundTripper {
	t.Helper()
	rt, err := c.Consoles[0].Transport(c.Consoles[0].Accounts[account])
	if err != nil {
		t.Fatal(err)
	}
	if idle, ok := rt.(interface{ CloseIdleConnections() }); ok {
		t.Cleanup(idle.CloseIdleConnections)
	} else {
		t.Error("the transport cannot close its idle connections")
	}
	return rt
}

func TestTheTransport(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
	dir := t.TempDir()
	keyPair(t, dir, "shared")
	keyPair(t, dir, "own")
	server := console(t, dir)
	load := func(http string) *Config {
		t.Helper()
		c, err := Parse([]byte(`consoles:
  - name: hq
    url: `+server.URL+`
    accounts:
      - {name: a, username: u, password: p}
      - {name: b, tls_config: {cert_file: own.pem, key_file: own.key}}
    http: `+http+"\n"), filepath.Join(dir, "config.yml"), known())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}

	t.Run("verifies the console's certificate by default", func(t *testing.T) {
		if _, body, err := get(t, transport(t, load("{}"), 0), server.URL); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("answer %q, error %v; want a certificate error", body, err)
		}
	})
	t.Run("does not verify when told so", func(t *testing.T) {
		if _, body, err := get(t, transport(t, load("{tls_config: {insecure_skip_verify: true}}"), 0), server.URL); err != nil || body != "HTTP/1.1 none " {
			t.Errorf("answer %q, error %v", body, err)
		}
	})
	t.Run("trusts ca_file, presents the console's certificate and adds headers", func(t *testing.T) {
		c := load("{tls_config: {ca_file: ca.pem, cert_file: shared.pem, key_file: shared.key}, http_headers: {X-A: {secrets: [x]}}}")
		if _, body, err := get(t, transport(t, c, 0), server.URL); err != nil || body != "HTTP/1.1 shared x" {
			t.Errorf("answer %q, error %v", body, err)
		}
	})
	t.Run("presents the account's certificate and keeps the console's authority", func(t *testing.T) {
		c := load("{tls_config: {ca_file: ca.pem, cert_file: shared.pem, key_file: shared.key}}")
		if _, body, err := get(t, transport(t, c, 1), server.URL); err != nil || body != "HTTP/1.1 own " {
			t.Errorf("answer %q, error %v", body, err)
		}
	})
	t.Run("follows no redirect", func(t *testing.T) {
		if status, _, err := get(t, transport(t, load("{tls_config: {ca_file: ca.pem}}"), 0), server.URL+"/redirect"); err != nil || status != http.StatusFound {
			t.Errorf("status %d, error %v; want the redirect itself", status, err)
		}
	})
	t.Run("reads a changed certificate again", func(t *testing.T) {
		rt := transport(t, load("{tls_config: {ca_file: ca.pem}}"), 1)
		if _, body, err := get(t, rt, server.URL); err != nil || body != "HTTP/1.1 own " {
			t.Fatalf("answer %q, error %v", body, err)
		}
		renewed := t.TempDir()
		keyPair(t, renewed, "renewed")
		for _, ext := range []string{".pem", ".key"} {
			data, err := regularfile.Read(filepath.Join(renewed, "renewed"+ext))
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "own"+ext), string(data))
		}
		if _, body, err := get(t, rt, server.URL); err != nil || body != "HTTP/1.1 renewed " {
			t.Errorf("answer %q, error %v; want the renewed certificate", body, err)
		}
	})
}

func TestAClientCertificateAloneIsEnoughToLogIn(t *testing.T) {
	dir := t.TempDir()
	keyPair(t, dir, "own")
	c, err := Parse([]byte(withAccount("{name: a, tls_config: {cert_file: own.pem, key_file: own.key}}")), filepath.Join(dir, "config.yml"), known())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Consoles[0].Accounts[0].Credentials(); err != nil || got != (Credentials{}) {
		t.Errorf("Credentials() = %v, %v; want none", got, err)
	}
}

func TestRequestsGoThroughTheProxy(t *testing.T) {
	var asked string
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = r.URL.String() }))
	t.Cleanup(proxy.Close)
	c := parse(t, strings.Replace(minimal, "https://", "http://", 1)+"    http: {proxy_url: '"+proxy.URL+"'}\n")
	if _, _, err := get(t, transport(t, c, 0), "http://sc.example.org/x"); err != nil || asked != "http://sc.example.org/x" {
		t.Errorf("the proxy was asked for %q, error %v", asked, err)
	}
}
