package config

import (
	"regexp"
	"slices"
	"strings"
)

// Watch is a question of the user's own whose answer becomes metrics. CVEs,
// Plugins, XRef and Filters must all hold; Query stands alone.
type Watch struct {
	Name string
	// Consoles are the names of the consoles that it is asked; nil: all. It is
	// nil in the watches of a Console.
	Consoles []string
	// Account is the name of the account that it is asked through; empty: all
	// that read findings. Every console that it is asked has one of that name.
	Account string

	CVEs    []string // such as CVE-2021-44228
	Plugins []string // plugin ids
	XRef    string   // a cross reference as the console's filter takes it, such as CWE:79 or IAVA|20*
	Filters []Filter // sent as they are
	Query   string   // id of a query that is saved on the console
}

const (
	maxWatches      = 100
	maxWatchIDs     = 500
	maxWatchFilters = 50
)

// readWatches reads the watches of these consoles.
func readWatches(v value, consoles []Console) []Watch {
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

func readWatch(m *mapping, consoles []Console) Watch {
	m.printed.sparse = true
	var w Watch
	m.objectName(&w.Name, "a watch", "Its name in the label `watch`.")
	m.consoles(&w.Consoles, "The consoles that it is asked; all where the list is empty.", consoles)
	account, hasAccount := m.text("account", &w.Account, "The account that it is asked through, by its name, for objects of one organisation: an asset list, an audit file, a saved query. Every console that is asked needs one of that name. Without it all accounts that read findings are asked, and what names such an object is absent on a console of several organisations.")
	if hasAccount && w.Account != "" {
		account.checkAccount(w.Account, w.Consoles, consoles)
	}
	cves, _ := m.texts("cves", "CVE ids", maxWatchIDs, &w.CVEs, "Findings of one of these vulnerabilities, such as CVE-2021-44228.", "a list of CVE ids", value.cve)
	plugins, _ := m.texts("plugins", "plugin ids", maxWatchIDs, &w.Plugins, "Findings of one of these plugins, such as 19506.", "a list of plugin ids", value.pluginID)
	xref, _ := setting(m, "xref", "text", &w.XRef, "Findings of plugins with this cross reference, as the console writes it: `NAME:VALUE` or `NAME|VALUE`, with `*` for the rest, such as `CWE:79` or `IAVA|20*`.", value.xref)
	filters, _ := m.take("filters", listKind("mappings", maxWatchFilters), "[]", "Filters of the console, sent as they are. Each once, also by another of its names (`asset` is `assetID`), and none that `cves`, `plugins` or `xref` beside it makes. One on `pluginID` names ids one by one or a range within 1-999999: the ids above are audit checks and no findings.")
	beside := map[string]string{}
	for filter, of := range map[string]value{"cveid": cves, "pluginid": plugins, "xref": xref} {
		if of.node != nil && !of.void() {
			beside[filter] = of.key()
		}
	}
	w.Filters = readFilters(filters, beside)
	query, _ := setting(m, "query", "id of a saved query", &w.Query, "A query that is saved on the console. It stands alone; the other conditions may be combined, and must all hold.", func(v value) (string, bool) {
		return v.id("the id of a saved query, a whole number such as 12")
	})
	m.close()

	other := ""
	for _, condition := range []value{cves, plugins, xref, filters} {
		if condition.node != nil && !condition.void() && other == "" {
			other = condition.key()
		}
	}
	switch {
	case query.node != nil && other != "":
		query.refuse("stands beside "+other, "query alone, since a saved query has filters of its own")
	case query.node == nil && other == "" && m.node != nil:
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

// consoles sets *to to a list of names of consoles.
func (m *mapping) consoles(to *[]string, help string, consoles []Console) {
	var names []string
	for _, c := range consoles {
		if c.Name != "" {
			names = append(names, c.Name)
		}
	}
	m.texts("consoles", "names", 0, to, help, "a list of names of consoles", func(v value) (string, bool) {
		if len(names) == 0 { // all were refused: nothing to compare with
			return v.text("the name of a console")
		}
		return v.choice(names...)
	})
}

// checkAccount refuses an account that one of the chosen consoles (nil: of all) does
// not have. A console whose accounts were refused tells nothing.
func (v value) checkAccount(account string, chosen []string, consoles []Console) {
	for _, c := range consoles {
		if c.Name == "" || chosen != nil && !slices.Contains(chosen, c.Name) {
			continue
		}
		var names []string
		for _, a := range c.Accounts {
			names = append(names, a.Name)
		}
		if len(names) == 0 || slices.Contains(names, "") || slices.Contains(names, account) {
			continue
		}
		v.refuse("is "+quote(account)+", which is no account of console "+quote(c.Name),
			oneOf(names)+", or consoles beside it that have the account")
		return
	}
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
