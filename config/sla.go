package config

import "maps"

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

// readSLAs reads the policies; the preset of the vendor where there are none.
func readSLAs(v value) []SLA {
	presets := presets()
	var words []string
	for _, p := range presets {
		words = append(words, p.Preset)
	}
	entries := v.atMost(maxPolicies, v.list("a list of policies"))
	if len(entries) == 0 {
		s := presets[0]
		s.Name = "default"
		return []SLA{s}
	}
	var policies []SLA
	names := map[string]value{}
	for _, e := range entries {
		m := e.mapping("a mapping with name, and preset or days")
		s := SLA{Basis: "first_seen", Days: map[string]int{}}
		name := m.objectName("a policy", "Its name in the label `sla`.")
		e.unique(names, name, "policy")
		preset := ""
		m.choice("preset", &preset, "Days and basis that are known by a name.", words...)
		for _, p := range presets {
			if p.Preset == preset {
				s = p
				s.Days = maps.Clone(p.Days)
			}
		}
		s.Name = name
		m.choice("basis", &s.Basis, "The date that a deadline counts from. A preset has its own, over which this one wins.", "first_seen", "plugin_published", "patch_published", "vulnerability_published")
		own := m.sub("days", "Deadlines by severity, over those of the preset. A severity without one has no deadline.")
		for _, severity := range []string{"low", "medium", "high", "critical"} {
			if v, ok := own.take(severity, numberKind(1, maxDays), "that of the preset", "Days until the deadline of a finding of this severity."); ok {
				if n, ok := v.number(1, maxDays); ok {
					s.Days[severity] = n
				}
			}
		}
		own.close()
		_, hasPreset := m.entries["preset"]
		if m.node != nil && !hasPreset && len(own.order) == 0 {
			m.refuse("has no deadlines", "preset, or days by severity")
		}
		m.close()
		policies = append(policies, s)
	}
	return policies
}
