package main

import (
	"encoding/json"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// hostColumns are the columns of hosts, alike for every console.
func hostColumns() columns[scapi.Host] {
	c := columns[scapi.Host]{
		raw: func(h scapi.Host) json.RawMessage { return h.Raw },
		columns: []column[scapi.Host]{
			{"ip", func(h scapi.Host) any { return h.IP }},
			{"dnsName", func(h scapi.Host) any { return h.DNSName }},
			{"netbiosName", func(h scapi.Host) any { return h.NetBIOSName }},
			{"macAddress", func(h scapi.Host) any { return h.MACAddress }},
			{"uuid", func(h scapi.Host) any { return h.UUID }},
			{"hostUUID", func(h scapi.Host) any { return h.HostUUID }},
			{"repositoryID", func(h scapi.Host) any { return h.RepositoryID }},
			{"repository", func(h scapi.Host) any { return h.RepositoryName }},
			{"score", func(h scapi.Host) any { return opt(h.Score) }},
			{"total", func(h scapi.Host) any { return opt(h.Total) }},
		},
	}
	for _, severity := range scapi.Severities {
		c.columns = append(c.columns, column[scapi.Host]{severity.String(), func(h scapi.Host) any {
			if counts, ok := h.Counts.Get(); ok {
				return counts[severity]
			}
			return nil
		}})
	}
	c.columns = append(c.columns, []column[scapi.Host]{
		{"osCPE", func(h scapi.Host) any { return h.OSCPE }},
		{"policyName", func(h scapi.Host) any { return h.PolicyName }},
		{"lastAuthRun", func(h scapi.Host) any { return when(h.LastAuthRun) }},
		{"lastUnauthRun", func(h scapi.Host) any { return when(h.LastUnauthRun) }},
	}...)
	return c
}

// pluginRowColumns are the columns of plugins with findings: rows of the tool sumid.
func pluginRowColumns() columns[scapi.Row] {
	return columns[scapi.Row]{
		raw: func(r scapi.Row) json.RawMessage { return r.Raw },
		columns: []column[scapi.Row]{
			{"pluginID", func(r scapi.Row) any { return r.String("pluginID") }},
			{"pluginName", func(r scapi.Row) any { return r.String("name") }},
			{"severity", func(r scapi.Row) any { return severityWord(r.Severity()) }},
			{"total", func(r scapi.Row) any { return opt(r.Int("total")) }},
			{"hostTotal", func(r scapi.Row) any { return opt(r.Int("hostTotal")) }},
			{"familyID", func(r scapi.Row) any { return r.Ref("family", "familyID").ID }},
			{"family", func(r scapi.Row) any { return r.Ref("family", "familyID").Name }},
		},
	}
}
