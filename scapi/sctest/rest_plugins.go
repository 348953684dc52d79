package sctest

import (
	"encoding/base64"
	"fmt"
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

// pluginXrefs are the references of a plugin to the outside: "CVE:CVE-2012-0001, BID:123".
func pluginXrefs(p *plugin) string {
	var list []string
	for _, cve := range p.cves {
		list = append(list, "CVE:"+cve)
	}
	for _, bid := range p.bids {
		list = append(list, "BID:"+bid)
	}
	return strings.Join(append(list, p.xrefs...), ", ")
}

func pluginSynopsis(p *plugin) string { return "The host has " + p.name + "." }

func pluginDescription(p *plugin) string {
	return "Example text of plugin " + strconv.Itoa(p.id) + "."
}

// pluginObject is a plugin as GET /plugin/{id} shows it.
func (c *Console) pluginObject(p *plugin) object {
	score := func(tenths int) any {
		if tenths == 0 {
			return nil
		}
		return decimal(tenths)
	}
	o := object{"id": strconv.Itoa(p.id), "name": p.name, "description": pluginDescription(p),
		"type": p.kind, "copyright": "", "version": "1.10", "sourceFile": "example_" + strconv.Itoa(p.id) + ".nasl",
		"dependencies": "", "requiredPorts": "", "requiredUDPPorts": "", "srcPort": nil, "dstPort": nil, "protocol": "",
		"riskFactor": riskFactors[p.severity], "solution": "Upgrade.", "seeAlso": "https://www.example.com/" + strconv.Itoa(p.id), "synopsis": pluginSynopsis(p), "checkType": "remote",
		"exploitEase": "", "exploitAvailable": trueFalse(p.exploit), "exploitFrameworks": "", "cpe": strings.Join(p.cpes, "\n"),
		"baseScore": score(p.cvss), "temporalScore": nil, "cvssVector": "", "cvssVectorBF": "0", "cvssV3BaseScore": score(p.cvss),
		"cvssV3TemporalScore": nil, "cvssV3Vector": "", "cvssV3VectorBF": "0", "stigSeverity": nil,
		"pluginPubDate": epoch(p.pluginPub), "pluginModDate": epoch(p.pluginMod), "patchPubDate": epoch(p.patchPub), "patchModDate": "-1",
		"vulnPubDate": epoch(p.vulnPub), "modifiedTime": epoch(p.pluginMod), "xrefs": pluginXrefs(p),
		"md5":    fmt.Sprintf("%016x%016x", mix(c.o.Seed, 61, uint64(p.id)), mix(c.o.Seed, 62, uint64(p.id))),
		"source": base64.StdEncoding.EncodeToString([]byte("# plugin " + strconv.Itoa(p.id) + "\nexit(0);\n")),
		"family": object{"id": strconv.Itoa(p.family.id), "name": p.family.name, "type": p.family.kind}}
	if c.release.atLeast(5, 9) {
		o["vprScore"] = score(p.vpr)
	}
	return o
}

// plugin is GET /plugin/{id}.
func (x *exchange) plugin(id string) (any, error) {
	p := x.c.world.plugins.byID(scalar(id).number(-1))
	if p == nil {
		return nil, notFound("plugin", id)
	}
	return project(x.c.pluginObject(p), x.fields()), nil
}

// plugins is GET /plugin.
func (x *exchange) plugins() (any, error) {
	query, fields := x.r.URL.Query(), x.fields()
	if fields == nil {
		fields = []string{"id", "name", "description"}
	}
	number := func(name string, def int) int { return scalar(query.Get(name)).number(def) }
	q := pluginQuery{kind: query.Get("type"), since: int64(number("since", 0)), sortField: query.Get("sortField"),
		descending: strings.EqualFold(query.Get("sortDirection"), "desc"), start: number("startOffset", 0), end: number("endOffset", 50)}
	if field := query.Get("filterField"); field != "" {
		q.filters = append(q.filters, pluginFilter{field, query.Get("op"), scalar(query.Get("value"))})
	}
	if err := decode([]byte(query.Get("filters")), &q.filters); err != nil {
		return nil, refuse(146, "Invalid filters.\n")
	}
	page, err := x.c.pluginPage(q)
	if err != nil {
		return nil, err
	}
	if len(fields) == 1 && fields[0] == "id" {
		ids := make([]idRow, 0, len(page))
		for _, i := range page {
			ids = append(ids, idRow{x.c.world.plugins.idAt(i)})
		}
		return ids, nil
	}
	rows := make([]object, 0, len(page))
	for _, i := range page {
		rows = append(rows, project(x.c.pluginObject(x.c.world.plugins.at(i)), fields))
	}
	return rows, nil
}
