package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// statuses are those that a finding may have, and what hangs on each.
var statuses = []struct {
	id, name string
	of       *findings.Status // nil: accepted risk
	means    string
}{
	{"accepted_risk", "accepted risk", nil,
		"securitycenter_vulnerabilities_accepted is absent, and whether accepted findings are among the open ones is not known"},
	{"recast", "recast risk", ptr(findings.Recast), "securitycenter_vulnerabilities_recast is absent"},
	{"reopened", "findings that came back", ptr(findings.Reopened), "securitycenter_vulnerabilities_reopened is absent"},
}

func ptr[T any](v T) *T { return &v }

// filters checks the spellings that sums can prove, and what the console refused.
func (x *examination) filters(ctx context.Context) {
	for _, s := range x.scopes {
		for _, status := range statuses {
			x.status(ctx, s, status.id, status.name, status.of, status.means)
		}
		x.audits(s)
	}
	supported := x.SupportedFilters()
	var refused []string
	for _, name := range slices.Sorted(maps.Keys(supported)) {
		if !supported[name] && !x.otherSpelling(name) {
			refused = append(refused, name)
		}
	}
	c := Check{ID: "filter.optional", Area: areaFilters, Name: "optional filters", Result: OK, Found: "taken: " + strings.Join(taken(supported), ", "),
		Means: "What such a filter keeps out is counted (web-application findings); families that one defines are absent. securitycenter_query_filter_supported is 0 for it; it is tried again after a day or an upgrade.",
		Do:    "Nothing, if the console's version is too old for it; else send this report."}
	if len(refused) > 0 {
		c.Result, c.Found = Limited, "refused: "+strings.Join(refused, ", ")+"; "+c.Found
	}
	c.public = c.Found
	x.add(c)
}

func taken(supported map[string]bool) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(supported)) {
		if supported[name] {
			names = append(names, name)
		}
	}
	return names
}

// otherSpelling reports whether a filter is a spelling of a status that another spelling tells: what it would mean is
// said there.
func (x *examination) otherSpelling(name string) bool {
	for _, f := range []scapi.Filter{scapi.AcceptedRisk(true), scapi.AcceptedRiskFlag(true), scapi.Recast(true), scapi.RecastFlag(true), scapi.Reopened(true), scapi.ReopenedFlag(true)} {
		if f.Called(name) {
			return true
		}
	}
	return false
}

// of ends the name of a check of one account, where there are several.
func (x *examination) of(s *findings.Scope) (id, name string) {
	if len(x.scopes) < 2 {
		return "", ""
	}
	return fmt.Sprintf(".%d", x.places[s.Account]), " (" + x.accountName(s.Account) + ")"
}

func (x *examination) status(ctx context.Context, s *findings.Scope, id, name string, of *findings.Status, means string) {
	suffix, account := x.of(s)
	c := Check{ID: "filter." + id + suffix, Area: areaFilters, Name: name + account, Result: OK, Do: "Send this report; the filters and sums in it tell how the console spells it."}
	t, err := s.Telling(ctx, of)
	if err != nil {
		x.failed(areaFilters, c.ID, c.Name, err)
		return
	}
	var sums string
	if t.Known {
		var hides bool
		if sums, hides, err = x.sums(ctx, s, t); err != nil {
			x.failed(areaFilters, c.ID, c.Name, err)
			return
		}
		t.Hides = t.Hides || hides
	}
	switch {
	case t.Unsure:
		c.Found = "no finding has it, so that no sum proves the filter " + t.Without.Name
	case t.Hides:
		c.Result, c.Found = Limited, "the console hides such findings unless a query speaks of them; filter "+t.Without.Name
		c.Means = "The numbers are right: open ones are those that are not hidden, accepted ones are asked for. Reports of others that do not speak of accepted risk show less."
		c.Do = "Nothing."
	case t.Known:
		c.Found = "with and without it add up to all; filter " + t.Without.Name
	case t.Taken:
		c.Result, c.Found, c.Means = Wrong, "the console takes the filter, and with and without it do not add up to all", "The filter cannot be believed: "+means+"."
	default:
		c.Result, c.Found, c.Means = Limited, "the console takes no spelling of the filter", means+"."
	}
	c.public = c.Found
	c.Found += sums
	x.add(c)
}

// sums are the findings in all, with a status and without it; hides: a query that does not speak of it leaves those that
// have it out.
func (x *examination) sums(ctx context.Context, s *findings.Scope, t findings.Telling) (sums string, hides bool, err error) {
	all := scapi.ByRepository(s.IDs()...)
	var counts [3]scapi.Counts
	for i, filters := range [][]scapi.Filter{{all}, {all, t.With}, {all, t.Without}} {
		if counts[i], err = (asking{x, s}).severities(ctx, scapi.Query{Filters: filters}); err != nil {
			return "", false, err
		}
	}
	hides = counts[1].Total() > 0 && counts[0] == counts[2]
	return fmt.Sprintf(" (%d without a filter, %d with it, %d without it)", counts[0].Total(), counts[1].Total(), counts[2].Total()), hides, nil
}

func (x *examination) audits(s *findings.Scope) {
	suffix, account := x.of(s)
	c := Check{ID: "filter.compliance" + suffix, Area: areaFilters, Name: "results of audits" + account, Result: OK, Do: "Send this report."}
	switch a := s.Audits(); {
	case a.ByPlugin && a.Agree:
		c.Found = "told apart by plugin id; the plugin type tells the same"
	case a.ByPlugin && a.Compared:
		c.Result, c.Found = Wrong, "plugin ids tell results of audits, and the plugin type finds none"
		c.Means = "Results are told apart by plugin id, which cannot be proved; securitycenter_compliance_checks may be absent or too low."
	case a.ByPlugin:
		c.Result, c.Found = Limited, "told apart by plugin id; there is nothing to compare it with"
		c.Means = "Whether audit checks have low plugin ids on this console is not known: their results would count as findings."
	case a.Subtracted && a.Compared:
		c.Result, c.Found = Limited, "audit checks have low plugin ids on this console: their results are counted and subtracted"
		c.Means = "Numbers of findings are right, with twice the requests; numbers of hosts and of different plugins (securitycenter_hosts, _hosts_affected, _hosts_seen, _unique_vulnerabilities) are absent."
		c.Do = "Nothing helps but audit files whose checks have ids above 1,000,000."
	case a.Subtracted:
		c.Result, c.Found = Limited, "the console takes no filter on plugin ids: results of audits are counted and subtracted"
		c.Means = "Numbers of findings are right, with twice the requests; numbers of hosts and of different plugins are absent."
	default:
		c.Result, c.Found, c.Means = Wrong, "the console takes no filter that tells results of audits apart", "All counts of findings are absent."
	}
	c.public = c.Found
	x.add(c)
}

// refusals asks for what no console knows, and looks at how that is refused.
func (x *examination) refusals(ctx context.Context) {
	if len(x.scopes) == 0 {
		return
	}
	s := x.scopes[0]
	const unknown = "notAFilterOfThisConsole"
	c := Check{ID: "vocabulary.refusal", Area: areaVocabulary, Name: "words of a refusal", Result: OK, Do: "Send this report: the words are in it."}
	err := x.ask(ctx, s, unknown)
	refusal, refused := scapi.RefusalOf(err)
	var told *scapi.Error
	errors.As(err, &told)
	switch {
	case err == nil:
		c.Result, c.Found = Wrong, "a filter that does not exist is taken without a word"
		c.Means = "That the console takes a filter proves nothing: families whose filter no sum can prove may be counts of all findings."
	case told == nil || !scapi.Answered(err):
		x.failed(areaVocabulary, c.ID, c.Name, err)
		return
	case !refused || refusal.Name != unknown:
		c.Result, c.Found = Wrong, fmt.Sprintf("not understood: code %d, %s", told.Code, told.Message)
		c.Means = "A filter that this console does not know makes its collectors fail, instead of leaving out one family."
	case told.Code != 146:
		c.Result, c.Found = Limited, fmt.Sprintf("understood, under code %d: %s", told.Code, told.Message)
		c.Means = "Nothing is lost: refusals are known by their words, not by their code."
		c.Do = "Nothing."
	default:
		c.Found = fmt.Sprintf("understood, under code %d", told.Code)
	}
	c.public = c.Found
	if told != nil && c.Result != OK {
		c.public = x.harm(c.Found)
	}
	x.add(c)
}

// ask asks for findings by a filter of that name.
func (x *examination) ask(ctx context.Context, s *findings.Scope, filter string) error {
	_, err := console.Call(ctx, s.Account, func(client *scapi.Client, ctx context.Context) (json.RawMessage, error) {
		filters := []map[string]any{{"filterName": filter, "operator": "=", "value": "1"}}
		if x.dialect == scapi.RPC {
			return client.Raw(ctx, scapi.RawCall{Module: "vuln", Action: "query", Body: map[string]any{
				"tool": "sumip", "sourceType": "cumulative", "startOffset": 0, "endOffset": 1, "filters": filters,
			}})
		}
		return client.Raw(ctx, scapi.RawCall{Method: http.MethodPost, Path: "/analysis", Body: map[string]any{
			"type": "vuln", "sourceType": "cumulative", "query": map[string]any{"tool": "sumip", "type": "vuln", "startOffset": 0, "endOffset": 1, "filters": filters,
				"name": "", "description": "", "context": "", "status": -1, "createdTime": 0, "modifiedTime": 0, "groups": []string{}, "sourceType": "cumulative", "vulnTool": "sumip"},
		}})
	})
	return err
}
