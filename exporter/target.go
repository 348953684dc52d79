package exporter

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/securitycenter-exporter/securitycenter_exporter/buildinfo"
	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// startJitter spreads the first loads of a console's collectors.
const startJitter = 5 * time.Second

// target is one console being exported.
type target struct {
	console    *findings.Console
	log        *slog.Logger
	duplicates *prometheus.CounterVec // the exporter's, by collector
	// openListener says why hosts must not be shown one by one, if they must not.
	openListener func() error
	hidden       atomic.Bool // they were not shown at the latest scrape
	copies       func()      // looks for copies among the repositories of all consoles

	ctx    context.Context // the life of the console's loads
	cancel context.CancelFunc
	loads  sync.WaitGroup

	states atomic.Uint64 // of slots

	mu    sync.Mutex
	cfg   config.Console
	slots []*slot // in the order of collector.All

	healths healthCache
}

// newTarget makes the console of cfg.
func (e *Exporter) newTarget(cfg config.Console, hashKey []byte) (*target, error) {
	c, err := e.o.open(cfg, e.large)
	if err != nil {
		return nil, err
	}
	t := &target{console: c, log: e.log.With("console", cfg.Name), duplicates: e.duplicates, openListener: e.o.openListener, copies: e.tellCopies}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	t.configure(cfg, e.o.Collectors, hashKey)
	return t, nil
}

// ConsoleOptions returns how a configured console is reached through its accounts,
// and which of its repositories count.
func ConsoleOptions(c config.Console) (console.Options, error) {
	o := console.Options{Name: c.Name, MaxConcurrentRequests: c.MaxConcurrentRequests, Repositories: console.RepositoryFilter(c.Repositories)}
	for _, a := range c.Accounts {
		reached, err := ClientOptions(c, a)
		if err != nil {
			return console.Options{}, err
		}
		o.Accounts = append(o.Accounts, console.AccountOptions{
			Name: a.Name, Options: reached, Repositories: a.Repositories, Certificate: a.ClientCertificate,
		})
	}
	return o, nil
}

// CollectorSettings returns what a collector of a configured console reads and
// shows. hashKey is the key of the hashes of redacted hosts.
func CollectorSettings(c config.Console, col *collector.Collector, hashKey []byte) collector.Settings {
	s := collector.Settings{CollectorSettings: c.Collectors[col.Name], Redact: map[string]bool{}, HashKey: hashKey}
	for _, label := range c.Redact {
		s.Redact[label] = true
	}
	if col.SLA {
		s.SLA = c.SLA
	}
	if col.Watches {
		s.Watches = c.Watches
	}
	if col.Owners {
		s.Owners = c.Owners
	}
	if col.SameAs {
		s.SameAs = c.SameAs
	}
	return s
}

// ClientOptions returns how an account of a configured console reaches it.
func ClientOptions(c config.Console, a config.Account) (scapi.Options, error) {
	transport, err := c.Transport(a)
	if err != nil {
		return scapi.Options{}, fmt.Errorf("console %s: account %s: %w", c.Name, a.Name, err)
	}
	return scapi.Options{
		URL:             c.URL.String(),
		API:             scapi.API(c.API),
		Transport:       transport,
		Secrets:         c.TransportSecrets,
		Timeout:         c.Timeout,
		AnalysisTimeout: c.AnalysisTimeout,
		PageSize:        c.PageSize,
		UserAgent:       buildinfo.UserAgent("Prometheus exporter"),
		Credentials: func() (scapi.Credentials, error) {
			secrets, err := a.Credentials()
			return scapi.Credentials(secrets), err
		},
	}, nil
}

// configure takes up the settings of collectors: those that were on keep what
// they know.
func (t *target) configure(cfg config.Console, collectors []*collector.Collector, hashKey []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	running := map[string]*slot{}
	for _, s := range t.slots {
		running[s.collector.Name] = s
	}
	t.cfg, t.slots = cfg, nil
	for _, col := range collectors {
		settings := CollectorSettings(cfg, col, hashKey)
		if !settings.Enabled {
			continue
		}
		s := running[col.Name]
		if s == nil {
			s = newSlot(col, t.console, settings, t.duplicates.WithLabelValues(col.Name), &t.states, t.afterLoad(col), t.log)
		} else {
			s.configure(settings)
		}
		t.slots = append(t.slots, s)
	}
}

// afterLoad returns what is done when a collector has brought data.
func (t *target) afterLoad(col *collector.Collector) func() {
	if col.SameAs {
		return t.copies
	}
	return func() {}
}

// start loads every collector once, a little apart.
func (t *target) start() {
	for _, s := range t.chosen(nil) {
		t.loads.Go(func() {
			select {
			case <-time.After(rand.N(startJitter)):
				s.refresh(t.ctx, &t.loads)
			case <-t.ctx.Done():
			}
		})
	}
}

// chosen returns the slots of the named collectors; all for nil.
func (t *target) chosen(names []string) []*slot {
	t.mu.Lock()
	defer t.mu.Unlock()
	if names == nil {
		return slices.Clone(t.slots)
	}
	var chosen []*slot
	for _, s := range t.slots {
		if slices.Contains(names, s.collector.Name) {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

// config returns the console's configuration.
func (t *target) config() config.Console {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cfg
}

// collectorNames returns the names of the collectors that are on.
func (t *target) collectorNames() []string {
	var names []string
	for _, s := range t.chosen(nil) {
		names = append(names, s.collector.Name)
	}
	return names
}

// refresh starts the loads that are due and waits, within ctx, for those that
// have nothing to show yet.
func (t *target) refresh(ctx context.Context, slots []*slot) {
	var pending []<-chan struct{}
	for _, s := range slots {
		if loading := s.refresh(t.ctx, &t.loads); loading != nil {
			pending = append(pending, loading)
		}
	}
	for _, loading := range pending {
		select {
		case <-loading:
		case <-ctx.Done():
			return
		}
	}
}

// views returns what the named collectors (nil: all that are on) show, once
// loads have been started and waited for within ctx; and what all show.
func (t *target) views(ctx context.Context, names []string) (chosen, all []view) {
	t.refresh(ctx, t.chosen(names))
	slots := t.chosen(nil)
	all = make([]view, len(slots))
	for i, s := range slots {
		all[i] = s.view()
	}
	if names == nil {
		return all, all
	}
	for _, v := range all {
		if slices.Contains(names, v.collector.Name) {
			chosen = append(chosen, v)
		}
	}
	return chosen, all
}

// segments returns what is shown of the viewed collectors.
func (t *target) segments(views []view) []*segment {
	segments := make([]*segment, 0, len(views))
	hidden := sync.OnceValue(t.hidesHosts)
	for _, v := range views {
		if v.segment != nil && (!v.collector.Hosts || !hidden()) {
			segments = append(segments, v.segment)
		}
	}
	return segments
}

// parts returns the metrics of the named collectors (nil: all that are on) and
// of the console's own health in a form. It does not wait longer than ctx lasts.
func (t *target) parts(ctx context.Context, names []string, f form) ([]*encoded, error) {
	views, all := t.views(ctx, names)
	segments := t.segments(views)
	parts := make([]*encoded, 0, len(segments)+3) // health, the exporter's own, the end
	for _, s := range segments {
		part, err := s.in(f)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	health, err := t.encodedHealth(views, all, f)
	return append(parts, health), err
}

// gather returns the same as families, sorted by name.
func (t *target) gather(ctx context.Context, names []string) ([]*dto.MetricFamily, error) {
	views, all := t.views(ctx, names)
	families, err := t.health(views, all)
	for _, s := range t.segments(views) {
		more, unreadable := s.families()
		families, err = append(families, more...), errlist.Join(err, unreadable)
	}
	sortFamilies(families)
	return families, err
}

// hidesHosts reports whether hosts must not be shown one by one, because the
// listener was opened since they were allowed; it is logged once.
func (t *target) hidesHosts() bool {
	err := t.openListener()
	if was := t.hidden.Swap(err != nil); err != nil && !was {
		t.log.Error("Hosts are not shown one by one any more", "err", err)
	}
	return err != nil
}

func sortFamilies(families []*dto.MetricFamily) {
	slices.SortFunc(families, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
}

// untried returns the names of the collectors that have not been tried yet.
func (t *target) untried() []string {
	var names []string
	for _, s := range t.chosen(nil) {
		if !s.view().health.tried {
			names = append(names, s.collector.Name)
		}
	}
	return names
}

// close ends the loads and logs out. A load that does not end in time keeps
// nobody from logging out.
func (t *target) close() error {
	t.cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		t.loads.Wait()
	}()
	var late error
	select {
	case <-ended:
	case <-time.After(loadsTimeout):
		late = fmt.Errorf("console %s: loads did not end in time", t.console.Name())
	}
	ctx, cancel := context.WithTimeout(context.Background(), logoutTimeout)
	defer cancel()
	return errlist.Join(late, t.console.Close(ctx))
}
