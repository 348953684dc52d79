package main

import (
	"context"
	"encoding/json"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func addSavedQueries(t *tree) {
	c := columns[scapi.SavedQuery]{
		raw: func(q scapi.SavedQuery) json.RawMessage { return q.Raw },
		columns: []column[scapi.SavedQuery]{
			{"id", func(q scapi.SavedQuery) any { return q.ID }},
			{"name", func(q scapi.SavedQuery) any { return q.Name }},
			{"type", func(q scapi.SavedQuery) any { return q.Type }},
			{"tool", func(q scapi.SavedQuery) any { return q.Tool }},
			{"filters", func(q scapi.SavedQuery) any {
				if q.Unreadable && len(q.Filters) == 0 {
					return nil // not known, which is not none
				}
				return filterTexts(q.Filters)
			}},
			{"owner", func(q scapi.SavedQuery) any { return userName(q.Owner) }},
			{"tags", func(q scapi.SavedQuery) any { return q.Tags }},
			{"description", func(q scapi.SavedQuery) any { return q.Description }},
			{"created", func(q scapi.SavedQuery) any { return when(q.Created) }},
			{"modified", func(q scapi.SavedQuery) any { return when(q.Modified) }},
		},
	}
	all := command(t.app, "saved-queries", "Queries that were saved under a name, with their filters as --filter takes them. Not on SecurityCenter 4.",
		"scctl saved-queries --fields id,name,tool,filters")
	listing(t, all, scapi.Organization, c, (*scapi.Client).SavedQueries)

	var id string
	one := command(t.app, "saved-query", "One saved query. Not on SecurityCenter 4.", "scctl saved-query 744 --format json --raw")
	one.Arg("id", "Id of the saved query.").Required().StringVar(&id)
	listingOf(t, one, scapi.Organization, c, func() error { return checkIDs("saved query", id) }, func(ctx context.Context, _ *job, client *scapi.Client) ([]scapi.SavedQuery, error) {
		q, err := client.SavedQuery(ctx, id)
		if err != nil {
			return nil, err
		}
		return []scapi.SavedQuery{q}, nil
	})
}

// filterTexts are filters as --filter takes them.
func filterTexts(filters []scapi.Filter) []string {
	texts := make([]string, 0, len(filters))
	for _, f := range filters {
		operator := f.Operator
		if operator == "" {
			operator = "="
		}
		value := text(f.Value)
		if raw, ok := f.Value.(json.RawMessage); ok && isObject(raw) { // with a name, which is not what filters take
			value = string(compact(raw))
		}
		texts = append(texts, f.Name+operator+value)
	}
	return texts
}
