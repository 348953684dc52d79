package collector

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var fromOwnerSummary = Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumip and sumseverity", Cost: "1 analysis request for each owner, 2 where compliance results are subtracted or the console does not tell all in one answer"}

var (
	ownersVulnerabilities = &Family{
		Name:   "securitycenter_owner_vulnerabilities",
		Source: fromOwnerSummary,
		Help:   "Open findings of the hosts in the owner's asset lists, by severity. Owners overlap: never add them up. Absent if its account does not see the lists, and on SecurityCenter 4 where it has several.",
		Labels: []string{"owner", "severity"},
	}
	ownersHosts = &Family{
		Name:   "securitycenter_owner_hosts",
		Source: fromOwnerSummary,
		Help:   "Hosts with open findings, informational ones included, in the owner's asset lists; a host counts once in every repository that holds it, in however many of the lists it is. Absent as the findings are, and where compliance results have to be subtracted.",
		Labels: []string{"owner"},
	}
	ownersExploitable = &Family{
		Name:   "securitycenter_owner_vulnerabilities_exploitable",
		Source: Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumseverity", Cost: "1 analysis request for each owner, 2 where compliance results are subtracted"},
		Help:   "Open findings of the owner's hosts for which an exploit is known, by severity. Absent if the console cannot tell, and as the findings are.",
		Labels: []string{"owner", "severity"},
	}
	ownersOverdue = &Family{
		Name:   "securitycenter_owner_vulnerabilities_overdue",
		Source: Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumseverity", Cost: "up to 4 analysis requests for each owner and policy, twice as many where compliance results are subtracted"},
		Help:   "Open findings of the owner's hosts past the deadline of the policy, by severity. Absent for severities without a deadline, if the console cannot tell, and as the findings are." + fromLastHour,
		Labels: []string{"owner", "sla", "severity"},
	}
	ownersUnassigned = &Family{
		Name:   "securitycenter_owner_unassigned_hosts",
		Source: Source{REST: "POST /analysis, sumip", RPC: "vuln::query, sumip", Cost: "1 analysis request for each account that owners are read through, and 1 for each that reads findings"},
		Help:   "Hosts with open findings that no owner's asset list holds. Absent where the lists of all owners cannot be asked for together: lists of several organisations, several lists or accounts on SecurityCenter 4; and where compliance results have to be subtracted.",
	}
)

// ownersCollector counts the findings of the configured owners. REST POST /analysis,
// RPC vuln::query.
func ownersCollector() *Collector {
	return &Collector{
		Name:     "owners",
		Help:     "Findings and hosts of the configured owners, and hosts without one.",
		Interval: time.Hour,
		Account:  scapi.Organization,
		priority: 3,
		Owners:   true,
		Families: []*Family{ownersVulnerabilities, ownersHosts, ownersExploitable, ownersOverdue, ownersUnassigned},
		figures:  ownersFigures,
	}
}

func ownersFigures(ctx context.Context, c *findings.Console, settings Settings, m *Metrics) ([]*figure, error) {
	total, err := newTally(ctx, c, m)
	if err != nil || len(total.scopes) == 0 || len(settings.Owners) == 0 {
		return nil, err
	}
	var list []*figure
	for _, o := range settings.Owners {
		for i, f := range ownerFigures(total, o) {
			f.late = func(ctx context.Context, m *Metrics) (*figure, error) {
				own, err := ownerTally(ctx, c, o, m)
				if err != nil {
					return nil, err
				}
				return ownerFigures(own, o)[i], nil
			}
			list = append(list, f)
		}
	}
	none := func() *figure {
		f := total.asks(findings.Hosts, findings.Question{}).shows(ofHosts, ownersUnassigned)
		f.subject, f.own = "hosts without owner", true
		return f
	}
	unassigned := none()
	unassigned.late = func(ctx context.Context, m *Metrics) (*figure, error) {
		assigned, err := assignedParts(ctx, c, settings.Owners, m)
		if err != nil {
			return nil, err
		}
		f := none()
		f.parts = append(f.parts, assigned...)
		return f, nil
	}
	return append(list, unassigned), nil
}

// ownerFigures are the numbers of an owner, whose hosts total is of.
func ownerFigures(total tally, o config.Owner) []*figure {
	list := []*figure{
		total.asks(findings.Everything, findings.Question{}).bySeverity(total, ownersVulnerabilities, allSeverities, o.Name).shows(ofHosts, ownersHosts, o.Name),
		total.asks(findings.Severities, exploitable()).bySeverity(total, ownersExploitable, allSeverities, o.Name),
	}
	for _, policy := range o.SLA {
		for _, s := range ratedSeverities {
			if _, has := policy.Days[s.String()]; has {
				list = append(list, total.overdue(policy, s, ownersOverdue, o.Name, policy.Name))
			}
		}
	}
	for _, f := range list {
		f.subject, f.own = "owner "+o.Name, true
	}
	return list
}

// ownerTally returns how to count the findings of an owner's hosts.
func ownerTally(ctx context.Context, c *findings.Console, o config.Owner, m *Metrics) (tally, error) {
	through, err := throughAccount(ctx, c, o.Account, "")
	if err != nil {
		return tally{}, err
	}
	if err := together(ctx, through, o.Assets); err != nil {
		return tally{}, err
	}
	own, err := tallyThrough(ctx, c, through, m)
	if err != nil {
		return tally{}, err
	}
	if len(own.scopes) == 0 {
		return tally{}, fmt.Errorf("%w: account %s looks at no repositories", errElsewhere, through.Name())
	}
	own.within = []scapi.Filter{scapi.ByAsset(o.Assets...)}
	return own, nil
}

// OwnerScope returns the account's findings that an owner's hosts are among, and the
// question that asks for those of its hosts. The error says why they cannot be asked for.
func OwnerScope(ctx context.Context, c *findings.Console, o config.Owner) (*findings.Scope, findings.Question, error) {
	own, err := ownerTally(ctx, c, o, NewMetrics(Settings{}))
	if err != nil {
		return nil, findings.Question{}, err
	}
	return own.scopes[0], findings.Question{Own: own.within}, nil
}

// together refuses several asset lists where the console cannot be asked for them at once.
func together(ctx context.Context, a *console.Account, lists []string) error {
	dialect, err := a.Dialect(ctx)
	if err != nil {
		return a.Wrap(err)
	}
	if dialect == scapi.RPC && len(lists) > 1 {
		return fmt.Errorf("%w: SecurityCenter 4 takes one asset list at a time, and the same host may be in several: one list has to combine them", errMistaken)
	}
	return nil
}

// assignedParts ask for the hosts of all owners' lists, each repository through one
// account, to take them off.
func assignedParts(ctx context.Context, c *findings.Console, owners []config.Owner, m *Metrics) ([]part, error) {
	var accounts []*console.Account
	var lists []string
	for _, o := range owners {
		through, err := throughAccount(ctx, c, o.Account, "")
		if err != nil {
			return nil, err
		}
		if !slices.Contains(accounts, through) {
			accounts = append(accounts, through)
		}
		for _, id := range o.Assets {
			if !slices.Contains(lists, id) {
				lists = append(lists, id)
			}
		}
	}
	if err := oneOrganization(ctx, accounts); err != nil {
		return nil, err
	}
	if err := together(ctx, accounts[0], lists); err != nil {
		return nil, err
	}
	var parts []part
	asked := map[string]bool{}
	for _, a := range accounts {
		own, err := tallyThrough(ctx, c, a, m)
		if err != nil {
			return nil, err
		}
		own.within = []scapi.Filter{scapi.ByAsset(lists...)}
		for _, p := range own.parts(findings.Question{}) {
			p.minus = true
			for _, id := range p.scope.IDs() {
				if !asked[id] {
					p.Repositories, asked[id] = append(p.Repositories, id), true
				}
			}
			if len(p.Repositories) > 0 {
				parts = append(parts, p)
			}
		}
	}
	return parts, nil
}

// oneOrganization refuses accounts of several organisations, which number their lists
// alike, and several accounts where the console does not tell organisations.
func oneOrganization(ctx context.Context, accounts []*console.Account) error {
	if len(accounts) == 1 {
		return nil
	}
	var organizations []string
	for _, a := range accounts {
		who, err := console.Through(ctx, a, (*scapi.Client).Whoami)
		if err != nil {
			return fmt.Errorf("%w: %w", errElsewhere, err)
		}
		organizations = append(organizations, who.OrganizationID)
	}
	if slices.Sort(organizations); organizations[0] == "" || len(slices.Compact(organizations)) > 1 {
		return fmt.Errorf("%w: the owners' lists are of several organisations, or nobody knows whether they are", errMistaken)
	}
	return nil
}
