package config

import "testing"

// withFilters is a watch of these filters, which begin in column 31.
func withFilters(filters string) string {
	return atTop("watches: [{name: x, filters: [" + filters + "]}]")
}

func TestAFilterThatReachesAuditChecksIsRefused(t *testing.T) {
	const (
		ids   = "expected ids one by one, or a range within 1-999999, because the ids above are audit checks and no findings"
		most  = "expected an id up to 999999 after <=, because the ids above are audit checks and no findings"
		value = "watches[0].filters[0].value: "
		op    = "watches[0].filters[0].operator: "
	)
	refuses(t, []refused{
		{"a range beyond", withFilters("{name: pluginID, value: 10-1000001}"), "6:55: " + value + `is "10-1000001", ` + ids},
		{"a range of audit checks", withFilters("{name: pluginID, value: 1000001-1000009}"), "6:55: " + value + `is "1000001-1000009", ` + ids},
		{"a range that ends one too high", withFilters("{name: pluginID, value: 1-1000000}"), "6:55: " + value + `is "1-1000000", ` + ids},
		{"a range among ids", withFilters("{name: pluginID, value: '5,10 - 2000000'}"), "6:55: " + value + `is "5,10 - 2000000", ` + ids},
		{"a range in a list", withFilters("{name: pluginID, value: [5, 10-2000000]}"), "6:55: " + value + "is a list, " + ids},
		{"a range in reverse", withFilters("{name: pluginID, value: 20-10}"), "6:55: " + value + `is "20-10", ` + ids},
		{"a range without an end", withFilters("{name: pluginID, value: 10-}"), "6:55: " + value + `is "10-", ` + ids},
		{"something else", withFilters("{name: pluginID, value: all}"), "6:55: " + value + `is "all", ` + ids},
		{"a number with a point", withFilters("{name: pluginID, value: 1.5}"), "6:55: " + value + `is "1.5", ` + ids},
		{"an empty list", withFilters("{name: pluginID, value: []}"), "6:55: " + value + "is a list, " + ids},
		{"an object without an id", withFilters("{name: pluginID, value: {name: x}}"), "6:55: " + value + "is a mapping, " + ids},
		{"in another case", withFilters("{name: pluginid, value: 10-1000001}"), "6:55: " + value + `is "10-1000001", ` + ids},
		{"from an id on", withFilters("{name: pluginID, operator: '>=', value: 500}"), "6:58: " + op + `is ">=", which reaches the ids of audit checks, expected = with ` + ids[len("expected "):]},
		{"all but one", withFilters("{name: pluginID, operator: '!=', value: 500}"), "6:58: " + op + `is "!=", which reaches the ids of audit checks, expected = with ` + ids[len("expected "):]},
		{"what looks like one", withFilters("{name: pluginID, operator: '~=', value: 500}"), "6:58: " + op + `is "~=", which reaches the ids of audit checks, expected = with ` + ids[len("expected "):]},
		{"up to an audit check", withFilters("{name: pluginID, operator: <=, value: 1000001}"), "6:69: " + value + `is "1000001", ` + most},
		{"up to a range", withFilters("{name: pluginID, operator: <=, value: 1-5}"), "6:69: " + value + `is "1-5", ` + most},
		{"below an audit check", withFilters("{name: pluginID, operator: <, value: 1000001}"), "6:68: " + value + `is "1000001", expected an id up to 1000000 after <, because the ids above are audit checks and no findings`},
	})
	for _, right := range []string{
		"{name: pluginID, value: 19506}", "{name: pluginID, value: 1006879}", "{name: pluginID, value: '19506, 1006879'}",
		"{name: pluginID, value: 1-999999}", "{name: pluginID, value: '5,10-20,999999'}", "{name: pluginID, value: [5, '10-20', 1006879]}",
		"{name: pluginID, value: {id: '1006879'}}", "{name: pluginID, operator: <=, value: 999999}", "{name: pluginID, operator: <, value: 1000000}",
		"{name: port, value: 1-65535}", "{name: firstSeen, value: 1600000000-1600086400}", "{name: baseCVSSScore, operator: '>=', value: 9}",
	} {
		if c := parse(t, withFilters(right)); len(c.Watches[0].Filters) != 1 {
			t.Errorf("%s: read %+v", right, c.Watches[0].Filters)
		}
	}
}

func TestAFilterThatStandsTwiceIsRefused(t *testing.T) {
	const once = ", expected each filter once: of two the console lets one win"
	tests := []refused{
		{"by its name", withFilters("{name: port, value: 1},\n  {name: ip, value: x}, {name: port, value: 2}"),
			`7:32: watches[0].filters[2].name: repeats "port" of line 6` + once},
		{"in another case", withFilters("{name: port, value: 1}, {name: Port, value: 2}"),
			`6:62: watches[0].filters[1].name: is "Port", another name of "port" of line 6` + once},
		{"beside plugins", atTop("watches: [{name: x, filters: [{name: pluginID, value: 5}], plugins: [5]}]"),
			`6:38: watches[0].filters[0].name: is "pluginID", the filter that plugins makes, expected plugins or that filter: of two the console lets one win`},
		{"beside cves", atTop("watches: [{name: x, cves: [CVE-2021-44228], filters: [{name: cveID, value: 5}]}]"),
			`6:62: watches[0].filters[0].name: is "cveID", the filter that cves makes, expected cves or that filter: of two the console lets one win`},
		{"beside xref", atTop("watches: [{name: x, xref: 'CWE:79', filters: [{name: xref, value: 'CWE:80'}]}]"),
			`6:54: watches[0].filters[0].name: is "xref", the filter that xref makes, expected xref or that filter: of two the console lets one win`},
	}
	for _, names := range synonyms() {
		for _, other := range names[1:] {
			tests = append(tests, refused{names[0] + " and " + other, withFilters("{name: " + names[0] + ", value: 1},\n  {name: " + other + ", value: 2}"),
				`7:10: watches[0].filters[1].name: is "` + other + `", another name of "` + names[0] + `" of line 6` + once})
		}
	}
	refuses(t, tests)
	for _, right := range []string{
		"{name: port, value: 1}, {name: tcpport, value: 2}", "{name: daysMitigated, value: '0:7'}, {name: daysToMitigated, value: '0:7'}",
		"{name: repository, value: 1}, {name: asset, value: 2}",
	} {
		parse(t, withFilters(right))
	}
	parse(t, atTop("watches: [{name: x, plugins: [], filters: [{name: pluginID, value: 5}]}]"))
}
