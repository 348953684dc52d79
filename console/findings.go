package console

import (
	"context"
	"errors"
	"slices"
	"time"

	"securitycenter_exporter/scapi"
)

// lastFindingPlugin is the highest plugin id that is a vulnerability check.
// The plugins above it are audit checks: a failed one is stored as a finding of
// severity high, a passed one as info.
const lastFindingPlugin = 999_999

// spellingTTL is how long the checked spelling of the accept-risk filter is
// trusted, unless the console's version changes first.
const spellingTTL = 24 * time.Hour

// Findings are the open findings that matched: risk not accepted, no
// web-application findings, no compliance results.
type Findings struct {
	Counts scapi.Counts
	Score  scapi.Opt[float64] // absent where the console does not add it up
	// Records is the number of rows of the tool, for sumip hosts; absent
	// where compliance results had to be subtracted, because hosts cannot be.
	Records scapi.Opt[int64]
}

// Scope is one account's part of the console's findings, together with the
// filters that keep accepted risk, web-application findings and compliance
// results out on this console.
type Scope struct {
	Share
	console *Console
	keep    []optional // filters of every query
	apart   separation
}

// separation is how compliance results are kept out on a console.
type separation int

const (
	byPluginID    separation = iota // their plugin ids are higher than those of vulnerability checks
	bySubtraction                   // they are counted and taken off
	inseparable                     // the console takes neither filter
)

// optional is a filter that a version may lack. It only excludes: where it is
// refused the query is asked without it.
type optional struct {
	name string // on the wire, as the console names it when it refuses it
	scapi.Filter
}

func excludeWAS() optional                    { return optional{"wasVuln", scapi.ExcludeWAS()} }
func findingsOnly() optional                  { return optional{"pluginID", scapi.ByPluginID(1, lastFindingPlugin)} }
func complianceOnly() optional                { return optional{"pluginType", scapi.ByPluginType("compliance")} }
func repositories(ids ...string) scapi.Filter { return scapi.ByRepository(ids...) }

// Scopes checks, for every account that reads repositories, how open findings
// are told apart on this console, and returns how to count them. It costs
// three analysis requests per account, and six more when a spelling has to be
// checked again or the numbers moved meanwhile.
func (c *Console) Scopes(ctx context.Context) ([]*Scope, error) {
	shares, err := c.Shares(ctx)
	if err != nil {
		return nil, err
	}
	var scopes []*Scope
	for _, share := range shares {
		s := &Scope{Share: share, console: c}
		if err := s.probe(ctx); err != nil {
			return nil, share.Account.wrap(err)
		}
		scopes = append(scopes, s)
	}
	return scopes, nil
}

// IDs returns the ids of the scope's repositories.
func (s *Scope) IDs() []string {
	ids := make([]string, len(s.Repositories))
	for i, r := range s.Repositories {
		ids[i] = r.ID
	}
	return ids
}

// Open counts the open findings of the given repositories that pass extra, by
// hosts (tool sumip): one analysis request, two where compliance results are
// subtracted. It reports false, and no error, where the findings cannot be told:
// a difference that stays negative because the data moves, or a console that
// cannot tell compliance results apart at all.
func (s *Scope) Open(ctx context.Context, ids []string, extra ...scapi.Filter) (Findings, bool, error) {
	all := append([]scapi.Filter{repositories(ids...)}, extra...)
	switch s.apart {
	case inseparable:
		return Findings{}, false, nil
	case byPluginID:
		sum, err := s.count(ctx, append(all, findingsOnly().Filter), s.keep...)
		return Findings{sum.Findings, sum.Score, scapi.Some(sum.Records)}, err == nil, err
	}
	compliance := append(slices.Clone(all), complianceOnly().Filter)
	for range 2 {
		whole, err := s.count(ctx, all, s.keep...)
		if err != nil {
			return Findings{}, false, err
		}
		part, err := s.count(ctx, compliance, s.keep...)
		if err != nil {
			return Findings{}, false, err
		}
		f := Findings{Counts: whole.Findings.Sub(part.Findings)}
		if slices.Min(f.Counts[:]) < 0 {
			continue // a finding arrived between the two requests
		}
		if whole.Score.Valid && part.Score.Valid {
			f.Score = scapi.Some(whole.Score.Value - part.Score.Value)
		}
		return f, true, nil
	}
	return Findings{}, false, nil
}

// probe finds out which filters keep accepted risk and compliance results out.
func (s *Scope) probe(ctx context.Context) error {
	accepted, err := s.Account.acceptedRisk(ctx, s)
	if err != nil {
		return err
	}
	s.keep = append([]optional{excludeWAS()}, accepted...)
	s.apart, err = s.separate(ctx)
	return err
}

// separate checks that all findings less compliance results are the findings
// of plugins with low ids, severity by severity.
func (s *Scope) separate(ctx context.Context) (separation, error) {
	log := s.console.log.With("account", s.Account.name)
	required := []scapi.Filter{repositories(s.IDs()...)}
	for range 2 { // twice, because the data may move meanwhile
		byID, err := s.count(ctx, required, append(slices.Clone(s.keep), findingsOnly())...)
		if err != nil {
			return inseparable, err
		}
		compliance, err := s.count(ctx, required, append(slices.Clone(s.keep), complianceOnly())...)
		if err != nil {
			return inseparable, err
		}
		switch noIDs, noTypes := s.refused(ctx, findingsOnly()), s.refused(ctx, complianceOnly()); {
		case noIDs && noTypes:
			log.Warn("Compliance results cannot be told apart on this console: findings are absent")
			return inseparable, nil
		case noTypes:
			return byPluginID, nil // nothing to check with
		case noIDs:
			return bySubtraction, nil
		}
		all, err := s.count(ctx, required, s.keep...)
		if err != nil {
			return inseparable, err
		}
		if all.Findings.Sub(compliance.Findings) == byID.Findings {
			return byPluginID, nil
		}
	}
	log.Warn("Compliance results cannot be told apart by plugin id on this console: they are subtracted, and numbers of hosts are absent")
	return bySubtraction, nil
}

// count asks for a summary of what passes the required filters and those of
// the optional ones that the console takes.
func (s *Scope) count(ctx context.Context, required []scapi.Filter, options ...optional) (scapi.Summary, error) {
	a, memory := s.Account, &s.console.filters
	version, err := a.client.Version(ctx)
	if err != nil {
		return scapi.Summary{}, err
	}
	options = slices.DeleteFunc(slices.Clone(options), func(o optional) bool {
		return memory.refused(o.name, version)
	})
	for {
		q := scapi.Query{Tool: "sumip", Filters: slices.Clone(required)}
		for _, o := range options {
			q.Filters = append(q.Filters, o.Filter)
		}
		sum, err := a.client.Summary(ctx, q)
		a.note(ctx, err)
		if err == nil {
			for _, o := range options {
				memory.judge(o.name, version, true)
			}
			return sum, nil
		}
		dropped := dropOne(&options, err)
		if dropped == "" {
			return scapi.Summary{}, err
		}
		if !errors.Is(err, scapi.ErrUnsupported) {
			memory.judge(dropped, version, false)
			s.console.log.Warn("The console does not take a filter: it is left out", "account", a.name, "filter", dropped, "err", err)
		}
	}
}

// dropOne removes from options the filter that err complains of and returns
// its name; "" if err has another cause.
func dropOne(options *[]optional, err error) string {
	name, refused := scapi.RefusedFilter(err)
	if !refused {
		return ""
	}
	before := len(*options)
	*options = slices.DeleteFunc(*options, func(o optional) bool { return o.name == name })
	if len(*options) == before {
		return ""
	}
	return name
}

func (s *Scope) refused(ctx context.Context, o optional) bool {
	version, err := s.Account.client.Version(ctx)
	return err == nil && s.console.filters.refused(o.name, version)
}

// acceptance is the spelling of the accept-risk filter that one account's
// console was found to understand.
type acceptance struct {
	turn    turn       // who has it may use the rest
	filters []optional // none: no spelling is understood
	version string
	checked time.Time
}

// acceptedRisk returns the filter that keeps findings with accepted risk out.
// Values of that filter are spelled differently by versions, and a value that
// is not understood may silently match everything or nothing: a spelling
// counts only if accepted and not accepted findings add up to all.
func (a *Account) acceptedRisk(ctx context.Context, s *Scope) ([]optional, error) {
	version, err := a.client.Version(ctx)
	if err != nil {
		return nil, err
	}
	known := &a.acceptance
	if err := known.turn.take(ctx); err != nil {
		return nil, err
	}
	defer known.turn.pass()
	if known.version == version && !known.checked.IsZero() && time.Since(known.checked) < spellingTTL {
		return slices.Clone(known.filters), nil
	}
	dialect, err := a.client.Dialect(ctx)
	if err != nil {
		return nil, err
	}
	type spelling struct{ yes, no optional }
	candidates := []spelling{
		{optional{"acceptRiskStatus", scapi.AcceptedRisk(true)}, optional{"acceptRiskStatus", scapi.AcceptedRisk(false)}},
		{optional{"acceptedRisk", scapi.AcceptedRiskFlag(true)}, optional{"acceptedRisk", scapi.AcceptedRiskFlag(false)}},
	}
	if dialect == scapi.RPC {
		candidates = candidates[1:]
	}
	known.filters = nil
	for _, c := range candidates {
		adds, err := s.addsUp(ctx, c.yes, c.no)
		if err != nil {
			return nil, err
		}
		if adds {
			known.filters = []optional{c.no}
			break
		}
		s.console.filters.judge(c.no.name, version, false)
	}
	if known.filters == nil {
		s.console.log.Warn("No spelling of the accept-risk filter is understood by this console: findings with accepted risk are counted as open", "account", a.name)
	}
	known.version, known.checked = version, time.Now()
	return slices.Clone(known.filters), nil
}

// addsUp reports whether what passes yes and what passes no is everything.
func (s *Scope) addsUp(ctx context.Context, yes, no optional) (bool, error) {
	required := []scapi.Filter{repositories(s.IDs()...)}
	for range 2 { // twice, because the data may move meanwhile
		var counts [3]scapi.Counts
		for i, options := range [][]optional{{yes}, {no}, nil} {
			sum, err := s.count(ctx, required, options...)
			if err != nil {
				return false, err
			}
			if s.refused(ctx, no) {
				return false, nil
			}
			counts[i] = sum.Findings
		}
		if counts[0].Add(counts[1]) == counts[2] {
			return true, nil
		}
	}
	return false, nil
}
