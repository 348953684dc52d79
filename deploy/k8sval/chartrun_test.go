package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	corev1 "k8s.io/api/core/v1"
)

const configFolder = "/etc/securitycenter_exporter"

// program builds the exporter, or takes the one that EXPORTER names.
func program(t *testing.T) string {
	t.Helper()
	if binary := os.Getenv("EXPORTER"); binary != "" {
		return binary
	}
	binary := filepath.Join(t.TempDir(), "securitycenter_exporter")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = filepath.Join("..", "..")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return binary
}

// said is what a process writes; who waits for a text in it is woken by every write.
type said struct {
	mu    sync.Mutex
	b     bytes.Buffer
	wrote chan struct{}
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.wrote)
	s.wrote = make(chan struct{})
	return s.b.Write(p)
}

func (s *said) find(t *testing.T, pattern string) string {
	t.Helper()
	late := time.After(time.Minute)
	for {
		s.mu.Lock()
		text, wrote := s.b.String(), s.wrote
		s.mu.Unlock()
		if m := regexp.MustCompile(pattern).FindStringSubmatch(text); m != nil {
			return m[len(m)-1]
		}
		select {
		case <-wrote:
		case <-late:
			t.Fatalf("nothing matches %s:\n%s", pattern, text)
		}
	}
}

// start runs a program until the test ends.
func start(t *testing.T, env []string, binary string, args ...string) *said {
	t.Helper()
	s := &said{wrote: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, binary, args...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 20 * time.Second
	c.Env, c.Stdout, c.Stderr = env, s, s
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = c.Wait() // that it was interrupted is no news
	})
	return s
}

// secrets are what a site has made before it installs the chart.
func secrets(t *testing.T, address string) (map[string]map[string]string, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(public)
	return map[string]map[string]string{
		"Secret/sc-secrets": {
			"hq-admin": "admin-password", "hq-analyst": "analyst-password", "tls.crt": string(public),
			"tls.key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
		},
		"ConfigMap/sc-config": {"config.yml": "consoles: [{name: hq, url: '" + address + "', accounts: [{name: admin, username: admin, password_file: hq-admin}, {name: analyst, username: analyst, password_file: hq-analyst}]}]\n"},
	}, pool
}

// mounted lays out a volume as the kubelet does.
func (r release) mounted(t *testing.T, v corev1.Volume, existing map[string]map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	if v.Projected == nil {
		return folder
	}
	for _, source := range v.Projected.Sources {
		name := ""
		if source.ConfigMap != nil {
			name = "ConfigMap/" + source.ConfigMap.Name
		} else {
			name = "Secret/" + source.Secret.Name
		}
		files := r.files[name]
		if files == nil {
			files = existing[name]
		}
		if len(files) == 0 {
			t.Errorf("there is no %s", name)
		}
		for file, content := range files {
			if err := os.WriteFile(filepath.Join(folder, file), []byte(content), 0o440); err != nil {
				t.Fatal(err)
			}
		}
	}
	return folder
}

// TestThePodOfTheChartExports runs what a pod of the chart would run: its arguments, environment and files, in other
// folders and at another port, against a simulated console; asks it for its health as the probes do and as helm test
// does; and scrapes it as Prometheus is told to.
func TestThePodOfTheChartExports(t *testing.T) {
	binary := program(t)
	consoles := start(t, nil, binary, "--demo", "--web.listen-address=127.0.0.1:0")
	address := consoles.find(t, `\n +sc6 +(http://[0-9.:]+)/rest`)
	existing, authorities := secrets(t, address)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authorities}}}
	t.Cleanup(client.CloseIdleConnections)

	files, err := filepath.Glob(filepath.Join(chartFolder, "ci", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			v := values(t, file)
			if config, ok := v["config"].(map[string]any); ok {
				config["consoles"].([]any)[0].(map[string]any)["url"] = address
			}
			r := install(t, v)
			pod := r.deployment.Spec.Template.Spec
			folders := map[string]string{}
			for _, volume := range pod.Volumes {
				folders[volume.Name] = r.mounted(t, volume, existing)
			}
			container := pod.Containers[0]
			listen := ""
			moved := func(s string) string {
				for _, m := range container.VolumeMounts {
					s = strings.ReplaceAll(s, m.MountPath, folders[m.Name])
				}
				if at, isListen := strings.CutPrefix(s, "--web.listen-address="); isListen {
					if !strings.HasSuffix(at, ":10078") {
						t.Errorf("it listens on %s, the container's port is 10078", at)
					}
					return "--web.listen-address=127.0.0.1:0"
				}
				return s
			}
			var args, env []string
			for _, a := range container.Args {
				args = append(args, moved(a))
			}
			for _, e := range container.Env {
				env = append(env, e.Name+"="+moved(e.Value))
			}
			log := start(t, env, binary, args...)
			listen = log.find(t, `address"?[:=]"?(127\.0\.0\.1:\d+)`)

			healthy := func(what string, args ...string) {
				t.Helper()
				if said, err := exec.Command(binary, args...).CombinedOutput(); err != nil {
					t.Errorf("%s: %v\n%s", what, err, said)
				}
			}
			for name, probe := range map[string]*corev1.Probe{"startup": container.StartupProbe, "readiness": container.ReadinessProbe, "liveness": container.LivenessProbe} {
				if probe.Exec != nil {
					if probe.Exec.Command[0] != "/securitycenter_exporter" {
						t.Errorf("the %s probe runs %s", name, probe.Exec.Command[0])
					}
					args := []string{"--web.listen-address=" + listen}
					for _, a := range probe.Exec.Command[1:] {
						args = append(args, moved(a))
					}
					healthy(name+" probe", args...)
				} else if res, err := client.Get("http://" + listen + probe.HTTPGet.Path); err != nil || res.StatusCode != http.StatusOK {
					t.Errorf("the %s probe: %v %v", name, res, err)
				}
			}
			test := r.test.Spec.Containers[0]
			service := fmt.Sprintf("%s.monitoring.svc:%d", r.service.Name, r.service.Spec.Ports[0].Port)
			if !slices.Contains(test.Args, "--web.listen-address="+service) {
				t.Errorf("helm test asks %q, the service is %s", test.Args, service)
			}
			args = nil
			for _, a := range test.Args {
				args = append(args, strings.Replace(moved(strings.Replace(a, service, ":10078", 1)), "127.0.0.1:0", listen, 1))
			}
			healthy("helm test", args...)

			r.scraped(t, client, listen, service)
		})
	}
}

// scraped asks the exporter for all that Prometheus would.
func (r release) scraped(t *testing.T, client *http.Client, listen, service string) {
	t.Helper()
	get := func(scheme, path string, auth bool) string {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, scheme+"://"+listen+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if auth {
			req.SetBasicAuth("prometheus", "correct horse")
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("GET %s: %s %v\n%s", path, res.Status, err, body)
		}
		return string(body)
	}
	up := func(text, what string) {
		t.Helper()
		if !strings.Contains(text, "\nsecuritycenter_up 1\n") {
			t.Errorf("%s is not up", what)
		}
	}
	if r.scrape != nil {
		at, err := url.Parse(string(r.scrape.Spec.HTTPSDConfigs[0].URL))
		if err != nil || at.Host != service || at.Path != "/sd" {
			t.Fatalf("service discovery is at %s, the service is %s", at, service)
		}
		auth := r.scrape.Spec.BasicAuth != nil
		var groups []struct{ Labels map[string]string }
		if err := json.Unmarshal([]byte(get(at.Scheme, at.Path, auth)), &groups); err != nil || len(groups) < 2 {
			t.Fatalf("service discovery tells %v, %v", groups, err)
		}
		for _, g := range groups {
			path := g.Labels["__metrics_path__"]
			if target := g.Labels["__param_target"]; target != "" {
				up(get(g.Labels["__scheme__"], path+"?target="+target, auth), target)
			}
		}
	}
	if r.monitor != nil {
		for _, e := range r.monitor.Spec.Endpoints {
			r.endpoint(t, e, get, up)
		}
	}
	if r.scrape == nil && r.monitor == nil {
		if !strings.Contains(get("http", "/sd", false), "__metrics_path__") {
			t.Error("there is no service discovery")
		}
	}
}

func (r release) endpoint(t *testing.T, e monitoringv1.Endpoint, get func(scheme, path string, auth bool) string, up func(text, what string)) {
	t.Helper()
	if e.Port != r.service.Spec.Ports[0].Name {
		t.Errorf("the ServiceMonitor names port %s", e.Port)
	}
	text := get(strings.ToLower(string(*e.Scheme)), e.Path+"?"+url.Values(e.Params).Encode(), e.BasicAuth != nil)
	if targets := e.Params["target"]; targets != nil {
		up(text, targets[0])
	} else if !strings.Contains(text, "securitycenter_exporter_build_info") {
		t.Errorf("%s is not the exporter itself", e.Path)
	}
}
