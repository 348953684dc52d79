package main

import (
	"bytes"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1alpha1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"gopkg.in/yaml.v3"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

const chartFolder = "../helm/securitycenter-exporter"

// release is what the chart makes of some values.
type release struct {
	deployment *appsv1.Deployment
	service    *corev1.Service
	policy     *networkingv1.NetworkPolicy
	claim      *corev1.PersistentVolumeClaim
	scrape     *monitoringv1alpha1.ScrapeConfig
	monitor    *monitoringv1.ServiceMonitor
	rules      []*monitoringv1.PrometheusRule
	boards     map[string]string            // name of the file to content
	files      map[string]map[string]string // of ConfigMaps and Secrets, by kind/name
	test       *corev1.Pod
}

func loadChart(t *testing.T) *chart.Chart {
	t.Helper()
	c, err := loader.LoadDir(chartFolder)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// values reads a file of values.
func values(t *testing.T, file string) map[string]any {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	v := map[string]any{}
	if err := yaml.Unmarshal(content, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// render is helm template: the error is what the schema or a template says of the values.
func render(t *testing.T, v map[string]any) (string, error) {
	t.Helper()
	c := loadChart(t)
	o := chartutil.ReleaseOptions{Name: "rel", Namespace: "monitoring", IsInstall: true, Revision: 1}
	all, err := chartutil.ToRenderValues(c, v, o, nil)
	if err != nil {
		return "", err
	}
	rendered, err := engine.Render(c, all)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for name, content := range rendered {
		if strings.HasSuffix(name, ".yaml") && strings.TrimSpace(content) != "" {
			b.WriteString("\n---\n" + content)
		}
	}
	return b.String(), nil
}

// install decodes what the chart makes of some values, strictly.
func install(t *testing.T, v map[string]any) release {
	t.Helper()
	text, err := render(t, v)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rendered.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := release{boards: map[string]string{}, files: map[string]map[string]string{}}
	decoder, err := strict()
	if err != nil {
		t.Fatal(err)
	}
	each := func(object runtime.Object) {
		switch o := object.(type) {
		case *appsv1.Deployment:
			r.deployment = o
		case *corev1.Service:
			r.service = o
		case *networkingv1.NetworkPolicy:
			r.policy = o
		case *corev1.PersistentVolumeClaim:
			r.claim = o
		case *corev1.Pod:
			r.test = o
		case *corev1.ConfigMap:
			if _, board := o.Labels["grafana_dashboard"]; board {
				for name, content := range o.Data {
					r.boards[name] = content
				}
				return
			}
			r.files["ConfigMap/"+o.Name] = o.Data
		case *corev1.Secret:
			r.files["Secret/"+o.Name] = o.StringData
		case *monitoringv1.PrometheusRule:
			r.rules = append(r.rules, o)
		case *monitoringv1.ServiceMonitor:
			r.monitor = o
		case *monitoringv1alpha1.ScrapeConfig:
			r.scrape = o
		}
	}
	if err := check(file, decoder, io.Discard, each); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return r
}

func TestWhatTheChartMakesFitsTogether(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(chartFolder, "ci", "*.yaml"))
	if err != nil || len(files) < 6 {
		t.Fatalf("%d files of values, %v; want at least 6", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			r := install(t, values(t, file))
			pod := r.deployment.Spec.Template
			for name, selector := range map[string]map[string]string{
				"service": r.service.Spec.Selector, "deployment": r.deployment.Spec.Selector.MatchLabels,
			} {
				if len(selector) == 0 || !within(selector, pod.Labels) {
					t.Errorf("the %s selects %v, the pod has %v", name, selector, pod.Labels)
				}
			}
			if r.policy != nil && !within(r.policy.Spec.PodSelector.MatchLabels, pod.Labels) {
				t.Errorf("the network policy selects %v", r.policy.Spec.PodSelector.MatchLabels)
			}
			if r.monitor != nil && !within(r.monitor.Spec.Selector.MatchLabels, r.service.Labels) {
				t.Errorf("the ServiceMonitor selects %v, the service has %v", r.monitor.Spec.Selector.MatchLabels, r.service.Labels)
			}
			container := pod.Spec.Containers[0]
			ports := map[string]int32{}
			for _, p := range container.Ports {
				ports[p.Name] = p.ContainerPort
			}
			if ports[r.service.Spec.Ports[0].TargetPort.StrVal] != 10078 {
				t.Errorf("the service leads to %v, the container has %v", r.service.Spec.Ports[0].TargetPort, ports)
			}
			volumes := map[string]bool{}
			for _, v := range pod.Spec.Volumes {
				volumes[v.Name] = true
			}
			for _, m := range container.VolumeMounts {
				if !volumes[m.Name] {
					t.Errorf("there is no volume %s", m.Name)
				}
			}
			if r.claim != nil {
				if !slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool {
					return v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == r.claim.Name
				}) {
					t.Errorf("nothing mounts the claim %s", r.claim.Name)
				}
			}
		})
	}
}

func within(some, all map[string]string) bool {
	for k, v := range some {
		if all[k] != v {
			return false
		}
	}
	return true
}

func TestValuesThatMakeNoSenseAreRefused(t *testing.T) {
	for _, x := range []struct{ name, values, says string }{
		{"nothing to export", "{}", "nothing to export"},
		{"a demonstration with a configuration", "{demo: true, config: {consoles: []}}", "either config or demo"},
		{"a value that does not exist", "{demo: true, replicas: 2}", "replicas"},
		{"the same further down", "{demo: true, service: {prot: 1}}", "prot"},
		{"a limit of an alert that has none", "{demo: true, prometheusRule: {limits: {SecurityCenterDown: 1}}}", "SecurityCenterDown"},
		{"a port out of bounds", "{demo: true, service: {port: 100000}}", "port"},
		{"consoles that nobody names", "{existingConfigMap: x, serviceMonitor: {enabled: true}}", "serviceMonitor.consoles"},
	} {
		t.Run(x.name, func(t *testing.T) {
			v := map[string]any{}
			if err := yaml.Unmarshal([]byte(x.values), &v); err != nil {
				t.Fatal(err)
			}
			if _, err := render(t, v); err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("%v, want %q", err, x.says)
			}
		})
	}
}

// shippedRules are the groups of alerts/.
func shippedRules(t *testing.T) map[string]monitoringv1.Rule {
	t.Helper()
	rules := map[string]monitoringv1.Rule{}
	for _, name := range []string{"limits", "recording", "core", "extended"} {
		var plain struct {
			Groups []struct{ Rules []map[string]any }
		}
		content, err := os.ReadFile(filepath.Join("..", "..", "alerts", name+".yml"))
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(content, &plain); err != nil {
			t.Fatal(err)
		}
		for _, g := range plain.Groups {
			for _, r := range g.Rules {
				rule := monitoringv1.Rule{}
				rule.Alert, _ = r["alert"].(string)
				rule.Record, _ = r["record"].(string)
				rule.Expr.StrVal, _ = r["expr"].(string)
				rules[rule.Alert+rule.Record] = rule
			}
		}
	}
	return rules
}

func TestTheRulesOfTheChartAreThoseOfAlerts(t *testing.T) {
	shipped := shippedRules(t)
	if len(shipped) < 70 {
		t.Fatalf("%d rules in alerts/", len(shipped))
	}
	expressions := func(v map[string]any) map[string]monitoringv1.Rule {
		found := map[string]monitoringv1.Rule{}
		for _, o := range install(t, v).rules {
			for _, g := range o.Spec.Groups {
				for _, r := range g.Rules {
					found[r.Alert+r.Record] = r
				}
			}
		}
		return found
	}
	spaces := regexp.MustCompile(`\s+`)
	same := func(a, b string) bool {
		return strings.TrimSpace(spaces.ReplaceAllString(a, " ")) == strings.TrimSpace(spaces.ReplaceAllString(b, " "))
	}
	asTheyAre := expressions(map[string]any{"demo": true, "prometheusRule": map[string]any{"enabled": true}})
	if len(asTheyAre) != len(shipped) {
		t.Errorf("%d rules, want %d", len(asTheyAre), len(shipped))
	}
	for name, r := range shipped {
		if got := asTheyAre[name].Expr.StrVal; !same(got, r.Expr.StrVal) {
			t.Errorf("%s is %s, want %s", name, got, r.Expr.StrVal)
		}
	}
	own := expressions(values(t, filepath.Join(chartFolder, "ci", "operator.yaml")))
	if _, there := own["SecurityCenterWatchFirstSeen"]; there || len(own) != len(shipped)-1 {
		t.Errorf("a disabled alert is there, or others are not: %d of %d", len(own), len(shipped))
	}
	for name, want := range map[string]string{
		"SecurityCenterClockSkew": "abs(securitycenter_clock_skew_seconds) > 60",
		"SecurityCenterFeedStale": `instance_feed:securitycenter_feed:age_seconds{feed="active"} > 5 * 86400`,
		"SecurityCenterDown":      shipped["SecurityCenterDown"].Expr.StrVal,
	} {
		if got := own[name].Expr.StrVal; !same(got, want) {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
		if url := own[name].Annotations["runbook_url"]; url != "https://exporter.example.org/docs/runbooks.md#"+strings.ToLower(name) {
			t.Errorf("the runbook of %s is at %s", name, url)
		}
	}
}

func TestTheBoardsOfTheChartAreThoseOfDashboards(t *testing.T) {
	boards := install(t, values(t, filepath.Join(chartFolder, "ci", "operator.yaml"))).boards
	shipped, err := filepath.Glob("../../dashboards/*.json")
	if err != nil || len(shipped) != len(boards) {
		t.Fatalf("%d boards, want %d: %v", len(boards), len(shipped), err)
	}
	for _, file := range shipped {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !sameJSON(t, content, []byte(boards["securitycenter-"+path.Base(filepath.ToSlash(file))])) {
			t.Errorf("%s is another board in the chart", file)
		}
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var texts [2][]byte
	for i, text := range [][]byte{a, b} {
		var x any
		if err := yaml.Unmarshal(text, &x); err != nil {
			t.Fatal(err)
		}
		var err error
		if texts[i], err = yaml.Marshal(x); err != nil {
			t.Fatal(err)
		}
	}
	return bytes.Equal(texts[0], texts[1])
}
