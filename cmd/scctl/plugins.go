package main

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func addPlugins(t *tree) {
	addPluginList(t)
	addPluginDetails(t)
	addPluginFamilies(t)

	counts := command(t.app, "plugin-counts", "Numbers of plugins by type. A console of Tenable.sc has to be asked some requests for each type.",
		"scctl plugin-counts")
	type count struct {
		kind string
		n    scapi.Opt[int64]
	}
	c := columns[count]{columns: []column[count]{
		{"type", func(c count) any { return c.kind }},
		{"plugins", func(c count) any { return opt(c.n) }},
	}}
	listing(t, counts, scapi.UnknownKind, c, func(client *scapi.Client, ctx context.Context) ([]count, error) {
		counts, err := client.PluginCounts(ctx)
		if err != nil {
			return nil, err
		}
		var all []count
		for _, kind := range slices.Sorted(maps.Keys(counts.ByType)) {
			all = append(all, count{kind, scapi.Some(counts.ByType[kind])})
		}
		return append(all, count{"total", counts.Total}), nil
	})
}

func addPluginList(t *tree) {
	var (
		q               scapi.PluginQuery
		since, filter   string
		ascend, descend bool
		learn, texts    bool
	)
	cmd := command(t.app, "plugins", "Plugins of the console's database, as they come.",
		"scctl plugins --type active --since 2024-05-01",
		"scctl plugins --filter CVE=CVE-2021-44228",
		"scctl plugins --sort modifiedTime --desc --page-size 100 --pages 1 --format csv",
	)
	choiceFlag(cmd, "type", "Type of plugin.", &q.Type, "all", "notPassive", "active", "passive", "compliance", "custom", "lce").Default("all")
	cmd.Flag("sort", "Column to sort by.").Default("id").StringVar(&q.Sort)
	cmd.Flag("asc", "Ascending, as without either.").BoolVar(&ascend)
	cmd.Flag("desc", "Descending.").BoolVar(&descend)
	numberFlag(cmd, "page-size", "Plugins of one request.", &q.PageSize).PlaceHolder("N")
	numberFlag(cmd, "pages", "At most so many requests; 0: until the end.", &q.Pages).PlaceHolder("N")
	numberFlag(cmd, "offset", "Plugins to skip.", &q.Offset).PlaceHolder("N")
	cmd.Flag("since", "Only plugins that came or changed since then: a date (2024-05-01) or a time.").PlaceHolder("DATE").StringVar(&since)
	cmd.Flag("filter", "The one filter that a list can have: COLUMN=VALUE keeps what contains the value, and on Tenable.sc COLUMN==VALUE what equals it, "+
		"likewise >, >=, < and <=. A column may be the name of a cross reference: CVE=…, CISCO_SA=…").Short('f').PlaceHolder("FILTER").StringVar(&filter)
	cmd.Flag("texts", "Ask for synopsis, description, solution and seeAlso too, which makes an answer of Tenable.sc a hundred times larger.").BoolVar(&texts)
	cmd.Flag("learn-cross-references", "First read the whole list for the names of cross references that --filter may take.").BoolVar(&learn)
	t.settings.output.registerListing(cmd, pluginColumns().names()...)
	t.asking(cmd, scapi.UnknownKind, func(ctx context.Context, j *job) error {
		var err error
		if q.Since, err = flagTime("since", since); err != nil {
			return err
		}
		if q.Direction, err = direction(q.Sort, ascend, descend); err != nil {
			return err
		}
		if filter != "" {
			if q.Filter, err = pluginFilter(filter); err != nil {
				return err
			}
		}
		if texts {
			q.Fields = slices.Concat(pluginKeys, pluginTexts)
		}
		const usualPage = 1000
		if most := j.settings.output.limit; q.PageSize == 0 && most > 0 && most < usualPage {
			q.PageSize = int(most) // no more than will be written
		}
		client, err := j.login(ctx)
		if err != nil {
			return err
		}
		if learn {
			if _, err := client.LearnCrossReferences(ctx); err != nil {
				return err
			}
		}
		brief := []string{"id", "name", "type", "family", "riskFactor", "published", "modified"}
		return streaming(j, pluginColumns(), brief, "plugins", client.Plugins(ctx, q))
	})
}

// The keys of a plugin that its columns are made of.
var (
	pluginKeys = []string{
		"id", "name", "type", "family", "riskFactor", "baseScore", "cvssV3BaseScore", "vprScore", "exploitAvailable",
		"pluginPubDate", "pluginModDate", "patchPubDate", "vulnPubDate", "modifiedTime", "xrefs",
	}
	pluginTexts = []string{"synopsis", "description", "solution", "seeAlso"}
)

// pluginFilter reads the filter of a list of plugins.
func pluginFilter(s string) (scapi.PluginFilter, error) {
	at := strings.IndexAny(s, "=<>")
	if at > 0 {
		for _, operator := range []struct{ sign, name string }{
			{">=", "gte"}, {"<=", "lte"}, {"==", "eq"}, {">", "gt"}, {"<", "lt"}, {"=", ""},
		} {
			if value, ok := strings.CutPrefix(s[at:], operator.sign); ok {
				return scapi.PluginFilter{Field: s[:at], Operator: operator.name, Value: value}, nil
			}
		}
	}
	return scapi.PluginFilter{}, wrongUsage("filter %q: want COLUMN=VALUE, or == > >= < <= in place of =", s)
}

func pluginColumns() columns[scapi.Plugin] {
	return columns[scapi.Plugin]{
		raw: func(p scapi.Plugin) json.RawMessage { return p.Raw },
		columns: []column[scapi.Plugin]{
			{"id", func(p scapi.Plugin) any { return p.ID }},
			{"name", func(p scapi.Plugin) any { return p.Name }},
			{"type", func(p scapi.Plugin) any { return p.Type }},
			{"familyID", func(p scapi.Plugin) any { return p.FamilyID }},
			{"family", func(p scapi.Plugin) any { return p.Family }},
			{"riskFactor", func(p scapi.Plugin) any { return p.RiskFactor }},
			{"baseScore", func(p scapi.Plugin) any { return opt(p.CVSS2) }},
			{"cvssV3BaseScore", func(p scapi.Plugin) any { return opt(p.CVSS3) }},
			{"vprScore", func(p scapi.Plugin) any { return opt(p.VPR) }},
			{"exploitAvailable", func(p scapi.Plugin) any { return opt(p.ExploitAvailable) }},
			{"published", func(p scapi.Plugin) any { return when(p.Published) }},
			{"patchPublished", func(p scapi.Plugin) any { return when(p.PatchPublished) }},
			{"vulnPublished", func(p scapi.Plugin) any { return when(p.VulnPublished) }},
			{"changed", func(p scapi.Plugin) any { return when(p.Changed) }},
			{"modified", func(p scapi.Plugin) any { return when(p.Modified) }},
			{"crossReferences", func(p scapi.Plugin) any { return crossReferences(p.CrossReferences) }},
			{"synopsis", func(p scapi.Plugin) any { return p.Synopsis }},
			{"description", func(p scapi.Plugin) any { return p.Description }},
			{"solution", func(p scapi.Plugin) any { return p.Solution }},
			{"seeAlso", func(p scapi.Plugin) any { return p.SeeAlso }},
		},
	}
}

func crossReferences(references []scapi.CrossReference) []string {
	texts := make([]string, 0, len(references))
	for _, r := range references {
		texts = append(texts, r.Name+":"+r.Value)
	}
	return texts
}

func addPluginDetails(t *tree) {
	var ids []string
	cmd := command(t.app, "plugin", "Plugins with all their texts, by id.",
		"scctl plugin 19506",
		"scctl plugin 19506 10107 --format json --raw",
	)
	cmd.Arg("id", "Id of a plugin.").Required().StringsVar(&ids)
	t.settings.output.registerListing(cmd, pluginColumns().names()...)
	t.asking(cmd, scapi.UnknownKind, func(ctx context.Context, j *job) error {
		return listEach(ctx, j, pluginColumns(), "plugin", ids, (*scapi.Client).Plugin)
	})
}

func addPluginFamilies(t *tree) {
	var count bool
	cmd := command(t.app, "plugin-families", "Families of plugins. Not on SecurityCenter 4.", "scctl plugin-families", "scctl plugin-families --count")
	cmd.Flag("count", "Also tell how many plugins each family has: a request for each of about a hundred.").BoolVar(&count)
	listing(t, cmd, scapi.UnknownKind, columns[scapi.PluginFamily]{
		raw: func(f scapi.PluginFamily) json.RawMessage { return f.Raw },
		columns: []column[scapi.PluginFamily]{
			{"id", func(f scapi.PluginFamily) any { return f.ID }},
			{"name", func(f scapi.PluginFamily) any { return f.Name }},
			{"type", func(f scapi.PluginFamily) any { return f.Type }},
			{"plugins", func(f scapi.PluginFamily) any { return opt(f.Plugins) }},
		},
	}, func(client *scapi.Client, ctx context.Context) ([]scapi.PluginFamily, error) {
		families, err := client.PluginFamilies(ctx)
		if err != nil || !count {
			return families, err
		}
		for i, f := range families {
			if families[i], err = client.PluginFamily(ctx, f.ID); err != nil {
				return nil, err
			}
		}
		return families, nil
	})
}
