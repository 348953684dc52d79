package findings

import (
	"context"
	"slices"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// Question says which findings of a scope are meant. The zero Question means
// all that are open: cumulative data, risk not accepted, no web-application
// findings, no compliance results.
type Question struct {
	Repositories []string     // ids, of which those of the scope are meant; none: all of the scope
	Source       scapi.Source // Cumulative when empty
	Risk         Risk
	Status       Status
	// Only are filters that all must hold. They define what is asked: where
	// the console lacks one there is no answer.
	Only []scapi.Filter
	// Own are filters in somebody's own words, that all must hold too. The console
	// may refuse one for its value: that is an error, and tells nothing of the console.
	Own []scapi.Filter
	// Audits asks for results of configuration audits instead of findings.
	Audits bool
	// ByPlugin says that the filters choose plugins by their ids or type. Compliance
	// results are then not kept out, for that is done by the same filter.
	ByPlugin bool
}

// Risk selects findings by whether their risk is accepted. Filters of the
// question that speak of it have the last word.
type Risk int

// The kinds of risk.
const (
	RiskOpen Risk = iota // not accepted
	RiskAccepted
	RiskAny // both, in so many words: consoles differ in what they answer where nobody asks
)

// Status selects findings by something that happened to them.
type Status int

// The statuses.
const (
	AnyStatus Status = iota
	Recast           // another severity was given by a rule
	Reopened         // seen again after it was mitigated
)

// selection is a question as filters. Where the console lacks a filter that
// only excludes, the query is asked without it.
type selection struct {
	source       scapi.Source
	repositories []string
	excluding    []scapi.Filter
	defining     []scapi.Filter
	own          []scapi.Filter
	// probing: the question is whether the console understands the filters. No
	// answer then means no, and a refused value tells nothing of the filter.
	probing bool
	// unsent: it is only spelled, and nothing is learnt of the console.
	unsent bool
}

// and returns the selection with further filters that define what is asked.
func (sel selection) and(filters ...scapi.Filter) selection {
	sel.defining = slices.Concat(sel.defining, filters)
	return sel
}

// selection spells q for the scope's console; false where the console cannot
// tell such findings.
func (s *Scope) selection(ctx context.Context, q Question) (selection, bool, error) {
	wanted := slices.Concat(q.Only, q.Own)
	sel := s.everything(q.Repositories)
	if len(sel.repositories) == 0 { // no filter on repositories would mean all
		return sel, false, nil
	}
	if !speaksOfRisk(wanted) {
		var ok bool
		if sel, ok = s.withRisk(sel, q.Risk); !ok {
			return sel, false, nil
		}
	}
	sel.source = q.Source
	if q.Status != AnyStatus {
		spelled, err := s.spelling(ctx, q.Status)
		if err != nil || !spelled.known {
			return sel, false, err
		}
		sel = sel.and(spelled.yes)
	}
	if q.Audits {
		if s.apart.audits.Name == "" {
			return sel, false, nil
		}
		sel = sel.and(s.apart.audits)
	}
	sel = sel.and(q.Only...)
	sel.own = q.Own
	sel.excluding = slices.DeleteFunc(slices.Clone(sel.excluding), func(e scapi.Filter) bool { // what is asked for has the last word
		return slices.ContainsFunc(wanted, func(f scapi.Filter) bool { return e.Called(f.Name) })
	})
	return sel, true, nil
}

// speaksOfRisk reports whether one of the filters says whether accepted risk is
// wanted.
func speaksOfRisk(filters []scapi.Filter) bool {
	return slices.ContainsFunc(filters, func(f scapi.Filter) bool {
		return scapi.AcceptedRisk(true).Called(f.Name) || scapi.AcceptedRiskFlag(true).Called(f.Name)
	})
}

// withRisk narrows sel to a risk; false where the console cannot tell it.
func (s *Scope) withRisk(sel selection, risk Risk) (selection, bool) {
	switch {
	case risk == RiskOpen:
		if s.accepted.known {
			sel.excluding = append(sel.excluding, s.accepted.no)
		}
		return sel, true
	case !s.accepted.known:
		return sel, false
	case risk == RiskAccepted:
		return sel.and(s.accepted.yes), true
	case s.accepted.either.Name != "":
		return sel.and(s.accepted.either), true
	}
	return sel, !s.accepted.hides
}

// everything selects all findings of the repositories (none: of the scope)
// but those of web applications. Another account reads what is not of the scope.
func (s *Scope) everything(repositories []string) selection {
	own := s.IDs()
	if len(repositories) > 0 {
		own = slices.DeleteFunc(own, func(id string) bool { return !slices.Contains(repositories, id) })
	}
	return selection{repositories: own, excluding: []scapi.Filter{scapi.ExcludeWAS()}}
}

// open selects everything but what has its risk accepted, as far as the
// console can tell.
func (s *Scope) open(repositories []string) selection {
	sel, _ := s.withRisk(s.everything(repositories), RiskOpen)
	return sel
}
