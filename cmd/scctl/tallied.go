package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"unicode"

	"github.com/alecthomas/kingpin/v2"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
)

// tallied is a console whose findings are counted as the exporter counts them:
// through all its accounts, each repository once.
type tallied struct {
	*job
	*findings.Console
	configured config.Console // how; the defaults, where there is no file
	hashKey    []byte
}

// tallying makes cmd, whose records have the columns, call f with the console that it
// is about. choose names it, or leaves that to --console and the defaults; it refuses
// what is wrong before anything is asked.
func (t *tree) tallying(cmd *kingpin.CmdClause, columns []string, choose func(*config.Config) (string, error), f func(context.Context, *tallied) error) {
	t.settings.output.registerListing(cmd, columns...)
	t.settings.registerPrefetch(cmd)
	t.runners[cmd.FullCommand()] = func(ctx context.Context, t *tree, s streams) (err error) {
		if err := t.settings.output.check(cmd.FullCommand()); err != nil {
			return err
		}
		c, err := t.settings.tallied(s, choose)
		if err != nil {
			return &usageError{err}
		}
		c.job = &job{streams: s, settings: &t.settings, pool: newPool(nil)}
		if err := c.find(); err != nil {
			return err
		}
		// However it ends, a panic included: first the file, then the sessions.
		defer c.logout(ctx)
		defer func() { err = errlist.Join(err, c.discard()) }()
		if err := c.open(ctx); err != nil {
			return err
		}
		if err := f(ctx, c); err != nil {
			return err
		}
		return c.finish()
	}
}

// logout ends the sessions of all accounts, as job.logout does.
func (c *tallied) logout(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), logoutTimeout)
	defer cancel()
	if err := c.Close(ctx); err != nil {
		c.settings.remarks.show(c.err, "warning: "+err.Error())
	}
}

// defaults is a configuration that says nothing of its own.
const defaults = `consoles: [{name: console, url: "https://sc.example.org", accounts: [{name: account, username: user, password: unused}]}]`

// tallied returns the console that is chosen.
func (s *settings) tallied(out streams, choose func(*config.Config) (string, error)) (*tallied, error) {
	if s.account != "" {
		return nil, wrongUsage("--account: what is counted is asked through all accounts of the console, each for its repositories")
	}
	known := exporter.KnownCollectors()
	log := slog.New(slog.NewTextHandler(out.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if s.url != "" || s.configFile == "" && os.Getenv("SC_URL") != "" {
		c, err := config.Parse([]byte(defaults), "defaults", known)
		if err != nil {
			return nil, err
		}
		if _, err := choose(nil); err != nil {
			return nil, err
		}
		accounts, err := s.accounts(out)
		if err != nil {
			return nil, err
		}
		o := console.Options{Name: accounts[0].console, Logger: log}
		for _, a := range accounts {
			o.Accounts = append(o.Accounts, console.AccountOptions{Name: a.name, Options: a.options})
		}
		return newTallied(o, c.Consoles[0], nil)
	}
	path, c, err := s.configuration()
	if err != nil {
		return nil, err
	}
	name, err := choose(c)
	if err != nil {
		return nil, err
	}
	if name != "" && s.console != "" && name != s.console {
		return nil, fmt.Errorf("--console %s and instance %s are two consoles", s.console, name)
	}
	configured, err := s.oneConsole(path, c, name)
	if err != nil {
		return nil, err
	}
	hashKey, err := c.Labels.HashKey()
	if err != nil {
		return nil, err
	}
	o, err := exporter.ConsoleOptions(configured)
	if err != nil {
		return nil, err
	}
	o.Refusals, o.Logger = s.refusals(out), log
	for i := range o.Accounts {
		s.complete(&o.Accounts[i].Options, out)
	}
	return newTallied(o, configured, hashKey)
}

func newTallied(o console.Options, configured config.Console, hashKey []byte) (*tallied, error) {
	c, err := console.New(o)
	if err != nil {
		return nil, err
	}
	return &tallied{Console: findings.New(c), configured: configured, hashKey: hashKey}, nil
}

// oneConsole is the console of that name, else that of --console, else the default.
func (s *settings) oneConsole(path string, c *config.Config, name string) (config.Console, error) {
	if name == "" {
		name = s.console
	}
	if name != "" {
		if named, ok := c.Console(name); ok {
			return named, nil
		}
		return config.Console{}, fmt.Errorf("no console %s in %s: it has %s", name, path, names(c.Consoles, config.Console.String))
	}
	for _, console := range c.Consoles {
		if console.Default || len(c.Consoles) == 1 {
			return console, nil
		}
	}
	return config.Console{}, fmt.Errorf("the configuration has several consoles and no default: name one with --console; it has %s", names(c.Consoles, config.Console.String))
}

// write writes text to where the command writes to, without what may do something to
// a terminal: names of a console are part of it.
func (c *tallied) write(text string) error {
	text = strings.Map(func(r rune) rune {
		if r != '\n' && !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	if _, err := io.WriteString(c.sink, text); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}
