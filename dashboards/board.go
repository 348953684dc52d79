// Package dashboards holds the Grafana boards as data. Their JSON, which lies
// in the same folder, is written from it by
//
//	go test ./dashboards -update
package dashboards

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Boards returns all boards in the order in which their links are shown.
func Boards() []Board {
	return []Board{posture(), remediation(), owners(), scanning(), fleet(), repository(), exporter()}
}

// Board is one dashboard.
type Board struct {
	Name      string // the file is NAME.json, the uid securitycenter-NAME
	Title     string
	About     string
	Range     string // how far back the board looks: 30d
	Variables []Variable
	Rows      []Row
}

// Row is a heading and what is below it. A collapsed row asks nothing until
// it is opened; what is open comes first, and is two screens at most.
type Row struct {
	Title     string
	Collapsed bool
	Panels    []Panel
}

// Expression is one query of a board, as Grafana sees it before it replaces
// the variables.
type Expression struct {
	Board string // name of the board
	Panel string // title of the panel, or the name of the variable or the event
	Expr  string // PromQL with variables, or the selector of label_values and query_result
}

// Expressions returns every query of every panel, variable and event.
func Expressions() []Expression {
	var all []Expression
	for _, b := range Boards() {
		for _, v := range b.Variables {
			if v.selector != "" {
				all = append(all, Expression{b.Name, v.Name, v.selector})
			}
		}
		for _, e := range events() {
			all = append(all, Expression{b.Name, e.Name, e.query()})
		}
		for _, r := range b.Rows {
			for _, p := range r.Panels {
				for _, q := range p.Queries {
					all = append(all, Expression{b.Name, p.Title, scoped(q.Expr)})
				}
			}
		}
	}
	return all
}

// metric finds what a query selects, which may be what a rule has recorded. The
// exporter's own metrics have another instance than those of the consoles.
var metric = regexp.MustCompile(`\b(?:(securitycenter_exporter_\w+|process_\w+|go_\w+|promhttp_\w+)|(?:[a-z_]+:)?securitycenter_\w+(?::\w+)?|up|scrape_duration_seconds|ALERTS)\b\{?`)

// scoped restricts every selector of a query to the jobs and instances that
// are chosen at the top of the board.
func scoped(expr string) string {
	return metric.ReplaceAllStringFunc(expr, func(name string) string {
		instance := "$instance"
		if metric.FindStringSubmatch(name)[1] != "" {
			instance = "$exporter"
		}
		bare, more := strings.CutSuffix(name, "{")
		end := "}"
		if more {
			end = ","
		}
		return fmt.Sprintf(`%s{job=~"$job",instance=~%q%s`, bare, instance, end)
	})
}

// needsGrafana names the lowest version that has all that the boards use: their format is
// schema 41, that of Grafana 12.0, and no option in them is younger.
const needsGrafana = "Needs Grafana 12.0 or later."

// uid is what links and provisioning know the board by.
func uid(name string) string { return "securitycenter-" + name }

// object is a JSON object; encoding/json writes its keys in order.
type object = map[string]any

// JSON returns the board as Grafana imports it.
func (b Board) JSON() ([]byte, error) {
	out, err := json.MarshalIndent(b.object(), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write board %s: %w", b.Name, err)
	}
	return append(out, '\n'), nil
}

func (b Board) object() object {
	variables := []object{}
	for _, v := range b.Variables {
		variables = append(variables, v.object())
	}
	return object{
		"uid":           uid(b.Name),
		"title":         b.Title,
		"description":   b.About + " " + needsGrafana,
		"tags":          []string{"securitycenter"},
		"schemaVersion": 41,
		"version":       1,
		"editable":      true,
		"graphTooltip":  1, // one crosshair on all panels
		"refresh":       "1m",
		"timezone":      "browser",
		"time":          object{"from": "now-" + b.Range, "to": "now"},
		"timepicker":    object{},
		"annotations":   b.annotations(),
		"templating":    object{"list": variables},
		"links": []object{{
			"type": "dashboards", "title": "Security Center", "tags": []string{"securitycenter"}, "asDropdown": true,
			"includeVars": true, "keepTime": false, "targetBlank": false, "icon": "external link", "tooltip": "", "url": "",
		}},
		"panels": b.panels(),
	}
}

// panels lays the panels out from left to right, a new line where 24 columns
// are full; panels of one line have one height.
func (b Board) panels() []object {
	out, id, y := []object{}, 0, 0
	next := func() int { id++; return id }
	for _, r := range b.Rows {
		row := object{
			"id": next(), "type": "row", "title": r.Title, "collapsed": r.Collapsed,
			"gridPos": object{"x": 0, "y": y, "w": 24, "h": 1}, "panels": []object{},
		}
		y++
		below := []object{}
		x, height := 0, 0
		for _, p := range r.Panels {
			if x+p.W > 24 {
				x, y = 0, y+height
			}
			o := p.object()
			o["id"] = next()
			o["gridPos"] = object{"x": x, "y": y, "w": p.W, "h": p.H}
			below = append(below, o)
			x, height = x+p.W, p.H
		}
		y += height
		if r.Collapsed {
			row["panels"] = below
			below = nil
		}
		out = append(append(out, row), below...)
	}
	return out
}
