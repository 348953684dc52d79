package findings

import (
	"context"
	"fmt"
	"slices"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// hostTotals are the hosts of plugins as one page of sumid tells them, in the
// column hostTotal.
type hostTotals struct {
	hosts map[int64]int64
	// odd is true for a page that cannot be what was asked for: longer than it can
	// be, or with a row that has no plugin or no hosts.
	odd bool
	// split are the plugins that have a row for each of several severities, of
	// which one host may be in more than one.
	split []int64
}

// tells reports whether the hosts of a plugin are known from the page. One without
// any row may be no answer at all.
func (t hostTotals) tells(plugin int64) bool {
	return !t.odd && len(t.hosts) > 0 && !slices.Contains(t.split, plugin)
}

// hostTotalVerdict is whether sumid counts hosts as sumip does.
type hostTotalVerdict struct {
	holds  bool
	proved bool // there were hosts to compare
	none   bool // the console does not know sumid: nothing was compared, and that is proved
}

// HostsByPlugin counts the hosts, each in every repository by itself, with at least
// one of the findings that q asks for of each plugin. The first plugin should be the
// one that most hosts have. It is one analysis request for all of them (sumid) on
// consoles that were seen to count hosts there as sumip does, which is checked once a
// day with the first plugin; else one for each (sumip). See Hosts for questions of any risk.
func (s *Scope) HostsByPlugin(ctx context.Context, q Question, plugins ...int64) (scapi.Opt[map[int64]int64], error) {
	none := scapi.Opt[map[int64]int64]{}
	of := ofPlugins{q, plugins}
	var told hostTotals
	if len(plugins) > 1 {
		holds, err := s.trustsHostTotal(ctx, of)
		if err != nil {
			return none, err
		}
		if holds {
			totals, err := s.hostTotals(ctx, of)
			if err != nil {
				return none, err
			}
			told = totals.Value
		}
	}
	hosts := map[int64]int64{}
	for _, plugin := range plugins {
		if told.tells(plugin) {
			hosts[plugin] = told.hosts[plugin]
			continue
		}
		n, err := s.Hosts(ctx, of.question(plugin))
		if err != nil || !n.Valid {
			return none, err
		}
		hosts[plugin] = n.Value
	}
	return scapi.Some(hosts), nil
}

// ofPlugins is a question of each of several plugins.
type ofPlugins struct {
	Question
	plugins []int64
}

// question asks for findings of some of the plugins.
func (q ofPlugins) question(plugins ...int64) Question {
	of := q.Question
	of.ByPlugin, of.Only = true, slices.Concat([]scapi.Filter{scapi.ByPluginIDs(plugins...)}, q.Only)
	return of
}

// trustsHostTotal reports whether hostTotal counts as sumip does: as was checked
// within a day, or as the hosts of one plugin tell, asked for in both ways.
func (s *Scope) trustsHostTotal(ctx context.Context, q ofPlugins) (bool, error) {
	version, err := s.Account.Version(ctx)
	if err != nil {
		return false, s.Account.Wrap(err)
	}
	check := func(ctx context.Context) (hostTotalVerdict, error) {
		v, err := s.checkHostTotal(ctx, q)
		if err == nil {
			s.memory.hostTotal.Store(&v)
		}
		return v, err
	}
	key := fmt.Sprint(version, s.IDs())
	v, err := s.memory.hostTotalVerdicts.Get(ctx, key, spellingTTL, check)
	if err == nil && !v.proved {
		v, err = s.memory.hostTotalVerdicts.Get(ctx, key, console.Reuse(ctx), check)
	}
	return v.holds, err
}

func (s *Scope) checkHostTotal(ctx context.Context, q ofPlugins) (hostTotalVerdict, error) {
	plugin := q.plugins[0]
	// Where Hosts needs two requests, the first tells enough.
	totals, err := s.hostTotalsOf(ctx, s.disjoint(q.question(q.plugins...))[0], q.mostRows())
	if refusal, refused := scapi.RefusalOf(err); refused && refusal.Of == scapi.RefusedTool {
		return hostTotalVerdict{proved: true, none: true}, nil
	}
	if err != nil || !totals.Valid {
		return hostTotalVerdict{}, err
	}
	hosts, err := s.records(ctx, s.disjoint(q.question(plugin))[0], Hosts) // which is needed where they differ
	if err != nil || !hosts.Valid {
		return hostTotalVerdict{}, err
	}
	t := totals.Value
	switch {
	case hosts.Value == 0, slices.Contains(t.split, plugin):
		return hostTotalVerdict{}, nil // nothing to compare
	case t.tells(plugin) && t.hosts[plugin] == hosts.Value:
		return hostTotalVerdict{holds: true, proved: true}, nil
	}
	// The data may have moved between the two. That costs a day of more requests, and no
	// wrong number.
	s.Account.Logger().Info("The console counts hosts of plugins in another way where it lists plugins: they are asked for plugin by plugin", "tool", byPlugin)
	return hostTotalVerdict{proved: true}, nil
}

// hostTotals asks for the hosts of the plugins in one request, or in two where
// Hosts needs two.
func (s *Scope) hostTotals(ctx context.Context, q ofPlugins) (scapi.Opt[hostTotals], error) {
	sum := hostTotals{hosts: map[int64]int64{}}
	for _, part := range s.disjoint(q.question(q.plugins...)) {
		t, err := s.hostTotalsOf(ctx, part, q.mostRows())
		if err != nil || !t.Valid {
			return t, err
		}
		for plugin, n := range t.Value.hosts {
			sum.hosts[plugin] += n
		}
		sum.odd = sum.odd || t.Value.odd
		sum.split = append(sum.split, t.Value.split...)
	}
	return scapi.Some(sum), nil
}

// mostRows is more rows than there can be: one too many shows that a page is not what
// was asked for.
func (q ofPlugins) mostRows() int { return len(q.plugins)*len(scapi.Severities) + 1 }

// hostTotalsOf asks for the hosts of the plugins of one question.
func (s *Scope) hostTotalsOf(ctx context.Context, q Question, most int) (scapi.Opt[hostTotals], error) {
	return answer(ctx, s, q, Pages, func(ctx context.Context, q scapi.Query) (hostTotals, error) { return s.hostTotalPage(ctx, q, most) }, nil)
}

// hostTotalPage asks for a page of sumid, or reuses the answer.
func (s *Scope) hostTotalPage(ctx context.Context, q scapi.Query, most int) (hostTotals, error) {
	q.Tool = byPlugin
	p, err := s.Account.Prepare(ctx, q)
	if err != nil {
		return hostTotals{}, err
	}
	return s.memory.hostTotals.Get(ctx, p.Key(), console.Reuse(ctx), func(ctx context.Context) (hostTotals, error) {
		return console.Call(ctx, s.Account, func(_ *scapi.Client, ctx context.Context) (hostTotals, error) {
			rows, all, err := p.Page(ctx, most)
			return hostTotalsOf(rows, !all), err
		})
	})
}

func hostTotalsOf(rows []scapi.Row, odd bool) hostTotals {
	t := hostTotals{hosts: map[int64]int64{}, odd: odd}
	for _, row := range rows {
		plugin, named := row.Int("pluginID").Get()
		hosts, counted := row.Int("hostTotal").Get()
		if !named || !counted || hosts < 0 {
			t.odd = true
		}
		if _, again := t.hosts[plugin]; again {
			t.split = append(t.split, plugin)
		}
		t.hosts[plugin] += hosts
	}
	return t
}
