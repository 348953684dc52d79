package findings

import (
	"context"
	"iter"
	"slices"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// Measure is what is told of the findings that a question asks for.
type Measure int

// The measures.
const (
	Severities Measure = iota // how many there are of every severity
	Hosts                     // how many hosts have one
	Plugins                   // how many plugins, each by severity
	Everything                // Severities, Hosts, and the score
	Pages                     // nothing: the rows of a tool are read
)

// tool is whose rows are counted.
func (m Measure) tool() string {
	if m == Plugins {
		return byPlugin
	}
	return byHost
}

// term is a part of the answer to a question.
type term struct {
	selection
	minus bool // it is taken off
}

// terms are what is asked to measure what q asks for; none where the console
// cannot tell.
func (s *Scope) terms(ctx context.Context, q Question, m Measure) ([]term, error) {
	if parts := s.disjoint(q); m == Hosts && len(parts) > 1 && !speaksOfRisk(slices.Concat(q.Only, q.Own)) {
		var both []term
		for _, q := range parts {
			part, err := s.terms(ctx, q, m)
			if err != nil || part == nil {
				return nil, err
			}
			both = append(both, part...)
		}
		return both, nil
	}
	sel, ok, err := s.selection(ctx, q)
	switch {
	case err != nil || !ok:
		return nil, err
	case q.ByPlugin, q.Audits:
		return []term{{sel, false}}, nil
	case s.apart.way == byPluginID:
		return []term{{sel.and(s.apart.findings), false}}, nil
	case s.apart.way != bySubtraction, m != Severities && m != Everything: // nothing else can be subtracted
		return nil, nil
	}
	if none, err := s.mitigatesNoAudits(ctx, q); err != nil || none {
		return []term{{sel, false}}, err
	}
	return []term{{sel, false}, {sel.and(s.apart.audits), true}}, nil
}

// subtracts reports whether compliance results are counted and taken off to
// answer q.
func (s *Scope) subtracts(q Question) bool {
	return !q.ByPlugin && !q.Audits && s.apart.way == bySubtraction
}

// mitigatesNoAudits reports whether q is about mitigated findings, and no
// compliance result is among those of its repositories, as is usual: then one request
// spares one for every question.
func (s *Scope) mitigatesNoAudits(ctx context.Context, q Question) (bool, error) {
	if q.Source != scapi.Mitigated {
		return false, nil
	}
	sel := s.everything(q.Repositories).and(s.apart.audits)
	sel.source = q.Source
	audits, err := asked(ctx, s, sel, s.counts)
	return audits.Valid && audits.Value.Total() == 0, err
}

// answer asks for every term of q and joins the answers: join adds a part to the
// sum, or takes it off, and says whether that makes sense. Absent where the console
// cannot tell, and where a difference stays negative because the data moves.
func answer[T any](ctx context.Context, s *Scope, q Question, m Measure, call func(context.Context, scapi.Query) (T, error), join func(sum, part T, minus bool) (T, bool)) (scapi.Opt[T], error) {
	for _, ctx := range []context.Context{ctx, afresh(ctx)} { // a finding may arrive between two requests
		terms, err := s.terms(ctx, q, m)
		if err != nil || terms == nil {
			return scapi.Opt[T]{}, err
		}
		var sum T
		credible := true
		for i, part := range terms {
			v, err := asked(ctx, s, part.selection, call)
			switch {
			case err != nil || !v.Valid:
				return v, err
			case i == 0:
				sum = v.Value
			default:
				sum, credible = join(sum, v.Value, part.minus)
			}
		}
		if credible {
			return scapi.Some(sum), nil
		}
	}
	return scapi.Opt[T]{}, nil
}

// Request is a query of one account that a question is answered with, or a part
// of it: the answers of several add up.
type Request struct {
	Account *console.Account
	Query   scapi.Query
	Minus   bool // the answer is taken off: results of audits, or hosts
}

// Requests are what is asked to measure what q asks for, as the console takes it by
// now: a filter that it refused is left out. None where it cannot tell. They
// count with one row; of Severities by the tool that this console tells them by.
func (s *Scope) Requests(ctx context.Context, q Question, m Measure) ([]Request, error) {
	terms, err := s.terms(ctx, q, m)
	if err != nil {
		return nil, err
	}
	var requests []Request
	for _, part := range terms {
		part.unsent = true
		spelled, err := asked(ctx, s, part.selection, func(ctx context.Context, q scapi.Query) (scapi.Query, error) {
			_, err := s.Account.Prepare(ctx, q)
			return q, err
		})
		if err != nil || !spelled.Valid {
			return nil, err
		}
		query := spelled.Value
		query.Tool, query.Limit = m.tool(), 1
		if m == Severities && s.memory.plain.Load() {
			query.Tool, query.Limit = bySeverity, 0
		}
		requests = append(requests, Request{s.Account, query, part.minus})
	}
	return requests, nil
}

// Spelled returns the request as the console is asked it.
func (r Request) Spelled(ctx context.Context) (scapi.Spelled, error) {
	return r.Account.Spell(ctx, r.Query)
}

// Vulns iterates over the findings that requests count, of these severities
// (none: of all): rows of the tool vulndetails. Results of audits are left out
// that the requests take off. A failure is yielded once, as the last pair.
func Vulns(ctx context.Context, requests []Request, severities ...scapi.Severity) iter.Seq2[scapi.Vuln, error] {
	found := walk(ctx, requests, (*scapi.Client).Vulns, of(severities))
	return withoutAudits(ctx, requests, func(v scapi.Vuln) string { return v.PluginID }, func(yield func(scapi.Vuln, error) bool) {
		for v, err := range found {
			if err == nil && len(severities) > 0 && !slices.Contains(severities, v.Severity.Value) {
				continue // a filter in somebody's own words let it through
			}
			if !yield(v, err) {
				return
			}
		}
	})
}

// withoutAudits leaves out the rows of plugins of which the requests take the
// results off.
func withoutAudits[T any](ctx context.Context, requests []Request, plugin func(T) string, rows iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		audits := map[string]bool{}
		for _, r := range requests {
			if !r.Minus {
				continue
			}
			r.Minus = false
			for row, err := range pluginRows(ctx, []Request{r}) {
				if err != nil {
					var none T
					yield(none, err)
					return
				}
				audits[row.String("pluginID")] = true
			}
		}
		for v, err := range rows {
			if err == nil && audits[plugin(v)] {
				continue
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

// HostRows iterates over the hosts that requests count: rows of the tool sumip. Hosts
// are left out that the requests take off. A failure is yielded once, as the last pair.
func HostRows(ctx context.Context, requests []Request) iter.Seq2[scapi.Host, error] {
	return func(yield func(scapi.Host, error) bool) {
		type key struct{ repository, ip, uuid, dns, netbios, mac string }
		of := func(h scapi.Host) key {
			return key{h.RepositoryID, h.IP, h.UUID, h.DNSName, h.NetBIOSName, h.MACAddress}
		}
		off := map[key]bool{}
		for _, r := range requests {
			if !r.Minus {
				continue
			}
			r.Minus = false
			for h, err := range walk(ctx, []Request{r}, (*scapi.Client).Hosts, nil) {
				if err != nil {
					yield(h, err)
					return
				}
				off[of(h)] = true
			}
		}
		for h, err := range walk(ctx, requests, (*scapi.Client).Hosts, nil) {
			if err == nil && off[of(h)] {
				continue
			}
			if !yield(h, err) {
				return
			}
		}
	}
}

// PluginRows iterates over the plugins whose findings requests count, each by
// severity: rows of the tool sumid. A failure is yielded once, as the last pair.
func PluginRows(ctx context.Context, requests []Request) iter.Seq2[scapi.Row, error] {
	return withoutAudits(ctx, requests, func(r scapi.Row) string { return r.String("pluginID") }, pluginRows(ctx, requests))
}

func pluginRows(ctx context.Context, requests []Request) iter.Seq2[scapi.Row, error] {
	return walk(ctx, requests, func(c *scapi.Client, ctx context.Context, q scapi.Query) iter.Seq2[scapi.Row, error] {
		q.Tool = byPlugin
		return c.Rows(ctx, q)
	}, nil)
}

// of is the filter on severities, where there are any.
func of(severities []scapi.Severity) *scapi.Filter {
	if len(severities) == 0 {
		return nil
	}
	f := scapi.BySeverity(severities...)
	return &f
}

// walk iterates over all rows of what requests ask for, one after the other, with a
// further filter where none of its name is there; none of what is taken off.
func walk[T any](ctx context.Context, requests []Request, call func(*scapi.Client, context.Context, scapi.Query) iter.Seq2[T, error], further *scapi.Filter) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, r := range requests {
			if r.Minus {
				continue
			}
			q := r.Query
			q.Tool, q.Limit = "", 0
			if further != nil && !slices.ContainsFunc(q.Filters, func(f scapi.Filter) bool { return f.Called(further.Name) }) {
				q.Filters = append(slices.Clip(q.Filters), *further)
			}
			left := false
			_, err := console.Through(ctx, r.Account, func(c *scapi.Client, ctx context.Context) (none struct{}, err error) {
				for v, err := range call(c, ctx, q) {
					if err != nil {
						return none, err
					}
					if left = !yield(v, nil); left {
						return none, nil
					}
				}
				return none, nil
			})
			if err != nil {
				var none T
				yield(none, err)
			}
			if left || err != nil {
				return
			}
		}
	}
}
