//go:build e2e

package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

const (
	user     = "prometheus"
	password = "correct horse"
	// passwordHash is bcrypt's of password, at the lowest cost.
	passwordHash = "$2a$04$oX.dQEDgna1KeuOLT16fL.NaUMf4UceOJfqFLlwoTL7Y8aZQ/cKWO"
)

// protection is a web configuration file that asks for TLS and a password, and what those who keep to it need.
type protection struct {
	webConfig   string // file
	certificate certificate
}

func protect(t *testing.T) protection {
	t.Helper()
	dir := t.TempDir()
	p := protection{filepath.Join(dir, "web.yml"), writeCertificate(t, dir)}
	if err := os.WriteFile(p.webConfig, fmt.Appendf(nil, `
tls_server_config: {cert_file: %s, key_file: %s}
basic_auth_users: {%s: %s}
`, p.certificate.certFile, p.certificate.keyFile, user, passwordHash), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// client returns a client that keeps to the protection.
func (p protection) client(address string) *client {
	roots := x509.NewCertPool()
	roots.AddCert(p.certificate.x509)
	c := newClient("https://" + address)
	c.user, c.password = user, password
	c.http.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	return c
}

// scrapeConfigs is the scrape job of a Prometheus that keeps to the protection.
func (p protection) scrapeConfigs(address string) string {
	return fmt.Sprintf(`
scrape_configs:
  - job_name: securitycenter
    basic_auth: &credentials {username: %[1]s, password: %[2]s}
    tls_config: &ca {ca_file: %[3]s}
    http_sd_configs:
      - {url: "https://%[4]s/sd", refresh_interval: 1s, basic_auth: *credentials, tls_config: *ca}
`, user, password, p.certificate.certFile, address)
}

func TestPrometheusScrapesAnExporterWithTLSAndAPassword(t *testing.T) {
	protection := protect(t)
	address := freeAddress(t)
	exporter := protection.client(address)
	process := startExporter(t, exporter, address, "--web.config.file="+protection.webConfig)

	entries := discovered(t, exporter, address, "https")
	var instances, consoles []string
	for _, d := range entries {
		instances = append(instances, d.Labels["instance"])
		if d.console() != "" {
			consoles = append(consoles, d.Labels["instance"])
		}
	}

	stranger := newClient(exporter.base)
	stranger.http.Transport = exporter.http.Transport
	for _, d := range entries {
		if body, err := stranger.get(d.path()); err == nil {
			t.Errorf("GET %s without a password: %.100s", d.path(), body)
		}
	}
	if _, err := stranger.get("/sd"); err == nil {
		t.Error("/sd answers without a password")
	}

	server := startPrometheus(t, "global: {scrape_interval: 1s, scrape_timeout: 1s}"+protection.scrapeConfigs(address))
	server.waitUntil(t, "up == 1", instances)
	server.waitUntil(t, "securitycenter_up == 1", consoles)
	server.waitUntil(t, "securitycenter_vulnerabilities", consoles)
	process.stop(t)
}
