package exporter

import (
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"

	"securitycenter_exporter/console"
	"securitycenter_exporter/scapi"
)

var (
	//go:embed landing.html
	landingHTML string
	//go:embed landing.css
	landingCSS string

	// Names come from the console: html/template escapes them.
	landingTemplate = template.Must(template.New("consoles").Parse(landingHTML))
)

// landingConsole is what the landing page says of a console.
type landingConsole struct {
	Name, Probe, Debug string
	Up                 bool
	Default            bool
	Dialect, Version   string
	Accounts           []landingAccount
	Collectors         []landingCollector
}

type landingAccount struct{ Name, Kind, State, Error string }

type landingCollector struct {
	Name, Help, State, Age, Error, Probe string
	OK                                   bool
	Series                               int
	Missing                              []string
}

// serveLanding answers with a page for people: what is exported, how it is,
// and where to look.
func (e *Exporter) serveLanding(w http.ResponseWriter, r *http.Request) {
	prefix := "/"
	if e.o.ExternalURL != nil {
		prefix = strings.TrimSuffix(e.o.ExternalURL.Path, "/") + "/"
	}
	links := []web.LandingLinks{
		{Address: e.o.TelemetryPath, Text: "Metrics", Description: "of the exporter itself, and of the default console"},
		{Address: "/sd", Text: "Service discovery", Description: "for http_sd_configs of Prometheus"},
		{Address: "/-/healthy", Text: "Health"},
		{Address: "/-/ready", Text: "Readiness"},
	}
	var consoles []landingConsole
	for _, t := range e.all() {
		consoles = append(consoles, t.landing(prefix))
	}
	var rows strings.Builder
	if err := landingTemplate.Execute(&rows, consoles); err != nil {
		e.log.Error("Landing page failed", "err", err)
		http.Error(w, "The landing page could not be made.", http.StatusInternalServerError)
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
		Version:     Version() + " (revision " + version.GetRevision() + ")",
		Links:       links,
		ExtraHTML:   rows.String(),
		ExtraCSS:    landingCSS,
		HeaderColor: "#1f4e79",
		Profiling:   profiling,
	})
	if err != nil {
		e.log.Error("Landing page failed", "err", err)
		http.Error(w, "The landing page could not be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	here := r.Clone(r.Context())
	here.URL.Path = prefix // the page checks it
	page.ServeHTTP(w, here)
}

// landing says how the console is, without asking it.
func (t *target) landing(prefix string) landingConsole {
	probe := prefix + "probe?target=" + url.QueryEscape(t.console.Name())
	c := landingConsole{
		Name:    t.console.Name(),
		Probe:   probe,
		Debug:   probe + "&debug=true",
		Up:      t.answered(),
		Default: t.config().Default,
	}
	for _, a := range t.console.Accounts() {
		s := a.State()
		if s.Dialect != "" {
			c.Dialect, c.Version = string(s.Dialect), s.Version
		}
		c.Accounts = append(c.Accounts, describeAccount(s))
	}
	for _, s := range t.chosen(nil) {
		c.Collectors = append(c.Collectors, s.view().landing(probe))
	}
	return c
}

func describeAccount(s console.State) landingAccount {
	a := landingAccount{Name: s.Name, Kind: "unknown", State: "not used yet"}
	switch s.Kind {
	case scapi.Administrator:
		a.Kind = "administrator"
	case scapi.Organization:
		a.Kind = "organisation user"
	}
	switch {
	case s.Blocked:
		a.State = "left alone until its credentials change"
	case s.Used && s.Up:
		a.State = "answers"
	case s.Used:
		a.State = "fails"
	}
	if s.Err != nil {
		a.Error = s.Err.Error()
	}
	return a
}

func (v view) landing(probe string) landingCollector {
	c := landingCollector{
		Name:   v.collector.Name,
		Help:   v.collector.Help,
		Series: v.series,
		OK:     v.health.success(),
		Probe:  probe + "&collect[]=" + url.QueryEscape(v.collector.Name),
	}
	switch {
	case !v.health.tried:
		c.State = "not tried yet"
	case v.health.notAllowed():
		c.State = "no account can read this"
	case v.health.failed():
		c.State = "failed"
	default:
		c.State = "ok"
	}
	if v.health.err != nil {
		c.Error = firstLine(v.health.err.Error())
	}
	if !v.readAt.IsZero() {
		c.Age = time.Since(v.readAt).Round(time.Second).String()
	}
	c.Missing = slices.Clone(v.missing)
	return c
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
