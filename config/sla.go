package config

import (
	"fmt"
	"maps"
)

// SLA is a policy of deadlines: how long a finding of a severity may stay open.
type SLA struct {
	Name   string
	Preset string // tenable, fedramp, cpat or bod-19-02; empty where the file gives days alone
	// Basis is the date that a deadline counts from: first_seen,
	// plugin_published, patch_published or vulnerability_published.
	Basis string
	// Days are the days until the deadline by severity: low, medium, high,
	// critical. A severity without a deadline is missing.
	Days map[string]int
}

const (
	maxPolicies = 16
	maxDays     = 3650
)

// presets are the policies that have a name of their own.
func presets() []SLA {
	days := func(critical, high, medium, low int) map[string]int {
		return map[string]int{"critical": critical, "high": high, "medium": medium, "low": low}
	}
	return []SLA{
		{Preset: "tenable", Basis: "first_seen", Days: days(7, 30, 60, 180)},
		{Preset: "fedramp", Basis: "first_seen", Days: days(30, 30, 90, 180)},
		{Preset: "cpat", Basis: "vulnerability_published", Days: days(30, 30, 180, 365)},
		{Preset: "bod-19-02", Basis: "first_seen", Days: map[string]int{"critical": 15, "high": 30}},
	}
}

// severities are those that have deadlines.
func severities() []string { return []string{"low", "medium", "high", "critical"} }

// readSLAs reads the policies under the key sla; the preset of the vendor where
// there are none.
func readSLAs(m *mapping) []SLA {
	presets := presets()
	fallback := SLA{Name: "default", Preset: presets[0].Preset}
	v, _ := m.take("sla", listKind("mappings", maxPolicies),
		fmt.Sprintf("one policy, %s, of the preset %s", fallback.Name, fallback.Preset),
		"Policies of deadlines: how many days a finding of a severity may stay open.")
	entries := v.atMost(maxPolicies, v.list("a list of policies"))
	if len(entries) == 0 {
		absent := value{doc: v.doc, printed: v.printed.add("")}
		return []SLA{readSLA(absent.mapping(""), presets, fallback)}
	}
	var policies []SLA
	names := map[string]value{}
	for _, e := range entries {
		s := readSLA(e.mapping("a mapping with name, and preset or days"), presets, SLA{})
		e.unique(names, s.Name, "policy")
		policies = append(policies, s)
	}
	return policies
}

// readSLA reads one policy over s, which has a name and a preset at most.
func readSLA(m *mapping, presets []SLA, s SLA) SLA {
	m.objectName(&s.Name, "a policy", "Its name in the label `sla`.")
	var words []string
	for _, p := range presets {
		words = append(words, p.Preset)
	}
	preset, _ := m.choice("preset", &s.Preset, "Days and basis that are known by a name.", words...)
	s.Basis, s.Days = "first_seen", map[string]int{}
	for _, p := range presets {
		if p.Preset == s.Preset {
			s.Basis, s.Days = p.Basis, maps.Clone(p.Days)
		}
	}
	m.choice("basis", &s.Basis, "The date that a deadline counts from. A preset has its own, over which this one wins.", "first_seen", "plugin_published", "patch_published", "vulnerability_published")
	days := m.sub("days", "Deadlines by severity, over those of the preset. A severity without one has no deadline.")
	for _, severity := range severities() {
		if v, ok := days.take(severity, numberKind(1, maxDays), "that of the preset", "Days until the deadline of a finding of this severity."); ok {
			if n, ok := v.number(1, maxDays); ok {
				s.Days[severity] = n
			}
		}
	}
	days.print(s.Days)
	days.close()
	if m.node != nil && preset.node == nil && len(days.order) == 0 {
		m.refuse("has no deadlines", "preset, or days by severity")
	}
	m.close()
	return s
}
