package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/legible"
)

// shownRows is how many repositories, owners or scanners are shown; the rest is
// added up in a row, or counted.
const shownRows = 15

// worst is what is compared to find the worst: overdue or critical first.
type worst [4]float64

func (a worst) compare(b worst) int { return slices.Compare(b[:], a[:]) }

// repositories are the worst ones.
func (v view) repositories() section {
	s := section{Title: "Worst repositories"}
	type place struct {
		worst
		id, name string
	}
	var all []place
	const open = "securitycenter_vulnerabilities"
	seen := map[string]bool{}
	for l := range v.each(open) {
		id := l["repository_id"]
		if seen[id] {
			continue
		}
		seen[id] = true
		p := place{id: id, name: named(l, "repository")}
		for i := range p.worst {
			p.worst[i], _ = v.sum(open, "repository_id", id, "severity", severities[i])
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		return s
	}
	slices.SortFunc(all, func(a, b place) int { return cmp.Or(a.compare(b.worst), cmp.Compare(a.id, b.id)) })
	t := &table{Caption: "Repositories, those with most critical findings first", Columns: []column{{Name: "Repository"}, {"Hosts", true}, {"Critical", true}, {"High", true}, {"Medium", true}, {"Low", true}, {"Score", true}, {"Last data", true}}}
	numbers := []struct{ family, severity string }{
		{"securitycenter_hosts", ""}, {open, "critical"}, {open, "high"}, {open, "medium"}, {open, "low"}, {"securitycenter_vulnerability_score", ""},
	}
	rest := make([]total, len(numbers))
	var bars []bar
	for i, p := range all {
		row := []cell{{Text: p.name}}
		for n, of := range numbers {
			where := []string{"repository_id", p.id}
			if of.severity != "" {
				where = append(where, "severity", of.severity)
			}
			row = append(row, v.number(of.family, where...))
			if value, told := v.sum(of.family, where...); told && i >= shownRows {
				rest[n].value, rest[n].told = rest[n].value+value, true
			}
		}
		if i >= shownRows {
			continue
		}
		b := bar{Label: p.name, Value: count(p.worst[0] + p.worst[1])}
		for n, severity := range severities[:2] {
			b.Segments = append(b.Segments, segment{severity, p.worst[n], title(severity) + ": " + count(p.worst[n])})
		}
		last := cell{Text: absent}
		if at, told := v.sum("securitycenter_repository_last_update_timestamp_seconds", "repository_id", p.id); told {
			last.Text = legible.Lasting(v.age(at)) + " ago"
			if v.older(v.age(at), "repository_age_seconds") {
				last.Class = "warn"
			}
		}
		t.Rows, bars = append(t.Rows, append(row, last)), append(bars, b)
	}
	if more := len(all) - shownRows; more > 0 {
		row := []cell{{Text: fmt.Sprintf("%d more", more)}}
		for _, n := range rest {
			row = append(row, n.cell())
		}
		t.Rows = append(t.Rows, append(row, cell{Text: absent}))
	}
	s.Blocks = []block{{Chart: newChart("Critical and high findings by repository", bars...)}, {Table: t}}
	return s
}

// owners are the worst ones.
func (v view) owners() section {
	s := section{Title: "Worst owners"}
	const open, overdue = "securitycenter_owner_vulnerabilities", "securitycenter_owner_vulnerabilities_overdue"
	owners := v.values(open, "owner")
	if len(owners) == 0 {
		return s
	}
	policies := v.values(overdue, "sla")
	rank := func(owner string) (w worst) {
		w[0], _ = v.sum(overdue, "owner", owner, "severity", "critical")
		for i := range 3 {
			w[i+1], _ = v.sum(open, "owner", owner, "severity", severities[i])
		}
		return w
	}
	slices.SortStableFunc(owners, func(a, b string) int { return rank(a).compare(rank(b)) })
	t := &table{Caption: "Owners, those with most overdue critical findings first; they overlap", Columns: []column{{Name: "Owner"}, {"Hosts", true}, {"Critical", true}, {"High", true}, {"Exploitable critical", true}}}
	for _, p := range policies {
		t.Columns = append(t.Columns, column{"Overdue critical, " + short(p), true}, column{"Overdue high, " + short(p), true})
	}
	for i, o := range owners {
		if i == shownRows {
			s.Blocks = append(s.Blocks, block{Text: fmt.Sprintf("%d more owners are not shown.", len(owners)-shownRows)})
			break
		}
		row := []cell{{Text: short(o)}, v.number("securitycenter_owner_hosts", "owner", o), v.number(open, "owner", o, "severity", "critical"), v.number(open, "owner", o, "severity", "high"),
			v.number("securitycenter_owner_vulnerabilities_exploitable", "owner", o, "severity", "critical")}
		for _, p := range policies {
			row = append(row, v.number(overdue, "owner", o, "sla", p, "severity", "critical"), v.number(overdue, "owner", o, "sla", p, "severity", "high"))
		}
		t.Rows = append(t.Rows, row)
	}
	s.Blocks = append(s.Blocks, block{Table: t})
	if n, told := v.sum("securitycenter_owner_unassigned_hosts"); told {
		s.Blocks = append(s.Blocks, block{Text: count(n) + " hosts with findings are in no owner's asset lists."})
	}
	return s
}

// watches are the site's own questions.
func (v view) watches() section {
	s := section{Title: "Watches"}
	const found = "securitycenter_watch_vulnerabilities"
	t := &table{Caption: "Open findings of the configured watches", Columns: []column{{Name: "Watch"}, {"Hosts", true}, {"Critical", true}, {"High", true}, {"Medium", true}, {"Low", true}}}
	for _, w := range v.values(found, "watch") {
		row := []cell{{Text: short(w)}, v.number("securitycenter_watch_hosts", "watch", w)}
		for _, severity := range severities[:4] {
			row = append(row, v.number(found, "watch", w, "severity", severity))
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) > 0 {
		s.Blocks = []block{{Table: t}}
	}
	return s
}

// patches are the fixes that remove most.
func (v view) patches() section {
	s := section{Title: "Patch list"}
	if v.FixesErr != nil {
		s.Blocks = []block{{Text: "The console does not tell all of it: " + v.FixesErr.Error()}}
	}
	if len(v.Fixes) == 0 {
		return s
	}
	t := &table{Caption: "Fixes that remove most of the score of all open findings", Columns: []column{{Name: "What to do"}, {Name: "Plugin"}, {"Hosts", true}, {"Findings", true}, {"Share", true}, {"With those above", true}}}
	for _, f := range v.Fixes {
		percent := func(share float64) cell { return cell{Text: strconv.FormatFloat(share, 'f', 1, 64) + " %"} }
		t.Rows = append(t.Rows, []cell{{Text: cmp.Or(f.Solution, f.Name, "see the plugin")}, {Text: named(labels{"plugin": f.Name, "plugin_id": f.Plugin}, "plugin")}, {Text: count(float64(f.Hosts))}, {Text: count(float64(f.Findings))}, percent(f.Share), percent(f.Cumulative)})
	}
	s.Blocks = append(s.Blocks, block{Table: t})
	return s
}

// untold is what a reader may look for in vain.
func (v view) untold() section {
	s := section{Title: "What is not told"}
	t := &table{Caption: "What accounts may not read, or the console does not tell: it is absent above, and never 0", Columns: []column{{Name: "Collector"}, {Name: "What, and why"}}}
	for _, m := range v.Missing {
		t.Rows = append(t.Rows, []cell{{Text: m.Collector}, {Text: m.Text}})
	}
	if len(t.Rows) > 0 {
		s.Blocks = []block{{Table: t}}
	}
	return s
}
