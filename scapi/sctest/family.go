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

// families is GET /pluginFamily.
func (x *exchange) families() []object {
	fields := x.fields()
	if fields == nil {
		fields = []string{"name"}
	}
	list := make([]object, len(x.c.world.families))
	for i, f := range x.c.world.families {
		list[i] = project(object{"id": strconv.Itoa(f.id), "name": f.name, "type": f.kind}, fields)
	}
	return list
}

// familyOf looks a family up.
func (x *exchange) familyOf(id string) (*family, error) {
	families := x.c.world.families
	at := slices.IndexFunc(families, func(f family) bool { return strconv.Itoa(f.id) == id })
	if at < 0 {
		return nil, notFound("pluginFamily", id)
	}
	return &families[at], nil
}

// family is GET /pluginFamily/{id}.
func (x *exchange) family(id string) (any, error) {
	f, err := x.familyOf(id)
	if err != nil {
		return nil, err
	}
	fields := x.fields()
	o := object{"id": id, "name": f.name, "type": f.kind, "count": x.c.familySizes()[f.id]}
	if fields == nil || slices.Contains(fields, "plugins") {
		o["plugins"] = x.c.world.plugins.members(f)
	}
	return project(o, fields), nil
}

// familyMembers is GET /pluginFamily/{id}/plugins.
func (x *exchange) familyMembers(id string) (any, error) {
	f, err := x.familyOf(id)
	if err != nil {
		return nil, err
	}
	query := x.r.URL.Query()
	number := func(name string, def int) int { return scalar(query.Get(name)).number(def) }
	return cut(x.c.world.plugins.members(f), number("startOffset", 0), number("endOffset", 50)), nil
}
