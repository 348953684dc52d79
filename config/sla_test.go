package config

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAPolicyHasItsBasisAndItsDays(t *testing.T) {
	for _, x := range []struct {
		name, entry string
		want        SLA
	}{
		{"tenable", "preset: tenable", SLA{Preset: "tenable", Basis: "first_seen",
			Days: map[string]int{"critical": 7, "high": 30, "medium": 60, "low": 180}}},
		{"fedramp", "preset: fedramp", SLA{Preset: "fedramp", Basis: "first_seen",
			Days: map[string]int{"critical": 30, "high": 30, "medium": 90, "low": 180}}},
		{"cpat", "preset: cpat", SLA{Preset: "cpat", Basis: "vulnerability_published",
			Days: map[string]int{"critical": 30, "high": 30, "medium": 180, "low": 365}}},
		{"bod-19-02 knows two severities", "preset: bod-19-02", SLA{Preset: "bod-19-02", Basis: "first_seen",
			Days: map[string]int{"critical": 15, "high": 30}}},
		{"the file wins over a preset", "preset: bod-19-02, basis: patch_published, days: {low: 90, high: 14}", SLA{Preset: "bod-19-02", Basis: "patch_published",
			Days: map[string]int{"critical": 15, "high": 14, "low": 90}}},
		{"days alone count from the first sight", "days: {high: 5}", SLA{Basis: "first_seen", Days: map[string]int{"high": 5}}},
	} {
		t.Run(x.name, func(t *testing.T) {
			// A policy before it must not have changed the preset.
			c := parse(t, atTop("sla: [{name: first, preset: bod-19-02, days: {medium: 1}}, {name: x, "+x.entry+"}]"))
			x.want.Name = "x"
			if d := cmp.Diff(x.want, c.SLA[1]); d != "" {
				t.Errorf("policy (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.SLA, c.Consoles[0].SLA); d != "" {
				t.Errorf("policies of the console (-file +console):\n%s", d)
			}
		})
	}
}

// policies is a list of so many policies.
func policies(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("\n  - {preset: cpat, name: p" + strconv.Itoa(i) + "}")
	}
	return "sla:" + b.String()
}

func TestAWrongPolicyIsRefused(t *testing.T) {
	if c := parse(t, atTop(policies(maxPolicies))); len(c.SLA) != maxPolicies {
		t.Errorf("%d policies were read, want %d", len(c.SLA), maxPolicies)
	}
	refuses(t, []refused{
		{"too many policies",
			atTop(policies(18)),
			"23:5: sla[16]: is one too many, expected at most 16 entries"},
		{"policies that are a mapping",
			atTop("sla: {name: x}"),
			"6:6: sla: is a mapping, expected a list of policies"},
		{"an unknown preset",
			atTop("sla: [{name: x, preset: pci}]"),
			`6:25: sla[0].preset: is "pci", expected one of tenable, fedramp, cpat, bod-19-02`},
		{"an unknown basis",
			atTop("sla: [{name: x, preset: cpat, basis: today}]"),
			`6:38: sla[0].basis: is "today", expected one of first_seen, plugin_published, patch_published, vulnerability_published`},
		{"a policy without deadlines",
			atTop("sla: [{name: x}]"),
			"6:7: sla[0]: has no deadlines, expected preset, or days by severity"},
		{"a policy for an unknown severity",
			atTop("sla: [{name: x, days: {info: 5}}]"),
			"6:24: sla[0].days.info: is not a known key, expected one of low, medium, high, critical"},
		{"a deadline with a unit",
			atTop("sla: [{name: x, days: {high: 5d}}]"),
			`6:30: sla[0].days.high: is "5d", expected a whole number from 1 to 3650`},
		{"two policies of one name",
			atTop("sla: [{name: x, preset: cpat}, {name: x, preset: fedramp}]"),
			`6:32: sla[1]: repeats the name "x" of line 6, expected a different name for every policy`},
	})
}
