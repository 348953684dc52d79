package scapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// API selects the wire protocol of a console.
type API string

// The wire protocols. Auto asks the console: GET /rest/system first, then
// request.php system::init.
const (
	Auto API = "auto"
	REST API = "rest" // Tenable.sc 5 and Security Center 6: /rest
	RPC  API = "rpc"  // SecurityCenter 4: request.php
)

// Credentials are what one account logs in with: user name and password, or
// an API key pair (REST 5.13 and later). Both empty means that the TLS client
// certificate of Options.Transport logs in.
type Credentials struct {
	Username, Password   string
	AccessKey, SecretKey string
}

// Options configure a Client. Only URL is required.
type Options struct {
	// URL of the console, as ConsoleURL takes it.
	URL string
	// API is Auto when empty.
	API API
	// Credentials is asked at every login, so that changed secrets are taken
	// up without a new Client. Nil means a client certificate.
	Credentials func() (Credentials, error)
	// Transport carries requests; http.DefaultTransport when nil. TLS, client
	// certificate and proxy are its business. Redirects are never followed.
	Transport http.RoundTripper
	// Secrets returns what Transport adds to requests and no error or log may
	// repeat: values of headers, passwords of proxies. It is asked again when
	// texts are masked, for values that change. Those of an *http.Transport are
	// known without. Nil: there are none.
	Secrets func() []string
	// UserAgent is sent with every request.
	UserAgent string
	// Timeout bounds one attempt of one request (default 60s),
	// AnalysisTimeout one attempt of one analysis query, one upload, and the
	// wait for the beginning of a scan's download (default 5m). Time spent
	// waiting at the Gate does not count.
	Timeout, AnalysisTimeout time.Duration
	// PageSize is the number of rows asked for at a time (default 1000).
	PageSize int
	// Prefetch is how many pages of a query are fetched ahead of the one being
	// read, at the same time (default 2; negative: none). Memory is two pages
	// more than that. A Gate still has its say.
	Prefetch int
	// MaxBody bounds the size of one decoded answer in bytes (default 64 MiB).
	MaxBody int64
	// Large, if set, is entered before more than 1 MiB of an answer is read, and
	// left when the answer was decoded. Clients that share one bound the memory
	// of all their answers. It may wait, within ctx; its error fails the attempt.
	Large func(ctx context.Context) (leave func(), err error)
	// MaxDownload bounds the size of a downloaded file in bytes, unpacked
	// (default 16 GiB): a small archive can hold a huge file.
	MaxDownload int64
	// Retries is how often a request that is safe to repeat is tried again
	// after a temporary failure (default 2; negative: never).
	Retries int
	// Gate, if set, is entered before every attempt and left after it.
	Gate Gate
	// Observe, if set, is called once after every attempt.
	Observe func(context.Context, Exchange)
	// LoginGuard, if set, is asked before every login and told how it ended.
	LoginGuard LoginGuard
	// DryRun, if set, is shown every request that would change something,
	// secrets masked, instead of the console: the call then fails with
	// ErrDryRun. Requests that only read, and login and logout, are made.
	DryRun func(DryRequest)
	// Logger receives debug records of requests; no secrets. Nil: none.
	Logger *slog.Logger
	// Trace receives two debug records for every request, with header and body
	// of what was sent and of what was answered, secrets masked. Files are a
	// number of bytes. Nil: none.
	Trace *slog.Logger
	// TraceBody bounds what a record shows of a body, in bytes (default 4096).
	TraceBody int
}

// Class tells a Gate what kind of request wants to pass.
type Class int

// Light requests are lists and status calls, Analysis requests are queries
// over findings, which load a console.
const (
	Light Class = iota
	Analysis
)

// A Gate bounds the requests in flight towards a console. Enter blocks until
// the request may go, or until ctx ends, and returns what must be called when
// the request is over. A Client never waits at its Gate while it is inside.
type Gate interface {
	Enter(ctx context.Context, class Class) (leave func(), err error)
}

// A LoginGuard decides whether a login may be tried. Allow may wait, within ctx,
// for the logins of others; an error from it makes the call that needed the login
// fail with that error, wrapped. Done hears how each attempt that was allowed
// ended: nil, an error for which IsLoginRefused holds, or another failure.
type LoginGuard interface {
	Allow(ctx context.Context) error
	Done(err error)
}

// Exchange describes one attempt of one request after it ended.
type Exchange struct {
	Endpoint string        // template without ids: "/scanResult/{id}", "vuln::query"; "raw" for Raw and RawStream
	Code     string        // HTTP status, or "timeout", "tls", "network", "canceled", "envelope" (HTTP 200 with an error code, or no envelope at all)
	Start    time.Time     // when the request was sent
	Duration time.Duration // without the wait at the Gate
	Bytes    int64         // of the answer's body, as read
	// ConsoleTime is the envelope's timestamp; zero if there was none.
	ConsoleTime time.Time
	// CertificateNotAfter is the end of the console's TLS certificate; zero
	// without TLS. It is known even where the certificate was not accepted.
	CertificateNotAfter time.Time
	// Message and Warnings are what the console said beside a success: error_msg
	// with error_code 0, and warnings. One line each, bounded, no secrets. For a
	// change Err is then an *ActionError.
	Message  string
	Warnings []string
	Err      error
}

// A Client talks to one console as one account. It logs in when it first
// needs to, keeps the session, logs in once more when the session expires,
// and is safe for concurrent use. State belongs to the Client alone.
type Client struct {
	options Options
	base    *url.URL
	http    *http.Client

	entrance *semaphore.Weighted // one detection, login or logout at a time
	probing  *semaphore.Weighted // one probe of the account's kind at a time

	mu    sync.Mutex
	state state // guarded by mu

	mask mask // for all that the console says

	clock   clock          // the console's
	plugins pluginTallies  // the latest
	xrefs   xrefCatalogues // that the console was seen to use
}

// state is what a Client has learnt and keeps.
type state struct {
	dialect  API    // Auto: not known yet
	rpcPath  string // of request.php below the base; empty: not known yet
	version  string
	session  *session  // nil: not logged in
	identity *Identity // nil: not known yet

	logins    int64 // how many logins ended
	lastLogin error // how the last of them ended
}

// New returns a Client for o. It sends nothing. A URL that is no absolute
// http or https URL, or carries user information, and an unknown API are errors.
func New(o Options) (*Client, error) {
	base, err := ConsoleURL(o.URL)
	if err != nil {
		return nil, wrongArgument("console URL: %w", err)
	}
	switch o.API {
	case "":
		o.API = Auto
	case Auto, REST, RPC:
	default:
		return nil, wrongArgument("unknown API %q: want %s, %s or %s", o.API, Auto, REST, RPC)
	}
	o.setDefaults()
	c := &Client{
		base:     base,
		entrance: semaphore.NewWeighted(1),
		probing:  semaphore.NewWeighted(1),
		state:    state{dialect: o.API},
	}
	c.mask.more = transportSecrets(o.Transport, base, o.Secrets)
	given := o.Credentials
	o.Credentials = func() (Credentials, error) {
		credentials, err := given()
		c.mask.learn(credentials.Password, credentials.AccessKey, credentials.SecretKey)
		return credentials, err
	}
	c.options = o
	c.http = &http.Client{
		Transport: traced(o.Transport, o.Trace, o.TraceBody, &c.mask),
		// A redirect may lead anywhere, with the credentials.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

func (o *Options) setDefaults() {
	if o.Credentials == nil {
		o.Credentials = func() (Credentials, error) { return Credentials{}, nil }
	}
	if o.UserAgent == "" {
		// The form that the vendor asks of integrations.
		o.UserAgent = "Integration/1.0 (securitycenter_exporter; scapi; Build/unknown)"
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	if o.AnalysisTimeout <= 0 {
		o.AnalysisTimeout = 5 * time.Minute
	}
	if o.PageSize <= 0 {
		o.PageSize = 1000
	}
	if o.Prefetch == 0 {
		o.Prefetch = 2
	}
	if o.MaxBody <= 0 {
		o.MaxBody = 64 << 20
	}
	if o.MaxDownload <= 0 {
		o.MaxDownload = 16 << 30
	}
	if o.Retries == 0 {
		o.Retries = 2
	}
	if o.TraceBody <= 0 {
		o.TraceBody = 4096
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// ConsoleURL returns the address of a console: scheme, host, perhaps a port and a
// path prefix. The paths of the protocols, /rest, /request.php and
// /sc4/request.php, are not part of it and may be left behind it: asked there, a
// console refuses every login. Errors do not repeat s, because it may hold a
// password.
func ConsoleURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case !strings.Contains(s, "://"):
		return nil, errors.New("no scheme: want https:// (or http://) before the host, such as https://sc.example.org:8443")
	case err != nil:
		return nil, errors.New("not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("want http:// or https://")
	case u.Host == "":
		return nil, errors.New("no host")
	case u.User != nil:
		return nil, errors.New("user information belongs into the credentials")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("unexpected query or fragment")
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: withoutProtocol(u.Path), RawPath: withoutProtocol(u.RawPath)}, nil
}

// withoutProtocol returns a path without that of a protocol behind it.
func withoutProtocol(path string) string {
	path = strings.TrimRight(path, "/")
	for _, protocol := range []string{"/rest", rpcPaths[1], rpcPaths[0]} {
		if prefix, found := strings.CutSuffix(path, protocol); found {
			return strings.TrimRight(prefix, "/")
		}
	}
	return path
}
