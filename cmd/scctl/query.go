package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/alecthomas/kingpin/v2"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// querySettings are the flags of commands that select findings.
type querySettings struct {
	source    string
	filters   []string
	scan      string
	directory string
	view      string
	sort      string
	ascending bool
	descend   bool
	pageSize  int
	offset    int64
}

// registerSelection adds the flags that say which findings count.
func (q *querySettings) registerSelection(cmd *kingpin.CmdClause) {
	cmd.Flag("filter", filterHelp).Short('f').PlaceHolder("FILTER").StringsVar(&q.filters)
	choiceFlag(cmd, "source", "Data to read: cumulative (open findings), mitigated or patched (fixed ones), individual (one scan), lce (log events).",
		&q.source, "cumulative", "mitigated", "patched", "individual", "lce").Default("cumulative")
	cmd.Flag("scan", "With --source individual: id of the scan result, or a name that no other of the last 30 days has.").PlaceHolder("ID").StringVar(&q.scan)
	cmd.Flag("directory", "With --source individual: day the scan finished (2024-05-01). SecurityCenter 4 wants it, later versions do not look at it.").
		PlaceHolder("DATE").StringVar(&q.directory)
	choiceFlag(cmd, "view", "With --source individual: all, new or patched.", &q.view, "all", "new", "patched").PlaceHolder("VIEW")
}

// registerRows adds the flags that say which rows, in which order.
func (q *querySettings) registerRows(cmd *kingpin.CmdClause) {
	cmd.Flag("sort", "Column to sort by. By itself the console sorts as it likes.").PlaceHolder("COLUMN").StringVar(&q.sort)
	cmd.Flag("asc", "With --sort: ascending.").BoolVar(&q.ascending)
	cmd.Flag("desc", "With --sort: descending, as without either.").BoolVar(&q.descend)
	numberFlag(cmd, "page-size", "Rows of one request; 1000 unless the configuration says otherwise.", &q.pageSize).PlaceHolder("N")
	numberFlag(cmd, "offset", "Rows to skip.", &q.offset).PlaceHolder("N")
}

// ask checks the flags, logs in, and returns the query of a tool that they
// describe, for a console that may have had to be asked what it is that they name.
func (j *job) ask(ctx context.Context, q *querySettings, tool string) (*scapi.Client, scapi.Query, error) {
	if _, err := q.query(tool, unasked); err != nil {
		return nil, scapi.Query{}, err
	}
	client, err := j.login(ctx)
	if err != nil {
		return nil, scapi.Query{}, err
	}
	dialect, err := client.Dialect(ctx)
	switch {
	case err != nil:
		return nil, scapi.Query{}, err
	case dialect == scapi.RPC && q.source == string(scapi.Individual) && q.directory == "":
		return nil, scapi.Query{}, wrongUsage("--source individual: SecurityCenter 4 wants --directory too, the day the scan finished, such as 2024-05-01")
	}
	query, err := q.query(tool, j.finder(ctx, client))
	return client, query, err
}

// query returns the query of a tool that the flags describe.
func (q *querySettings) query(tool string, find finder) (scapi.Query, error) {
	filters, err := parseFilters(q.filters, find)
	if err != nil {
		return scapi.Query{}, err
	}
	directory, err := flagTime("directory", q.directory)
	if err != nil {
		return scapi.Query{}, err
	}
	direction, err := direction(q.sort, q.ascending, q.descend)
	if err != nil {
		return scapi.Query{}, err
	}
	source := scapi.Source(q.source)
	if source == "patched" { // as later versions call it
		source = scapi.Mitigated
	}
	individual := source == scapi.Individual
	switch {
	case individual && q.scan == "":
		return scapi.Query{}, wrongUsage("--source individual wants --scan")
	case !individual && (q.scan != "" || q.directory != "" || q.view != ""):
		return scapi.Query{}, wrongUsage("--scan, --directory and --view go with --source individual")
	}
	scan := q.scan
	if individual {
		if scan, err = find(scanResults, q.scan); err != nil {
			return scapi.Query{}, err
		}
	}
	return scapi.Query{
		Tool: tool, Source: source, Filters: filters, ScanID: scan, Directory: directory, View: q.view,
		Sort: q.sort, Direction: direction, PageSize: q.pageSize, Offset: q.offset,
	}, nil
}

// direction reads --asc and --desc.
func direction(sort string, ascending, descending bool) (scapi.Direction, error) {
	switch {
	case ascending && descending:
		return "", wrongUsage("--asc and --desc exclude each other")
	case (ascending || descending) && sort == "":
		return "", wrongUsage("--asc and --desc go with --sort")
	case ascending:
		return scapi.Ascending, nil
	case descending:
		return scapi.Descending, nil
	}
	return "", nil
}

// briefly are the columns that a table shows of tools whose rows have too many.
var briefly = map[string][]string{
	"sumip": {"ip", "dnsName", "repository", "repositoryID", "score", "total",
		"severityCritical", "severityHigh", "severityMedium", "severityLow", "severityInfo"},
	"vulndetails": {"ip", "dnsName", "repository", "repositoryID", "pluginID", "severity", "port", "protocol", "pluginName"},
	"listvuln":    {"ip", "dnsName", "repository", "repositoryID", "pluginID", "severity", "port", "protocol", "name"},
}

func addQuery(t *tree) {
	var q querySettings
	var tool string
	cmd := command(t.app, "query", "Rows of an analysis tool, as they come: sumip, sumid, sumseverity, vulndetails, listvuln, sumasset, … "+
		"The keys of a row are the console's and differ between SecurityCenter 4 and later versions.",
		"scctl query sumip --format csv -o hosts.csv",
		"scctl query vulndetails -f severity=high,critical -f 'lastSeen>=2024-05-01' --fields ip,pluginID,pluginName,firstSeenDate --format csv",
		"scctl query sumid --sort total --desc --limit 20",
		"scctl query vulndetails --source individual --scan 123 --format jsonl",
		"scctl query sumip --source lce",
	)
	cmd.Arg("tool", "Analysis tool.").Required().HintOptions(tools...).StringVar(&tool)
	q.registerSelection(cmd)
	q.registerRows(cmd)
	t.settings.registerPrefetch(cmd)
	t.settings.output.registerListing(cmd)
	t.asking(cmd, scapi.Organization, func(ctx context.Context, j *job) error {
		client, query, err := j.ask(ctx, &q, tool)
		if err != nil {
			return err
		}
		query.Limit = j.settings.output.limit
		j.begin(nil, briefly[tool])
		rows, err := j.pages(ctx, client, query)
		if err == nil && rows == 0 && j.settings.output.hasNames() && !j.settings.output.bare && len(j.settings.output.fieldList()) == 0 {
			j.settings.remarks.show(j.err, "no rows, and so no columns: those of a query are the console's own (--fields names them)")
		}
		return err
	})
}

// pages writes the rows of a query page by page, and tells how many there were.
func (j *job) pages(ctx context.Context, client *scapi.Client, query scapi.Query) (done int64, err error) {
	p := j.newProgress("rows")
	defer p.hide()
	query.ReuseRaw = true // flush lets go of the rows
	var items []item
	err = client.QueryPages(ctx, query, func(page scapi.Page) error {
		p.hide()
		if done == 0 {
			if err := j.settings.output.checkRows(page.Rows); err != nil {
				return err
			}
		}
		items = items[:0]
		for _, row := range page.Rows {
			items = append(items, item{raw: row.Raw, row: row})
		}
		for n := range items {
			if err := j.records.write(&items[n]); err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
		if err := j.records.flush(); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		done += int64(len(page.Rows))
		total := max(page.Total.Value-query.Offset, 0)
		if query.Limit > 0 {
			total = min(total, query.Limit)
		}
		p.show(done, total)
		return nil
	})
	return done, err
}

func addSummary(t *tree) {
	var q querySettings
	var tool string
	cmd := command(t.app, "summary", "Numbers of findings by severity, with one request of one row where the console allows it.",
		"scctl summary",
		"scctl summary -f repository=1 -f exploitAvailable=true --format json",
	)
	cmd.Flag("tool", "Tool whose rows are counted as records: sumip counts hosts (of each repository), sumid plugins.").HintOptions(tools...).Default("sumip").StringVar(&tool)
	q.registerSelection(cmd)
	t.settings.output.registerListing(cmd, summaryColumns(scapi.Severities[:]).names()...)
	t.asking(cmd, scapi.Organization, func(ctx context.Context, j *job) error {
		client, query, err := j.ask(ctx, &q, tool)
		if err != nil {
			return err
		}
		summary, err := client.Summary(ctx, query)
		if err != nil {
			return err
		}
		known, err := client.Severities(ctx)
		if err != nil {
			return err
		}
		return list(j, summaryColumns(known), []scapi.Summary{summary})
	})
}

// summaryColumns has all severities; those that the console does not know are unknown.
func summaryColumns(known []scapi.Severity) columns[scapi.Summary] {
	c := columns[scapi.Summary]{columns: []column[scapi.Summary]{
		{"records", func(s scapi.Summary) any { return s.Records }},
		{"findings", func(s scapi.Summary) any { return s.Findings.Total() }},
		{"score", func(s scapi.Summary) any { return opt(s.Score) }},
	}}
	for _, severity := range scapi.Severities {
		c.columns = append(c.columns, column[scapi.Summary]{severity.String(), func(s scapi.Summary) any {
			if !slices.Contains(known, severity) {
				return nil
			}
			return s.Findings[severity]
		}})
	}
	return c
}
