package scapi_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

var sessionCookie = regexp.MustCompile(`^TNS_SESSIONID=[0-9a-f]{32}$`)

// sessionFaults are those of connection and session.
func sessionFaults() []promise {
	return []promise{{
		of: "cookie", says: "only its name and value are sent back",
		keeps: func(t *testing.T, m *moduleConsole) {
			if _, err := m.user.Raw(t.Context(), harmless); err != nil {
				t.Fatal(err)
			}
			if got := m.last(t, "GET /rest/feed", "plugin::init").header.Values("Cookie"); len(got) != 1 || !sessionCookie.MatchString(got[0]) {
				t.Errorf("cookies %q", got)
			}
		},
	}, {
		of: "port", says: "is the one of the URL",
		keeps: func(t *testing.T, m *moduleConsole) {
			if _, err := m.user.System(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := m.last(t, "GET /rest/system", "system::init").host; got != hostOf(t, m.Server) {
				t.Errorf("asked %s, want %s", got, hostOf(t, m.Server))
			}
		},
	}, {
		of: "shared headers", says: "a client knows nothing of another's session",
		keeps: func(t *testing.T, m *moduleConsole) {
			cookies := map[string]bool{}
			for _, c := range []*scapi.Client{m.admin, m.user} {
				if _, err := c.Raw(t.Context(), harmless); err != nil {
					t.Fatal(err)
				}
				cookies[m.last(t, "GET /rest/feed", "plugin::init").header.Get("Cookie")] = true
			}
			if err := m.admin.Logout(t.Context()); err != nil || m.Sessions() != 1 || len(cookies) != 2 {
				t.Errorf("%d sessions, %d cookies, %v", m.Sessions(), len(cookies), err)
			}
			if _, err := m.user.Raw(t.Context(), harmless); err != nil || m.logins() != 2 {
				t.Errorf("%d logins, %v", m.logins(), err)
			}
			nobody := dialSimulated(t, m.Server, scapi.Credentials{Username: "nobody", Password: "nothing"})
			if _, err := nobody.Raw(t.Context(), harmless); !scapi.IsLoginRefused(err) {
				t.Errorf("without an account: %v", err)
			}
		},
	}, {
		of: "debug log", says: "has no secret, no binary body, and nothing twice",
		keeps: func(t *testing.T, m *moduleConsole) {
			var logs [2]bytes.Buffer
			for i := range logs {
				c := dialSimulated(t, m.Server, asAnalyst, traceTo(&logs[i]), func(o *scapi.Options) { o.Transport = m.wire })
				m.ForgetRequests()
				_, err := c.UpdateCredential(t.Context(), "1000001", scapi.CredentialUpdate{Password: scapi.Some("hunter2hunter2")})
				if err == nil {
					_, err = c.Upload(t.Context(), strings.NewReader("BINARY\x00BODY"), "x.bin")
				}
				if err != nil {
					t.Fatal(err)
				}
				log := logs[i].String()
				cookie := strings.TrimPrefix(m.last(t, "POST /rest/file/upload", "file::upload").header.Get("Cookie"), "TNS_SESSIONID=")
				for _, secret := range []string{sctest.AnalystPassword, "hunter2", cookie, "BINARY", "BODY"} {
					if strings.Contains(log, secret) || secret == "" {
						t.Errorf("the log shows %q", secret)
					}
				}
				if n := strings.Count(log, "\n"); n != 2*m.Count(nil) {
					t.Errorf("%d records of %d requests", n, m.Count(nil))
				}
			}
		},
	}, {
		of: "TLS settings", says: "verified unless told otherwise, and of one client only",
		keeps: func(t *testing.T, m *moduleConsole) {
			s := sctest.StartTLS(t, sctest.Options{Dialect: m.dialect})
			certificate, key := certificateFiles(t, s, sctest.AnalystUsername)
			known := scapi.TransportOptions{CA: s.CACertPEM(), CertFile: certificate, KeyFile: key}
			if err := dialTLS(t, s, known).Login(t.Context()); err != nil {
				t.Error(err)
			}
			var untrusted x509.UnknownAuthorityError
			if err := dialTLS(t, s, scapi.TransportOptions{CertFile: certificate, KeyFile: key}).Login(t.Context()); !errors.As(err, &untrusted) {
				t.Errorf("an unknown authority: %v", err)
			}
			if err := dialTLS(t, s, scapi.TransportOptions{InsecureSkipVerify: true, CertFile: certificate, KeyFile: key}).Login(t.Context()); err != nil {
				t.Errorf("unverified: %v", err)
			}
			if err := dialTLS(t, s, scapi.TransportOptions{CA: s.CACertPEM()}).Login(t.Context()); !scapi.IsLoginRefused(err) {
				t.Errorf("without the certificate that another client has: %v", err)
			}
			for _, half := range []scapi.TransportOptions{{CertFile: certificate}, {KeyFile: key}} {
				if _, err := scapi.NewTransport(half); err == nil {
					t.Errorf("%+v was taken", half)
				}
			}
		},
	}, {
		of: "refused login", says: "has the console's code and message, and no token is a failure too",
		keeps: func(t *testing.T, m *moduleConsole) {
			err := dialSimulated(t, m.Server, scapi.Credentials{Username: sctest.AnalystUsername, Password: "wrong"}).Login(t.Context())
			if e := (*scapi.Error)(nil); !scapi.IsLoginRefused(err) || !errors.As(err, &e) || e.Code == 0 || e.Message == "" {
				t.Errorf("error %v", err)
			}
			m.Inject(sctest.Fault{Effect: sctest.SessionLimit()})
			if err := m.user.Login(t.Context()); !errors.Is(err, scapi.ErrSessionLimit) {
				t.Errorf("without a token: %v", err)
			}
		},
	}, {
		of: "login by certificate", says: "needs no other login than the greeting",
		keeps: func(t *testing.T, m *moduleConsole) {
			s := sctest.StartTLS(t, sctest.Options{Dialect: m.dialect})
			certificate, key := certificateFiles(t, s, sctest.AnalystUsername)
			c := dialTLS(t, s, scapi.TransportOptions{CA: s.CACertPEM(), CertFile: certificate, KeyFile: key})
			if _, err := c.Raw(t.Context(), harmless); err != nil {
				t.Fatal(err)
			}
			if n := s.Count(func(r sctest.Request) bool { return r.Endpoint == "POST /token" || r.Endpoint == "auth::login" }); n != 0 || s.Sessions() != 1 {
				t.Errorf("%d logins, %d sessions", n, s.Sessions())
			}
		},
	}, {
		of: "logout", says: "forgets the session even when the console does not hear of it",
		keeps: func(t *testing.T, m *moduleConsole) {
			if _, err := m.user.Raw(t.Context(), harmless); err != nil {
				t.Fatal(err)
			}
			before := m.last(t, "GET /rest/feed", "plugin::init").header.Get("Cookie")
			m.Inject(sctest.Fault{Endpoint: on(m, "DELETE /token", "auth::logout"), Effect: sctest.Reset()})
			if err := m.user.Logout(t.Context()); err == nil {
				t.Error("no error")
			}
			if _, err := m.user.Raw(t.Context(), harmless); err != nil || m.logins() != 2 {
				t.Errorf("%d logins, %v", m.logins(), err)
			}
			if got := m.last(t, "POST /rest/token", "auth::login").header.Get("Cookie"); got == before {
				t.Error("the new login sends the old cookie")
			}
		},
	}, {
		of: "HTTP status", says: "an envelope is read whatever the status",
		keeps: func(t *testing.T, m *moduleConsole) {
			remove := m.Inject(sctest.Fault{Endpoint: harmlessEndpoint(m.dialect), Effect: sctest.Refuse(500, 146, "Invalid parameters specified")})
			_, err := m.user.Raw(t.Context(), harmless)
			if e := (*scapi.Error)(nil); !errors.As(err, &e) || e.Status != 500 || e.Code != 146 || e.Message != "Invalid parameters specified" {
				t.Errorf("error %v", err)
			}
			remove()
			m.Inject(sctest.Fault{Endpoint: harmlessEndpoint(m.dialect), Effect: sctest.HTMLPage(503)})
			_, err = m.user.Raw(t.Context(), harmless)
			if e := (*scapi.Error)(nil); !errors.As(err, &e) || e.Status != 503 || e.Code != 0 || !scapi.IsTemporary(err) {
				t.Errorf("no envelope: %v", err)
			}
		},
	}, {
		of: "no error code", says: "is success, and neither it nor a response is malformed",
		keeps: func(t *testing.T, m *moduleConsole) {
			call := on(m, "GET /rest/feed", "plugin::init")
			m.wire.answers = map[string]string{call: `{"type":"regular","response":{"a":1}}`}
			raw, err := m.user.Raw(t.Context(), harmless)
			if err != nil || string(raw) != `{"a":1}` {
				t.Errorf("%s, %v", raw, err)
			}
			m.wire.answers = map[string]string{call: `{"type":"regular"}`}
			if raw, err := m.user.Raw(t.Context(), harmless); !errors.Is(err, scapi.ErrMalformed) {
				t.Errorf("%s, %v", raw, err)
			}
		},
	}}
}
