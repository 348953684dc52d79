package sctest

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// pluginQuery is what the plugin lists of both dialects are asked for.
type pluginQuery struct {
	kind       string // active, all, compliance, custom, lce, notPassive, passive
	since      int64
	filters    []pluginFilter
	sortField  string
	descending bool
	start, end int
}

// pluginFilter is a condition on a column of the list, or on the references of one kind: "xrefs:CVE".
type pluginFilter struct {
	Field string `json:"filterField"`
	Op    string `json:"filterOperator"` // eq, gt, gte, lt, lte, like; SecurityCenter 4 has none, which is like
	Value scalar `json:"filterString"`
}

// pluginColumns are the columns by which the list is sorted and filtered.
var pluginColumns = map[string]func(*plugin) string{
	"id":               func(p *plugin) string { return strconv.Itoa(p.id) },
	"name":             func(p *plugin) string { return p.name },
	"type":             func(p *plugin) string { return p.kind },
	"family":           func(p *plugin) string { return p.family.name },
	"familyName":       func(p *plugin) string { return p.family.name },
	"familyID":         func(p *plugin) string { return strconv.Itoa(p.family.id) },
	"pluginPubDate":    func(p *plugin) string { return epoch(p.pluginPub) },
	"pluginModDate":    func(p *plugin) string { return epoch(p.pluginMod) },
	"modifiedTime":     func(p *plugin) string { return epoch(p.pluginMod) },
	"patchPubDate":     func(p *plugin) string { return epoch(p.patchPub) },
	"vulnPubDate":      func(p *plugin) string { return epoch(p.vulnPub) },
	"riskFactor":       func(p *plugin) string { return riskFactors[p.severity] },
	"exploitAvailable": func(p *plugin) string { return trueFalse(p.exploit) },
	"description":      pluginDescription,
	"xrefs":            pluginXrefs,
}

// check refuses what the list does not know.
func (q pluginQuery) check() error {
	switch q.kind {
	case "", "active", "all", "compliance", "custom", "event", "lce", "notPassive", "passive":
	default:
		return refuse(146, "Invalid plugin type '%s'.\n", q.kind)
	}
	for _, f := range q.filters {
		field, _, _ := strings.Cut(f.Field, ":")
		if pluginColumns[field] == nil {
			return refuse(146, "Invalid filter field '%s'.\n", f.Field)
		}
		if !slices.Contains([]string{"", "=", "eq", "gt", "gte", "lt", "lte", "like"}, f.Op) {
			return refuse(146, "Invalid filter operator '%s'.\n", f.Op)
		}
	}
	if q.sortField != "" && pluginColumns[q.sortField] == nil {
		return refuse(146, "Invalid sort field '%s'.\n", q.sortField)
	}
	return nil
}

func (f pluginFilter) matches(p *plugin) bool {
	want := string(f.Value)
	if ref, ok := strings.CutPrefix(f.Field, "xrefs:"); ok {
		return slices.ContainsFunc(strings.Split(pluginXrefs(p), ", "), func(x string) bool {
			kind, id, _ := strings.Cut(x, ":")
			if kind != ref {
				return false
			}
			if f.Op == "eq" || f.Op == "=" {
				return id == want
			}
			return strings.Contains(strings.ToLower(id), strings.ToLower(want))
		})
	}
	have := pluginColumns[f.Field](p)
	switch f.Op {
	case "eq", "=":
		return have == want
	case "gt", "gte", "lt", "lte":
		d := cmp.Compare(scalar(have).number(0), scalar(want).number(0))
		return d > 0 && f.Op[0] == 'g' || d < 0 && f.Op[0] == 'l' || d == 0 && len(f.Op) == 3
	}
	return strings.Contains(strings.ToLower(have), strings.ToLower(want))
}

// pluginOrders keeps the latest lists of entries that were filtered or sorted, because clients ask for them page by
// page.
type pluginOrders struct {
	mu     sync.Mutex
	byText map[string][]int
}

const maxPluginOrders = 16

func (o *pluginOrders) get(key string, build func() []int) []int {
	o.mu.Lock()
	defer o.mu.Unlock()
	if list, ok := o.byText[key]; ok {
		return list
	}
	if o.byText == nil || len(o.byText) >= maxPluginOrders {
		o.byText = map[string][]int{}
	}
	o.byText[key] = build()
	return o.byText[key]
}

// blockOf returns the entries of a type: the first, and how many.
func (l *pluginList) blockOf(kind string) (first, n int) {
	switch kind {
	case "", "all":
		return 0, l.total
	case "notPassive":
		first = l.count("passive")
		return first, l.total - first
	}
	for _, b := range l.blocks {
		if b.kind == kind || b.kind == "lce" && kind == "event" {
			return b.before, b.length
		}
	}
	return 0, 0
}

// entries returns the number of entries of the list and what each position holds, in ascending order when sorted.
func (c *Console) pluginEntries(q pluginQuery) (n int, at func(i int) int) {
	l := &c.world.plugins
	first, n := l.blockOf(q.kind)
	byID := q.sortField == "" || q.sortField == "id"
	if q.since <= 0 && len(q.filters) == 0 && byID {
		return n, func(i int) int { return first + i }
	}
	asked, err := json.Marshal([]any{q.kind, q.since, q.filters, q.sortField})
	if err != nil {
		return 0, nil // texts and numbers: this is unreachable
	}
	list := c.orders.get(string(asked), func() []int {
		type entry struct {
			at, number int
			text       string
		}
		var kept []entry
		for i := first; i < first+n; i++ {
			p := l.at(i)
			if p.pluginMod < q.since || slices.ContainsFunc(q.filters, func(f pluginFilter) bool { return !f.matches(p) }) {
				continue
			}
			e := entry{at: i}
			if !byID {
				e.text = pluginColumns[q.sortField](p)
				e.number = scalar(e.text).number(0)
			}
			kept = append(kept, e)
		}
		slices.SortStableFunc(kept, func(a, b entry) int {
			if d := cmp.Compare(a.number, b.number); d != 0 {
				return d
			}
			return strings.Compare(a.text, b.text)
		})
		list := make([]int, len(kept))
		for i, e := range kept {
			list[i] = e.at
		}
		return list
	})
	return len(list), func(i int) int { return list[i] }
}

// holeEvery is how far apart the holes of a long list are: places where there is no plugin, so that a page has a row
// less. Real consoles answer 199 of 200 rows in the middle of a list.
const holeEvery = 20_011

const firstHole = 150

// pluginHoles returns how many holes a list of n plugins has before place i, and whether i is one.
func (c *Console) pluginHoles(i, n int) (before int, hole bool) {
	if c.o.Dialect != REST || c.o.Quirks.FullPluginPages || n <= 1000 || i < firstHole {
		return 0, false
	}
	before = (i - firstHole + holeEvery - 1) / holeEvery
	return before, (i-firstHole)%holeEvery == 0
}

// pluginPage returns the index of each plugin on the page.
func (c *Console) pluginPage(q pluginQuery) ([]int, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	n, at := c.pluginEntries(q)
	var page []int
	for i := max(q.start, 0); i < q.end; i++ {
		before, hole := c.pluginHoles(i, n)
		k := i - before
		if k >= n {
			break
		}
		switch {
		case hole:
			continue
		case q.sortField == "" && n%7919 != 0: // some order, and not that of ids
			k = int(uint64(k) * 7919 % uint64(n))
		case q.descending:
			k = n - 1 - k
		}
		page = append(page, at(k))
	}
	return page, nil
}
