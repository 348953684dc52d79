package dashboards

func posture() Board {
	return Board{
		Name:      "posture",
		Title:     "Security Center / Posture",
		About:     "How many open findings there are, whether the number may be believed, and where to begin.",
		Range:     "30d",
		Variables: consoles(),
		Rows: []Row{
			{Title: "May these numbers be believed? From the console to the count, worst of all chosen consoles", Panels: trust()},
			{Title: "Open findings", Panels: openFindings()},
			{Title: whyItMoved, Panels: bridge()},
			{Title: "What can hurt today", Panels: hurting()},
			{Title: "Where", Panels: where()},
			{Title: "Risk that left the count without a patch, and alerts", Panels: leftWithoutPatch()},
			{Title: "Why it moved, by console", Collapsed: true, Panels: []Panel{bridgeOfConsoles()}},
		},
	}
}

// trust is the chain from console to count. One red link makes the counts
// after it doubtful: they may fall because nothing was scanned.
func trust() []Panel {
	return []Panel{
		{
			Kind: Stat, W: 5, H: 3, Title: "Consoles out", Whole: true, Steps: none(), Empty: "no exporter", Link: "fleet",
			About:   "Consoles that give no answer, and scrapes that fail. Above 0, their findings are old or missing. See the fleet board.",
			Queries: one(`sum((1 - securitycenter_up) or on (job, instance) (1 - up))`),
		},
		{
			Kind: Stat, W: 5, H: 3, Title: "Accounts left out", Whole: true, Steps: none(), Empty: "unknown", Link: "exporter",
			About:   "Accounts that get no answer, or are left alone after three refused logins. What only they would read is missing from every count, or old. See accounts on the exporter board.",
			Queries: one(`count(securitycenter_account_up == 0 or securitycenter_account_blocked == 1) or 0 * count(securitycenter_account_blocked)`),
		},
		{
			Kind: Stat, W: 5, H: 3, Title: "Feed age", Unit: "s", Decimals: 1, Steps: rise("feed_age_seconds", 1, 3.5), Empty: "unknown", Link: "fleet",
			About:   "Time since the active plugin feed was last updated on the worst console. With an old feed new vulnerabilities are not looked for. See feeds on the fleet board.",
			Queries: one(`max(time() - securitycenter_feed_last_update_timestamp_seconds{feed="active"})`),
		},
		{
			Kind: Stat, W: 5, H: 3, Title: "Scanners out", Whole: true, Steps: none(), Empty: "unknown", Link: "scanning",
			About:   "Scanners that are switched on and cannot scan. Their zones are not scanned. See why on the scanning board.",
			Queries: one(`sum((1 - securitycenter_scanner_usable) * securitycenter_scanner_enabled)`),
		},
		{
			Kind: Stat, W: 4, H: 3, Title: "Scans failed", Unit: "percentunit", Decimals: 1, Steps: rise("scan_failure_ratio", 0.25, 1), Empty: "no scans", Link: "scanning",
			About: "Share of the scan results of 7 days that ended in an error or were not imported. Such results change no count. See the scanning board.",
			Queries: one(`(
  sum(securitycenter_scan_results{status="error"} or securitycenter_scan_results{status=~"completed|partial",import_status=~"no_results|blocked|error|other"})
  or 0 * sum(securitycenter_scan_results)
) / (sum(securitycenter_scan_results{status=~"completed|partial|stopped|error|other"}) > 0)`),
		},
		{
			Kind: Stat, W: 5, H: 3, Title: "Hosts seen", Unit: "percentunit", Decimals: 1, Steps: fall("hosts_seen_ratio", 0.9), Empty: "unknown", Link: "scanning",
			About:   "Share of the known hosts that a scan saw in 30 days, on the worst console. The findings of the others are old. Look for scans that are late or zones without a scanner.",
			Queries: one(`min(securitycenter_hosts_seen{window="30d"} / on (job, instance) (sum by (job, instance) (securitycenter_hosts) > 0))`),
		},
		{
			Kind: Stat, W: 5, H: 3, Title: "Logins work", Unit: "percentunit", Decimals: 1, Steps: fall("credentialed_ratio", 0.8), Empty: "unknown", Link: "scanning",
			About:   "Share of the assessed hosts on which a login worked in 30 days, on the worst console. Without a login most missing patches are not found, and the count falls. See the causes on the scanning board.",
			Queries: one(`min(` + loginsWork + `)`),
		},
		{
			Kind: Stat, W: 5, H: 3, Title: "Repos unread", Whole: true, Steps: none(), Empty: "unknown", Link: "fleet",
			About:   "Repositories that an administrator sees and no configured account reads. They are missing from every count: give an account of their organisation to the exporter.",
			Queries: one(`sum(1 - securitycenter_repository_accessible)`),
		},
		{
			Kind: Stat, W: 5, H: 3, Title: "Age of counts", Unit: "s", Decimals: 1, Steps: rising(2*hour, 4*hour), Empty: "never read", Link: "exporter",
			About:   "Time since the findings were last counted, on the worst console. It should be below an hour. See the exporter board.",
			Queries: one(`max(time() - securitycenter_collector_last_success_timestamp_seconds{collector="vulnerabilities"})`),
		},
		{
			Kind: Stat, W: 4, H: 3, Title: "Contradictions", Whole: true, Steps: none(), Empty: "unchecked",
			About:   "Numbers of a console that must be equal and are not: accepted and open findings against all, results of audits by id against by type, totals against their parts. securitycenter_check_ok says which; scctl doctor says what it means.",
			Queries: one(`count(securitycenter_check_ok == 0) or 0 * count(securitycenter_check_ok)`),
		},
	}
}

// loginsWork is the share of the assessed hosts of each console on which a login
// worked, as the recording rule clamps it: there may be more of these than were
// assessed.
const loginsWork = `clamp_max(securitycenter_hosts_credentialed{window="30d",result="success"} / on (job, instance, window) (securitycenter_hosts_assessed > 0), 1)`

func openFindings() []Panel {
	return []Panel{
		{
			Kind: Stat, W: 9, H: 5, Title: "Open now", Unit: "locale", Whole: true, Severity: true, Spark: true, Empty: "not read",
			About:   "Open findings by severity: risk not accepted, without compliance results. A repository that a console shares with another is counted twice: choose one console, or see the fleet board, which adds every finding once.",
			Queries: bySeverity(`sum(securitycenter_vulnerabilities{severity="%s"})`),
		},
		{
			Kind: Bars, W: 5, H: 5, Title: "Critical: worst consoles", Long: true, Unit: "locale", Whole: true, Empty: "not read",
			About:   "The four consoles with the most open critical findings: whose the sum beside is. See the fleet board for all.",
			Queries: []Query{named("{{instance}}", `sort_desc(topk(4, sum by (instance) (securitycenter_vulnerabilities{severity="critical"})))`)},
		},
		{
			Kind: Stat, W: 5, H: 5, Title: "Change in 7 days", Unit: "locale", Whole: true, Empty: "no history",
			About:   "Open findings now less those of 7 days ago, on consoles that had answered then. Green: fewer. If it falls, look first whether all at the top is green.",
			Steps:   []Step{{Color: good}, {0, plain}, {1, bad}},
			Queries: bySeverity(`sum(sum by (job, instance) (securitycenter_vulnerabilities{severity="%s"}) - sum by (job, instance) (securitycenter_vulnerabilities{severity="%s"} offset 7d))`),
		},
		{
			Kind: Stat, W: 5, H: 5, Title: "Past their deadline", Unit: "locale", Whole: true, Severity: true, Empty: "no deadlines", Link: "remediation",
			About:   "Open findings older than the strictest configured deadline for their severity allows. See the remediation board.",
			Queries: bySeverity(`sum(max by (job, instance) (securitycenter_vulnerabilities_overdue{severity="%s"}))`),
		},
		{
			Kind: Series, W: 8, H: 7, Title: "Critical and high", Unit: "locale", Severity: true, Fill: Stacked,
			About:   "Open critical and high findings. Choose a longer range to see where you come from. A step is seldom a patch: look for a feed, an import, new credentials or accepted risk on the same day.",
			Queries: bySeverity(`sum(securitycenter_vulnerabilities{severity="%s"})`)[:2],
		},
		{
			Kind: Series, W: 8, H: 7, Title: "All severities", Unit: "locale", Severity: true, Fill: Stacked,
			About:   "Open findings by severity, without informational ones.",
			Queries: bySeverity(`sum(securitycenter_vulnerabilities{severity="%s"})`),
		},
		{
			Kind: Series, W: 8, H: 7, Title: "Critical and high: new and fixed in 7 days", Unit: "locale",
			About: "Findings first seen in the 7 days before, and findings that a scan found fixed in them. Fixed above new: the backlog shrinks.",
			Queries: []Query{
				{Legend: "new", Color: "red", Expr: `sum(securitycenter_vulnerabilities_new{window="7d",severity=~"critical|high"})`},
				{Legend: "fixed", Color: "green", Expr: `sum(securitycenter_vulnerabilities_mitigated{window="7d",severity=~"critical|high"})`},
			},
		},
	}
}

func hurting() []Panel {
	return []Panel{
		{
			Kind: Stat, W: 6, H: 6, Title: "With a public exploit", Unit: "locale", Whole: true, Severity: true, Empty: "not supported",
			About:   "Open findings for which an exploit is public. Patch these first; isolate what cannot be patched.",
			Queries: bySeverity(`sum(securitycenter_vulnerabilities_exploitable{severity="%s"})`),
		},
		{
			Kind: Bars, W: 6, H: 6, Title: "Hosts affected", Unit: "percentunit", Decimals: 1, Max: 1, Severity: true, Empty: "unknown",
			About: "Share of all hosts that have at least one open finding of the severity. A host may be in several bars.",
			Queries: bySeverity(`sum(securitycenter_hosts_affected{severity="%s"})
  / (sum(sum by (job, instance) (securitycenter_hosts) and on (job, instance) securitycenter_hosts_affected) > 0)`),
		},
		{
			Kind: Bars, W: 6, H: 6, Title: "Hosts that a watch hits", Long: true, Unit: "locale", Whole: true, Steps: none(), Empty: "no watch is configured",
			About:   "Hosts with a finding that a configured watch looks for, for example the known exploited vulnerabilities. Empty unless watches are configured.",
			Queries: []Query{named("{{watch}}", `sort_desc(sum by (watch) (securitycenter_watch_hosts))`)},
		},
		{
			Kind: Series, W: 6, H: 6, Title: "Critical findings per 100 hosts", Unit: "none", Decimals: 1,
			About:   "Open critical findings for each 100 hosts of a console: a fair comparison while the estate grows.",
			Queries: []Query{named("{{instance}}", `100 * sum by (instance) (securitycenter_vulnerabilities{severity="critical"}) / (sum by (instance) (securitycenter_hosts) > 0)`)},
		},
	}
}

func where() []Panel {
	by := `sum by (instance, repository, repository_id) (securitycenter_vulnerabilities{severity="%s"})`
	queries := bySeverity(by)[:3]
	queries[0].Expr = "topk(15, " + queries[0].Expr + ")"
	for i := range queries[1:] {
		queries[i+1].Expr += " and topk(15, " + bySeverity(by)[0].Expr + ")"
	}
	queries = append(queries, named("", `sum by (instance, repository, repository_id) (securitycenter_hosts) and topk(15, `+bySeverity(by)[0].Expr+`)`))
	return []Panel{
		{
			Kind: Table, W: 14, H: 7, Title: "Worst repositories", SortBy: "Critical", Empty: "not read",
			About:   "The 15 repositories with the most critical findings. Choose a name to see its page, then call its owner.",
			Queries: queries,
			Columns: []Column{
				{Of: "instance", Title: "Console", Width: 120},
				{Of: "repository", Title: "Repository", URL: repositoryOf},
				{Of: "repository_id", Title: "Id", Width: 60},
				{Of: "A", Title: "Critical", Unit: "locale", Width: 100},
				{Of: "B", Title: "High", Unit: "locale", Width: 100},
				{Of: "C", Title: "Medium", Unit: "locale", Width: 100},
				{Of: "D", Title: "Hosts", Unit: "locale", Width: 100},
			},
		},
		{
			Kind: Series, W: 10, H: 7, Title: "Critical findings by repository", Unit: "locale",
			About:   "The course of the 8 repositories that have the most critical findings at any time. A step up in one alone: an import, new credentials or a new plugin.",
			Queries: []Query{named("{{instance}} {{repository}} #{{repository_id}}", `topk(8, sum by (instance, repository, repository_id) (securitycenter_vulnerabilities{severity="critical"}))`)},
		},
	}
}

func leftWithoutPatch() []Panel {
	return []Panel{
		{
			Kind: Series, W: 7, H: 7, Title: "Accepted", Unit: "locale", Severity: true, Fill: Stacked,
			About:   "Findings that no other panel counts because somebody accepted their risk. While it grows, a falling count is paper work: review the rules.",
			Queries: bySeverity(`sum(securitycenter_vulnerabilities_accepted{severity="%s"})`),
		},
		{
			Kind: Series, W: 7, H: 7, Title: "Recast", Unit: "locale", Severity: true, Fill: Stacked,
			About:   "Open findings whose severity was changed by a rule, under the severity that they have now.",
			Queries: bySeverity(`sum(securitycenter_vulnerabilities_recast{severity="%s"})`),
		},
		{
			Kind: Table, W: 10, H: 7, Title: "Alerts that fire", Empty: "none fires: good, if Prometheus has loaded the rules",
			About:   "Alerts of the shipped rules that fire now, without those that only inform. Empty is good, if Prometheus has loaded the rules.",
			Queries: one(`sum by (alertname, severity, instance) (ALERTS{alertname=~"SecurityCenter.+",alertstate="firing",severity!="info"})`),
			Columns: []Column{
				{Of: "alertname", Title: "Alert"},
				{Of: "severity", Title: "Level", Width: 80, Words: []Word{{"critical", "critical", bad}, {"warning", "warning", warning}}},
				{Of: "instance", Title: "Console", Width: 100},
			},
		},
	}
}
