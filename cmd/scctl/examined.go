package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/doctor"
	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
)

// examined is a console that is looked at, and what is configured of it.
type examined struct {
	*doctor.Subject
	configured config.Console // how; the defaults, where there is no file
}

// unconfigured is a configuration that says nothing of its own.
const unconfigured = `consoles: [{name: console, url: "https://sc.example.org", accounts: [{name: account, username: user, password: unused}]}]`

// examined returns the consoles that the flags leave: of a configuration file all, or that of --console.
func (s *settings) examined(out streams) ([]examined, error) {
	log := slog.New(slog.NewTextHandler(out.err, &slog.HandlerOptions{Level: slog.LevelError}))
	known := exporter.KnownCollectors()
	if s.url != "" || s.configFile == "" && os.Getenv("SC_URL") != "" {
		c, err := config.Parse([]byte(unconfigured), "defaults", known)
		if err != nil {
			return nil, err
		}
		accounts, err := s.everyAccount(out)
		if err != nil {
			return nil, err
		}
		o := console.Options{Name: accounts[0].console, Logger: log}
		for _, a := range accounts {
			o.Accounts = append(o.Accounts, console.AccountOptions{Name: a.name, Options: a.options})
		}
		subject, err := doctor.Open(o)
		return []examined{{subject, c.Consoles[0]}}, err
	}
	if _, err := s.everyAccount(out); err != nil { // it says what is wrong
		return nil, err
	}
	path := s.configFile
	if path == "" {
		path = "config.yml"
	}
	c, err := config.Load(path, known)
	if err != nil {
		return nil, err
	}
	var all []examined
	for _, configured := range c.Consoles {
		if s.console != "" && configured.Name != s.console {
			continue
		}
		o, err := exporter.ConsoleOptions(configured)
		if err != nil {
			return nil, err
		}
		o.Accounts = slices.DeleteFunc(o.Accounts, func(a console.AccountOptions) bool { return s.account != "" && a.Name != s.account })
		if len(o.Accounts) == 0 {
			continue
		}
		o.Refusals, o.Logger = s.refusals(out), log
		for i := range o.Accounts {
			s.complete(&o.Accounts[i].Options, out)
		}
		subject, err := doctor.Open(o)
		if err != nil {
			return nil, err
		}
		all = append(all, examined{subject, configured})
	}
	return all, nil
}

// close ends the sessions, also after ctx has ended.
func (x examined) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), logoutTimeout)
	defer cancel()
	if err := x.Close(ctx); err != nil {
		return fmt.Errorf("log out: %w", err)
	}
	return nil
}
