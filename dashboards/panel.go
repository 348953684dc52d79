package dashboards

import (
	"strings"
)

// Kind is the type of a panel, one of Grafana's own.
type Kind string

// The kinds in use.
const (
	Series   Kind = "timeseries"
	Stat     Kind = "stat"
	Bars     Kind = "bargauge"
	Table    Kind = "table"
	Timeline Kind = "state-timeline"
	Heatmap  Kind = "heatmap"
)

// Panel is one picture of a board.
type Panel struct {
	Kind     Kind
	Title    string
	About    string // what it shows, and what to do about it
	W, H     int    // of 24 columns; in lines of 30 pixels
	Unit     string
	Decimals int  // of numbers that may be broken
	Whole    bool // numbers are never broken
	Queries  []Query
	Steps    []Step  // colours by value; none: no verdict
	Words    []Word  // words in place of values
	Empty    string  // what is said in place of no value
	Severity bool    // what is drawn has the names of severities, and their colours
	Spark    bool    // of a Stat: the course in the background
	Change   bool    // of a Spark: the change over it, which is right of one object only
	Fill     Fill    // of Series: stacked areas or bars instead of lines
	Free     bool    // of Series: the axis need not begin at 0
	Long     bool    // of Bars that are few: their names may be long, and stand above them
	Every    string  // the least step between two points, for example 1d
	Limits   bool    // of Series: draw the steps as lines
	Max      float64 // of the axis or bar; 0: the data's
	Columns  []Column
	SortBy   string // of a Table: title of the column, the greatest first
	Link     string // name of the board that says more
}

// Query is one PromQL expression. The job and instance are added to every
// selector in it; what a panel needs instant is asked instant.
type Query struct {
	Expr   string
	Legend string
	Color  string // of the series of that legend, where it has a meaning
	Dashed bool   // a line of dashes, above whatever is stacked
}

// Step is the least value from which a colour holds.
type Step struct {
	From  float64
	Color string
}

// Word is what is shown in place of a value.
type Word struct {
	Value, Text, Color string
}

// Column is a column of a table: a label, or A, B, C… for the values of the
// queries. All queries of a table share the labels by which its rows are made.
type Column struct {
	Of       string
	Title    string
	Unit     string
	Decimals int
	Width    int
	Steps    []Step
	Words    []Word
	URL      string
}

// Fill is how a time series is filled.
type Fill string

// The fills.
const (
	Lines   Fill = ""
	Stacked Fill = "stacked"
	Columns Fill = "columns"
)

const (
	minute = 60.0
	hour   = 60 * minute
	day    = 24 * hour
)

// The colours of verdicts. Grafana has a shade of each for either theme.
const (
	good    = "green"
	warning = "orange"
	bad     = "red"
	plain   = "text"
)

// rising is good below warn and bad from crit on.
func rising(warn, crit float64) []Step {
	return []Step{{Color: good}, {warn, warning}, {crit, bad}}
}

// falling is bad below crit and good from enough on.
func falling(crit, enough float64) []Step {
	return []Step{{Color: bad}, {crit, warning}, {enough, good}}
}

// none is good at 0 and bad above.
func none() []Step { return []Step{{Color: good}, {1, bad}} }

// noneKnown is said where emptiness is good. It is true as well where nothing
// is read at all, which the row at the top of a board tells.
const noneKnown = "none known: good"

var onOff = []Word{{"1", "yes", good}, {"0", "no", bad}}

// severities, the gravest first.
var severities = []struct{ name, color string }{
	{"critical", "dark-red"},
	{"high", "orange"},
	{"medium", "dark-yellow"},
	{"low", "blue"},
	{"info", "#8e8e8e"},
}

// bySeverity is one query for each severity, the gravest first, so that
// legends and stacks have that order. Informational findings, most of all and
// nobody's work, are left out.
func bySeverity(expr string) []Query {
	return each(expr, "%s", "critical", "high", "medium", "low")
}

// each is one query for each value; %s stands for it in expression and legend.
func each(expr, legend string, values ...string) []Query {
	var out []Query
	for _, v := range values {
		out = append(out, Query{Expr: strings.ReplaceAll(expr, "%s", v), Legend: strings.ReplaceAll(legend, "%s", v)})
	}
	return out
}

func one(expr string) []Query { return []Query{{Expr: expr, Legend: "__auto"}} }

func named(legend, expr string) Query { return Query{Expr: expr, Legend: legend} }

// scope carries the choices at the top of a board to another one.
const scope = "?${datasource:queryparam}&${job:queryparam}&${instance:queryparam}"

// repositoryOf is the page of the repository in this line of a table.
const repositoryOf = "/d/securitycenter-repository?${datasource:queryparam}&${job:queryparam}" +
	"&var-instance=${__data.fields.Console}&var-repository_id=${__data.fields.Id}"

func link(title, url string) []object {
	return []object{{"title": title, "url": url, "targetBlank": strings.HasPrefix(url, "https:")}}
}
