// Package deploy holds what runs the exporter: systemd units, containers,
// Kubernetes manifests. This test keeps what is derived in step with its source.
package deploy

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the generated manifests anew")

const (
	operator   = "kubernetes/components/prometheus-operator"
	dashboards = "kubernetes/dashboards"
)

// kustomization is what we look at in a kustomization.yaml.
type kustomization struct {
	Resources  []string `yaml:"resources"`
	ConfigMaps []struct {
		Files []string `yaml:"files"`
	} `yaml:"configMapGenerator"`
}

func readKustomization(t *testing.T, dir string) kustomization {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "kustomization.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var k kustomization
	if err := yaml.Unmarshal(content, &k); err != nil {
		t.Fatal(err)
	}
	return k
}

// matching returns the files of a pattern that must not be empty.
func matching(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("%s: expected at least one file", pattern)
	}
	return files
}

// prometheusRule wraps a rule file into the operator's resource. The text is
// kept, comments included: it only moves to the right.
func prometheusRule(name, rules string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Generated from alerts/%[1]s.yml by go test ./deploy -update. Do not edit.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: securitycenter-%[1]s
spec:
`, name)
	for line := range strings.Lines(rules) {
		if strings.TrimSpace(line) != "" {
			b.WriteString("  ")
		}
		b.WriteString(line)
	}
	return b.String()
}

func TestEveryRuleFileIsAPrometheusRule(t *testing.T) {
	resources := readKustomization(t, operator).Resources
	wrapped := 0
	for _, source := range matching(t, "../alerts/*.yml") {
		rules, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		var plain struct{ Groups any }
		if err := yaml.Unmarshal(rules, &plain); err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		if plain.Groups == nil {
			continue // not rules
		}
		wrapped++
		name := strings.TrimSuffix(filepath.Base(source), ".yml")
		t.Run(name, func(t *testing.T) {
			want := prometheusRule(name, string(rules))
			resource := "rules-" + name + ".yaml"
			file := filepath.Join(operator, resource)
			if *update {
				if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Contains(resources, resource) {
				t.Errorf("%s is not among the resources of %s/kustomization.yaml", resource, operator)
			}
			got, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Errorf("%s is not what alerts/%s.yml says; run go test ./deploy -update (-want +got):\n%s", file, name, diff)
			}

			// Moved to the right, it must still say the same.
			var resourceSays struct{ Spec struct{ Groups any } }
			if err := yaml.Unmarshal([]byte(want), &resourceSays); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(plain.Groups, resourceSays.Spec.Groups); diff != "" {
				t.Errorf("the groups differ (-file +resource):\n%s", diff)
			}
		})
	}
	if want := len(resources) - 1; wrapped != want { // the other one is scrapeconfig.yaml
		t.Errorf("alerts/ has %d files with rules, %s/kustomization.yaml lists %d", wrapped, operator, want)
	}
}

func TestEveryDashboardIsAConfigMap(t *testing.T) {
	var got []string
	for _, configMap := range readKustomization(t, dashboards).ConfigMaps {
		got = append(got, configMap.Files...)
	}
	slices.Sort(got)
	var want []string
	for _, file := range matching(t, "../dashboards/*.json") {
		want = append(want, "../../"+filepath.ToSlash(file))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s/kustomization.yaml (-dashboards +listed):\n%s", dashboards, diff)
	}
}
