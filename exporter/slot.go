package exporter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

const (
	// retryAfter is how long after a failed load the next may start; less if
	// the interval is shorter.
	retryAfter = 10 * time.Second
	// busyShare bounds the time that one collector keeps its console busy: a
	// load that took longer than this part of the interval stretches it.
	busyShare = 4
)

// slot holds what one collector last read from one console. Data is loaded by
// at most one goroutine at a time, whoever asks and however many; the goroutine
// belongs to the slot's console and not to who asked. Data and health are kept
// apart: a failed load leaves the last good data in place.
type slot struct {
	collector  *collector.Collector
	console    *findings.Console
	log        *slog.Logger
	duplicates prometheus.Counter // of the collector, whatever the console
	loader     collector.Loader   // used by the one load only
	states     *atomic.Uint64     // of all slots of the console so far
	loaded     func()             // called after each load that brought data

	mu       sync.Mutex
	settings collector.Settings
	outdated bool          // what data says was asked for has changed since
	loading  chan struct{} // closed when the present load ends; nil: none runs
	state    uint64        // a number of its own for everything that health tells of the slot
	data     loaded
	readAt   time.Time // start of the load that read data; zero: no data
	took     time.Duration
	health   health
	// permitted is whether some account can supply something of the collector,
	// as far as is known.
	permitted scapi.Opt[bool]
}

// loaded is what a slot shows of its latest good data.
type loaded struct {
	segment    *segment // nil: there is none, or it was too old
	series     int
	dropped    int
	missing    []string
	duplicates map[string]int
	info       map[string]string // labels of securitycenter_info, where it is among the data
}

// health is how a slot's latest load ended.
type health struct {
	tried    bool
	err      error // nil: success
	answered bool  // the console answered through some account
	ended    time.Time
	duration time.Duration
	journal  *console.Journal
}

func (h health) success() bool    { return h.tried && h.err == nil }
func (h health) notAllowed() bool { return errors.Is(h.err, console.ErrNotReadable) }
func (h health) failed() bool     { return h.err != nil && !h.notAllowed() }

func newSlot(col *collector.Collector, c *findings.Console, s collector.Settings, duplicates prometheus.Counter, states *atomic.Uint64, loaded func(), log *slog.Logger) *slot {
	return &slot{
		states:     states,
		loaded:     loaded,
		state:      states.Add(1),
		collector:  col,
		console:    c,
		log:        log.With("collector", col.Name),
		duplicates: duplicates,
		loader:     col.New(),
		settings:   s,
	}
}

// refresh starts a load under ctx, the console's lifetime, if one is due. It
// returns a channel to wait on if there is nothing to show yet and a load runs
// that is expected to bring something; else nil.
func (s *slot) refresh(ctx context.Context, loads *sync.WaitGroup) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() == nil && s.loading == nil && !time.Now().Before(s.due()) {
		s.loading = make(chan struct{})
		loads.Go(func() { s.load(ctx) })
	}
	if s.fresh(time.Now()) || s.health.err != nil {
		return nil
	}
	return s.loading
}

// due returns when the next load may start; zero: at once. s.mu is held.
func (s *slot) due() time.Time {
	switch {
	case !s.health.tried, s.outdated:
		return time.Time{}
	case !s.health.failed() && s.health.ended.Before(s.console.Joined()):
		return time.Time{} // what was read may lack what the account tells
	case s.health.failed():
		return s.health.ended.Add(min(s.settings.Interval, retryAfter))
	case s.health.notAllowed():
		return s.health.ended.Add(s.interval())
	default:
		return s.readAt.Add(s.interval())
	}
}

// interval is the effective one. s.mu is held.
func (s *slot) interval() time.Duration {
	return max(s.settings.Interval, busyShare*s.took)
}

// maxAge is the effective one: where loads take so long that they stretch the
// interval, data lives long enough to be replaced. s.mu is held.
func (s *slot) maxAge() time.Duration {
	if stretched := s.interval(); stretched > s.settings.Interval {
		return max(s.settings.MaxAge, 2*stretched)
	}
	return s.settings.MaxAge
}

// fresh reports whether there is data to show. s.mu is held.
func (s *slot) fresh(now time.Time) bool {
	return s.data.segment != nil && now.Sub(s.readAt) < s.maxAge()
}

func (s *slot) load(ctx context.Context) {
	s.mu.Lock()
	settings, before := s.settings, s.data.segment
	s.outdated = false
	s.mu.Unlock()

	journal := &console.Journal{}
	start := time.Now()
	// What another collector was answered in the first half of its life is as
	// good as an answer of one's own.
	work := console.WithReuse(console.WithJournal(ctx, journal), settings.Interval/2)
	snapshot, err := s.collector.Run(work, s.loader, s.console, settings)
	end := time.Now()
	var data loaded
	if err == nil || snapshot.Series > 0 {
		var unwritable error
		if data, unwritable = show(snapshot, before); unwritable != nil {
			data, err = loaded{}, fmt.Errorf("write metrics: %w", unwritable)
		}
	}

	brought := false
	defer func() {
		if brought {
			s.loaded()
		}
	}()
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(s.loading)
	defer func() { s.loading = nil }()
	if ctx.Err() != nil && err != nil {
		return // the console is being given up: nothing was learned
	}
	s.state = s.states.Add(1)
	past := s.health
	s.health = health{tried: true, err: err, answered: journal.Answered(), ended: end, duration: end.Sub(start), journal: journal}
	// What is told is shown, although an account that cannot log in might have
	// more to tell, which makes the load fail.
	var incomplete *console.Incomplete
	if err == nil || errors.As(err, &incomplete) && data.series > 0 {
		journal.Printf(end, "loaded %d series in %s", data.series, end.Sub(start).Round(time.Millisecond))
		s.take(data, settings)
		brought = true
		s.readAt, s.took = start, end.Sub(start)
		s.permitted = scapi.Some(true)
	}
	switch {
	case err == nil:
		if past.failed() {
			s.log.Info("Collector works again")
		}
	case s.health.notAllowed():
		journal.Printf(end, "not readable: %v", err)
		if !past.notAllowed() {
			s.log.Warn("No configured account can supply this collector", "err", err)
		}
		s.data, s.readAt = loaded{}, time.Time{}
		s.permitted = scapi.Some(false)
	default:
		journal.Printf(end, "failed after %s: %v", end.Sub(start).Round(time.Millisecond), err)
		level := slog.LevelError
		if past.failed() && past.err.Error() == err.Error() {
			level = slog.LevelDebug // said already
		}
		s.log.Log(ctx, level, "Collector failed", "duration", end.Sub(start).Round(time.Millisecond), "err", err)
	}
}

// show encodes what a load brought.
func show(s collector.Snapshot, before *segment) (loaded, error) {
	written, err := newSegment(s.Pieces(piece), before)
	return loaded{written, s.Series, s.Dropped, s.Missing, s.Duplicates, s.Labels("securitycenter_info")}, err
}

// take replaces the data, and logs what is odd about the new ones. s.mu is held.
func (s *slot) take(data loaded, settings collector.Settings) {
	if data.dropped > 0 && data.dropped != s.data.dropped {
		s.log.Warn("Series were left out: max_series is reached", "dropped", data.dropped, "max_series", settings.MaxSeries)
	}
	if len(data.missing) > 0 && !slices.Equal(data.missing, s.data.missing) {
		s.log.Info("Parts of the collector are missing", "parts", strings.Join(data.missing, "; "))
	}
	for _, n := range data.duplicates {
		s.duplicates.Add(float64(n))
	}
	if len(data.duplicates) > 0 && !maps.Equal(data.duplicates, s.data.duplicates) {
		s.log.Error("Samples were left out because others have the same labels, which is a fault of the exporter", "metrics", data.duplicates)
	}
	s.data = data
}

// configure takes up changed settings. Data is kept; where something else is to
// be read now it is read at the next scrape.
func (s *slot) configure(settings collector.Settings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = s.states.Add(1)
	s.outdated = s.outdated || !settings.SameData(s.settings)
	s.settings = settings
}

// expire lets data go that is too old to be shown. s.mu is held.
func (s *slot) expire() {
	if s.data.segment != nil && !s.fresh(time.Now()) {
		s.data.segment = nil
		s.state = s.states.Add(1)
	}
}

// view is what a slot shows now.
type view struct {
	collector *collector.Collector
	state     uint64
	loaded              // nothing of data that is too old
	readAt    time.Time // zero: no data
	interval  time.Duration
	maxAge    time.Duration
	due       time.Time // of the next load; zero: at once
	loading   bool
	health    health
	permitted scapi.Opt[bool]
}

func (s *slot) view() view {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	v := view{
		collector: s.collector,
		state:     s.state,
		readAt:    s.readAt,
		interval:  s.interval(),
		maxAge:    s.maxAge(),
		due:       s.due(),
		loading:   s.loading != nil,
		health:    s.health,
		permitted: s.permitted,
	}
	if s.fresh(time.Now()) {
		v.loaded = s.data
	}
	return v
}
