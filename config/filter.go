package config

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Filter is a filter of the console, in the console's own words.
type Filter struct {
	Name     string
	Operator string // "=" unless the file says otherwise
	// Value is a string, a number, a boolean, or a map[string]any or []any of
	// them: it can be written as JSON.
	Value any
}

var filterName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)

// readFilters reads the filters of a watch. beside are the filters that other
// keys of the watch make, by name, with the key.
func readFilters(v value, beside map[string]string) []Filter {
	var filters []Filter
	seen := map[string]value{}
	for _, e := range v.atMost(maxWatchFilters, v.list("a list of filters")) {
		f, name := readFilter(e)
		filters = append(filters, f)
		one := oneFilter(f.Name)
		first, twice := seen[one]
		switch key := beside[one]; {
		case f.Name == "":
		case key != "":
			name.refuse("is "+quote(f.Name)+", the filter that "+key+" makes", key+" or that filter: of two the console lets one win")
		case twice && first.node.Value == f.Name:
			name.refuse(fmt.Sprintf("repeats %s of line %d", quote(f.Name), first.line), "each filter once: of two the console lets one win")
		case twice:
			name.refuse(fmt.Sprintf("is %s, another name of %s of line %d", quote(f.Name), quote(first.node.Value), first.line), "each filter once: of two the console lets one win")
		default:
			seen[one] = name
		}
	}
	return filters
}

// synonyms are names of one filter: those of the console's page, those on the
// wire of either dialect, and older ones.
func synonyms() [][]string {
	return [][]string{
		{"repository", "repositoryIDs", "repositoryID"},
		{"asset", "assetID", "assetIDs"},
		{"family", "familyID"},
		{"acceptRiskStatus", "acceptedRisk"},
		{"recastRiskStatus", "recastRisk"},
		{"mitigatedStatus", "wasMitigated"},
		{"policy", "policyID"},
		{"auditFile", "auditFileID"},
		{"responsibleUser", "responsibleUserIDs"},
	}
}

// oneFilter returns the name that all names of a filter have in common.
func oneFilter(name string) string {
	same := func(other string) bool { return strings.EqualFold(name, other) }
	for _, names := range synonyms() {
		if slices.ContainsFunc(names, same) {
			return strings.ToLower(names[0])
		}
	}
	return strings.ToLower(name)
}

// lastFindingID is the greatest id of a plugin whose results are findings; above
// are audit checks.
const lastFindingID = 999_999

// checkPluginID refuses a filter on plugin ids that is no list of ids and
// reaches those of audit checks: whoever asks for a range of plugins means
// findings, and would count the results of audits among them. An id that is
// named may be that of an audit check.
func (f Filter) checkPluginID(operator, at value) {
	const why = ", because the ids above are audit checks and no findings"
	switch reaches := f.ReachesAudits(); {
	case !reaches:
	case f.Operator == "=":
		at.refuse(shownJSON(f.Value), "ids one by one, or a range within 1-999999"+why)
	case f.Operator == "<=":
		at.refuse(shownJSON(f.Value), fmt.Sprintf("an id up to %d after <=", lastFindingID)+why)
	case f.Operator == "<":
		at.refuse(shownJSON(f.Value), fmt.Sprintf("an id up to %d after <", lastFindingID+1)+why)
	default: // all else has no end
		if operator.node == nil {
			operator = at
		}
		operator.refuse("is "+quote(f.Operator)+", which reaches the ids of audit checks", "= with ids one by one, or a range within 1-999999"+why)
	}
}

// ReachesAudits reports whether a filter on plugin ids would count results of
// audits as findings: a range or a comparison that reaches their ids, or a value
// that nobody can read.
func (f Filter) ReachesAudits() bool {
	ids, ok := idRanges(f.Value)
	if !ok {
		return true
	}
	lone := len(ids) == 1 && ids[0].first == ids[0].last
	switch f.Operator {
	case "=", "":
		return slices.ContainsFunc(ids, func(r idRange) bool { return r.first != r.last && r.last > lastFindingID })
	case "<=":
		return !lone || ids[0].last > lastFindingID
	case "<":
		return !lone || ids[0].last > lastFindingID+1
	}
	return true
}

// idRange is what stands between two commas of a filter on ids.
type idRange struct{ first, last int }

var idOrRange = regexp.MustCompile(`^([0-9]{1,10})(?:\s*-\s*([0-9]{1,10}))?$`)

// idRanges reads the value of a filter on ids: a number, a list of them, or a
// text of ids and ranges such as 10, 20-30.
func idRanges(v any) ([]idRange, bool) {
	var ranges []idRange
	switch v := v.(type) {
	case int:
		return []idRange{{v, v}}, true
	case string:
		for part := range strings.SplitSeq(v, ",") {
			m := idOrRange.FindStringSubmatch(strings.TrimSpace(part))
			if m == nil {
				return nil, false
			}
			first, err := strconv.Atoi(m[1])
			last, err2 := first, error(nil)
			if m[2] != "" {
				last, err2 = strconv.Atoi(m[2])
			}
			if err != nil || err2 != nil || last < first {
				return nil, false
			}
			ranges = append(ranges, idRange{first, last})
		}
	case []any:
		for _, e := range v {
			some, ok := idRanges(e)
			if !ok {
				return nil, false
			}
			ranges = append(ranges, some...)
		}
	case map[string]any: // {id: 5}
		return idRanges(v["id"])
	}
	return ranges, len(ranges) > 0
}

// shownJSON says what the value of a filter is.
func shownJSON(v any) string {
	switch v.(type) {
	case []any:
		return "is a list"
	case map[string]any:
		return "is a mapping"
	}
	return "is " + quote(fmt.Sprint(v))
}

// readFilter returns a filter and the place of its name.
func readFilter(v value) (Filter, value) {
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
	operator, _ := m.text("operator", &f.Operator, "How the console compares, such as `=`, `!=`, `>=` or `~=`.")
	x, _ := m.take("value", "text, number, mapping or list", required, "What it compares with.")
	if m.needs(x, "the value of the filter") {
		f.Value = x.json()
		x.printed.leaf = f.Value // as it is: the empty text is a value too
		if oneFilter(f.Name) == "pluginid" {
			f.checkPluginID(operator, x)
		}
	}
	m.close()
	return f, name
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
