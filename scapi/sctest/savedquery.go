package sctest

import "strconv"

// SavedQuery is a query that a user of the simulated console saved under a name.
type SavedQuery struct {
	ID, Name, Tool string
	Type           string             // vuln, event
	Matches        func(Finding) bool // nil: it asks for log events

	filters []object
}

// SavedQueries returns the saved queries in the order of their ids. SecurityCenter 4 does not list them.
func (o Organization) SavedQueries() []SavedQuery {
	filter := func(name string, value any) object {
		return object{"filterName": name, "operator": "=", "value": value}
	}
	queries := []SavedQuery{
		{Name: "Criticals", Tool: "sumip", filters: []object{filter("severity", "4")}, Matches: func(f Finding) bool { return f.Severity == 4 }},
		{Name: "Exploitable criticals", Tool: "sumip", filters: []object{filter("severity", "4"), filter("exploitAvailable", "true")},
			Matches: func(f Finding) bool { return f.Severity == 4 && f.Exploitable }},
		{Name: "First repository", Tool: "vulndetails", filters: []object{filter("repository", references([]string{"1"}))},
			Matches: func(f Finding) bool { return f.Host.Repository == "1" }},
		{Name: "Everything", Tool: "listvuln", filters: []object{}, Matches: func(Finding) bool { return true }},
	}
	list := make([]SavedQuery, len(queries), len(queries)+1)
	for i := range queries {
		list[i] = queries[(i+o.id-1)%len(queries)]
		list[i].Type = "vuln"
	}
	list = append(list, SavedQuery{Name: "Logins", Tool: "sumtype", Type: "event", filters: []object{filter("type", "login")}})
	for i := range list {
		list[i].ID = strconv.Itoa(i + 1)
	}
	return list
}

func (c *Console) savedQueries(org int) []object {
	queries := c.Organization(org).SavedQueries()
	return c.simple("Query", len(queries), func(i int) object {
		q := queries[i]
		return object{"name": q.Name, "tool": q.Tool, "type": q.Type, "tags": "", "context": "",
			"browseColumns": "", "browseSortColumn": "", "browseSortDirection": "ASC", "groups": []any{}, "filters": q.filters,
			"canUse": "true", "canManage": "true", "creator": userReference(1), "owner": userReference(1),
			"ownerGroup": reference("0", "Full Access"), "targetGroup": unset()}
	})
}
