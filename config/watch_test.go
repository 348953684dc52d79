package config

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const twoConsoles = minimal + "  - {name: lab, url: 'https://lab', accounts: [{name: a, username: u, password: p}]}\n"

func TestAWatchIsReadWithAllThatItLooksFor(t *testing.T) {
	c := parse(t, twoConsoles+`watches:
  - {name: log4shell, cves: [cve-2021-44228, CVE-2021-45046], plugins: [0155999], xref: "IAVA|20*", consoles: [lab]}
  - {name: saved, query: 12, cves: [], account: a}
  - name: raw
    filters:
      - {name: port, value: 443}
      - {name: vprScore, operator: "~=", value: 7-10}
      - {name: asset, value: {id: "5"}}
      - {name: repository, value: [{id: 1}, {id: 2.5, deep: [true, 2021-01-01, 1e3, '']}]}
`)
	want := []Watch{
		{Name: "log4shell", Consoles: []string{"lab"}, CVEs: []string{"CVE-2021-44228", "CVE-2021-45046"}, Plugins: []string{"155999"}, XRef: "IAVA|20*"},
		{Name: "saved", Query: "12", Account: "a"},
		{Name: "raw", Filters: []Filter{
			{"port", "=", 443}, {"vprScore", "~=", "7-10"}, {"asset", "=", map[string]any{"id": "5"}},
			{"repository", "=", []any{map[string]any{"id": 1}, map[string]any{"id": 2.5, "deep": []any{true, "2021-01-01", 1000, ""}}}},
		}},
	}
	if d := cmp.Diff(want, c.Watches); d != "" {
		t.Errorf("watches (-want +got):\n%s", d)
	}
	hq, lab := c.Consoles[0], c.Consoles[1]
	if d := cmp.Diff(want[1:], hq.Watches); d != "" {
		t.Errorf("watches of hq (-want +got):\n%s", d)
	}
	want[0].Consoles = nil
	if d := cmp.Diff(want, lab.Watches); d != "" {
		t.Errorf("watches of lab (-want +got):\n%s", d)
	}
}

func TestTheCollectorOfWatchesIsOnWhereThereAreWatches(t *testing.T) {
	const forLab = "watches: [{name: x, query: 1, consoles: [lab]}]\n"
	for _, x := range []struct {
		name, text string
		hq, lab    bool
	}{
		{"without watches it is off", "", false, false},
		{"it is on where one applies", forLab, false, true},
		{"the file may switch it off", forLab + "collectors: {watches: {enabled: false}}\n", false, false},
		{"the file may switch it on", "collectors: {watches: {enabled: true}}\n", true, true},
		{"other keys do not matter", forLab + "collectors: {watches: {interval: 2h}}\n", false, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := parse(t, twoConsoles+x.text)
			hq, lab := c.Consoles[0].Collectors["watches"].Enabled, c.Consoles[1].Collectors["watches"].Enabled
			if hq != x.hq || lab != x.lab {
				t.Errorf("on: hq %v, lab %v; want %v, %v", hq, lab, x.hq, x.lab)
			}
		})
	}
}

// twoAccounts is a console with two accounts, and one with the first of them.
const twoAccounts = minimal + `      - {name: b, username: v, password: p}
  - {name: lab, url: 'https://lab', accounts: [{name: a, username: u, password: p}]}
`

func TestAnAccountOfAWatchNeedStandOnlyWhereItIsAsked(t *testing.T) {
	c := parse(t, twoAccounts+"watches: [{name: x, account: b, query: 1, consoles: [hq]}, {name: y, account: a, query: 1}]\n")
	if got := c.Consoles[0].Watches[0].Account + c.Consoles[0].Watches[1].Account + c.Consoles[1].Watches[0].Account; got != "baa" {
		t.Errorf("accounts of the watches are %q, want baa", got)
	}
}

// watches is a list of so many watches.
func watches(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("\n  - {query: 1, name: w" + strconv.Itoa(i) + "}")
	}
	return "watches:" + b.String()
}

func TestAWrongWatchIsRefused(t *testing.T) {
	if c := parse(t, atTop(watches(maxWatches))); len(c.Watches) != maxWatches {
		t.Errorf("%d watches were read, want %d", len(c.Watches), maxWatches)
	}
	ids := make([]string, maxWatchIDs+1)
	for i := range ids {
		ids[i] = strconv.Itoa(i + 1)
	}
	refuses(t, []refused{
		{"too many watches",
			atTop(watches(101)),
			"107:5: watches[100]: is one too many, expected at most 100 entries"},
		{"too many ids",
			atTop("watches: [{name: x, plugins: [" + strings.Join(ids, ",\n  ") + "]}]"),
			"506:3: watches[0].plugins[500]: is one too many, expected at most 500 entries"},
		{"watches that are a mapping",
			atTop("watches: {log4shell: {}}"),
			"6:10: watches: is a mapping, expected a list of watches"},
		{"a watch that is a word",
			atTop("watches: [log4shell]"),
			"6:11: watches[0]: is a single value, expected a mapping with name and what to look for"},
		{"a watch without a name",
			atTop("watches: [{query: 1}]"),
			"6:11: watches[0].name: is missing, expected a name for a watch (1 to 64 letters, digits, dots, hyphens or underscores)"},
		{"a watch for nothing",
			atTop("watches: [{name: x}]"),
			"6:11: watches[0]: looks for nothing, expected cves, plugins, xref, filters or query"},
		{"a watch for empty lists",
			atTop("watches: [{name: x, cves: [], plugins: [], filters: []}]"),
			"6:11: watches[0]: looks for nothing, expected cves, plugins, xref, filters or query"},
		{"a list that was cut off",
			atTop("watches: [{name: x, cves: [CVE-2021-44228], plugins: }]"),
			"6:45: watches[0].plugins: has nothing behind it, expected a list of plugin ids, or no such key: the file may have been cut off here"},
		{"a file that was cut off",
			atTop("watches:"),
			"6:1: watches: has nothing behind it, expected a list of watches, or no such key: the file may have been cut off here"},
		{"two watches of one name",
			atTop("watches: [{name: x, query: 1}, {name: x, query: 2}]"),
			`6:32: watches[1]: repeats the name "x" of line 6, expected a different name for every watch`},
		{"an unknown key of a watch",
			atTop("watches: [{name: x, query: 1, cve: y}]"),
			"6:31: watches[0].cve: is not a known key, expected one of name, consoles, account, cves, plugins, xref, filters, query"},
		{"a watch of a console that is not there",
			atTop("watches: [{name: x, query: 1, consoles: [lab]}]"),
			`6:42: watches[0].consoles[0]: is "lab", expected one of hq`},
		{"an account that the only console lacks",
			atTop("watches: [{name: x, query: 1, account: finance}]"),
			`6:40: watches[0].account: is "finance", which is no account of console "hq", expected one of a, or consoles beside it that have the account`},
		{"an account that one of the consoles lacks",
			twoAccounts + "watches: [{name: x, account: b, query: 1}]\n",
			`8:30: watches[0].account: is "b", which is no account of console "lab", expected one of a, or consoles beside it that have the account`},
		{"an account that the console it names lacks",
			twoAccounts + "watches: [{name: x, account: b, query: 1, consoles: [hq, lab]}]\n",
			`8:30: watches[0].account: is "b", which is no account of console "lab", expected one of a, or consoles beside it that have the account`},
		{"an account without a name",
			atTop("watches: [{name: x, query: 1, account: }]"),
			"6:31: watches[0].account: is empty, expected a text"},
		{"an account beside one that was refused",
			withAccount("{username: u, password: p}") + "watches: [{name: x, query: 1, account: b}]\n",
			"5:9: consoles[0].accounts[0].name: is missing, expected a name for an account (1 to 64 letters, digits, dots, hyphens or underscores)"},
		{"a watch of a console that was refused",
			strings.Replace(atTop("watches: [{name: x, query: 1, consoles: [h q]}]"), "hq", "h q", 1),
			`2:11: consoles[0].name: is "h q", expected 1 to 64 letters, digits, dots, hyphens or underscores, not dots alone`},
		{"a CVE without its number",
			atTop("watches: [{name: x, cves: [CVE-2021]}]"),
			`6:28: watches[0].cves[0]: is "CVE-2021", expected a CVE id such as CVE-2021-44228`},
		{"a CVE in two spellings",
			atTop("watches: [{name: x, cves: [CVE-2021-44228, cve-2021-44228]}]"),
			`6:44: watches[0].cves[1]: repeats "CVE-2021-44228", expected each value once`},
		{"CVEs without a list",
			atTop("watches: [{name: x, cves: CVE-2021-44228}]"),
			"6:27: watches[0].cves: is a single value, expected a list of CVE ids"},
		{"a plugin by name",
			atTop("watches: [{name: x, plugins: [Nessus]}]"),
			`6:31: watches[0].plugins[0]: is "Nessus", expected the id of a plugin, a whole number such as 19506`},
		{"a plugin below one",
			atTop("watches: [{name: x, plugins: [0]}]"),
			`6:31: watches[0].plugins[0]: is "0", expected the id of a plugin, a whole number such as 19506`},
		{"a cross reference without its list",
			atTop("watches: [{name: x, xref: CWE}]"),
			`6:27: watches[0].xref: is "CWE", expected a cross reference such as CWE:79, IAVA|20* or CISA-KNOWN-EXPLOITED:*`},
		{"a query by name",
			atTop("watches: [{name: x, query: mine}]"),
			`6:28: watches[0].query: is "mine", expected the id of a saved query, a whole number such as 12`},
		{"a query beside other conditions",
			atTop("watches: [{name: x, query: 12, xref: 'CWE:79', cves: [CVE-2021-44228]}]"),
			"6:28: watches[0].query: stands beside cves, expected query alone, since a saved query has filters of its own"},
		{"a filter without anything",
			atTop("watches: [{name: x, filters: [{}]}]"),
			"6:31: watches[0].filters[0].name: is missing, expected the console's name of a filter, such as pluginID" + "\n" +
				"6:31: watches[0].filters[0].value: is missing, expected the value of the filter"},
		{"a filter whose name is a phrase",
			atTop("watches: [{name: x, filters: [{name: plugin id, value: 1}]}]"),
			`6:38: watches[0].filters[0].name: is "plugin id", expected the console's name of a filter, such as pluginID`},
		{"a filter without its value",
			atTop("watches: [{name: x, filters: [{name: port, value: }]}]"),
			"6:44: watches[0].filters[0].value: is empty, expected a text, a number, a mapping or a list"},
		{"a number that JSON has not",
			atTop("watches: [{name: x, filters: [{name: port, value: [.inf]}]}]"),
			`6:52: watches[0].filters[0].value[0]: is ".inf", expected a number that JSON has`},
		{"a key in a value that stands twice",
			atTop("watches: [{name: x, filters: [{name: port, value: {a: 1, a: 2}}]}]"),
			"6:58: watches[0].filters[0].value.a: stands twice, expected each key once"},
	})
}

func TestTheValueOfAFilterIsTheSameInJSON(t *testing.T) {
	for in, want := range map[string]string{
		"5": `5`, "'5'": `"5"`, "5.0": `5`, "0.5": `0.5`, "true": `true`, "yes": `"yes"`, "0x10": `16`,
		"18446744073709551615": `18446744073709551615`, "1e300": `1e+300`, "2021-01-01": `"2021-01-01"`,
		"[]": `[]`, "{}": `{}`, "[{id: '1'}, {id: 2}]": `[{"id":"1"},{"id":2}]`, "''": `""`,
	} {
		first := parse(t, atTop("watches: [{name: x, filters: [{name: f, value: "+in+"}]}]"))
		got, err := json.Marshal(first.Watches[0].Filters[0].Value)
		if err != nil || string(got) != want {
			t.Errorf("value %s became %s, %v; want %s", in, got, err, want)
		}
		text, err := first.Masked()
		if err != nil {
			t.Fatal(err)
		}
		second := parse(t, strings.Replace(string(text), "<secret>", "p", 1))
		if d := cmp.Diff(first.Watches, second.Watches); d != "" {
			t.Errorf("value %s differs after it was printed and read back:\n%s", in, d)
		}
	}
}
