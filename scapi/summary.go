package scapi

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Summary is what matched a query, counted by the console.
type Summary struct {
	// Records is the number of rows of the tool: hosts (per repository) for sumip, plugins for sumid.
	Records  int64
	Findings Counts
	// Score is the console's weighted score of all findings that matched;
	// absent where the one-row answer cannot be trusted and sumseverity had to be asked.
	Score Opt[float64]
}

// OneRow is what the first row of a tool tells of everything that matched.
type OneRow struct {
	// Records is the number of rows of the tool: hosts (per repository) for sumip, plugins for sumid.
	Records int64
	// Findings and Score are absent where the answer does not carry them or cannot be trusted.
	Findings Opt[Counts]
	Score    Opt[float64] // the console's weighted score
	// Contradicts: the answer carries all numbers, and they do not add up.
	Contradicts bool
}

// Summary is the summary of which r is the first answer. Where r does not carry the findings by
// severity, severities is called for them: SeverityCounts of the same query.
func (r OneRow) Summary(severities func() (Counts, error)) (Summary, error) {
	counts, told := r.Findings.Get()
	if told {
		return Summary{Records: r.Records, Findings: counts, Score: r.Score}, nil
	}
	counts, err := severities()
	if err != nil {
		return Summary{}, err
	}
	if r.Records > 0 && counts.Total() == 0 {
		return Summary{}, fmt.Errorf("%w: sumseverity: %d rows, but no finding of any severity", ErrMalformed, r.Records)
	}
	return Summary{Records: r.Records, Findings: counts}, nil
}

// Prepared is a summary query that was checked, and spelled for its console.
type Prepared struct{ plan plan }

// Prepare checks a summary query before anything is asked, and spells it for the console, logging
// in if need be. The tool is sumip when q has none; q's sort, offset and limit do not matter.
// Events have no severities: ErrUnsupported.
func (c *Client) Prepare(ctx context.Context, q Query) (Prepared, error) {
	if q.Source == Events {
		return Prepared{}, fmt.Errorf("summary of log events: %w: they have no severity", ErrUnsupported)
	}
	if q.Tool == "" {
		q.Tool = "sumip"
	}
	q.Sort, q.Offset, q.Limit = "", 0, 0
	p, err := c.plan(ctx, q)
	return Prepared{p}, err
}

// Key names the query as its console is asked: the call and its body, but for the rows. Of one
// account, equal keys have equal answers.
func (p Prepared) Key() string {
	k := p.plan.call(0, 0)
	body := k.rest.Body
	if p.plan.target.dialect == RPC {
		body = p.plan.rpcInput(0, 0)
	}
	text, err := json.Marshal(body)
	if err != nil { // a filter by hand holds what JSON does not know: such a query fails when it is sent
		text = fmt.Appendf(nil, "%#v", body)
	}
	return k.name(p.plan.target.dialect) + " " + string(text)
}

// OneRow asks for the first row, one request.
//
// The one-row answer carries the totals of everything that matched, separated by colons. That is
// not documented, so it is taken only where it is complete and adds up, and only of tools that
// count each finding once. SecurityCenter 4 is not known to send it. A row total that cannot be
// right has no substitute: ErrMalformed.
func (p Prepared) OneRow(ctx context.Context) (OneRow, error) { return p.plan.oneRow(ctx) }

// SeverityCounts counts the findings by severity, one request of the tool sumseverity whatever the
// query's own. It does not depend on anything undocumented.
func (p Prepared) SeverityCounts(ctx context.Context) (Counts, error) { return p.plan.severities(ctx) }

// Page asks for the first rows, at most so many, one request. It tells whether there are all:
// fewer came, and the console does not speak of more.
func (p Prepared) Page(ctx context.Context, most int) (rows []Row, all bool, err error) {
	res, err := p.plan.fetch(ctx, 0, int64(most))
	total, told := res.total.Get()
	return res.rows, len(res.rows) < most && (!told || total <= int64(len(res.rows))), err
}

// Summary counts what matches q with one request of one row where the console's answer can be
// trusted, else with sumseverity and the row total: OneRow, and SeverityCounts where need be.
func (c *Client) Summary(ctx context.Context, q Query) (Summary, error) {
	p, err := c.Prepare(ctx, q)
	if err != nil {
		return Summary{}, err
	}
	row, err := p.OneRow(ctx)
	if err != nil {
		return Summary{}, err
	}
	return row.Summary(func() (Counts, error) { return p.SeverityCounts(ctx) })
}

func (p plan) oneRow(ctx context.Context) (OneRow, error) {
	res, err := p.fetch(ctx, 0, 1)
	if err != nil {
		return OneRow{}, err
	}
	records, known := res.total.Get()
	if !known && res.listed && len(res.rows) == 0 {
		known = true // that the first row is missing says it all
	}
	switch {
	case !known:
		return OneRow{}, p.malformed("no row total")
	case records < int64(len(res.rows)), records > 0 && len(res.rows) == 0:
		return OneRow{}, p.malformed(fmt.Sprintf("a row total of %d, and %d rows of the first one", records, len(res.rows)))
	}
	numbers, countsOnce := colonNumbers[p.query.Tool]
	if countsOnce {
		counts, score, ok := parseColonList(res.colon, numbers)
		// Rows without findings and findings without rows do not exist.
		if ok && (counts.Total() == 0) == (records == 0) {
			return OneRow{Records: records, Findings: Some(counts), Score: Some(float64(score))}, nil
		}
		if records == 0 && strings.Trim(res.colon, "0:- ") == "" {
			return OneRow{Findings: Some(Counts{})}, nil
		}
	}
	return OneRow{Records: records, Contradicts: countsOnce && allNumbers(res.colon, numbers)}, nil
}

// colonNumbers says how many numbers the colon-separated totals of a tool have:
// total, the five severities from critical to info, score, and for sumid the
// hosts summed up. Tools that count a finding more than once (sumasset) or not
// at all (sumdnsname, sumcve) are left out.
var colonNumbers = map[string]int{
	"sumip": 7, "sumport": 7, "sumprotocol": 7, "sumfamily": 7, "sumclassa": 7, "sumclassb": 7, "sumclassc": 7,
	"sumid": 8,
}

// allNumbers reports whether a text is that many numbers, separated by colons.
func allNumbers(text string, numbers int) bool {
	parts := strings.Split(text, ":")
	return len(parts) == numbers && !slices.ContainsFunc(parts, func(part string) bool {
		_, err := strconv.ParseUint(part, 10, 53)
		return err != nil
	})
}

// parseColonList reads total:critical:high:medium:low:info:score, and whatever
// follows to make it as many numbers as given. Strict, because it is not
// documented: no number may be missing, negative or one too many, and the
// severities must add up to the total.
func parseColonList(text string, numbers int) (counts Counts, score int64, ok bool) {
	parts := strings.Split(text, ":")
	if len(parts) != numbers || numbers < 7 {
		return Counts{}, 0, false
	}
	values := make([]int64, len(parts))
	for i, part := range parts {
		// 2^53 is beyond any console, and five of them cannot overflow.
		n, err := strconv.ParseUint(part, 10, 53)
		if err != nil {
			return Counts{}, 0, false
		}
		values[i] = int64(n)
	}
	counts = Counts{Critical: values[1], High: values[2], Medium: values[3], Low: values[4], Info: values[5]}
	if counts.Total() != values[0] {
		return Counts{}, 0, false
	}
	return counts, values[6], true
}

// severities counts by the tool sumseverity: a row per severity, normally all
// five of them.
func (p plan) severities(ctx context.Context) (Counts, error) {
	p.query.Tool = "sumseverity"
	res, err := p.fetch(ctx, 0, p.pageSize)
	if err != nil {
		return Counts{}, err
	}
	var counts Counts
	for _, row := range res.rows {
		severity, known := row.Severity().Get()
		n, counted := row.Int("count").Get()
		if !known || !counted || n < 0 {
			return Counts{}, p.malformed("a row without severity or count")
		}
		counts[severity] += n
	}
	return counts, nil
}
