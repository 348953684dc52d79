package dashboards

func exporter() Board {
	return Board{
		Name:      "exporter",
		Title:     "Security Center / Exporter",
		About:     "Whether the exporter reads what it should, what that costs the consoles, and what it needs itself.",
		Range:     "6h",
		Variables: consoles(exporters()),
		Rows: []Row{
			{Title: "At a glance", Panels: exporterGlance()},
			{Title: "Collectors", Panels: collectors()},
			{Title: "Requests to the consoles", Panels: requests()},
			{Title: "The process", Collapsed: true, Panels: process()},
		},
	}
}

func exporterGlance() []Panel {
	return []Panel{
		{
			Kind: Stat, W: 4, H: 4, Title: "Consoles out", Whole: true, Steps: none(), Empty: "no exporter",
			About:   "Consoles that give no answer, and scrapes that fail. Ask /probe?target=NAME&debug=true for the log of the latest loads.",
			Queries: one(`sum((1 - securitycenter_up) or on (job, instance) (1 - up))`),
		},
		{
			Kind: Stat, W: 4, H: 4, Title: "Collectors failing", Whole: true, Steps: none(), Empty: "none has run",
			About:   "Collectors whose latest load failed. Their old data is served until its greatest age.",
			Queries: one(`sum(1 - securitycenter_collector_success)`),
		},
		{
			Kind: Stat, W: 4, H: 4, Title: "Not permitted", Whole: true, Steps: []Step{{Color: good}, {1, warning}}, Empty: "unknown",
			About:   "Collectors of which no configured account may read anything: add an account of the other kind, an administrator or a user of an organisation, or switch them off.",
			Queries: one(`sum(1 - securitycenter_collector_permitted)`),
		},
		{
			Kind: Stat, W: 4, H: 4, Title: "Accounts left alone", Whole: true, Steps: none(), Empty: "unknown",
			About:   "Accounts whose login was refused three times. They are left alone so that the console does not lock them: mend the credentials and reload.",
			Queries: one(`sum(securitycenter_account_blocked)`),
		},
		{
			Kind: Stat, W: 4, H: 4, Title: "Series left out", Whole: true, Steps: []Step{{Color: good}, {1, warning}}, Empty: "unknown",
			About:   "Series that a collector leaves out because of its max_series. Raise it, or narrow the collector.",
			Queries: one(`sum(securitycenter_collector_series_dropped)`),
		},
		{
			Kind: Stat, W: 4, H: 4, Title: "Configuration", Words: []Word{{"1", "loaded", good}, {"0", "refused", bad}}, Empty: "no exporter",
			About:   "Whether the last reload was taken. Refused: the old configuration is still in force; the log says what is wrong.",
			Queries: one(`min(securitycenter_exporter_config_last_reload_successful)`),
		},
	}
}

func collectors() []Panel {
	by := func(expr string) Query { return named("", `max by (instance, collector) (`+expr+`)`) }
	return []Panel{
		{
			Kind: Table, W: 24, H: 10, Title: "Collectors", SortBy: "Age / interval", Empty: "no exporter",
			About: "Every collector of every console. An age of more than twice the interval is not healthy; an interval counts as 5 minutes at least, because data is read at one scrape and shown at the next. At the greatest age it is no longer shown.",
			Queries: []Query{
				by(`securitycenter_collector_success`),
				by(`securitycenter_collector_permitted`),
				by(`time() - securitycenter_collector_last_success_timestamp_seconds`),
				by(`(time() - securitycenter_collector_last_success_timestamp_seconds) / clamp_min(securitycenter_collector_interval_seconds, 300)`),
				by(`securitycenter_collector_interval_seconds`),
				by(`securitycenter_collector_max_age_seconds`),
				by(`securitycenter_collector_duration_seconds`),
				by(`securitycenter_collector_series`),
				by(`securitycenter_collector_series_dropped`),
			},
			Columns: []Column{
				{Of: "instance", Title: "Console", Width: 140},
				{Of: "collector", Title: "Collector"},
				{Of: "A", Title: "Succeeded", Width: 100, Words: onOff},
				{Of: "B", Title: "Permitted", Width: 100, Words: onOff},
				{Of: "C", Title: "Age", Unit: "s", Decimals: 1, Width: 110},
				{Of: "D", Title: "Age / interval", Unit: "suffix: ×", Decimals: 1, Width: 130, Steps: rise("collector_age_intervals", 1, 2)},
				{Of: "E", Title: "Interval", Unit: "s", Decimals: 0, Width: 110},
				{Of: "F", Title: "Greatest age", Unit: "s", Decimals: 0, Width: 120},
				{Of: "G", Title: "Took", Unit: "s", Decimals: 1, Width: 110},
				{Of: "H", Title: "Series", Unit: "locale", Width: 90},
				{Of: "I", Title: "Left out", Unit: "locale", Width: 90, Steps: []Step{{Color: plain}, {1, warning}}},
			},
		},
		{
			Kind: Series, W: 12, H: 8, Title: "Duration of loads", Unit: "s", Decimals: 1,
			About:   "What a load of each collector takes, on the slowest console. Longer than a quarter of its interval, and the interval stretches.",
			Queries: []Query{named("{{collector}}", `max by (collector) (securitycenter_collector_duration_seconds)`)},
		},
		{
			Kind: Series, W: 12, H: 8, Title: "Series by collector", Unit: "locale", Fill: Stacked,
			About:   "Series that each collector shows: what Prometheus has to store.",
			Queries: []Query{named("{{collector}}", `sum by (collector) (securitycenter_collector_series)`)},
		},
	}
}

func requests() []Panel {
	return []Panel{
		{
			Kind: Series, W: 8, H: 8, Title: "Requests each minute", Unit: "none", Decimals: 1,
			About:   "Attempts of requests by console. It should be low and even: the exporter asks small questions at long intervals.",
			Queries: []Query{named("{{instance}}", `60 * sum by (instance) (rate(securitycenter_api_requests_total[$__rate_interval]))`)},
		},
		{
			Kind: Series, W: 8, H: 8, Title: "Failed requests each minute", Unit: "none", Decimals: 2, Fill: Columns, Empty: "none failed: good",
			About:   "Attempts that did not end in 200. 401 and 403: accounts and rights. Timeout and 5xx: the console is overloaded. Envelope: it reported an error with status 200.",
			Queries: []Query{named("{{instance}} {{endpoint}} {{code}}", `60 * sum by (instance, endpoint, code) (rate(securitycenter_api_requests_total{code!="200"}[$__rate_interval])) > 0`)},
		},
		{
			Kind: Series, W: 8, H: 8, Title: "Read from the consoles", Unit: "binBps", Decimals: 1, Fill: Stacked,
			About:   "Bytes of answers by call; the 5 largest. It hardly depends on the number of hosts.",
			Queries: []Query{named("{{endpoint}}", `topk(5, sum by (endpoint) (rate(securitycenter_api_response_bytes_total[$__rate_interval])))`)},
		},
		{
			Kind: Heatmap, W: 12, H: 8, Title: "Duration of requests", Unit: "s",
			About:   "How many requests took how long. A band that climbs at night: reports and imports load the console.",
			Queries: []Query{named("{{le}}", `sum by (le) (increase(securitycenter_api_request_duration_seconds_bucket[$__rate_interval]))`)},
		},
		{
			Kind: Series, W: 12, H: 8, Title: "95 of 100 requests of an hour take at most", Unit: "s", Decimals: 1,
			About:   "By call, over the hour before, because most are seldom; the 10 slowest. Above 30 s a call is near its time-out: widen intervals, or ask fewer repositories.",
			Queries: []Query{named("{{endpoint}}", `topk(10, histogram_quantile(0.95, sum by (endpoint, le) (rate(securitycenter_api_request_duration_seconds_bucket[1h])) > 0))`)},
		},
		{
			Kind: Table, W: 12, H: 8, Title: "Accounts", Empty: "no exporter",
			About: "Accounts, and their logins since the exporter started. A few successes are right. Many are a session that is lost at every load; refused ones will lock the account.",
			Queries: []Query{
				named("", `min by (instance, account) (securitycenter_account_up)`),
				named("", `max by (instance, account) (securitycenter_account_blocked)`),
				named("", `sum by (instance, account) (securitycenter_logins_total{result="success"})`),
				named("", `sum by (instance, account) (securitycenter_logins_total{result="refused"})`),
				named("", `sum by (instance, account) (securitycenter_logins_total{result="error"})`),
			},
			Columns: []Column{
				{Of: "instance", Title: "Console"},
				{Of: "account", Title: "Account"},
				{Of: "A", Title: "Answers", Width: 75, Words: onOff},
				{Of: "B", Title: "Left alone", Width: 85, Words: []Word{{"1", "yes", bad}, {"0", "no", good}}},
				{Of: "C", Title: "Logins", Unit: "locale", Width: 65},
				{Of: "D", Title: "Refused", Unit: "locale", Width: 70, Steps: []Step{{Color: plain}, {1, bad}}},
				{Of: "E", Title: "Errors", Unit: "locale", Width: 60, Steps: []Step{{Color: plain}, {1, warning}}},
			},
		},
		{
			Kind: Table, W: 6, H: 8, Title: "Filters that a console refuses", Empty: noneKnown,
			About:   "Optional filters that a console does not know, mostly because it is old. The families that need them are absent. Empty is usual on version 6.",
			Queries: one(`max by (instance, filter) (securitycenter_query_filter_supported == 0)`),
			Columns: []Column{{Of: "instance", Title: "Console"}, {Of: "filter", Title: "Filter"}},
		},
		{
			Kind: Series, W: 6, H: 8, Title: "Clock of the consoles", Unit: "s", Decimals: 1,
			About:   "The console's clock less the exporter's. Minutes make every age on these boards wrong: set up time synchronisation.",
			Queries: []Query{named("{{instance}}", `securitycenter_clock_skew_seconds`)},
		},
	}
}

func process() []Panel {
	return []Panel{
		{
			Kind: Table, W: 6, H: 7, Title: "Versions", Empty: "no exporter",
			About:   "What runs. Two versions of one exporter: an update that is not finished.",
			Queries: one(`max by (instance, version, goversion) (securitycenter_exporter_build_info)`),
			Columns: []Column{{Of: "instance", Title: "Exporter"}, {Of: "version", Title: "Version", Width: 80}, {Of: "goversion", Title: "Go", Width: 90}},
		},
		{
			Kind: Series, W: 6, H: 7, Title: "Memory", Unit: "bytes", Decimals: 1,
			About:   "Resident memory of the exporter. It follows the number of series, not of hosts; growth without end is a fault to report.",
			Queries: []Query{named("{{instance}}", `process_resident_memory_bytes`)},
		},
		{
			Kind: Series, W: 6, H: 7, Title: "CPU", Unit: "percentunit", Decimals: 1,
			About:   "Share of one core that the exporter uses.",
			Queries: []Query{named("{{instance}}", `rate(process_cpu_seconds_total[$__rate_interval])`)},
		},
		{
			Kind: Series, W: 6, H: 7, Title: "Time to scrape", Unit: "s", Decimals: 2,
			About:   "What a scrape of each target takes. It should be far below the scrape's time-out, because answers come from the cache.",
			Queries: []Query{named("{{instance}}", `scrape_duration_seconds`)},
		},
	}
}
