package config

import (
	"math"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Watch is a question of the user's own whose answer becomes metrics. CVEs,
// Plugins, XRef and Filters must all hold; Query stands alone.
type Watch struct {
	Name string
	// Consoles are the names of the consoles that it is asked; nil: all. It is
	// nil in the watches of a Console.
	Consoles []string
	// Account is the name of the account that it is asked through, over all that
	// the account sees; empty: what every account reads is added up.
	Account string

	CVEs    []string // such as CVE-2021-44228
	Plugins []string // plugin ids
	XRef    string   // a cross reference as the console's filter takes it, such as CWE:79 or IAVA|20*
	Filters []Filter // sent as they are
	Query   string   // id of a query that is saved on the console
}

// Filter is a filter of the console, in the console's own words.
type Filter struct {
	Name     string
	Operator string // "=" unless the file says otherwise
	// Value is a string, a number, a boolean, or a map[string]any or []any of
	// them: it can be written as JSON.
	Value any
}

const (
	maxWatches      = 100
	maxWatchIDs     = 500
	maxWatchFilters = 50
)

// readWatches reads the watches. consoles are the names that a watch may
// restrict itself to.
func readWatches(v value, consoles []string) []Watch {
	var watches []Watch
	names := map[string]value{}
	for _, e := range v.atMost(maxWatches, v.list("a list of watches")) {
		m := e.mapping("a mapping with name and what to look for")
		w := readWatch(m, consoles)
		e.unique(names, w.Name, "watch")
		watches = append(watches, w)
	}
	return watches
}

func readWatch(m *mapping, consoles []string) Watch {
	m.printed.sparse = true
	var w Watch
	m.objectName(&w.Name, "a watch", "Its name in the label `watch`.")
	m.texts("consoles", "names", 0, &w.Consoles, "The consoles that it is asked; all where the list is empty.", "a list of names of consoles", func(v value) (string, bool) {
		if len(consoles) == 0 { // all were refused: nothing to compare with
			return v.text("the name of a console")
		}
		return v.choice(consoles...)
	})
	cves, _ := m.texts("cves", "CVE ids", maxWatchIDs, &w.CVEs, "Findings of one of these vulnerabilities, such as CVE-2021-44228.", "a list of CVE ids", value.cve)
	plugins, _ := m.texts("plugins", "plugin ids", maxWatchIDs, &w.Plugins, "Findings of one of these plugins, such as 19506.", "a list of plugin ids", value.pluginID)
	xref, _ := setting(m, "xref", "text", &w.XRef, "Findings of plugins with this cross reference, as the console writes it: `NAME:VALUE` or `NAME|VALUE`, with `*` for the rest, such as `CWE:79` or `IAVA|20*`.", value.xref)
	filters, _ := m.take("filters", listKind("mappings", maxWatchFilters), "[]", "Filters of the console, sent as they are.")
	for _, f := range filters.atMost(maxWatchFilters, filters.list("a list of filters")) {
		w.Filters = append(w.Filters, readFilter(f))
	}
	query, _ := setting(m, "query", "id of a saved query", &w.Query, "A query that is saved on the console. It stands alone; the other conditions may be combined, and must all hold.", func(v value) (string, bool) {
		return v.id("the id of a saved query, a whole number such as 12")
	})
	m.close()

	beside := ""
	for _, condition := range []value{cves, plugins, xref, filters} {
		if condition.node != nil && !condition.void() && beside == "" {
			beside = condition.key()
		}
	}
	switch {
	case query.node != nil && beside != "":
		query.refuse("stands beside "+beside, "query alone, since a saved query has filters of its own")
	case query.node == nil && beside == "" && m.node != nil:
		m.refuse("looks for nothing", "cves, plugins, xref, filters or query")
	}
	return w
}

var cveID = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,19}$`)

// cve returns a CVE id in its usual spelling.
func (v value) cve() (string, bool) {
	const expected = "a CVE id such as CVE-2021-44228"
	s, ok := v.text(expected)
	if !ok {
		return "", false
	}
	id := strings.ToUpper(s)
	if !cveID.MatchString(id) {
		v.refuse("is "+quote(s), expected)
		return "", false
	}
	return id, true
}

func (v value) pluginID() (string, bool) {
	return v.id("the id of a plugin, a whole number such as 19506")
}

var crossReference = regexp.MustCompile(`^[A-Za-z0-9_.-]+[:|][^\s[:cntrl:]][^[:cntrl:]]{0,255}$`)

// xref returns a cross reference with the name of its list.
func (v value) xref() (string, bool) {
	const expected = "a cross reference such as CWE:79, IAVA|20* or CISA-KNOWN-EXPLOITED:*"
	s, ok := v.text(expected)
	if ok && !crossReference.MatchString(s) {
		v.refuse("is "+quote(s), expected)
		return "", false
	}
	return s, ok
}

var filterName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)

func readFilter(v value) Filter {
	const expected = "the console's name of a filter, such as pluginID"
	m := v.mapping("a mapping with name, operator and value")
	f := Filter{Operator: "="}
	name, _ := m.take("name", "text", required, "The filter as the console names it, such as `port`.")
	if m.needs(name, expected) {
		var ok bool
		f.Name, ok = name.text(expected)
		if ok && !filterName.MatchString(f.Name) {
			name.refuse("is "+quote(f.Name), expected)
		}
		name.print(f.Name)
	}
	m.text("operator", &f.Operator, "How the console compares, such as `=`, `!=`, `>=` or `~=`.")
	x, _ := m.take("value", "text, number, mapping or list", required, "What it compares with.")
	if m.needs(x, "the value of the filter") {
		f.Value = x.json()
		x.printed.leaf = f.Value // as it is: the empty text is a value too
	}
	m.close()
	return f
}

// json returns what stands there as JSON has it. A number without a fraction
// is an integer, however it is written.
func (v value) json() any {
	switch {
	case v.node.Kind == yaml.MappingNode:
		m := v.mapping("a mapping of words to values")
		object := make(map[string]any, len(m.order))
		for _, e := range m.open() {
			object[e.key.node.Value] = e.value.json()
		}
		return object
	case v.node.Kind == yaml.SequenceNode:
		list := []any{}
		for _, e := range v.list("a list of values") {
			list = append(list, e.json())
		}
		return list
	case isNull(v.node):
		v.refuse(v.kind(), "a text, a number, a mapping or a list")
		return nil
	}
	var x any
	switch v.node.ShortTag() {
	case "!!int", "!!float", "!!bool":
		if v.node.Decode(&x) != nil {
			return v.node.Value
		}
	default:
		return v.node.Value
	}
	if f, ok := x.(float64); ok {
		switch {
		case math.IsNaN(f), math.IsInf(f, 0):
			v.refuse("is "+quote(v.node.Value), "a number that JSON has")
			return nil
		case f == math.Trunc(f) && math.Abs(f) < 1<<53:
			return int(f)
		}
	}
	return x
}

// watchesOf are the watches that are asked of a console.
func watchesOf(all []Watch, console string) []Watch {
	var own []Watch
	for _, w := range all {
		if w.Consoles == nil || slices.Contains(w.Consoles, console) {
			w.Consoles = nil
			own = append(own, w)
		}
	}
	return own
}
