package sctest

func (c *Console) savedQueries() []object {
	filter := func(name string, value any) object {
		return object{"filterName": name, "operator": "=", "value": value}
	}
	queries := []struct {
		name, tool, kind string
		filters          []object
	}{
		{"Criticals", "sumip", "vuln", []object{filter("severity", "4")}},
		{"Exploitable criticals", "sumip", "vuln", []object{filter("severity", "4"), filter("exploitAvailable", "true")}},
		{"First repository", "vulndetails", "vuln", []object{filter("repository", references([]string{"1"}))}},
		{"Everything", "listvuln", "vuln", []object{}},
		{"Logins", "sumtype", "event", []object{filter("type", "login")}},
	}
	return c.simple("Query", len(queries), func(i int) object {
		q := queries[i]
		return object{"name": q.name, "tool": q.tool, "type": q.kind, "tags": "", "context": "",
			"browseColumns": "", "browseSortColumn": "", "browseSortDirection": "ASC", "groups": []any{}, "filters": q.filters,
			"canUse": "true", "canManage": "true", "creator": userReference(1), "owner": userReference(1),
			"ownerGroup": reference("0", "Full Access"), "targetGroup": unset()}
	})
}
