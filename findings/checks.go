package findings

import (
	"context"
	"sync"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// What is checked of a console with questions that are asked anyway: identities that the numbers rest on.
const (
	// CheckAcceptedRisk: accepted and not accepted findings add up to all, or a console that hides accepted ones hides
	// just them.
	CheckAcceptedRisk = "accepted_risk"
	// CheckCompliance: all findings less the results of audits are those of plugins with low ids.
	CheckCompliance = "compliance"
	// CheckOneRow: the severities that come with the first row add up to the total beside them.
	CheckOneRow = "one_row"
	// CheckHostTotal: the hosts of a plugin that sumid tells are as many as sumip tells, unless it has no sumid.
	CheckHostTotal = "host_total"
)

// checkMemory remembers how checks ended, by account.
type checkMemory struct {
	mu    sync.Mutex
	known map[string]map[*console.Account]bool
}

func (m *checkMemory) judge(check string, a *console.Account, holds bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[string]map[*console.Account]bool{}
	}
	if m.known[check] == nil {
		m.known[check] = map[*console.Account]bool{}
	}
	m.known[check][a] = holds
}

// Checks returns how the checks that were made ended the last time: whether each holds, through all accounts. What was not
// checked is missing.
func (c *Console) Checks() map[string]bool {
	c.checks.mu.Lock()
	defer c.checks.mu.Unlock()
	all := map[string]bool{}
	for check, by := range c.checks.known {
		all[check] = true
		for _, holds := range by {
			all[check] = all[check] && holds
		}
	}
	for _, m := range c.memories {
		if v := m.hostTotal.Load(); v != nil && v.proved && !v.none {
			before, checked := all[CheckHostTotal]
			all[CheckHostTotal] = v.holds && (before || !checked)
		}
	}
	return all
}

// Telling is how a console is asked for the findings that have a status, and for those that do not.
type Telling struct {
	Known bool // sums prove it
	// With and Without keep the findings that have the status, and those that have not; without names: not known.
	With, Without scapi.Filter
	Hides         bool // findings that have the status are left out unless a query speaks of it
	Word          bool // there is a word for both
	Unsure        bool // there are no such findings, so that nothing proves it
	Taken         bool // the console takes a filter, and sums speak against it
}

// Telling finds out how the scope's console tells a status; nil of: accepted risk. It asks what was not asked lately.
func (s *Scope) Telling(ctx context.Context, of *Status) (Telling, error) {
	status := acceptedRisk
	if of != nil {
		status = *of
	}
	found, err := s.spelling(ctx, status)
	if err != nil {
		return Telling{}, err
	}
	t := Telling{Known: found.known, Hides: found.hides, Word: found.either.Name != "", Unsure: found.vacuous, Taken: found.taken}
	if found.known {
		t.With, t.Without = found.yes, found.no
	}
	return t, nil
}

// Audits is how results of audits are kept out.
type Audits struct {
	ByPlugin   bool // by plugin id
	Subtracted bool // they are counted and taken off; numbers of hosts are absent. Neither: they are not told apart
	Compared   bool // two ways were compared
	Agree      bool // and told the same
}

// Audits tells how results of audits are kept out of the scope's numbers.
func (s *Scope) Audits() Audits {
	return Audits{ByPlugin: s.apart.way == byPluginID, Subtracted: s.apart.way == bySubtraction, Compared: s.apart.compared, Agree: s.apart.agrees}
}
