package dashboards

// object is the panel as Grafana stores it, without id and place.
func (p Panel) object() object {
	o := object{
		"type": string(p.Kind), "title": p.Title, "description": p.described(), "datasource": source,
		"targets": p.targets(), "options": p.options(),
		"fieldConfig": object{"defaults": p.defaults(), "overrides": p.overrides()},
	}
	if p.Every != "" {
		o["interval"] = p.Every
	}
	if p.Kind == Table {
		o["transformations"] = p.transformations()
	}
	return o
}

func (p Panel) targets() []object {
	over := p.Kind == Series || p.Kind == Timeline || p.Kind == Heatmap || p.Spark
	format := "time_series"
	switch p.Kind {
	case Table:
		format = "table"
	case Heatmap:
		format = "heatmap"
	}
	out := []object{}
	for i, q := range p.Queries {
		out = append(out, object{
			"refId": refID(i), "datasource": source, "expr": scoped(q.Expr), "legendFormat": q.Legend,
			"instant": !over, "range": over, "format": format, "editorMode": "code",
		})
	}
	return out
}

func refID(i int) string { return string(rune('A' + i)) }

func (p Panel) options() object {
	last := object{"calcs": []string{"lastNotNull"}, "fields": "", "values": false}
	switch p.Kind {
	case Stat:
		o := object{
			"reduceOptions": last, "colorMode": "value", "graphMode": "none", "justifyMode": "center",
			"textMode": "auto", "orientation": "auto", "wideLayout": true, "showPercentChange": false, "percentChangeColorMode": "inverted",
		}
		if len(p.Steps)+len(p.Words) > 0 && len(p.Queries) == 1 { // one verdict fills its panel
			o["colorMode"] = "background_solid"
		}
		if len(p.Queries) > 1 {
			o["text"] = object{"titleSize": 14}
		}
		if p.Spark {
			o["graphMode"] = "area"
		}
		if p.Change {
			o["showPercentChange"] = true
		}
		return o
	case Bars:
		names := "left"
		if p.Long {
			names = "top"
		}
		return object{
			"reduceOptions": last, "displayMode": "basic", "orientation": "horizontal", "showUnfilled": true,
			"valueMode": "color", "namePlacement": names, "sizing": "manual", "minVizHeight": 16, "minVizWidth": 8, "maxVizHeight": 44,
			"text":   object{"titleSize": 12, "valueSize": 16},
			"legend": object{"showLegend": false, "displayMode": "list", "placement": "bottom", "calcs": []string{}},
		}
	case Table:
		o := object{"showHeader": true, "cellHeight": "sm", "frameIndex": 0}
		if p.SortBy != "" {
			o["sortBy"] = []object{{"displayName": p.SortBy, "desc": true}}
		}
		return o
	case Timeline:
		return object{
			"mergeValues": true, "showValue": "never", "alignValue": "left", "rowHeight": 0.85,
			"legend":  object{"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []string{}},
			"tooltip": object{"mode": "single", "sort": "none"},
		}
	case Heatmap:
		return object{
			"calculate": false, "cellGap": 1, "yAxis": object{"axisPlacement": "left", "unit": p.Unit, "reverse": false},
			"color":     object{"mode": "scheme", "scheme": "Blues", "steps": 64, "scale": "exponential", "exponent": 0.5, "fill": "dark-blue", "reverse": false},
			"rowsFrame": object{"layout": "auto"}, "filterValues": object{"le": 1e-9}, "showValue": "never",
			"cellValues": object{"unit": "short"}, "legend": object{"show": true}, "exemplars": object{"color": "rgba(255,0,255,0.7)"},
			"tooltip": object{"mode": "single", "yHistogram": false, "showColorScale": false},
		}
	default:
		side := "bottom"
		if p.W >= 10 && len(p.Queries) == 1 { // many series of one query, and room for their names
			side = "right"
		}
		return object{
			"legend":  object{"displayMode": "list", "placement": side, "showLegend": true, "calcs": []string{}},
			"tooltip": object{"mode": "multi", "sort": "desc"},
		}
	}
}

func (p Panel) defaults() object {
	d := object{
		"unit": p.Unit, "mappings": mappings(p.Words), "thresholds": thresholds(p.Steps),
		"color": object{"mode": "thresholds"}, "custom": object{},
	}
	if p.Unit == "" {
		d["unit"] = "none"
	}
	if p.Whole || p.Decimals > 0 {
		d["decimals"] = p.Decimals
	}
	if p.Empty != "" {
		d["noValue"] = p.Empty
	}
	if p.Max > 0 {
		d["min"], d["max"] = 0, p.Max
	}
	if p.Link != "" {
		d["links"] = link("Open the board "+p.Link, "/d/"+uid(p.Link)+scope)
	}
	switch p.Kind {
	case Stat:
		if p.Spark {
			d["fieldMinMax"], d["min"] = true, 0 // each its own scale, from 0
		}
	case Series:
		d["color"] = object{"mode": "palette-classic"}
		d["custom"] = p.custom()
	case Bars:
		if len(p.Steps) == 0 {
			d["color"] = object{"mode": "fixed", "fixedColor": "blue"}
		}
		d["min"] = 0
	case Timeline:
		d["custom"] = object{"fillOpacity": 80, "lineWidth": 0}
	case Table:
		d["custom"] = object{"align": "auto", "inspect": false, "cellOptions": object{"type": "auto"}, "filterable": false}
	}
	return d
}

// custom is how a time series is drawn.
func (p Panel) custom() object {
	c := object{
		"drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 2, "fillOpacity": 0, "showPoints": "never",
		"spanNulls": false, "stacking": object{"mode": "none", "group": "A"},
		"thresholdsStyle": object{"mode": "off"},
	}
	switch p.Fill {
	case Stacked:
		c["lineWidth"], c["fillOpacity"], c["stacking"] = 1, 60, object{"mode": "normal", "group": "A"}
	case Columns:
		c["drawStyle"], c["lineWidth"], c["fillOpacity"], c["stacking"] = "bars", 0, 80, object{"mode": "normal", "group": "A"}
	}
	if !p.Free {
		c["axisSoftMin"] = 0
	}
	if p.Limits {
		c["thresholdsStyle"] = object{"mode": "dashed"}
	}
	return c
}

// thresholds are the steps; the first holds from the beginning.
func thresholds(steps []Step) object {
	if len(steps) == 0 {
		steps = []Step{{Color: plain}}
	}
	out := []object{}
	for i, s := range steps {
		from := any(s.From)
		if i == 0 {
			from = nil
		}
		out = append(out, object{"value": from, "color": s.Color})
	}
	return object{"mode": "absolute", "steps": out}
}

// absent gives what is not told no verdict: without it the first step colours it.
var absent = object{"type": "special", "options": object{"match": "null+nan", "result": object{"text": "–", "color": plain}}}

func mappings(words []Word) []object {
	if len(words) == 0 {
		return []object{}
	}
	options := object{}
	for i, w := range words {
		m := object{"index": i, "text": w.Text}
		if w.Color != "" {
			m["color"] = w.Color
		}
		options[w.Value] = m
	}
	return []object{{"type": "value", "options": options}}
}

func (p Panel) overrides() []object {
	out := []object{}
	if p.Severity {
		for _, s := range severities {
			out = append(out, override(s.name, object{"color": object{"mode": "fixed", "fixedColor": s.color}}))
		}
	}
	for _, q := range p.Queries {
		if q.Color != "" {
			set := object{"color": object{"mode": "fixed", "fixedColor": q.Color}}
			if q.Dashed {
				set["custom.lineStyle"] = object{"fill": "dash", "dash": []int{10, 10}}
				set["custom.lineWidth"], set["custom.fillOpacity"] = 1, 0
				set["custom.stacking"] = object{"mode": "none", "group": "limit"}
			}
			out = append(out, override(q.Legend, set))
		}
	}
	for _, c := range p.Columns {
		set := object{}
		if p.Empty != "" && len(p.Queries) > 1 { // what is said of the whole table is not true of a cell
			set["noValue"] = "–"
		}
		if c.Unit != "" {
			set["unit"] = c.Unit
			set["decimals"] = c.Decimals
		}
		if c.Width > 0 {
			set["custom.width"] = c.Width
		}
		if len(c.Steps) > 0 || len(c.Words) > 0 {
			set["custom.cellOptions"] = object{"type": "color-text"}
			set["thresholds"] = thresholds(c.Steps)
			set["mappings"] = append(mappings(c.Words), absent)
		}
		if c.URL != "" {
			set["links"] = link(c.Title, c.URL)
		}
		if len(set) > 0 {
			out = append(out, override(c.Title, set))
		}
	}
	return out
}

// override sets properties of the field of a name, in a fixed order.
func override(name string, set object) object {
	properties := []object{}
	for _, id := range []string{"unit", "decimals", "noValue", "color", "custom.lineStyle", "custom.lineWidth", "custom.fillOpacity", "custom.stacking", "custom.width", "custom.cellOptions", "thresholds", "mappings", "links"} {
		if v, ok := set[id]; ok {
			properties = append(properties, object{"id": id, "value": v})
		}
	}
	return object{"matcher": object{"id": "byName", "options": name}, "properties": properties}
}

// transformations make one table of the answers: a row for each set of
// labels, the columns in their order and under their titles.
func (p Panel) transformations() []object {
	names, index, titles := []string{}, object{}, object{}
	for i, c := range p.Columns {
		name := c.Of
		if len(name) == 1 { // the values of a query
			if name = "Value"; len(p.Queries) > 1 {
				name = "Value #" + c.Of
			}
		}
		names = append(names, name)
		index[name], titles[name] = i, c.Title
	}
	return []object{
		{"id": "merge", "options": object{}},
		{"id": "filterFieldsByName", "options": object{"include": object{"names": names}}},
		{"id": "organize", "options": object{"indexByName": index, "renameByName": titles, "excludeByName": object{}}},
	}
}
