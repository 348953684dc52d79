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

func TestPrometheusScrapesAnExporterWithTLSAndAPassword(t *testing.T) {
	dir := t.TempDir()
	certificate := writeCertificate(t, dir)
	webConfig := filepath.Join(dir, "web.yml")
	if err := os.WriteFile(webConfig, fmt.Appendf(nil, `
tls_server_config: {cert_file: %s, key_file: %s}
basic_auth_users: {%s: %s}
`, certificate.certFile, certificate.keyFile, user, passwordHash), 0o600); err != nil {
		t.Fatal(err)
	}

	roots := x509.NewCertPool()
	roots.AddCert(certificate.x509)
	address := freeAddress(t)
	exporter := newClient("https://" + address)
	exporter.user, exporter.password = user, password
	exporter.http.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	process := startExporter(t, exporter, address, "--web.config.file="+webConfig)

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

	server := startPrometheus(t, fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: securitycenter
    basic_auth: &credentials {username: %[1]s, password: %[2]s}
    tls_config: &ca {ca_file: %[3]s}
    http_sd_configs:
      - {url: "https://%[4]s/sd", refresh_interval: 1s, basic_auth: *credentials, tls_config: *ca}
`, user, password, certificate.certFile, address))
	server.waitUntil(t, "up == 1", instances)
	server.waitUntil(t, "securitycenter_up == 1", consoles)
	server.waitUntil(t, "securitycenter_vulnerabilities", consoles)
	process.stop(t)
}
