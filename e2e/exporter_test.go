//go:build e2e

package e2e

import (
	"fmt"
	"net/url"
	"os/exec"
	"testing"
	"time"
)

// settled is how long the exporter gets from its start to having tried every collector; /-/ready gives up after two
// minutes whatever happened.
const settled = time.Minute

// startExporter starts the exporter over its simulated consoles and waits for it to answer.
func startExporter(t *testing.T, c *client, address string, flags ...string) *process {
	t.Helper()
	return runExporter(t, c, address, append([]string{"--demo"}, flags...)...)
}

// runExporter starts the exporter and waits for it to answer.
func runExporter(t *testing.T, c *client, address string, flags ...string) *process {
	t.Helper()
	flags = append([]string{"--web.listen-address=" + address}, flags...)
	p := start(t, exec.Command(binary, flags...))
	p.eventually(t, 15*time.Second, func() error {
		_, err := c.get("/-/healthy")
		return err
	})
	return p
}

// target is one entry of the exporter's service discovery.
type target struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// console returns the name of the console that the entry is for, "" for the exporter's own metrics.
func (d target) console() string { return d.Labels["__param_target"] }

// path returns where the entry's metrics are.
func (d target) path() string {
	path := d.Labels["__metrics_path__"]
	if d.console() != "" {
		path += "?target=" + url.QueryEscape(d.console())
	}
	return path
}

// discovered returns the entries of /sd, each of which must be complete: a Prometheus that relabels nothing has
// nothing else to go by.
func discovered(t *testing.T, c *client, address, scheme string) []target {
	t.Helper()
	var entries []target
	if err := c.getJSON("/sd", &entries); err != nil {
		t.Fatal(err)
	}
	instances := make(map[string]bool)
	for _, d := range entries {
		if len(d.Targets) != 1 || d.Targets[0] != address {
			t.Errorf("targets of %q: %v, want %s alone", d.console(), d.Targets, address)
		}
		if d.Labels["__scheme__"] != scheme {
			t.Errorf("__scheme__ of %q: %q, want %q", d.console(), d.Labels["__scheme__"], scheme)
		}
		instance := d.Labels["instance"]
		if instance == "" || instances[instance] {
			t.Errorf("instance of %q: %q, want one of its own", d.console(), instance)
		}
		instances[instance] = true
	}
	if len(entries) != 3 {
		t.Fatalf("/sd has %d entries, want the two simulated consoles and the exporter itself: %v", len(entries), entries)
	}
	return entries
}

// ready waits until the exporter has tried every collector of every console.
func ready(t *testing.T, p *process, c *client) {
	t.Helper()
	p.eventually(t, settled, func() error {
		if _, err := c.get("/-/ready"); err != nil {
			return fmt.Errorf("the exporter is not ready: %w", err)
		}
		return nil
	})
}
