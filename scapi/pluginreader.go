package scapi

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// pluginReader reads the plugins of a list. It remembers what an earlier one was like,
// because the next one has its columns in the same order, and much the same in some of them.
type pluginReader struct {
	keeper    keeper
	templates *templates[pluginTemplate]
	layout    *layout[pluginColumn] // of the latest template
	distance  int                   // see templates.choose
	plugins   int
	families  refs
	// The plugin that is read.
	in     *wire.Reader
	plugin *Plugin
	told   pluginTold
	like   *pluginTemplate
}

// pluginTemplate is a plugin of a list, and what was read in it.
type pluginTemplate struct {
	template[pluginColumn]
	plugin Plugin
	told   pluginTold
}

// pluginTold is what a plugin may tell of its family in several columns.
type pluginTold struct {
	family               wire.Ref // an object, or the name
	familyID, familyName string
}

func (t pluginTold) put(p *Plugin) {
	switch p.FamilyID = t.familyID; {
	case t.family.Name != "": // REST: an object
		p.Family, p.FamilyID = string(t.family.Name), string(t.family.ID)
	case t.familyName != "":
		p.Family = t.familyName
	default:
		p.Family = string(t.family.ID) // a bare text
	}
}

// pluginColumn reads the value of one column, or takes it from a plugin that has the same.
// Nothing is known of a column that has neither.
type pluginColumn struct{ read, same func(r *pluginReader) }

// newPluginReader returns a reader of plugins, of which what is no object has Raw alone.
func newPluginReader() rowReader[Plugin] {
	r := &pluginReader{templates: new(templates[pluginTemplate]), layout: new(layout[pluginColumn])}
	same := func(_ []place, columns []pluginColumn, _ int) {
		for _, c := range columns {
			if c.same != nil {
				c.same(r)
			}
		}
	}
	read := func(_ int, c pluginColumn) {
		if c.read != nil {
			c.read(r)
		} else {
			r.in.Value()
		}
	}
	return func(in *wire.Reader, p *Plugin) { r.row(in, p, same, read) }
}

func (r *pluginReader) row(in *wire.Reader, p *Plugin, same func([]place, []pluginColumn, int), read func(int, pluginColumn)) {
	if in.Kind() != '{' {
		p.Raw = r.keeper.raw(in.Value())
		return
	}
	start := in.Offset()
	like, key := r.templates.choose(in, &r.distance)
	if like == nil {
		like = new(pluginTemplate)
	}
	r.in, r.plugin, r.told, r.like, r.plugins = in, p, pluginTold{}, like, r.plugins+1
	alike := like.walk(in, pluginColumnOf, same, read)
	r.told.put(p)
	raw := in.Since(start)
	if in.Err() == nil && (!alike || r.plugins%drift == 0) {
		made := &pluginTemplate{templateOf(raw, r.layout, pluginColumnOf), *p, r.told}
		made.plugin.CrossReferences = slices.Clone(p.CrossReferences) // who gets the plugin may change its own
		r.templates.keep(key, made, len(raw))
		r.layout = made.layout
	}
	p.Raw = r.keeper.raw(raw)
}

// pluginColumnOf finds a column whatever its case, as consoles differ in it.
func pluginColumnOf(name []byte) pluginColumn {
	for _, c := range pluginColumns {
		if strings.EqualFold(c.name, string(name)) {
			return c.pluginColumn
		}
	}
	return pluginColumn{}
}

// pluginColumns are the columns of a list of plugins in all versions.
var pluginColumns = []struct {
	name string
	pluginColumn
}{
	{"id", pluginText(func(p *Plugin) *string { return &p.ID })},
	{"name", pluginText(func(p *Plugin) *string { return &p.Name })},
	{"type", pluginText(func(p *Plugin) *string { return &p.Type })},
	{"description", pluginText(func(p *Plugin) *string { return &p.Description })},
	{"synopsis", pluginText(func(p *Plugin) *string { return &p.Synopsis })},
	{"solution", pluginText(func(p *Plugin) *string { return &p.Solution })},
	{"seeAlso", pluginText(func(p *Plugin) *string { return &p.SeeAlso })},
	{"riskFactor", pluginText(func(p *Plugin) *string { return &p.RiskFactor })},
	{"baseScore", pluginScore(func(p *Plugin) *Opt[float64] { return &p.CVSS2 })},
	{"cvssV3BaseScore", pluginScore(func(p *Plugin) *Opt[float64] { return &p.CVSS3 })},
	{"vprScore", pluginScore(func(p *Plugin) *Opt[float64] { return &p.VPR })},
	{"pluginPubDate", pluginTime(func(p *Plugin) *time.Time { return &p.Published })},
	{"patchPubDate", pluginTime(func(p *Plugin) *time.Time { return &p.PatchPublished })},
	{"vulnPubDate", pluginTime(func(p *Plugin) *time.Time { return &p.VulnPublished })},
	{"pluginModDate", pluginTime(func(p *Plugin) *time.Time { return &p.Changed })},
	{"modifiedTime", pluginTime(func(p *Plugin) *time.Time { return &p.Modified })},
	{"exploitAvailable", pluginColumn{
		func(r *pluginReader) { r.plugin.ExploitAvailable = truth(r.in) },
		func(r *pluginReader) { r.plugin.ExploitAvailable = r.like.plugin.ExploitAvailable },
	}},
	{"xrefs", pluginColumn{
		func(r *pluginReader) { r.plugin.CrossReferences = crossReferences(r.keeper.text(r.in.Text())) },
		func(r *pluginReader) { r.plugin.CrossReferences = slices.Clone(r.like.plugin.CrossReferences) },
	}},
	{"family", pluginColumn{
		func(r *pluginReader) { r.told.family = r.families.read(r.in) },
		func(r *pluginReader) { r.told.family = r.like.told.family },
	}},
	{"familyID", pluginColumn{
		func(r *pluginReader) { r.told.familyID = r.keeper.text(r.in.Text()) },
		func(r *pluginReader) { r.told.familyID = r.like.told.familyID },
	}},
	{"familyName", pluginColumn{
		func(r *pluginReader) { r.told.familyName = r.keeper.text(r.in.Text()) },
		func(r *pluginReader) { r.told.familyName = r.like.told.familyName },
	}},
}

func pluginText(of func(*Plugin) *string) pluginColumn {
	return pluginColumn{
		func(r *pluginReader) { *of(r.plugin) = r.keeper.text(r.in.Text()) },
		func(r *pluginReader) { *of(r.plugin) = *of(&r.like.plugin) },
	}
}

func pluginScore(of func(*Plugin) *Opt[float64]) pluginColumn {
	return pluginColumn{
		func(r *pluginReader) { *of(r.plugin) = score(r.in) },
		func(r *pluginReader) { *of(r.plugin) = *of(&r.like.plugin) },
	}
}

func pluginTime(of func(*Plugin) *time.Time) pluginColumn {
	return pluginColumn{
		func(r *pluginReader) { *of(r.plugin) = r.in.Time() },
		func(r *pluginReader) { *of(r.plugin) = *of(&r.like.plugin) },
	}
}

// pluginListPage is a page of a list of plugins.
type pluginListPage struct {
	results[Plugin]
	read rowReader[Plugin]
	body bytes.Buffer // of the answer
}

// scan reads a response: an array of plugins, or a list in another shape. What is
// no object is no plugin.
func (p *pluginListPage) scan(in *wire.Reader) {
	p.results = results[Plugin]{rows: p.rows[:0], most: p.most}
	switch in.Kind() {
	case 0:
		return
	case '[':
		p.scanRows(in, p.read)
		p.rows = slices.DeleteFunc(p.rows, func(plugin Plugin) bool { return plugin.Raw == nil || plugin.Raw[0] != '{' })
		return
	}
	var list wire.List[wirePlugin]
	if raw := in.Value(); in.Err() == nil {
		p.err = wire.Decode(bytes.Clone(raw), &list)
	}
	for i, w := range list.Items {
		p.rows = append(p.rows, w.plugin(list.Raw[i]))
	}
}
