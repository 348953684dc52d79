package findings

import (
	"context"
	"slices"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// spellingTTL is how long the checked spelling of a filter is trusted, unless
// the console's version changes first.
const spellingTTL = 24 * time.Hour

// acceptedRisk is the status of a finding whose risk was accepted; asked for
// through Question.Risk, because it is kept out unless it is wanted.
const acceptedRisk Status = -1

// spelling is how a console is asked for findings that have a status, for those
// that do not, and for both.
type spelling struct {
	known   bool
	yes, no scapi.Filter
	// either asks for both in so many words; without a name: the console has no
	// word for it.
	either scapi.Filter
	// hides: a query that does not speak of the status leaves findings that have
	// it out. Only known where there is no word for either.
	hides bool
	// vacuous: there were no findings, and so nothing was proved.
	vacuous bool
	// taken: the console knows the filter, whether sums prove it or not.
	taken bool
}

// spellings returns the ways that clients spell a status, the most likely first.
func spellings(of Status, dialect scapi.API) []spelling {
	by := func(filter func(bool) scapi.Filter) spelling { return spelling{yes: filter(true), no: filter(false)} }
	var word, flag spelling
	switch of {
	case Recast:
		word, flag = by(scapi.Recast), by(scapi.RecastFlag)
	case Reopened:
		word, flag = by(scapi.Reopened), by(scapi.ReopenedFlag)
	default:
		word, flag = by(scapi.AcceptedRisk), by(scapi.AcceptedRiskFlag)
		word.either = scapi.AnyRisk()
	}
	switch {
	case dialect == scapi.RPC:
		return []spelling{flag}
	case of == acceptedRisk:
		// The last word is that of older clients, and nobody knows a console that takes it.
		older := spelling{yes: word.yes, no: scapi.Filter{Name: word.no.Name, Value: "nonAccepted"}}
		return []spelling{word, flag, older}
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
// match everything or nothing: a spelling counts only where sums prove it.
func (s *Scope) spelling(ctx context.Context, of Status) (spelling, error) {
	version, err := s.Account.Version(ctx)
	if err != nil {
		return spelling{}, s.Account.Wrap(err)
	}
	try := func(ctx context.Context) (spelling, error) { return s.spell(ctx, of, version) }
	key := spelledFor{of, version}
	known, err := s.memory.spellings.Get(ctx, key, spellingTTL, try)
	if err == nil && known.vacuous {
		return s.memory.spellings.Get(ctx, key, console.Reuse(ctx), try)
	}
	return known, err
}

// spell tries the spellings of a status in turn.
func (s *Scope) spell(ctx context.Context, of Status, version string) (spelling, error) {
	dialect, err := s.Account.Dialect(ctx)
	if err != nil {
		return spelling{}, s.Account.Wrap(err)
	}
	ways := spellings(of, dialect)
	var found spelling
	taken := false // a spelling that sums spoke against
	for _, way := range ways {
		if found, err = s.prove(ctx, way, version); err != nil {
			return spelling{}, err
		}
		if found.known {
			break
		}
		taken = taken || found.taken
	}
	if of == acceptedRisk && (found.known && !found.vacuous || !found.known && taken) {
		s.console.checks.judge(CheckAcceptedRisk, s.Account, found.known)
	}
	for _, way := range ways {
		if way.no.Name == found.no.Name {
			break
		}
		s.console.filters.judge(way.no.Name, version, false)
	}
	if !found.known {
		consequence := "such findings are not told"
		if of == acceptedRisk {
			consequence = "whether findings with accepted risk are among the open ones is not known"
		}
		s.Account.Logger().Warn("No spelling of a filter is understood by this console", "filter", ways[0].no.Name, "so", consequence)
	}
	return found, nil
}

// prove returns way as it is proved by sums, severity by severity; not known
// where nothing proves it. Where the sums do not agree, the data may have moved
// meanwhile: they are looked at once more if all is not what it was.
func (s *Scope) prove(ctx context.Context, way spelling, version string) (spelling, error) {
	sel := s.open(nil) // everything, where accepted risk itself is in question
	sel.probing = true
	if way.either.Name != "" {
		either, err := asked(ctx, s, sel.and(way.either), s.counts)
		if err != nil {
			return spelling{}, err
		}
		if either.Valid {
			proved, err := s.agree(ctx, sel, sel.and(way.either), either.Value, way, version, func(all, yes, no scapi.Counts) bool { return all == yes.Add(no) })
			if err != nil || proved.known {
				return proved, err
			}
		}
		way.either = scapi.Filter{}
	}
	all, err := asked(ctx, s, sel, s.counts)
	if err != nil {
		return spelling{}, err
	}
	hides := false
	proved, err := s.agree(ctx, sel, sel, all.Value, way, version, func(all, yes, no scapi.Counts) bool {
		hides = no == all && yes != all && yes.Total() > 0
		return hides || all == yes.Add(no)
	})
	proved.hides = hides
	return proved, err
}

// agree counts what has the status and what has not, of sel, and returns way as
// known where they agree with all that whole selects.
func (s *Scope) agree(ctx context.Context, sel, whole selection, all scapi.Counts, way spelling, version string, proves func(all, yes, no scapi.Counts) bool) (spelling, error) {
	for _, ctx := range []context.Context{ctx, afresh(ctx)} {
		var parts [2]scapi.Counts
		for i, filter := range []scapi.Filter{way.yes, way.no} {
			c, err := asked(ctx, s, sel.and(filter), s.counts)
			if err != nil || !c.Valid {
				return spelling{}, err
			}
			parts[i] = c.Value
		}
		if proves(all, parts[0], parts[1]) {
			way.known, way.vacuous = true, slices.Max(all[:]) == 0 && slices.Max(parts[0][:]) == 0
			return way, nil
		}
		var moved bool
		var err error
		if all, moved, err = s.again(ctx, whole, all, version); err != nil || !moved {
			return spelling{taken: true}, err
		}
	}
	return spelling{}, nil // the data moves too fast to tell
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
