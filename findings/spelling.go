package findings

import (
	"context"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// spellingTTL is how long the checked spelling of a filter is trusted, unless
// the console's version changes first.
const spellingTTL = 24 * time.Hour

// acceptedRisk is the status of a finding whose risk was accepted; asked for
// through Question.Risk, because it is kept out unless it is wanted.
const acceptedRisk Status = -1

// spelling is how a console is asked for findings that have a status, and for
// those that do not.
type spelling struct {
	known   bool
	yes, no scapi.Filter
}

// spellings returns the ways that clients spell a status, the most likely first.
func spellings(of Status, dialect scapi.API) []spelling {
	by := func(filter func(bool) scapi.Filter) spelling { return spelling{true, filter(true), filter(false)} }
	var word, flag spelling
	switch of {
	case Recast:
		word, flag = by(scapi.Recast), by(scapi.RecastFlag)
	case Reopened:
		word, flag = by(scapi.Reopened), by(scapi.ReopenedFlag)
	default:
		word, flag = by(scapi.AcceptedRisk), by(scapi.AcceptedRiskFlag)
	}
	if dialect == scapi.RPC {
		return []spelling{flag}
	}
	return []spelling{word, flag}
}

// spelledFor is what a spelling was found for.
type spelledFor struct {
	of      Status
	version string // of the console
}

// spelling returns how to ask for a status. The values of such filters are
// spelled differently by versions, and one that is not understood may silently
// match everything or nothing: a spelling counts only if the findings with and
// without the status add up to all.
func (s *Scope) spelling(ctx context.Context, of Status) (spelling, error) {
	version, err := s.Account.Version(ctx)
	if err != nil {
		return spelling{}, s.Account.Wrap(err)
	}
	return s.memory.spellings.Get(ctx, spelledFor{of, version}, spellingTTL, func(ctx context.Context) (spelling, error) {
		return s.spell(ctx, of, version)
	})
}

// spell tries the spellings of a status in turn.
func (s *Scope) spell(ctx context.Context, of Status, version string) (spelling, error) {
	dialect, err := s.Account.Dialect(ctx)
	if err != nil {
		return spelling{}, s.Account.Wrap(err)
	}
	ways := spellings(of, dialect)
	for _, way := range ways {
		adds, err := s.addsUp(ctx, way, version)
		if err != nil {
			return spelling{}, err
		}
		if adds {
			return way, nil
		}
		s.console.filters.judge(way.no.Name, version, false)
	}
	consequence := "such findings are not told"
	if of == acceptedRisk {
		consequence = "findings with accepted risk are counted as open"
	}
	s.Account.Logger().Warn("No spelling of a filter is understood by this console", "filter", ways[0].no.Name, "so", consequence)
	return spelling{}, nil
}

// addsUp reports whether what passes one filter and what passes the other are
// all findings, but those of which the risk is known to be accepted. Where they
// are not, the data may have moved meanwhile: it is looked at once more if all is
// not what it was.
func (s *Scope) addsUp(ctx context.Context, way spelling, version string) (bool, error) {
	sel := s.open(nil) // everything, where accepted risk itself is in question
	whole, err := asked(ctx, s, sel, s.counts)
	if err != nil {
		return false, err
	}
	all := whole.Value
	for _, ctx := range []context.Context{ctx, afresh(ctx)} {
		var parts scapi.Counts
		for _, part := range []selection{sel.and(way.yes), sel.and(way.no)} {
			c, err := asked(ctx, s, part, s.counts)
			if err != nil || !c.Valid {
				return false, err
			}
			parts = parts.Add(c.Value)
		}
		if parts == all {
			return true, nil
		}
		var moved bool
		if all, moved, err = s.again(ctx, sel, all, version); err != nil || !moved {
			return false, err
		}
	}
	return false, nil
}

// again counts what sel selects anew, and reports whether the data has moved:
// the number, or the console's version, is not what it was.
func (s *Scope) again(ctx context.Context, sel selection, before scapi.Counts, version string) (all scapi.Counts, moved bool, err error) {
	counts, err := asked(afresh(ctx), s, sel, s.counts)
	if err != nil {
		return scapi.Counts{}, false, err
	}
	now, err := s.Account.Version(ctx)
	if err != nil {
		return scapi.Counts{}, false, s.Account.Wrap(err)
	}
	return counts.Value, counts.Value != before || now != version, nil
}
