package dashboards

func scanning() Board {
	return Board{
		Name:      "scanning",
		Title:     "Security Center / Scanning",
		About:     "Whether scanners work, scans run and are imported, logins work, and hosts are seen.",
		Range:     "7d",
		Variables: consoles(),
		Rows: []Row{
			{Title: "At a glance", Panels: scanGlance()},
			{Title: "Scanners and zones", Panels: scanners()},
			{Title: "Scans", Panels: scans()},
			{Title: "Coverage and logins", Panels: coverage()},
			{Title: "Load, connections and versions of the scanners", Collapsed: true, Panels: scannerNumbers()},
			{Title: "Disks, memory and progress: off by default", Collapsed: true, Panels: scannerHealth()},
		},
	}
}

const (
	// late is how long ago a scan should have run, 6 hours of grace included.
	late = `(time() - securitycenter_scan_next_run_timestamp_seconds > 21600)
  unless on (job, instance, organization_id, scan_id) (securitycenter_scan_last_finish_timestamp_seconds > on (job, instance, organization_id, scan_id) group_left () securitycenter_scan_next_run_timestamp_seconds)
  unless on (job, instance, organization_id, scan_id) securitycenter_scan_running_since_timestamp_seconds`
	// notUsable is 1 for each scanner that is switched on and cannot scan.
	notUsable = `(1 - securitycenter_scanner_usable) * securitycenter_scanner_enabled`
)

func scanGlance() []Panel {
	return []Panel{
		{
			Kind: Stat, W: 4, H: 4, Title: "Scanners unusable", Whole: true, Steps: none(), Empty: "unknown",
			About:   "Scanners that are switched on and cannot scan now. The table below says why.",
			Queries: one(`sum(` + notUsable + `)`),
		},
		{
			Kind: Stat, W: 4, H: 4, Title: "Zones uncovered", Whole: true, Steps: none(), Empty: "unknown",
			About:   "Scan zones in which no scanner works: nothing in their addresses is scanned.",
			Queries: one(`count(securitycenter_zone_scanners_active == 0) or 0 * count(securitycenter_zone_scanners_active)`),
		},
		{
			Kind: Stat, W: 4, H: 4, Title: "Scans late", Whole: true, Steps: none(), Empty: "unknown",
			About:   "Scans that should have begun more than 6 hours ago, and neither run nor ended since. SecurityCenter 4 does not tell its schedule.",
			Queries: one(`count(` + late + `) or 0 * count(securitycenter_scan_next_run_timestamp_seconds)`),
		},
		{
			Kind: Stat, W: 4, H: 4, Title: "Last result failed", Whole: true, Steps: none(), Empty: "unknown",
			About:   "Scans whose last result was not completed or not imported. Their hosts keep old findings.",
			Queries: one(`sum(1 - securitycenter_scan_last_success)`),
		},
		{
			Kind: Stat, W: 4, H: 4, Title: "Longest running scan", Unit: "s", Decimals: 1, Steps: rise("scan_running_seconds", 1, 2), Empty: "none runs",
			About:   "How long the oldest running scan has run. A scan of days is stuck, or too large for its window.",
			Queries: one(`max(time() - securitycenter_scan_running_since_timestamp_seconds)`),
		},
		{
			Kind: Stat, W: 4, H: 4, Title: "Logins work, 30 d", Unit: "percentunit", Decimals: 1, Steps: fall("credentialed_ratio", 0.8), Empty: "unknown",
			About:   "Share of the assessed hosts on which a login worked in 30 days, on the worst console. Without one most missing patches are not found.",
			Queries: one(`min(` + loginsWork + `)`),
		},
	}
}

func scanners() []Panel {
	return []Panel{
		{
			Kind: Timeline, W: 14, H: 8, Title: "Scanners that can scan", Empty: "unknown",
			About:   "Each scanner over time. Red: it could not scan. Gaps: its state was in transition or the console did not say. Many narrow red bars are a bad network.",
			Words:   []Word{{"1", "usable", good}, {"0", "not usable", bad}},
			Queries: []Query{named("{{instance}} {{scanner}}", `securitycenter_scanner_usable and on (job, instance, scanner_id) (securitycenter_scanner_enabled == 1)`)},
		},
		{
			Kind: Table, W: 10, H: 8, Title: "Scanners that do not work, and why", Empty: noneKnown,
			About:   "Every state besides working that a scanner has now, as the console says it; disabled ones are among them. Empty is good.",
			Queries: one(`sum by (instance, scanner, status) (securitycenter_scanner_status{status!="working"} == 1)`),
			Columns: []Column{
				{Of: "instance", Title: "Console", Width: 110},
				{Of: "scanner", Title: "Scanner"},
				{Of: "status", Title: "State", Words: []Word{{"user_disabled", "user_disabled", plain}}},
			},
		},
		{
			Kind: Table, W: 9, H: 8, Title: "Zones", SortBy: "Addresses", Empty: "unknown",
			About: "Scanners of every scan zone, and those that work. With one that works there is no reserve; with none nothing is scanned.",
			Queries: []Query{
				named("", `sum by (instance, zone, zone_id) (securitycenter_zone_scanners_active)`),
				named("", `sum by (instance, zone, zone_id) (securitycenter_zone_scanners)`),
				named("", `sum by (instance, zone, zone_id) (securitycenter_zone_addresses)`),
			},
			Columns: []Column{
				{Of: "instance", Title: "Console", Width: 70},
				{Of: "zone", Title: "Zone"},
				{Of: "A", Title: "Working", Unit: "none", Width: 70, Steps: []Step{{Color: bad}, {1, warning}, {2, good}}},
				{Of: "B", Title: "Scanners", Unit: "none", Width: 75},
				{Of: "C", Title: "Addresses", Unit: "locale", Width: 105},
			},
		},
		{
			Kind: Series, W: 8, H: 8, Title: "Plugins behind the console", Unit: "s", Decimals: 1,
			About: "How much older the plugins of a scanner are than those of its console; the 8 worst. Above the limit it works but looks for nothing new: reload its plugins.",
			Queries: []Query{named("{{instance}} {{scanner}}", `topk(8, clamp_min(
  securitycenter_plugin_set_timestamp_seconds{feed="active"} - on (job, instance) group_right () securitycenter_scanner_loaded_plugin_set_timestamp_seconds, 0))`), limitLine("min", "scanner_plugin_lag_seconds")},
		},
		{
			Kind: Series, W: 7, H: 8, Title: "Hosts in scan", Unit: "locale", Fill: Stacked,
			About:   "Hosts that each scanner is scanning; the 8 busiest. One that carries all while others idle: spread the zones.",
			Queries: []Query{named("{{instance}} {{scanner}}", `topk(8, sum by (instance, scanner) (securitycenter_scanner_hosts_scanning))`)},
		},
	}
}

func scannerNumbers() []Panel {
	return []Panel{
		{
			Kind: Series, W: 9, H: 7, Title: "Load average of the scanners", Unit: "none", Decimals: 1,
			About:   "Load average of the scanners' machines; the 8 highest. Compare with their number of cores.",
			Queries: []Query{named("{{instance}} {{scanner}}", `topk(8, securitycenter_scanner_load_average)`)},
		},
		{
			Kind: Series, W: 9, H: 7, Title: "TCP sessions of the scanners", Unit: "locale",
			About:   "TCP sessions that the scanners hold open; the 8 highest. A flat top is a firewall's limit, and findings are lost there.",
			Queries: []Query{named("{{instance}} {{scanner}}", `topk(8, securitycenter_scanner_tcp_sessions)`)},
		},
		{
			Kind: Bars, W: 6, H: 7, Title: "Versions of the scanners", Unit: "locale", Whole: true, Empty: "unknown",
			About: "How many scanners run each version. Stragglers miss checks and security fixes: update them.",
			Queries: []Query{
				named("{{type}} {{version}}", `sort_desc(count by (type, version) (securitycenter_scanner_info{version!=""}))`),
				named("not told", `count(securitycenter_scanner_info{version=""})`),
			},
		},
	}
}

func scans() []Panel {
	results := func(legend, color, which string) Query {
		return Query{Legend: legend, Color: color, Expr: `sum(increase(securitycenter_scan_results_ended_total{` + which + `}[1d]))`}
	}
	latest := func(expr string) string { return `max by (instance, organization_id, scan_id, scan) (` + expr + `)` }
	which := []Column{
		{Of: "instance", Title: "Console", Width: 75},
		{Of: "scan", Title: "Scan"},
	}
	return []Panel{
		{
			Kind: Series, W: 12, H: 8, Title: "Results of each day", Unit: "locale", Whole: true, Fill: Columns, Every: "1d",
			About: "Scan results that ended in the 24 hours before. What was not imported changes no count: look at the space of the repository and of the console's disk. Empty before the first midnight (UTC).",
			Queries: []Query{
				results("completed", "green", `status="completed",import_status="finished"`),
				results("partial", "dark-yellow", `status="partial",import_status="finished"`),
				results("found nothing", "blue", `status=~"completed|partial",import_status="no_results"`),
				results("not imported", "red", `status=~"completed|partial",import_status!~"finished|no_results"`),
				results("error", "dark-red", `status="error"`),
				results("stopped or other", "#8e8e8e", `status=~"stopped|other"`),
			},
		},
		{
			Kind: Series, W: 12, H: 8, Title: "Time to import a result", Unit: "s", Decimals: 1,
			About:   "How long the import of the last result took; the 10 slowest scans. If all rise together, the console is the bottleneck.",
			Queries: []Query{named("{{instance}} {{scan}}", `topk(10, `+latest(`securitycenter_scan_last_import_duration_seconds`)+`)`)},
		},
		{
			Kind: Table, W: 6, H: 8, Title: "Scans that are late", SortBy: "Late by", Empty: noneKnown,
			About:   "Scans that should have begun more than 6 hours ago, and neither run nor ended since: a scanner that is off, a queue, or a schedule that was paused.",
			Queries: one(latest(late)),
			Columns: append(which[:2:2], Column{Of: "A", Title: "Late by", Unit: "s", Decimals: 1, Width: 95}),
		},
		{
			Kind: Table, W: 6, H: 8, Title: "Scans whose last result failed", SortBy: "Ended", Empty: noneKnown,
			About:   "Scans whose last result was not completed or not imported, and how long ago it ended.",
			Queries: one(latest(`time() - securitycenter_scan_last_finish_timestamp_seconds and on (job, instance, organization_id, scan_id) (securitycenter_scan_last_success == 0)`)),
			Columns: append(which[:2:2], Column{Of: "A", Title: "Ended", Unit: "s", Decimals: 1, Width: 95}),
		},
		{
			Kind: Table, W: 6, H: 8, Title: "Scans that found no host", SortBy: "Targeted", Empty: noneKnown,
			About:   "Scans whose last run had targets and got no answer: a firewall, a wrong zone or old targets. Their old findings stay, until they expire.",
			Queries: one(latest(`securitycenter_scan_last_hosts{state="targeted"} > 0 and on (job, instance, organization_id, scan_id) (securitycenter_scan_last_hosts{state="live"} == 0)`)),
			Columns: append(which[:2:2], Column{Of: "A", Title: "Targeted", Unit: "locale", Width: 95}),
		},
		{
			Kind: Table, W: 6, H: 8, Title: "Scans that are getting slower", SortBy: "Now / then", Empty: noneKnown + ", or there are not 28 days of history",
			About: "Scans that take more than a quarter longer than 28 days ago. They will overrun their window: split them or add a scanner. Empty before 28 days of history.",
			Queries: one(latest(`securitycenter_scan_last_duration_seconds
  / on (job, instance, organization_id, scan_id) group_left () (securitycenter_scan_last_duration_seconds offset 28d > 600) > 1.25`)),
			Columns: append(which[:2:2], Column{Of: "A", Title: "Now / then", Unit: "suffix: ×", Decimals: 1, Width: 95}),
		},
	}
}

func coverage() []Panel {
	outcome := func(result, legend string) Query {
		return named(legend, `sum(securitycenter_hosts_credentialed{window="30d",result="`+result+`"})`)
	}
	return []Panel{
		{
			Kind: Bars, W: 8, H: 8, Title: "Logins in 30 days, by outcome", Unit: "locale", Whole: true, Empty: "unknown",
			About: "Hosts with each outcome, beside those that were assessed. Each has another owner: a wrong password, missing rights, no credentials in the scan, a system that is not supported. A host may be in several bars, one for each protocol, so they are numbers and no shares.",
			Queries: []Query{
				named("assessed", `sum(securitycenter_hosts_assessed{window="30d"})`),
				outcome("success", "worked"), outcome("failure", "refused"), outcome("insufficient_privilege", "too few rights"),
				outcome("none_provided", "no credentials given"), outcome("intermittent", "now and then"), outcome("unsupported_os", "not supported"),
			},
		},
		{
			Kind: Series, W: 8, H: 8, Title: "Share of hosts on which logins work", Unit: "percentunit", Max: 1,
			About:   "By console. A sudden fall is a locked or changed scan account, and the count of findings will fall with it in the next days.",
			Queries: []Query{named("{{instance}}", loginsWork), limitLine("max", "credentialed_ratio")},
		},
		{
			Kind: Series, W: 8, H: 8, Title: "Hosts known and seen", Unit: "locale",
			About: "All hosts with data, and those that a scan saw in 7, 30 and 90 days. Hosts that nobody sees keep their old findings until these expire.",
			Queries: append([]Query{named("known", `sum(securitycenter_hosts)`)},
				each(`sum(securitycenter_hosts_seen{window="%s"})`, "seen in %s", "90d", "30d", "7d")...),
		},
	}
}

func scannerHealth() []Panel {
	return []Panel{
		{
			Kind: Bars, W: 8, H: 9, Title: "Free on the scanners' disks", Unit: "bytes", Decimals: 1, Steps: falling(1<<30, 5<<30), Empty: "scanners.health is off",
			About:   "Free space by volume; the 12 smallest. A full disk ends scans without a result. Empty unless the collector scanners has health: true.",
			Queries: []Query{named("{{instance}} {{scanner}} {{volume}}", `sort(bottomk(12, min by (instance, scanner, volume) (securitycenter_scanner_disk_free_bytes)))`)},
		},
		{
			Kind: Series, W: 8, H: 9, Title: "Memory of the scanner processes", Unit: "percentunit", Max: 1,
			About:   "Share of the memory of a scanner's machine that its process holds; the 8 highest. Empty unless the collector scanners has health: true.",
			Queries: []Query{named("{{instance}} {{scanner}}", `topk(8, securitycenter_scanner_memory_bytes{kind="resident"} / on (job, instance, scanner_id, scanner) (securitycenter_scanner_memory_bytes{kind="ram_total"} > 0))`)},
		},
		{
			Kind: Bars, W: 8, H: 9, Title: "Progress of running scans", Unit: "percentunit", Decimals: 1, Max: 1, Empty: "none runs, or scans.progress is off",
			About:   "Share of the checks that a running scan has done. Empty unless the collector scans has progress: true.",
			Queries: []Query{named("{{instance}} {{scan}}", `sort_desc(max by (instance, organization_id, scan_id, scan) (securitycenter_scan_progress_ratio))`)},
		},
	}
}
