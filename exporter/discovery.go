package exporter

import (
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// targetGroup is an entry of Prometheus' HTTP service discovery.
type targetGroup struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// serveDiscovery answers with one entry for every console and one for the
// exporter itself, complete: they need no relabelling. The entry for the
// exporter leaves the default console out, which has an entry of its own:
// counted twice it would double every sum.
func (e *Exporter) serveDiscovery(w http.ResponseWriter, r *http.Request) {
	host, scheme, prefix := r.Host, "http", ""
	if r.TLS != nil {
		scheme = "https"
	}
	if u := e.o.ExternalURL; u != nil {
		host, scheme, prefix = u.Host, u.Scheme, strings.TrimSuffix(u.Path, "/")
	}
	if !ValidHost(host) {
		http.Error(w, "The request names no host that Prometheus could scrape: expected a header Host, or --web.external-url.", http.StatusBadRequest)
		return
	}
	groups := []targetGroup{{
		Targets: []string{host},
		Labels: map[string]string{
			"__scheme__":       scheme,
			"__metrics_path__": prefix + e.o.TelemetryPath,
			"__param_only":     "exporter",
			"instance":         host,
		},
	}}
	for _, t := range e.all() {
		labels := maps.Clone(t.config().Labels)
		if labels == nil {
			labels = map[string]string{}
		}
		labels["__scheme__"] = scheme
		labels["__metrics_path__"] = prefix + "/probe"
		labels["__param_target"] = t.console.Name()
		labels["instance"] = t.console.Name()
		groups = append(groups, targetGroup{Targets: []string{host}, Labels: labels})
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(groups); err != nil {
		e.log.Debug("Writing service discovery failed", "err", err)
	}
}

// ValidHost reports whether host is a name or an address, perhaps with a port.
func ValidHost(host string) bool {
	name := host
	if h, port, err := net.SplitHostPort(host); err == nil {
		name = h
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
	}
	return name != "" && !strings.ContainsAny(name, " /\\@?#")
}
