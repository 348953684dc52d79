package collector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var (
	watchesVulnerabilities = &Family{
		Name:   "securitycenter_watch_vulnerabilities",
		Source: Source{REST: "POST /analysis, sumip; GET /query/{id}", RPC: "vuln::query, sumip and sumseverity", Cost: "1 analysis request for each watch, 2 where the console does not tell all in one answer; 1 other request for each saved query"},
		Help:   "Open findings that the watch looks for, by severity. Absent if the console lacks one of its filters or its saved query.",
		Labels: []string{"watch", "severity"},
	}
	watchesHosts = &Family{
		Name:   "securitycenter_watch_hosts",
		Source: Source{REST: "POST /analysis, sumip; GET /query/{id}", RPC: "vuln::query, sumip and sumseverity", Cost: "1 analysis request for each watch, 2 where the console does not tell all in one answer; 1 other request for each saved query"},
		Help:   "Hosts with an open finding that the watch looks for; a host counts once in every repository that holds it. Absent as the findings are, and where compliance results have to be subtracted.",
		Labels: []string{"watch"},
	}
)

// watchesCollector counts what the configured watches look for. REST POST /analysis
// and, for saved queries, GET /query/{id}; RPC vuln::query; tool sumip.
func watchesCollector() *Collector {
	return &Collector{
		Name:     "watches",
		Help:     "Findings and hosts that the configured watches look for.",
		Interval: time.Hour,
		Account:  scapi.Organization,
		priority: 3,
		Watches:  true,
		Families: []*Family{watchesVulnerabilities, watchesHosts},
		figures:  watchesFigures,
	}
}

func watchesFigures(ctx context.Context, c *findings.Console, settings Settings, m *Metrics) ([]*figure, error) {
	total, err := newTally(ctx, c, m)
	if err != nil || len(total.scopes) == 0 {
		return nil, err
	}
	var list []*figure
	for _, w := range settings.Watches {
		f := &figure{measure: findings.Everything, subject: "watch " + w.Name, own: true}
		f.bySeverity(total, watchesVulnerabilities, allSeverities, w.Name).shows(ofHosts, watchesHosts, w.Name)
		asked := *f
		f.late = func(ctx context.Context, _ *Metrics) (_ *figure, err error) {
			asked.parts, err = watchParts(ctx, c, total, w)
			return &asked, err
		}
		list = append(list, f)
	}
	return list, nil
}

// watchParts is what a watch asks. Where it names an object of an organisation, by
// its id, it is asked through an account of that organisation alone.
func watchParts(ctx context.Context, c *findings.Console, total tally, w config.Watch) ([]part, error) {
	who := "no account looks at any"
	if w.Account != "" || ofOrganization(w) {
		through, err := throughAccount(ctx, c, w.Account, w.Query)
		if err != nil {
			return nil, err
		}
		if total, err = tallyThrough(ctx, c, through, total.m); err != nil {
			return nil, err
		}
		who = "account " + through.Name() + " looks at none"
	}
	var parts []part
	for _, s := range total.scopes {
		q, err := lookFor(ctx, s, w)
		switch {
		case errors.Is(err, errElsewhere): // it is about other accounts' repositories
		case err != nil:
			return nil, err
		default:
			parts = append(parts, part{scope: s, Question: q})
		}
	}
	if parts == nil {
		return nil, fmt.Errorf("%w: %s of the repositories that it is about", errElsewhere, who)
	}
	return parts, nil
}

// tallyThrough is tallyOf, with an error where the account sees nothing because it
// cannot log in.
func tallyThrough(ctx context.Context, c *findings.Console, through *console.Account, m *Metrics) (tally, error) {
	total, err := tallyOf(ctx, c, through, m)
	if err == nil && len(total.scopes) == 0 { // perhaps because nobody knows yet
		if _, err := console.Through(ctx, through, (*scapi.Client).Whoami); err != nil {
			return total, fmt.Errorf("%w: %w", errElsewhere, err)
		}
	}
	return total, err
}

// ofOrganization reports whether the watch names an object of an organisation.
func ofOrganization(w config.Watch) bool {
	return w.Query != "" || slices.ContainsFunc(w.Filters, func(f config.Filter) bool { return scapi.Filter{Name: f.Name}.OfOrganization() })
}

// throughAccount returns the account that objects of one organisation are asked for
// through: the one that is named, else that of the only organisation, and if query is
// not empty one that may read the saved query of this id.
func throughAccount(ctx context.Context, c *findings.Console, named, query string) (*console.Account, error) {
	if named != "" {
		for _, a := range c.Accounts() {
			if a.Name() == named {
				return a, nil
			}
		}
		return nil, fmt.Errorf("%w: the console has no account %s", errMistaken, named)
	}
	// Who may read the saved query; whether a filter's object may be read is told by
	// the answer to the filter.
	answers, err := console.AskEach(ctx, c.Console, func(client *scapi.Client, ctx context.Context) (readable bool, err error) {
		if query != "" {
			_, err = client.SavedQuery(ctx, query)
		}
		if console.NotReadable(err) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return nil, err
	}
	through := answers[0]
	for _, a := range answers {
		if a.Value && !through.Value {
			through = a
		}
		if a.Organization != answers[0].Organization {
			return nil, fmt.Errorf("%w: it names an object of an organisation by its id, which may be another one in each of several organisations: give it an account", errMistaken)
		}
	}
	return through.Account, nil
}

var (
	// errMistaken: no console can be asked for what the configuration looks for.
	errMistaken = errors.New("cannot be asked for")
	// errElsewhere: no account reads what the configuration is about.
	errElsewhere = errors.New("nothing to look at")
)

// lookFor is what a watch asks of one account's findings.
func lookFor(ctx context.Context, s *findings.Scope, w config.Watch) (findings.Question, error) {
	q := findings.Question{}
	if len(w.CVEs) > 0 {
		q.Only = append(q.Only, scapi.ByCVE(w.CVEs...))
	}
	if len(w.Plugins) > 0 {
		ids := make([]int64, 0, len(w.Plugins))
		for _, text := range w.Plugins {
			id, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return q, err
			}
			ids = append(ids, id)
		}
		q.Only, q.ByPlugin = append(q.Only, scapi.ByPluginIDs(ids...)), true
	}
	if w.XRef != "" {
		q.Only = append(q.Only, scapi.ByCrossReference(w.XRef))
	}
	var raw []scapi.Filter
	for _, f := range w.Filters {
		raw = append(raw, scapi.Filter{Name: f.Name, Operator: f.Operator, Value: f.Value})
	}
	if w.Query != "" {
		saved, err := console.Through(ctx, s.Account, func(c *scapi.Client, ctx context.Context) (scapi.SavedQuery, error) {
			return c.SavedQuery(ctx, w.Query)
		})
		switch {
		case console.NotReadable(err):
			return q, fmt.Errorf("saved query %s %w: %w", w.Query, errMistaken, err) // another organisation's, or gone
		case err != nil:
			return q, fmt.Errorf("saved query %s: %w", w.Query, err)
		case saved.Type != "" && saved.Type != "vuln":
			return q, fmt.Errorf("saved query %s %w: it is of type %s, expected vuln", w.Query, errMistaken, saved.Type)
		case saved.Unreadable:
			return q, fmt.Errorf("saved query %s %w: one of its filters cannot be read", w.Query, errMistaken)
		}
		raw = saved.Filters
		for _, f := range raw {
			own := config.Filter{Operator: f.Operator, Value: plain(f.Value)}
			if scapi.ByPluginIDs().Called(f.Name) && own.ReachesAudits() {
				return q, fmt.Errorf("saved query %s %w: its filter on plugin ids reaches those of audit checks, whose results are no findings", w.Query, errMistaken)
			}
		}
	}
	for _, filter := range raw {
		if !narrow(&q, s, filter) {
			return q, errElsewhere
		}
	}
	return q, nil
}

// narrow adds a filter in the console's own words to q. A filter that the
// scope would send too stands in for its own. It reports false if none of the
// scope's repositories passes.
func narrow(q *findings.Question, s *findings.Scope, filter scapi.Filter) bool {
	switch {
	case scapi.ByRepository().Called(filter.Name):
		wanted := repositoriesIn(filter.Value)
		q.Repositories = slices.DeleteFunc(s.IDs(), func(id string) bool { return !slices.Contains(wanted, id) })
		return len(q.Repositories) > 0
	case scapi.AcceptedRisk(true).Called(filter.Name):
		q.Risk = findings.RiskAny
	case scapi.ByPluginIDs().Called(filter.Name):
		q.ByPlugin = true
	case scapi.ByPluginType("").Called(filter.Name):
		if strings.Trim(fmt.Sprintf("%s", filter.Value), `"`) == "all" {
			return true // no restriction
		}
		q.ByPlugin = true
	}
	q.Own = append(q.Own, filter)
	return true
}

// plain is a value of a saved query's filter as the configuration would give it.
func plain(value any) any {
	raw, encoded := value.(json.RawMessage)
	if !encoded {
		return value
	}
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return string(raw)
	}
	if n, number := v.(float64); number {
		return int(n)
	}
	return v
}

// repositoriesIn reads the ids of a filter on repositories: "1,2", a list of
// ids, or of objects with one.
func repositoriesIn(value any) []string {
	switch v := value.(type) {
	case json.RawMessage:
		return repositoriesIn(plain(v))
	case map[string]any:
		return repositoriesIn(v["id"])
	case []any:
		var ids []string
		for _, entry := range v {
			ids = append(ids, repositoriesIn(entry)...)
		}
		return ids
	case nil:
		return nil
	}
	return strings.Split(strings.ReplaceAll(fmt.Sprint(value), " ", ""), ",")
}
