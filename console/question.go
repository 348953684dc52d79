package console

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
	Only []Filter
	// ByPlugin says that Only chooses plugins by their ids or type. Compliance results
	// are then not kept out, for that is done by the same filter.
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

// Filter is a query filter that a console may lack.
type Filter struct {
	Name string // on the wire, as the console names it when it refuses it
	scapi.Filter
	// Own says that the filter is in somebody's own words. The console may
	// refuse it for its value: that is an error, and tells nothing of the console.
	Own bool
}

func excludeWAS() Filter { return Filter{Name: "wasVuln", Filter: scapi.ExcludeWAS()} }
func findingsOnly() Filter {
	return Filter{Name: "pluginID", Filter: scapi.ByPluginID(1, lastFindingPlugin)}
}
func complianceOnly() Filter {
	return Filter{Name: "pluginType", Filter: scapi.ByPluginType("compliance")}
}

// selection is a question as filters. Where the console lacks a filter that
// only excludes, the query is asked without it.
type selection struct {
	source       scapi.Source
	repositories []string
	excluding    []Filter
	defining     []Filter
}

// and returns the selection with further filters that define what is asked.
func (sel selection) and(filters ...Filter) selection {
	sel.defining = append(append([]Filter(nil), sel.defining...), filters...)
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
	for _, f := range q.Only { // which has the last word
		sel.excluding = slices.DeleteFunc(sel.excluding, func(e Filter) bool { return e.Name == f.Name })
	}
	return sel.and(q.Only...), true, nil
}

// everything selects all findings of the repositories (none: of the scope)
// but those of web applications.
func (s *Scope) everything(repositories []string) selection {
	if len(repositories) == 0 {
		repositories = s.IDs()
	}
	return selection{repositories: repositories, excluding: []Filter{excludeWAS()}}
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
