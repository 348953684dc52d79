package sctest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// compile makes, from the definition of each list, what says which hosts are in it.
func compile(w *world, lists []*assetList) {
	for _, l := range lists {
		switch l.kind {
		case "static":
			l.has = func(host int) bool { return inSpans(l.spans, int64(w.address(host))) }
		case "dnsname":
			l.has = hasName(w, l.dnsNames)
		case "combination":
			var tree combination
			l.has = nobody
			if json.Unmarshal(l.combinations, &tree) == nil {
				l.has = tree.members(lists, 0)
			}
		default:
			l.has = nobody
			if tree, ok := parseRules(l.rules); ok {
				l.has = tree.members(w)
			}
		}
	}
}

func nobody(int) bool { return false }

// hasName tells hosts by their name; "*.example.org" stands for every name of the domain.
func hasName(w *world, names string) func(int) bool {
	wanted := strings.Split(strings.ToLower(names), ",")
	return func(host int) bool {
		name := w.dnsName(host)
		return name != "" && slices.ContainsFunc(wanted, func(want string) bool {
			domain, wild := strings.CutPrefix(want, "*")
			return name == want || wild && strings.HasSuffix(name, domain)
		})
	}
}

// rule is a group of rules, or a clause, of a dynamic list.
type rule struct {
	Type       string `json:"type"` // group, clause; the root may lack it
	Operator   string `json:"operator"`
	Children   []rule `json:"children"`
	FilterName string `json:"filterName"`
	Value      scalar `json:"value"`
}

// parseRules reads a group of rules, or a list of them, which clients of SecurityCenter 4 write.
func parseRules(data json.RawMessage) (tree rule, ok bool) {
	if json.Unmarshal(data, &tree) == nil {
		return tree, tree.Operator != ""
	}
	tree = rule{Operator: "all"}
	return tree, json.Unmarshal(data, &tree.Children) == nil
}

func (r rule) members(w *world) func(int) bool {
	if r.Type == "clause" {
		return r.clause(w)
	}
	tests := make([]func(int) bool, len(r.Children))
	for i, child := range r.Children {
		tests[i] = child.members(w)
	}
	all := r.Operator == "all"
	return func(host int) bool {
		for _, test := range tests {
			if test(host) != all {
				return !all
			}
		}
		return all && len(tests) > 0
	}
}

// clause knows os, ip, dns, uuid and pluginid; what it does not know matches no host.
func (r rule) clause(w *world) func(int) bool {
	compare := r.comparison()
	switch strings.ToLower(r.FilterName) {
	case "os", "operatingsystem":
		var known [archetypes]bool
		for a := range known {
			known[a] = compare(archetype(a).os())
		}
		return func(host int) bool { return known[w.groupOf[host]/cohorts] }
	case "pluginid":
		var known [groups]bool
		for g := range known {
			known[g] = w.hasPlugin(g, r.Value.number(-1))
		}
		return func(host int) bool { return known[w.groupOf[host]] }
	case "ip", "ipaddress":
		spans, ok := addressSpans(string(r.Value))
		if !ok {
			return nobody
		}
		return func(host int) bool { return inSpans(spans, int64(w.address(host))) }
	case "dns", "dnsname":
		return func(host int) bool { return compare(w.dnsName(host)) }
	case "uuid":
		return func(host int) bool { return compare(w.host(host, 0).UUID) }
	}
	return nobody
}

func (r rule) comparison() func(string) bool {
	want := strings.ToLower(string(r.Value))
	switch r.Operator {
	case "eq":
		return func(have string) bool { return strings.EqualFold(have, want) }
	case "ne":
		return func(have string) bool { return !strings.EqualFold(have, want) }
	case "regex", "pcre":
		pattern, err := regexp.Compile("(?i)" + string(r.Value))
		return func(have string) bool { return err == nil && pattern.MatchString(have) }
	}
	return func(have string) bool { return strings.Contains(strings.ToLower(have), want) }
}

// combination is an asset list by id, or an operation on such trees. The asset filter of an analysis takes one too.
type combination struct {
	ID       scalar       `json:"id"`
	Operator string       `json:"operator"` // union, intersection, complement
	Operand1 *combination `json:"operand1"`
	Operand2 *combination `json:"operand2"`
}

// maxCombination bounds the depth of combinations, which may name each other.
const maxCombination = 16

// unknown returns the first id that no list has.
func (t *combination) unknown(lists []*assetList) (id string, found bool) {
	if t == nil {
		return "", false
	}
	if t.ID != "" && assetNumbered(lists, string(t.ID)) == nil {
		return string(t.ID), true
	}
	if id, found = t.Operand1.unknown(lists); found {
		return id, true
	}
	return t.Operand2.unknown(lists)
}

func (t *combination) members(lists []*assetList, depth int) func(int) bool {
	switch {
	case t == nil || depth > maxCombination:
		return nobody
	case t.ID != "":
		l := assetNumbered(lists, string(t.ID))
		switch {
		case l == nil:
			return nobody
		case l.kind != "combination":
			return func(host int) bool { return l.has(host) }
		}
		var tree combination
		if json.Unmarshal(l.combinations, &tree) != nil {
			return nobody
		}
		return tree.members(lists, depth+1)
	}
	a, b := t.Operand1.members(lists, depth+1), t.Operand2.members(lists, depth+1)
	switch t.Operator {
	case "intersection":
		return func(host int) bool { return a(host) && b(host) }
	case "union":
		return func(host int) bool { return a(host) || b(host) }
	case "complement":
		return func(host int) bool { return !a(host) }
	}
	return nobody
}
