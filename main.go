// Command securitycenter_exporter exports Tenable Security Center to
// Prometheus.
package main

import (
	"context"
	"crypto/fips140"
	"embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"github.com/securitycenter-exporter/securitycenter_exporter/buildinfo"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/demo"
	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/conceal"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/manpage"
)

const (
	program       = "securitycenter_exporter"
	listenAddress = ":10078"
	// demoAddress replaces listenAddress in a demonstration, which is nobody
	// else's business.
	demoAddress = "127.0.0.1:10078"
	// drainTimeout is how long scrapes under way may take at the end.
	drainTimeout = 5 * time.Second
	// onceTimeout bounds --once, --estimate and --doctor, of each console.
	onceTimeout = 30 * time.Minute
)

// documents are shown under /docs/.
//
//go:embed README.md CHANGELOG.md docs/*.md alerts/README.md dashboards/README.md config.yml.example config.schema.json
var documents embed.FS

func main() {
	boundMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// settings are the flags.
type settings struct {
	configFile  string
	configCheck bool
	autoReload  time.Duration // 0: off
	estimate    bool
	openHosts   bool
	demo        bool
	once        bool
	textfile    string
	healthCheck bool
	doctor      bool
	format      string // of --doctor
	report      string // likewise
	past        pastSettings
	stateFile   string
	stateGiven  bool // by a flag, be it to have none
	externalURL *url.URL
	logLevel    string
	logFormat   string
	hangup      <-chan os.Signal
	web         *web.FlagConfig
	exporter    exporter.Options
}

func flags(stdout, stderr io.Writer) (*kingpin.Application, *settings) {
	s := &settings{}
	app := kingpin.New(program, "Exports Tenable Security Center to Prometheus.").Writer(stdout).ErrorWriter(stderr).UsageWriter(stdout)
	app.HelpFlag.Short('h')
	app.Version(buildinfo.Text(program)).VersionFlag.Help("Print the version and exit.")
	app.Flag("config.file", "Configuration file. See config.yml.example.").Default("config.yml").StringVar(&s.configFile)
	app.Flag("config.check", "Validate the configuration, print it with secrets masked, and exit: 0 if it is valid, else 1.").BoolVar(&s.configCheck)
	app.Flag("config.auto-reload-interval", "How often to look whether the configuration file has changed, and reload it then; 0 for never.").Default("0s").DurationVar(&s.autoReload)
	app.Flag("estimate", "With --config.check: log in too, load everything once, and print how many series and requests each collector makes.").BoolVar(&s.estimate)
	app.Flag("demo", "Export simulated consoles that run inside the process. Needs no configuration. Listens on "+demoAddress+" unless told otherwise.").BoolVar(&s.demo)
	app.Flag("once", "Load everything once, write the metrics, and exit: 0 if all could be read, else 1.").BoolVar(&s.once)
	app.Flag("textfile.output", "With --once: file to write to instead of standard output, for node_exporter's textfile collector. With several consoles the name of the console is put before the extension.").PlaceHolder("FILE").StringVar(&s.textfile)
	app.Flag("doctor", "Find out what works on every console of the configuration, with all its accounts and read-only, print what that means for which metrics, and exit: 0 if nothing is wrong, 1 if something is, 2 if the flags or the configuration are.").BoolVar(&s.doctor)
	app.Flag("format", "With --doctor: table, md (Markdown), json.").Default("table").EnumVar(&s.format, "table", "md", "json")
	app.Flag("report", "With --doctor: file to write the report to once more, as Markdown, without names, addresses, secrets, and numbers beyond their order of magnitude.").PlaceHolder("FILE").StringVar(&s.report)
	app.Flag("healthcheck", "Ask the exporter that runs with the same --web flags for its health, and exit: 0 if it lives, else 1.").BoolVar(&s.healthCheck)
	app.Flag("state.file", "File that keeps refused logins across restarts, so that no account is locked; empty for none. Default: logins.json in $STATE_DIRECTORY, else in securitycenter_exporter below $XDG_STATE_HOME or ~/.local/state (Windows: %LocalAppData%).").PlaceHolder("FILE").IsSetByUser(&s.stateGiven).StringVar(&s.stateFile)
	s.past.register(app)
	s.web = kingpinflag.AddFlags(app, listenAddress)
	app.Flag("web.telemetry-path", "Path of the exporter's own metrics and those of the default console.").Default("/metrics").StringVar(&s.exporter.TelemetryPath)
	app.Flag("web.external-url", "URL under which Prometheus and people reach the exporter, if not the request's own host. A path is expected to be removed by the proxy.").PlaceHolder("URL").URLVar(&s.externalURL)
	app.Flag("web.max-requests", "Scrapes served at a time; 0 for no limit.").Default("40").IntVar(&s.exporter.MaxRequests)
	app.Flag("web.scrape-timeout", "Longest duration of a scrape that does not name its own time-out in X-Prometheus-Scrape-Timeout-Seconds.").Default("10s").DurationVar(&s.exporter.ScrapeTimeout)
	app.Flag("web.enable-lifecycle", "Reload the configuration on POST or PUT to /-/reload. SIGHUP always does.").BoolVar(&s.exporter.EnableLifecycle)
	app.Flag("web.enable-pprof", "Serve profiles of the process under /debug/pprof.").BoolVar(&s.exporter.EnablePprof)
	app.Flag("web.allow-unprotected-host-metrics", "Let collectors that show hosts one by one run although the listener is neither on a loopback address nor protected by users or verified client certificates.").BoolVar(&s.openHosts)
	app.Flag("log.level", "Least severe level to log: debug, info, warn, error.").Default("info").EnumVar(&s.logLevel, "debug", "info", "warn", "error")
	app.Flag("log.format", "Format of log lines: logfmt, json.").Default("logfmt").EnumVar(&s.logFormat, "logfmt", "json")
	return app, s
}

// run is main with its surroundings given. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	// From here to the end, so that a hang-up never ends the process without a logout.
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	app, s := flags(stdout, stderr)
	s.hangup = hangup
	if slices.Contains(args, manpage.Flag) {
		if err := (manpage.Page{App: app.Model(), Version: buildinfo.Version()}).Write(stdout); err != nil {
			return 1
		}
		return 0
	}
	exited, code := false, 0
	app.Terminate(func(c int) { exited, code = true, c }) // --help and --version
	if _, err := app.Parse(args); exited {
		return code
	} else if err != nil {
		fmt.Fprintf(stderr, "%s: %s, try --help\n", program, conceal.UserInfo(err.Error(), args))
		if slices.Contains(args, "--doctor") {
			return 2
		}
		return 1
	}
	log := newLogger(stderr, s.logLevel, s.logFormat)
	if err := dispatch(ctx, s, stdout, log); err != nil {
		// One line for each thing that is wrong, so that each can be read.
		for line := range strings.Lines(conceal.UserInfo(err.Error(), args)) {
			log.Error("Giving up", "err", strings.TrimSpace(line))
		}
		if errors.Is(err, errDoctorUsage) {
			return 2
		}
		return 1
	}
	return 0
}

// errDoctorUsage: the doctor could not begin, because of flags or configuration.
var errDoctorUsage = errors.New("nothing was examined")

func dispatch(ctx context.Context, s *settings, stdout io.Writer, log *slog.Logger) error {
	if err := s.check(); err != nil {
		if s.doctor {
			return fmt.Errorf("%w: %w", errDoctorUsage, err)
		}
		return err
	}
	if s.healthCheck {
		return exporter.HealthCheck(ctx, (*s.web.WebListenAddresses)[0], *s.web.WebConfigFile)
	}
	known := exporter.KnownCollectors()
	file := &configFile{path: s.configFile, known: known}
	load := file.load
	announce := func(string) {}
	if s.demo {
		d, err := demo.Start()
		if err != nil {
			return err
		}
		defer d.Close()
		load = func() (*config.Config, error) { return d.Config(known) }
		announce = func(base string) {
			if err := d.Describe(stdout, base); err != nil {
				log.Warn("Cannot say where to look", "err", err)
			}
		}
	}
	if s.configCheck {
		c, err := load()
		if err != nil {
			return err
		}
		masked, err := c.Masked()
		if err != nil {
			return err
		}
		if _, err = stdout.Write(masked); err != nil {
			return err
		}
		if err := s.checkListener(c); err != nil {
			return err
		}
		if !s.estimate {
			log.Info("The configuration is valid")
			return nil
		}
	}

	if s.doctor {
		c, err := load()
		if err != nil {
			return fmt.Errorf("%w: %w", errDoctorUsage, err)
		}
		ctx, cancel := context.WithTimeout(ctx, onceTimeout*time.Duration(len(c.Consoles)))
		defer cancel()
		return exporter.Doctor(ctx, c, console.OpenRefusals(s.statePath(log), log), stdout, s.format, s.report)
	}

	s.exporter.Load, s.exporter.Logger, s.exporter.ExternalURL = load, log, s.externalURL
	s.exporter.Documents = documents
	s.exporter.Refusals = console.OpenRefusals(s.statePath(log), log)
	if !s.configCheck && !s.once && s.past.span == 0 && !s.demo && !s.openHosts {
		s.exporter.Unprotected = s.unprotected
	}
	if s.past.span != 0 {
		return rebuild(ctx, s, stdout, log)
	}
	e, err := exporter.New(s.exporter)
	if err != nil {
		return err
	}
	defer func() {
		if err := e.Close(); err != nil {
			log.Warn("Not all consoles could be logged out", "err", err)
		}
	}()
	if s.once || s.configCheck {
		ctx, cancel := context.WithTimeout(ctx, onceTimeout)
		defer cancel()
		if s.configCheck {
			return e.Estimate(ctx, stdout)
		}
		return e.Once(ctx, stdout, s.textfile)
	}
	log.Info("Starting securitycenter_exporter", "version", buildinfo.Version(), "revision", buildinfo.Revision(), "build", version.BuildContext(), "fips140", fips140.Enabled())
	go reloads(ctx, s.hangup, s.autoReload, file.changed, e.Reload, log)
	return serve(ctx, s, e, announce, log)
}

// checkListener refuses what the start would refuse of the listener, as far as the
// flags tell of it.
func (s *settings) checkListener(c *config.Config) error {
	if err := web.Validate(*s.web.WebConfigFile); err != nil {
		return fmt.Errorf("web configuration %s: %w", *s.web.WebConfigFile, err)
	}
	addresses := *s.web.WebListenAddresses
	told := *s.web.WebConfigFile != "" || len(addresses) != 1 || addresses[0] != listenAddress || s.web.WebSystemdSocket != nil && *s.web.WebSystemdSocket
	if !told || s.demo || s.openHosts {
		return nil
	}
	o := s.exporter
	o.Unprotected = s.unprotected
	return o.CheckPrivacy(c)
}

// check refuses flags that make no sense together, and fills in what follows
// from others.
func (s *settings) check() error {
	switch {
	case s.estimate && !s.configCheck:
		return errors.New("--estimate is for --config.check only")
	case s.stateFile != "" && s.demo:
		return errors.New("--state.file is not for --demo, whose consoles lock nobody out")
	case s.doctor && (s.configCheck || s.once || s.healthCheck):
		return errors.New("--doctor goes with neither --config.check, --once nor --healthcheck")
	case (s.report != "" || s.format != "table") && !s.doctor:
		return errors.New("--format and --report are for --doctor only")
	case s.past.span != 0 && (s.once || s.configCheck):
		return errors.New("--history is not for --once or --config.check")
	case s.past.span == 0 && slices.Contains(s.past.given[:], true):
		return errors.New("--history.output, .step, .until, .families, .job and .pause are for --history only")
	case s.autoReload != 0 && s.demo:
		return errors.New("--config.auto-reload-interval is not for --demo, which reads no file")
	case s.autoReload != 0 && s.autoReload < time.Second:
		return fmt.Errorf("--config.auto-reload-interval %s: expected 0 or at least 1s", s.autoReload)
	case s.textfile != "" && !s.once:
		return errors.New("--textfile.output is for --once only")
	case !strings.HasPrefix(s.exporter.TelemetryPath, "/"):
		return fmt.Errorf("--web.telemetry-path %q: expected a path that begins with /", s.exporter.TelemetryPath)
	case s.externalURL != nil && (s.externalURL.Scheme != "http" && s.externalURL.Scheme != "https" || !exporter.ValidHost(s.externalURL.Host) ||
		s.externalURL.RawQuery != "" || s.externalURL.Fragment != "" || s.externalURL.User != nil):
		return fmt.Errorf("--web.external-url %q: expected http://HOST or https://HOST, perhaps with a port and a path, without user, query or fragment", s.externalURL.Redacted())
	case s.exporter.ScrapeTimeout <= 0:
		return fmt.Errorf("--web.scrape-timeout %s: expected more than 0s", s.exporter.ScrapeTimeout)
	case s.exporter.MaxRequests < 0:
		return fmt.Errorf("--web.max-requests %d: expected 0 or more", s.exporter.MaxRequests)
	}
	if addresses := s.web.WebListenAddresses; s.demo && len(*addresses) == 1 && (*addresses)[0] == listenAddress {
		*addresses = []string{demoAddress}
	}
	return nil
}

// statePath returns where refused logins are kept; empty for nowhere.
func (s *settings) statePath(log *slog.Logger) string {
	if s.stateGiven || s.demo {
		return s.stateFile
	}
	path := console.DefaultStateFile()
	if path == "" {
		log.Warn("Refused logins are forgotten at the next restart: there is neither $STATE_DIRECTORY nor a folder of the user, and no --state.file")
	}
	return path
}

// unprotected names a listener that anybody on the network can read.
func (s *settings) unprotected() (string, error) {
	addresses := *s.web.WebListenAddresses
	if s.web.WebSystemdSocket != nil && *s.web.WebSystemdSocket {
		addresses = []string{"systemd"} // which it does not tell
	}
	return exporter.Unprotected(addresses, *s.web.WebConfigFile)
}

// serve listens on every address until ctx ends, then lets the scrapes under
// way finish. announce is told the URL of every listener.
func serve(ctx context.Context, s *settings, e *exporter.Exporter, announce func(string), log *slog.Logger) error {
	flags := s.web
	addresses := *flags.WebListenAddresses
	if flags.WebSystemdSocket != nil && *flags.WebSystemdSocket {
		addresses = addresses[:1] // systemd has the addresses
	}
	handler := e.Handler()
	failed := make(chan error, len(addresses))
	var servers []*http.Server
	for _, address := range addresses {
		// A server for each, because the toolkit wraps its handler when it starts.
		server := &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: 10 * time.Second,
			ReadTimeout:       time.Minute,
			IdleTimeout:       2 * time.Minute,
			ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
			BaseContext: func(l net.Listener) context.Context {
				announce(baseURL(l.Addr(), *flags.WebConfigFile))
				return context.Background()
			},
		}
		servers = append(servers, server)
		own := *flags
		own.WebListenAddresses = &[]string{address}
		go func() { failed <- web.ListenAndServe(server, &own, log) }()
	}
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		log.Info("Stopping: scrapes under way may finish", "at_most", drainTimeout)
	}
	drain, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	for _, server := range servers {
		switch late := server.Shutdown(drain); {
		case errors.Is(late, context.DeadlineExceeded):
			log.Warn("Answers that nobody reads are broken off")
			_ = server.Close() // what it says of its connections is no failure of ours
		default:
			err = errors.Join(err, late)
		}
	}
	return err
}

// baseURL is how a person on this machine reaches the listener.
func baseURL(a net.Addr, webConfig string) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	scheme, err := exporter.ListenerScheme(webConfig)
	if err != nil {
		scheme = "http"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
