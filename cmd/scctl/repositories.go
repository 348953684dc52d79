package main

import (
	"encoding/json"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func addRepositories(t *tree) {
	cmd := command(t.app, "repositories", "Repositories that the account sees: administrators see all.",
		"scctl repositories", "scctl --account analyst repositories --fields id,name,findings --format csv")
	listing(t, cmd, scapi.Administrator, columns[scapi.Repository]{
		raw: func(r scapi.Repository) json.RawMessage { return r.Raw },
		columns: []column[scapi.Repository]{
			{"id", func(r scapi.Repository) any { return r.ID }},
			{"name", func(r scapi.Repository) any { return r.Name }},
			{"type", func(r scapi.Repository) any { return r.Type }},
			{"dataFormat", func(r scapi.Repository) any { return r.DataFormat }},
			{"ips", func(r scapi.Repository) any { return opt(r.IPs) }},
			{"findings", func(r scapi.Repository) any { return opt(r.Findings) }},
			{"lastUpdate", func(r scapi.Repository) any { return when(r.LastUpdate) }},
			{"lastSync", func(r scapi.Repository) any { return when(r.LastSync) }},
		},
	}, (*scapi.Client).Repositories)

	organizations := command(t.app, "organizations", "Organisations, to administrators.", "scctl organizations")
	listing(t, organizations, scapi.Administrator, columns[scapi.OrganizationInfo]{
		raw: func(o scapi.OrganizationInfo) json.RawMessage { return o.Raw },
		columns: []column[scapi.OrganizationInfo]{
			{"id", func(o scapi.OrganizationInfo) any { return o.ID }},
			{"name", func(o scapi.OrganizationInfo) any { return o.Name }},
			{"users", func(o scapi.OrganizationInfo) any { return opt(o.Users) }},
			{"repositories", func(o scapi.OrganizationInfo) any { return refNames(o.Repositories) }},
			{"zoneSelection", func(o scapi.OrganizationInfo) any { return o.ZoneSelection }},
			{"restrictedIPs", func(o scapi.OrganizationInfo) any { return o.RestrictedIPs }},
			{"email", func(o scapi.OrganizationInfo) any { return o.Email }},
			{"created", func(o scapi.OrganizationInfo) any { return when(o.Created) }},
			{"modified", func(o scapi.OrganizationInfo) any { return when(o.Modified) }},
			{"description", func(o scapi.OrganizationInfo) any { return o.Description }},
		},
	}, (*scapi.Client).Organizations)
}

// refName is what an object is called, or its id where the console tells no more.
func refName(r scapi.Ref) string {
	if r.Name != "" {
		return r.Name
	}
	return r.ID
}

func refNames(refs []scapi.Ref) []string {
	all := make([]string, 0, len(refs))
	for _, r := range refs {
		all = append(all, refName(r))
	}
	return all
}
