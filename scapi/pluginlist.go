package scapi

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// PluginQuery selects plugins. The zero value is all of them, by id.
type PluginQuery struct {
	Type      string    // all (when empty), notPassive, active, passive, compliance, custom; on REST also lce
	Sort      string    // column; id when empty
	Direction Direction // Ascending when empty
	PageSize  int       // plugins per request; Options.PageSize when 0
	Offset    int64     // plugins to skip
	Pages     int       // at most so many requests; 0: until the end
	Since     time.Time // only plugins that came or changed since; zero: all
	Filter    PluginFilter
	// Fields are the columns to ask for instead of the usual ones, among which
	// there are no long texts. SecurityCenter 4 always sends what it has.
	Fields []string
}

// PluginFilter is the one filter that a list of plugins can have. The zero
// value is none.
type PluginFilter struct {
	// Field is a column (name, family, …) or the name of a cross reference
	// (CVE, CISCO_SA, zone-h, …; see Client.CrossReferenceNames).
	Field string
	// Operator is eq, gt, gte, like (when empty), lt or lte. SecurityCenter 4
	// has none and wants it empty; how it compares is not documented.
	Operator string
	Value    string
}

// pluginFields are the columns that a REST list is asked for: those of Plugin
// without the texts, which make a page a hundred times larger.
const pluginFields = "id,name,type,family,riskFactor,baseScore,cvssV3BaseScore,exploitAvailable," +
	"pluginPubDate,pluginModDate,patchPubDate,vulnPubDate,modifiedTime,xrefs"

// Plugins iterates over the plugins of q, fetching pages as it goes; memory is
// one page. A failure is yielded once, as the last pair. The list has no total
// and may have short pages in its middle, so that only an empty page ends it;
// a plugin is yielded once even where two pages overlap.
//
// REST GET /plugin, RPC plugin::init. A query that is wrong in itself, and one
// that the console's version has no equivalent for (ErrUnsupported), fail
// before the request.
func (c *Client) Plugins(ctx context.Context, q PluginQuery) iter.Seq2[Plugin, error] {
	return func(yield func(Plugin, error) bool) {
		p, err := c.planPlugins(ctx, q)
		if err == nil {
			err = p.each(ctx, func(plugin Plugin) bool { return yield(plugin, nil) })
		}
		if err != nil {
			yield(Plugin{}, err)
		}
	}
}

// pluginPlan is a list of plugins that was checked and spelled for its console.
type pluginPlan struct {
	client   *Client
	query    PluginQuery
	dialect  API
	wireType string
	field    string // of the filter
	fields   string // REST; empty: those that the console gives by itself
	pageSize int64
	latest   pluginListPage // REST
}

func (c *Client) planPlugins(ctx context.Context, q PluginQuery) (*pluginPlan, error) {
	if err := q.check(); err != nil {
		return nil, fmt.Errorf("plugins: %w", err)
	}
	t, err := c.target(ctx)
	if err != nil {
		return nil, err
	}
	p := &pluginPlan{
		client: c, query: q, dialect: t.dialect,
		wireType: q.Type, field: c.pluginFilterField(q.Filter.Field),
		fields: pluginFields, pageSize: int64(q.PageSize),
		latest: pluginListPage{results: results[Plugin]{most: mostRows[Plugin](c.options.MaxBody)}, read: newPluginReader()},
	}
	if len(q.Fields) > 0 {
		p.fields = strings.Join(q.Fields, ",")
	}
	if p.pageSize == 0 {
		p.pageSize = int64(c.options.PageSize)
	}
	switch p.wireType {
	case "":
		p.wireType = "all"
	case "event":
		p.wireType = "lce"
	}
	if t.dialect == RPC {
		switch {
		case p.wireType == "lce":
			return nil, fmt.Errorf("plugins of type %s: %w: SecurityCenter 4 does not list them", q.Type, ErrUnsupported)
		case q.Filter.Operator != "":
			return nil, fmt.Errorf("plugins with operator %s: %w: filters of SecurityCenter 4 have none", q.Filter.Operator, ErrUnsupported)
		}
	}
	return p, nil
}

func (q PluginQuery) check() error {
	switch q.Type {
	case "", "all", "notPassive", "active", "passive", "compliance", "custom", "lce", "event":
	default:
		return wrongArgument("unknown type %q", q.Type)
	}
	switch q.Direction {
	case "", Ascending, Descending:
	default:
		return wrongArgument("unknown direction %q", q.Direction)
	}
	switch q.Filter.Operator {
	case "", "eq", "gt", "gte", "like", "lt", "lte":
	default:
		return wrongArgument("unknown operator %q", q.Filter.Operator)
	}
	switch {
	case q.Offset < 0 || q.PageSize < 0 || q.Pages < 0:
		return wrongArgument("negative offset, page size or number of pages")
	case q.Filter.Field == "" && q.Filter != PluginFilter{}:
		return wrongArgument("a filter without a field")
	}
	return nil
}

// each calls f with every plugin of the list until f returns false. Plugins of
// the page before are left out.
func (p *pluginPlan) each(ctx context.Context, f func(Plugin) bool) error {
	l := listing{at: p.query.Offset}
	var before map[string]bool // plugins of the page before
	for pages := 0; p.query.Pages == 0 || pages < p.query.Pages; pages++ {
		plugins, err := p.page(ctx, l.at)
		if err != nil {
			return err
		}
		now := make(map[string]bool, len(plugins))
		fresh := int64(0)
		for _, plugin := range plugins {
			id := plugin.ID
			if id == "" {
				id = string(plugin.Raw)
			}
			now[id] = true
			if before[id] {
				continue
			}
			fresh++
			if !f(plugin) {
				return nil
			}
		}
		what, after := l.next(p.pageSize, int64(len(plugins)), fresh)
		switch what {
		case noMore:
			return nil
		case inCircles:
			return &Error{Call: p.call(l.at).name(p.dialect), Err: fmt.Errorf("%w: plugins from %d on are those before", ErrMalformed, l.at)}
		}
		before, l = now, after
	}
	return nil
}

// page asks for the plugins from an offset on. Columns that the console does
// not know are not asked for again. The page is good until the next.
func (p *pluginPlan) page(ctx context.Context, offset int64) ([]Plugin, error) {
	if p.dialect == RPC {
		var answer rpcPlugins
		if _, err := p.client.do(ctx, p.call(offset), &answer); err != nil {
			return nil, err
		}
		plugins := make([]Plugin, len(answer.list.Items))
		for i, w := range answer.list.Items {
			plugins[i] = w.plugin(answer.list.Raw[i])
		}
		return plugins, nil
	}
	err := p.fetch(ctx, offset)
	if p.fields != "" && refusesFields(err) {
		asked := p.fields
		p.fields = ""
		if again := p.fetch(ctx, offset); again != nil {
			p.fields = asked
			return nil, err // it was not about the columns
		}
		err = nil
	}
	return p.latest.rows, err
}

// fetch asks for the plugins from an offset on, which become the latest page.
func (p *pluginPlan) fetch(ctx context.Context, offset int64) error {
	k := p.call(offset)
	k.body, k.scan = &p.latest.body, p.latest.scan
	_, err := p.client.do(ctx, k, nil)
	if err == nil && p.latest.err != nil {
		err = &Error{Call: k.name(REST), Status: http.StatusOK, Err: join(ErrMalformed, p.latest.err)}
	}
	return err
}

func (p *pluginPlan) call(offset int64) call {
	sort, descending := p.query.Sort, p.query.Direction == Descending
	if sort == "" {
		sort = "id"
	}
	direction := "ASC"
	if descending {
		direction = "DESC"
	}
	if p.dialect == RPC {
		input := map[string]any{
			"type": p.wireType, "offset": offset, "size": p.pageSize, "sortField": sort, "sortDirection": direction,
		}
		if !p.query.Since.IsZero() {
			input["since"] = p.query.Since.Unix()
		}
		if p.field != "" {
			input["filterField"], input["filterString"] = p.field, p.query.Filter.Value
		}
		return action("plugin", "init", input)
	}
	query := url.Values{
		"type":          {p.wireType},
		"startOffset":   {strconv.FormatInt(offset, 10)},
		"endOffset":     {strconv.FormatInt(offset+p.pageSize, 10)},
		"sortField":     {sort},
		"sortDirection": {direction},
	}
	if p.fields != "" {
		query.Set("fields", p.fields)
	}
	if !p.query.Since.IsZero() {
		query.Set("since", strconv.FormatInt(p.query.Since.Unix(), 10))
	}
	if p.field != "" {
		operator := p.query.Filter.Operator
		if operator == "" {
			operator = "like"
		}
		query.Set("filterField", p.field)
		query.Set("op", operator)
		query.Set("value", p.query.Filter.Value)
	}
	return get("/plugin", query)
}

// rpcPlugins is a page of plugin::init. Consoles before 4.4 name families
// beside the plugins.
type rpcPlugins struct {
	list wire.List[wirePlugin]
	err  error
}

func (a *rpcPlugins) UnmarshalJSON(b []byte) error {
	a.list, a.err = wire.Under[wirePlugin](b, "plugins")
	names := map[wire.Str]wire.Str{}
	if families, err := wire.Under[wire.Ref](b, "families"); err == nil {
		for _, family := range families.Items {
			names[family.ID] = family.Name
		}
	}
	for i := range a.list.Items {
		if w := &a.list.Items[i]; w.FamilyName == "" {
			w.FamilyName = names[w.FamilyID]
		}
	}
	return nil
}

// Err is not nil if there is no list but something else.
func (a *rpcPlugins) Err() error { return a.err }
