package findings

import (
	"context"
	"fmt"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// lastFindingPlugin is the highest plugin id that is a vulnerability check.
// The plugins above it are audit checks: a failed one is stored as a finding of
// severity high, a passed one as info.
const lastFindingPlugin = 999_999

// way is how results of audits are kept out on a console.
type way int

const (
	inseparable   way = iota // the console takes no filter that tells them apart
	byPluginID               // their plugin ids are higher than those of vulnerability checks
	bySubtraction            // they are counted and taken off
)

// separation is how results of audits are told from findings on a console.
type separation struct {
	way
	findings scapi.Filter // keeps findings alone, where way is byPluginID
	audits   scapi.Filter // keeps results of audits alone; without a name: there is none
	compared bool         // two ways to tell them apart were
	agrees   bool         // and told the same
}

// cut is a way to tell findings and results of audits apart by plugin id.
type cut struct {
	name             string // by which a refusal is remembered
	findings, audits scapi.Filter
	proven           bool // is to be believed without a sum that agrees
}

// cuts returns the ways to spell it, the most likely first.
func cuts() []cut {
	const first, last = 1, lastFindingPlugin
	operator, ranged := scapi.ByPluginID(first, last), scapi.ByPluginIDRange(first, last)
	return []cut{
		{operator.Name + " <=", operator, scapi.ByPluginID(last+1, 0), true},
		{ranged.Name + " range", ranged, scapi.ByPluginIDRange(last+1, 1<<31-1), false},
	}
}

// separate tells how results of audits are kept out, as was checked for
// another collector just now or is checked again.
func (s *Scope) separate(ctx context.Context) (separation, error) {
	of := fmt.Sprint(s.IDs(), s.accepted.no.Name, s.accepted.no.Value)
	return s.memory.separations.Get(ctx, of, console.Reuse(ctx), func(ctx context.Context) (separation, error) {
		before := s.memory.separated.Load()
		known := before != nil && before.way == bySubtraction && before.of == of // no need to ask twice
		found, err := s.check(ctx, known)
		if err == nil && found.compared {
			s.console.checks.judge(CheckCompliance, s.Account, found.agrees)
		}
		if err == nil {
			s.memory.separated.Store(&verdict{found.way, of})
		}
		return found, err
	})
}

// verdict is how results of audits are kept out of some findings.
type verdict struct {
	way
	of string // the repositories, and the filter that keeps accepted risk out
}

// check checks that all findings less results of audits are the findings
// of plugins with low ids, severity by severity. It costs three analysis
// requests. Where they do not agree and did not before, the data may have moved:
// one more shows whether it has, and then they are asked again.
func (s *Scope) check(ctx context.Context, known bool) (separation, error) {
	log := s.Account.Logger()
	sel := s.open(nil)
	sel.probing = true
	version, err := s.Account.Version(ctx)
	if err != nil {
		return separation{}, s.Account.Wrap(err)
	}
	byType := scapi.ByPluginType("compliance")
	subtracted := separation{way: bySubtraction, audits: byType}
	for _, ctx := range []context.Context{ctx, afresh(ctx)} {
		by, low, err := s.lowest(ctx, sel, version)
		if err != nil {
			return separation{}, err
		}
		audits, err := asked(ctx, s, sel.and(byType), s.counts)
		if err != nil {
			return separation{}, err
		}
		if !low.Valid && !audits.Valid {
			log.Warn("Compliance results cannot be told apart on this console: findings are absent")
			return separation{}, nil
		}
		cutByID := separation{way: byPluginID, findings: by.findings, audits: byType}
		if !audits.Valid {
			cutByID.audits = by.audits
			if by.proven {
				return cutByID, nil // nothing to check with
			}
		}
		if !low.Valid {
			return subtracted, nil
		}
		all, err := asked(ctx, s, sel, s.counts)
		if err != nil || !all.Valid {
			return separation{}, err
		}
		agree := audits.Valid && all.Value.Sub(audits.Value) == low.Value
		credible := by.proven || low.Value.Total() > 0 || all.Value.Total() == 0
		switch {
		case agree:
			cutByID.compared, cutByID.agrees = true, true
			return cutByID, nil
		case audits.Value.Total() == 0 && credible:
			// Two ways disagree, and the one that finds nothing cannot be right.
			log.Warn("The console finds no compliance result by plugin type, although plugin ids tell some: they are told apart by plugin id", "filter", byType.Name)
			cutByID.audits, cutByID.compared = by.audits, true
			return cutByID, nil
		case known:
			subtracted.compared = true
			return subtracted, nil
		}
		_, moved, err := s.again(ctx, sel, all.Value, version)
		if err != nil {
			return separation{}, err
		}
		if !moved {
			subtracted.compared = true
			break
		}
	}
	log.Warn("Compliance results cannot be told apart by plugin id on this console: they are subtracted, and numbers of hosts are absent")
	return subtracted, nil
}

// lowest counts the findings of plugins with low ids, by the first of the ways
// to ask for them that the console takes; absent where it takes none.
func (s *Scope) lowest(ctx context.Context, sel selection, version string) (cut, scapi.Opt[scapi.Counts], error) {
	memory := &s.console.filters
	for _, by := range cuts() {
		if memory.refused(by.name, version) {
			continue
		}
		low, err := asked(ctx, s, sel.and(by.findings), s.counts)
		if err != nil || low.Valid {
			return by, low, err
		}
		if memory.refused(by.findings.Name, version) {
			break // no spelling will do
		}
		memory.judge(by.name, version, false)
	}
	return cut{}, scapi.Opt[scapi.Counts]{}, nil
}
