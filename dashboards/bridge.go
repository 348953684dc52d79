package dashboards

import "strings"

const whyItMoved = "Why it moved: 7 days ago + new − fixed − accepted ± unexplained = now, on consoles that are known at both ends"

// explained leaves the consoles of which all terms are known at both ends.
const explained = ` and on (job, instance, severity) instance_severity:securitycenter_vulnerabilities:unexplained7d`

// The terms of the bridge by console and severity, as the rules record them.
const (
	weekAgo     = `instance_severity:securitycenter_vulnerabilities:sum{%s} offset 7d` + explained
	arrived     = `sum by (job, instance, severity) (securitycenter_vulnerabilities_new{%s,window="7d"})` + explained
	mitigated   = `sum by (job, instance, severity) (securitycenter_vulnerabilities_mitigated{%s,window="7d"})` + explained
	accepted    = `instance_severity:securitycenter_vulnerabilities_accepted:change7d{%s}` + explained
	unexplained = `instance_severity:securitycenter_vulnerabilities:unexplained7d{%s}`
	now         = `instance_severity:securitycenter_vulnerabilities:sum{%s}` + explained
	recast      = `instance_severity:securitycenter_vulnerabilities_recast:change7d{%s}` + explained
	reopened    = `instance_severity:securitycenter_vulnerabilities_reopened:change7d{%s}` + explained
)

// bridge is the sum that leads from the open findings of a week ago to those of
// now, read from left to right; what is no term of it comes after the result.
func bridge() []Panel {
	term := func(title, expr, about string) Panel {
		return Panel{
			Kind: Stat, W: 3, H: 5, Title: title, Unit: "locale", Whole: true, Severity: true, Empty: "no history",
			About: about, Queries: bySeverity(`sum(` + of(expr, `severity="%s"`) + `)`),
		}
	}
	return []Panel{
		term("7 days ago", weekAgo, "Open findings 7 days ago. Here and to the right only consoles count of which everything is known now and then: one that joined or left meanwhile is no change. Needs the recording rules and a week of history."),
		term("+ New", arrived, "Findings first seen in the 7 days, whether they are still open or not."),
		term("− Fixed", mitigated, "Findings that a scan found fixed in the 7 days."),
		term("− Accepted", accepted, "By how many more findings the risk is accepted than 7 days ago; less than 0: acceptances ended. They left the count without a patch."),
		term("Unexplained", unexplained, "What none of these terms explains. A tenth of the open ones and the alert SecurityCenterChangeUnexplained comes: its runbook walks through the causes, a recast and a reopened finding first, then data that aged out, a repository or an account that is lost."),
		term("= Now", now, "Open findings now, of the same consoles."),
		term("Recast", recast, "By how many more findings of this severity owe it to a rule than 7 days ago. No term: they are missing from another severity, under Unexplained of both."),
		term("Reopened", reopened, "By how many more open findings had been fixed once than 7 days ago. No term: they were first seen long ago and are under Unexplained, unless they were fixed in the same week."),
	}
}

// bridgeOfConsoles is the same sum for each console.
func bridgeOfConsoles() Panel {
	column := func(expr string) Query {
		return named("", `sum by (instance) (`+of(expr, `severity=~"critical|high"`)+`)`)
	}
	return Panel{
		Kind: Table, W: 24, H: 8, Title: "Why critical and high findings moved in 7 days, by console", SortBy: "Unexplained", Empty: "no history",
		About: "The sum above for each console, of critical and high findings together: where to look for what is unexplained. A console that was not known a week ago is not here.",
		Queries: []Query{
			column(weekAgo), column(arrived), column(mitigated), column(accepted), column(unexplained), column(now), column(recast), column(reopened),
		},
		Columns: []Column{
			{Of: "instance", Title: "Console"},
			{Of: "A", Title: "7 days ago", Unit: "locale", Width: 130},
			{Of: "B", Title: "+ New", Unit: "locale", Width: 110},
			{Of: "C", Title: "− Fixed", Unit: "locale", Width: 110},
			{Of: "D", Title: "− Accepted", Unit: "locale", Width: 110},
			{Of: "E", Title: "Unexplained", Unit: "locale", Width: 130},
			{Of: "F", Title: "= Now", Unit: "locale", Width: 130},
			{Of: "G", Title: "Recast", Unit: "locale", Width: 100},
			{Of: "H", Title: "Reopened", Unit: "locale", Width: 100},
		},
	}
}

// of puts the choice of severities into a term.
func of(expr, severity string) string { return strings.Replace(expr, "%s", severity, 1) }
