package dashboards

// Variable is one choice at the top of a board.
type Variable struct {
	Name, Label, About string

	query    string // as Grafana's Prometheus data source takes it
	selector string // the PromQL in it
	regex    string
	many     bool // several values, or all
}

// source is the choice of the Prometheus server, so that the same file works
// wherever it is imported.
var source = object{"type": "prometheus", "uid": "${datasource}"}

func choices(more ...Variable) []Variable {
	return append([]Variable{
		{Name: "datasource", Label: "Prometheus", About: "The Prometheus server that scrapes the exporter."},
		values("job", "Job", "The scrape job of the exporter.", `securitycenter_up`, true),
	}, more...)
}

// consoles is the choice of any number of consoles.
func consoles(more ...Variable) []Variable {
	return choices(append([]Variable{
		values("instance", "Console", "The consoles that the board adds up.", `securitycenter_up{job=~"$job"}`, true),
	}, more...)...)
}

// oneRepository is the choice of a console and a repository of it. Ids are
// unique only within a console, and names not even there.
func oneRepository() []Variable {
	selector := `max by (choice, repository_id) (label_join(securitycenter_repository_accessible{job=~"$job",instance=~"$instance"}, "choice", " #", "repository", "repository_id"))`
	return choices(
		values("instance", "Console", "The console that holds the repository.", `securitycenter_repository_accessible{job=~"$job"}`, false),
		Variable{
			Name: "repository_id", Label: "Repository", About: "Name and id of the repository.",
			query: "query_result(" + selector + ")", selector: selector,
			regex: `/choice="(?<text>[^"]*)",repository_id="(?<value>[^"]*)"/`,
		},
	)
}

// values is the choice among the values of the label of the same name.
func values(name, label, about, selector string, many bool) Variable {
	return Variable{
		Name: name, Label: label, About: about, many: many,
		query: "label_values(" + selector + ", " + name + ")", selector: selector,
	}
}

// exporters are the instances of the exporter's own metrics, all of them.
func exporters() Variable {
	v := values("exporter", "Exporter", "The exporter's own instances.", `securitycenter_exporter_build_info{job=~"$job"}`, true)
	v.query = "label_values(" + v.selector + ", instance)"
	return v
}

func (v Variable) object() object {
	o := object{"name": v.Name, "label": v.Label, "description": v.About, "hide": 0, "skipUrlSync": false}
	if v.query == "" {
		o["type"], o["query"], o["refresh"] = "datasource", "prometheus", 1
		o["regex"] = ""
		o["includeAll"], o["multi"] = false, false
		return o
	}
	o["type"], o["datasource"], o["definition"] = "query", source, v.query
	o["query"] = object{"query": v.query, "refId": "PrometheusVariableQueryEditor-VariableQuery"}
	o["refresh"] = 2 // when the time range changes: a console that is gone is still in its past
	o["sort"] = 1
	o["regex"] = v.regex
	o["includeAll"], o["multi"] = v.many, v.many
	if v.many {
		o["current"] = object{"selected": true, "text": []string{"All"}, "value": []string{"$__all"}}
	}
	return o
}
