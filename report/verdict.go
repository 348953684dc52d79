package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/legible"
)

// reason says why numbers may not be believed as they stand.
type reason struct {
	Belief Belief
	What   string // is so
	Means  string // for the numbers
	Do     string
	Alert  string // whose runbook says more; empty: there is none
}

// judge looks for everything that speaks against the numbers.
func (v view) judge() []reason {
	return slices.Concat(v.access(), v.loads(), v.identities(), v.unread(), v.reach(), v.content(), v.engines(), v.results(), v.unexplained())
}

// access: did the console answer, through all accounts?
func (v view) access() (all []reason) {
	if up, known := v.sum("securitycenter_up"); known && up == 0 {
		all = append(all, reason{NotBelieved, "the console did not answer through any account", "Nothing is known of it.", "See the accounts and the way to the console.", "SecurityCenterDown"})
	}
	for l, blocked := range v.each("securitycenter_account_blocked") {
		up, used := v.sum("securitycenter_account_up", "account", l["account"])
		in, _ := v.sum("securitycenter_logins_total", "account", l["account"], "result", "success")
		switch {
		case blocked == 0 && (!used || up == 1):
		case in > 0:
			all = append(all, reason{WithReservations, "account " + short(l["account"]) + " stopped answering", "What only it reads may be missing.", "Find out why its last call failed.", "SecurityCenterAccountDown"})
		default:
			all = append(all, reason{NotBelieved, "account " + short(l["account"]) + " could not log in", "What only this account would read is in no number: sums look complete and are too low.", "Correct its credentials, or unlock it on the console.", "SecurityCenterAccountLeftOut"})
		}
	}
	if skew, _ := v.sum("securitycenter_clock_skew_seconds"); max(skew, -skew) > v.limits["clock_skew_seconds"] {
		all = append(all, reason{WithReservations, fmt.Sprintf("the clocks of the console and of this machine are %s apart", legible.Lasting(time.Duration(max(skew, -skew))*time.Second)),
			"Ages and deadlines are wrong by as much.", "Set the clocks by the same source.", "SecurityCenterClockSkew"})
	}
	return all
}

// loaded reports whether the latest load of a collector succeeded.
func (v view) loaded(collector string) bool {
	success, _ := v.sum("securitycenter_collector_success", "collector", collector)
	return success == 1
}

// counting is the collector without which there is no count.
const counting = "vulnerabilities"

// loads: did every collector bring its numbers, and how old are they?
func (v view) loads() (all []reason) {
	for l, interval := range v.each("securitycenter_collector_interval_seconds") {
		name := l["collector"]
		weight := WithReservations
		if name == counting {
			weight = NotBelieved
		}
		success, ended := v.sum("securitycenter_collector_success", "collector", name)
		permitted, asked := v.sum("securitycenter_collector_permitted", "collector", name)
		read, has := v.sum("securitycenter_collector_last_success_timestamp_seconds", "collector", name)
		what := "collector " + name
		switch {
		case asked && permitted == 0:
			all = append(all, reason{weight, "no account may read what " + what + " needs", "Its numbers are absent.", "Add an account of the other kind (administrator or organisation).", "SecurityCenterCollectorNotPermitted"})
		case !ended:
			all = append(all, reason{weight, what + " did not end in time", "Its numbers are absent.", "Give the console more time, or ask it when it is less busy.", "SecurityCenterCollectorNeverRan"})
		case success == 0:
			why := ""
			for _, f := range v.Failures {
				if f.Collector == name {
					why = ": " + f.Text
				}
			}
			all = append(all, reason{weight, what + " failed" + why, "Its numbers are absent.", "The words are the console's, or those of the way to it.", "SecurityCenterCollectorFailing"})
		case has && v.age(read).Seconds() > interval*v.limits["collector_age_intervals"]:
			all = append(all, reason{weight, what + " has brought nothing for " + legible.Lasting(v.age(read)), "Its numbers are as old as that.", "See its last error.", "SecurityCenterCollectorStale"})
		}
		if dropped, _ := v.sum("securitycenter_collector_series_dropped", "collector", name); dropped > 0 {
			all = append(all, reason{WithReservations, fmt.Sprintf("%s leaves out %s series", what, count(dropped)), "Sums over its metrics are too low.", "Raise max_series.", "SecurityCenterSeriesDropped"})
		}
	}
	if _, told := v.sum("securitycenter_vulnerabilities"); !told && !slices.ContainsFunc(all, func(r reason) bool { return r.Belief == NotBelieved }) {
		all = append(all, reason{NotBelieved, "the console tells no open findings", "There is nothing to count, or findings cannot be told from results of audits.", "scctl doctor says which filters work.", "SecurityCenterNumbersContradict"})
	}
	return all
}

// checks are the identities that numbers rest on, in words.
var checks = map[string]string{
	"accepted_risk": "findings with accepted risk and without it do not add up to all",
	"compliance":    "plugin ids and the plugin type tell different results of audits",
	"one_row":       "the totals beside the first row do not add up",
	"host_total":    "hosts of a plugin by plugin and by host differ",
}

// identities: does the console contradict itself?
func (v view) identities() (all []reason) {
	for l, holds := range v.each("securitycenter_check_ok") {
		if holds == 0 {
			all = append(all, reason{WithReservations, "the console contradicts itself: " + cmp.Or(checks[l["check"]], short(l["check"])), "Numbers that rest on it are told in another way, or are absent.", "scctl doctor has the numbers.", "SecurityCenterNumbersContradict"})
		}
	}
	return all
}

// unread: is there data that no count has, or that is old?
func (v view) unread() (all []reason) {
	var holes []string
	records := 0.0
	for l, accessible := range v.each("securitycenter_repository_accessible") {
		if accessible == 0 {
			n, _ := v.sum("securitycenter_repository_findings", "repository_id", l["repository_id"])
			holes, records = append(holes, named(l, "repository")), records+n
		}
	}
	if len(holes) > 0 {
		what := several(holes, "repository is read by no account", "repositories are read by no account")
		if records > 0 {
			what += "; " + count(records) + " records"
		}
		all = append(all, reason{WithReservations, what, "Findings in there are in no count.", "Let an organisation account read them, or exclude them in the configuration.", "SecurityCenterRepositoryNotRead"})
	}
	kind := map[string]string{}
	for l := range v.each("securitycenter_repository_info") {
		kind[l["repository_id"]] = l["type"]
	}
	for _, stale := range []struct {
		family, limit, alert, one, many, do string
		concerns                            func(kind string) bool
	}{
		{"securitycenter_repository_last_update_timestamp_seconds", "repository_age_seconds", "SecurityCenterRepositoryStale", "repository has taken in no data lately", "repositories have taken in no data lately",
			"See whether their scans run and are imported.", func(kind string) bool { return kind != "remote" && kind != "offline" }},
		{"securitycenter_repository_last_sync_timestamp_seconds", "repository_sync_age_seconds", "SecurityCenterRepositorySyncOld", "remote repository was not synchronised lately", "remote repositories were not synchronised lately",
			"See whether the console below is reached.", func(kind string) bool { return kind == "remote" }},
	} {
		var old []string
		for l, at := range v.each(stale.family) {
			if age := v.age(at); stale.concerns(kind[l["repository_id"]]) && v.older(age, stale.limit) {
				old = append(old, named(l, "repository")+" for "+legible.Lasting(age))
			}
		}
		if len(old) > 0 {
			all = append(all, reason{WithReservations, several(old, stale.one, stale.many), "Their counts are as old as that.", stale.do, stale.alert})
		}
	}
	return all
}

// reach: were the hosts looked at, and from the inside?
func (v view) reach() (all []reason) {
	hosts, _ := v.sum("securitycenter_hosts")
	if seen, known := v.sum("securitycenter_hosts_seen", "window", "30d"); known && hosts > 0 && seen/hosts < v.limits["hosts_seen_ratio"] {
		all = append(all, reason{WithReservations, "only " + percent(seen, hosts) + " of the hosts with findings were seen in 30 days", "The rest is still counted, with findings that nobody has confirmed.", "Find the scans that no longer reach them, or let the data lifetime remove what is gone.", "SecurityCenterHostsNotSeen"})
	}
	assessed, told := v.sum("securitycenter_hosts_assessed", "window", "30d")
	working, known := v.sum("securitycenter_hosts_credentialed", "window", "30d", "result", "success")
	if working = min(working, assessed); known && assessed > 0 && working/assessed < v.limits["credentialed_ratio"] {
		all = append(all, reason{WithReservations, "scans could log in to only " + percent(working, assessed) + " of the hosts that they assessed in 30 days", "Most missing patches of the other hosts are not seen: counts are too low.", "Take the largest cause below first.", "SecurityCenterCredentialedCoverageLow"})
	}
	if v.loaded("coverage") && (!told || !known) {
		all = append(all, reason{WithReservations, "the console does not tell on how many hosts scans could log in", "Nobody knows whether missing patches were looked for.", "scctl doctor says which filters work.", ""})
	}
	return all
}

// content: do the scanners know what is to be looked for?
func (v view) content() (all []reason) {
	for l, at := range v.each("securitycenter_feed_last_update_timestamp_seconds", "feed", "active") {
		if age := v.age(at); v.older(age, "feed_age_seconds") {
			all = append(all, reason{WithReservations, fmt.Sprintf("the %s feed was last updated %s ago", l["feed"], legible.Lasting(age)), "What was published since is not looked for.", "Update the feed, on a site without internet by hand.", "SecurityCenterFeedStale"})
		}
	}
	if _, told := v.sum("securitycenter_feed_last_update_timestamp_seconds", "feed", "active"); !told && v.loaded("feeds") {
		all = append(all, reason{WithReservations, "no account can tell when the active feed was updated", "Nobody knows whether what was published lately is looked for.", "Add an administrator's account.", ""})
	}
	if valid, known := v.sum("securitycenter_subscription_valid", "feed", "active"); known && valid == 0 {
		all = append(all, reason{WithReservations, "the subscription of the active feed is not valid", "The feed is not updated any more.", "Renew the subscription or correct the activation code.", "SecurityCenterSubscriptionNotValid"})
	}
	if valid, known := v.sum("securitycenter_license_valid"); known && valid == 0 {
		all = append(all, reason{WithReservations, "the licence of the console is not valid", "Scans and imports may be refused.", "Renew the licence.", "SecurityCenterLicenseInvalid"})
	}
	used, _ := v.sum("securitycenter_license_ips_used")
	if limit, _ := v.sum("securitycenter_license_ips_limit"); limit > 0 && used > limit {
		all = append(all, reason{WithReservations, fmt.Sprintf("%s addresses are used and the licence allows %s", count(used), count(limit)), "Results of further hosts may be refused.", "Remove what should not be there, or extend the licence.", "SecurityCenterLicenseExceeded"})
	}
	return all
}

// engines: can the scanners scan, and does the console run its jobs?
func (v view) engines() (all []reason) {
	if running, known := v.sum("securitycenter_job_daemon_running"); known && running == 0 {
		all = append(all, reason{WithReservations, "the job daemon does not run", "No scan starts and no result is imported.", "Start it on the console.", "SecurityCenterJobDaemonDown"})
	}
	var broken, behind []string
	scanners := v.scannerList()
	if len(scanners) == 0 && v.loaded("scanners") {
		all = append(all, reason{WithReservations, "no account sees a scanner", "Nobody knows whether hosts can be looked at.", "Add an administrator's account.", ""})
	}
	for _, s := range scanners {
		switch {
		case !s.enabled:
		case s.usable == 0:
			broken = append(broken, s.name)
		case s.lag.Seconds() > v.limits["scanner_plugin_lag_seconds"]:
			behind = append(behind, s.name)
		}
	}
	if len(broken) > 0 {
		all = append(all, reason{WithReservations, several(broken, "scanner that is enabled cannot scan", "scanners that are enabled cannot scan"), "Hosts that only they reach are not looked at.", "See their states below.", "SecurityCenterScannerUnusable"})
	}
	if len(behind) > 0 {
		all = append(all, reason{WithReservations, several(behind, "scanner runs plugins far behind the console's", "scanners run plugins far behind the console's"), "What was published since is not looked for there.", "See why they do not take the console's plugins.", "SecurityCenterScannerPluginLag"})
	}
	var empty []string
	for l, active := range v.each("securitycenter_zone_scanners_active") {
		if active == 0 {
			empty = append(empty, named(l, "zone"))
		}
	}
	if len(empty) > 0 {
		all = append(all, reason{WithReservations, several(empty, "scan zone has no working scanner", "scan zones have no working scanner"), "Nothing in them is looked at.", "Mend or assign a scanner.", "SecurityCenterZoneWithoutScanner"})
	}
	return all
}

// results: did the last run of every scan end well, and arrive?
func (v view) results() (all []reason) {
	var failed, late []string
	for l, success := range v.each("securitycenter_scan_last_success") {
		if success == 0 {
			failed = append(failed, named(l, "scan"))
		}
	}
	for l, due := range v.each("securitycenter_scan_next_run_timestamp_seconds") {
		of := []string{"organization_id", l["organization_id"], "scan_id", l["scan_id"]}
		ended, _ := v.sum("securitycenter_scan_last_finish_timestamp_seconds", of...)
		_, running := v.sum("securitycenter_scan_running_since_timestamp_seconds", of...)
		if v.older(v.age(due), "scan_overdue_seconds") && ended < due && !running {
			late = append(late, named(l, "scan"))
		}
	}
	if len(failed) > 0 {
		all = append(all, reason{WithReservations, several(failed, "scan was not completed or not imported when it last ended", "scans were not completed or not imported when they last ended"), "Their hosts are counted as they were before, if at all.", "See the results on the console.", "SecurityCenterScanKeepsFailing"})
	}
	if len(late) > 0 {
		all = append(all, reason{WithReservations, several(late, "scan is overdue", "scans are overdue"), "Their hosts are counted as they were before.", "See whether the schedule is frozen, or its owner was removed.", "SecurityCenterScanOverdue"})
	}
	return all
}

// unexplained: did findings come or go that nothing explains?
func (v view) unexplained() (all []reason) {
	if v.PastErr != nil {
		return []reason{{WithReservations, "Prometheus did not tell the past: " + v.PastErr.Error(), "What was accepted or recast in between, and whether anything is unexplained, is not known.", "Ask again when it answers.", ""}}
	}
	if v.Past == nil {
		return nil
	}
	for _, s := range severities[:2] { // as the alert has it
		now, told := v.sum("securitycenter_vulnerabilities", "severity", s)
		then, known := v.Past.Then.Open[s]
		if !told || !known {
			continue
		}
		if was, has := v.Past.NowOpen[s]; has && moved(was, now, v.limits) {
			all = append(all, reason{WithReservations, fmt.Sprintf("Prometheus has %s open %s findings now, this report %s", count(was), s, count(now)), "It scrapes with other accounts, or its numbers are old: the change below compares two different things.", "Report with the exporter's own configuration.", ""})
		}
		if left, known := v.leftOver(s); known && max(left, -left) > max(v.limits["unexplained_findings"], v.limits["unexplained_ratio"]*max(now, then)) {
			all = append(all, reason{WithReservations, fmt.Sprintf("%s %s findings came or went in %s and nothing explains it", signed(left), s, days(v.Days)), "They were not first seen, fixed or accepted: something else moved the count.", "Go through the causes of the runbook, in its order.", "SecurityCenterChangeUnexplained"})
		}
	}
	return all
}

// moved reports whether two numbers differ by more than the limits of what is
// unexplained.
func moved(a, b float64, limits map[string]float64) bool {
	return max(a-b, b-a) > max(limits["unexplained_findings"], limits["unexplained_ratio"]*max(a, b))
}

// named is an object of the console: names alone repeat.
func named(l labels, what string) string {
	name, id := short(l[what]), short(l[what+"_id"])
	switch {
	case name == "":
		return id
	case id == "":
		return name
	default:
		return name + " (" + id + ")"
	}
}

// short is a name that leaves room for others.
func short(name string) string { return legible.Text(name, 80) }

// several counts things and names the first of them.
func several(names []string, one, many string) string {
	const most = 5
	words := many
	if len(names) == 1 {
		words = one
	}
	list := names
	if len(list) > most {
		list = append(slices.Clone(list[:most]), "…")
	}
	return fmt.Sprintf("%d %s: %s", len(names), words, strings.Join(list, ", "))
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}
