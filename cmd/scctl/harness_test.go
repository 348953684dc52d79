package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/testmain"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	testmain.Run(m)
}

// dialects are the consoles that every command is tried on.
var dialects = []sctest.Dialect{sctest.REST, sctest.RPC}

// result is how a command ended.
type result struct {
	code           int
	stdout, stderr string
}

// environment is what the command finds in the environment; everything else
// that it reads there is unset.
func environment(t *testing.T, variables map[string]string) {
	t.Helper()
	for _, name := range []string{
		"SC_URL", "SC_USERNAME", "SC_PASSWORD", "SC_PASSWORD_FILE", "SC_ACCESS_KEY", "SC_ACCESS_KEY_FILE", "SC_SECRET_KEY", "SC_SECRET_KEY_FILE",
		"SC_CA_FILE", "SC_CERT_FILE", "SC_KEY_FILE", "SC_SERVER_NAME", "SC_PROXY_URL",
		"XDG_STATE_HOME",
	} {
		t.Setenv(name, "") // put back at the end
		if value, ok := variables[name]; ok {
			t.Setenv(name, value)
		} else if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("STATE_DIRECTORY", t.TempDir())
}

func asAnalyst(t *testing.T) {
	t.Helper()
	environment(t, map[string]string{"SC_USERNAME": sctest.AnalystUsername, "SC_PASSWORD": sctest.AnalystPassword})
}

func asAdmin(t *testing.T) {
	t.Helper()
	environment(t, map[string]string{"SC_USERNAME": sctest.AdminUsername, "SC_PASSWORD": sctest.AdminPassword})
}

// scctl runs a command line with nothing on standard input.
func scctl(t *testing.T, args ...string) result {
	t.Helper()
	return scctlWith(t.Context(), "", args...)
}

func scctlWith(ctx context.Context, stdin string, args ...string) result {
	var stdout, stderr bytes.Buffer
	code := run(ctx, args, strings.NewReader(stdin), &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

// succeed runs a command line that must succeed and returns what it prints.
func succeed(t *testing.T, args ...string) string {
	t.Helper()
	r := scctl(t, args...)
	if r.code != exitDone {
		t.Fatalf("scctl %s: exit code %d: %s", strings.Join(args, " "), r.code, r.stderr)
	}
	return r.stdout
}

// fail runs a command line that must end with a code, and returns what it complains of.
func fail(t *testing.T, code int, args ...string) string {
	t.Helper()
	r := scctl(t, args...)
	if r.code != code {
		t.Fatalf("scctl %s: exit code %d, want %d: %s", strings.Join(args, " "), r.code, code, r.stderr)
	}
	return r.stderr
}

// start starts a small console whose plugin list is short, and whose clock stands still: it answers twice alike.
func start(t *testing.T, dialect sctest.Dialect) *sctest.Server {
	t.Helper()
	now := time.Now()
	return sctest.Start(t, sctest.Options{Dialect: dialect, Hosts: 60, Plugins: 1500, Now: func() time.Time { return now }})
}

// configured writes a configuration file for consoles by name, with both kinds
// of account, the administrator first.
func configured(t *testing.T, consoles map[string]string, extra string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("consoles:\n")
	for _, name := range []string{"one", "two"} {
		url, ok := consoles[name]
		if !ok {
			continue
		}
		b.WriteString("  - name: " + name + "\n    url: " + url + "\n" + extra +
			"    accounts:\n" +
			"      - {name: admin, username: " + sctest.AdminUsername + ", password: " + sctest.AdminPassword + "}\n" +
			"      - {name: analyst, username: " + sctest.AnalystUsername + ", password: " + sctest.AnalystPassword + "}\n")
	}
	path := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// asProgram names the variable that makes the test binary the program itself.
const asProgram = "SCCTL_TEST_PROGRAM"
