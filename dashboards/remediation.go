package dashboards

func remediation() Board {
	return Board{
		Name:  "remediation",
		Title: "Security Center / Remediation and deadlines",
		About: "Whether findings are fixed in time, how fast, and what to patch next.",
		Range: "90d",
		Variables: consoles(
			values("sla", "Deadlines", "The policy of deadlines, by its name in the exporter's configuration.", `securitycenter_sla_threshold_seconds{job=~"$job",instance=~"$instance"}`, false),
		),
		Rows: []Row{
			{Title: "Deadlines", Panels: deadlines()},
			{Title: "How fast", Panels: speed()},
			{Title: "Backlog", Panels: backlog()},
			{Title: "What to patch next: collectors and watches that are off by default", Collapsed: true, Panels: patchNext()},
		},
	}
}

// openWhere is the open findings of the consoles that know the deadline.
const openWhere = `(sum(sum by (job, instance) (securitycenter_vulnerabilities{severity="%s"}) and on (job, instance) securitycenter_vulnerabilities_overdue{sla=~"$sla"}) > 0)`

func deadlines() []Panel {
	overdue := `sum(securitycenter_vulnerabilities_overdue{sla=~"$sla",severity="%s"})`
	return []Panel{
		{
			Kind: Stat, W: 8, H: 5, Title: "Within the deadline", Unit: "percentunit", Decimals: 1, Steps: falling(1-2*limit("overdue_ratio"), 1-limit("overdue_ratio")), Empty: "no deadlines",
			About:   "Share of the open findings that are younger than their deadline allows. Below the allowance look at ageing for the shape of what is late, and hand it to its owners.",
			Queries: bySeverity(`1 - ` + overdue + ` / ` + openWhere),
		},
		{
			Kind: Stat, W: 6, H: 5, Title: "Past the deadline", Unit: "locale", Whole: true, Severity: true, Empty: "no deadlines",
			About:   "Open findings that are older than the deadline of their severity.",
			Queries: bySeverity(overdue),
		},
		{
			Kind: Stat, W: 6, H: 5, Title: "Due within 7 days", Unit: "locale", Whole: true, Severity: true, Empty: "risk.due_soon is off",
			About:   "Findings that pass their deadline in the next 7 days: what to patch this week. Empty unless the collector risk has due_soon: true.",
			Queries: bySeverity(`sum(securitycenter_vulnerabilities_due_soon{sla=~"$sla",severity="%s",window="7d"})`),
		},
		{
			Kind: Stat, W: 4, H: 5, Title: "Deadline", Unit: "suffix: d", Whole: true, Severity: true, Empty: "no deadlines",
			About:   "The strictest deadline of the policy by severity in days, as configured.",
			Queries: bySeverity(`min(securitycenter_sla_threshold_seconds{sla=~"$sla",severity="%s"}) / 86400`),
		},
		{
			Kind: Series, W: 8, H: 8, Title: "Share past the deadline", Unit: "percentunit", Severity: true,
			About:   "Share of the open findings past their deadline; the line is the allowance of the alert OverdueRatioHigh. One peak is a late patch; a line that stays above it is too little capacity.",
			Queries: append(bySeverity(overdue+` / `+openWhere), limitLine("min", "overdue_ratio")),
		},
		{
			Kind: Bars, W: 8, H: 8, Title: "Critical past the deadline: worst consoles", Long: true, Unit: "percentunit", Decimals: 1, Max: 1, Steps: rise("overdue_ratio", 1, 2), Empty: "no deadlines",
			About: "Share of the open critical findings of a console that are past their deadline; the 6 worst. A sum hides the one that never patches.",
			Queries: []Query{named("{{instance}}", `sort_desc(topk(6, max by (instance) (sum by (job, instance) (securitycenter_vulnerabilities_overdue{sla=~"$sla",severity="critical"})
  / (sum by (job, instance) (securitycenter_vulnerabilities{severity="critical"}) > 0))))`)},
		},
		{
			Kind: Series, W: 8, H: 8, Title: "Past the deadline", Unit: "locale", Severity: true, Fill: Stacked,
			About:   "Open findings past their deadline. It falls when they are fixed, and also when their risk is accepted: see the posture board.",
			Queries: bySeverity(overdue),
		},
	}
}

func speed() []Panel {
	within := func(severity string) []Query {
		all := `(sum(securitycenter_remediation_findings{window="30d",severity="` + severity + `"} and on (job, instance) securitycenter_remediation_findings_within) > 0)`
		until := func(days string) string {
			return `sum(securitycenter_remediation_findings_within{window="30d",max_days="` + days + `",severity="` + severity + `"})`
		}
		band := func(legend, from, to string) Query {
			return named(legend, `(`+until(to)+` - `+until(from)+`) / `+all)
		}
		return []Query{
			named("up to 7 days", until("7")+` / `+all), band("8 to 15", "7", "15"), band("16 to 30", "15", "30"),
			band("31 to 60", "30", "60"), band("61 to 90", "60", "90"), named("longer", `1 - `+until("90")+` / `+all),
		}
	}
	return []Panel{
		{
			Kind: Bars, W: 6, H: 8, Title: "Critical: time to fix", Unit: "percentunit", Decimals: 1, Max: 1, Empty: "not supported",
			About:   "Of the critical findings fixed in the last 30 days, the share that took so long: the bars add up to 100 %. Add up those before the deadline and compare with 95 %.",
			Queries: within("critical"),
		},
		{
			Kind: Bars, W: 6, H: 8, Title: "High: time to fix", Unit: "percentunit", Decimals: 1, Max: 1, Empty: "not supported",
			About:   "Of the high findings fixed in the last 30 days, the share that took so long: the bars add up to 100 %.",
			Queries: within("high"),
		},
		{
			Kind: Series, W: 8, H: 8, Title: "Fixed within 30 days", Unit: "percentunit", Severity: true, Max: 1,
			About: "Of the findings fixed in the 30 days before, the share that took no longer than 30 days. It says nothing of what is still open: see ageing.",
			Queries: bySeverity(`sum(securitycenter_remediation_findings_within{window="30d",max_days="30",severity="%s"})
  / (sum(securitycenter_remediation_findings{window="30d",severity="%s"} and on (job, instance) securitycenter_remediation_findings_within) > 0)`),
		},
		{
			Kind: Stat, W: 4, H: 8, Title: "Fixed in 30 days", Unit: "locale", Whole: true, Severity: true, Empty: "unknown",
			About:   "Findings fixed in the last 30 days: what the shares beside are shares of. With few of them the shares jump.",
			Queries: bySeverity(`sum(securitycenter_remediation_findings{window="30d",severity="%s"})`),
		},
	}
}

func backlog() []Panel {
	older := func(severity string) []Query {
		return each(`sum(securitycenter_vulnerabilities_aged{severity="`+severity+`",min_age_days="%s"})`, "over %s days", "7", "30", "60", "90", "180")
	}
	return []Panel{
		{
			Kind: Bars, W: 6, H: 8, Title: "Critical: how old", Unit: "locale", Whole: true, Empty: "unknown",
			About:   "Open critical findings that are older than this. Each bar contains those below it. A long lowest bar: findings that nobody owns.",
			Queries: older("critical"),
		},
		{
			Kind: Bars, W: 6, H: 8, Title: "High: how old", Unit: "locale", Whole: true, Empty: "unknown",
			About:   "Open high findings that are older than this. Each bar contains those below it.",
			Queries: older("high"),
		},
		{
			Kind: Series, W: 12, H: 8, Title: "Net flow in 7 days", Unit: "locale", Severity: true,
			About:   "Findings first seen less findings fixed in the 7 days before. Above 0 the backlog grows.",
			Queries: bySeverity(`sum(securitycenter_vulnerabilities_new{window="7d",severity="%s"} - on (job, instance) securitycenter_vulnerabilities_mitigated{window="7d",severity="%s"})`),
		},
		{
			Kind: Stat, W: 6, H: 6, Title: "Days to clear the backlog", Unit: "suffix: d", Whole: true, Severity: true, Empty: "none fixed",
			About: "Open findings by findings fixed each day over the last 7 days: how long the backlog would take at this pace if nothing came in.",
			Queries: bySeverity(`sum(sum by (job, instance) (securitycenter_vulnerabilities{severity="%s"}) and on (job, instance) securitycenter_vulnerabilities_mitigated{window="7d"})
  / (sum(securitycenter_vulnerabilities_mitigated{window="7d",severity="%s"}) / 7 > 0)`),
		},
		{
			Kind: Series, W: 6, H: 6, Title: "Older than 90 days", Unit: "locale", Severity: true,
			About:   "Open findings that are older than 90 days. It should fall: what is this old is nobody's or an exception that nobody wrote down.",
			Queries: bySeverity(`sum(securitycenter_vulnerabilities_aged{severity="%s",min_age_days="90"})`),
		},
		{
			Kind: Stat, W: 6, H: 6, Title: "Different vulnerabilities", Unit: "locale", Whole: true, Severity: true, Empty: "unknown",
			About:   "How many plugins have open findings: pieces of work rather than instances, added up over consoles. Absent on consoles that several accounts read.",
			Queries: bySeverity(`sum(securitycenter_unique_vulnerabilities{severity="%s"})`),
		},
		{
			Kind: Series, W: 6, H: 6, Title: "Came back", Unit: "locale", Severity: true,
			About:   "Open findings that had been fixed once: roll-backs, old images, or scans with and without credentials in turn.",
			Queries: bySeverity(`sum(securitycenter_vulnerabilities_reopened{severity="%s"})`),
		},
	}
}

func patchNext() []Panel {
	plugin := "https://www.tenable.com/plugins/nessus/${__value.raw}"
	return []Panel{
		{
			Kind: Table, W: 12, H: 9, Title: "Fixes that remove the most risk", SortBy: "Risk removed", Empty: "collector remediation is off",
			About:   "The fixes that would remove the greatest share of a console's risk score. Begin at the top. In words where the collector remediation has names: true; `scctl patch-list` has them always. Empty unless it is on.",
			Queries: one(inWords(`topk(20, max by (instance, plugin_id) (securitycenter_remediation_risk_ratio))`)),
			Columns: []Column{
				{Of: "instance", Title: "Console", Width: 90},
				{Of: "solution", Title: "Fix"},
				{Of: "plugin_id", Title: "Plugin", Width: 80, URL: plugin},
				{Of: "A", Title: "Risk removed", Unit: "percentunit", Decimals: 1, Width: 120},
			},
		},
		{
			Kind: Table, W: 12, H: 9, Title: "Plugins that hit the most hosts", SortBy: "Hosts", Empty: "collector remediation is off",
			About:   "The plugins with findings on the most hosts. In words where the collector remediation has names: true. Empty unless it is on.",
			Queries: one(inWords(`topk(25, max by (instance, plugin_id, severity) (securitycenter_top_plugin_hosts))`)),
			Columns: []Column{
				{Of: "instance", Title: "Console", Width: 90},
				{Of: "plugin", Title: "Vulnerability"},
				{Of: "plugin_id", Title: "Plugin", Width: 80, URL: plugin},
				{Of: "severity", Title: "Severity", Width: 90, Words: severityWords()},
				{Of: "A", Title: "Hosts", Unit: "locale", Width: 80},
			},
		},
		{
			Kind: Table, W: 8, H: 9, Title: "Watches", SortBy: "Critical", Empty: "no watch is configured",
			About: "Findings that a configured watch looks for, for example the known exploited vulnerabilities, and the hosts that have them. Empty unless watches are configured.",
			Queries: []Query{
				named("", `sum by (instance, watch) (securitycenter_watch_vulnerabilities{severity="critical"})`),
				named("", `sum by (instance, watch) (securitycenter_watch_vulnerabilities{severity="high"})`),
				named("", `sum by (instance, watch) (securitycenter_watch_hosts)`),
			},
			Columns: []Column{
				{Of: "instance", Title: "Console", Width: 75},
				{Of: "watch", Title: "Watch"},
				{Of: "A", Title: "Critical", Unit: "locale", Width: 80},
				{Of: "B", Title: "High", Unit: "locale", Width: 55},
				{Of: "C", Title: "Hosts", Unit: "locale", Width: 55},
			},
		},
		{
			Kind: Bars, W: 8, H: 9, Title: "Critical and high by plugin family", Long: true, Unit: "locale", Whole: true, Empty: "collector families is off",
			About:   "Open critical and high findings of the 8 largest families: who must patch. Empty unless the collector families is on.",
			Queries: []Query{named("{{family}} #{{family_id}}", `sort_desc(topk(8, sum by (family, family_id) (securitycenter_vulnerabilities_by_family{severity=~"critical|high"})))`)},
		},
		{
			Kind: Table, W: 8, H: 9, Title: "By asset list", SortBy: "Critical", Empty: "collector assets is off",
			About: "Open findings of the asset lists that are configured: whose they are. Lists overlap, so they do not add up to the console's count. Empty unless the collector assets is on.",
			Queries: []Query{
				named("", `max by (instance, organization_id, asset_id, asset) (securitycenter_vulnerabilities_by_asset{severity="critical"})`),
				named("", `max by (instance, organization_id, asset_id, asset) (securitycenter_vulnerabilities_by_asset{severity="high"})`),
			},
			Columns: []Column{
				{Of: "instance", Title: "Console", Width: 75},
				{Of: "asset", Title: "Asset list"},
				{Of: "A", Title: "Critical", Unit: "locale", Width: 80},
				{Of: "B", Title: "High", Unit: "locale", Width: 65},
			},
		},
		{
			Kind: Bars, W: 12, H: 7, Title: "By Vulnerability Priority Rating", Unit: "locale", Whole: true, Severity: true, Empty: "risk.vpr is off",
			About:   "Open findings by band of Tenable's Vulnerability Priority Rating, which weighs threat rather than impact. Empty unless the collector risk has vpr: true; not on SecurityCenter 4.",
			Queries: bySeverity(`sum(securitycenter_vulnerabilities_vpr{band="%s"})`),
		},
		{
			Kind: Bars, W: 12, H: 7, Title: "Compliance checks passed", Long: true, Unit: "percentunit", Decimals: 1, Max: 1, Steps: falling(0.7, 0.9), Empty: "collector compliance is off",
			About:   "Share of the checks of an audit that passed, of those that passed or failed. Empty unless the collector compliance is on.",
			Queries: []Query{named("{{instance}} {{audit}}", `sort(sum by (instance, audit, audit_id) (securitycenter_compliance_checks{result="passed"}) / (sum by (instance, audit, audit_id) (securitycenter_compliance_checks{result=~"passed|failed"}) > 0))`)},
		},
	}
}

// inWords adds the name and the solution of the plugin, where they are known.
func inWords(expr string) string {
	return expr + ` * on (instance, plugin_id) group_left (plugin, solution)
  max by (instance, plugin_id, plugin, solution) (securitycenter_plugin_info)
or ` + expr + ` unless on (instance, plugin_id) securitycenter_plugin_info`
}

func severityWords() []Word {
	var out []Word
	for _, s := range severities {
		out = append(out, Word{s.name, s.name, s.color})
	}
	return out
}
