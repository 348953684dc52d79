package doctor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

const (
	mostFindings = 10_000 // of a repository whose rows are counted
	mostHosts    = 2_000  // of one whose pages are walked
	mostPlugins  = 3      // whose hosts are compared
	mostResults  = 3      // of scans that are looked up
)

// asking is a scope whose console is asked directly.
type asking struct {
	x *examination
	s *findings.Scope
}

// summary is the first row, and the findings by severity, of what filters select.
func (q asking) summary(ctx context.Context, tool string, filters ...scapi.Filter) (scapi.OneRow, scapi.Counts, error) {
	p, err := q.s.Account.Prepare(ctx, scapi.Query{Tool: tool, Filters: filters})
	if err != nil {
		return scapi.OneRow{}, scapi.Counts{}, err
	}
	row, err := console.Call(ctx, q.s.Account, func(_ *scapi.Client, ctx context.Context) (scapi.OneRow, error) { return p.OneRow(ctx) })
	if err != nil {
		return scapi.OneRow{}, scapi.Counts{}, err
	}
	counts, err := console.Call(ctx, q.s.Account, func(_ *scapi.Client, ctx context.Context) (scapi.Counts, error) { return p.SeverityCounts(ctx) })
	return row, counts, err
}

// severities are the findings by severity of what a query selects.
func (q asking) severities(ctx context.Context, query scapi.Query) (scapi.Counts, error) {
	query.Tool = "sumip"
	p, err := q.s.Account.Prepare(ctx, query)
	if err != nil {
		return scapi.Counts{}, err
	}
	return console.Call(ctx, q.s.Account, func(_ *scapi.Client, ctx context.Context) (scapi.Counts, error) { return p.SeverityCounts(ctx) })
}

func (q asking) rows(ctx context.Context, query scapi.Query) ([]scapi.Row, error) {
	return console.Call(ctx, q.s.Account, func(client *scapi.Client, ctx context.Context) ([]scapi.Row, error) { return client.Query(ctx, query) })
}

// identities compares numbers that must be equal, whoever owns the console.
func (x *examination) identities(ctx context.Context) {
	for _, s := range x.scopes {
		q := asking{x, s}
		q.oneRow(ctx)
		smallest := q.repositories(ctx)
		if smallest != "" {
			q.counted(ctx, smallest)
			q.walked(ctx, smallest)
		}
		q.hostTotals(ctx)
		q.scans(ctx)
	}
}

// check begins a check of the scope.
func (q asking) check(id, name string) Check {
	suffix, account := q.x.of(q.s)
	return Check{ID: "identity." + id + suffix, Area: areaIdentities, Name: name + account, Result: OK, Do: "Send this report."}
}

// conclude adds a check of two numbers, which the console may have changed in between: differ is asked twice.
func (q asking) conclude(ctx context.Context, c Check, compare func(context.Context) (found, public string, equal bool, err error)) {
	var err error
	equal := false
	for range 2 { // data may move between two requests
		if c.Found, c.public, equal, err = compare(ctx); err != nil || equal {
			break
		}
	}
	switch {
	case err != nil:
		q.x.failed(c.Area, c.ID, c.Name, err)
		return
	case !equal:
		c.Result = Wrong
	}
	q.x.add(c)
}

// oneRow compares the totals that come with the first row with the summaries by severity and by plugin.
func (q asking) oneRow(ctx context.Context) {
	all := scapi.ByRepository(q.s.IDs()...)
	c := q.check("one_row", "totals of the first row")
	row, severities, err := q.summary(ctx, "sumip", all)
	switch {
	case err != nil:
		q.x.failed(c.Area, c.ID, c.Name, err)
		return
	case row.Contradicts:
		c.Result, c.Found = Wrong, "the severities beside the first row do not add up to their total"
		c.Means = "They are not used: severities are asked for by themselves, with twice the requests, and securitycenter_vulnerability_score is absent."
	case !row.Findings.Valid && q.x.dialect == scapi.RPC:
		c.Found = "not told, as is usual for this protocol: severities are asked for by themselves"
	case !row.Findings.Valid:
		c.Result, c.Found = Limited, "not told"
		c.Means, c.Do = "Severities are asked for by themselves, with twice the requests; securitycenter_vulnerability_score is absent.", "Nothing."
	default:
		c.Means = "securitycenter_vulnerabilities and all other counts by severity cannot be believed: they rest on one of both."
		q.conclude(ctx, c, func(ctx context.Context) (string, string, bool, error) {
			row, severities, err = q.summary(ctx, "sumip", all)
			return compared("first row", row.Findings.Value.Total(), "sumseverity", severities.Total(), row.Findings.Value == severities, err)
		})
		q.byPlugin(ctx, all)
		return
	}
	c.public = c.Found
	q.x.add(c)
	q.byPlugin(ctx, all)
}

func compared(a string, n int64, b string, m int64, equal bool, err error) (found, public string, same bool, failure error) {
	verb := "equal"
	if !equal {
		verb = "differ"
	}
	return fmt.Sprintf("%s: %d, %s: %d", a, n, b, m), fmt.Sprintf("%s and %s %s, %s", a, b, verb, magnitude(n)), equal, err
}

// byPlugin compares the summary by plugin with that by severity.
func (q asking) byPlugin(ctx context.Context, all scapi.Filter) {
	c := q.check("by_plugin", "findings by plugin")
	row, _, err := q.summary(ctx, "sumid", all)
	if err != nil {
		q.x.failed(c.Area, c.ID, c.Name, err)
		return
	}
	if row.Findings.Valid {
		c.Means = "securitycenter_unique_vulnerabilities and remediation cannot be believed."
		q.conclude(ctx, c, func(ctx context.Context) (string, string, bool, error) {
			row, severities, err := q.summary(ctx, "sumid", all)
			return compared("sumid", row.Findings.Value.Total(), "sumseverity", severities.Total(), row.Findings.Value == severities, err)
		})
		return
	}
	// Its rows tell: that is as many requests as there are pages of plugins, so only where there are few.
	if row.Records > mostFindings {
		c.Result, c.Found = Unknown, fmt.Sprintf("skipped: there are %d plugins, more than %d", row.Records, mostFindings)
		c.public, c.Means, c.Do = "skipped: too many plugins", "Nothing.", "Nothing."
		q.x.add(c)
		return
	}
	c.Means = "Counts by plugin (remediation, watches) cannot be believed."
	q.conclude(ctx, c, func(ctx context.Context) (string, string, bool, error) {
		rows, err := q.rows(ctx, scapi.Query{Tool: "sumid", Filters: []scapi.Filter{all}})
		if err != nil {
			return "", "", false, err
		}
		total := int64(0)
		for _, r := range rows {
			total += r.Int("total").Value
		}
		_, severities, err := q.summary(ctx, "sumip", all)
		return compared("rows of sumid", total, "sumseverity", severities.Total(), total == severities.Total(), err)
	})
}

// repositories compares the sum over the repositories with the whole, and returns the smallest that has findings.
func (q asking) repositories(ctx context.Context) (smallest string) {
	c := q.check("repositories", "sum over repositories")
	c.Means = "securitycenter_vulnerabilities by repository, or every other sum, cannot be believed: a finding is counted twice or not at all."
	q.conclude(ctx, c, func(ctx context.Context) (string, string, bool, error) {
		var sum scapi.Counts
		least := int64(0)
		for _, id := range q.s.IDs() {
			_, counts, err := q.summary(ctx, "sumip", scapi.ByRepository(id))
			if err != nil {
				return "", "", false, err
			}
			sum = sum.Add(counts)
			if n := counts.Total(); n > 0 && (least == 0 || n < least) {
				least, smallest = n, id
			}
		}
		_, whole, err := q.summary(ctx, "sumip", scapi.ByRepository(q.s.IDs()...))
		return compared("sum", sum.Total(), "whole", whole.Total(), sum == whole, err)
	})
	return smallest
}

// counted compares the summary by severity of a repository with its rows, counted one by one.
func (q asking) counted(ctx context.Context, repository string) {
	c := q.check("counted", "findings counted one by one")
	c.Means = "Every count of findings is in question."
	filter := scapi.ByRepository(repository)
	_, severities, err := q.summary(ctx, "sumip", filter)
	if err == nil && severities.Total() > mostFindings {
		c.Result, c.Found = Unknown, fmt.Sprintf("skipped: the smallest repository has %d findings, more than %d", severities.Total(), mostFindings)
		c.public, c.Means, c.Do = "skipped: too many findings", "Nothing.", "Nothing."
		q.x.add(c)
		return
	}
	q.conclude(ctx, c, func(ctx context.Context) (string, string, bool, error) {
		rows, err := q.rows(ctx, scapi.Query{Tool: "listvuln", Filters: []scapi.Filter{filter}})
		if err != nil {
			return "", "", false, err
		}
		var counts scapi.Counts
		for _, r := range rows {
			if severity, ok := r.Severity().Get(); ok {
				counts[severity]++
			}
		}
		_, severities, err := q.summary(ctx, "sumip", filter)
		return compared("rows", counts.Total(), "sumseverity", severities.Total(), counts == severities, err)
	})
}

// walked reads the hosts of a repository in pages of three sizes.
func (q asking) walked(ctx context.Context, repository string) {
	c := q.check("pages", "pages of three sizes")
	c.Means = "Lists that take more than one page (hosts, remediation, scctl) may lack rows or have some twice."
	filter := scapi.ByRepository(repository)
	row, _, err := q.summary(ctx, "sumip", filter)
	switch {
	case err != nil:
		q.x.failed(c.Area, c.ID, c.Name, err)
		return
	case row.Records > mostHosts:
		c.Result, c.Found = Unknown, fmt.Sprintf("skipped: the smallest repository has %d hosts, more than %d", row.Records, mostHosts)
		c.public, c.Means, c.Do = "skipped: too many hosts", "Nothing.", "Nothing."
		q.x.add(c)
		return
	}
	sizes := []int{1000, int(max(2, row.Records/2)), int(max(1, row.Records/5))}
	q.conclude(ctx, c, func(ctx context.Context) (string, string, bool, error) {
		var first []string
		equal := true
		lengths := make([]string, 0, len(sizes))
		for _, size := range sizes {
			rows, err := q.rows(ctx, scapi.Query{Tool: "sumip", Filters: []scapi.Filter{filter}, PageSize: size})
			if err != nil {
				return "", "", false, err
			}
			texts := make([]string, 0, len(rows))
			for _, r := range rows {
				texts = append(texts, strings.Join([]string{r.String("ip"), r.String("uuid"), r.String("dnsName"), r.String("total"), r.String("score")}, " "))
			}
			slices.Sort(texts)
			if first == nil {
				first = texts
			}
			equal = equal && slices.Equal(first, texts)
			lengths = append(lengths, fmt.Sprintf("%d rows in pages of %d", len(rows), size))
		}
		public := "the same rows"
		if !equal {
			public = "other rows"
		}
		return strings.Join(lengths, ", "), public + " in pages of each size", equal, nil
	})
}

// hostTotals compares the hosts of plugins as the summaries by plugin and by host tell them.
func (q asking) hostTotals(ctx context.Context) {
	c := q.check("host_total", "hosts of a plugin")
	all := scapi.ByRepository(q.s.IDs()...)
	c.Means = "Hosts of a plugin (watches, coverage, remediation) cannot be believed."
	told := true
	q.conclude(ctx, c, func(ctx context.Context) (string, string, bool, error) {
		rows, err := q.rows(ctx, scapi.Query{Tool: "sumid", Filters: []scapi.Filter{all}, Limit: mostPlugins})
		if err != nil {
			return "", "", false, err
		}
		var found []string
		equal := true
		for _, r := range rows {
			id, known := r.Int("pluginID").Get()
			hosts, tells := r.Int("hostTotal").Get()
			if !known || !tells {
				told = false
				continue
			}
			row, _, err := q.summary(ctx, "sumip", all, scapi.ByPluginIDs(id))
			if err != nil {
				return "", "", false, err
			}
			equal = equal && row.Records == hosts
			found = append(found, fmt.Sprintf("plugin %d: %d by plugin, %d by host", id, hosts, row.Records))
		}
		if !told {
			return "the summary by plugin does not tell hosts", "the summary by plugin does not tell hosts", true, nil
		}
		public := "equal"
		if !equal {
			public = "differ"
		}
		return strings.Join(found, "; "), fmt.Sprintf("hosts of %d plugins by plugin and by host %s", len(found), public), equal, nil
	})
}

// scans compares scan results of a list with the same ones by their ids.
func (q asking) scans(ctx context.Context) {
	c := q.check("scans", "scan results of a list and by id")
	c.Means = "States of scans (securitycenter_scan_last_success, _scan_results) may be those of other scans."
	if q.x.dialect == scapi.RPC {
		return // it has no such call
	}
	q.conclude(ctx, c, func(ctx context.Context) (string, string, bool, error) {
		now := q.x.Now()
		list, err := console.Call(ctx, q.s.Account, func(client *scapi.Client, ctx context.Context) ([]scapi.ScanResult, error) {
			return client.ScanResults(ctx, scapi.ScanWindow{Start: now.Add(-30 * 24 * time.Hour), End: now})
		})
		if err != nil {
			return "", "", false, err
		}
		ended := slices.DeleteFunc(slices.Clone(list), func(r scapi.ScanResult) bool { return r.Running })
		slices.SortFunc(ended, func(a, b scapi.ScanResult) int { return cmp.Compare(b.ID, a.ID) })
		equal, differ := true, []string(nil)
		for _, r := range ended[:min(len(ended), mostResults)] {
			one, err := console.Call(ctx, q.s.Account, func(client *scapi.Client, ctx context.Context) (scapi.ScanResult, error) {
				return client.ScanResult(ctx, r.ID)
			})
			if err != nil {
				return "", "", false, err
			}
			if one.Name != r.Name || one.Status != r.Status || one.ImportStatus != r.ImportStatus || !one.Finish.Equal(r.Finish) {
				equal = false
				differ = append(differ, r.ID)
			}
		}
		found := fmt.Sprintf("%d in the list, %d looked up", len(list), min(len(ended), mostResults))
		if !equal {
			return found + "; differ: " + strings.Join(differ, ", "), "some differ", false, nil
		}
		return found, magnitude(int64(len(list))) + " in the list, " + strconv.Itoa(min(len(ended), mostResults)) + " looked up, the same", true, nil
	})
}
