package exporter

import (
	"context"
	"fmt"
	"net/http"
	"net/http/pprof"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/securitycenter-exporter/securitycenter_exporter/manual"
)

// readyAfter is how long readiness waits for consoles that do not answer.
const readyAfter = 2 * time.Minute

// Handler returns what the exporter serves.
func (e *Exporter) Handler() http.Handler {
	mux := http.NewServeMux()
	limit := newLimiter(e.o.MaxRequests)
	mux.Handle(e.o.TelemetryPath, promhttp.InstrumentMetricHandler(e.self, limit.wrap(e.serveMetrics)))
	mux.Handle("/probe", limit.wrap(e.serveProbe))
	mux.HandleFunc("/sd", e.serveDiscovery)
	mux.HandleFunc("/-/healthy", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "healthy") })
	mux.HandleFunc("/-/ready", e.serveReady)
	// A page of another site that a person has open may not reload.
	mux.Handle("/-/reload", http.NewCrossOriginProtection().Handler(http.HandlerFunc(e.serveReload)))
	if e.o.TelemetryPath != "/" {
		mux.HandleFunc("/{$}", e.serveLanding)
	}
	if e.o.Documents != nil {
		mux.Handle("/docs/", manual.New(e.o.Documents))
	}
	if e.o.EnablePprof {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	return e.guarded(mux)
}

// writeTimeout is how long an answer that is not a scrape's may take to be read.
// A scrape's has the time-out of its request.
const writeTimeout = 30 * time.Second

// guarded is h with what holds for every answer: only some methods, no storing or
// guessing of what is data, and a bound on how long a reader may take.
func (e *Exporter) guarded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		allowed := []string{http.MethodGet, http.MethodHead}
		switch {
		case r.URL.Path == "/-/reload":
			allowed = []string{http.MethodPost, http.MethodPut}
		case strings.HasPrefix(r.URL.Path, "/debug/pprof/"):
			allowed = append(allowed, http.MethodPost)
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		if !slices.Contains(allowed, r.Method) {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			http.Error(w, "Method "+r.Method+" is not served here, only "+strings.Join(allowed, " and ")+".", http.StatusMethodNotAllowed)
			return
		}
		if !strings.HasPrefix(r.URL.Path, "/debug/pprof/") { // a profile takes as long as it was asked to
			limitWrite(w, writeTimeout)
		}
		h.ServeHTTP(w, r)
	})
}

// limitWrite breaks the answer off if it is not read in time.
func limitWrite(w http.ResponseWriter, timeout time.Duration) {
	// A writer that knows no deadline is not a connection.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(timeout))
}

// checkTelemetryPath refuses what Handler cannot serve metrics at.
func checkTelemetryPath(path string) error {
	switch {
	case !strings.HasPrefix(path, "/"), strings.ContainsAny(path, "{}?# "):
		return fmt.Errorf("telemetry path %q: expected a path such as /metrics", path)
	case path == "/probe", path == "/sd", path == "/docs", strings.HasPrefix(path, "/docs/"), strings.HasPrefix(path, "/-/"), strings.HasPrefix(path, "/debug/"):
		return fmt.Errorf("telemetry path %q: that path serves something else", path)
	}
	return nil
}

// serveMetrics answers with the exporter's own metrics and those of the
// default console; with only=exporter without the latter, for who scrapes every
// console by itself.
func (e *Exporter) serveMetrics(w *answer, r *http.Request) {
	t := e.defaultTarget()
	if only := r.URL.Query().Get("only"); only == "exporter" {
		t = nil
	} else if only != "" {
		http.Error(w, fmt.Sprintf("Unknown value %q of only: expected exporter.", only), http.StatusBadRequest)
		return
	}
	e.expose(w, r, t, nil, e.own)
}

// serveProbe answers with the metrics of one console.
func (e *Exporter) serveProbe(w *answer, r *http.Request) {
	query := r.URL.Query()
	name := query.Get("target")
	if name == "" {
		http.Error(w, "Parameter target is missing: expected the name of a console, one of "+list(e.names())+".", http.StatusBadRequest)
		return
	}
	t := e.target(name)
	if t == nil {
		http.Error(w, fmt.Sprintf("Unknown target %q: expected the name of a console, one of %s.", name, list(e.names())), http.StatusNotFound)
		return
	}
	chosen, wrong := chosenCollectors(query, name, t.collectorNames())
	if wrong != "" {
		http.Error(w, wrong, http.StatusBadRequest)
		return
	}
	switch debug := query.Get("debug"); debug {
	case "", "false":
	case "true":
		e.serveDebug(w, r, t, chosen)
		return
	default:
		http.Error(w, fmt.Sprintf("Unknown value %q of debug: expected true or false.", debug), http.StatusBadRequest)
		return
	}
	e.expose(w, r, t, chosen, nil)
}

// list names valid values in an error.
func list(names []string) string {
	if len(names) == 0 {
		return "(none)"
	}
	return strings.Join(names, ", ")
}

// serveDebug answers with the log of the latest loads.
func (e *Exporter) serveDebug(w http.ResponseWriter, r *http.Request, t *target, names []string) {
	ctx, cancel := context.WithTimeout(r.Context(), e.deadline(r))
	defer cancel()
	slots := t.chosen(names)
	t.refresh(ctx, slots)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "Latest loads of console %s. Times are UTC.\n", t.console.Name())
	for _, s := range slots {
		v := s.view()
		fmt.Fprintf(w, "\n== %s: %s\n", v.collector.Name, v.describe())
		if v.health.journal != nil {
			fmt.Fprintln(w, v.health.journal)
		}
		for _, missing := range v.missing {
			fmt.Fprintln(w, "missing:", missing)
		}
	}
}

// describe says in words how the latest load ended.
func (v view) describe() string {
	switch h := v.health; {
	case !h.tried:
		return "not tried yet"
	case h.notAllowed():
		return "no account can read this"
	case h.err != nil:
		return fmt.Sprintf("failed at %s", h.ended.UTC().Format(time.RFC3339))
	default:
		return fmt.Sprintf("%d series, read at %s", v.series, v.readAt.UTC().Format(time.RFC3339))
	}
}

// deadline is how long the scrape may take: Prometheus' own time-out less a
// margin for the answer to travel, or ours.
func (e *Exporter) deadline(r *http.Request) time.Duration {
	seconds, err := strconv.ParseFloat(r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds"), 64)
	if err != nil || !(seconds > 0 && seconds < 3600) {
		return e.o.ScrapeTimeout
	}
	timeout := time.Duration(seconds * float64(time.Second))
	return timeout - min(timeout/5, 500*time.Millisecond)
}

func (e *Exporter) serveReady(w http.ResponseWriter, _ *http.Request) {
	if missing := e.notReady(); len(missing) > 0 {
		http.Error(w, "not ready, not tried yet: "+strings.Join(missing, ", "), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// notReady names the collectors that have not been tried yet, as
// console/collector. Once ready the exporter stays so, whatever a reload
// brings.
func (e *Exporter) notReady() []string {
	e.mu.RLock()
	ready := e.ready
	e.mu.RUnlock()
	if ready {
		return nil
	}
	var missing []string
	if time.Since(e.started) < readyAfter {
		for _, t := range e.all() {
			for _, c := range t.untried() {
				missing = append(missing, t.console.Name()+"/"+c)
			}
		}
	}
	if len(missing) == 0 {
		e.mu.Lock()
		e.ready = true
		e.mu.Unlock()
	}
	return missing
}

func (e *Exporter) serveReload(w http.ResponseWriter, _ *http.Request) {
	if !e.o.EnableLifecycle {
		http.Error(w, "Reloading over HTTP is off: start with --web.enable-lifecycle.", http.StatusForbidden)
		return
	}
	if err := e.Reload(); err != nil {
		e.log.Error("Reload failed: the configuration stays as it was", "err", err)
		http.Error(w, "Reload failed: the configuration stays as it was.\n"+err.Error(), http.StatusInternalServerError)
		return
	}
	e.log.Info("Configuration reloaded")
	fmt.Fprintln(w, "reloaded")
}
