//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// prometheus is a running Prometheus.
type prometheus struct {
	*process
	*client
}

// startPrometheus starts a Prometheus with this configuration, after promtool has approved of it.
func startPrometheus(t *testing.T, config string) *prometheus {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool(t, "PROMTOOL", "promtool"), "check", "config", file).CombinedOutput(); err != nil {
		t.Fatalf("promtool check config: %v\n%s", err, out)
	}
	address := freeAddress(t)
	server := &prometheus{client: newClient("http://" + address)}
	server.process = start(t, exec.Command(tool(t, "PROMETHEUS", "prometheus"),
		"--config.file="+file,
		"--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address,
	))
	server.eventually(t, 30*time.Second, func() error {
		_, err := server.get("/-/ready")
		return err
	})
	return server
}

// series is one series of an answer: its labels.
type series map[string]string

// query evaluates an expression now.
func (p *prometheus) query(expression string) ([]series, error) {
	var answer struct {
		Data struct {
			Result []struct {
				Metric series `json:"metric"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := p.getJSON("/api/v1/query?query="+url.QueryEscape(expression), &answer); err != nil {
		return nil, err
	}
	found := make([]series, 0, len(answer.Data.Result))
	for _, result := range answer.Data.Result {
		found = append(found, result.Metric)
	}
	return found, nil
}

// instances returns the instances for which an expression has a result, sorted.
func (p *prometheus) instances(expression string) ([]string, error) {
	found, err := p.query("count by (instance) (" + expression + ")")
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(found))
	for _, s := range found {
		names = append(names, s["instance"])
	}
	slices.Sort(names)
	return names, nil
}

// waitUntil waits until an expression has a result for exactly these instances.
func (p *prometheus) waitUntil(t *testing.T, expression string, instances []string) {
	t.Helper()
	want := slices.Sorted(slices.Values(instances))
	p.eventually(t, settled, func() error {
		got, err := p.instances(expression)
		if err != nil {
			return err
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("%s: instances %v, want %v; targets that are not up: %s", expression, got, want, p.lastErrors())
		}
		return nil
	})
}

// lastErrors says why targets are not up.
func (p *prometheus) lastErrors() string {
	var answer struct {
		Data struct {
			ActiveTargets []struct {
				ScrapeURL string `json:"scrapeUrl"`
				LastError string `json:"lastError"`
			} `json:"activeTargets"`
		} `json:"data"`
	}
	if err := p.getJSON("/api/v1/targets", &answer); err != nil {
		return err.Error()
	}
	var reasons []string
	for _, active := range answer.Data.ActiveTargets {
		if active.LastError != "" {
			reasons = append(reasons, active.ScrapeURL+": "+active.LastError)
		}
	}
	return "[" + strings.Join(reasons, "; ") + "]"
}

// metadata is what Prometheus knows of a metric family. A family that two targets describe differently has several.
type metadata struct {
	Type string `json:"type"`
	Help string `json:"help"`
}

// checkMetadata checks that each of the exporter's families is described, and in one way by all targets; and that
// counters are those whose series end in _total: OpenMetrics, which Prometheus asks for, has their families without it.
func (p *prometheus) checkMetadata(t *testing.T) {
	t.Helper()
	var answer struct {
		Data map[string][]metadata `json:"data"`
	}
	if err := p.getJSON("/api/v1/metadata", &answer); err != nil {
		t.Fatal(err)
	}
	var names struct {
		Data []string `json:"data"`
	}
	if err := p.getJSON("/api/v1/label/__name__/values", &names); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(answer.Data)) {
		described := answer.Data[name]
		if !strings.HasPrefix(name, "securitycenter_") {
			continue
		}
		if len(described) != 1 || described[0].Help == "" || described[0].Type == "" {
			t.Errorf("metadata of %s: %v, want one type and help text", name, described)
		}
		series := map[string]string{"counter": name + "_total", "histogram": name + "_bucket", "gauge": name}[described[0].Type]
		if !slices.Contains(names.Data, series) || series == name && strings.HasSuffix(name, "_total") {
			t.Errorf("%s is a %s, but there is no series %q", name, described[0].Type, series)
		}
	}
	for name, kind := range map[string]string{
		"securitycenter_vulnerabilities":              "gauge",
		"securitycenter_api_requests":                 "counter",
		"securitycenter_api_request_duration_seconds": "histogram",
	} {
		if described := answer.Data[name]; len(described) == 0 || described[0].Type != kind {
			t.Errorf("metadata of %s: %v, want a %s", name, described, kind)
		}
	}
}

// checkNoDuplicates checks that no scrape had two samples for one series: Prometheus keeps the first and only counts.
func (p *prometheus) checkNoDuplicates(t *testing.T) {
	t.Helper()
	body, err := p.get("/metrics")
	if err != nil {
		t.Fatal(err)
	}
	families := parse(t, body)
	for _, name := range []string{
		"prometheus_target_scrapes_sample_duplicate_timestamp_total",
		"prometheus_target_scrapes_sample_out_of_order_total",
		"prometheus_target_scrapes_sample_out_of_bounds_total",
	} {
		family, ok := families[name]
		if !ok {
			t.Errorf("Prometheus has no %s", name)
			continue
		}
		if value := family.GetMetric()[0].GetCounter().GetValue(); value != 0 {
			t.Errorf("%s is %v", name, value)
		}
	}
}

// checkRules checks that every rule could be evaluated.
func (p *prometheus) checkRules(t *testing.T) {
	t.Helper()
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct {
					Name      string `json:"name"`
					Health    string `json:"health"`
					LastError string `json:"lastError"`
				} `json:"rules"`
			} `json:"groups"`
		} `json:"data"`
	}
	if err := p.getJSON("/api/v1/rules", &answer); err != nil {
		t.Fatal(err)
	}
	rules := 0
	for _, group := range answer.Data.Groups {
		for _, rule := range group.Rules {
			rules++
			if rule.Health != "ok" {
				t.Errorf("rule %s is %s: %s", rule.Name, rule.Health, rule.LastError)
			}
		}
	}
	if rules < 70 {
		t.Errorf("Prometheus has %d rules, want at least 70: 18 recording rules and 57 alerts are shipped", rules)
	}
}
