package dashboards

func fleet() Board {
	return Board{
		Name:      "fleet",
		Title:     "Security Center / Consoles and feeds",
		About:     "One line for each console, and what keeps consoles alive: feeds, licence, jobs, back-ups, certificates.",
		Range:     "7d",
		Variables: consoles(),
		Rows: []Row{
			{Title: "Consoles", Panels: fleetTable()},
			{Title: "Feeds", Panels: feeds()},
			{Title: "Licence", Panels: licence()},
			{Title: "Back-ups, self-checks, jobs, certificates", Panels: upkeep()},
			{Title: "Repositories", Panels: repositories()},
			{Title: "Plugins over time", Collapsed: true, Panels: pluginSets()},
			{Title: "Workflow and access: collectors that are off by default", Collapsed: true, Panels: workflow()},
		},
	}
}

// copies are the repositories that the configuration calls copies of one whose
// findings are counted on another of the chosen consoles.
const copies = `(securitycenter_repository_same_as and on (same_instance, same_repository_id)
  label_join(label_join(securitycenter_vulnerabilities{severity="critical"}, "same_instance", "", "instance"), "same_repository_id", "", "repository_id"))`

// once leaves the copies out of what is told by repository.
const once = ` unless on (job, instance, repository_id) ` + copies

// everyFindingOnce adds the chosen consoles up without what is copied from one
// to another.
func everyFindingOnce() []Panel {
	return []Panel{
		{
			Kind: Stat, W: 10, H: 4, Title: "Open on all consoles, every finding once", Unit: "locale", Whole: true, Severity: true, Empty: "not read",
			About:   "Open findings of all chosen consoles without the repositories that are copies of another chosen console's, as repositories.same_as of the exporter's configuration says. The posture board adds both up.",
			Queries: bySeverity(`sum(securitycenter_vulnerabilities{severity="%s"}` + once + `)`),
		},
		{
			Kind: Stat, W: 5, H: 4, Title: "Hosts, each once", Unit: "locale", Whole: true, Empty: "not read",
			About:   "Hosts with findings, without those of copies. A host that is in two repositories is still two.",
			Queries: one(`sum(securitycenter_hosts` + once + `)`),
		},
		{
			Kind: Stat, W: 5, H: 4, Title: "Findings left out", Unit: "locale", Whole: true, Empty: "not read",
			About: "Findings of copies, of severity low and above: by how many the plain sum is too high.",
			Queries: one(`sum(securitycenter_vulnerabilities{severity!="info"} and on (job, instance, repository_id) ` + copies + `)
or 0 * sum(securitycenter_vulnerabilities)`),
		},
		{
			Kind: Stat, W: 4, H: 4, Title: "Perhaps twice", Whole: true, Steps: []Step{{Color: good}, {1, warning}}, Empty: "unknown",
			About: "Remote and offline repositories that are not said to be copies. Where their own console is chosen too, they are counted twice: the exporter's landing page names those that look like it.",
			Queries: one(`count(securitycenter_repository_info{type=~"remote|offline"} unless on (job, instance, repository_id) securitycenter_repository_same_as)
or 0 * count(securitycenter_repository_info)`),
		},
	}
}

func fleetTable() []Panel {
	return append(everyFindingOnce(), Panel{
		Kind: Table, W: 24, H: 7, Title: "Consoles", SortBy: "Critical", Empty: "no exporter",
		About: "One line for each console. Red is what to look at first: down, no job daemon, an old feed, licence full, a certificate that ends. Choose a name for its findings.",
		Queries: []Query{
			named("", `max by (instance) (securitycenter_up) or on (instance) max by (instance) (up and on (job, instance) last_over_time(securitycenter_up[$__range]))`),
			named("", `max by (instance, version) (securitycenter_info)`),
			named("", `max by (instance) (securitycenter_job_daemon_running)`),
			named("", `max by (instance) (time() - securitycenter_feed_last_update_timestamp_seconds{feed="active"})`),
			named("", `max by (instance) (securitycenter_license_ips_used / (securitycenter_license_ips_limit > 0))`),
			named("", `min by (instance) (securitycenter_tls_certificate_not_after_timestamp_seconds - time())`),
			named("", `sum by (instance) ((1 - securitycenter_scanner_usable) * securitycenter_scanner_enabled)`),
			named("", `sum by (instance) (securitycenter_hosts)`),
			named("", `sum by (instance) (securitycenter_vulnerabilities{severity="critical"})`),
			named("", `max by (instance) (time() - securitycenter_collector_last_success_timestamp_seconds{collector="vulnerabilities"})`),
			named("", `min by (instance) (securitycenter_license_valid)`),
		},
		Columns: []Column{
			{Of: "instance", Title: "Console", URL: "/d/securitycenter-posture?${datasource:queryparam}&${job:queryparam}&var-instance=${__value.raw}"},
			{Of: "version", Title: "Version", Width: 100},
			{Of: "A", Title: "Answers", Width: 90, Words: onOff},
			{Of: "C", Title: "Jobs run", Width: 90, Words: onOff},
			{Of: "D", Title: "Plugin feed", Unit: "s", Decimals: 1, Width: 120, Steps: rise("feed_age_seconds", 1, 3.5)},
			{Of: "K", Title: "Licence", Width: 80, Words: []Word{{"1", "valid", good}, {"0", "not valid", bad}}},
			{Of: "E", Title: "Licence used", Unit: "percentunit", Decimals: 0, Width: 110, Steps: rising(limit("license_used_ratio"), 1)},
			{Of: "F", Title: "Certificate ends in", Unit: "s", Decimals: 1, Width: 150, Steps: fall("certificate_remaining_seconds", 0.5)},
			{Of: "G", Title: "Scanners out", Unit: "none", Width: 110, Steps: none()},
			{Of: "H", Title: "Hosts", Unit: "locale", Width: 90},
			{Of: "I", Title: "Critical", Unit: "locale", Width: 90},
			{Of: "J", Title: "Counts of", Unit: "s", Decimals: 1, Width: 110, Steps: rising(2*hour, 4*hour)},
		},
	})
}

func feeds() []Panel {
	return []Panel{
		{
			Kind: Bars, W: 8, H: 7, Title: "Age of the feeds", Unit: "s", Decimals: 1, Steps: rise("feed_age_seconds", 1, 3.5), Empty: "unknown",
			About:   "Time since each feed was updated; the 10 oldest. Above two days look at the console's way to the vendor, its proxy and its activation code.",
			Queries: []Query{named("{{instance}} {{feed}}", `sort_desc(topk(10, time() - securitycenter_feed_last_update_timestamp_seconds))`)},
		},
		{
			Kind: Table, W: 8, H: 7, Title: "Feeds: the console's own verdict", Empty: noneKnown,
			About: "Feeds that the console calls stale, or whose subscription is not valid. Empty is good. SecurityCenter 4 gives no verdict.",
			Queries: []Query{
				named("", `max by (instance, feed) (securitycenter_feed_stale == 1 or securitycenter_feed_stale and on (job, instance, feed) (securitycenter_subscription_valid == 0))`),
				named("", `max by (instance, feed) (securitycenter_subscription_valid and on (job, instance, feed) (securitycenter_feed_stale == 1) or (securitycenter_subscription_valid == 0))`),
			},
			Columns: []Column{
				{Of: "instance", Title: "Console"},
				{Of: "feed", Title: "Feed", Width: 90},
				{Of: "A", Title: "Stale", Width: 65, Words: []Word{{"1", "stale", bad}, {"0", "no", good}}},
				{Of: "B", Title: "Subscription", Width: 105, Words: []Word{{"1", "valid", good}, {"0", "not valid", bad}}},
			},
		},
		{
			Kind: Timeline, W: 8, H: 7, Title: "Updates that run", Empty: "unknown",
			About:   "When each feed was being updated. A bar that does not end is a stuck update: restart the job daemon.",
			Words:   []Word{{"1", "running", "blue"}, {"0", "idle", "transparent"}},
			Queries: []Query{named("{{instance}} {{feed}}", `securitycenter_feed_update_running`)},
		},
	}
}

func pluginSets() []Panel {
	return []Panel{
		{
			Kind: Series, W: 12, H: 7, Title: "Active plugins in the database", Unit: "locale", Free: true,
			About:   "Active plugins by console. It grows slowly. A fall is a broken update, and findings of the missing plugins will vanish.",
			Queries: []Query{named("{{instance}}", `sum by (instance) (securitycenter_plugins{type="active"})`)},
		},
		{
			Kind: Series, W: 12, H: 7, Title: "Age of the plugin set that is loaded", Unit: "s", Decimals: 1, Steps: rise("feed_age_seconds", 1, 3.5),
			About:   "Age of the active plugin set that the console works with. A saw-tooth of a day is healthy. If the feed is young and this is old, the update was not loaded.",
			Queries: []Query{named("{{instance}}", `max by (instance) (time() - securitycenter_plugin_set_timestamp_seconds{feed="active"})`), limitLine("min", "feed_age_seconds")},
		},
	}
}

func licence() []Panel {
	return []Panel{
		{
			Kind: Bars, W: 8, H: 8, Title: "Licence used", Long: true, Unit: "percentunit", Decimals: 1, Max: 1, Steps: rising(limit("license_used_ratio"), 1), Empty: "unknown",
			About:   "Addresses that count against the licence, as a share of what it allows. When it is full, new hosts are not scanned.",
			Queries: []Query{named("{{instance}}", `sort_desc(securitycenter_license_ips_used / (securitycenter_license_ips_limit > 0))`)},
		},
		{
			Kind: Series, W: 8, H: 8, Title: "Licence used", Unit: "percentunit", Decimals: 1,
			About:   "Course of the licence's use. It falls only after the console's nightly clean-up.",
			Queries: []Query{named("{{instance}}", `securitycenter_license_ips_used / (securitycenter_license_ips_limit > 0)`), limitLine("min", "license_used_ratio")},
		},
		{
			Kind: Bars, W: 8, H: 8, Title: "Days until the licence is full", Unit: "suffix: d", Whole: true, Steps: falling(30, 90), Empty: "use does not grow",
			About: "Free addresses by the growth of the last 30 days, and never more than 400 days: when to order. Consoles whose use does not grow are absent.",
			Queries: []Query{named("{{instance}}", `sort(clamp_max(clamp_min(
  (securitycenter_license_ips_limit - securitycenter_license_ips_used) / (deriv(securitycenter_license_ips_used[30d]) > 0) / 86400, 0), 400))`)},
		},
	}
}

func upkeep() []Panel {
	return []Panel{
		{
			Kind: Bars, W: 6, H: 8, Title: "Time since the last good back-up", Long: true, Unit: "s", Decimals: 1, Steps: rise("backup_age_seconds", 2./3, 4./3), Empty: "unknown",
			About:   "Age of the last good back-up of the console's database. SecurityCenter 4 does not say.",
			Queries: []Query{named("{{instance}}", `sort_desc(time() - securitycenter_database_backup_last_success_timestamp_seconds)`)},
		},
		{
			Kind: Bars, W: 6, H: 8, Title: "Certificate ends in", Long: true, Unit: "s", Decimals: 1, Steps: fall("certificate_remaining_seconds", 0.5), Empty: "no TLS",
			About:   "Time until the certificate of the console ends. After that the exporter, scanners and people no longer reach it safely.",
			Queries: []Query{named("{{instance}}", `sort(securitycenter_tls_certificate_not_after_timestamp_seconds - time())`)},
		},
		{
			Kind: Table, W: 6, H: 8, Title: "Self-checks", Empty: "unknown",
			About:   "The console's checks of itself. Disk: it soon stops importing. Java: no reports.",
			Queries: one(`min by (instance, check) (securitycenter_diagnostic_ok)`),
			Columns: []Column{
				{Of: "instance", Title: "Console"},
				{Of: "check", Title: "Check", Width: 70},
				{Of: "A", Title: "Passed", Width: 70, Words: onOff},
			},
		},
		{
			Kind: Series, W: 6, H: 8, Title: "Jobs that wait or are late", Unit: "locale",
			About:   "Jobs that wait, and jobs that were due more than 5 minutes ago. Imports are jobs: while they are late, counts are old.",
			Queries: []Query{named("{{instance}} {{state}}", `sum by (instance, state) (securitycenter_jobs{state=~"waiting|late"})`)},
		},
	}
}

func repositories() []Panel {
	by := func(expr string) string { return `max by (instance, repository, repository_id) (` + expr + `)` }
	return []Panel{
		{
			Kind: Table, W: 17, H: 9, Title: "Repositories", SortBy: "Addresses", Empty: "unknown",
			About: "All repositories with their type. Findings of a remote or offline repository are counted on its own console too: say so by repositories.same_as, and the sums above leave the copy out. Unread: no account reads it, and it is missing from every count.",
			Queries: []Query{
				named("", `max by (instance, repository, repository_id, type) (securitycenter_repository_info)`),
				named("", by(`securitycenter_repository_accessible`)),
				named("", by(`securitycenter_repository_ips`)),
				named("", by(`time() - securitycenter_repository_last_update_timestamp_seconds`)),
				named("", by(`time() - securitycenter_repository_last_sync_timestamp_seconds`)),
				named("", `max by (instance, repository, repository_id, same_instance, same_repository_id) (securitycenter_repository_same_as)`),
			},
			Columns: []Column{
				{Of: "instance", Title: "Console", Width: 80},
				{Of: "repository", Title: "Repository", URL: repositoryOf},
				{Of: "repository_id", Title: "Id", Width: 50},
				{Of: "type", Title: "Type", Width: 80},
				{Of: "B", Title: "Read", Width: 70, Words: []Word{{"1", "yes", good}, {"0", "unread", bad}}},
				{Of: "C", Title: "Addresses", Unit: "locale", Width: 100},
				{Of: "D", Title: "Last data", Unit: "s", Decimals: 1, Width: 100, Steps: rise("repository_age_seconds", 0.5, 1)},
				{Of: "E", Title: "Last sync", Unit: "s", Decimals: 1, Width: 100, Steps: rise("repository_sync_age_seconds", 1, 3)},
				{Of: "same_instance", Title: "Copy of", Width: 80},
				{Of: "same_repository_id", Title: "its", Width: 40},
			},
		},
		{
			Kind: Series, W: 7, H: 9, Title: "Addresses held more than once", Unit: "suffix: ×", Decimals: 2, Steps: []Step{{Color: good}, {1, warning}}, Limits: true,
			About:   "Addresses of all repositories by addresses that count against the licence. Well above 1 the same host is in several repositories, and its findings are counted several times.",
			Queries: []Query{named("{{instance}}", `sum by (instance) (securitycenter_repository_ips) / (max by (instance) (securitycenter_license_ips_used) > 0)`)},
		},
	}
}

func workflow() []Panel {
	return []Panel{
		{
			Kind: Bars, W: 6, H: 7, Title: "Tickets", Unit: "locale", Whole: true, Empty: "collector tickets is off",
			About:   "Tickets by state. Empty unless the collector tickets is on.",
			Queries: []Query{named("{{status}}", `sum by (status) (securitycenter_tickets)`)},
		},
		{
			Kind: Bars, W: 6, H: 7, Title: "Rules that accept risk", Unit: "locale", Whole: true, Empty: "collector risk_rules is off",
			About:   "Accept-risk rules that are active, expired or expire within 30 days. Review those before their findings return. Empty unless the collector risk_rules is on.",
			Queries: []Query{named("{{state}}", `sum by (state) (securitycenter_accept_risk_rules)`)},
		},
		{
			Kind: Bars, W: 6, H: 7, Title: "Users", Unit: "locale", Whole: true, Empty: "collector users is off",
			About:   "Users by state. A locked one may be a service account: look whether scans and integrations still log in. Empty unless the collector users is on.",
			Queries: []Query{named("{{state}}", `sum by (state) (securitycenter_users)`)},
		},
		{
			Kind: Bars, W: 6, H: 7, Title: "Events in a day", Unit: "locale", Whole: true, Empty: "collector events is off",
			About:   "Log events of the last day by type; the 15 most frequent. Empty unless the collector events is on.",
			Queries: []Query{named("{{type}}", `sort_desc(topk(15, sum by (type) (securitycenter_events{window="1d"})))`)},
		},
	}
}
