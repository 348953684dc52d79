// Package report makes one page of what a scrape shows, for people without
// dashboards: first whether the numbers may be believed and why not, then the
// numbers. Everything but the patch list is read from the metric families of the
// exporter, so that nothing is counted in a second way.
package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/securitycenter-exporter/securitycenter_exporter/alerts"
)

// Options say what is reported of.
type Options struct {
	Now       time.Time // of the scrape
	Days      int       // of the window of change
	Generator string    // what made the report, with its version
}

// Console is what is known of one console.
type Console struct {
	Name     string
	Families []*dto.MetricFamily // of a scrape, without a label that tells consoles apart
	// Failures say why collectors brought nothing, Missing what else is not told.
	Failures, Missing []Said
	Fixes             []Fix
	FixesErr          error // why there are no fixes; nil: there are, or none is needed
	Past              *Past // nil: nobody was asked for it
	PastErr           error // why there is no past although somebody was asked
}

// Said is what is said of a collector.
type Said struct{ Collector, Text string }

// Fix is what goes away when a plugin's solution is applied.
type Fix struct {
	Plugin, Name, Solution string
	Hosts, Findings        int64
	Share, Cumulative      float64 // percent of the score of all open findings
}

// Belief is how far numbers may be believed.
type Belief int

// From the best to the worst.
const (
	Believed Belief = iota
	WithReservations
	NotBelieved
)

// String is the verdict in words.
func (b Belief) String() string {
	switch b {
	case Believed:
		return "The numbers may be believed"
	case WithReservations:
		return "The numbers may be believed with reservations"
	}
	return "The numbers are not to be believed"
}

// Report is what is written.
type Report struct {
	Options
	Consoles []Part
	Overview *table // of several consoles
}

// Part is what is reported of one console.
type Part struct {
	Name           string
	ID             string // in addresses within the page
	About          string // product, version, protocol
	Classification string // as the console has it
	Belief         Belief
	Reasons        []reason // why not, the worst first
	Sections       []section
}

// section is a heading and what stands below it.
type section struct {
	Title  string
	Blocks []block
}

// block is one of its fields.
type block struct {
	Text  string
	Table *table
	Chart *chart
}

// table is rows of cells below names of columns.
type table struct {
	Caption string
	Columns []column
	Rows    [][]cell
}

type column struct {
	Name    string
	Numbers bool // they stand to the right
}

type cell struct {
	Text  string
	Class string // a severity, bad or warn: how it is coloured; empty: not at all
}

// view is a console while its part is made.
type view struct {
	Console
	Options
	scrape
	limits map[string]float64
}

// New makes the report.
func New(o Options, consoles []Console) (*Report, error) {
	limits, err := alerts.Limits()
	if err != nil {
		return nil, err
	}
	r := &Report{Options: o}
	var views []view
	for i, c := range consoles {
		v := view{c, o, newScrape(c.Families), limits}
		p := v.part()
		p.ID = fmt.Sprintf("console-%d", i+1)
		r.Consoles, views = append(r.Consoles, p), append(views, v)
	}
	if len(views) > 1 {
		r.Overview = overview(r.Consoles, views)
	}
	return r, nil
}

// Belief is that of the console which is to be believed least.
func (r *Report) Belief() Belief {
	worst := Believed
	for _, c := range r.Consoles {
		worst = max(worst, c.Belief)
	}
	return worst
}

// Classifications are those of the consoles, each once.
func (r *Report) Classifications() []string {
	var all []string
	for _, c := range r.Consoles {
		if c.Classification != "" && !slices.Contains(all, c.Classification) {
			all = append(all, c.Classification)
		}
	}
	return all
}

func (v view) part() Part {
	p := Part{Name: short(v.Name), Reasons: v.judge()}
	for i, r := range p.Reasons {
		p.Belief = max(p.Belief, r.Belief)
		p.Reasons[i].What = title(r.What)
	}
	slices.SortStableFunc(p.Reasons, func(a, b reason) int { return cmp.Compare(b.Belief, a.Belief) })
	for l := range v.each("securitycenter_info") {
		p.About = "Security Center " + cmp.Or(short(l["version"]), "of unknown version")
		if !strings.EqualFold(l["classification"], "none") { // as a console says that has no classification
			p.Classification = short(l["classification"])
		}
		if l["acas"] == "true" {
			p.About += ", ACAS"
		}
	}
	for _, s := range []section{
		v.counts(), v.change(), v.deadlines(), v.coverage(), v.repositories(), v.owners(), v.watches(), v.patches(), v.scanners(), v.feeds(), v.untold(),
	} {
		if len(s.Blocks) > 0 {
			p.Sections = append(p.Sections, s)
		}
	}
	return p
}

// overview is a row for each console.
func overview(parts []Part, views []view) *table {
	t := &table{Caption: "All consoles", Columns: []column{{Name: "Console"}, {Name: "Verdict"}, {"Hosts", true}}}
	for _, s := range severities {
		t.Columns = append(t.Columns, column{title(s), true})
	}
	t.Columns = append(t.Columns, column{"Reservations", true})
	for i, v := range views {
		row := []cell{{Text: parts[i].Name}, {Text: parts[i].Belief.short(), Class: parts[i].Belief.Class()}, v.number("securitycenter_hosts")}
		for _, s := range severities {
			row = append(row, v.number("securitycenter_vulnerabilities", "severity", s))
		}
		t.Rows = append(t.Rows, append(row, cell{Text: count(float64(len(parts[i].Reasons)))}))
	}
	return t
}

func (b Belief) short() string {
	return [...]string{"believed", "with reservations", "not to be believed"}[b]
}

// Class is that of its colour.
func (b Belief) Class() string { return [...]string{"ok", "warn", "bad"}[b] }
