package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/buildinfo"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/secretfile"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// account is one login of a console.
type account struct {
	console, name string
	marked        bool // its console is the default of the configuration
	options       scapi.Options
}

// accounts returns the accounts of the one console that a command asks.
func (s *settings) accounts(out streams) ([]account, error) {
	all, err := s.everyAccount(out)
	if err != nil {
		return nil, err
	}
	var marked []account
	several := false
	for _, a := range all {
		several = several || a.console != all[0].console
		if a.marked {
			marked = append(marked, a)
		}
	}
	switch {
	case several && len(marked) == 0:
		return nil, wrongUsage("the configuration has several consoles and no default: name one with --console")
	case several:
		return marked, nil
	}
	return all, nil
}

// everyAccount returns the accounts that --url, or --console and --account,
// leave. There is at least one.
func (s *settings) everyAccount(out streams) ([]account, error) {
	address := s.url
	if address == "" && s.configFile == "" {
		address = os.Getenv("SC_URL")
	}
	var accounts []account
	var err error
	switch {
	case s.url != "" && s.configFile != "":
		return nil, wrongUsage("--url and --config.file exclude each other")
	case address != "" && (s.console != "" || s.account != ""):
		return nil, wrongUsage("--console and --account choose from a configuration file; with a URL there is nothing to choose")
	case address != "":
		accounts, err = s.fromEnvironment(address)
	default:
		accounts, err = s.fromFile(out)
	}
	if err != nil {
		return nil, &usageError{err}
	}
	for i := range accounts {
		s.complete(&accounts[i].options, out)
	}
	return accounts, nil
}

// complete sets what does not depend on where an account comes from.
func (s *settings) complete(o *scapi.Options, out streams) {
	o.UserAgent = buildinfo.UserAgent(program)
	o.Trace = s.trace(out)
	o.Observe = s.remarks.observer(out.err)
	if o.Prefetch = s.prefetch; o.Prefetch == 0 {
		o.Prefetch = -1 // none; 0 means the client's own default
	}
	if s.timeout > 0 {
		o.Timeout = s.timeout
	}
	if s.analysisTimeout > 0 {
		o.AnalysisTimeout = s.analysisTimeout
	}
	if s.dryRun {
		o.DryRun = func(r scapi.DryRequest) { showRequest(out.out, r) }
	}
}

func orUnknown(v string) string {
	if v == "" {
		return "unknown"
	}
	return v
}

// configuration reads the configuration file.
func (s *settings) configuration() (path string, c *config.Config, err error) {
	path = s.configFile
	if path == "" {
		path = "config.yml"
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return "", nil, errors.New("no console: name one with --url (or $SC_URL), or a configuration file with --config.file")
		}
	}
	c, err = config.Load(path, exporter.KnownCollectors())
	return path, c, err
}

// fromFile returns accounts of the configuration file. Logins that the consoles
// refused to others, such as the exporter, are not tried again.
func (s *settings) fromFile(out streams) ([]account, error) {
	path, c, err := s.configuration()
	if err != nil {
		return nil, err
	}
	consoles := c.Consoles
	if s.console != "" {
		named, ok := c.Console(s.console)
		if !ok {
			return nil, fmt.Errorf("no console %s in %s: it has %s", s.console, path, names(consoles, config.Console.String))
		}
		consoles = []config.Console{named}
	}
	refusals := s.refusals(out)
	var accounts []account
	for _, console := range consoles {
		for _, a := range console.Accounts {
			if s.account != "" && a.Name != s.account {
				continue
			}
			options, err := exporter.ClientOptions(console, a)
			if err != nil {
				return nil, err
			}
			if options, err = refusals.Guard(options, a.ClientCertificate); err != nil {
				return nil, err
			}
			accounts = append(accounts, account{console: console.Name, name: a.Name, marked: console.Default, options: options})
		}
	}
	if len(accounts) == 0 {
		return nil, fmt.Errorf("no account %s in %s: there is %s", s.account, path, names(consoles, func(c config.Console) string {
			return names(c.Accounts, func(a config.Account) string { return a.Name }) + " of " + c.Name
		}))
	}
	return accounts, nil
}

func names[T any](list []T, name func(T) string) string {
	var all []string
	for _, v := range list {
		all = append(all, name(v))
	}
	return strings.Join(all, ", ")
}

// fromEnvironment returns the account whose credentials the environment holds.
func (s *settings) fromEnvironment(address string) ([]account, error) {
	// Before the address names the console in what is printed: it may hold a
	// password.
	if _, err := scapi.New(scapi.Options{URL: address}); err != nil {
		return nil, err
	}
	transport, err := scapi.NewTransport(s.transport)
	if err != nil {
		return nil, err
	}
	credentials, err := environmentCredentials()
	if err != nil {
		return nil, err
	}
	if credentials == (scapi.Credentials{}) && s.transport.CertFile == "" {
		return nil, errors.New("no credentials: set SC_USERNAME and SC_PASSWORD (or SC_PASSWORD_FILE), " +
			"or SC_ACCESS_KEY and SC_SECRET_KEY, or name a client certificate with --tls.cert-file and --tls.key-file")
	}
	name := credentials.Username
	switch {
	case name != "":
	case credentials.AccessKey != "":
		name = "API key"
	default:
		name = "certificate"
	}
	return []account{{console: address, name: name, options: scapi.Options{
		URL: address, API: scapi.API(s.api), Transport: transport,
		Credentials: func() (scapi.Credentials, error) { return credentials, nil },
	}}}, nil
}

// environmentCredentials reads user name and password, or an API key, from the
// environment and the files that it names. All empty: there is none.
func environmentCredentials() (scapi.Credentials, error) {
	var c scapi.Credentials
	c.Username = os.Getenv("SC_USERNAME")
	for _, secret := range []struct {
		variable string
		to       *string
	}{
		{"SC_PASSWORD", &c.Password}, {"SC_ACCESS_KEY", &c.AccessKey}, {"SC_SECRET_KEY", &c.SecretKey},
	} {
		text, err := secretVariable(secret.variable)
		if err != nil {
			return scapi.Credentials{}, err
		}
		*secret.to = text
	}
	switch {
	case (c.Username == "") != (c.Password == ""):
		return scapi.Credentials{}, errors.New("SC_USERNAME and SC_PASSWORD (or SC_PASSWORD_FILE) belong together")
	case (c.AccessKey == "") != (c.SecretKey == ""):
		return scapi.Credentials{}, errors.New("SC_ACCESS_KEY and SC_SECRET_KEY belong together")
	case c.Username != "" && c.AccessKey != "":
		return scapi.Credentials{}, errors.New("set a user name or an API key, not both")
	}
	return c, nil
}

// secretVariable reads a secret from the variable of that name, or from the
// file that name_FILE names.
func secretVariable(name string) (string, error) {
	text, path := os.Getenv(name), os.Getenv(name+"_FILE")
	switch {
	case text != "" && path != "":
		return "", fmt.Errorf("%s and %s_FILE exclude each other", name, name)
	case path == "":
		return text, nil
	}
	text, err := secretFile(path)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	return text, nil
}

// secretFile reads a secret from a file.
func secretFile(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	text, err := secretfile.Text(b)
	if err != nil {
		return "", fmt.Errorf("%s %w", path, err)
	}
	return text, nil
}
