package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"

	"github.com/securitycenter-exporter/securitycenter_exporter/buildinfo"
	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/conceal"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/report"
)

// reportFlags are those of report.
type reportFlags struct {
	since      model.Duration
	format     string
	top        int
	prometheus string
	client     string // its HTTP configuration
}

func addReport(t *tree) {
	var f reportFlags
	// Another subcommand imports templates; without a word it is this one.
	of := t.app.Command("report", "A report of where a console stands (make, which may be left out), and templates of the console's own reports.")
	cmd := command(of, "make", "One page on where the consoles stand, for people without dashboards. First whether the numbers may be believed and why not; then open findings, change, deadlines, coverage, worst repositories and owners, "+
		"the patch list, scanners and feeds. HTML that needs nothing from elsewhere and can be printed, or Markdown. Everything is loaded once as the exporter loads it, so that the numbers are those of a scrape; the patch list takes a few requests more. "+
		"With a configuration file: all consoles, or that of --console, with their policies, watches and owners. "+
		"What could not be read is said in the report and on standard error, and the exit code is that of the first failure; if no console answers there is no report. The word make may be left out.",
		"scctl --config.file config.yml report -o report.html",
		"scctl --config.file config.yml --console hq report --since 30d -o report.md",
		"scctl report --prometheus.url http://127.0.0.1:9090 -o report.html",
	).Default()
	cmd.Flag("since", "Window of change, in whole days: 1d, 7d, 30d, 2w. New and fixed come from the console's dates. Other windows than 1d and 7d take 3 requests more.").Default("7d").SetValue(&f.since)
	choiceFlag(cmd, "format", "How to write: html or md (Markdown). By itself what the name of --output ends in, else html.", &f.format, reportFormats...)
	numberFlag(cmd, "top", "How many fixes the patch list has; 0: none.", &f.top).Default("10")
	cmd.Flag("prometheus.url", "Prometheus that scrapes the consoles: with its past the report also tells what was accepted, recast and reopened, and what is unexplained. "+
		"It is found by the label instance, which is the console's name. If it does not answer, the report says so.").PlaceHolder("URL").StringVar(&f.prometheus)
	cmd.Flag("prometheus.config.file", "How that Prometheus is reached: a file as promtool's --http.config.file, with basic_auth, authorization, tls_config, ….").PlaceHolder("FILE").StringVar(&f.client)
	t.settings.output.registerFile(cmd)
	t.runners[cmd.FullCommand()] = f.run
}

// The formats of a report.
const (
	formatHTML     = "html"
	formatMarkdown = "md"
)

var reportFormats = []string{formatHTML, formatMarkdown}

// most of --since: what was mitigated longer ago a console has usually forgotten.
const mostDays = 365

// check refuses flags that make no sense, and returns the days of the window.
func (f *reportFlags) check(file string) (days int, err error) {
	const day = 24 * time.Hour
	since := time.Duration(f.since)
	if days = int(since / day); since%day != 0 || days < 1 || days > mostDays {
		return 0, wrongUsage("--since %s: the console knows days: want 1d to %dd", f.since, mostDays)
	}
	if f.client != "" && f.prometheus == "" {
		return 0, wrongUsage("--prometheus.config.file goes with --prometheus.url")
	}
	if f.format == "" {
		f.format = formatHTML
		switch extension := strings.TrimPrefix(strings.ToLower(filepath.Ext(file)), "."); extension {
		case "", "htm", formatHTML:
		case formatMarkdown, "markdown":
			f.format = formatMarkdown
		default:
			return 0, wrongUsage("--output %s: a report is .html or .md; --format says which where the name does not", file)
		}
	}
	return days, nil
}

func (f *reportFlags) run(ctx context.Context, t *tree, s streams) (err error) {
	days, err := f.check(t.settings.output.file)
	if err != nil {
		return err
	}
	memory, err := f.memory()
	if err != nil {
		return &usageError{err}
	}
	o, err := t.settings.reported(s)
	if err != nil {
		return &usageError{err}
	}
	j := &job{streams: s, settings: &t.settings, pool: newPool(nil)}
	if err := j.find(); err != nil {
		return err
	}
	defer func() { err = errlist.Join(err, j.discard()) }()
	page, failed, err := f.page(ctx, o, days, memory, func(text string) { t.settings.remarks.show(s.err, "warning: "+text) })
	if err != nil {
		return err
	}
	if err := j.open(ctx); err != nil {
		return err
	}
	write := page.WriteHTML
	if f.format == formatMarkdown {
		write = page.WriteMarkdown
	}
	if err := write(j.sink); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if err := j.finish(); err != nil {
		return err
	}
	return failed
}

// page reads the consoles of o once and returns the report. failed is what could not be
// read of them; where none answers it is the error.
func (f *reportFlags) page(ctx context.Context, o exporter.Options, days int, memory *report.Memory, warn func(string)) (page *report.Report, failed, err error) {
	e, err := exporter.New(o)
	if err != nil {
		return nil, nil, &usageError{err}
	}
	defer func() { // sessions end whatever became of the report
		if err := e.Close(); err != nil {
			warn(err.Error())
		}
	}()
	readings := e.Read(ctx)
	now := time.Now()
	answered := false
	for _, r := range readings {
		answered = answered || r.Answered
		failed = errlist.Join(failed, r.Err)
	}
	if err := ctx.Err(); err != nil || !answered {
		return nil, nil, errlist.Join(err, failed)
	}
	var consoles []report.Console
	for _, r := range readings {
		c, lost := f.console(ctx, r, days)
		if err := ctx.Err(); err != nil {
			return nil, nil, errlist.Join(err, failed)
		}
		failed = errlist.Join(failed, lost)
		if memory != nil {
			if c.Past, err = memory.Of(ctx, c.Name, len(readings) == 1, now, days); err != nil {
				c.PastErr = errors.New(conceal.UserInfo(err.Error(), []string{f.prometheus}))
				warn("console " + c.Name + ": Prometheus does not tell the past: " + c.PastErr.Error())
			}
		}
		consoles = append(consoles, c)
	}
	page, err = report.New(report.Options{Now: now, Days: days, Generator: program + " " + buildinfo.Version()}, consoles)
	return page, failed, err
}

// memory is the Prometheus that is asked; nil: none is.
func (f *reportFlags) memory() (*report.Memory, error) {
	if f.prometheus == "" {
		return nil, nil
	}
	c := &promconfig.HTTPClientConfig{EnableHTTP2: true}
	if f.client != "" {
		var err error
		if c, _, err = promconfig.LoadHTTPConfigFile(f.client); err != nil {
			return nil, fmt.Errorf("--prometheus.config.file: %w", err)
		}
	}
	c.FollowRedirects = false // credentials go where they are meant to
	client, err := promconfig.NewClientFromConfig(*c, program)
	if err != nil {
		return nil, fmt.Errorf("--prometheus.config.file: %w", err)
	}
	m, err := report.NewMemory(f.prometheus, client)
	if err != nil {
		return nil, fmt.Errorf("--prometheus.url: %w", err)
	}
	return m, nil
}

// console is what is reported of a console that was read. lost is what was asked for
// beside the collectors, and could not be read; what cannot be told is none of that.
func (f *reportFlags) console(ctx context.Context, r exporter.Reading, days int) (c report.Console, lost error) {
	c = report.Console{Name: r.Console.Name(), Families: r.Families}
	for _, said := range r.Failures {
		c.Failures = append(c.Failures, report.Said(said))
	}
	for _, said := range r.Missing {
		c.Missing = append(c.Missing, report.Said(said))
	}
	if !r.Answered {
		return c, nil
	}
	lose := func(what string, err error) {
		if err != nil && !console.CannotRead(err) && !errors.Is(err, console.ErrNotReadable) && !errors.Is(err, errUntold) {
			lost = errlist.Join(lost, fmt.Errorf("console %s: %s: %w", c.Name, what, err))
		}
	}
	ctx = console.WithReuse(ctx, console.MostReuse) // the cycle has asked some of it
	if !slices.Contains(collector.FlowWindows(), days) {
		flow := collector.Flow(days)
		s, err := flow.Run(ctx, flow.New(), r.Console, collector.Settings{})
		lose("new and fixed", err)
		missing := s.Missing
		if err != nil {
			missing = append(missing, err.Error())
		}
		for _, part := range missing {
			c.Missing = append(c.Missing, report.Said{Collector: "new and fixed", Text: part})
		}
		c.Families = exporter.Joined(slices.Concat(c.Families, s.Families())...)
	}
	if f.top > 0 {
		list, err := (&tallied{Console: r.Console, configured: r.Config}).fixes(ctx, "", nil, f.top)
		if err == nil {
			err = list.describe(ctx)
		}
		lose("patch list", err)
		c.FixesErr = err
		for _, fix := range list.fixes {
			c.Fixes = append(c.Fixes, report.Fix{Plugin: fix.plugin, Name: fix.name, Solution: fix.solution, Hosts: fix.hosts, Findings: fix.findings, Share: fix.share, Cumulative: fix.cumulative})
		}
	}
	return c, lost
}

// reportedCollectors are those whose numbers are in a report, if they are on: what else
// a configuration switches on costs the console more and is not told.
func reportedCollectors() []*collector.Collector {
	return slices.DeleteFunc(collector.All(), func(col *collector.Collector) bool { return !col.Default && !col.Watches && !col.Owners })
}

// reported returns how the consoles are read that the flags leave: of a configuration
// file all, or that of --console, with what the report tells of.
func (s *settings) reported(out streams) (exporter.Options, error) {
	o := exporter.Options{Logger: slog.New(slog.DiscardHandler), Collectors: reportedCollectors()} // what it would log is in the report
	if s.account != "" {
		return o, wrongUsage("--account: what is counted is asked through all accounts of the console, each for its repositories")
	}
	if s.url != "" || s.configFile == "" && os.Getenv("SC_URL") != "" {
		accounts, err := s.accounts(out)
		if err != nil {
			return o, err
		}
		o.Load = func() (*config.Config, error) {
			return config.Parse([]byte(defaults), "defaults", exporter.KnownCollectors())
		}
		o.Reach = func(config.Console) (console.Options, error) {
			reached := console.Options{Name: accounts[0].console}
			for _, a := range accounts {
				reached.Accounts = append(reached.Accounts, console.AccountOptions{Name: a.name, Options: a.options})
			}
			return reached, nil
		}
		return o, nil
	}
	path, c, err := s.configuration()
	if err != nil {
		return o, err
	}
	if s.console != "" {
		named, err := s.oneConsole(path, c, s.console)
		if err != nil {
			return o, err
		}
		c.Consoles = []config.Console{named}
	}
	o.Load = func() (*config.Config, error) { return c, nil }
	o.Refusals = s.refusals(out)
	o.Reach = func(configured config.Console) (console.Options, error) {
		reached, err := exporter.ConsoleOptions(configured)
		for i := range reached.Accounts {
			s.complete(&reached.Accounts[i].Options, out)
		}
		return reached, err
	}
	return o, nil
}
