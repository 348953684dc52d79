package main

import (
	"context"
	"encoding/json"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func addVulns(t *tree) {
	var q querySettings
	cmd := command(t.app, "vulns", "Findings with all that is known of them, spelled alike for every console. There may be millions: think of --filter and --limit.",
		"scctl vulns -f severity=critical --format csv -o criticals.csv",
		"scctl vulns --source mitigated -f 'lastMitigated>=2024-05-01' --format jsonl",
	)
	q.registerSelection(cmd)
	q.registerRows(cmd)
	t.settings.registerPrefetch(cmd)
	t.settings.output.registerListing(cmd, vulnColumns().names()...)
	t.asking(cmd, scapi.Organization, func(ctx context.Context, j *job) error {
		client, query, err := j.ask(ctx, &q, "")
		if err != nil {
			return err
		}
		query.Limit = j.settings.output.limit
		return streaming(j, vulnColumns(), briefVulns, "findings", client.Vulns(ctx, query))
	})
}

// briefVulns are the columns of findings that a table shows.
var briefVulns = []string{"ip", "dnsName", "repository", "pluginID", "severity", "port", "protocol", "pluginName"}

func vulnColumns() columns[scapi.Vuln] {
	return columns[scapi.Vuln]{
		raw: func(v scapi.Vuln) json.RawMessage { return v.Raw },
		columns: []column[scapi.Vuln]{
			{"ip", func(v scapi.Vuln) any { return v.IP }},
			{"dnsName", func(v scapi.Vuln) any { return v.DNSName }},
			{"netbiosName", func(v scapi.Vuln) any { return v.NetBIOSName }},
			{"macAddress", func(v scapi.Vuln) any { return v.MACAddress }},
			{"uuid", func(v scapi.Vuln) any { return v.UUID }},
			{"hostUUID", func(v scapi.Vuln) any { return v.HostUUID }},
			{"operatingSystem", func(v scapi.Vuln) any { return v.OS }},
			{"repositoryID", func(v scapi.Vuln) any { return v.RepositoryID }},
			{"repository", func(v scapi.Vuln) any { return v.Repository }},
			{"pluginID", func(v scapi.Vuln) any { return v.PluginID }},
			{"pluginName", func(v scapi.Vuln) any { return v.PluginName }},
			{"familyID", func(v scapi.Vuln) any { return v.FamilyID }},
			{"family", func(v scapi.Vuln) any { return v.Family }},
			{"severity", func(v scapi.Vuln) any { return severityWord(v.Severity) }},
			{"port", func(v scapi.Vuln) any { return opt(v.Port) }},
			{"protocol", func(v scapi.Vuln) any { return v.Protocol }},
			{"firstSeen", func(v scapi.Vuln) any { return when(v.FirstSeen) }},
			{"lastSeen", func(v scapi.Vuln) any { return when(v.LastSeen) }},
			{"accepted", func(v scapi.Vuln) any { return opt(v.Accepted) }},
			{"recast", func(v scapi.Vuln) any { return opt(v.Recast) }},
			{"acceptComment", func(v scapi.Vuln) any { return v.AcceptComment }},
			{"recastComment", func(v scapi.Vuln) any { return v.RecastComment }},
			{"resurfaced", func(v scapi.Vuln) any { return opt(v.Resurfaced) }},
			{"exploitable", func(v scapi.Vuln) any { return opt(v.Exploitable) }},
			{"riskFactor", func(v scapi.Vuln) any { return v.RiskFactor }},
			{"baseScore", func(v scapi.Vuln) any { return opt(v.BaseScore) }},
			{"cvssV3BaseScore", func(v scapi.Vuln) any { return opt(v.V3BaseScore) }},
			{"vprScore", func(v scapi.Vuln) any { return opt(v.VPR) }},
			{"acrScore", func(v scapi.Vuln) any { return opt(v.ACRScore) }},
			{"assetExposureScore", func(v scapi.Vuln) any { return opt(v.AssetExposureScore) }},
			{"cve", func(v scapi.Vuln) any { return v.CVEs }},
			{"xref", func(v scapi.Vuln) any { return v.Xrefs }},
			{"cpe", func(v scapi.Vuln) any { return v.CPEs }},
			{"vulnPublished", func(v scapi.Vuln) any { return when(v.Published) }},
			{"patchPublished", func(v scapi.Vuln) any { return when(v.PatchPublished) }},
			{"pluginPublished", func(v scapi.Vuln) any { return when(v.PluginPublished) }},
			{"endOfLife", func(v scapi.Vuln) any { return when(v.EndOfLife) }},
			{"synopsis", func(v scapi.Vuln) any { return v.Synopsis }},
			{"description", func(v scapi.Vuln) any { return v.Description }},
			{"solution", func(v scapi.Vuln) any { return v.Solution }},
			{"seeAlso", func(v scapi.Vuln) any { return v.SeeAlso }},
			{"pluginOutput", func(v scapi.Vuln) any { return v.Output }},
			{"vulnUniqueness", func(v scapi.Vuln) any { return v.Uniqueness }},
		},
	}
}

func severityWord(s scapi.Opt[scapi.Severity]) any {
	if v, ok := s.Get(); ok {
		return v.String()
	}
	return nil
}

func addIP(t *tree) {
	var address string
	var in []string
	cmd := command(t.app, "ip", "What the repositories know of an address, a line each.",
		"scctl ip 192.0.2.10",
		"scctl ip 192.0.2.10 --repository 1,2 --format json --raw",
	)
	cmd.Arg("address", "IP address.").Required().StringVar(&address)
	cmd.Flag("repository", "Repositories to look in, by id or by a name that no other has, separated by commas. By itself: all.").PlaceHolder("ID,…").StringsVar(&in)
	c := columns[scapi.IPRecord]{
		raw: func(r scapi.IPRecord) json.RawMessage { return r.Raw },
		columns: []column[scapi.IPRecord]{
			{"ip", func(r scapi.IPRecord) any { return r.IP }},
			{"repositoryID", func(r scapi.IPRecord) any { return r.RepositoryID }},
			{"repository", func(r scapi.IPRecord) any { return r.Repository }},
			{"dnsName", func(r scapi.IPRecord) any { return r.DNSName }},
			{"netbiosName", func(r scapi.IPRecord) any { return r.NetBIOSName }},
			{"macAddress", func(r scapi.IPRecord) any { return r.MACAddress }},
			{"uuid", func(r scapi.IPRecord) any { return r.UUID }},
			{"os", func(r scapi.IPRecord) any { return r.OS }},
			{"osCPE", func(r scapi.IPRecord) any { return r.OSCPE }},
			{"score", func(r scapi.IPRecord) any { return opt(r.Score) }},
			{"total", func(r scapi.IPRecord) any { return opt(r.Total) }},
			{"lastScan", func(r scapi.IPRecord) any { return when(r.LastScan) }},
			{"lastAuthRun", func(r scapi.IPRecord) any { return when(r.LastAuthRun) }},
			{"policyName", func(r scapi.IPRecord) any { return r.PolicyName }},
		},
	}
	for _, severity := range scapi.Severities {
		c.columns = append(c.columns, column[scapi.IPRecord]{severity.String(), func(r scapi.IPRecord) any { return opt(r.Count(severity)) }})
	}
	listingOf(t, cmd, scapi.Organization, c, func() error { return checkAddress(address) },
		func(ctx context.Context, j *job, client *scapi.Client) ([]scapi.IPRecord, error) {
			ids, err := findAll(j.finder(ctx, client), repositories, in...)
			if err != nil {
				return nil, err
			}
			return client.IPInfo(ctx, address, ids...)
		})
}

// flatten returns the parts of lists that are separated by commas.
func flatten(lists []string) []string {
	var parts []string
	for _, l := range lists {
		parts = append(parts, splitList(l)...)
	}
	return parts
}
