package collector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var (
	remediationRiskRatio = &Family{
		Name:   "securitycenter_remediation_risk_ratio",
		Source: Source{REST: "POST /analysis, sumremediation", RPC: "vuln::query, sumremediation", Cost: "1 page of rows"},
		Help:   "Share of the console's weighted score that goes away with the fix of this plugin, from 0 to 1, for the fixes that remove most. Absent where compliance results have to be subtracted, and where several accounts read findings and the console does not add up their scores.",
		Labels: []string{"plugin_id"},

		Uncounted: "it is a share; scctl patch-list has the fixes in words",
		Stability: Experimental,
	}
	remediationPluginHosts = &Family{
		Name:      "securitycenter_top_plugin_hosts",
		Stability: Experimental,
		Source:    Source{REST: "POST /analysis, sumid", RPC: "vuln::query, sumid", Cost: "1 page of rows"},
		Help:      "Hosts with an open finding of the plugin, for the plugins of severity low and higher on most hosts; a host counts once in every repository that holds it. Where several accounts read findings the first 1000 plugins of each count. Absent where compliance results have to be subtracted.",
		Labels:    []string{"plugin_id", "severity"},
	}
	remediationPluginInfo = &Family{
		Name:   "securitycenter_plugin_info",
		Source: Source{REST: "POST /analysis, sumremediation and sumid", RPC: "vuln::query, sumremediation and sumid", Cost: "none: the same pages"},
		Help:   "Name of a plugin and the solution that fixes its findings, for the plugins that securitycenter_remediation_risk_ratio and securitycenter_top_plugin_hosts show; the value is 1. A label is empty where the page that the plugin is on does not say it: the first tells solutions, the second names. Absent unless switched on.",
		Labels: []string{"plugin_id", "plugin", "solution"},

		Uncounted: "it names a plugin",
	}
)

// remediationCollector tells what to fix first. REST POST /analysis, RPC vuln::query,
// tools sumremediation and sumid.
func remediationCollector() *Collector {
	return &Collector{
		Name:     "remediation",
		Help:     "The fixes that remove most of the risk, and the plugins on most hosts.",
		Interval: time.Hour,
		Account:  scapi.Organization,
		priority: 3,
		Keys: []config.Key{
			{Name: "top", Kind: config.Int, Default: 10, Min: 1, Max: 1000, Help: "how many fixes are shown"},
			{Name: "plugins", Kind: config.Int, Default: 25, Min: 1, Max: 1000, Help: "how many plugins are shown"},
			{Name: "names", Kind: config.Bool, Default: false, Help: "tell the name and the solution of the plugins that are shown too; one series for each, no request more"},
		},
		Families: []*Family{remediationRiskRatio, remediationPluginHosts, remediationPluginInfo},
		figures: counting(func(ctx context.Context, total tally, settings Settings) ([]*figure, error) {
			return remediationFigures(pluginTexts{})(ctx, total, settings)
		}),
		New: stateless(loadRemediation),
	}
}

// remediationFigures leave in texts what the pages say of the plugins.
func remediationFigures(texts pluginTexts) func(context.Context, tally, Settings) ([]*figure, error) {
	return func(_ context.Context, total tally, settings Settings) ([]*figure, error) {
		return []*figure{remediationFixes(total, settings.Int("top"), texts), remediationWidespread(total, settings.Int("plugins"), texts)}, nil
	}
}

func loadRemediation(ctx context.Context, c *findings.Console, settings Settings, m *Metrics) error {
	told := pluginTexts{}
	list, err := counting(remediationFigures(told))(ctx, c, settings, m)
	if err != nil || list == nil {
		return err
	}
	fixes, widespread := list[0].show(ctx, m), list[1].show(ctx, m)
	if settings.Bool("names") {
		for id, of := range told {
			if of.shown {
				m.Set(remediationPluginInfo, 1, id, of.name, of.solution)
			}
		}
	}
	// In whatever words a console does not know one tool, the other is not lost.
	lasting := func(err error) bool { return err != nil && scapi.Answered(err) && !scapi.IsTemporary(err) }
	switch {
	case lasting(fixes) && widespread == nil:
		m.lacking(remediationRiskRatio, fixes)
		return nil
	case lasting(widespread) && fixes == nil:
		m.lacking(remediationPluginHosts, widespread)
		return nil
	}
	return errlist.Join(fixes, widespread)
}

// pluginTexts are what the pages say of plugins, by id.
type pluginTexts map[string]*pluginText

type pluginText struct {
	name, solution string
	shown          bool // there is another sample of the plugin
}

// of returns what is told of a plugin, to be completed.
func (p pluginTexts) of(id string) *pluginText {
	if p[id] == nil {
		p[id] = &pluginText{}
	}
	return p[id]
}

// oneLine is a text of the console without its breaks, as the value of a label.
func oneLine(text string) string { return labelValue(strings.Join(strings.Fields(text), " ")) }

// severalRows are read of each account where several read findings: what is
// worst of all together need not be among the worst of each.
const severalRows = 1000

// remediationRows is how many rows are read where so many are to be shown.
func remediationRows(total tally, most int) int {
	if len(total.scopes) > 1 {
		return max(most, severalRows)
	}
	return most
}

// remediationFixes are the fixes that remove most of the score. The shares of several
// accounts are weighted with their scores.
func remediationFixes(total tally, most int, texts pluginTexts) *figure {
	read := func(ctx context.Context, pages []findings.Page) ([]series, error) {
		ratios := map[string]float64{}
		whole := 0.0
		for i, page := range pages {
			weight := 1.0
			if len(total.scopes) > 1 {
				open, err := total.scopes[i].Totals(ctx, findings.Question{})
				if err != nil {
					return nil, err
				}
				if !open.Value.Score.Valid {
					total.m.lacking(remediationRiskRatio, total.scopes[i].Account.Wrap(errors.New("the console does not add up the score")))
					return nil, nil
				}
				weight = open.Value.Score.Value
			}
			whole += weight
			for _, row := range page.Rows {
				percent, err := strconv.ParseFloat(strings.TrimSuffix(row.String("scorePctg"), "%"), 64)
				if err == nil && percent >= 0 {
					id := labelValue(row.String("pluginID"))
					ratios[id] += percent / 100 * weight
					texts.of(id).solution = cmp.Or(texts.of(id).solution, oneLine(row.String("solution")))
				}
			}
		}
		var told []series
		for _, id := range largest(ratios, most) {
			texts.of(id).shown = true
			told = append(told, series{
				family: remediationRiskRatio, labels: []string{id}, value: scapi.Some(min(ratios[id]/max(whole, 1), 1)),
				reading: reading{of: ofNothing},
			})
		}
		return told, nil
	}
	return total.rows(findings.Question{}, page{
		tool: "sumremediation", sort: "score", most: remediationRows(total, most), families: []*Family{remediationRiskRatio}, read: read,
	})
}

// remediationWidespread are the plugins that are on most hosts.
func remediationWidespread(total tally, most int, texts pluginTexts) *figure {
	type key struct {
		plugin   string
		severity scapi.Severity
	}
	read := func(_ context.Context, pages []findings.Page) ([]series, error) {
		hosts := map[key]float64{}
		for _, page := range pages {
			for _, row := range page.Rows {
				n, counted := row.Float("hostTotal").Get()
				severity, known := row.Severity().Get()
				if counted && known {
					id := labelValue(row.String("pluginID"))
					hosts[key{id, severity}] += n
					texts.of(id).name = cmp.Or(texts.of(id).name, oneLine(row.String("name")))
				}
			}
		}
		var told []series
		for _, k := range largest(hosts, most) {
			texts.of(k.plugin).shown = true
			one := ofSeverity(remediationPluginHosts, k.severity, k.plugin)
			one.of, one.value = ofHosts, scapi.Some(hosts[k])
			one.only = []scapi.Filter{{Name: scapi.ByPluginIDs().Name, Value: k.plugin}, scapi.BySeverity(k.severity)}
			told = append(told, one)
		}
		return told, nil
	}
	return total.rows(only(scapi.BySeverity(ratedSeverities...)), page{
		tool: "sumid", sort: "hostTotal", most: remediationRows(total, most), families: []*Family{remediationPluginHosts}, read: read,
	})
}

// largest returns the keys of the largest values; of equal ones the same each time.
func largest[K comparable](values map[K]float64, most int) []K {
	keys := slices.Collect(maps.Keys(values))
	slices.SortFunc(keys, func(a, b K) int {
		return cmp.Or(cmp.Compare(values[b], values[a]), strings.Compare(fmt.Sprint(a), fmt.Sprint(b)))
	})
	return keys[:min(len(keys), most)]
}
