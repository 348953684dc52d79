package main

import (
	"encoding/pem"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCredentialsComeFromTheEnvironment(t *testing.T) {
	console := start(t, sctest.REST)
	for _, c := range []struct {
		name      string
		variables map[string]string
		code      int
	}{
		{"user name and password", map[string]string{"SC_USERNAME": sctest.AnalystUsername, "SC_PASSWORD": sctest.AnalystPassword}, exitDone},
		{"a password file", map[string]string{"SC_USERNAME": sctest.AnalystUsername, "SC_PASSWORD_FILE": write(t, "p", sctest.AnalystPassword+"\r\n")}, exitDone},
		{"a password file of Windows", map[string]string{"SC_USERNAME": sctest.AnalystUsername, "SC_PASSWORD_FILE": write(t, "b", "\xef\xbb\xbf"+sctest.AnalystPassword+"\r\n")}, exitDone},
		{"a password file in UTF-16", map[string]string{"SC_USERNAME": sctest.AnalystUsername, "SC_PASSWORD_FILE": write(t, "u", "\xff\xfea\x00")}, exitUsage},
		{"an API key", map[string]string{"SC_ACCESS_KEY": sctest.AnalystAccessKey, "SC_SECRET_KEY": sctest.AnalystSecretKey}, exitDone},
		{"a file for one half of it", map[string]string{"SC_ACCESS_KEY": sctest.AnalystAccessKey, "SC_SECRET_KEY_FILE": write(t, "k", sctest.AnalystSecretKey)}, exitDone},
		{"a wrong password", map[string]string{"SC_USERNAME": sctest.AnalystUsername, "SC_PASSWORD": "wrong"}, exitLoginRefused},
		{"nothing", nil, exitUsage},
		{"a name alone", map[string]string{"SC_USERNAME": "x"}, exitUsage},
		{"half a key", map[string]string{"SC_ACCESS_KEY": "x"}, exitUsage},
		{"both", map[string]string{"SC_USERNAME": "x", "SC_PASSWORD": "y", "SC_ACCESS_KEY": "x", "SC_SECRET_KEY": "y"}, exitUsage},
		{"a password twice", map[string]string{"SC_USERNAME": "x", "SC_PASSWORD": "y", "SC_PASSWORD_FILE": "z"}, exitUsage},
		{"a file that is not there", map[string]string{"SC_USERNAME": "x", "SC_PASSWORD_FILE": "/nonexistent/file"}, exitUsage},
		{"an empty file", map[string]string{"SC_USERNAME": "x", "SC_PASSWORD_FILE": write(t, "e", "\n")}, exitUsage},
	} {
		t.Run(c.name, func(t *testing.T) {
			environment(t, c.variables)
			r := scctl(t, "--url", console.URL, "repositories")
			if r.code != c.code {
				t.Errorf("code %d, want %d: %s", r.code, c.code, r.stderr)
			}
			for _, secret := range []string{sctest.AnalystPassword, sctest.AnalystSecretKey, "wrong"} {
				if strings.Contains(r.stdout+r.stderr, secret) {
					t.Errorf("a secret was shown: %s%s", r.stdout, r.stderr)
				}
			}
		})
	}
}

func TestAURLMayEndInThePathOfItsProtocol(t *testing.T) {
	asAnalyst(t)
	for dialect, path := range map[sctest.Dialect]string{sctest.REST: "/rest", sctest.RPC: "/request.php"} {
		succeed(t, "--url", start(t, dialect).URL+path, "assets")
	}
}

func TestTheURLMayComeFromTheEnvironment(t *testing.T) {
	console := start(t, sctest.RPC)
	environment(t, map[string]string{"SC_URL": console.URL, "SC_USERNAME": sctest.AnalystUsername, "SC_PASSWORD": sctest.AnalystPassword})
	succeed(t, "assets")
}

func TestWithoutAConsoleTheCommandSaysHowToNameOne(t *testing.T) {
	environment(t, nil)
	t.Chdir(t.TempDir())
	if complaint := fail(t, exitUsage, "zones"); !strings.Contains(complaint, "--url") {
		t.Error(complaint)
	}
}

func TestTheAccountIsChosenByItsKind(t *testing.T) {
	environment(t, nil)
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			console := start(t, dialect)
			file := configured(t, map[string]string{"one": console.URL}, "")
			for _, c := range []struct{ command, account string }{
				{"zones", sctest.AdminUsername},
				{"scans", sctest.AnalystUsername},
			} {
				console.ForgetRequests()
				succeed(t, "--config.file", file, c.command)
				asked := console.Count(func(r sctest.Request) bool {
					return r.Account == c.account && (strings.Contains(r.Endpoint, "zone") || strings.Contains(strings.ToLower(r.Endpoint), "scanresult"))
				})
				if asked == 0 {
					t.Errorf("%s was not asked as %s: %+v", c.command, c.account, console.Requests())
				}
			}
			if open := console.Sessions(); open != 0 {
				t.Errorf("%d sessions were left open", open)
			}
			fail(t, exitNotPermitted, "--config.file", file, "--account", "admin", "scans")
			if complaint := fail(t, exitUsage, "--config.file", file, "--account", "nobody", "scans"); !strings.Contains(complaint, "admin, analyst of one") {
				t.Error(complaint)
			}
		})
	}
}

func TestTheConsoleIsTheOneThatWasNamedOrTheDefault(t *testing.T) {
	environment(t, nil)
	one, two := start(t, sctest.REST), start(t, sctest.RPC)
	consoles := map[string]string{"one": one.URL, "two": two.URL}
	file := configured(t, consoles, "")
	fail(t, exitUsage, "--config.file", file, "system")
	succeed(t, "--config.file", file, "--console", "two", "system")
	if one.Count(nil) != 0 || two.Count(nil) == 0 {
		t.Errorf("%d and %d requests", one.Count(nil), two.Count(nil))
	}
	if complaint := fail(t, exitUsage, "--config.file", file, "--console", "three", "system"); !strings.Contains(complaint, "one, two") {
		t.Error(complaint)
	}
}

func TestARefusedLoginIsToldWhereAnotherAccountTookOver(t *testing.T) {
	environment(t, nil)
	console := start(t, sctest.REST)
	file := write(t, "config.yml", "consoles:\n  - name: one\n    url: "+console.URL+"\n    accounts:\n"+
		"      - {name: analyst, username: "+sctest.AnalystUsername+", password: wrong-password}\n"+
		"      - {name: admin, username: "+sctest.AdminUsername+", password: "+sctest.AdminPassword+"}\n")
	complaint := fail(t, exitLoginRefused, "--config.file", file, "scans")
	if !strings.Contains(complaint, "account analyst") || strings.Contains(complaint, "wrong-password") {
		t.Error(complaint)
	}
}

func TestARefusedLoginIsNotTriedAgainByTheNextCommand(t *testing.T) {
	environment(t, map[string]string{"SC_USERNAME": sctest.AnalystUsername, "SC_PASSWORD": "wrong"})
	simulated := start(t, sctest.REST)
	refused := func() int {
		return simulated.Count(func(r sctest.Request) bool { return r.Endpoint == "POST /token" && r.Account == "" })
	}
	password := write(t, "password", "wrong")
	file := write(t, "config.yml", "consoles:\n  - name: one\n    url: "+simulated.URL+"\n    accounts: [{name: a, username: "+sctest.AnalystUsername+", password_file: "+password+"}]\n")
	state := "--state.file=" + filepath.Join(t.TempDir(), "logins.json")
	fail(t, exitLoginRefused, "--config.file", file, state, "scans")
	for _, command := range []string{"scans", "login-check"} {
		if complaint := fail(t, exitLoginRefused, "--config.file", file, state, command); !strings.Contains(complaint, "login not tried: refused, next try at") {
			t.Error(complaint)
		}
	}
	if n := refused(); n != 1 {
		t.Errorf("%d refused logins, want 1", n)
	}

	// The exporter beside it.
	c, err := config.Load(file, exporter.KnownCollectors())
	if err != nil {
		t.Fatal(err)
	}
	e, err := exporter.New(exporter.Options{
		Load:     func() (*config.Config, error) { return c, nil },
		Refusals: console.OpenRefusals(strings.TrimPrefix(state, "--state.file="), slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Once(t.Context(), io.Discard, ""); !scapi.IsLoginRefused(err) {
		t.Errorf("the exporter: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if n := refused(); n != 1 {
		t.Errorf("%d refused logins with the exporter, want 1", n)
	}

	fail(t, exitLoginRefused, "--config.file", file, "--state.file=", "scans")
	fail(t, exitLoginRefused, "--url", simulated.URL, state, "scans")
	if n := refused(); n != 3 {
		t.Errorf("%d refused logins, want two more of who does not ask the file", n)
	}
	if err := os.WriteFile(password, []byte(sctest.AnalystPassword), 0o600); err != nil {
		t.Fatal(err)
	}
	succeed(t, "--config.file", file, state, "scans")
}

func TestAStateFileOfNoUseIsOneWarning(t *testing.T) {
	environment(t, nil)
	file := configured(t, map[string]string{"one": start(t, sctest.REST).URL}, "")
	r := scctl(t, "--config.file", file, "--state.file="+filepath.Join(file, "logins.json"), "scans")
	if r.code != exitDone || strings.Count(r.stderr, "level=WARN") != 1 {
		t.Errorf("code %d:\n%s", r.code, r.stderr)
	}
}

func TestTwoWayTLSNeedsNoPassword(t *testing.T) {
	console := sctest.StartTLS(t, sctest.Options{Hosts: 20, Plugins: 1000})
	certificate, key, err := console.ClientCertificatePEM(sctest.AnalystUsername)
	if err != nil {
		t.Fatal(err)
	}
	if block, _ := pem.Decode(certificate); block == nil {
		t.Fatal("no certificate")
	}
	environment(t, map[string]string{
		"SC_CA_FILE":   write(t, "ca.pem", string(console.CACertPEM())),
		"SC_CERT_FILE": write(t, "cert.pem", string(certificate)), "SC_KEY_FILE": write(t, "key.pem", string(key)),
	})
	if out := succeed(t, "--url", console.URL, "login-check", "--format", "csv"); !strings.Contains(out, "certificate,ends soon") && !strings.Contains(out, "certificate,ok") {
		t.Errorf("no word of the console's certificate:\n%s", out)
	}
	succeed(t, "--url", console.URL, "query", "sumip", "--limit", "1")

	asAnalyst(t)
	if complaint := fail(t, exitFailed, "--url", console.URL, "assets"); !strings.Contains(complaint, "certificate") {
		t.Errorf("an unknown authority was believed: %s", complaint)
	}
}
