package main

import (
	"log/slog"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// settings are the flags of all commands.
type settings struct {
	url       string
	api       string
	transport scapi.TransportOptions

	configFile string
	console    string
	account    string
	stateFile  string
	stateGiven bool // by a flag, be it to have none

	timeout         time.Duration
	analysisTimeout time.Duration
	debug           bool
	progress        bool
	prefetch        int

	output outputSettings
	yes    bool
	dryRun bool

	remarks remarks // of the consoles
}

func (s *settings) register(t *tree) {
	app := t.app
	app.Flag("url", "Console to ask: scheme, host, optional port and path prefix; /rest or /request.php behind it is left out. "+
		"Credentials come from the environment: SC_USERNAME with SC_PASSWORD or SC_PASSWORD_FILE, "+
		"or SC_ACCESS_KEY with SC_SECRET_KEY (each also as …_FILE), or a client certificate. "+
		"Without it and without --config.file: $SC_URL.").PlaceHolder("URL").StringVar(&s.url)
	choiceFlag(app, "api", "With --url: protocol of the console: auto (ask it), rest (SecurityCenter 5, Tenable.sc and later), rpc (SecurityCenter 4).",
		&s.api, string(scapi.Auto), string(scapi.REST), string(scapi.RPC)).Default(string(scapi.Auto))
	app.Flag("tls.ca-file", "With --url: PEM file of the authorities that the console's certificate is verified by, instead of the system's.").
		PlaceHolder("FILE").Envar("SC_CA_FILE").StringVar(&s.transport.CAFile)
	app.Flag("tls.cert-file", "With --url: PEM file of the client certificate.").PlaceHolder("FILE").Envar("SC_CERT_FILE").StringVar(&s.transport.CertFile)
	app.Flag("tls.key-file", "With --url: PEM file of its key.").PlaceHolder("FILE").Envar("SC_KEY_FILE").StringVar(&s.transport.KeyFile)
	app.Flag("tls.server-name", "With --url: name that the console's certificate must bear, if not the URL's host.").
		PlaceHolder("NAME").Envar("SC_SERVER_NAME").StringVar(&s.transport.ServerName)
	app.Flag("tls.insecure-skip-verify", "With --url: accept any certificate. Credentials then go to whoever answers.").
		BoolVar(&s.transport.InsecureSkipVerify)
	app.Flag("proxy-url", "With --url: proxy (http, https, socks5), or none. Otherwise $HTTPS_PROXY, $HTTP_PROXY and $NO_PROXY hold.").
		PlaceHolder("URL").Envar("SC_PROXY_URL").StringVar(&s.transport.Proxy)

	app.Flag("config.file", "Configuration file of the exporter, whose consoles and accounts can be asked. Default: config.yml, without --url and $SC_URL.").
		PlaceHolder("FILE").StringVar(&s.configFile)
	app.Flag("console", "Console of the configuration file; may be left out if there is only one, or one that is the default.").PlaceHolder("NAME").HintAction(t.consoleNames).StringVar(&s.console)
	app.Flag("account", "Account of the console. By itself a command takes the first of the kind that can answer it: "+
		"administrators see scanners, zones and the licence, users of an organisation see findings and scans.").PlaceHolder("NAME").HintAction(t.accountNames).StringVar(&s.account)

	app.Flag("state.file", "With a configuration file: the exporter's file of refused logins, which count together, so that no account is locked; empty for none. "+
		"Default: logins.json in $STATE_DIRECTORY, else in securitycenter_exporter below $XDG_STATE_HOME or ~/.local/state (Windows: %LocalAppData%).").
		PlaceHolder("FILE").IsSetByUser(&s.stateGiven).StringVar(&s.stateFile)

	durationFlag(app, "timeout", "Longest duration of a request; 60s unless the configuration says otherwise.", &s.timeout).PlaceHolder("60s")
	durationFlag(app, "analysis-timeout", "Longest duration of a request over findings; 5m unless the configuration says otherwise.", &s.analysisTimeout).PlaceHolder("5m")
	app.Flag("debug", "Log requests and answers to standard error, secrets masked, long bodies cut.").BoolVar(&s.debug)
	app.Flag("progress", "Show the progress of long commands where standard error is a terminal.").Default("true").BoolVar(&s.progress)
}

// registerPrefetch adds the flag of a command that reads page by page.
func (s *settings) registerPrefetch(cmd *kingpin.CmdClause) {
	numberFlag(cmd, "prefetch", "Pages that are fetched ahead, at the same time; 0: one page after the other, which is easier on the console.", &s.prefetch).
		Default("2")
}

// refusals returns what is known of refused logins.
func (s *settings) refusals(out streams) *console.Refusals {
	path := s.stateFile
	if !s.stateGiven {
		path = console.DefaultStateFile()
	}
	return console.OpenRefusals(path, slog.New(slog.NewTextHandler(out.err, &slog.HandlerOptions{Level: slog.LevelWarn})))
}

// trace returns where requests and answers are logged; nil: nowhere.
func (s *settings) trace(out streams) *slog.Logger {
	if !s.debug {
		return nil
	}
	return slog.New(slog.NewTextHandler(out.err, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
