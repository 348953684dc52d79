//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// alert is one alert of a notification.
type alert struct {
	Status string `json:"status"` // firing, resolved
	Labels labels `json:"labels"`
}

// notification is what Alertmanager posts to a webhook.
type notification struct {
	Receiver    string  `json:"receiver"`
	Status      string  `json:"status"`
	GroupLabels labels  `json:"groupLabels"`
	Alerts      []alert `json:"alerts"`
}

// webhook receives what Alertmanager sends, whoever it is for.
type webhook struct {
	server *httptest.Server

	mu       sync.Mutex
	received []notification
	raw      []json.RawMessage
}

func startWebhook(t *testing.T) *webhook {
	t.Helper()
	hook := &webhook{}
	hook.server = httptest.NewServer(hook) // on 127.0.0.1
	t.Cleanup(func() {
		hook.server.Close()
		body, err := json.MarshalIndent(hook.raw, "", "  ")
		if err != nil {
			t.Error(err)
		}
		keep(t, "notifications.json", body)
	})
	return hook
}

func (hook *webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var raw json.RawMessage
	var n notification
	if err := json.NewDecoder(r.Body).Decode(&raw); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := json.Unmarshal(raw, &n); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	hook.mu.Lock()
	defer hook.mu.Unlock()
	hook.received, hook.raw = append(hook.received, n), append(hook.raw, raw)
}

// notifications returns what has arrived after the first ones.
func (hook *webhook) notifications(after int) []notification {
	hook.mu.Lock()
	defer hook.mu.Unlock()
	return slices.Clone(hook.received[after:])
}

func (hook *webhook) count() int {
	hook.mu.Lock()
	defer hook.mu.Unlock()
	return len(hook.received)
}

// firing yields the alerts that have arrived as firing after the first notifications, with their receiver.
func (hook *webhook) firing(after int) iter.Seq2[string, alert] {
	return func(yield func(string, alert) bool) {
		for _, n := range hook.notifications(after) {
			for _, a := range n.Alerts {
				if a.Status == "firing" && !yield(n.Receiver, a) {
					return
				}
			}
		}
	}
}

// expected is an alert that must arrive: at the receiver, with at least these labels.
type expected struct {
	receiver string
	name     string
	instance string
	labels   labels
}

type labels = map[string]string

func (e expected) String() string {
	return fmt.Sprintf("%s of %s with %v for %s", e.name, e.instance, e.labels, e.receiver)
}

func (e expected) is(a alert) bool {
	if a.Labels["alertname"] != e.name || a.Labels["instance"] != e.instance {
		return false
	}
	for name, value := range e.labels {
		if a.Labels[name] != value {
			return false
		}
	}
	return true
}

// statuses returns in which statuses the alert has arrived at its receiver, after the first notifications.
func (hook *webhook) statuses(e expected, after int) []string {
	var statuses []string
	for _, n := range hook.notifications(after) {
		for _, a := range n.Alerts {
			if n.Receiver == e.receiver && e.is(a) {
				statuses = append(statuses, a.Status)
			}
		}
	}
	return statuses
}

// awaitFiring waits until each of the alerts has arrived. Some end by themselves soon after.
func (hook *webhook) awaitFiring(t *testing.T, p *process, after int, alerts ...expected) {
	t.Helper()
	p.eventually(t, settled, func() error {
		for _, e := range alerts {
			if got := hook.statuses(e, after); !slices.Contains(got, "firing") {
				return fmt.Errorf("%s has arrived as %v, want firing", e, got)
			}
		}
		return nil
	})
}

// awaitResolved waits until the latest about each of the alerts is that it has ended.
func (hook *webhook) awaitResolved(t *testing.T, p *process, after int, alerts ...expected) {
	t.Helper()
	p.eventually(t, settled, func() error {
		for _, e := range alerts {
			if got := hook.statuses(e, after); len(got) == 0 || got[len(got)-1] != "resolved" {
				return fmt.Errorf("%s has arrived as %v, want resolved in the end", e, got)
			}
		}
		return nil
	})
}

// alertmanager is a running Alertmanager.
type alertmanager struct {
	*process
	*client
}

// startAlertmanager starts an Alertmanager with the configuration that is shipped. What is changed in it: all receivers
// are the webhook, groups wait for seconds, and there is no night and no weekend, or the test would fail in them.
func startAlertmanager(t *testing.T, hook *webhook) *alertmanager {
	t.Helper()
	var document yaml.Node
	body, err := os.ReadFile("../alerts/alertmanager.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(body, &document); err != nil {
		t.Fatal(err)
	}
	replaced := make(map[string]int)
	replace(&document, map[string]string{
		"url":            hook.server.URL,
		"group_wait":     "5s",
		"group_interval": "1s",
		"time_intervals": "[{years: ['1970']}]",
	}, replaced)
	if len(replaced) != 4 {
		t.Fatalf("the shipped configuration has only %v of what is to be replaced", replaced)
	}
	config, err := yaml.Marshal(&document)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	keep(t, "alertmanager.yml", config)
	if out, err := exec.Command(tool(t, "AMTOOL", "amtool"), "check-config", file).CombinedOutput(); err != nil {
		t.Fatalf("amtool check-config: %v\n%s", err, out)
	}
	address := freeAddress(t)
	manager := &alertmanager{client: newClient("http://" + address)}
	manager.process = start(t, unpacked(tool(t, "ALERTMANAGER", "prometheus-alertmanager"),
		"--config.file="+file,
		"--storage.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address,
		"--cluster.listen-address=", // alone, and without a port of its own
	))
	manager.eventually(t, 30*time.Second, func() error {
		_, err := manager.get("/-/ready")
		return err
	})
	return manager
}

// unpacked returns the command of a program that may lie in an unpacked Debian package. Debian's Alertmanager looks for
// its templates in /usr/share alone, so it gets a view of its own in which that is the folder of its package.
func unpacked(program string, arguments ...string) *exec.Cmd {
	share := filepath.Join(filepath.Dir(filepath.Dir(program)), "share")
	if _, err := os.Stat(filepath.Join(share, "prometheus", "alertmanager")); err != nil || share == "/usr/share" {
		return exec.Command(program, arguments...)
	}
	const script = `mount --bind "$0" /usr/share && exec "$@"`
	return exec.Command("unshare", append([]string{"--map-root-user", "--mount", "sh", "-c", script, share, program}, arguments...)...)
}

// replace gives new values to keys, wherever they stand below the node. The list of named intervals has the name of
// what is in it: only the inner one is a value.
func replace(node *yaml.Node, values map[string]string, replaced map[string]int) {
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 1 {
			key := node.Content[i-1].Value
			text, ok := values[key]
			if ok && !named(child) {
				var value yaml.Node
				if err := yaml.Unmarshal([]byte(text), &value); err != nil {
					panic(err) // a text of this file
				}
				*child = *value.Content[0]
				replaced[key]++
				continue
			}
		}
		replace(child, values, replaced)
	}
}

// named says whether the node is a list of things that have names.
func named(node *yaml.Node) bool {
	return node.Kind == yaml.SequenceNode && len(node.Content) > 0 && len(node.Content[0].Content) > 0 &&
		node.Content[0].Content[0].Value == "name"
}

// states returns how the alerts of an instance stand by their names: "active", "inhibited", or "active and inhibited".
func (m *alertmanager) states(instance string) (map[string]string, error) {
	var alerts []struct {
		Labels map[string]string `json:"labels"`
		Status struct {
			State       string   `json:"state"`
			InhibitedBy []string `json:"inhibitedBy"`
		} `json:"status"`
	}
	if err := m.getJSON("/api/v2/alerts?filter="+url.QueryEscape(fmt.Sprintf("instance=%q", instance)), &alerts); err != nil {
		return nil, err
	}
	states := make(map[string]string)
	for _, a := range alerts {
		state := a.Status.State
		if state == "suppressed" && len(a.Status.InhibitedBy) > 0 {
			state = "inhibited"
		}
		name := a.Labels["alertname"]
		if before := states[name]; before != "" && before != state {
			state = "active and inhibited"
		}
		states[name] = state
	}
	return states, nil
}

// waitUntil waits until the alerts of an instance with these names are there and all in one state.
func (m *alertmanager) waitUntil(t *testing.T, instance, state string, names ...string) {
	t.Helper()
	m.eventually(t, settled, func() error {
		states, err := m.states(instance)
		if err != nil {
			return err
		}
		for _, name := range names {
			if states[name] != state {
				return fmt.Errorf("%s of %s is %q, want %q", name, instance, states[name], state)
			}
		}
		return nil
	})
}

// shortRules writes the shipped rules with their waiting times cut short to a folder, and returns its path.
func shortRules(t *testing.T, wait, window time.Duration) string {
	t.Helper()
	dir := t.TempDir()
	arguments := []string{"run", "../alerts/shorten", "-for=" + wait.String(), "-window=" + window.String(), "-out=" + dir,
		"../alerts/limits.yml", "../alerts/recording.yml", "../alerts/core.yml", "../alerts/extended.yml"}
	if out, err := exec.Command("go", arguments...).CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	return dir
}
