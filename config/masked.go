package config

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// Masked returns the effective configuration, defaults included, as YAML.
// Secrets that stand in the file are shown as <secret>, as are the values of
// extra headers; of other secrets the path or variable is shown.
func (c *Config) Masked() ([]byte, error) {
	view := configView{Watches: []watchView{}, Labels: labelsView{
		Redact: notNil(c.Labels.Redact), HashKey: c.Labels.hashKey.shown(), HashKeyFile: c.Labels.hashKey.file, HashKeyEnv: c.Labels.hashKey.env,
	}}
	for _, console := range c.Consoles {
		view.Consoles = append(view.Consoles, console.view())
	}
	for _, w := range c.Watches {
		view.Watches = append(view.Watches, w.view())
	}
	for _, s := range c.SLA {
		view.SLA = append(view.SLA, slaView(s))
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(view); err != nil {
		return nil, fmt.Errorf("write effective configuration: %w", err)
	}
	if err := encoder.Close(); err != nil {
		return nil, fmt.Errorf("write effective configuration: %w", err)
	}
	return b.Bytes(), nil
}

type configView struct {
	Consoles []consoleView `yaml:"consoles"`
	Watches  []watchView   `yaml:"watches"`
	SLA      []slaView     `yaml:"sla"`
	Labels   labelsView    `yaml:"labels"`
}

type labelsView struct {
	Redact      []string `yaml:"redact,flow"`
	HashKey     string   `yaml:"hash_key,omitempty"`
	HashKeyFile string   `yaml:"hash_key_file,omitempty"`
	HashKeyEnv  string   `yaml:"hash_key_env,omitempty"`
}

type slaView struct {
	Name   string         `yaml:"name"`
	Preset string         `yaml:"preset,omitempty"`
	Basis  string         `yaml:"basis"`
	Days   map[string]int `yaml:"days,flow"`
}

type watchView struct {
	Name     string       `yaml:"name"`
	Consoles []string     `yaml:"consoles,omitempty,flow"`
	CVEs     []string     `yaml:"cves,omitempty,flow"`
	Plugins  []string     `yaml:"plugins,omitempty,flow"`
	XRef     string       `yaml:"xref,omitempty"`
	Filters  []filterView `yaml:"filters,omitempty"`
	Query    string       `yaml:"query,omitempty"`
}

type filterView struct {
	Name     string `yaml:"name"`
	Operator string `yaml:"operator"`
	Value    any    `yaml:"value,flow"`
}

func (w Watch) view() watchView {
	v := watchView{Name: w.Name, Consoles: w.Consoles, CVEs: w.CVEs, Plugins: w.Plugins, XRef: w.XRef, Query: w.Query}
	for _, f := range w.Filters {
		v.Filters = append(v.Filters, filterView(f))
	}
	return v
}

type consoleView struct {
	Name                  string                    `yaml:"name"`
	URL                   string                    `yaml:"url"`
	API                   string                    `yaml:"api"`
	Default               bool                      `yaml:"default"`
	Labels                map[string]string         `yaml:"labels,omitempty"`
	Accounts              []accountView             `yaml:"accounts"`
	HTTP                  httpView                  `yaml:"http,omitempty"`
	Timeout               string                    `yaml:"timeout"`
	AnalysisTimeout       string                    `yaml:"analysis_timeout"`
	PageSize              int                       `yaml:"page_size"`
	MaxConcurrentRequests int                       `yaml:"max_concurrent_requests"`
	Repositories          repositoriesView          `yaml:"repositories"`
	Collectors            map[string]map[string]any `yaml:"collectors"`
}

type repositoriesView struct {
	Include []string `yaml:"include,flow"`
	Exclude []string `yaml:"exclude,flow"`
	Types   []string `yaml:"types,flow"`
}

type accountView struct {
	Name          string   `yaml:"name"`
	Username      string   `yaml:"username,omitempty"`
	Password      string   `yaml:"password,omitempty"`
	PasswordFile  string   `yaml:"password_file,omitempty"`
	PasswordEnv   string   `yaml:"password_env,omitempty"`
	AccessKey     string   `yaml:"access_key,omitempty"`
	AccessKeyFile string   `yaml:"access_key_file,omitempty"`
	AccessKeyEnv  string   `yaml:"access_key_env,omitempty"`
	SecretKey     string   `yaml:"secret_key,omitempty"`
	SecretKeyFile string   `yaml:"secret_key_file,omitempty"`
	SecretKeyEnv  string   `yaml:"secret_key_env,omitempty"`
	Repositories  []string `yaml:"repositories,flow"`
	TLS           tlsView  `yaml:"tls_config,omitempty"`
}

type httpView struct {
	TLS            tlsView               `yaml:"tls_config,omitempty"`
	ProxyURL       string                `yaml:"proxy_url,omitempty"`
	NoProxy        string                `yaml:"no_proxy,omitempty"`
	ProxyFromEnv   bool                  `yaml:"proxy_from_environment,omitempty"`
	ConnectHeaders map[string][]string   `yaml:"proxy_connect_header,omitempty"`
	Headers        map[string]headerView `yaml:"http_headers,omitempty"`
}

type headerView struct {
	Values  []string `yaml:"values,omitempty,flow"`
	Secrets []string `yaml:"secrets,omitempty,flow"`
	Files   []string `yaml:"files,omitempty,flow"`
}

type tlsView struct {
	CA                 string `yaml:"ca,omitempty"`
	CAFile             string `yaml:"ca_file,omitempty"`
	Cert               string `yaml:"cert,omitempty"`
	CertFile           string `yaml:"cert_file,omitempty"`
	Key                string `yaml:"key,omitempty"`
	KeyFile            string `yaml:"key_file,omitempty"`
	ServerName         string `yaml:"server_name,omitempty"`
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify,omitempty"`
	MinVersion         string `yaml:"min_version,omitempty"`
	MaxVersion         string `yaml:"max_version,omitempty"`
}

func (c Console) view() consoleView {
	v := consoleView{
		Name: c.Name, URL: c.URL.String(), API: c.API, Default: c.Default, Labels: c.Labels,
		HTTP: viewHTTP(c.http), Timeout: promDuration(c.Timeout), AnalysisTimeout: promDuration(c.AnalysisTimeout),
		PageSize: c.PageSize, MaxConcurrentRequests: c.MaxConcurrentRequests,
		Repositories: repositoriesView{
			Include: notNil(c.Repositories.Include), Exclude: notNil(c.Repositories.Exclude), Types: c.Repositories.Types,
		},
		Collectors: map[string]map[string]any{},
	}
	for _, a := range c.Accounts {
		v.Accounts = append(v.Accounts, a.view())
	}
	for name, s := range c.Collectors {
		keys := map[string]any{
			"enabled": s.Enabled, "interval": promDuration(s.Interval), "max_age": promDuration(s.MaxAge), "max_series": s.MaxSeries,
		}
		for key, x := range s.Own {
			if d, ok := x.(time.Duration); ok {
				x = promDuration(d)
			}
			keys[key] = x
		}
		v.Collectors[name] = keys
	}
	return v
}

func (a Account) view() accountView {
	return accountView{
		Name: a.Name, Username: a.username, Repositories: notNil(a.Repositories), TLS: viewTLS(*a.tls),
		Password: a.password.shown(), PasswordFile: a.password.file, PasswordEnv: a.password.env,
		AccessKey: a.accessKey.shown(), AccessKeyFile: a.accessKey.file, AccessKeyEnv: a.accessKey.env,
		SecretKey: a.secretKey.shown(), SecretKeyFile: a.secretKey.file, SecretKeyEnv: a.secretKey.env,
	}
}

// shown returns <secret> for a secret that stands in the file.
func (s secret) shown() string {
	if s.inline == nil {
		return ""
	}
	return masked
}

func viewHTTP(c *promconfig.HTTPClientConfig) httpView {
	v := httpView{TLS: viewTLS(c.TLSConfig), NoProxy: c.NoProxy, ProxyFromEnv: c.ProxyFromEnvironment}
	if c.ProxyURL.URL != nil {
		shown := *c.ProxyURL.URL
		shown.User = nil
		v.ProxyURL = shown.String()
		if c.ProxyURL.User != nil {
			v.ProxyURL = strings.Replace(v.ProxyURL, "://", "://"+masked+"@", 1)
		}
	}
	for name, values := range c.ProxyConnectHeader {
		if v.ConnectHeaders == nil {
			v.ConnectHeaders = map[string][]string{}
		}
		v.ConnectHeaders[name] = hide(values)
	}
	if c.HTTPHeaders != nil {
		v.Headers = map[string]headerView{}
		for name, h := range c.HTTPHeaders.Headers {
			v.Headers[name] = headerView{Values: hide(h.Values), Secrets: hide(h.Secrets), Files: h.Files}
		}
	}
	return v
}

func viewTLS(c promconfig.TLSConfig) tlsView {
	v := tlsView{
		CA: c.CA, CAFile: c.CAFile, Cert: c.Cert, CertFile: c.CertFile, KeyFile: c.KeyFile,
		ServerName: c.ServerName, InsecureSkipVerify: c.InsecureSkipVerify,
		MinVersion: c.MinVersion.String(), MaxVersion: c.MaxVersion.String(),
	}
	if c.Key != "" {
		v.Key = masked
	}
	return v
}

func hide[T ~string](values []T) []string {
	var out []string
	for range values {
		out = append(out, masked)
	}
	return out
}

// notNil makes an empty list show as [], which is what one would write.
func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func promDuration(d time.Duration) string { return model.Duration(d).String() }
