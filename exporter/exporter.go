// Package exporter keeps what the collectors read from the configured consoles,
// reads it again when it is due, and gives it away: over HTTP (/metrics, /probe,
// /sd, a landing page, health and reload), once to a file or standard output, or
// as an estimate of what it costs.
package exporter

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/securitycenter-exporter/securitycenter_exporter/buildinfo"
	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
)

// Options configure an Exporter.
type Options struct {
	// Load returns the configuration, at the start and at every reload.
	Load func() (*config.Config, error)
	// Unprotected names a listener that anybody on the network can read, if
	// there is one: collectors that show hosts one by one are then refused. It is
	// asked at every load of the configuration; nil: there is none.
	Unprotected     func() (string, error)
	TelemetryPath   string        // default /metrics
	ExternalURL     *url.URL      // under which the exporter is reached; nil: the request's Host
	MaxRequests     int           // scrapes at a time; 0: no limit
	ScrapeTimeout   time.Duration // of scrapes that name none; default 10s
	EnableLifecycle bool          // POST /-/reload
	EnablePprof     bool          // /debug/pprof
	// Documents are the project's, in its folders, to be shown under /docs/; nil: they
	// are on the web only.
	Documents fs.FS
	Logger    *slog.Logger
	// Refusals are the logins that consoles refused, to this process or to others
	// before it. Nil: to this exporter only.
	Refusals *console.Refusals
	// Reach, if set, says in place of ConsoleOptions how a configured console is reached.
	Reach func(config.Console) (console.Options, error)
	// Transport, if set, overrides the way to a console.
	Transport func(console string) http.RoundTripper
	// Collectors defaults to collector.All.
	Collectors []*collector.Collector
}

// largeAnswers is how many answers beyond scapi's small ones are in memory at one
// time, whatever the number of consoles.
const largeAnswers = 3

// Exporter holds the consoles being exported.
type Exporter struct {
	o       Options
	log     *slog.Logger
	self    *prometheus.Registry
	started time.Time
	hashKey []byte // stands in where none is configured; another one in every process
	large   *console.Large

	reloading  sync.Mutex // one reload at a time
	reloadOK   prometheus.Gauge
	reloadTime prometheus.Gauge
	configHash prometheus.Gauge
	duplicates *prometheus.CounterVec // by collector

	mu      sync.RWMutex
	targets []*target // in configuration order
	closed  bool
	ready   bool // once ready, always ready
	inForce inForce

	told sync.Map // suspected copies that were logged, by what was said
}

// New loads the configuration and returns an exporter of its consoles, whose
// first loads are under way. Close must be called.
func New(o Options) (*Exporter, error) {
	if o.TelemetryPath == "" {
		o.TelemetryPath = "/metrics"
	}
	if err := checkTelemetryPath(o.TelemetryPath); err != nil {
		return nil, err
	}
	if o.ScrapeTimeout <= 0 {
		o.ScrapeTimeout = 10 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Refusals == nil {
		o.Refusals = console.OpenRefusals("", o.Logger)
	}
	o.Collectors = o.collectors()
	e := &Exporter{
		o:       o,
		log:     o.Logger,
		self:    prometheus.NewRegistry(),
		started: time.Now(),
		hashKey: []byte(rand.Text()),
		large:   console.NewLarge(largeAnswers),
		reloadOK: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "securitycenter_exporter_config_last_reload_successful",
			Help: "Whether the last attempt to load the configuration succeeded (1) or not (0).",
		}),
		reloadTime: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "securitycenter_exporter_config_last_reload_success_timestamp_seconds",
			Help: "Time when the configuration was last loaded, in seconds since the epoch.",
		}),
		configHash: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "securitycenter_exporter_config_hash",
			Help: "Hash of the configuration in force, as --config.check prints it: defaults included, secrets left out. 48 bits of SHA-256 as a number, the same for exporters of one version that are configured alike.",
		}),
		duplicates: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "securitycenter_exporter_duplicate_samples_total",
			Help: "Samples that were left out because the collector had set one with the same labels already, added up over all loads of all consoles. More than 0 is a fault of the exporter; its log names the metric.",
		}, []string{"collector"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "securitycenter_exporter_build_info",
		Help:        "What runs; the value is 1.",
		ConstLabels: prometheus.Labels{"version": buildinfo.Version(), "revision": buildinfo.Revision(), "goversion": runtime.Version()},
	})
	build.Set(1)
	for _, col := range o.Collectors {
		e.duplicates.WithLabelValues(col.Name) // 0 at first
	}
	e.self.MustRegister(build, e.reloadOK, e.reloadTime, e.configHash, e.duplicates,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := e.Reload(); err != nil {
		return nil, err
	}
	return e, nil
}

// Reload loads the configuration again. What is wrong with it is returned and
// nothing changes. A console whose configuration did not change keeps login,
// data and counters; a removed one is logged out. Logins that were refused stay so,
// unless somebody has deleted the file that says it.
func (e *Exporter) Reload() error {
	e.reloading.Lock()
	defer e.reloading.Unlock()
	err := e.reload()
	if err != nil {
		e.reloadOK.Set(0)
		e.mu.Lock()
		e.inForce.refused, e.inForce.tried = err, time.Now()
		e.mu.Unlock()
		return err
	}
	e.reloadOK.Set(1)
	e.reloadTime.SetToCurrentTime()
	return nil
}

func (e *Exporter) reload() error {
	cfg, err := e.o.Load()
	if err != nil {
		return err
	}
	if err := e.o.CheckPrivacy(cfg); err != nil {
		return err
	}
	hash, err := hashOf(cfg)
	if err != nil {
		return err
	}
	e.o.Refusals.Reload()
	running := map[string]*target{}
	for _, t := range e.all() {
		running[t.console.Name()] = t
	}
	hashKey := e.hashKey
	if key, err := cfg.Labels.HashKey(); err != nil {
		return err
	} else if key != nil {
		hashKey = key
	}
	var targets, fresh []*target
	for _, c := range cfg.Consoles {
		if t := running[c.Name]; t != nil && t.config().SameData(c) {
			targets = append(targets, t)
			continue
		}
		t, err := e.newTarget(c, hashKey)
		if err != nil {
			for _, t := range fresh {
				t.cancel()
			}
			return err
		}
		targets, fresh = append(targets, t), append(fresh, t)
	}

	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return errors.New("the exporter is stopping")
	}
	old := e.targets
	e.targets = targets
	e.inForce = inForce{at: time.Now(), hash: hash}
	e.mu.Unlock()
	e.configHash.Set(float64(hash))

	for i, t := range targets {
		if !slices.Contains(fresh, t) {
			t.configure(cfg.Consoles[i], e.o.Collectors, hashKey)
		}
	}
	for _, t := range fresh {
		t.start()
	}
	gone := slices.DeleteFunc(slices.Clone(old), func(t *target) bool { return slices.Contains(targets, t) })
	if err := closeAll(gone); err != nil {
		e.log.Warn("Consoles that are no longer configured could not be logged out", "err", err)
	}
	return nil
}

func (o Options) collectors() []*collector.Collector {
	if o.Collectors == nil {
		return collector.All()
	}
	return o.Collectors
}

// CheckPrivacy refuses a configuration that would show hosts to anybody on the
// network: a list of hosts with their criticals is a list of targets.
func (o Options) CheckPrivacy(cfg *config.Config) error {
	open := o.openListener()
	if open == nil {
		return nil
	}
	for _, c := range cfg.Consoles {
		for _, col := range o.collectors() {
			if col.Hosts && c.Collectors[col.Name].Enabled {
				return fmt.Errorf("console %s: collector %s shows hosts one by one, and %w", c.Name, col.Name, open)
			}
		}
	}
	return nil
}

// openListener says which listener anybody on the network can read, if there is
// one. It looks at the web configuration as it is now: the listener takes up every
// change of it.
func (o Options) openListener() error {
	if o.Unprotected == nil {
		return nil
	}
	address, err := o.Unprotected()
	if err != nil || address == "" {
		return err
	}
	return fmt.Errorf("the listener %s is neither on a loopback address nor protected by users or verified client certificates: expected --web.config.file with basic_auth_users, or with client_auth_type: RequireAndVerifyClientCert in tls_server_config; a listener on 127.0.0.1; or --web.allow-unprotected-host-metrics", address)
}

// Close ends all loads and logs out of all consoles.
func (e *Exporter) Close() error {
	e.mu.Lock()
	e.closed = true
	targets := e.targets
	e.mu.Unlock()
	return closeAll(targets)
}

// The farewell to consoles: loads are given up, and then sessions, each in its
// own time.
const (
	loadsTimeout  = 2 * time.Second
	logoutTimeout = 2 * time.Second
)

func closeAll(targets []*target) error {
	errs := make([]error, len(targets))
	var wg sync.WaitGroup
	for i, t := range targets {
		wg.Go(func() { errs[i] = t.close() })
	}
	wg.Wait()
	return errlist.Join(errs...)
}

func (e *Exporter) all() []*target {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.targets
}

// target returns the console of that name, nil if there is none.
func (e *Exporter) target(name string) *target {
	for _, t := range e.all() {
		if t.console.Name() == name {
			return t
		}
	}
	return nil
}

// defaultTarget returns the console whose metrics are on the telemetry path
// too, nil if there is none.
func (e *Exporter) defaultTarget() *target {
	for _, t := range e.all() {
		if t.config().Default {
			return t
		}
	}
	return nil
}

// names returns the names of the consoles.
func (e *Exporter) names() []string {
	var names []string
	for _, t := range e.all() {
		names = append(names, t.console.Name())
	}
	return names
}
