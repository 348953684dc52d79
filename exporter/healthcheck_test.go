package exporter

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

func TestHealthCheck(t *testing.T) {
	answer := func(status int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/-/healthy" {
				status = http.StatusNotFound
			}
			w.WriteHeader(status)
		})
	}
	dir := t.TempDir()
	withTLS, withUsers, broken := filepath.Join(dir, "tls.yml"), filepath.Join(dir, "users.yml"), filepath.Join(dir, "broken.yml")
	write(t, withTLS, "tls_server_config: {cert_file: a.pem, key_file: a.key}\n")
	write(t, withUsers, "basic_auth_users: {alice: $2y$10$x}\n")
	write(t, broken, "tls_server_config: [\n")

	for _, test := range []struct {
		name      string
		status    int
		tls       bool
		clientTLS bool // the listener wants a client certificate
		webConfig string
		fails     string // empty: healthy
	}{
		{"a listener that answers lives", 200, false, false, "", ""},
		{"a listener with TLS lives although its certificate is for another name", 200, true, false, withTLS, ""},
		{"a listener that wants a client certificate lives", 200, true, true, withTLS, ""},
		{"a listener that asks for a password lives", 401, false, false, withUsers, ""},
		{"a listener with TLS that asks for a password lives", 401, true, false, withTLS, ""},
		{"a listener that answers with an error does not", 500, false, false, "", "500"},
		{"something else that listens there does not", 404, false, false, "", "404"},
		{"a web configuration that cannot be read is told", 200, false, false, filepath.Join(dir, "none.yml"), "none.yml"},
		{"a web configuration that is no YAML is told", 200, false, false, broken, "broken.yml"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(answer(test.status))
			s.Config.ErrorLog = quiet()
			if test.clientTLS {
				s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
			}
			if test.tls {
				s.StartTLS()
			} else {
				s.Start()
			}
			defer s.Close()
			err := HealthCheck(t.Context(), s.Listener.Addr().String(), test.webConfig)
			switch {
			case test.fails == "" && err != nil:
				t.Error(err)
			case test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)):
				t.Errorf("%v, want an error that says %s", err, test.fails)
			}
		})
	}

	t.Run("an address that listens everywhere is asked on this machine", func(t *testing.T) {
		s := httptest.NewServer(answer(200))
		defer s.Close()
		_, port, err := net.SplitHostPort(s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		for _, address := range []string{":" + port, "0.0.0.0:" + port} {
			if err := HealthCheck(t.Context(), address, ""); err != nil {
				t.Errorf("%s: %v", address, err)
			}
		}
	})

	t.Run("where nobody listens nobody lives", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := HealthCheck(t.Context(), address, ""); err == nil {
			t.Error("no error")
		}
	})

	t.Run("an address without a port is refused", func(t *testing.T) {
		if err := HealthCheck(t.Context(), "localhost", ""); err == nil {
			t.Error("no error")
		}
	})

	t.Run("a listener that never answers does not live", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			cancel() // the caller gives up now
			<-r.Context().Done()
		}))
		defer s.Close()
		if err := HealthCheck(ctx, s.Listener.Addr().String(), ""); err == nil {
			t.Error("no error")
		}
	})
}
