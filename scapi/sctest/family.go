package sctest

import (
	"slices"
	"strconv"
)

// PluginFamily is a plugin family of the simulated console.
type PluginFamily struct {
	ID, Name string
	Type     string // active, passive, lce, compliance, custom
	Plugins  int
}

// PluginFamilies returns the plugin families in the order of their ids.
func (c *Console) PluginFamilies() []PluginFamily {
	list := make([]PluginFamily, len(c.world.families))
	sizes := c.familySizes()
	for i := range list {
		f := &c.world.families[i]
		list[i] = PluginFamily{strconv.Itoa(f.id), f.name, f.kind, sizes[f.id]}
	}
	return list
}

// each yields the id and the family of every plugin of the list.
func (l *pluginList) each(yield func(id int, f *family)) {
	for _, b := range l.blocks {
		for id := b.firstID; id < b.firstID+b.length; id++ {
			if p := l.known[id]; p != nil {
				yield(id, p.family)
			} else {
				yield(id, l.familyOf(id, b.kind))
			}
		}
	}
}

// countFamilies counts the plugins of each family, by its id.
func (l *pluginList) countFamilies() map[int]int {
	sizes := map[int]int{}
	l.each(func(_ int, f *family) { sizes[f.id]++ })
	return sizes
}

// members are the plugins of a family by id and name.
func (l *pluginList) members(wanted *family) []object {
	list := []object{}
	l.each(func(id int, f *family) {
		if f == wanted {
			list = append(list, object{"id": strconv.Itoa(id), "name": l.byID(id).name})
		}
	})
	return list
}

// familyCall is GET /pluginFamily, /pluginFamily/{id} and /pluginFamily/{id}/plugins.
func (x *exchange) familyCall(parts []string) (any, error) {
	families, plugins := x.c.world.families, &x.c.world.plugins
	query := x.r.URL.Query()
	fields := splitFields(query.Get("fields"))
	if len(parts) == 1 {
		if fields == nil {
			fields = []string{"name"}
		}
		list := make([]object, len(families))
		for i, f := range families {
			list[i] = project(object{"id": strconv.Itoa(f.id), "name": f.name, "type": f.kind}, fields)
		}
		return list, nil
	}
	at := slices.IndexFunc(families, func(f family) bool { return strconv.Itoa(f.id) == parts[1] })
	if at < 0 {
		return nil, notFound("pluginFamily", parts[1])
	}
	f := &families[at]
	if len(parts) == 3 {
		number := func(name string, def int) int { return scalar(query.Get(name)).number(def) }
		return cut(plugins.members(f), number("startOffset", 0), number("endOffset", 50)), nil
	}
	o := object{"id": parts[1], "name": f.name, "type": f.kind, "count": x.c.familySizes()[f.id]}
	if fields == nil || slices.Contains(fields, "plugins") {
		o["plugins"] = plugins.members(f)
	}
	return project(o, fields), nil
}
