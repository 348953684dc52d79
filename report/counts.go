package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// counts are the open findings and what is said of them.
func (v view) counts() section {
	s := section{Title: "Open findings"}
	if _, told := v.sum("securitycenter_vulnerabilities"); !told {
		return s
	}
	columns := []struct{ name, family string }{
		{"Open", "securitycenter_vulnerabilities"}, {"Exploitable", "securitycenter_vulnerabilities_exploitable"}, {"Hosts affected", "securitycenter_hosts_affected"},
		{"Different plugins", "securitycenter_unique_vulnerabilities"}, {"Reopened", "securitycenter_vulnerabilities_reopened"},
		{"Accepted, not open", "securitycenter_vulnerabilities_accepted"}, {"Recast", "securitycenter_vulnerabilities_recast"},
	}
	t := &table{Caption: "Open findings by severity", Columns: []column{{Name: "Severity"}}}
	for _, c := range columns {
		t.Columns = append(t.Columns, column{c.name, true})
	}
	bar := bar{}
	for _, severity := range severities {
		row := []cell{{title(severity), severity}}
		for _, c := range columns {
			row = append(row, v.number(c.family, "severity", severity))
		}
		t.Rows = append(t.Rows, row)
		if n, told := v.sum("securitycenter_vulnerabilities", "severity", severity); told && severity != "info" {
			bar.Segments = append(bar.Segments, segment{Class: severity, Value: n, Title: title(severity) + ": " + count(n)})
		}
	}
	text := "Risk not accepted, without results of audits and web-application findings."
	if n, told := v.sum("securitycenter_hosts"); told {
		text = count(n) + " hosts have data. " + text
	}
	if n, told := v.sum("securitycenter_vulnerability_score"); told {
		text += " The console's score of all of them is " + count(n) + "."
	}
	s.Blocks = []block{{Text: text}, {Chart: newChart("Open findings by severity, without info", bar)}, {Table: t}}
	return s
}

// window is the label of the window of change.
func (v view) window() string { return strconv.Itoa(v.Days) + "d" }

// change is what came and what went, and with a past what else moved.
func (v view) change() section {
	s := section{Title: "Change in " + days(v.Days)}
	t := &table{Caption: "New and fixed by the console's dates", Columns: []column{{Name: "Severity"}, {"New", true}, {"Fixed", true}, {"New − fixed", true}}}
	if v.Past != nil {
		t.Caption = "From then to now: then + new − fixed − change of accepted + unexplained = now"
		t.Columns = []column{{Name: "Severity"}, {"Open then", true}, {"New", true}, {"Fixed", true}, {"Change of accepted", true}, {"Unexplained", true}, {"Open now", true}, {"Change of recast", true}, {"Change of reopened", true}}
	}
	var bars []bar
	for _, severity := range severities {
		came, told := v.sum("securitycenter_vulnerabilities_new", "severity", severity, "window", v.window())
		went, known := v.sum("securitycenter_vulnerabilities_mitigated", "severity", severity, "window", v.window())
		net := cell{Text: absent}
		if told && known {
			net.Text = signed(came - went)
			if severity != "info" {
				bars = append(bars,
					bar{Label: title(severity) + ", new", Value: count(came), Segments: []segment{{severity, came, "new"}}},
					bar{Label: "fixed", Value: count(went), Segments: []segment{{"ok", went, "fixed"}}})
			}
		}
		row := []cell{{title(severity), severity}, v.number("securitycenter_vulnerabilities_new", "severity", severity, "window", v.window()), v.number("securitycenter_vulnerabilities_mitigated", "severity", severity, "window", v.window())}
		if v.Past == nil {
			t.Rows = append(t.Rows, append(row, net))
			continue
		}
		left := cell{Text: absent}
		if n, known := v.leftOver(severity); known {
			left.Text = signed(n)
		}
		t.Rows = append(t.Rows, []cell{
			row[0], opt(v.Past.Then.Open, severity), row[1], row[2], v.since("securitycenter_vulnerabilities_accepted", v.Past.Then.Accepted, severity), left,
			v.number("securitycenter_vulnerabilities", "severity", severity),
			v.since("securitycenter_vulnerabilities_recast", v.Past.Then.Recast, severity), v.since("securitycenter_vulnerabilities_reopened", v.Past.Then.Reopened, severity),
		})
	}
	text := "New were first seen within the window, fixed since or not; fixed were mitigated within it. The window begins at a full hour. " +
		"What was accepted, recast or removed in between is in neither: only Prometheus remembers it."
	if v.Past != nil {
		text = fmt.Sprintf("The past is Prometheus' of %s; new and fixed are the console's by its dates. Recast and reopened move findings and not their number.", v.Past.At.UTC().Format(moment))
	}
	s.Blocks = append(s.Blocks, block{Text: text}, block{Chart: newChart("New and fixed in "+days(v.Days), bars...)}, block{Table: t})
	if speed := v.speed(); speed != nil {
		s.Blocks = append(s.Blocks, block{Table: speed})
	}
	return s
}

const moment = "2006-01-02 15:04 UTC"

func opt(values map[string]float64, key string) cell {
	if n, known := values[key]; known {
		return cell{Text: count(n)}
	}
	return cell{Text: absent}
}

// since is how a number changed since then.
func (v view) since(family string, then map[string]float64, severity string) cell {
	now, told := v.sum(family, "severity", severity)
	was, known := then[severity]
	if !told || !known {
		return cell{Text: absent}
	}
	return cell{Text: signed(now - was)}
}

// leftOver is what nothing explains of the change of the open findings, as the
// recording rules define it: positive where findings came.
func (v view) leftOver(severity string) (left float64, known bool) {
	for _, term := range []struct {
		family string
		window []string
		then   map[string]float64
		sign   float64
	}{
		{"securitycenter_vulnerabilities", nil, v.Past.Then.Open, 1},
		{"securitycenter_vulnerabilities_new", []string{"window", v.window()}, nil, -1},
		{"securitycenter_vulnerabilities_mitigated", []string{"window", v.window()}, nil, 1},
		{"securitycenter_vulnerabilities_accepted", nil, v.Past.Then.Accepted, 1},
	} {
		n, told := v.sum(term.family, append([]string{"severity", severity}, term.window...)...)
		was, remembered := term.then[severity]
		if !told || term.then != nil && !remembered {
			return 0, false
		}
		left += term.sign * (n - was)
	}
	return left, true
}

// speed is how long it took to fix what was fixed in 30 days; nil where nobody tells.
func (v view) speed() *table {
	const whole, within = "securitycenter_remediation_findings", "securitycenter_remediation_findings_within"
	limits := v.values(within, "max_days")
	if len(limits) == 0 {
		return nil
	}
	slices.SortFunc(limits, byNumber)
	t := &table{Caption: "Speed: of the findings fixed in 30 days, share that was open for at most so many days", Columns: []column{{Name: "Severity"}, {"Fixed", true}}}
	for _, n := range limits {
		t.Columns = append(t.Columns, column{n + " days", true})
	}
	for _, severity := range severities {
		all, told := v.sum(whole, "severity", severity)
		if !told {
			continue
		}
		row := []cell{{title(severity), severity}, {Text: count(all)}}
		for _, n := range limits {
			part, known := v.sum(within, "severity", severity, "max_days", n)
			share := absent
			if known {
				share = percent(part, all)
			}
			row = append(row, cell{Text: share})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// byNumber compares texts that are whole numbers, perhaps with a letter behind.
func byNumber(a, b string) int {
	number := func(s string) int {
		n, err := strconv.Atoi(strings.TrimSuffix(s, "d"))
		if err != nil {
			return 0
		}
		return n
	}
	return number(a) - number(b)
}

// deadlines are what is late by each policy, and how old findings are.
func (v view) deadlines() section {
	s := section{Title: "Deadlines"}
	const overdue, soon = "securitycenter_vulnerabilities_overdue", "securitycenter_vulnerabilities_due_soon"
	_, foreseen := v.sum(soon)
	for _, policy := range v.values(overdue, "sla") {
		t := &table{Caption: "Past the deadline of policy " + short(policy), Columns: []column{{Name: "Severity"}, {"Deadline", true}, {"Overdue", true}, {"Of the open", true}}}
		if foreseen {
			t.Columns = append(t.Columns, column{"Due within 7 days", true})
		}
		var bars []bar
		for _, severity := range severities {
			late, told := v.sum(overdue, "sla", policy, "severity", severity)
			if !told {
				continue
			}
			open, _ := v.sum("securitycenter_vulnerabilities", "severity", severity)
			limit, _ := v.sum("securitycenter_sla_threshold_seconds", "sla", policy, "severity", severity)
			share := cell{Text: percent(late, open)}
			if open > 0 && late/open > v.limits["overdue_ratio"] {
				share.Class = "warn"
			}
			row := []cell{{title(severity), severity}, {Text: days(int(limit / (24 * time.Hour).Seconds()))}, {Text: count(late)}, share}
			if foreseen {
				row = append(row, v.number(soon, "sla", policy, "severity", severity))
			}
			t.Rows = append(t.Rows, row)
			bars = append(bars, bar{Label: title(severity), Value: percent(late, open), Whole: max(open, late), Segments: []segment{{severity, late, "overdue"}, {"rest", max(open-late, 0), "not overdue"}}})
		}
		s.Blocks = append(s.Blocks, block{Chart: newChart("Overdue share of the open findings, policy "+short(policy), bars...)}, block{Table: t})
	}
	const aged = "securitycenter_vulnerabilities_aged"
	ages := v.values(aged, "min_age_days")
	if len(ages) == 0 {
		return s
	}
	slices.SortFunc(ages, byNumber)
	t := &table{Caption: "Open findings first seen at least so many days ago", Columns: []column{{Name: "Severity"}}}
	for _, n := range ages {
		t.Columns = append(t.Columns, column{n + " days", true})
	}
	for _, severity := range severities {
		row := []cell{{title(severity), severity}}
		for _, n := range ages {
			row = append(row, v.number(aged, "severity", severity, "min_age_days", n))
		}
		t.Rows = append(t.Rows, row)
	}
	var bars []bar
	for _, n := range ages {
		b := bar{Label: n + " days or more"}
		sum := 0.0
		for _, severity := range severities[:4] {
			part, _ := v.sum(aged, "severity", severity, "min_age_days", n)
			b.Segments = append(b.Segments, segment{severity, part, title(severity) + ": " + count(part)})
			sum += part
		}
		b.Value = count(sum)
		bars = append(bars, b)
	}
	s.Blocks = append(s.Blocks, block{Chart: newChart("Age of the open findings, without info", bars...)}, block{Table: t})
	return s
}

// loginResults are what becomes of logging in, in words.
var loginResults = []struct{ label, words string }{
	{"success", "worked"}, {"failure", "failed: password, or a locked account"}, {"insufficient_privilege", "worked with too few rights"},
	{"none_provided", "no credentials were given"}, {"intermittent", "worked now and then"}, {"unsupported_os", "system without local checks"},
}

// coverage is how many hosts are really looked at.
func (v view) coverage() section {
	s := section{Title: "Coverage"}
	hosts, known := v.sum("securitycenter_hosts")
	assessed := v.by("securitycenter_hosts_assessed", "window")
	t := &table{Caption: "Hosts by what became of them", Columns: []column{{Name: "Hosts"}, {"Window", true}, {"Hosts", true}, {"Share", true}, {Name: "of"}}}
	var bars []bar
	add := func(what, window string, n, whole float64, limit, of string) {
		share := cell{Text: percent(n, whole)}
		class := "plain"
		if limit != "" && whole > 0 && n/whole < v.limits[limit] {
			share.Class, class = "warn", "warn"
		}
		t.Rows = append(t.Rows, []cell{{Text: what}, {Text: window}, {Text: count(n)}, share, {Text: of}})
		if limit != "" && whole > 0 {
			bars = append(bars, bar{Label: what + ", " + window, Value: share.Text, Whole: whole, Segments: []segment{{class, min(n, whole), what}, {"rest", max(whole-n, 0), "the rest"}}})
		}
	}
	windows := func(family string) []string {
		all := v.values(family, "window")
		slices.SortFunc(all, byNumber)
		return all
	}
	for _, w := range windows("securitycenter_hosts_seen") {
		n, _ := v.sum("securitycenter_hosts_seen", "window", w)
		limit := ""
		if w == "30d" {
			limit = "hosts_seen_ratio"
		}
		add("seen", w, n, hosts, limit, "hosts with data")
	}
	for _, w := range slices.SortedFunc(maps.Keys(assessed), byNumber) {
		add("assessed", w, assessed[w], hosts, "", "hosts with data")
	}
	for _, w := range windows("securitycenter_hosts_credentialed") {
		for _, r := range loginResults {
			if n, told := v.sum("securitycenter_hosts_credentialed", "window", w, "result", r.label); told {
				limit := ""
				if w == "30d" && r.label == "success" {
					limit = "credentialed_ratio"
				}
				add("login "+r.words, w, n, assessed[w], limit, "assessed hosts")
			}
		}
	}
	if !known || len(t.Rows) == 0 {
		return s
	}
	s.Blocks = []block{
		{Text: "Findings of hosts that no scan reaches are old, and those of hosts that no scan logs in to are few. A host may have several results of logging in, one for each protocol: they do not add up."},
		{Chart: newChart("Coverage in 30 days", bars...)}, {Table: t},
	}
	return s
}
