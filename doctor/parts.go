package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// part is a set of findings that two filters cut in two.
type part struct {
	id, name string
	source   scapi.Source
	halves   [2]scapi.Filter
	words    [2]string // of the halves
	means    string    // where the filter is ignored
}

// parts checks the filters whose two halves must add up to all.
func (x *examination) parts(ctx context.Context) {
	month := x.Now().AddDate(0, 0, -30)
	all := []part{
		{"mitigated", "mitigated findings", scapi.Mitigated, [2]scapi.Filter{scapi.LastMitigated(month, time.Time{}), scapi.LastMitigated(time.Time{}, month)},
			[2]string{"of the last 30 days", "older"}, "securitycenter_vulnerabilities_mitigated, _remediation_findings and the rebuilt history are those of any time"},
		{"first_seen", "findings by age", scapi.Cumulative, [2]scapi.Filter{scapi.FirstSeen(month, time.Time{}), scapi.FirstSeen(time.Time{}, month)},
			[2]string{"of the last 30 days", "older"}, "securitycenter_vulnerabilities_new and _overdue count findings of any age"},
		{"web_applications", "web-application findings", scapi.Cumulative, [2]scapi.Filter{scapi.ExcludeWAS(), {Name: "wasVuln", Value: "onlyWas"}},
			[2]string{"of hosts", "of web applications"}, "web-application findings are counted among those of hosts"},
	}
	for _, s := range x.scopes {
		for _, p := range all {
			asking{x, s}.part(ctx, p)
		}
	}
}

func (q asking) part(ctx context.Context, p part) {
	suffix, account := q.x.of(q.s)
	c := Check{ID: "filter." + p.id + suffix, Area: areaFilters, Name: p.name + account, Result: OK, Do: "Send this report."}
	repositories := scapi.ByRepository(q.s.IDs()...)
	ask := func(filters ...scapi.Filter) (scapi.Counts, error) {
		return q.severities(ctx, scapi.Query{Source: p.source, Filters: append(filters, repositories)})
	}
	var whole, first, second scapi.Counts
	var err error
	for range 2 { // data may move between two requests
		if whole, err = ask(); err == nil {
			if first, err = ask(p.halves[0]); err == nil {
				second, err = ask(p.halves[1])
			}
		}
		if err != nil || first.Add(second) == whole {
			break
		}
	}
	_, refused := scapi.RefusalOf(err)
	sums := fmt.Sprintf(" (%d in all, %d %s, %d %s)", whole.Total(), first.Total(), p.words[0], second.Total(), p.words[1])
	switch {
	case errors.Is(err, scapi.ErrUnsupported):
		return // this version has nothing of the kind
	case refused && p.id == "web_applications":
		return // filter.optional tells it
	case refused:
		c.Result, c.Found, c.Means = Limited, "the console takes no such filter", "What it defines is absent."
		sums = ": " + err.Error()
	case err != nil:
		q.x.failed(c.Area, c.ID, c.Name, err)
		return
	case whole.Total() == 0:
		c.Found, sums = "there are none, so that no sum proves the filter", ""
	case first == whole && second == whole:
		c.Result, c.Found, c.Means = Wrong, "the console takes the filter and ignores it", "Numbers are too high: "+p.means+"."
	case first.Add(second) != whole:
		c.Result, c.Found = Wrong, "both halves do not add up to all"
		c.Means = "The filter cannot be believed: some findings are in no half, or in both. Where the difference is small, the console cuts at another moment than it is asked to."
	default:
		c.Found = "both halves add up to all"
	}
	c.public = c.Found
	c.Found += sums
	q.x.add(c)
}

// toolsOf are the tools of analysis by which collectors are switched on, or commands of scctl asked, and what is lost
// where a console does not have one.
var toolsOf = []struct {
	name, means string
}{
	{"sumid", "the collectors remediation and owners tell less, and different plugins are not counted"},
	{"sumfamily", "the collector families shows nothing"},
	{"sumasset", "the collector assets shows no findings"},
	{"sumclassb", "the collector subnets shows nothing with prefix 16"},
	{"sumclassc", "the collector subnets shows nothing with prefix 24"},
	{"sumremediation", "the collector remediation shows no shares of risk, and scctl patch-list works them out from sumid"},
	{"listvuln", "scctl query listvuln lists nothing, and doctor cannot count findings one by one"},
	{"vulndetails", "scctl vulns and explain --rows list nothing"},
}

// tools asks for one row by every tool of analysis, also those of collectors that are off.
func (x *examination) tools(ctx context.Context) {
	if len(x.scopes) == 0 {
		return
	}
	q := asking{x, x.scopes[0]}
	var answered, refused, lost []string
	for _, tool := range toolsOf {
		_, err := q.rows(ctx, scapi.Query{Tool: tool.name, Filters: []scapi.Filter{scapi.ByRepository(q.s.IDs()...)}, Limit: 1})
		switch _, no := scapi.RefusalOf(err); {
		case err == nil:
			answered = append(answered, tool.name)
		case no || scapi.Answered(err):
			refused, lost = append(refused, tool.name), append(lost, tool.name+": "+tool.means)
		default:
			x.failed(areaCalls, "call.tools", "tools of analysis", err)
			return
		}
	}
	c := Check{ID: "call.tools", Area: areaCalls, Name: "tools of analysis", Result: OK, Found: "answered: " + strings.Join(answered, ", "),
		Do: "Nothing, if the console's version is too old for it; else send this report."}
	if len(refused) > 0 {
		c.Result, c.Found, c.Means = Limited, "refused: "+strings.Join(refused, ", ")+"; "+c.Found, strings.Join(lost, "; ")+"."
	}
	c.public = c.Found
	x.add(c)
}
