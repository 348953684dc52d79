package sctest

import (
	"strconv"
	"strings"
)

// PluginCount returns the number of plugins of a type: active, passive, lce, compliance, custom; or all.
func (c *Console) PluginCount(kind string) int {
	if kind == "all" {
		return c.world.plugins.total
	}
	return c.world.plugins.count(kind)
}

// pluginHole says whether row i of a long list is missing: real consoles answer 199 of 200 rows in the middle of a list.
func (c *Console) pluginHole(i, length int) bool {
	return c.o.Dialect == REST && !c.o.Quirks.FullPluginPages && length > 1000 && i%20_011 == 150
}

// pluginQuery is what the plugin lists of both dialects are asked for.
type pluginQuery struct {
	kind             string // active, all, compliance, custom, lce, notPassive, passive
	since            int64
	field, op, value string
	sorted           bool
	descending       bool
	start, end       int
}

// pluginRows returns the index of each plugin on the page, -1 for holes.
func (c *Console) pluginRows(q pluginQuery) []int {
	var page []int
	l := &c.world.plugins
	var at func(i int) int
	first, n := 0, l.total
	switch q.kind {
	case "", "all":
	case "notPassive":
		first = l.count("passive")
		n -= first
	default:
		n = 0
		for _, b := range l.blocks {
			if b.kind == q.kind || b.kind == "lce" && q.kind == "event" {
				first, n = b.before, b.length
			}
		}
	}
	at = func(i int) int { return first + i }
	if q.since > 0 || q.field != "" {
		var kept []int
		for i := range n {
			if p := l.at(first + i); p.pluginMod >= q.since && q.matches(p) {
				kept = append(kept, first+i)
			}
		}
		n = len(kept)
		at = func(i int) int { return kept[i] }
	}
	for i := max(q.start, 0); i < min(q.end, n); i++ {
		k := i
		switch {
		case q.descending:
			k = n - 1 - i
		case !q.sorted: // some order, and not that of ids
			k = int(uint64(i) * 7919 % uint64(n))
			if n%7919 == 0 {
				k = i
			}
		}
		if c.pluginHole(i, n) {
			page = append(page, -1)
			continue
		}
		page = append(page, at(k))
	}
	return page
}

// matches applies the one filter of a plugin list.
func (q pluginQuery) matches(p *plugin) bool {
	if q.field == "" {
		return true
	}
	have := ""
	switch field, ref, _ := strings.Cut(q.field, ":"); field {
	case "xrefs":
		for _, x := range strings.Split(pluginXrefs(p), ", ") {
			if strings.HasPrefix(x, ref+":") && strings.Contains(x, q.value) {
				return true
			}
		}
		return false
	case "id":
		have = strconv.Itoa(p.id)
	case "name":
		have = p.name
	case "type":
		have = p.kind
	case "family", "familyName":
		have = p.family.name
	case "pluginPubDate":
		have = epoch(p.pluginPub)
	case "modifiedTime", "pluginModDate":
		have = epoch(p.pluginMod)
	}
	n, m := scalar(have).number(0), scalar(q.value).number(0)
	switch q.op {
	case "eq", "=":
		return have == q.value
	case "gt":
		return n > m
	case "gte":
		return n >= m
	case "lt":
		return n < m
	case "lte":
		return n <= m
	}
	return strings.Contains(strings.ToLower(have), strings.ToLower(q.value))
}

func pluginXrefs(p *plugin) string {
	var list []string
	for _, cve := range p.cves {
		list = append(list, "CVE:"+cve)
	}
	return strings.Join(append(list, p.xrefs...), ", ")
}

// pluginObject is a plugin as GET /plugin/{id} shows it.
func (c *Console) pluginObject(p *plugin) object {
	score := func(tenths int) any {
		if tenths == 0 {
			return nil
		}
		return decimal(tenths)
	}
	o := object{"id": strconv.Itoa(p.id), "name": p.name, "description": "Example text of plugin " + strconv.Itoa(p.id) + ".",
		"type": p.kind, "copyright": "", "version": "1.10", "sourceFile": "example_" + strconv.Itoa(p.id) + ".nasl",
		"riskFactor": riskFactors[p.severity], "solution": "Upgrade.", "seeAlso": "", "synopsis": "", "checkType": "remote",
		"exploitEase": "", "exploitAvailable": trueFalse(p.exploit), "exploitFrameworks": "", "cpe": "",
		"baseScore": score(p.cvss), "temporalScore": nil, "cvssVector": "", "cvssV3BaseScore": score(p.cvss), "stigSeverity": nil,
		"pluginPubDate": epoch(p.pluginPub), "pluginModDate": epoch(p.pluginMod), "patchPubDate": epoch(p.patchPub),
		"vulnPubDate": epoch(p.vulnPub), "modifiedTime": epoch(p.pluginMod), "md5": "", "xrefs": pluginXrefs(p),
		"family": object{"id": strconv.Itoa(p.family.id), "name": p.family.name, "type": p.family.kind}}
	if c.release.atLeast(5, 9) {
		o["vprScore"] = score(p.vpr)
	}
	return o
}

// pluginCall is GET /plugin and GET /plugin/{id}.
func (x *exchange) pluginCall(parts []string) (any, error) {
	query := x.r.URL.Query()
	fields := splitFields(query.Get("fields"))
	if len(parts) == 2 {
		p := x.c.world.plugins.byID(scalar(parts[1]).number(-1))
		if p == nil {
			return nil, notFound("plugin", parts[1])
		}
		return project(x.c.pluginObject(p), fields), nil
	}
	if fields == nil {
		fields = []string{"id", "name", "description"}
	}
	number := func(name string, def int) int { return scalar(query.Get(name)).number(def) }
	page := x.c.pluginRows(pluginQuery{kind: query.Get("type"), since: int64(number("since", 0)),
		field: query.Get("filterField"), op: query.Get("op"), value: query.Get("value"), sorted: query.Get("sortField") != "",
		descending: strings.EqualFold(query.Get("sortDirection"), "desc"), start: number("startOffset", 0), end: number("endOffset", 50)})
	rows := make([]object, 0, len(page))
	for _, i := range page {
		if i >= 0 {
			rows = append(rows, project(x.c.pluginObject(x.c.world.plugins.at(i)), fields))
		}
	}
	return rows, nil
}

// familyCall is GET /pluginFamily, /pluginFamily/{id} and /pluginFamily/{id}/plugins.
func (x *exchange) familyCall(parts []string) (any, error) {
	families := x.c.world.families
	fields := splitFields(x.r.URL.Query().Get("fields"))
	if len(parts) == 1 {
		list := make([]object, len(families))
		for i, f := range families {
			list[i] = object{"id": strconv.Itoa(f.id), "name": f.name}
		}
		return list, nil
	}
	for i := range families {
		f := &families[i]
		if strconv.Itoa(f.id) != parts[1] {
			continue
		}
		var members []object
		count := 0
		l := &x.c.world.plugins
		wantPlugins := fields == nil || len(parts) == 3
		for _, name := range fields {
			wantPlugins = wantPlugins || name == "plugins"
		}
		for _, b := range l.blocks {
			if b.kind != f.kind {
				continue
			}
			for id := b.firstID; id < b.firstID+b.length; id++ {
				if p := l.known[id]; p != nil && p.family != f || p == nil && l.familyOf(id, b.kind) != f {
					continue
				}
				count++
				if wantPlugins {
					members = append(members, object{"id": strconv.Itoa(id), "name": l.byID(id).name})
				}
			}
		}
		if len(parts) == 3 {
			number := func(name string, def int) int { return scalar(x.r.URL.Query().Get(name)).number(def) }
			return cut(members, number("startOffset", 0), number("endOffset", 50)), nil
		}
		return project(object{"id": parts[1], "name": f.name, "type": f.kind, "count": count, "plugins": members}, fields), nil
	}
	return nil, notFound("pluginFamily", parts[1])
}
