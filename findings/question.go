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
	Repositories []string     // ids; none: all of the scope
	Source       scapi.Source // Cumulative when empty
	Risk         Risk
	Status       Status
	// Only are filters that all must hold. They define what is asked: where
	// the console lacks one there is no answer.
	Only []scapi.Filter
	// Own are filters in somebody's own words, that all must hold too. The console
	// may refuse one for its value: that is an error, and tells nothing of the console.
	Own []scapi.Filter
	// ByPlugin says that the filters choose plugins by their ids or type. Compliance
	// results are then not kept out, for that is done by the same filter.
	ByPlugin bool
}

// Risk selects findings by whether their risk is accepted.
type Risk int

// The kinds of risk.
const (
	RiskOpen Risk = iota // not accepted
	RiskAccepted
	RiskAny
)

// Status selects findings by something that happened to them.
type Status int

// The statuses.
const (
	AnyStatus Status = iota
	Recast           // another severity was given by a rule
	Reopened         // seen again after it was mitigated
)

var (
	findingsOnly   = scapi.ByPluginID(1, lastFindingPlugin)
	complianceOnly = scapi.ByPluginType("compliance")
)

// selection is a question as filters. Where the console lacks a filter that
// only excludes, the query is asked without it.
type selection struct {
	source       scapi.Source
	repositories []string
	excluding    []scapi.Filter
	defining     []scapi.Filter
	own          []scapi.Filter
}

// and returns the selection with further filters that define what is asked.
func (sel selection) and(filters ...scapi.Filter) selection {
	sel.defining = slices.Concat(sel.defining, filters)
	return sel
}

// selection spells q for the scope's console; false where the console cannot
// tell such findings.
func (s *Scope) selection(ctx context.Context, q Question) (selection, bool, error) {
	sel := s.everything(q.Repositories)
	switch q.Risk {
	case RiskOpen:
		sel = s.open(q.Repositories)
	case RiskAccepted:
		if !s.accepted.known {
			return sel, false, nil
		}
		sel = sel.and(s.accepted.yes)
	}
	sel.source = q.Source
	if q.Status != AnyStatus {
		spelled, err := s.spelling(ctx, q.Status)
		if err != nil || !spelled.known {
			return sel, false, err
		}
		sel = sel.and(spelled.yes)
	}
	sel = sel.and(q.Only...)
	sel.own = q.Own
	sel.excluding = slices.DeleteFunc(slices.Clone(sel.excluding), func(e scapi.Filter) bool { // what is asked for has the last word
		return slices.ContainsFunc(slices.Concat(q.Only, q.Own), func(f scapi.Filter) bool { return e.Called(f.Name) })
	})
	return sel, true, nil
}

// everything selects all findings of the repositories (none: of the scope)
// but those of web applications.
func (s *Scope) everything(repositories []string) selection {
	if len(repositories) == 0 {
		repositories = s.IDs()
	}
	return selection{repositories: repositories, excluding: []scapi.Filter{scapi.ExcludeWAS()}}
}

// open selects everything but what has its risk accepted, as far as the
// console can tell.
func (s *Scope) open(repositories []string) selection {
	sel := s.everything(repositories)
	if s.accepted.known {
		sel.excluding = append(sel.excluding, s.accepted.no)
	}
	return sel
}
