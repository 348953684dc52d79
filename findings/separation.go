package findings

import (
	"context"
	"fmt"
)

// lastFindingPlugin is the highest plugin id that is a vulnerability check.
// The plugins above it are audit checks: a failed one is stored as a finding of
// severity high, a passed one as info.
const lastFindingPlugin = 999_999

// separation is how compliance results are kept out on a console.
type separation int

const (
	byPluginID    separation = iota // their plugin ids are higher than those of vulnerability checks
	bySubtraction                   // they are counted and taken off
	inseparable                     // the console takes neither filter
)

// verdict is how compliance results are kept out of some findings.
type verdict struct {
	separation
	of string // the repositories, and the filter that keeps accepted risk out
}

// separate tells how compliance results are kept out, as was checked for
// another collector just now or is checked again.
func (s *Scope) separate(ctx context.Context) (separation, error) {
	of := fmt.Sprint(s.IDs(), s.accepted.no.Name)
	return s.memory.separations.Get(ctx, of, reuse(ctx), func(ctx context.Context) (separation, error) {
		before := s.memory.separated.Load()
		known := before != nil && *before == verdict{bySubtraction, of} // no need to ask twice
		apart, err := s.check(ctx, known)
		if err == nil {
			s.memory.separated.Store(&verdict{apart, of})
		}
		return apart, err
	})
}

// check checks that all findings less compliance results are the findings
// of plugins with low ids, severity by severity. It costs three analysis
// requests. Where they do not agree and did not before, the data may have moved:
// one more shows whether it has, and then they are asked again.
func (s *Scope) check(ctx context.Context, known bool) (separation, error) {
	log := s.Account.Logger()
	sel := s.open(nil)
	version, err := s.Account.Version(ctx)
	if err != nil {
		return inseparable, s.Account.Wrap(err)
	}
	for _, ctx := range []context.Context{ctx, afresh(ctx)} {
		low, err := asked(ctx, s, sel.and(findingsOnly), s.counts)
		if err != nil {
			return inseparable, err
		}
		compliance, err := asked(ctx, s, sel.and(complianceOnly), s.counts)
		if err != nil {
			return inseparable, err
		}
		switch {
		case !low.Valid && !compliance.Valid:
			log.Warn("Compliance results cannot be told apart on this console: findings are absent")
			return inseparable, nil
		case !compliance.Valid:
			return byPluginID, nil // nothing to check with
		case !low.Valid:
			return bySubtraction, nil
		}
		all, err := asked(ctx, s, sel, s.counts)
		if err != nil {
			return inseparable, err
		}
		if all.Value.Sub(compliance.Value) == low.Value {
			return byPluginID, nil
		}
		if known {
			return bySubtraction, nil
		}
		_, moved, err := s.again(ctx, sel, all.Value, version)
		if err != nil {
			return inseparable, err
		}
		if !moved {
			break
		}
	}
	log.Warn("Compliance results cannot be told apart by plugin id on this console: they are subtracted, and numbers of hosts are absent")
	return bySubtraction, nil
}
