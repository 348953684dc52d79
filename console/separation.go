package console

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

// verdict is how compliance results are kept out of the findings of some
// repositories.
type verdict struct {
	separation
	on string // the repositories, and the filter that keeps accepted risk out
}

// separate tells how compliance results are kept out, as was checked for
// another collector just now or is checked again.
func (s *Scope) separate(ctx context.Context) (separation, error) {
	on := fmt.Sprint(s.IDs(), s.accepted.no.Name)
	kept := s.Account.apart
	check := func(ctx context.Context) (verdict, error) {
		known := kept.value == verdict{bySubtraction, on} // by the load before: no need to ask twice
		apart, err := s.check(ctx, known)
		return verdict{apart, on}, err
	}
	v, err := kept.get(ctx, reuse(ctx), check)
	if err == nil && v.on != on {
		v, err = kept.get(ctx, 0, check)
	}
	return v.separation, err
}

// check checks that all findings less compliance results are the findings
// of plugins with low ids, severity by severity. It costs three analysis
// requests. Where they do not agree and did not before, the data may have moved:
// one more shows whether it has, and then they are asked again.
func (s *Scope) check(ctx context.Context, known bool) (separation, error) {
	log := s.console.log.With("account", s.Account.name)
	sel := s.open(nil)
	version, err := s.Account.client.Version(ctx)
	if err != nil {
		return inseparable, s.Account.wrap(err)
	}
	for _, ctx := range []context.Context{ctx, afresh(ctx)} {
		low, err := asked(ctx, s, sel.and(findingsOnly()), s.Account.counts)
		if err != nil {
			return inseparable, err
		}
		compliance, err := asked(ctx, s, sel.and(complianceOnly()), s.Account.counts)
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
		all, err := asked(ctx, s, sel, s.Account.counts)
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
