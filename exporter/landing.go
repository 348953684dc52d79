package exporter

import (
	"cmp"
	_ "embed"
	"html/template"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/exporter-toolkit/web"

	"github.com/securitycenter-exporter/securitycenter_exporter/buildinfo"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/legible"
	"github.com/securitycenter-exporter/securitycenter_exporter/manual"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// openConsoles is up to how many consoles all details are shown at once.
const openConsoles = 4

var (
	//go:embed landing.html
	landingHTML string
	//go:embed landing.css
	landingCSS string

	// Names come from the console: html/template escapes them, name and text
	// keep them short and in their place.
	landingTemplate = template.Must(template.New("consoles").Funcs(template.FuncMap{
		"name": func(s string) string { return legible.Text(s, 80) },
		"text": func(s string) string { return legible.Text(s, 400) },
		"ago":  func(t time.Time) string { return legible.Lasting(time.Since(t)) },
		"in":   func(t time.Time) string { return legible.Lasting(time.Until(t)) },
		"iso":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"utc":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
	}).Parse(landingHTML))
)

// landingPage is what the landing page says.
type landingPage struct {
	Now              time.Time
	Docs             string
	Up, Down, Unborn int // consoles
	Collectors       collectorTotals
	Troubled         []landingConsole
	Oldest           landingAge
	Loaded           landingConfig
	Copies           []string // repositories that seem to be counted twice
	Consoles         []landingConsole
}

// landingConfig says which configuration is in force.
type landingConfig struct {
	At      time.Time
	Hash    uint64
	Refused string    // what is wrong with a newer one; empty: there is none
	Tried   time.Time // when that was refused
}

// collectorTotals counts the collectors of all consoles by state.
type collectorTotals struct{ OK, Failed, NotAllowed, Untried, Dropped int }

// landingAge says when the data of a collector was read.
type landingAge struct {
	Console, Collector string
	ReadAt             time.Time // zero: there is no data
}

// mark is a state in a word; its class gives a colour and a sign.
type mark struct{ Class, Word string }

var (
	isUp       = mark{"ok", "up"}
	isDown     = mark{"bad", "down"}
	isUnborn   = mark{"idle", "not asked yet"}
	works      = mark{"ok", "ok"}
	fails      = mark{"bad", "failed"}
	notAllowed = mark{"warn", "no account can read this"}
	untried    = mark{"idle", "not tried yet"}
)

// serveLanding answers with a page for people: what is exported, how it is,
// and where to look. It asks no console.
func (e *Exporter) serveLanding(w http.ResponseWriter, r *http.Request) {
	prefix := "/"
	if e.o.ExternalURL != nil { // escaped: the toolkit writes it as it is
		prefix = strings.TrimSuffix(e.o.ExternalURL.EscapedPath(), "/") + "/"
	}
	var body strings.Builder
	if err := landingTemplate.Execute(&body, e.landing(prefix)); err != nil {
		e.refuseLanding(w, err)
		return
	}
	profiling := "false"
	if e.o.EnablePprof {
		profiling = "true"
	}
	page, err := web.NewLandingPage(web.LandingConfig{
		RoutePrefix: prefix,
		Name:        "securitycenter_exporter",
		Description: "Prometheus exporter for Tenable Security Center",
		Version:     buildinfo.Version() + " (revision " + buildinfo.Revision() + ")",
		Links: []web.LandingLinks{
			{Address: e.o.TelemetryPath, Text: "Metrics", Description: "of the exporter itself, and of the default console"},
			{Address: "/sd", Text: "Service discovery", Description: "for http_sd_configs of Prometheus"},
			{Address: "/-/healthy", Text: "Health"},
			{Address: "/-/ready", Text: "Readiness"},
		},
		ExtraHTML: body.String(),
		CSS:       landingCSS,
		Profiling: profiling,
	})
	if err != nil {
		e.refuseLanding(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	// The toolkit's page has none; without it browsers mimic those of 1998.
	if _, err := io.WriteString(w, "<!DOCTYPE html>\n"); err != nil {
		return // the client has gone
	}
	here := r.Clone(r.Context())
	here.URL.Path = prefix // the page checks it
	page.ServeHTTP(w, here)
}

func (e *Exporter) refuseLanding(w http.ResponseWriter, err error) {
	e.log.Error("Landing page failed", "err", err)
	http.Error(w, "The landing page could not be made.", http.StatusInternalServerError)
}

// landing gathers what the page says. prefix is the path of the exporter.
func (e *Exporter) landing(prefix string) landingPage {
	p := landingPage{Now: time.Now(), Docs: e.documents(prefix), Loaded: e.configInForce()}
	targets := e.all()
	for _, c := range e.copies() {
		p.Copies = append(p.Copies, c.String())
	}
	for _, t := range targets {
		c := t.landing(prefix)
		c.Open = len(targets) <= openConsoles || len(c.Trouble) > 0
		switch c.Mark {
		case isUp:
			p.Up++
		case isDown:
			p.Down++
		default:
			p.Unborn++
		}
		for _, col := range c.Collectors {
			p.Collectors.add(col)
		}
		if len(c.Trouble) > 0 {
			p.Troubled = append(p.Troubled, c)
		}
		p.Oldest = older(p.Oldest, c.Oldest)
		p.Consoles = append(p.Consoles, c)
	}
	return p
}

// documents is what the address of a document begins with. A document on the web and
// its page here have the same name.
func (e *Exporter) documents(prefix string) string {
	if e.o.Documents == nil {
		return manual.Project + "docs/"
	}
	return prefix + "docs/"
}

func (n *collectorTotals) add(c landingCollector) {
	n.Dropped += c.Dropped
	switch c.Mark {
	case works:
		n.OK++
	case fails:
		n.Failed++
	case notAllowed:
		n.NotAllowed++
	default:
		n.Untried++
	}
}

func older(a, b landingAge) landingAge {
	if a.ReadAt.IsZero() || !b.ReadAt.IsZero() && b.ReadAt.Before(a.ReadAt) {
		return b
	}
	return a
}

// landingConsole is what the page says of a console.
type landingConsole struct {
	Name, Probe, Debug   string
	Mark                 mark
	Default, Open        bool
	Dialect, Version     string
	ACAS, Classification string // as the console tells
	Oldest               landingAge
	Trouble              []landingTrouble // what somebody should look at
	Accounts             []landingAccount
	Unread               []landingRepository // that no account reads
	Collectors           []landingCollector
	Refused              []string // filters
}

type landingRepository struct{ ID, Name string }

// landingTrouble is something to look at, and the name of the alert whose runbook
// says what to do.
type landingTrouble struct{ Text, Alert string }

// Runbook is the anchor of the alert's runbook.
func (t landingTrouble) Runbook() string { return strings.ToLower(t.Alert) }

// landing says how the console is, without asking it.
func (t *target) landing(prefix string) landingConsole {
	cfg := t.config()
	probe := prefix + "probe?target=" + url.QueryEscape(t.console.Name())
	c := landingConsole{
		Name:    t.console.Name(),
		Probe:   probe,
		Debug:   probe + "&debug=true",
		Mark:    isUnborn,
		Default: cfg.Default,
	}
	preferred := map[scapi.Kind][]string{}
	var failed []string
	var views []view
	for _, s := range t.chosen(nil) {
		v := s.view()
		views = append(views, v)
		col := v.landing(probe)
		c.Collectors = append(c.Collectors, col)
		preferred[s.collector.Account] = append(preferred[s.collector.Account], col.Name)
		c.Oldest = older(c.Oldest, landingAge{c.Name, col.Name, v.readAt})
		if col.Mark == fails {
			failed = append(failed, col.Name)
		}
		if v.health.tried {
			c.Mark = isDown
		}
		if v.info != nil {
			c.ACAS, c.Classification = v.info["acas"], v.info["classification"]
		}
	}
	if answered(views) {
		c.Mark = isUp
	}
	repositories := map[*console.Account][]landingRepository{}
	seen, known := t.console.SeenRepositories()
	for _, r := range seen {
		shown := landingRepository{ID: r.ID, Name: r.Name}
		if slices.Contains(cfg.Redact, "repository") {
			shown.Name = ""
		}
		repositories[r.Reader] = append(repositories[r.Reader], shown)
	}
	c.Unread = repositories[nil]
	for _, a := range t.console.Accounts() {
		s := a.State()
		if s.Dialect != "" {
			c.Dialect, c.Version = string(s.Dialect), cmp.Or(s.Version, c.Version)
		}
		account := describeAccount(s)
		account.Preferred = preferred[s.Kind]
		account.Repositories, account.Known = repositories[a], known
		if account.Mark.Class == "bad" {
			trouble := landingTrouble{"account " + account.Name + ": " + account.Mark.Word, "SecurityCenterAccountDown"}
			if s.Blocked {
				trouble.Alert = "SecurityCenterAccountBlocked"
			}
			if c.Mark == isUp && s.Kind == scapi.UnknownKind { // else its collectors fail, and nothing is shown without it
				trouble.Text += "; it has not logged in yet, and what only it would read is in no number"
				trouble.Alert = "SecurityCenterAccountLeftOut"
			}
			c.Trouble = append(c.Trouble, trouble)
		}
		c.Accounts = append(c.Accounts, account)
	}
	switch len(failed) {
	case 0:
	case len(c.Collectors):
		c.Trouble = append(c.Trouble, landingTrouble{"every collector failed", "SecurityCenterDown"})
	default:
		c.Trouble = append(c.Trouble, landingTrouble{"failed: " + strings.Join(failed, ", "), "SecurityCenterCollectorFailing"})
	}
	supported := t.console.SupportedFilters()
	for _, filter := range slices.Sorted(maps.Keys(supported)) {
		if !supported[filter] {
			c.Refused = append(c.Refused, filter)
		}
	}
	return c
}

type landingAccount struct {
	Name, Kind   string
	Mark         mark
	Next         time.Time // of a login that waits; zero: none does
	Until        string    // what ends that the account is left alone; empty: it is not
	Error        string
	Preferred    []string // collectors that ask this kind of account first
	Repositories []landingRepository
	Known        bool // Repositories is
}

func describeAccount(s console.State) landingAccount {
	a := landingAccount{Name: s.Name, Kind: "not known yet", Mark: mark{"idle", "not used yet"}, Next: s.Next}
	switch s.Kind {
	case scapi.Administrator:
		a.Kind = "administrator"
	case scapi.Organization:
		a.Kind = "organisation user"
	}
	switch {
	case s.Blocked:
		a.Mark, a.Until = mark{"bad", "login refused, left alone"}, s.Until
	case !s.Next.IsZero():
		a.Mark = mark{"bad", "login refused"}
	case s.Used && s.Up:
		a.Mark = mark{"ok", "answers"}
	case s.Used:
		a.Mark = mark{"bad", cmp.Or(reason(s.Err), "fails")}
	}
	if s.Err != nil {
		a.Error = firstLine(s.Err.Error())
	}
	return a
}

type landingCollector struct {
	Name, Help, Probe string
	Mark              mark
	Reason, Error     string
	Missing           []string
	ReadAt            time.Time // zero: no data
	Until             time.Time // when data that cannot be read again is no longer shown; zero: no such
	Due               time.Time // of the next reading; zero: at once
	Loading, Late     bool
	Series, Dropped   int
}

func (v view) landing(probe string) landingCollector {
	c := landingCollector{
		Name:    v.collector.Name,
		Help:    v.collector.Help,
		Probe:   probe + "&collect[]=" + url.QueryEscape(v.collector.Name),
		Missing: v.missing,
		ReadAt:  v.readAt,
		Due:     v.due,
		Loading: v.loading,
		Late:    !time.Now().Before(v.due),
		Series:  v.series,
		Dropped: v.dropped,
	}
	switch {
	case !v.health.tried:
		c.Mark = untried
	case v.health.notAllowed():
		c.Mark = notAllowed
	case v.health.failed():
		c.Mark, c.Reason = fails, reason(v.health.err)
		if !v.readAt.IsZero() {
			c.Until = v.readAt.Add(v.maxAge)
		}
	default:
		c.Mark = works
	}
	if v.health.err != nil {
		c.Error = firstLine(v.health.err.Error())
	}
	return c
}

// Expired reports whether the data is too old to be shown.
func (c landingCollector) Expired() bool { return !c.Until.IsZero() && !time.Now().Before(c.Until) }
