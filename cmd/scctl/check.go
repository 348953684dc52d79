package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func addLoginCheck(t *tree) {
	cmd := command(t.app, "login-check", "Log in with every account, and tell what each may read, how far the console's clock is off, and when its certificate ends. "+
		"With a configuration file: all consoles and accounts, unless --console and --account choose. "+
		"The exit code is that of the first login that failed; what an account may not read is no failure.",
		"scctl login-check",
		"scctl --config.file config.yml --console hq login-check --format json",
	)
	t.settings.output.registerListing(cmd, findingColumns().names()...)
	t.runners[cmd.FullCommand()] = func(ctx context.Context, t *tree, s streams) (err error) {
		if err := t.settings.output.check(cmd.FullCommand()); err != nil {
			return err
		}
		accounts, err := t.settings.everyAccount(s)
		if err != nil {
			return err
		}
		j := &job{streams: s, settings: &t.settings}
		if err := j.find(); err != nil {
			return err
		}
		if err := j.open(ctx); err != nil {
			return err
		}
		defer func() { err = errlist.Join(err, j.discard()) }()
		c := findingColumns()
		names := c.names()
		j.begin(names, nil)
		var failures []error
		var written int64
		for _, a := range accounts {
			err := j.check(ctx, a, func(f finding) error {
				f.account = a
				if written == t.settings.output.limit && written > 0 {
					return nil // the rest still decides on the exit code
				}
				written++
				if err := j.records.write(c.item(names, f)); err != nil {
					return fmt.Errorf("write: %w", err)
				}
				return nil
			})
			if err != nil {
				failures = append(failures, fmt.Errorf("console %s: account %s: %w", a.console, a.name, err))
			}
			if ctx.Err() != nil || errors.Is(err, errNobodyReads) {
				return errlist.Join(failures...)
			}
		}
		return errlist.Join(append(failures, j.finish())...)
	}
}

// finding is one result of a check.
type finding struct {
	account account
	check   string // "login", "scanners"
	result  string // "ok", "not permitted", "not supported", "failed"
	detail  string
}

func findingColumns() columns[finding] {
	return columns[finding]{columns: []column[finding]{
		{"console", func(f finding) any { return f.account.console }},
		{"account", func(f finding) any { return f.account.name }},
		{"check", func(f finding) any { return f.check }},
		{"result", func(f finding) any { return f.result }},
		{"detail", func(f finding) any { return f.detail }},
	}}
}

// observation is what the exchanges of a client tell beside their answers.
type observation struct {
	mu          sync.Mutex
	skew        time.Duration // of the console's clock
	skewKnown   bool
	certificate time.Time // end
}

func (o *observation) note(_ context.Context, x scapi.Exchange) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !x.CertificateNotAfter.IsZero() {
		o.certificate = x.CertificateNotAfter
	}
	if !x.ConsoleTime.IsZero() {
		// The answer was made while the request was under way; the console
		// counts whole seconds.
		o.skew, o.skewKnown = x.ConsoleTime.Sub(x.Start.Add(x.Duration/2)), true
	}
}

// check logs in with an account and reports everything that it may read. The
// error is that of the login, or of the report.
func (j *job) check(ctx context.Context, a account, report func(finding) error) error {
	var seen observation
	remarks := a.options.Observe
	a.options.Observe = func(ctx context.Context, x scapi.Exchange) {
		seen.note(ctx, x)
		remarks(ctx, x)
	}
	p := newPool([]account{a})
	defer j.logout(ctx, p)
	client, err := p.client(a)
	if err != nil {
		return err
	}
	who, err := client.Whoami(ctx)
	if err != nil {
		f := finding{check: "login", result: outcome(err), detail: harmless(err.Error(), 200)}
		return errlist.Join(err, report(f), seen.report(report))
	}
	if err := report(finding{check: "login", result: "ok", detail: identity(who)}); err != nil {
		return err
	}
	dialect, err := client.Dialect(ctx)
	if err != nil {
		return err
	}
	version, err := client.Version(ctx)
	if err != nil {
		return err
	}
	if err := report(finding{check: "console", result: "ok", detail: fmt.Sprintf("version %s, %s", orUnknown(version), dialect)}); err != nil {
		return err
	}
	for _, r := range readings() {
		detail, err := r.read(ctx, client)
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			detail = harmless(err.Error(), 200)
		}
		if err := report(finding{check: r.name, result: outcome(err), detail: detail}); err != nil {
			return err
		}
	}
	return seen.report(report)
}

// report tells what the exchanges told.
func (o *observation) report(report func(finding) error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.skewKnown {
		f := finding{check: "clock", result: "ok", detail: fmt.Sprintf("%+d s off", int64(o.skew.Round(time.Second)/time.Second))}
		const tolerated = 2 * time.Minute
		if o.skew.Abs() > tolerated {
			f.result = "off"
		}
		if err := report(f); err != nil {
			return err
		}
	}
	if o.certificate.IsZero() {
		return nil // plain HTTP
	}
	left := time.Until(o.certificate)
	f := finding{check: "certificate", result: "ok", detail: fmt.Sprintf("ends %s, in %d days", o.certificate.UTC().Format(time.DateOnly), int(left.Hours()/24))}
	const soon = 30 * 24 * time.Hour
	switch {
	case left < 0:
		f.result, f.detail = "expired", "ended "+o.certificate.UTC().Format(time.DateOnly)
	case left < soon:
		f.result = "ends soon"
	}
	return report(f)
}

func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case scapi.IsLoginRefused(err):
		return "refused"
	case errors.Is(err, scapi.ErrUnsupported):
		return "not supported"
	case scapi.IsPermission(err):
		return "not permitted"
	}
	return "failed"
}

func identity(who scapi.Identity) string {
	detail := map[scapi.Kind]string{
		scapi.Administrator: "administrator",
		scapi.Organization:  "user of an organisation",
		scapi.UnknownKind:   "of an unknown kind",
	}[who.Kind]
	if who.OrganizationID != "" {
		detail += " (id " + who.OrganizationID + ")"
	}
	if who.Username != "" {
		detail = who.Username + ", " + detail
	}
	return detail
}

// reading is something that an account may or may not read.
type reading struct {
	name string
	read func(context.Context, *scapi.Client) (detail string, err error)
}

func readings() []reading {
	return []reading{
		{"status", func(ctx context.Context, c *scapi.Client) (string, error) {
			s, err := c.Status(ctx)
			return "licence " + orUnknown(s.LicenseStatus), err
		}},
		{"feeds", count((*scapi.Client).Feeds)},
		{"jobs", count((*scapi.Client).Jobs)},
		{"scanners", count((*scapi.Client).Scanners)},
		{"zones", count((*scapi.Client).Zones)},
		{"repositories", count((*scapi.Client).Repositories)},
		{"organizations", count((*scapi.Client).Organizations)},
		{"users", count(func(c *scapi.Client, ctx context.Context) ([]scapi.User, error) { return c.Users(ctx) })},
		{"roles", count((*scapi.Client).Roles)},
		{"findings", func(ctx context.Context, c *scapi.Client) (string, error) {
			s, err := c.Summary(ctx, scapi.Query{})
			return fmt.Sprintf("%d on %d hosts", s.Findings.Total(), s.Records), err
		}},
		{"scans", count((*scapi.Client).Scans)},
		{"scan results", count(func(c *scapi.Client, ctx context.Context) ([]scapi.ScanResult, error) {
			return c.ScanResults(ctx, scapi.ScanWindow{})
		})},
		{"assets", count((*scapi.Client).Assets)},
		{"credentials", count((*scapi.Client).StoredCredentials)},
		{"tickets", count((*scapi.Client).Tickets)},
	}
}

// count reads a list and tells its length.
func count[T any](call func(*scapi.Client, context.Context) ([]T, error)) func(context.Context, *scapi.Client) (string, error) {
	return func(ctx context.Context, c *scapi.Client) (string, error) {
		values, err := call(c, ctx)
		return fmt.Sprint(len(values)), err
	}
}
