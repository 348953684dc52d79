package sctest

import "slices"

// MissingTotals leaves totalRecords, returnedRecords and matchingDataElementCount out.
func MissingTotals() Effect {
	return Effect{after: func(_ *exchange, rep *reply) {
		if o, ok := rep.response.(object); ok {
			for _, key := range []string{"totalRecords", "returnedRecords", "matchingDataElementCount"} {
				delete(o, key)
			}
		}
	}}
}

// ShortPages leaves the last row out of a page that has more than one. The rows left out are on no page unless the
// client goes on from where the page ended.
func ShortPages() Effect {
	return Effect{after: func(_ *exchange, rep *reply) {
		switch t := rep.response.(type) {
		case []object:
			rep.response = shortened(t)
		case []idRow:
			rep.response = shortened(t)
		case object:
			if rows, ok := t["results"].([]object); ok {
				t["results"] = shortened(rows)
				t["returnedRecords"] = len(shortened(rows))
			}
		}
	}}
}

func shortened[T any](rows []T) []T { return rows[:max(len(rows)-1, min(len(rows), 1))] }

// Answer answers with success and that response. "", an empty object and an empty list are what consoles have answered
// in the middle of paging.
func Answer(response any) Effect {
	return Effect{after: func(_ *exchange, rep *reply) { *rep = *success(response) }}
}

// StrayRow gives a page of an analysis a row too many, the rest of a text that had a line break, as its fourth or last,
// and tells a broken number of rows.
func StrayRow() Effect {
	return Effect{after: func(_ *exchange, rep *reply) {
		o, ok := rep.response.(object)
		if !ok {
			return
		}
		if rows, ok := o["results"].([]object); ok && len(rows) > 0 {
			o["results"] = slices.Insert(slices.Clone(rows), min(3, len(rows)), object{"pluginID": "the rest of a text that had a line break"})
			o["returnedRecords"] = float64(len(rows)) + 0.05
		}
	}}
}
