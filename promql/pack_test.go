package promql

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/securitycenter-exporter/securitycenter_exporter/dashboards"
)

type ruleFile struct {
	Groups []struct {
		Rules []struct {
			Record, Alert, Expr string
			Labels, Annotations map[string]string
		}
	}
}

func known(t *testing.T) names {
	t.Helper()
	n, err := exposed(filepath.Join("..", "docs", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// inText finds the labels that an annotation shows.
var inText = regexp.MustCompile(`\$labels\.(\w+)`)

// checkRules checks the rules of a file, in order: a recorded name exists from
// then on. It returns how many expressions there were.
func checkRules(t *testing.T, n names, content []byte, file string) (rules int) {
	t.Helper()
	var f ruleFile
	if err := yaml.Unmarshal(content, &f); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for _, g := range f.Groups {
		for _, r := range g.Rules {
			rules++
			name := r.Record + r.Alert
			labels, err := n.labelsOf(r.Expr)
			if err != nil {
				t.Errorf("%s: %s: %v", file, name, err)
				continue
			}
			if by, err := n.renamed(r.Expr); err != nil || len(by) > 0 {
				t.Errorf("%s: %s: %q, %v", file, name, by, err)
			}
			for l := range r.Labels {
				labels[l] = true
			}
			for _, text := range r.Annotations {
				for _, m := range inText.FindAllStringSubmatch(text, -1) {
					if !labels[m[1]] {
						t.Errorf("%s: %s: its text shows the label %s, which it does not have", file, name, m[1])
					}
				}
			}
			if r.Record != "" {
				var list []string
				for l := range labels {
					list = append(list, l)
				}
				n.add(r.Record, list...)
			}
		}
	}
	return rules
}

func TestRulesNameOnlyWhatIsExposed(t *testing.T) {
	n := known(t)
	rules := 0
	for _, file := range []string{"limits.yml", "recording.yml", "core.yml", "extended.yml"} {
		content, err := os.ReadFile(filepath.Join("..", "alerts", file))
		if err != nil {
			t.Fatal(err)
		}
		rules += checkRules(t, n, content, file)
	}
	if rules < 48 { // 30 alerts and the recording rules
		t.Errorf("only %d rules were found", rules)
	}
	t.Logf("%d expressions of rules", rules)
}

// plain replaces Grafana's variables by what they may stand for.
var variable = regexp.MustCompile(`\$\{?(\w+)(:\w+)?\}?`)

func plain(expression string) string {
	return variable.ReplaceAllStringFunc(expression, func(v string) string {
		switch variable.FindStringSubmatch(v)[1] {
		case "__rate_interval", "__interval":
			return "5m"
		case "__range":
			return "1h"
		}
		return "1"
	})
}

func TestDashboardsNameOnlyWhatIsExposed(t *testing.T) {
	n := known(t)
	for _, file := range []string{"limits.yml", "recording.yml"} {
		content, err := os.ReadFile(filepath.Join("..", "alerts", file))
		if err != nil {
			t.Fatal(err)
		}
		checkRules(t, n, content, file)
	}
	expressions := dashboards.Expressions()
	for _, e := range expressions {
		if _, err := n.labelsOf(plain(e.Expr)); err != nil {
			t.Errorf("board %s, panel %s: %v", e.Board, e.Panel, err)
		}
		if by, err := n.renamed(plain(e.Expr)); err != nil || len(by) > 0 {
			t.Errorf("board %s, panel %s: %q, %v", e.Board, e.Panel, by, err)
		}
	}
	if len(expressions) < 60 {
		t.Errorf("only %d expressions were found", len(expressions))
	}
	t.Logf("%d expressions of dashboards", len(expressions))
}

func TestWhatDoesNotExistIsNoticed(t *testing.T) {
	n := known(t)
	n.add("instance:recorded:sum", "job", "instance")
	for name, tt := range map[string]struct{ expression, says string }{
		"a metric that was renamed":            {"sum by (instance) (securitycenter_vulnerability)", "securitycenter_vulnerability"},
		"a label that does not exist":          {`securitycenter_vulnerabilities{repo="1"}`, "label repo"},
		"a grouping by no label":               {"sum by (scanner) (securitycenter_vulnerabilities)", "scanner"},
		"a join on no label":                   {"securitycenter_scanner_usable * on (job, instance, zone_id) group_left () securitycenter_scanner_enabled", "zone_id"},
		"an included label that is not there":  {"securitycenter_scanner_usable * on (scanner_id) group_left (zone) securitycenter_scanner_enabled", "zone"},
		"a label that was added up":            {`sum by (severity) (sum by (instance) (securitycenter_vulnerabilities))`, "severity"},
		"a recorded name that does not exist":  {"instance:recorded:sums", "instance:recorded:sums"},
		"a quantile over something else":       {"histogram_quantile(0.9, securitycenter_vulnerabilities)", "le"},
		"a replacement from a label not there": {`label_replace(securitycenter_up, "a", "$1", "severity", "(.*)")`, "severity"},
		"an error in the middle of a subquery": {"max_over_time(sum(securitycenter_nothing)[1h:5m])", "securitycenter_nothing"},
		"no PromQL":                            {"sum by (", "parse error"},
	} {
		if _, err := n.labelsOf(tt.expression); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want it to name %q", name, err, tt.says)
		}
	}
	for _, right := range []string{
		`topk(3, sum by (instance, repository_id) (securitycenter_vulnerabilities{severity="critical"}))`,
		`label_replace(securitycenter_vulnerabilities, "vuln_severity", "$1", "severity", "(.*)")`,
		`histogram_quantile(0.9, sum by (le, endpoint) (rate(securitycenter_api_request_duration_seconds_bucket[5m])))`,
		`securitycenter_scanner_usable == 0 and on (job, instance, scanner_id) securitycenter_scanner_enabled == 1`,
		`instance:recorded:sum > 0 or vector(0)`,
	} {
		if _, err := n.labelsOf(right); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatLooksIntoThePastByANameIsNoticed(t *testing.T) {
	n := known(t)
	n.add("instance_scanner:recorded:max", "job", "instance", "scanner_id", "scanner")
	for _, wrong := range []string{
		`max_over_time(securitycenter_scan_last_success[8d]) == 0`,
		`max by (instance, scan) (max_over_time(securitycenter_scan_last_success[8d]))`,
		`max without (job) (max_over_time(securitycenter_scan_last_success[8d]))`,
		`topk(3, max_over_time(securitycenter_scan_last_success[8d]))`,
		`securitycenter_vulnerabilities - securitycenter_vulnerabilities offset 7d`,
		`sum by (instance) (securitycenter_vulnerabilities) and securitycenter_repository_ips offset 7d`,
		`max_over_time(securitycenter_scan_last_success[8d]) and on (scan_id) securitycenter_scan_next_run_timestamp_seconds`,
		`securitycenter_scan_last_success and ignoring (job) securitycenter_scan_last_success offset 8d`,
		`max_over_time((securitycenter_scan_last_success == 0)[8d:5m])`,
		`avg_over_time(instance_scanner:recorded:max[7d])`,
		`sum(securitycenter_vulnerabilities - securitycenter_vulnerabilities offset 7d)`,
		`sum(securitycenter_vulnerabilities offset 7d > securitycenter_vulnerabilities)`,
	} {
		if by, err := n.renamed(wrong); err != nil || len(by) == 0 {
			t.Errorf("%s: %q, %v, want it to be refused", wrong, by, err)
		}
	}
	for _, right := range []string{
		`max by (instance, organization_id, scan_id) (max_over_time(securitycenter_scan_last_success[8d])) == 0`,
		`max without (scan) (max_over_time(securitycenter_scan_last_success[8d]))`,
		`securitycenter_scan_last_success and on (job, instance, organization_id, scan_id) securitycenter_scan_last_success offset 8d`,
		`securitycenter_scan_last_success and ignoring (scan) securitycenter_scan_last_success offset 8d`,
		`securitycenter_scan_last_success == 0`,
		`max_over_time(securitycenter_subscription_valid[30d]) == 1`,
		`securitycenter_watch_hosts > 0 and securitycenter_watch_hosts offset 1d == 0`,
	} {
		if by, err := n.renamed(right); err != nil || len(by) > 0 {
			t.Errorf("%s: %q, %v, want it to be taken", right, by, err)
		}
	}
}
