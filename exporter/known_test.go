package exporter

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// mayLabel reports whether a console may have a label of that name.
func mayLabel(name string) bool {
	_, err := config.Parse([]byte(strings.Replace(hq, "accounts:", "labels: {"+name+": x}\n    accounts:", 1)), "", KnownCollectors())
	return err == nil
}

// A label of the console takes the place of one of the metric, which Prometheus
// then calls exported_NAME.
func TestNoLabelOfAMetricMayBeOneOfAConsole(t *testing.T) {
	bubble(t, "on a page", func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.settle()
		seen := map[string]bool{}
		for _, m := range regexp.MustCompile(`[{,]([a-zA-Z_]\w*)="`).FindAllStringSubmatch(b.get("/probe?target=hq"), -1) {
			seen[m[1]] = true
		}
		for name := range seen {
			if mayLabel(name) {
				t.Errorf("a console may have the label %s, which is on its page", name)
			}
		}
		if len(seen) < 25 {
			t.Errorf("only %d labels are on the page: %q", len(seen), slices.Sorted(maps.Keys(seen)))
		}
	})
	if !mayLabel("tenant") {
		t.Error("a console may not have the label tenant")
	}
}

var (
	grouping = regexp.MustCompile(`\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)`)
	matcher  = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)\s*"`)
	replaced = regexp.MustCompile(`"(\w+)", "\$1", "(\w+)", "`)
	shown    = regexp.MustCompile(`\$labels\.(\w+)`)
	equal    = regexp.MustCompile(`(?m)(?:equal|group_by): \[([^\]]*)\]`)
)

func TestNoLabelThatARuleUsesMayBeOneOfAConsole(t *testing.T) {
	used := map[string]string{} // by file
	for _, file := range []string{"limits.yml", "recording.yml", "core.yml", "extended.yml", "alertmanager.yml"} {
		content, err := os.ReadFile(filepath.Join("..", "alerts", file))
		if err != nil {
			t.Fatal(err)
		}
		var rules struct {
			Groups []struct {
				Rules []struct {
					Expr                string
					Labels, Annotations map[string]string
				}
			}
		}
		if err := yaml.Unmarshal(content, &rules); err != nil {
			t.Fatal(err)
		}
		texts := []string{}
		for _, g := range rules.Groups {
			for _, r := range g.Rules {
				texts = append(append(texts, r.Expr), slices.Collect(maps.Values(r.Annotations))...)
				for name := range r.Labels {
					used[name] = file
				}
			}
		}
		if len(rules.Groups) == 0 {
			texts = append(texts, string(content))
		}
		for _, text := range texts {
			for _, pattern := range []*regexp.Regexp{grouping, matcher, replaced, shown, equal} {
				for _, m := range pattern.FindAllStringSubmatch(text, -1) {
					for _, list := range m[1:] {
						for name := range strings.SplitSeq(list, ",") {
							if name = strings.TrimSpace(name); name != "" {
								used[name] = file
							}
						}
					}
				}
			}
		}
	}
	for name, file := range used {
		if mayLabel(name) {
			t.Errorf("a console may have the label %s, which %s uses", name, file)
		}
	}
	for _, name := range []string{"job", "severity", "class", "vuln_severity", "alertname", "scan_id", "le", "account", "max_days"} {
		if used[name] == "" {
			t.Errorf("the rules do not use %s: are they still read as they are written?", name)
		}
	}
}

// The client knows how a filter is called on either protocol, the configuration
// which names are one filter.
func TestTheNamesOfAFilterOnBothProtocolsAreOneToAWatch(t *testing.T) {
	names := strings.Fields("acceptRiskStatus acceptedRisk asset assetID assetIDs auditFile auditFileID cveID family familyID mitigatedStatus pluginID " +
		"policy policyID recastRisk recastRiskStatus repository repositoryIDs wasMitigated xref")
	pairs := 0
	for _, f := range []scapi.Filter{
		scapi.ByRepository("1"), scapi.ByAsset("1"), scapi.ByFamily("1"), scapi.ByAuditFile("1"), scapi.ByPluginIDs(1), scapi.ByCVE("CVE-2021-44228"),
		scapi.ByCrossReference("CWE:79"), scapi.AcceptedRisk(true), scapi.Recast(true), scapi.Reopened(true),
	} {
		for _, name := range names {
			if name == f.Name || !f.Called(name) {
				continue
			}
			pairs++
			text := "\nwatches: [{name: x, filters: [{name: " + f.Name + ", value: 1}, {name: " + name + ", value: 1}]}]\n"
			if _, err := config.Parse([]byte(hq+text), "", KnownCollectors()); err == nil || !strings.Contains(err.Error(), "another name of") {
				t.Errorf("%s and %s are one filter, and a watch may have both: %v", f.Name, name, err)
			}
		}
	}
	if pairs < 6 {
		t.Errorf("%d pairs of names were found, expected 6: repositories, assets, families, three states of risk", pairs)
	}
}
