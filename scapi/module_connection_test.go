package scapi_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// connecting are the promises of the module's constructor and its session.
func connecting() []promise {
	return []promise{{
		of: "SecurityCenter", says: "address, port and account; what the console is",
		keeps: func(t *testing.T, m *moduleConsole) {
			if m.Count(nil) != 0 {
				t.Error("a new client sent something")
			}
			system, err := m.user.System(t.Context())
			if err != nil || system.Version != m.Options().Version {
				t.Errorf("%+v, %v; want version %s", system, err, m.Options().Version)
			}
			dialect, err := m.user.Dialect(t.Context())
			if err != nil || string(dialect) != m.dialect.String() {
				t.Errorf("dialect %s, %v", dialect, err)
			}
			who, err := m.user.Whoami(t.Context())
			if err != nil || who.Kind != scapi.Organization {
				t.Errorf("%+v, %v", who, err)
			}
		},
		recorded: func(t *testing.T, c *scapi.Client, response func(string) json.RawMessage) {
			system, err := c.System(t.Context())
			if err != nil || !bytes.Contains(response("system.json"), []byte(`"`+system.BuildID+`"`)) || system.BuildID == "" {
				t.Errorf("%+v, %v", system, err)
			}
		},
	}, {
		of: "login", says: "opens a session, which later calls use",
		keeps: func(t *testing.T, m *moduleConsole) {
			if err := m.user.Login(t.Context()); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if _, err := m.user.Raw(t.Context(), harmless); err != nil {
					t.Fatal(err)
				}
			}
			if m.logins() != 1 || m.Sessions() != 1 {
				t.Errorf("%d logins, %d sessions", m.logins(), m.Sessions())
			}
		},
	}, {
		of: "logout", says: "ends the session",
		keeps: func(t *testing.T, m *moduleConsole) {
			if err := m.user.Login(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := m.user.Logout(t.Context()); err != nil || m.Sessions() != 0 {
				t.Errorf("%d sessions, %v", m.Sessions(), err)
			}
		},
	}, {
		of: "two-way SSL", says: "a client certificate logs in",
		keeps: func(t *testing.T, m *moduleConsole) {
			s := sctest.StartTLS(t, sctest.Options{Dialect: m.dialect})
			certificate, key := certificateFiles(t, s, sctest.AnalystUsername)
			c := dialTLS(t, s, scapi.TransportOptions{CA: s.CACertPEM(), CertFile: certificate, KeyFile: key})
			who, err := c.Whoami(t.Context())
			if err != nil || who.Kind != scapi.Organization {
				t.Errorf("%+v, %v", who, err)
			}
			if rows, err := c.Query(t.Context(), scapi.Query{Tool: "sumip", Limit: 3}); err != nil || len(rows) != 3 {
				t.Errorf("%d rows, %v", len(rows), err)
			}
		},
	}, {
		of: "debug", says: "two records for every request, with header and body",
		keeps: func(t *testing.T, m *moduleConsole) {
			var log bytes.Buffer
			c := dialSimulated(t, m.Server, asAnalyst, traceTo(&log))
			if _, err := c.Raw(t.Context(), scapi.RawCall{Method: "GET", Path: "/feed", Module: "plugin", Action: "init"}); err != nil {
				t.Fatal(err)
			}
			text := log.String()
			if n := strings.Count(text, "\n"); n != 2*m.Count(nil) || strings.Count(text, "Request to console") != m.Count(nil) || strings.Count(text, "Answer of console") != m.Count(nil) {
				t.Errorf("%d records of %d requests:\n%s", n, m.Count(nil), text)
			}
			for _, part := range []string{`"header"`, `"body"`, `\"username\":`, on(m, "/rest/feed", "plugin")} {
				if !strings.Contains(text, part) {
					t.Errorf("no %s in\n%s", part, text)
				}
			}
		},
	}}
}

func traceTo(log *bytes.Buffer) func(*scapi.Options) {
	return func(o *scapi.Options) {
		o.Trace = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
}

// certificateFiles writes a client certificate as files.
func certificateFiles(t *testing.T, s *sctest.Server, name string) (certificate, key string) {
	t.Helper()
	certificatePEM, keyPEM, err := s.ClientCertificatePEM(name)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(t.TempDir(), "certificate.pem"), filepath.Join(t.TempDir(), "key.pem")
	for file, content := range map[string][]byte{certificate: certificatePEM, key: keyPEM} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

// dialTLS makes a client that has a transport of its own and no password.
func dialTLS(t *testing.T, s *sctest.Server, o scapi.TransportOptions) *scapi.Client {
	t.Helper()
	transport, err := scapi.NewTransport(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return dialSimulated(t, s, scapi.Credentials{}, func(o *scapi.Options) { o.Transport, o.Retries = transport, -1 })
}

func hostOf(t *testing.T, s *sctest.Server) string {
	t.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}
