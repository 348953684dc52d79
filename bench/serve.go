package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// probe is the page that is scraped.
const probe = "/probe?target=hq"

// serve is a subject whose work is to answer a scrape; who asks is a process of
// its own, whose work does not count. Its arguments are the way, the number of
// series and the encoding that is asked for.
func serve(arguments []string) (func(n int) error, error) {
	if len(arguments) != 3 {
		return nil, errors.New("expected a way, a number of series and an encoding")
	}
	series, err := strconv.Atoi(arguments[1])
	if err != nil {
		return nil, err
	}
	handler, err := served(arguments[0], series, arguments[2])
	if err != nil {
		return nil, err
	}
	var listening net.ListenConfig
	l, err := listening.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	asks, err := start("scraper http://" + l.Addr().String() + probe + " " + arguments[2])
	if err != nil {
		return nil, err
	}
	return func(n int) error { _, err := asks.do(n); return err }, nil
}

// scraper is a subject whose work is to scrape.
func scraper(arguments []string) (func(n int) error, error) {
	if len(arguments) != 2 {
		return nil, errors.New("expected a URL and an encoding")
	}
	return func(n int) error {
		for range n {
			r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, arguments[0], http.NoBody) //nolint:gosec // of this program's own server
			if err != nil {
				return err
			}
			ask(r, arguments[1])
			answer, err := http.DefaultClient.Do(r) //nolint:gosec // likewise
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
			if err != nil {
				return err
			}
			if answer.StatusCode != http.StatusOK {
				return fmt.Errorf("%s: %s", arguments[0], answer.Status)
			}
		}
		return nil
	}, nil
}

// ask makes r a request of Prometheus.
func ask(r *http.Request, encoding string) {
	r.Header.Set("Accept", prometheusAccept)
	r.Header.Set("Accept-Encoding", encoding)
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "60")
}

// served returns what answers scrapes in one of the ways.
func served(way string, series int, encoding string) (http.Handler, error) {
	ours, stop, err := exported(series)
	if err != nil || way == "ours" {
		return ours, err // it and its console live as long as the process
	}
	defer stop()
	if way == "kept" {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, probe, nil)
		ask(r, encoding)
		w := httptest.NewRecorder()
		ours.ServeHTTP(w, r)
		headers, body := w.Header().Clone(), w.Body.Bytes()
		headers.Set("Content-Length", strconv.Itoa(len(body)))
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			maps.Copy(w.Header(), headers)
			_, _ = w.Write(body)
		}), nil
	}
	w := httptest.NewRecorder()
	ours.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, probe, nil))
	parser := expfmt.NewTextParser(model.LegacyValidation)
	byName, err := parser.TextToMetricFamilies(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		return nil, err
	}
	var families []*dto.MetricFamily
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		families = append(families, byName[name])
	}
	options := promhttp.HandlerOpts{EnableOpenMetrics: true}
	switch way {
	case "cached":
		return promhttp.HandlerFor(prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return families, nil }), options), nil
	case "fresh":
		registry := prometheus.NewRegistry()
		return promhttp.HandlerFor(registry, options), registry.Register(fresh(families))
	}
	return nil, fmt.Errorf("unknown way %q", way)
}

// fresh is a collector that makes its metrics anew each time, as the
// documentation of client_golang advises for what is read elsewhere.
type fresh []*dto.MetricFamily

// Describe implements prometheus.Collector: what comes is known only then.
func (fresh) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (f fresh) Collect(metrics chan<- prometheus.Metric) {
	for _, family := range f {
		var names []string
		for _, pair := range family.Metric[0].Label {
			names = append(names, pair.GetName())
		}
		desc := prometheus.NewDesc(family.GetName(), family.GetHelp(), names, nil)
		for _, m := range family.Metric {
			values := make([]string, len(m.Label))
			for i, pair := range m.Label {
				values[i] = pair.GetValue()
			}
			switch {
			case m.Histogram != nil:
				buckets := map[float64]uint64{}
				for _, b := range m.Histogram.Bucket {
					buckets[b.GetUpperBound()] = b.GetCumulativeCount()
				}
				metrics <- prometheus.MustNewConstHistogram(desc, m.Histogram.GetSampleCount(), m.Histogram.GetSampleSum(), buckets, values...)
			case m.Counter != nil:
				metrics <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, m.Counter.GetValue(), values...)
			default:
				metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, m.Gauge.GetValue(), values...)
			}
		}
	}
}

// exported is the exporter over a small simulated console and a collector that
// makes the page as long as series says, once it has read everything.
func exported(series int) (handler http.Handler, stop func(), err error) {
	console, err := sctest.Listen(sctest.Options{Hosts: 500, Repositories: 3})
	if err != nil {
		return nil, nil, err
	}
	known := exporter.KnownCollectors()
	filler := madeUp(series - consoleSeries)
	known = append(known, config.Collector{Name: filler.Name, Help: filler.Help, Default: true, Interval: filler.Interval})
	yaml := fmt.Sprintf(`
consoles:
  - name: hq
    url: %s
    accounts:
      - {name: admin, username: admin, password: admin-password}
      - {name: analyst, username: analyst, password: analyst-password}
collectors: {made_up: {max_series: 1000000}}
`, console.URL)
	e, err := exporter.New(exporter.Options{
		Collectors: append(collector.All(), filler),
		Load:       func() (*config.Config, error) { return config.Parse([]byte(yaml), "", known) },
	})
	if err != nil {
		console.Close()
		return nil, nil, err
	}
	handler = e.Handler()
	for {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, probe, nil)
		ask(r, "identity")
		handler.ServeHTTP(w, r)
		ready := httptest.NewRecorder()
		handler.ServeHTTP(ready, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/-/ready", nil))
		if ready.Code == http.StatusOK {
			break
		}
	}
	return handler, func() { _ = e.Close(); console.Close() }, nil
}

// consoleSeries is about how many series the simulated console itself makes.
const consoleSeries = 1100

// madeUp is a collector of that many series, which ask the console nothing.
func madeUp(series int) *collector.Collector {
	family := &collector.Family{Name: "securitycenter_made_up", Help: "What stands for the findings of a host.", Labels: []string{"repository_id", "repository", "host", "severity"}}
	severities := strings.Fields("critical high medium low info")
	return &collector.Collector{
		Name: "made_up", Help: "Makes up hosts.", Interval: time.Hour, Default: true, Families: []*collector.Family{family},
		New: func() collector.Loader {
			return func(_ context.Context, _ *findings.Console, _ collector.Settings, m *collector.Metrics) error {
				for i := range series {
					host := i / len(severities)
					m.Set(family, float64(host*i%977), strconv.Itoa(host%20), "Repository "+strconv.Itoa(host%20),
						fmt.Sprintf("10.%d.%d.%d", host>>16, host>>8&255, host&255), severities[i%len(severities)])
				}
				return nil
			}
		},
	}
}
