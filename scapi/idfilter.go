package scapi

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// ByRepository keeps findings of the repositories with these ids, of which
// there must be one at least.
// REST repository [{"id":"1"}], RPC repositoryIDs "1,2".
func ByRepository(ids ...string) Filter {
	ids = append([]string(nil), ids...)
	return Filter{Name: "repository", rpcName: "repositoryIDs", portable: func(t target) (spelling, error) {
		if len(ids) == 0 {
			return spelling{}, wrongArgument("filter on repositories without an id")
		}
		for _, id := range ids {
			if err := checkID("filter on repository", id); err != nil {
				return spelling{}, err
			}
		}
		if t.dialect == RPC {
			return is(strings.Join(ids, ","))
		}
		return is(references(ids))
	}}
}

// ByPluginID keeps findings of plugins with first <= id <= last. A first of 0
// and a last of 0 or math.MaxInt64 leave that side open.
func ByPluginID(first, last int64) Filter {
	return Filter{Name: "pluginID", portable: func(t target) (spelling, error) {
		const highest = math.MaxInt32
		first, last := max(first, 1), last
		if last <= 0 || last > highest {
			last = highest
		}
		switch {
		case first > last:
			return spelling{}, wrongArgument("filter on plugins from %d to %d", first, last)
		case first == 1 && last == highest:
			return spelling{}, nil // all of them
		case first == last:
			return is(strconv.FormatInt(first, 10))
		case t.dialect == REST && first == 1:
			return spelling{"<=", strconv.FormatInt(last, 10)}, nil
		case t.dialect == REST && last == highest:
			return spelling{">=", strconv.FormatInt(first, 10)}, nil
		}
		return is(fmt.Sprintf("%d-%d", first, last))
	}}
}

// ByPluginIDRange keeps the findings that ByPluginID keeps, spelled as a range on
// both dialects ("1-999999"), for consoles that do not know the operators.
func ByPluginIDRange(first, last int64) Filter {
	return Filter{Name: "pluginID", portable: func(target) (spelling, error) {
		if first < 1 || last < first {
			return spelling{}, wrongArgument("filter on plugins from %d to %d", first, last)
		}
		return is(fmt.Sprintf("%d-%d", first, min(last, math.MaxInt32)))
	}}
}

// ByPluginIDs keeps findings of the plugins with these ids, of which there must
// be one at least. Both dialects: pluginID "19506,21745".
func ByPluginIDs(ids ...int64) Filter {
	ids = slices.Clone(ids)
	return Filter{Name: "pluginID", portable: func(target) (spelling, error) {
		texts := make([]string, len(ids))
		for i, id := range ids {
			if id <= 0 {
				return spelling{}, wrongArgument("filter on plugin %d: ids begin at 1", id)
			}
			texts[i] = strconv.FormatInt(id, 10)
		}
		return anyOf("plugins", texts)
	}}
}

// ByFamily keeps findings of plugins of the families with these ids, of which
// there must be one at least. REST family [{"id":"1"}], RPC familyID "1,2".
func ByFamily(ids ...string) Filter {
	ids = slices.Clone(ids)
	return Filter{Name: "family", rpcName: "familyID", portable: func(t target) (spelling, error) {
		for _, id := range ids {
			if err := checkID("filter on plugin family", id); err != nil {
				return spelling{}, err
			}
		}
		if t.dialect == REST && len(ids) > 0 {
			return is(references(ids))
		}
		return anyOf("plugin families", ids)
	}}
}

// ByCVE keeps findings of plugins that refer to any of these vulnerabilities,
// of which there must be one at least. Both dialects: cveID
// "CVE-2021-44228,CVE-2021-45046"; SecurityCenter 4.0 to 4.2: ErrUnsupported.
func ByCVE(ids ...string) Filter {
	ids = slices.Clone(ids)
	return Filter{Name: "cveID", portable: func(t target) (spelling, error) {
		if t.oldScale() {
			return spelling{}, errNoSpelling
		}
		return anyOf("CVEs", ids)
	}}
}

// ByCrossReference keeps findings of plugins with this reference to elsewhere,
// such as CWE:79 or IAVA|20*. Both dialects: xref "CWE:79"; SecurityCenter 4.0
// to 4.2: ErrUnsupported.
func ByCrossReference(text string) Filter {
	return Filter{Name: "xref", portable: func(t target) (spelling, error) {
		if t.oldScale() {
			return spelling{}, errNoSpelling
		}
		return anyOf("cross references", []string{text})
	}}
}

// ByAddress keeps findings of hosts with these addresses, CIDR blocks or
// ranges, of which there must be one at least. Both dialects: ip
// "10.0.0.1,10.0.1.0/24,10.0.2.1-10.0.2.9".
func ByAddress(texts ...string) Filter {
	texts = slices.Clone(texts)
	return Filter{Name: "ip", portable: func(target) (spelling, error) { return anyOf("addresses", texts) }}
}

// ByPluginText keeps findings whose plugin output contains the text. Both
// dialects: pluginText.
func ByPluginText(text string) Filter {
	return Filter{Name: "pluginText", portable: func(target) (spelling, error) { return anyOf("plugin output", []string{text}) }}
}

// ByAsset keeps findings of hosts that any of the asset lists with these ids holds,
// of which there must be one at least.
// REST asset {"id":"5"}, of several with the operator ~
// {"operator":"union","operand1":{"id":"5"},"operand2":{"id":"6"}}; RPC assetID "5",
// of several ErrUnsupported.
func ByAsset(ids ...string) Filter {
	ids = slices.Clone(ids)
	return Filter{Name: "asset", rpcName: "assetID", portable: func(t target) (spelling, error) {
		if len(ids) == 0 {
			return spelling{}, wrongArgument("filter on asset lists without an id")
		}
		for _, id := range ids {
			if err := checkID("filter on asset list", id); err != nil {
				return spelling{}, err
			}
		}
		switch {
		case len(ids) > 1 && t.dialect == RPC:
			return spelling{}, errNoSpelling
		case len(ids) > 1:
			return spelling{"~", unionOf(ids)}, nil
		case t.dialect == RPC:
			return is(ids[0])
		}
		return is(reference{ids[0]})
	}}
}

// union is how REST wants hosts to be named that either operand holds, each of them a
// reference or a union.
type union struct {
	Operator string `json:"operator"`
	Operand1 any    `json:"operand1"`
	Operand2 any    `json:"operand2"`
}

// unionOf is as flat as it can be: nobody knows how deep a console goes.
func unionOf(ids []string) any {
	if len(ids) == 1 {
		return reference{ids[0]}
	}
	half := len(ids) / 2
	return union{"union", unionOf(ids[:half]), unionOf(ids[half:])}
}

// ByAuditFile keeps results of the audit file with this id.
// REST auditFile [{"id":"1000001"}]; RPC ErrUnsupported.
func ByAuditFile(id string) Filter {
	return Filter{Name: "auditFile", portable: func(t target) (spelling, error) {
		if err := checkID("filter on audit file", id); err != nil {
			return spelling{}, err
		}
		if t.dialect == RPC {
			return spelling{}, errNoSpelling
		}
		return is(references([]string{id}))
	}}
}

// OfOrganization reports whether the filter names objects of an organisation:
// asset lists, policies, audit files, users. Their ids are unique within one
// organisation only.
func (f Filter) OfOrganization() bool {
	switch f.Name {
	case "asset", "assetID", "outputAssets", "auditFile", "auditFileID", "policy", "policyID",
		"responsibleUser", "responsibleUserIDs", "vulnRoutedUserIDs", "vulnRoutingRuleID":
		return true
	}
	return false
}

// anyOf is a filter on a list of texts, separated by commas. An empty list
// would be no restriction, which nobody means who names the filter.
func anyOf(what string, texts []string) (spelling, error) {
	if len(texts) == 0 {
		return spelling{}, wrongArgument("filter on %s without any", what)
	}
	for _, text := range texts {
		if strings.TrimSpace(text) == "" {
			return spelling{}, wrongArgument("filter on %s with an empty one", what)
		}
	}
	return is(strings.Join(texts, ","))
}

// reference is how REST wants another object to be named.
type reference struct {
	ID string `json:"id"`
}

func references(ids []string) []reference {
	refs := make([]reference, 0, len(ids))
	for _, id := range ids {
		refs = append(refs, reference{id})
	}
	return refs
}
