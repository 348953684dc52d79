package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// refusedLogins counts the logins that a console did not take.
func refusedLogins(console *sctest.Server) int {
	return console.Count(func(r sctest.Request) bool { return r.Endpoint == "POST /token" && r.Account == "" })
}

func TestEveryRunCountsOnTheSameRefusals(t *testing.T) {
	simulated := sctest.Start(t, sctest.Options{Hosts: 10, Plugins: 500})
	folder := t.TempDir()
	password := filepath.Join(folder, "password")
	write := func(text string) {
		if err := os.WriteFile(password, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("wrong")
	config := "--config.file=" + file(t, "consoles:\n  - name: hq\n    url: "+simulated.URL+"\n    accounts: [{name: a, username: "+sctest.AdminUsername+", password_file: "+password+"}]\n")
	state := filepath.Join(folder, "state", "logins.json")
	for _, args := range [][]string{{"--once"}, {"--once"}, {"--config.check", "--estimate"}, {"--once"}} {
		code, _, stderr := once(t, append(args, config, "--state.file="+state)...)
		if code != 1 || !strings.Contains(stderr, "login refused") {
			t.Errorf("%v: exit code %d\n%s", args, code, stderr)
		}
	}
	p := start(t, config, "--state.file="+state)
	if text := p.get("/probe?target=hq"); !strings.Contains(text, `securitycenter_account_up{account="a"} 0`) {
		t.Error("the account is up")
	}
	p.end()
	if n := refusedLogins(simulated); n != 1 {
		t.Errorf("%d refused logins in five runs, want 1", n)
	}
	if p := p.stderr.String(); !strings.Contains(p, "login not tried: refused, next try at ") {
		t.Errorf("the log does not say when the next try is:\n%s", p)
	}

	code, _, stderr := once(t, "--once", config, "--state.file=")
	if code != 1 || refusedLogins(simulated) != 2 {
		t.Errorf("without a file: exit code %d, %d refused logins, want 1 and 2\n%s", code, refusedLogins(simulated), stderr)
	}
	write(sctest.AdminPassword)
	if _, stdout, stderr := once(t, "--once", config, "--state.file="+state); !strings.Contains(stdout, `securitycenter_up{console="hq"} 1`) {
		t.Errorf("with the right password:\n%s", stderr)
	}
}

func TestTheStateFileIsWhereTheServiceManagerSays(t *testing.T) {
	simulated := sctest.Start(t, sctest.Options{Hosts: 10, Plugins: 500})
	config := "--config.file=" + configure(t, map[string]string{"hq": simulated.URL})
	folder := t.TempDir()
	t.Setenv("STATE_DIRECTORY", folder)
	entries := func() int {
		t.Helper()
		all, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	for name, args := range map[string][]string{
		"a demonstration":             {"--demo", "--config.check", "--estimate"},
		"a check alone":               {config, "--config.check"},
		"who wants none":              {config, "--once", "--state.file="},
		"the question for its health": {config, "--healthcheck", "--web.listen-address=127.0.0.1:1"},
	} {
		if run(t.Context(), args, newOutput(), newOutput()); entries() != 0 {
			t.Errorf("%s writes a state file", name)
		}
	}
	if code := run(t.Context(), []string{config, "--once"}, newOutput(), newOutput()); code != 0 || entries() == 0 {
		t.Errorf("exit code %d, %d files", code, entries())
	}
	if _, err := os.Stat(filepath.Join(folder, "logins.json")); err != nil {
		t.Error(err)
	}
}
