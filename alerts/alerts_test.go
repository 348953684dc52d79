package alerts

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const runbooks = "https://github.com/securitycenter-exporter/securitycenter_exporter/blob/main/docs/runbooks.md#"

type rule struct {
	Record      string            `yaml:"record"`
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

type ruleTest struct {
	Name      string `yaml:"name"`
	AlertTest []struct {
		Alert    string           `yaml:"alertname"`
		Expected []map[string]any `yaml:"exp_alerts"`
	} `yaml:"alert_rule_test"`
	ExprTest []struct {
		Expr     string           `yaml:"expr"`
		Expected []map[string]any `yaml:"exp_samples"`
	} `yaml:"promql_expr_test"`
}

func TestEveryAlertFiresInATestAndStaysSilentInATest(t *testing.T) {
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, test := range ruleTests(t) {
		for _, at := range test.AlertTest {
			if len(at.Expected) > 0 {
				fires[at.Alert] = true
			} else {
				silent[at.Alert] = true
			}
		}
	}
	known := alertsOf(t)
	for name := range known {
		if !fires[name] {
			t.Errorf("%s fires in no test of alerts/tests", name)
		}
		if !silent[name] {
			t.Errorf("%s stays silent in no test of alerts/tests", name)
		}
	}
	// promtool takes the name of an alert that does not exist for one that does not fire.
	for name := range silent {
		if _, ok := known[name]; !ok {
			t.Errorf("a test of alerts/tests is about %s, which is no alert", name)
		}
	}
}

func TestEveryRecordingRuleHasATestOfItsValue(t *testing.T) {
	tested := map[string]bool{}
	for _, test := range ruleTests(t) {
		for _, at := range test.ExprTest {
			for _, name := range recorded.FindAllString(at.Expr, -1) {
				tested[name] = tested[name] || len(at.Expected) > 0
			}
		}
	}
	names := map[string]bool{}
	for _, r := range slices.Concat(rules(t, "limits.yml"), rules(t, "recording.yml")) {
		if names[r.Record] {
			t.Errorf("%s is recorded twice", r.Record)
		}
		names[r.Record] = true
		if !recorded.MatchString(r.Record) {
			t.Errorf("%s is no name of the form level:securitycenter_metric:operation", r.Record)
		}
		if !tested[r.Record] {
			t.Errorf("%s has no value in a test of alerts/tests", r.Record)
		}
	}
	// An alert on a name that nobody records never fires.
	for _, file := range []string{"limits.yml", "recording.yml", "core.yml", "extended.yml"} {
		for _, r := range rules(t, file) {
			for _, name := range recorded.FindAllString(r.Expr, -1) {
				if !names[name] {
					t.Errorf("%s: %s%s uses %s, which no rule records", file, r.Alert, r.Record, name)
				}
			}
		}
	}
}

var recorded = regexp.MustCompile(`\binstance[a-z_]*:securitycenter_[a-z_]+:[a-z0-9_]+\b`)

func TestEveryAlertSaysWhatToDo(t *testing.T) {
	sections := runbookSections(t)
	known := alertsOf(t)
	for name, r := range known {
		for _, key := range []string{"summary", "description", "runbook_url"} {
			if strings.TrimSpace(r.Annotations[key]) == "" {
				t.Errorf("%s has no %s", name, key)
			}
		}
		if want := runbooks + strings.ToLower(name); r.Annotations["runbook_url"] != want {
			t.Errorf("%s: runbook_url is %s, expected %s", name, r.Annotations["runbook_url"], want)
		}
		if severity := r.Labels["severity"]; !slices.Contains([]string{"critical", "warning", "info"}, severity) {
			t.Errorf("%s: severity is %q, expected critical, warning or info", name, severity)
		}
		if class := r.Labels["class"]; !slices.Contains([]string{"symptom", "cause", "data-quality"}, class) {
			t.Errorf("%s: class is %q, expected symptom, cause or data-quality", name, class)
		}
		section := sections[name]
		for _, part := range []string{"**Means**", "**Look**", "**Do**"} {
			if !strings.Contains(section, part) {
				t.Errorf("docs/runbooks.md: section %s has no %s", name, part)
			}
		}
		if want := "`" + r.Labels["severity"] + "`, `" + r.Labels["class"] + "`"; !strings.Contains(section, want) {
			t.Errorf("docs/runbooks.md: section %s does not say %s", name, want)
		}
	}
	for name := range sections {
		if _, ok := known[name]; !ok {
			t.Errorf("docs/runbooks.md has a section %s, which is no alert", name)
		}
	}
}

func TestAlertmanagerExampleNamesOnlyAlertsThatExist(t *testing.T) {
	body := read(t, "alertmanager.yml")
	known := alertsOf(t)
	names := regexp.MustCompile(`SecurityCenter[A-Za-z]+`).FindAllString(body, -1)
	if len(names) == 0 {
		t.Fatal("alertmanager.yml names no alert")
	}
	for _, name := range names {
		if _, ok := known[name]; !ok {
			t.Errorf("alertmanager.yml names %s, which is no alert", name)
		}
	}
}

func TestCoreIsSmall(t *testing.T) {
	if n := len(rules(t, "core.yml")); n < 15 || n > 20 {
		t.Errorf("core.yml has %d alerts, expected 15 to 20: more belong into extended.yml", n)
	}
}

// alertsOf returns all alerts by name.
func alertsOf(t *testing.T) map[string]rule {
	t.Helper()
	all := map[string]rule{}
	for _, r := range slices.Concat(rules(t, "core.yml"), rules(t, "extended.yml")) {
		if _, twice := all[r.Alert]; twice || r.Alert == "" {
			t.Errorf("alert %q is there twice, or has no name", r.Alert)
		}
		all[r.Alert] = r
	}
	return all
}

func rules(t *testing.T, name string) []rule {
	t.Helper()
	var file struct {
		Groups []struct {
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal([]byte(read(t, name)), &file); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var all []rule
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) == 0 {
		t.Fatalf("%s has no rules", name)
	}
	return all
}

func ruleTests(t *testing.T) []ruleTest {
	t.Helper()
	names, err := filepath.Glob("tests/*.yml")
	if err != nil || len(names) == 0 {
		t.Fatalf("found no tests in alerts/tests: %v", err)
	}
	var all []ruleTest
	for _, name := range names {
		var file struct {
			Tests []ruleTest `yaml:"tests"`
		}
		if err := yaml.Unmarshal([]byte(read(t, name)), &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, file.Tests...)
	}
	return all
}

// runbookSections returns the text of every section of the runbooks by its title.
func runbookSections(t *testing.T) map[string]string {
	t.Helper()
	sections := map[string]string{}
	for part := range strings.SplitSeq(read(t, "../docs/runbooks.md"), "\n### ") {
		title, text, _ := strings.Cut(part, "\n")
		if strings.HasPrefix(title, "SecurityCenter") {
			sections[title] = text
		}
	}
	if len(sections) == 0 {
		t.Fatal("docs/runbooks.md has no section titled with the name of an alert")
	}
	return sections
}

func read(t *testing.T, name string) string {
	t.Helper()
	body, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
