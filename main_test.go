package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/testmain"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestMain(m *testing.M) { testmain.Run(m) }

// output is what a program writes. Who waits for a text in it is woken by
// every write.
type output struct {
	mu    sync.Mutex
	b     bytes.Buffer
	wrote chan struct{}
}

func newOutput() *output { return &output{wrote: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.wrote)
	o.wrote = make(chan struct{})
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// find waits for a text that matches and returns its first group.
func (o *output) find(t *testing.T, pattern string) string {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		o.mu.Lock()
		text, wrote := o.b.String(), o.wrote
		o.mu.Unlock()
		if m := regexp.MustCompile(pattern).FindStringSubmatch(text); m != nil {
			return m[len(m)-1]
		}
		select {
		case <-wrote:
		case <-late:
			t.Fatalf("nothing matches %s:\n%s", pattern, text)
		}
	}
}

// process is a running exporter.
type process struct {
	t              *testing.T
	stdout, stderr *output
	stop           context.CancelFunc
	code           chan int
	base           string
	client         *http.Client
}

// start runs the program until it listens.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	p := &process{t: t, stdout: newOutput(), stderr: newOutput(), stop: cancel, code: make(chan int, 1), client: &http.Client{Transport: transport}}
	go func() {
		p.code <- run(ctx, append(stateless(t, args), "--web.listen-address=127.0.0.1:0"), p.stdout, p.stderr)
	}()
	p.base = "http://" + p.stderr.find(t, `msg="Listening on" .*address=(127\.0\.0\.1:\d+)`)
	return p
}

// end stops the program and checks that it ends well.
func (p *process) end() {
	p.t.Helper()
	p.client.CloseIdleConnections()
	p.stop()
	select {
	case code := <-p.code:
		if code != 0 {
			p.t.Errorf("exit code %d\n%s", code, p.stderr)
		}
	case <-time.After(30 * time.Second):
		p.t.Fatalf("the program does not end\n%s", p.stderr)
	}
}

func (p *process) get(path string) string {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.base+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "120") // however slow the machine is
	res, err := p.client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		p.t.Error(err)
	}
	if res.StatusCode != http.StatusOK {
		p.t.Errorf("GET %s: %s\n%s", path, res.Status, body)
	}
	return string(body)
}

// stateless makes a test that says nothing of it leave nothing behind in the
// user's folder.
func stateless(t *testing.T, args []string) []string {
	t.Helper()
	if slices.ContainsFunc(args, func(a string) bool {
		return strings.HasPrefix(a, "--state.file") || a == "--demo" || a == "--help" || a == "-h"
	}) {
		return args
	}
	return append(slices.Clip(args), "--state.file="+filepath.Join(t.TempDir(), "logins.json"))
}

// once runs the program to its end.
func once(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), stateless(t, args), &out, &err)
	return code, out.String(), err.String()
}

// configure writes a configuration of consoles and returns its path.
func configure(t *testing.T, consoles map[string]string) string {
	t.Helper()
	var y strings.Builder
	y.WriteString("consoles:\n")
	for name, url := range consoles {
		fmt.Fprintf(&y, "  - name: %s\n    url: %s\n    accounts:\n      - {name: admin, username: admin, password: %s}\n      - {name: analyst, username: analyst, password: %s}\n",
			name, url, sctest.AdminPassword, sctest.AnalystPassword)
	}
	return file(t, y.String())
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheFlagsAndTheirDefaults(t *testing.T) {
	app, _ := flags(io.Discard, io.Discard)
	defaults := map[string]string{}
	for _, f := range app.Model().Flags {
		defaults[f.Name] = strings.Join(f.Default, ",")
		if f.Help == "" {
			t.Errorf("--%s is not explained", f.Name)
		}
	}
	for name, want := range map[string]string{
		"config.file": "config.yml", "config.check": "", "config.auto-reload-interval": "0s", "demo": "",
		"web.listen-address": ":10078", "web.config.file": "", "web.systemd-socket": "",
		"web.telemetry-path": "/metrics", "web.external-url": "", "web.max-requests": "40", "web.scrape-timeout": "10s",
		"web.enable-lifecycle": "", "web.enable-pprof": "",
		"once": "", "textfile.output": "", "healthcheck": "", "state.file": "", "doctor": "", "format": "table", "report": "",
		"history": "", "history.output": "", "history.step": "1d", "history.until": "", "history.families": "", "history.job": "securitycenter", "history.pause": "1s",
		"log.level": "info", "log.format": "logfmt", "version": "", "help": "",
	} {
		if got, there := defaults[name]; !there || got != want {
			t.Errorf("--%s: default %q (there: %v), want %q", name, got, there, want)
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	code, stdout, stderr := once(t, "--version")
	if code != 0 || !strings.HasPrefix(stdout, "securitycenter_exporter, version ") || stderr != "" {
		t.Errorf("--version: %d %q %q", code, stdout, stderr)
	}
	for _, flag := range []string{"--help", "-h"} {
		code, stdout, stderr = once(t, flag)
		if code != 0 || !strings.Contains(stdout, "--config.file") || !strings.Contains(stdout, "--[no-]demo") || stderr != "" {
			t.Errorf("%s: %d %q %q", flag, code, stdout, stderr)
		}
	}
}

func TestTheManualIsAValidPage(t *testing.T) {
	code, page, stderr := once(t, "--help-man")
	if code != 0 || stderr != "" || !strings.Contains(page, ".SH NAME\nsecuritycenter_exporter \\- Exports Tenable Security Center") || !strings.Contains(page, `\fB\-\-config.file\fR=`) {
		t.Errorf("exit code %d, said %q: %s", code, stderr, page)
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip(err)
	}
	check := exec.CommandContext(t.Context(), groff, "-man", "-T", "utf8", "-ww", "-z")
	check.Stdin = strings.NewReader(page)
	if said, err := check.CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("%v: %s", err, said)
	}
}

func TestWrongFlagsAreRefused(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		says string
	}{
		{"a flag that does not exist", []string{"--confg.file=x"}, "confg.file"},
		{"an argument that is no flag", []string{"config.yml"}, "config.yml"},
		{"a level that does not exist", []string{"--log.level=loud"}, "loud"},
		{"a format that does not exist", []string{"--log.format=xml"}, "xml"},
		{"a duration without a unit", []string{"--web.scrape-timeout=10"}, "10"},
		{"no time for a scrape", []string{"--demo", "--web.scrape-timeout=0s"}, "--web.scrape-timeout"},
		{"a negative number of requests", []string{"--demo", "--web.max-requests=-1"}, "--web.max-requests"},
		{"a telemetry path without a slash", []string{"--demo", "--web.telemetry-path=metrics"}, "telemetry"},
		{"a telemetry path that serves something else", []string{"--demo", "--web.telemetry-path=/probe"}, "/probe"},
		{"an external URL without a host", []string{"--demo", "--web.external-url=/sc"}, "--web.external-url"},
		{"an external URL of another kind", []string{"--demo", "--web.external-url=ftp://sc.example"}, "--web.external-url"},
		{"a reload more often than every second", []string{"--config.auto-reload-interval=100ms"}, "at least 1s"},
		{"a negative interval of reloads", []string{"--config.auto-reload-interval=-1m"}, "at least 1s"},
		{"reloads of a demonstration", []string{"--demo", "--config.auto-reload-interval=1m"}, "--config.auto-reload-interval"},
		{"an output file without once", []string{"--demo", "--textfile.output=sc.prom"}, "--textfile.output"},
		{"a report without the doctor", []string{"--demo", "--report=x"}, "--doctor"},
		{"a folder of a past that is not wanted", []string{"--demo", "--history.output=past"}, "--history only"},
		{"a past without a folder", []string{"--demo", "--history=30d"}, "--history.output"},
		{"a past and the present at once", []string{"--demo", "--once", "--history=30d", "--history.output=past"}, "--once"},
		{"a past without a unit", []string{"--demo", "--history=365", "--history.output=past"}, "365"},
		{"a past shorter than a step", []string{"--demo", "--history=6h", "--history.output=past"}, "one step"},
		{"steps closer than anything is cut", []string{"--demo", "--history=6h", "--history.step=5m", "--history.output=past"}, "an hour"},
		{"a past until a day without its hour", []string{"--demo", "--history=30d", "--history.output=past", "--history.until=2026-01-31"}, "--history.until"},
		{"the past of what keeps no dates", []string{"--demo", "--history=30d", "--history.output=past", "--history.families=securitycenter_hosts"}, "securitycenter_hosts"},
		{"a state file for a demonstration", []string{"--demo", "--state.file=x"}, "--state.file"},
		{"an estimate without a check", []string{"--demo", "--estimate"}, "--config.check"},
		{"an address that cannot be listened on", []string{"--demo", "--web.listen-address=nowhere"}, "nowhere"},
		{"a web configuration that does not exist", []string{"--demo", "--web.listen-address=127.0.0.1:0", "--web.config.file=none.yml"}, "none.yml"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, _, stderr := once(t, test.args...)
			if code != 1 || !strings.Contains(stderr, test.says) {
				t.Errorf("exit code %d, want 1; want it to say %q:\n%s", code, test.says, stderr)
			}
		})
	}
}

func TestNoWrongFlagShowsAPassword(t *testing.T) {
	for _, password := range []string{"hunter2", `p"ss\w0rd`, "p%26ss", "with/slash@and at"} {
		address := "https://user:" + password + "@exporter.example"
		for _, args := range [][]string{
			{"--demo", "--web.external-url=" + address}, {"--demo", "--web.external-url", address}, {"--demo", "--web.external-url=" + address + ":port"},
			{"--demo", "--web.listen-address=" + address}, {"--healthcheck", "--web.listen-address=" + address}, {"--demo", "--web.config.file=" + address},
			{"--config.file=" + address}, {"--config.check", "--config.file=" + address}, {"--demo", "--web.telemetry-path=" + address},
			{"--demo", "--web.scrape-timeout=" + address}, {"--demo", "--web.max-requests", address}, {"--log.level=" + address}, {"--bogus=" + address}, {address},
		} {
			code, stdout, stderr := once(t, args...)
			for _, secret := range []string{password, strings.ReplaceAll(strings.ReplaceAll(password, `\`, `\\`), `"`, `\"`), url.PathEscape(password), url.QueryEscape(password)} {
				if code == 0 || stderr == "" || strings.Contains(stdout+stderr, secret) {
					t.Errorf("%q: exit code %d: %s%s", args, code, stdout, stderr)
				}
			}
		}
	}
}

func TestConfigCheck(t *testing.T) {
	t.Run("accepts the example and prints no secret", func(t *testing.T) {
		example, err := os.ReadFile("config.yml.example")
		if err != nil {
			t.Fatal(err)
		}
		secret := "geheim-4711"
		if !bytes.Contains(example, []byte("change-me")) {
			t.Fatal("the example has no secret to replace")
		}
		code, stdout, stderr := once(t, "--config.check", "--config.file="+file(t, strings.ReplaceAll(string(example), "change-me", secret)))
		if code != 0 || !strings.Contains(stdout, "name: hq") || !strings.Contains(stdout, "<secret>") {
			t.Errorf("%d\n%s\n%s", code, stdout, stderr)
		}
		if strings.Contains(stdout+stderr, secret) {
			t.Error("a secret is printed")
		}
		code, _, stderr = once(t, "--config.check", "--config.file=config.yml.example")
		if code != 0 {
			t.Errorf("the example itself: %d\n%s", code, stderr)
		}
	})

	const console = "consoles:\n  - name: hq\n    url: https://sc.example.org\n    accounts: [{name: a, username: u, password: geheim-4711}]\n"
	for _, test := range []struct{ name, content, at, says string }{
		{"an unknown key", console + "consols: []\n", ":5:", "consols"},
		{"an unknown key of a console", strings.Replace(console, "    url:", "    ulr: x\n    url:", 1), ":3:", "ulr"},
		{"a wrong type", console + "labels: 7\n", ":5:", "labels"},
		{"a missing secret file", strings.Replace(console, "password: geheim-4711", "password_file: none", 1), ":4:", "none"},
		{"a duplicate console", console + strings.TrimPrefix(console, "consoles:\n"), ":5:", "hq"},
		{"no console at all", "consoles: []\n", ":1:", "consoles"},
		{"an empty file", "", "", "consoles"},
		{"a bad URL", strings.Replace(console, "https://sc.example.org", "sc.example.org", 1), ":3:", "url"},
		{"an account without credentials", strings.Replace(console, ", username: u, password: geheim-4711", "", 1), ":4:", "accounts"},
		{"no YAML", "consoles: [\n", ":", ""},
	} {
		for _, check := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s is refused with file and line (check: %v)", test.name, check), func(t *testing.T) {
				path := file(t, test.content)
				args := []string{"--config.file=" + path, "--web.listen-address=127.0.0.1:0"}
				if check {
					args = append(args, "--config.check")
				}
				code, stdout, stderr := once(t, args...)
				if code != 1 || !strings.Contains(stderr, path+test.at) || !strings.Contains(stderr, test.says) {
					t.Errorf("exit code %d, want 1; want it to say %q and %q:\n%s", code, path+test.at, test.says, stderr)
				}
				if strings.Contains(stdout+stderr, "geheim-4711") {
					t.Error("a secret is printed")
				}
			})
		}
	}

	t.Run("a missing file is refused by name", func(t *testing.T) {
		code, _, stderr := once(t, "--config.check", "--config.file=none.yml")
		if code != 1 || !strings.Contains(stderr, "none.yml") {
			t.Errorf("%d %s", code, stderr)
		}
	})

	t.Run("everything wrong is told, a line each", func(t *testing.T) {
		code, _, stderr := once(t, "--config.check", "--config.file="+file(t, console+"consols: []\nlables: {}\n"))
		if code != 1 || !strings.Contains(stderr, ":5:") || !strings.Contains(stderr, ":6:") {
			t.Errorf("%d %s", code, stderr)
		}
	})
}

func TestAnEstimateFollowsTheCheckedConfiguration(t *testing.T) {
	code, stdout, stderr := once(t, "--config.check", "--estimate", "--demo")
	if code != 0 || !strings.Contains(stdout, "name: sc6") || !regexp.MustCompile(`(?m)^# sc4 +vulnerabilities +\d+ `).MatchString(stdout) {
		t.Errorf("%d\n%s\n%s", code, stdout, stderr)
	}
}

func TestHostsAreNotShownToEverybody(t *testing.T) {
	s := sctest.Start(t, sctest.Options{Hosts: 20, Plugins: 500})
	config := "--config.file=" + configure(t, map[string]string{"hq": s.URL})
	content, err := os.ReadFile(strings.TrimPrefix(config, "--config.file="))
	if err != nil {
		t.Fatal(err)
	}
	config = "--config.file=" + file(t, string(content)+"\ncollectors: {hosts: {enabled: true}}\n")
	web := "--web.config.file=" + file(t, "basic_auth_users: {someone: $2y$10$abcdefghijklmnopqrstuv}\n")
	const nowhere = "--web.listen-address=nowhere" // which fails later than the check of hosts
	for _, test := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"on all addresses they are refused", []string{config, "--web.listen-address=0.0.0.0:0"}, 1, "--web.allow-unprotected-host-metrics"},
		{"on the default address they are refused", []string{config}, 1, "--web.allow-unprotected-host-metrics"},
		{"authentication allows them", []string{config, nowhere, web}, 1, "missing port"},
		{"the flag allows them", []string{config, nowhere, "--web.allow-unprotected-host-metrics"}, 1, "missing port"},
		{"a check of the configuration accepts them", []string{config, "--config.check"}, 0, "The configuration is valid"},
		{"unless it is told of a listener that is open", []string{config, "--config.check", "--web.listen-address=0.0.0.0:10078"}, 1, "--web.allow-unprotected-host-metrics"},
		{"and not of one that is not", []string{config, "--config.check", "--web.listen-address=127.0.0.1:10078"}, 0, "The configuration is valid"},
		{"a check refuses a web configuration without its certificate", []string{config, "--config.check", "--web.config.file=" + file(t, "tls_server_config: {cert_file: none.crt, key_file: none.key}\n")}, 1, "none.crt"},
		{"loading once accepts them", []string{config, "--once"}, 0, ""},
	} {
		code, _, stderr := once(t, test.args...)
		if code != test.code || !strings.Contains(stderr, test.says) {
			t.Errorf("%s: exit code %d, want %d; want it to say %q:\n%s", test.name, code, test.code, test.says, stderr)
		}
	}
	start(t, config).end() // it listens on 127.0.0.1
}

func TestTheDemo(t *testing.T) {
	p := start(t, "--demo")
	base := p.stdout.find(t, `(http://127\.0\.0\.1:\d+)/probe\?target=sc6`)
	if base != p.base {
		t.Errorf("it says to look at %s, and listens at %s", base, p.base)
	}
	for target, families := range map[string][]string{
		"/probe?target=sc6": {"securitycenter_vulnerabilities{", "securitycenter_hosts{", "securitycenter_vulnerability_score{", "securitycenter_job_daemon_running ", "securitycenter_scan_results_ended_total{"},
		"/probe?target=sc4": {"securitycenter_vulnerabilities{", "securitycenter_hosts{", "securitycenter_plugins{", "securitycenter_scan_results_ended_total{"},
		"/metrics":          {"securitycenter_exporter_build_info{", "go_goroutines "},
		"/":                 {"/probe?target=sc6", "/probe?target=sc4", "/metrics", "/sd"},
		"/sd":               {`"__param_target":"sc6"`, `"__param_target":"sc4"`},
	} {
		text := p.get(target)
		for _, family := range families {
			if !strings.Contains(text, family) {
				t.Errorf("%s has no %s", target, family)
			}
		}
		if failed := regexp.MustCompile(`securitycenter_collector_success\{.*\} 0`).FindString(text); failed != "" {
			t.Errorf("%s: %s", target, failed)
		}
	}
	if runbooks := p.get("/docs/runbooks.md"); !strings.Contains(runbooks, `id="securitycenterdown"`) {
		t.Error("the binary does not hold the runbooks")
	}
	p.end()
	if text := p.stderr.String(); strings.Contains(text, "level=error") || strings.Contains(text, "logged out") {
		t.Errorf("something went wrong:\n%s", text)
	}
}

func TestAtTheEndTheConsolesAreLoggedOut(t *testing.T) {
	console := sctest.Start(t, sctest.Options{Hosts: 10, Plugins: 500})
	p := start(t, "--config.file="+configure(t, map[string]string{"hq": console.URL}))
	p.get("/probe?target=hq")
	if n := console.Sessions(); n != 2 {
		t.Fatalf("%d sessions while it runs, want 2", n)
	}
	p.end()
	if n := console.Sessions(); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

func TestAScrapeUnderWayMayFinish(t *testing.T) {
	console := sctest.Start(t, sctest.Options{Hosts: 10, Plugins: 500})
	came, answer := make(chan struct{}), make(chan struct{})
	var one sync.Once
	console.Inject(sctest.Fault{Endpoint: "GET /feed", Match: func(sctest.Request) bool {
		one.Do(func() { close(came) })
		return true
	}, Effect: sctest.Delay(300 * time.Millisecond)})
	p := start(t, "--config.file="+configure(t, map[string]string{"hq": console.URL}))
	go func() {
		defer close(answer)
		if text := p.get("/probe?target=hq&collect[]=feeds"); !strings.Contains(text, `securitycenter_collector_success{collector="feeds"} 1`) {
			t.Error("the scrape did not wait for its data")
		}
	}()
	<-came
	p.stop()
	<-answer
	p.end()
}

func TestSIGHUPReloads(t *testing.T) {
	hq := sctest.Start(t, sctest.Options{Hosts: 10, Plugins: 500})
	path := configure(t, map[string]string{"hq": hq.URL})
	p := start(t, "--config.file="+path)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	hangup := func(content, says string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		p.stderr.find(t, says)
	}
	hangup(strings.Replace(string(content), "name: hq", "name: moved", 1), "Configuration reloaded")
	if !strings.Contains(p.get("/probe?target=moved"), "securitycenter_up 1") {
		t.Error("the new console is not there")
	}
	hangup("consoles: []\n", "Reload failed")
	if !strings.Contains(p.get("/metrics?only=exporter"), "securitycenter_exporter_config_last_reload_successful 0") {
		t.Error("the failure does not show")
	}
	p.get("/probe?target=moved")
	p.end()
}

func TestOnceAndTextfile(t *testing.T) {
	hq, branch := sctest.Start(t, sctest.Options{Hosts: 10, Plugins: 500}), sctest.Start(t, sctest.Options{Dialect: sctest.RPC, Hosts: 10, Plugins: 500})
	config := configure(t, map[string]string{"hq": hq.URL, "branch": branch.URL})

	t.Run("writes to the output", func(t *testing.T) {
		code, stdout, stderr := once(t, "--once", "--config.file="+config)
		if code != 0 || !strings.Contains(stdout, `securitycenter_up{console="hq"} 1`) || !strings.Contains(stdout, `securitycenter_up{console="branch"} 1`) {
			t.Errorf("%d\n%.500s\n%s", code, stdout, stderr)
		}
	})

	t.Run("writes a file for each console", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "sc.prom")
		code, _, stderr := once(t, "--once", "--textfile.output="+out, "--config.file="+config)
		if code != 0 {
			t.Errorf("%d %s", code, stderr)
		}
		for _, console := range []string{"hq", "branch"} {
			text, err := os.ReadFile(strings.Replace(out, ".prom", "-"+console+".prom", 1))
			if err != nil || !bytes.Contains(text, []byte(`securitycenter_up{console="`+console+`"} 1`)) {
				t.Errorf("%s: %v", console, err)
			}
		}
	})

	t.Run("leaves no session behind", func(t *testing.T) {
		if n := hq.Sessions() + branch.Sessions(); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})

	t.Run("ends with 1 where something could not be read", func(t *testing.T) {
		defer hq.Inject(sctest.Fault{Endpoint: "GET /feed", Effect: sctest.Refuse(http.StatusForbidden, 999, "no")})()
		code, stdout, stderr := once(t, "--once", "--config.file="+config)
		if code != 1 || !strings.Contains(stderr, "collector feeds") || !strings.Contains(stdout, `securitycenter_collector_success{collector="feeds",console="hq"} 0`) {
			t.Errorf("%d\n%s", code, stderr)
		}
	})
}

func TestHealthCheckOfARunningExporter(t *testing.T) {
	p := start(t, "--demo")
	address := "--web.listen-address=" + strings.TrimPrefix(p.base, "http://")
	if code, _, stderr := once(t, "--healthcheck", address); code != 0 {
		t.Errorf("while it runs: %d %s", code, stderr)
	}
	p.end()
	if code, _, _ := once(t, "--healthcheck", address); code != 1 {
		t.Errorf("after its end: %d", code)
	}
}

func TestTheDemoIsNobodyElsesBusiness(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"it listens on the loopback address", []string{"--demo"}, "127.0.0.1:10078"},
		{"unless told otherwise", []string{"--demo", "--web.listen-address=:9999"}, ":9999"},
		{"without it everybody may ask", nil, ":10078"},
	} {
		t.Run(test.name, func(t *testing.T) {
			app, s := flags(io.Discard, io.Discard)
			if _, err := app.Parse(test.args); err != nil {
				t.Fatal(err)
			}
			if err := s.check(); err != nil {
				t.Fatal(err)
			}
			if got := *s.web.WebListenAddresses; len(got) != 1 || got[0] != test.want {
				t.Errorf("listens on %v, want %s", got, test.want)
			}
		})
	}
}

// Who asks and does not read keeps nobody out, and does not keep the program from
// ending in time.
func TestReadersThatDoNotReadStopNobody(t *testing.T) {
	p := start(t, "--demo", "--web.max-requests=4")
	page := p.get("/probe?target=sc6")
	var dialer net.Dialer
	for range 12 {
		c, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(p.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if err := c.(*net.TCPConn).SetReadBuffer(1 << 10); err != nil {
			t.Fatal(err)
		}
		// So many that no buffer holds the answers.
		for range 1 + 8<<20/len(page) {
			if _, err := io.WriteString(c, "GET /probe?target=sc6 HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
				break
			}
		}
	}
	// Their answers are made until no buffer takes more; from then on they wait.
	served := 0
	for late := time.Now().Add(20 * time.Second); served < 5 && time.Now().Before(late); {
		res, err := p.client.Get(p.base + "/probe?target=sc6")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		served++
		if res.StatusCode != http.StatusOK {
			served = 0
		}
	}
	if served < 5 {
		t.Error("scrapes beside them are still turned away")
	}
	began := time.Now()
	p.end()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s to end", took)
	}
}
