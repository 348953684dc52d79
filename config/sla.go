package config

// SLA is a policy of deadlines: how long a finding of a severity may stay open.
type SLA struct {
	Name   string
	Preset string         // tenable, fedramp, cpat or bod-19-02; empty where Days stand alone
	Basis  string         // the date that a deadline counts from; empty: the preset's
	Days   map[string]int // by severity, over those of the preset
}

// readSLAs reads the policies; the preset of the vendor where there are none.
func readSLAs(entries []value) []SLA {
	if len(entries) == 0 {
		return []SLA{{Name: "default", Preset: "tenable"}}
	}
	var policies []SLA
	names := map[string]value{}
	for _, e := range entries {
		m := e.mapping("a mapping with name, and preset or days")
		var s SLA
		s.Name = m.objectName("a policy")
		e.unique(names, s.Name, "policy")
		m.choice("preset", &s.Preset, "tenable", "fedramp", "cpat", "bod-19-02")
		m.choice("basis", &s.Basis, "first_seen", "plugin_published", "patch_published", "vulnerability_published")
		days := m.sub("days")
		for _, severity := range []string{"low", "medium", "high", "critical"} {
			n := 0
			if days.number(severity, &n, 3650); n > 0 {
				if s.Days == nil {
					s.Days = map[string]int{}
				}
				s.Days[severity] = n
			}
		}
		days.close()
		_, hasPreset := m.entries["preset"]
		if m.node != nil && !hasPreset && len(days.order) == 0 {
			m.refuse("has no deadlines", "preset, or days by severity")
		}
		if s.Preset == "" && s.Basis == "" {
			s.Basis = "first_seen"
		}
		m.close()
		policies = append(policies, s)
	}
	return policies
}
