package promql

import (
	"fmt"
	"os"
	"strings"
)

// names are the metrics that exist, each with its labels.
type names map[string]map[string]bool

// onEveryTarget are labels that Prometheus or /sd adds, and what a demonstration
// and the examples name.
var onEveryTarget = []string{"job", "instance", "__name__"}

func (n names) add(metric string, labels ...string) {
	known := map[string]bool{}
	for _, l := range append(labels, onEveryTarget...) {
		known[l] = true
	}
	n[metric] = known
}

// exposed reads docs/metrics.md, which is written from the code, for what the
// exporter exposes. Prometheus' own metrics of a scrape, the state of alerts, and
// what the Go runtime and the process tell are added.
func exposed(file string) (names, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	n := names{}
	for line := range strings.Lines(string(content)) {
		cells := strings.Split(line, "|")
		if len(cells) < 6 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		metric, kind := strings.Trim(cells[1], " `"), strings.TrimSpace(cells[2])
		var labels []string
		for label := range strings.SplitSeq(cells[3], ",") {
			if label = strings.TrimSpace(label); label != "–" {
				labels = append(labels, label)
			}
		}
		if kind == "histogram" {
			n.add(metric+"_bucket", append(labels, "le")...)
			n.add(metric+"_sum", labels...)
			n.add(metric+"_count", labels...)
		}
		n.add(metric, labels...)
	}
	if len(n) < 80 {
		return nil, fmt.Errorf("%s: only %d metrics: is it still a table of `name` | type | labels?", file, len(n))
	}
	n.add("up")
	n.add("scrape_duration_seconds")
	n.add("scrape_samples_scraped")
	n.add("ALERTS", "alertname", "alertstate", "severity", "class", "vuln_severity")
	for _, own := range []string{
		"process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds", "process_open_fds", "process_max_fds",
		"go_goroutines", "go_memstats_heap_inuse_bytes", "promhttp_metric_handler_requests_in_flight",
	} {
		n.add(own)
	}
	n.add("promhttp_metric_handler_requests_total", "code")
	return n, nil
}
