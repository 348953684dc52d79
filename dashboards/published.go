package dashboards

import (
	"encoding/json"
	"fmt"
	"slices"
)

// grafana is the oldest version that the boards are for.
const grafana = "12.0.0"

// Published returns the board in the form that grafana.com takes: as JSON does, with
// what it needs of a server. There are no inputs, because the data source is chosen
// at the top of the board.
func (b Board) Published() ([]byte, error) {
	o := b.object()
	o["id"], o["gnetId"] = nil, nil
	o["__inputs"], o["__elements"] = []object{}, object{}
	needs := []object{
		{"type": "grafana", "id": "grafana", "name": "Grafana", "version": grafana},
		{"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"},
	}
	var kinds []string
	for _, p := range inside(b.panels()) {
		if kind, ok := p["type"].(string); ok && kind != "row" {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	for _, kind := range slices.Compact(kinds) {
		needs = append(needs, object{"type": "panel", "id": kind, "name": kind, "version": ""})
	}
	o["__requires"] = needs
	out, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write board %s: %w", b.Name, err)
	}
	return append(out, '\n'), nil
}

// inside returns panels with those of closed rows.
func inside(panels []object) []object {
	var all []object
	for _, p := range panels {
		all = append(all, p)
		if closed, ok := p["panels"].([]object); ok {
			all = append(all, inside(closed)...)
		}
	}
	return all
}
