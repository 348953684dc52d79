package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func addPatchList(t *tree) {
	var top int
	var repositories []string
	var owner string
	cmd := command(t.app, "patch-list", "The fixes that remove most of the risk, in words: what to do, the plugin, the hosts, and the share of the score of all open findings that goes away. "+
		"One page of sumremediation where the console has that tool, else reckoned from the plugins (sumid) with the score's usual weights: 40 for a critical finding, 10, 3, 1. "+
		"The plugin's name, and there its solution, take one request a line.",
		"scctl patch-list",
		"scctl patch-list --top 25 --repository 1,3 --format csv -o patches.csv",
		"scctl --config.file config.yml patch-list --owner payments",
	)
	cmd.Flag("top", "How many fixes.").Default("10").IntVar(&top)
	cmd.Flag("repository", "Ids or names of the repositories that count, separated by commas. By itself: all.").PlaceHolder("ID,…").StringsVar(&repositories)
	cmd.Flag("owner", "The owner whose hosts count, by its name in the configuration file; shares are then those of the score of its findings. By itself: all hosts.").PlaceHolder("NAME").StringVar(&owner)
	choose := func(c *config.Config) (string, error) {
		if err := knownOwner(owner, c); err != nil {
			return "", err
		}
		if top < 1 || top > mostFixes {
			return "", wrongUsage("--top %d: want 1 to %d", top, mostFixes)
		}
		return "", nil
	}
	t.tallying(cmd, fixColumns().names(), choose, func(ctx context.Context, c *tallied) error {
		found, err := c.fixes(ctx, owner, splitList(strings.Join(repositories, ",")), top)
		switch {
		case err != nil && owner != "":
			return fmt.Errorf("owner %s: %w", owner, err)
		case err != nil:
			return err
		}
		if err := found.describe(ctx); err != nil {
			return err
		}
		return list(c.job, fixColumns(), found.fixes)
	})
}

// knownOwner refuses an owner that the configuration does not have.
func knownOwner(name string, c *config.Config) error {
	switch {
	case name == "":
		return nil
	case c == nil:
		return wrongUsage("--owner: who owns what stands in the exporter's configuration file: give --config.file")
	}
	var known []string
	for _, o := range c.Owners {
		if !slices.Contains(known, o.Name) {
			known = append(known, o.Name)
		}
	}
	switch {
	case slices.Contains(known, name):
		return nil
	case known == nil:
		return wrongUsage("--owner %s: there are no owners in the configuration", name)
	}
	return wrongUsage("--owner %s: there is no such owner%s; there are %s", name, didYouMean(name, known), strings.Join(known, ", "))
}

// owned is the account through which the hosts of an owner are asked for, and the
// question that asks for them; every account and all hosts where it is empty.
func (c *tallied) owned(ctx context.Context, owner string) ([]*findings.Scope, findings.Question, error) {
	if owner == "" {
		scopes, err := c.Scopes(ctx)
		return scopes, findings.Question{}, err
	}
	for _, o := range c.configured.Owners {
		if o.Name == owner {
			scope, q, err := collector.OwnerScope(ctx, c.Console, o)
			return []*findings.Scope{scope}, q, err
		}
	}
	return nil, findings.Question{}, wrongUsage("no asset lists on console %s", c.Name())
}

// mostFixes are read of each account where several read findings: what is worst of
// all together need not be among the worst of each.
const mostFixes = 1000

// scoreWeights are what a finding of each severity adds to the score, unless an
// organisation has weights of its own.
var scoreWeights = [...]float64{scapi.Info: 0, scapi.Low: 1, scapi.Medium: 3, scapi.High: 10, scapi.Critical: 40}

// fix is what goes away when a plugin's solution is applied.
type fix struct {
	plugin, name, solution string
	hosts, findings        int64
	score                  float64
	share, cumulative      float64 // percent of the score of all open findings
	account                *console.Account
}

// fixList are fixes, the one that removes most first, and the score of all findings.
type fixList struct {
	fixes []fix
	score float64
}

// fixes returns the fixes that remove most, on the hosts of an owner where it is not
// empty.
func (c *tallied) fixes(ctx context.Context, owner string, repositories []string, top int) (fixList, error) {
	scopes, q, err := c.owned(ctx, owner)
	if err != nil {
		return fixList{}, err
	}
	parts, err := scopesOf(scopes, repositories)
	if err != nil {
		return fixList{}, err
	}
	for i := range parts {
		parts[i].Own = q.Own
	}
	found, told, err := byRemediation(ctx, parts, top)
	if err == nil && !told {
		found, err = byPlugins(ctx, parts)
	}
	if err != nil {
		return fixList{}, err
	}
	slices.SortFunc(found.fixes, func(a, b fix) int {
		return cmp.Or(cmp.Compare(b.score, a.score), scapi.CompareIDs(a.plugin, b.plugin))
	})
	found.fixes = found.fixes[:min(len(found.fixes), top)]
	sum := 0.0
	for i := range found.fixes {
		f := &found.fixes[i]
		f.share = 100 * f.score / max(found.score, 1)
		sum += f.share
		f.cumulative = min(sum, 100)
	}
	return found, nil
}

// scopePart is what is asked of one account.
type scopePart struct {
	scope *findings.Scope
	findings.Question
}

// scopesOf divides repositories, by id or name, among the accounts that read them.
func scopesOf(scopes []*findings.Scope, wanted []string) ([]scopePart, error) {
	var parts []scopePart
	ids := map[string]bool{}
	for _, want := range wanted {
		var byID, byName, known []string
		for _, s := range scopes {
			for _, r := range s.Repositories {
				known = append(known, r.ID, r.Name)
				if r.ID == want {
					byID = append(byID, r.ID)
				}
				if strings.EqualFold(r.Name, want) {
					byName = append(byName, r.ID)
				}
			}
		}
		switch of := slices.Concat(byID, byName); {
		case len(byID) > 0:
			ids[want] = true
		case len(of) == 1:
			ids[of[0]] = true
		case len(of) > 1:
			return nil, wrongUsage("--repository %s: there are several of that name: %s", want, strings.Join(of, ", "))
		default:
			return nil, fmt.Errorf("repository %s: %w among those that the accounts read%s", want, scapi.ErrNotFound, didYouMean(want, known))
		}
	}
	for _, s := range scopes {
		own := slices.DeleteFunc(s.IDs(), func(id string) bool { return len(wanted) > 0 && !ids[id] })
		if len(own) > 0 {
			parts = append(parts, scopePart{s, findings.Question{Repositories: own}})
		}
	}
	return parts, nil
}

// byRemediation asks for the fixes in one page; false where the console has no such
// tool, and where results of audits would be among them.
func byRemediation(ctx context.Context, parts []scopePart, top int) (fixList, bool, error) {
	if len(parts) > 1 {
		top = mostFixes
	}
	known := map[string]fix{}
	var list fixList
	for _, p := range parts {
		page, err := p.scope.Rows(ctx, "sumremediation", p.Question, "score", top)
		switch {
		case err == nil && !page.Valid, err != nil && scapi.Answered(err) && !scapi.IsTemporary(err): // in whatever words it does not know the tool
			return fixList{}, false, nil
		case err != nil:
			return fixList{}, false, err
		}
		weight, err := p.score(ctx)
		if err != nil {
			return fixList{}, false, err
		}
		list.score += weight
		for _, row := range page.Value.Rows {
			id := row.String("pluginID")
			f := fix{plugin: id, solution: row.String("solution"), account: p.scope.Account}
			f.score, f.hosts, f.findings = row.Float("score").Value, row.Int("hostTotal").Value, row.Int("total").Value
			if percent, err := strconv.ParseFloat(strings.TrimSuffix(row.String("scorePctg"), "%"), 64); err == nil && !row.Float("score").Valid {
				f.score = percent / 100 * weight
			}
			known[id] = f.and(known[id])
		}
	}
	list.fixes = slices.Collect(maps.Values(known))
	return list, true, nil
}

// score is that of all findings; reckoned where the console does not tell it.
func (p scopePart) score(ctx context.Context) (float64, error) {
	all, err := p.scope.Totals(ctx, p.Question)
	if err != nil || all.Value.Score.Valid {
		return all.Value.Score.Value, err
	}
	sum := 0.0
	for severity, n := range all.Value.Counts {
		sum += scoreWeights[severity] * float64(n)
	}
	return sum, nil
}

// byPlugins reckons what every plugin adds to the score.
func byPlugins(ctx context.Context, parts []scopePart) (fixList, error) {
	known := map[string]fix{}
	var list fixList
	for _, p := range parts {
		requests, err := p.scope.Requests(ctx, p.Question, findings.Severities)
		switch {
		case err != nil:
			return fixList{}, err
		case requests == nil:
			return fixList{}, fmt.Errorf("account %s: %w: results of audits and findings are not told apart", p.scope.Account.Name(), errUntold)
		}
		for row, err := range findings.PluginRows(ctx, requests) {
			if err != nil {
				return fixList{}, err
			}
			severity, rated := row.Severity().Get()
			if !rated || severity == scapi.Info {
				continue
			}
			id := row.String("pluginID")
			f := fix{plugin: id, name: row.String("name"), account: p.scope.Account}
			f.hosts, f.findings = row.Int("hostTotal").Value, row.Int("total").Value
			f.score = scoreWeights[severity] * float64(f.findings)
			list.score += f.score
			known[id] = f.and(known[id])
		}
	}
	list.fixes = slices.Collect(maps.Values(known))
	return list, nil
}

// and adds what another account, or another severity, knows of the same fix.
func (f fix) and(o fix) fix {
	f.hosts, f.findings, f.score = f.hosts+o.hosts, f.findings+o.findings, f.score+o.score
	return f
}

// describe fills in the plugins' texts where the list lacks them.
func (l fixList) describe(ctx context.Context) error {
	for i := range l.fixes {
		f := &l.fixes[i]
		plugin, err := console.Through(ctx, f.account, func(client *scapi.Client, ctx context.Context) (scapi.Plugin, error) {
			return client.Plugin(ctx, f.plugin)
		})
		switch {
		case err == nil:
			f.name, f.solution = cmp.Or(f.name, plugin.Name), cmp.Or(f.solution, plugin.Solution)
		case !console.CannotRead(err) && !scapi.IsNotFound(err):
			return err
		}
	}
	return nil
}

func fixColumns() columns[fix] {
	percent := func(v float64) float64 { return math.Round(v*100) / 100 }
	return columns[fix]{columns: []column[fix]{
		{"solution", func(f fix) any { return f.solution }},
		{"pluginID", func(f fix) any { return f.plugin }},
		{"pluginName", func(f fix) any { return f.name }},
		{"hosts", func(f fix) any { return f.hosts }},
		{"findings", func(f fix) any { return f.findings }},
		{"score", func(f fix) any { return f.score }},
		{"sharePercent", func(f fix) any { return percent(f.share) }},
		{"cumulativePercent", func(f fix) any { return percent(f.cumulative) }},
	}}
}
