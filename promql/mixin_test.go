package promql

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-jsonnet"
	"go.yaml.in/yaml/v3"
)

// evaluated is what the mixin gives, with more jsonnet behind it.
func evaluated(t *testing.T, more string) map[string]any {
	t.Helper()
	text, err := jsonnet.MakeVM().EvaluateAnonymousSnippet("test.jsonnet", "(import '../mixin/mixin.libsonnet') "+more)
	if err != nil {
		t.Fatal(err)
	}
	var x map[string]any
	if err := json.Unmarshal([]byte(text), &x); err != nil {
		t.Fatal(err)
	}
	return x
}

// shipped is a file as JSON has it.
func shipped(t *testing.T, parts ...string) map[string]any {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(append([]string{".."}, parts...)...))
	if err != nil {
		t.Fatal(err)
	}
	var x any
	if err := yaml.Unmarshal(content, &x); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheMixinIsWhatIsShipped(t *testing.T) {
	mixin := evaluated(t, "")
	groups := func(of string) []any { return mixin[of].(map[string]any)["groups"].([]any) }
	if want := append(shipped(t, "alerts", "limits.yml")["groups"].([]any), shipped(t, "alerts", "recording.yml")["groups"].([]any)...); !reflect.DeepEqual(groups("prometheusRules"), want) {
		t.Errorf("the recording rules are others: %v", groups("prometheusRules"))
	}
	want := append(shipped(t, "alerts", "core.yml")["groups"].([]any), shipped(t, "alerts", "extended.yml")["groups"].([]any)...)
	if !reflect.DeepEqual(groups("prometheusAlerts"), want) {
		t.Error("the alerts are others")
	}
	boards, err := filepath.Glob(filepath.Join("..", "dashboards", "*.json"))
	found, ok := mixin["grafanaDashboards"].(map[string]any)
	if err != nil || !ok || len(boards) == 0 || len(found) != len(boards) {
		t.Fatalf("%d boards, want %d: %v", len(found), len(boards), err)
	}
	for _, board := range boards {
		if !reflect.DeepEqual(found["securitycenter-"+filepath.Base(board)], any(shipped(t, "dashboards", filepath.Base(board)))) {
			t.Errorf("%s is another board", board)
		}
	}
}

func TestTheMixinIsConfigured(t *testing.T) {
	mixin := evaluated(t, "+ {_config+:: {runbooks: 'https://wiki.example/sc', disabled: ['SecurityCenterDown']}}")
	alerts := 0
	for _, group := range mixin["prometheusAlerts"].(map[string]any)["groups"].([]any) {
		for _, rule := range group.(map[string]any)["rules"].([]any) {
			r := rule.(map[string]any)
			alerts++
			name := r["alert"].(string)
			if name == "SecurityCenterDown" {
				t.Error("a disabled alert is there")
			}
			if url := r["annotations"].(map[string]any)["runbook_url"]; url != "https://wiki.example/sc#"+strings.ToLower(name) {
				t.Errorf("the runbook of %s is at %s", name, url)
			}
		}
	}
	if alerts < 50 {
		t.Errorf("%d alerts", alerts)
	}
}
