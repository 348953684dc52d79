package dashboards

// theRepository is the choice at the top of the board.
const theRepository = `repository_id=~"$repository_id"`

func repository() Board {
	return Board{
		Name:      "repository",
		Title:     "Security Center / Repository",
		About:     "One repository, for its owner: its findings, whether its data is fresh, its worst hosts.",
		Range:     "30d",
		Variables: oneRepository(),
		Rows: []Row{
			{Title: "Findings", Panels: repositoryFindings()},
			{Title: "Is it alive?", Panels: repositoryLife()},
			{Title: "Hosts and networks: collectors that are off by default", Collapsed: true, Panels: repositoryHosts()},
		},
	}
}

func repositoryFindings() []Panel {
	findings := `securitycenter_vulnerabilities{` + theRepository + `,severity="%s"}`
	open := `sum(` + findings + `)`
	return []Panel{
		{
			Kind: Stat, W: 12, H: 6, Title: "Open now, and change over the range", Unit: "locale", Whole: true, Severity: true, Spark: true, Change: true, Empty: "not read",
			About:   "Open findings of this repository by severity: risk not accepted, without compliance results. Not read: no account of the exporter reads it.",
			Queries: bySeverity(open),
		},
		{
			Kind: Stat, W: 6, H: 6, Title: "Change in 7 days", Unit: "locale", Whole: true, Empty: "no history",
			About:   "Open findings now less those of 7 days ago. Green: fewer.",
			Steps:   []Step{{Color: good}, {0, plain}, {1, bad}},
			Queries: bySeverity(`sum(sum by (job, instance, repository_id) (` + findings + `) - sum by (job, instance, repository_id) (` + findings + ` offset 7d))`),
		},
		{
			Kind: Bars, W: 6, H: 6, Title: "Share of its console", Unit: "percentunit", Decimals: 1, Max: 1, Severity: true, Empty: "not read",
			About:   "Findings of this repository as a share of all findings that the console counts.",
			Queries: bySeverity(open + ` / (sum(securitycenter_vulnerabilities{severity="%s"}) > 0)`),
		},
		{
			Kind: Series, W: 16, H: 9, Title: "Open findings", Unit: "locale", Severity: true, Fill: Stacked,
			About:   "Open findings of this repository, without informational ones. A step is seldom a patch: compare with the time of the last data below.",
			Queries: bySeverity(open),
		},
		{
			Kind: Series, W: 8, H: 9, Title: "Findings per host", Unit: "none", Decimals: 1, Severity: true,
			About:   "Open findings by hosts with data in the repository: fair also while hosts come and go.",
			Queries: bySeverity(open + ` / (sum(securitycenter_hosts{` + theRepository + `}) > 0)`),
		},
	}
}

func repositoryLife() []Panel {
	return []Panel{
		{
			Kind: Stat, W: 4, H: 4, Title: "Read by the exporter", Words: onOff, Empty: "unknown",
			About:   "Whether an organisation account of the exporter reads this repository. No: its findings are in no count.",
			Queries: one(`max(securitycenter_repository_accessible{` + theRepository + `})`),
		},
		{
			Kind: Stat, W: 4, H: 4, Title: "Hosts", Unit: "locale", Whole: true, Empty: "unknown",
			About:   "Hosts with findings, informational ones included.",
			Queries: one(`sum(securitycenter_hosts{` + theRepository + `})`),
		},
		{
			Kind: Stat, W: 4, H: 4, Title: "Addresses", Unit: "locale", Whole: true, Empty: "unknown",
			About:   "Addresses, agents or devices with data, as the console says it.",
			Queries: one(`sum(securitycenter_repository_ips{` + theRepository + `})`),
		},
		{
			Kind: Stat, W: 4, H: 4, Title: "Last data", Unit: "s", Decimals: 1, Steps: rise("repository_age_seconds", 0.5, 1), Empty: "never",
			About:   "Time since data last arrived. If it is old, look at the scans below.",
			Queries: one(`max(time() - securitycenter_repository_last_update_timestamp_seconds{` + theRepository + `})`),
		},
		{
			Kind: Stat, W: 4, H: 4, Title: "Last synchronised", Unit: "s", Decimals: 1, Steps: rise("repository_sync_age_seconds", 1, 3), Empty: "a local one",
			About:   "Time since a remote or offline repository was synchronised with its own console. A local one is not.",
			Queries: one(`max(time() - securitycenter_repository_last_sync_timestamp_seconds{` + theRepository + `})`),
		},
		{
			Kind: Stat, W: 4, H: 4, Title: "Weighted score", Unit: "short", Decimals: 1, Empty: "unknown",
			About:   "The console's weighted score of the open findings: one number to follow, in no unit.",
			Queries: one(`sum(securitycenter_vulnerability_score{` + theRepository + `})`),
		},
		{
			Kind: Table, W: 14, H: 8, Title: "Scans that feed it", SortBy: "Ended", Empty: "none known",
			About: "Scans whose last result went into this repository: how long ago it ended, how long it took, and whether it was completed and imported.",
			Queries: []Query{
				named("", `max by (organization_id, scan_id, scan) (time() - securitycenter_scan_last_finish_timestamp_seconds{`+theRepository+`})`),
				named("", `max by (organization_id, scan_id, scan) (securitycenter_scan_last_success and on (job, instance, organization_id, scan_id) securitycenter_scan_last_finish_timestamp_seconds{`+theRepository+`})`),
				named("", `max by (organization_id, scan_id, scan) (securitycenter_scan_last_duration_seconds and on (job, instance, organization_id, scan_id) securitycenter_scan_last_finish_timestamp_seconds{`+theRepository+`})`),
			},
			Columns: []Column{
				{Of: "scan", Title: "Scan"},
				{Of: "scan_id", Title: "Id", Width: 60},
				{Of: "A", Title: "Ended", Unit: "s", Decimals: 1, Width: 110, Steps: rising(8*day, 31*day)},
				{Of: "B", Title: "Succeeded", Width: 100, Words: onOff},
				{Of: "C", Title: "Took", Unit: "s", Decimals: 1, Width: 110},
			},
		},
		{
			Kind: Series, W: 10, H: 8, Title: "Hosts and addresses", Unit: "locale",
			About: "A fall of both: hosts expired, because no scan sees them. A growing gap: addresses that answer and have no finding at all.",
			Queries: []Query{
				named("hosts", `sum(securitycenter_hosts{`+theRepository+`})`),
				named("addresses", `sum(securitycenter_repository_ips{`+theRepository+`})`),
			},
		},
	}
}

func repositoryHosts() []Panel {
	host := func(severity string) Query {
		return named("", `sum by (ip, host_uuid) (securitycenter_host_vulnerabilities{`+theRepository+`,severity="`+severity+`"})`)
	}
	network := func(severity string) Query {
		return named("", `sum by (subnet) (securitycenter_vulnerabilities_by_subnet{`+theRepository+`,severity="`+severity+`"})`)
	}
	return []Panel{
		{
			Kind: Table, W: 14, H: 10, Title: "Worst hosts", SortBy: "Critical", Empty: "collector hosts is off",
			About:   "Hosts of this repository among the worst of the console: a list to hand over. Keep this board in a folder of restricted access. Empty unless the collector hosts is on.",
			Queries: []Query{host("critical"), host("high"), host("medium")},
			Columns: []Column{
				{Of: "ip", Title: "Address"},
				{Of: "host_uuid", Title: "UUID"},
				{Of: "A", Title: "Critical", Unit: "locale", Width: 90},
				{Of: "B", Title: "High", Unit: "locale", Width: 90},
				{Of: "C", Title: "Medium", Unit: "locale", Width: 90},
			},
		},
		{
			Kind: Table, W: 10, H: 10, Title: "Worst networks", SortBy: "Critical", Empty: "collector subnets is off",
			About:   "Networks of this repository by findings: whose site it is. Empty unless the collector subnets is on.",
			Queries: []Query{network("critical"), network("high")},
			Columns: []Column{
				{Of: "subnet", Title: "Network"},
				{Of: "A", Title: "Critical", Unit: "locale", Width: 90},
				{Of: "B", Title: "High", Unit: "locale", Width: 90},
			},
		},
	}
}
