package sctest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// object is a JSON object of an answer.
type object = map[string]any

func decode(data []byte, into any) error {
	if len(data) == 0 {
		return nil
	}
	return json.Unmarshal(data, into)
}

// question is an analysis query of either dialect.
type question struct {
	kind       string // vuln, event, mobile, scLog
	tool       string
	source     string // cumulative, patched, individual, lce
	filters    []rawFilter
	start, end int
	sortField  string
	descending bool
	scanID     string
	view       string
	date       string // of scLog: all, or YYYYMM
}

// answer is what a tool found. A negative total is left out.
type answer struct {
	rows     []object
	total    int
	matching string // matchingDataElementCount
	sorted   bool   // the rows are in the order asked for
	paged    bool   // the rows are the page asked for
	whole    bool   // the tool ignores paging

	severities []int8 // of the rows of sumid, after recasting
}

// selectFor makes the selection of a vulnerability query: the account's repositories, the source, the filters.
func (c *Console) selectFor(a *Account, q question, now int64) (*selection, error) {
	repos := make([]bool, len(c.world.repos))
	for r := range repos {
		repos[r] = c.mayRead(a, r)
	}
	org := c.organizationOf(a)
	return c.selections.get(selectionKey(org, repos, q, now, c.assetEditCount(), c.world.state.Load().changes), func() (*selection, error) {
		s := newSelection(c.world, now, q.source == "patched", repos)
		s.org = org
		if q.source == "individual" {
			if q.view == "" {
				return nil, refuse(142, "Please specify a view for the individual data source.")
			}
			result, ok := c.scanResult(org, q.scanID, now)
			if !ok || !result.imported(now) {
				return nil, refuse(143, "Unable to process Vuln Query")
			}
			for r := range repos {
				repos[r] = repos[r] && c.world.repos[r].ID == result.def.repository
			}
		}
		return s, c.apply(s, q.filters)
	})
}

// vulnerabilities answers a query on vulnerabilities.
func (c *Console) vulnerabilities(a *Account, q question, now int64) (answer, error) {
	if c.o.Quirks.InclusivePages && q.end > q.start {
		q.end++
	}
	tool, ok := vulnTools[q.tool]
	ok = ok && !slices.Contains(c.o.RefuseTools, q.tool)
	if !ok {
		return answer{}, c.notRecognized("Tool", q.tool, refuse(146, "Invalid parameters specified for vuln query.  The tool '%s' is invalid.", q.tool))
	}
	s, err := c.selectFor(a, q, now)
	if err != nil {
		return answer{}, err
	}
	got := tool(c, s, q)
	if !got.sorted && q.sortField != "" {
		sortRows(got.rows, q.sortField, q.descending)
	}
	if !got.paged && !got.whole {
		got.rows = cut(got.rows, q.start, q.end)
	}
	return got, nil
}

// cut returns rows [start, end), or what there is of them.
func cut[T any](rows []T, start, end int) []T {
	start = min(max(start, 0), len(rows))
	return rows[start:max(start, min(end, len(rows)))]
}

// sortRows orders by a column; numbers by value, objects by their id.
func sortRows(rows []object, field string, descending bool) {
	key := func(o object) string {
		v := o[field]
		if ref, ok := v.(object); ok {
			v = ref["id"]
		}
		return fmt.Sprint(v)
	}
	slices.SortStableFunc(rows, func(a, b object) int {
		x, y := key(a), key(b)
		n, err1 := strconv.ParseFloat(x, 64)
		m, err2 := strconv.ParseFloat(y, 64)
		r := strings.Compare(x, y)
		if err1 == nil && err2 == nil {
			r = 0
			if n < m {
				r = -1
			} else if n > m {
				r = 1
			}
		}
		if descending {
			return -r
		}
		return r
	})
}

// wireSeverity is a severity on the console's own scale: up to 4.2 it begins with low, which includes information.
func (c *Console) wireSeverity(sev int) int {
	if c.oldScale() {
		return max(0, sev-1)
	}
	return sev
}

func (c *Console) oldScale() bool { return !c.release.atLeast(4, 3) }

// wireTally is a tally on the console's own scale, indexed as that scale is.
func (c *Console) wireTally(t tally) tally {
	if c.oldScale() {
		return tally{0, t[0] + t[1], t[2], t[3], t[4]}
	}
	return t
}

// count7 is T:C:H:M:L:I:score.
func (c *Console) count7(t tally) string {
	return fmt.Sprintf("%s:%d", count6(t), c.wireTally(t).score())
}

func count6(t tally) string {
	return fmt.Sprintf("%d:%d:%d:%d:%d:%d", t.total(), t[4], t[3], t[2], t[1], t[0])
}

// addCounts adds total, score and the severity columns to a row.
func (c *Console) addCounts(row object, t tally) object {
	w := c.wireTally(t)
	row["score"], row["total"] = strconv.Itoa(w.score()), strconv.Itoa(t.total())
	if !c.oldScale() {
		row["severityInfo"] = strconv.Itoa(w[0])
	}
	row["severityLow"], row["severityMedium"] = strconv.Itoa(w[1]), strconv.Itoa(w[2])
	row["severityHigh"], row["severityCritical"] = strconv.Itoa(w[3]), strconv.Itoa(w[4])
	return row
}

var severityNames = [5][2]string{{"Info", "Informative"}, {"Low", "Low Severity"}, {"Medium", "Medium Severity"},
	{"High", "High Severity"}, {"Critical", "Critical Severity"}}

func (c *Console) severity(sev int) any {
	if c.oldScale() {
		return strconv.Itoa(c.wireSeverity(sev))
	}
	if c.o.Dialect == RPC {
		return strconv.Itoa(sev)
	}
	return object{"id": strconv.Itoa(sev), "name": severityNames[sev][0], "description": severityNames[sev][1]}
}

// putRepository adds the reference to a repository as the dialect writes it; putFamily likewise.
func (c *Console) putRepository(row object, r *Repository) {
	if c.o.Dialect == RPC {
		row["repositoryID"] = r.ID
		return
	}
	row["repository"] = object{"id": r.ID, "name": r.Name, "description": "", "dataFormat": r.DataFormat}
}

func (c *Console) putFamily(row object, f *family) {
	if c.o.Dialect == RPC {
		row["familyID"] = strconv.Itoa(f.id)
		return
	}
	row["family"] = object{"id": strconv.Itoa(f.id), "name": f.name, "type": f.kind}
}

var protocolNames = map[uint8]string{1: "ICMP", 6: "TCP", 17: "UDP"}

func (c *Console) protocol(p uint8) string {
	if c.o.Dialect == RPC {
		return strconv.Itoa(int(p))
	}
	return protocolNames[p]
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func yesNo(b bool) string {
	if b {
		return "Yes"
	}
	return "No"
}

func trueFalse(b bool) string { return strconv.FormatBool(b) }

func epoch(t int64) string { return strconv.FormatInt(t, 10) }

// decimal writes tenths as "7.5", and none as "".
func decimal(tenths int) string {
	if tenths == 0 {
		return ""
	}
	return fmt.Sprintf("%d.%d", tenths/10, tenths%10)
}
