package dashboards

func owners() Board {
	return Board{
		Name:  "owners",
		Title: "Security Center / Owners",
		About: "Who is late, who has what an exploit is known for, which way each team goes, and what is nobody's.",
		Range: "30d",
		Variables: consoles(
			values("sla", "Deadlines", "The policy of deadlines that owners are held to, by its name in the exporter's configuration.", `securitycenter_owner_vulnerabilities_overdue{job=~"$job",instance=~"$instance"}`, false),
		),
		Rows: []Row{
			{Title: "Who has to act: owners overlap and do not add up", Panels: ranking()},
			{Title: "Which way they go", Panels: ownerTrends()},
		},
	}
}

// noOwners is said where no owner is configured.
const noOwners = "no owner is configured"

func ranking() []Panel {
	late := func(severity string) string {
		return `sum by (instance, owner) (securitycenter_owner_vulnerabilities_overdue{sla=~"$sla",severity="` + severity + `"})`
	}
	of := func(family, severity string) string {
		return `sum by (instance, owner) (` + family + `{severity="` + severity + `"})`
	}
	return []Panel{
		{
			Kind: Table, W: 18, H: 11, Title: "Owners", SortBy: "Critical, late", Empty: noOwners,
			About: "Open findings of each owner's hosts: those past the deadline, those for which an exploit is known, and all. Begin at the top; `scctl patch-list --owner` tells what to do there. Empty unless owners are configured.",
			Queries: []Query{
				named("", late("critical")), named("", late("high")),
				named("", of("securitycenter_owner_vulnerabilities_exploitable", "critical")), named("", of("securitycenter_owner_vulnerabilities_exploitable", "high")),
				named("", of("securitycenter_owner_vulnerabilities", "critical")), named("", of("securitycenter_owner_vulnerabilities", "high")),
				named("", `sum by (instance, owner) (securitycenter_owner_hosts)`),
			},
			Columns: []Column{
				{Of: "instance", Title: "Console"},
				{Of: "owner", Title: "Owner"},
				{Of: "A", Title: "Critical, late", Unit: "locale", Width: 125, Steps: none()},
				{Of: "B", Title: "High, late", Unit: "locale", Width: 90},
				{Of: "C", Title: "Critical, exploit", Unit: "locale", Width: 135},
				{Of: "D", Title: "High, exploit", Unit: "locale", Width: 110},
				{Of: "E", Title: "Critical", Unit: "locale", Width: 80},
				{Of: "F", Title: "High", Unit: "locale", Width: 80},
				{Of: "G", Title: "Hosts", Unit: "locale", Width: 80},
			},
		},
		{
			Kind: Bars, W: 6, H: 11, Title: "Hosts without owner", Unit: "percentunit", Decimals: 1, Max: 1, Steps: rising(0.05, 0.2), Empty: "cannot be told",
			About:   "Share of the hosts of each console that no owner's asset list holds: nobody is told of what they have. `scctl explain securitycenter_owner_unassigned_hosts --rows` lists them. Empty unless owners are configured whose lists can be asked for together.",
			Queries: []Query{named("{{instance}}", `sort_desc(sum by (instance) (securitycenter_owner_unassigned_hosts) / (sum by (instance) (securitycenter_hosts) > 0))`)},
		},
	}
}

func ownerTrends() []Panel {
	return []Panel{
		{
			Kind: Series, W: 8, H: 9, Title: "Critical and high, late", Unit: "locale", Empty: noOwners,
			About:   "Critical and high findings of each owner past the deadline. A line that rises: the team fixes less than comes due. A step: its asset lists have changed, or a scan saw more.",
			Queries: []Query{named("{{instance}} {{owner}}", `sum by (instance, owner) (securitycenter_owner_vulnerabilities_overdue{sla=~"$sla",severity=~"critical|high"})`)},
		},
		{
			Kind: Series, W: 8, H: 9, Title: "Critical and high with a known exploit", Unit: "locale", Empty: noOwners,
			About:   "Critical and high findings of each owner for which an exploit is known, late or not.",
			Queries: []Query{named("{{instance}} {{owner}}", `sum by (instance, owner) (securitycenter_owner_vulnerabilities_exploitable{severity=~"critical|high"})`)},
		},
		{
			Kind: Series, W: 8, H: 9, Title: "Critical and high for each host", Unit: "none", Decimals: 1, Empty: noOwners,
			About:   "Critical and high findings by hosts of each owner, so that small teams and large ones can be compared.",
			Queries: []Query{named("{{instance}} {{owner}}", `sum by (instance, owner) (securitycenter_owner_vulnerabilities{severity=~"critical|high"}) / (sum by (instance, owner) (securitycenter_owner_hosts) > 0)`)},
		},
	}
}
