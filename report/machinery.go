package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/legible"
)

// scanner is what is known of a scanner.
type scanner struct {
	id, name, version string
	enabled           bool
	usable            float64 // -1: it does not tell, or is in transition
	states            []string
	lag               time.Duration // of its plugins behind the console's
	lagged            bool          // lag is known
}

// scannerList returns the scanners, those that cannot scan first.
func (v view) scannerList() []scanner {
	newest, hasSet := v.sum("securitycenter_plugin_set_timestamp_seconds", "feed", "active")
	var all []scanner
	for l := range v.each("securitycenter_scanner_info") {
		id := []string{"scanner_id", l["scanner_id"]}
		s := scanner{id: l["scanner_id"], name: named(l, "scanner"), version: l["version"], enabled: true, usable: -1}
		if on, told := v.sum("securitycenter_scanner_enabled", id...); told {
			s.enabled = on == 1
		}
		if usable, told := v.sum("securitycenter_scanner_usable", id...); told {
			s.usable = usable
		}
		for state, holds := range v.each("securitycenter_scanner_status", id...) {
			if holds == 1 {
				s.states = append(s.states, strings.ReplaceAll(short(state["status"]), "_", " "))
			}
		}
		if loaded, told := v.sum("securitycenter_scanner_loaded_plugin_set_timestamp_seconds", id...); told && hasSet {
			s.lag, s.lagged = max(0, time.Duration(newest-loaded)*time.Second), true
		}
		all = append(all, s)
	}
	rank := func(s scanner) int {
		switch {
		case !s.enabled:
			return 3
		case s.usable == 0:
			return 0
		case s.lag.Seconds() > v.limits["scanner_plugin_lag_seconds"]:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(all, func(a, b scanner) int { return rank(a) - rank(b) })
	return all
}

// scanners are the scanners and zones.
func (v view) scanners() section {
	s := section{Title: "Scanners and zones"}
	all := v.scannerList()
	t := &table{Caption: "Scanners, those that cannot scan first", Columns: []column{{Name: "Scanner"}, {Name: "Version"}, {Name: "State"}, {"Plugins behind the console's", true}}}
	able := 0
	for i, sc := range all {
		state := cell{Text: cmp.Or(strings.Join(sc.states, ", "), absent)}
		switch {
		case !sc.enabled:
			state.Text = "switched off: " + state.Text
		case sc.usable == 0:
			state.Class = "bad"
		case sc.usable == 1:
			able++
		}
		if i >= shownRows {
			continue
		}
		behind := cell{Text: absent}
		const nothing = 12 * time.Hour // neither says its time zone
		switch {
		case sc.lagged && sc.lag < nothing:
			behind.Text = "not"
		case sc.lagged:
			behind.Text = legible.Lasting(sc.lag)
			if sc.enabled && sc.lag.Seconds() > v.limits["scanner_plugin_lag_seconds"] {
				behind.Class = "warn"
			}
		}
		t.Rows = append(t.Rows, []cell{{Text: sc.name}, {Text: cmp.Or(short(sc.version), absent)}, state, behind})
	}
	if len(all) > 0 {
		text := fmt.Sprintf("%d of %d scanners can scan.", able, len(all))
		if len(all) > shownRows {
			text += fmt.Sprintf(" %d are shown.", shownRows)
		}
		s.Blocks = append(s.Blocks, block{Text: text}, block{Table: t})
	}
	zones := &table{Caption: "Scan zones", Columns: []column{{Name: "Zone"}, {"Scanners", true}, {"Working", true}}}
	for l, n := range v.each("securitycenter_zone_scanners") {
		if len(zones.Rows) == shownRows {
			break
		}
		active := v.number("securitycenter_zone_scanners_active", "zone_id", l["zone_id"])
		if active.Text == "0" {
			active.Class = "bad"
		}
		zones.Rows = append(zones.Rows, []cell{{Text: named(l, "zone")}, {Text: count(n)}, active})
	}
	if len(zones.Rows) > 0 {
		s.Blocks = append(s.Blocks, block{Table: zones})
	}
	return s
}

// feeds are the feeds and the console itself.
func (v view) feeds() section {
	s := section{Title: "Feeds and console"}
	const updated = "securitycenter_feed_last_update_timestamp_seconds"
	names := v.values(updated, "feed")
	for _, name := range v.values("securitycenter_feed_stale", "feed") {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	t := &table{Caption: "Feeds", Columns: []column{{Name: "Feed"}, {"Last update (UTC)", true}, {"Age", true}, {Name: "The console calls it"}, {Name: "Subscription"}}}
	word := func(family, feed string, no, yes cell) cell {
		switch n, told := v.sum(family, "feed", feed); {
		case !told:
			return cell{Text: absent}
		case n == 0:
			return no
		}
		return yes
	}
	for _, feed := range names {
		row := []cell{{Text: short(feed)}, {Text: absent}, {Text: absent}}
		if at, told := v.sum(updated, "feed", feed); told {
			row[1].Text, row[2].Text = day(at), legible.Lasting(v.age(at))
			if v.older(v.age(at), "feed_age_seconds") {
				row[2].Class = "warn"
			}
		}
		t.Rows = append(t.Rows, append(row, word("securitycenter_feed_stale", feed, cell{Text: "current"}, cell{"stale", "warn"}), word("securitycenter_subscription_valid", feed, cell{"not valid", "warn"}, cell{Text: "valid"})))
	}
	if len(t.Rows) > 0 {
		s.Blocks = append(s.Blocks, block{Table: t})
	}
	facts := &table{Caption: "Console", Columns: []column{{Name: "What"}, {Name: "Is"}}}
	fact := func(what, is string) { facts.Rows = append(facts.Rows, []cell{{Text: what}, {Text: is}}) }
	if used, told := v.sum("securitycenter_license_ips_used"); told {
		is := count(used) + " addresses"
		if limit, told := v.sum("securitycenter_license_ips_limit"); told {
			is += " of " + count(limit) + " (" + percent(used, limit) + ")"
		}
		fact("Licence", is)
	}
	if late, told := v.sum("securitycenter_jobs", "state", "late"); told {
		fact("Jobs that are late", count(late))
	}
	if at, told := v.sum("securitycenter_database_backup_last_success_timestamp_seconds"); told {
		fact("Last good back-up", legible.Lasting(v.age(at))+" ago")
	}
	if at, told := v.sum("securitycenter_tls_certificate_not_after_timestamp_seconds"); told {
		fact("Certificate ends", day(at)+" UTC")
	}
	if len(facts.Rows) > 0 {
		s.Blocks = append(s.Blocks, block{Table: facts})
	}
	return s
}
