package main

import (
	"encoding/json"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func addRules(t *tree) {
	accept := command(t.app, "accept-risk-rules", "Rules that accept the risk of findings, with the day on which they end. Not on SecurityCenter 4.",
		"scctl accept-risk-rules", "scctl accept-risk-rules --fields plugin,hosts,expires,comments")
	listing(t, accept, scapi.Organization, ruleColumns(), (*scapi.Client).AcceptRiskRules)

	recast := command(t.app, "recast-risk-rules", "Rules that change the severity of findings. Not on SecurityCenter 4.", "scctl recast-risk-rules")
	listing(t, recast, scapi.Organization, ruleColumns(column[scapi.RiskRule]{"severity", func(r scapi.RiskRule) any {
		if s, ok := r.Severity.Get(); ok {
			return s.String()
		}
		return nil
	}}), (*scapi.Client).RecastRiskRules)

	audits := command(t.app, "audit-files", "Audit files, whose results are compliance findings. Not on SecurityCenter 4.",
		"scctl audit-files", "scctl summary -f auditFile=1000001")
	listing(t, audits, scapi.Organization, columns[scapi.AuditFile]{
		raw: func(f scapi.AuditFile) json.RawMessage { return f.Raw },
		columns: []column[scapi.AuditFile]{
			{"id", func(f scapi.AuditFile) any { return f.ID }},
			{"name", func(f scapi.AuditFile) any { return f.Name }},
			{"type", func(f scapi.AuditFile) any { return f.Type }},
			{"version", func(f scapi.AuditFile) any { return f.Version }},
			{"description", func(f scapi.AuditFile) any { return f.Description }},
			{"created", func(f scapi.AuditFile) any { return when(f.Created) }},
			{"modified", func(f scapi.AuditFile) any { return when(f.Modified) }},
		},
	}, (*scapi.Client).AuditFiles)
}

// ruleColumns are those of every rule, with the kind's own behind the plugin.
func ruleColumns(own ...column[scapi.RiskRule]) columns[scapi.RiskRule] {
	all := append([]column[scapi.RiskRule]{
		{"id", func(r scapi.RiskRule) any { return r.ID }},
		{"pluginID", func(r scapi.RiskRule) any { return r.Plugin.ID }},
		{"plugin", func(r scapi.RiskRule) any { return r.Plugin.Name }},
	}, own...)
	return columns[scapi.RiskRule]{
		raw: func(r scapi.RiskRule) json.RawMessage { return r.Raw },
		columns: append(all, []column[scapi.RiskRule]{
			{"hostType", func(r scapi.RiskRule) any { return r.HostType }},
			{"hosts", func(r scapi.RiskRule) any { return r.Hosts }},
			{"asset", func(r scapi.RiskRule) any { return refName(r.Asset) }},
			{"port", func(r scapi.RiskRule) any { return r.Port }},
			{"protocol", func(r scapi.RiskRule) any { return r.Protocol }},
			{"expires", func(r scapi.RiskRule) any { return when(r.Expires) }},
			{"repository", func(r scapi.RiskRule) any { return refName(r.Repository) }},
			{"organization", func(r scapi.RiskRule) any { return refName(r.Organization) }},
			{"user", func(r scapi.RiskRule) any { return userName(r.User) }},
			{"comments", func(r scapi.RiskRule) any { return r.Comments }},
			{"created", func(r scapi.RiskRule) any { return when(r.Created) }},
			{"modified", func(r scapi.RiskRule) any { return when(r.Modified) }},
		}...),
	}
}
