package scapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// PluginCounts are numbers of plugins.
type PluginCounts struct {
	Total  Opt[int64]       // absent where the plugins of a type cannot be counted
	ByType map[string]int64 // active, passive, compliance, custom, event; types that the console does not count are absent
}

// pluginTypes are the types that consoles count, as the wire names them on REST.
var pluginTypes = [...]string{"active", "passive", "compliance", "custom", "lce"}

// pluginTallies are the latest counts of a Client. The zero value is ready for
// use.
type pluginTallies struct {
	mu     sync.Mutex
	byType map[string]pluginTally // by the wire's names
}

// PluginCounts counts the plugins of the console by type, for any account.
//
// RPC plugin::init without paging; SecurityCenter before 4.4 tells only the
// total. REST has no such call, and the list of plugins no total and holes, so
// that the ids of each type are read and counted: GET /plugin?fields=id, 10,000
// at a time, some 170 kB. That takes some 30 requests for a quarter of a million
// plugins, and one for each type while the end of its list does not change,
// because the Client remembers it.
//
// A type that the console refuses is absent, and Total is the sum of the others.
// A type whose list cannot be read to an end in 250 requests, because pages are
// too short or go in circles, is absent too, and so is Total then. A list with a
// gap in its middle, and a console that lists no plugin of any type, are errors
// (ErrMalformed): no number is a guess.
func (c *Client) PluginCounts(ctx context.Context) (PluginCounts, error) {
	t, err := c.target(ctx)
	if err != nil {
		return PluginCounts{}, err
	}
	if t.dialect == RPC {
		return c.rpcPluginCounts(ctx)
	}
	c.plugins.mu.Lock()
	before := c.plugins.byType
	c.plugins.mu.Unlock()

	counts := PluginCounts{ByType: map[string]int64{}}
	found := map[string]pluginTally{}
	var refusal, uncounted error
	for _, wireType := range pluginTypes {
		tally, err := pluginIDs{c, wireType}.count(ctx, before[wireType])
		switch {
		case err == nil:
			found[wireType] = tally
			counts.ByType[feedName(wireType)] = tally.plugins
			counts.Total = Some(counts.Total.Value + tally.plugins)
		case refusesFields(err):
			refusal = err
		case errors.Is(err, errUncounted):
			uncounted = err
		default:
			return PluginCounts{}, fmt.Errorf("count %s plugins: %w", feedName(wireType), err)
		}
	}
	switch {
	case uncounted != nil && counts.Total.Value == 0:
		return PluginCounts{}, uncounted
	case len(found) == 0:
		return PluginCounts{}, refusal
	case counts.Total.Value == 0:
		return PluginCounts{}, pluginsError(ErrMalformed, "no plugin of any type")
	case uncounted != nil:
		counts.Total = Opt[int64]{}
	}
	c.plugins.mu.Lock()
	c.plugins.byType = found
	c.plugins.mu.Unlock()
	return counts, nil
}

// wirePlugins is the answer of plugin::init without paging.
type wirePlugins struct {
	PluginCount                                wire.Int
	Active, Passive, Compliance, Custom, Event wire.Int
	LastUpdates                                wire.Map[json.RawMessage]
}

func (c *Client) rpcPluginCounts(ctx context.Context) (PluginCounts, error) {
	var w wirePlugins
	if _, err := c.do(ctx, action("plugin", "init", nil), &w); err != nil {
		return PluginCounts{}, err
	}
	counts := PluginCounts{Total: optInt(w.PluginCount), ByType: map[string]int64{}}
	for name, count := range map[string]wire.Int{
		"active": w.Active, "passive": w.Passive, "compliance": w.Compliance, "custom": w.Custom, "event": w.Event,
	} {
		if n, ok := optInt(count).Get(); ok {
			counts.ByType[name] = n
		}
	}
	return counts, nil
}

// pluginTally is what reading the list of a type to its end has told.
type pluginTally struct {
	known   bool
	plugins int64
	tail    int64  // an offset at which the last one is alone
	last    string // its id; empty where there is none
}

// pluginIDs is the list of the ids of one type on a REST console.
type pluginIDs struct {
	client   *Client
	wireType string
}

const (
	// pluginPage is how many ids a request asks for.
	pluginPage = 10_000
	// pluginPages bounds the requests for one type.
	pluginPages = 250
)

// errUncounted: the list of a type cannot be read to an end, today or tomorrow.
var errUncounted = fmt.Errorf("%w: plugins cannot be counted", ErrMalformed)

func pluginsError(kind error, format string, args ...any) error {
	return &Error{Call: "GET /rest/plugin", Err: fmt.Errorf("%w: "+format, append([]any{kind}, args...)...)}
}

// count counts the list, unless it still ends as it did before.
func (l pluginIDs) count(ctx context.Context, before pluginTally) (pluginTally, error) {
	if before.known {
		p, err := l.page(ctx, before.tail)
		if err != nil || p.endsWith(before.last) {
			return before, err
		}
	}
	tally := pluginTally{known: true}
	var list listing
	var previous map[string]bool // ids of the page before
	for range pluginPages {
		p, err := l.page(ctx, list.at)
		if err != nil {
			return pluginTally{}, err
		}
		now := make(map[string]bool, len(p.ids))
		fresh := int64(0)
		for _, id := range p.ids {
			now[id] = true
			if !previous[id] {
				fresh++
			}
		}
		n := int64(len(p.ids))
		if n == 0 {
			if !p.listed && list.at == 0 {
				return pluginTally{}, pluginsError(errUncounted, "an answer without a list")
			}
			return tally, l.nothingBehind(ctx, list.at)
		}
		tally.plugins += fresh
		tally.tail, tally.last = list.at+n-1, p.ids[n-1]
		what, after := list.next(pluginPage, n, fresh)
		if what != readOn {
			return pluginTally{}, pluginsError(errUncounted, "those from %d on are those before", list.at)
		}
		previous, list = now, after
	}
	return pluginTally{}, pluginsError(errUncounted, "more than %d requests for %d of them", pluginPages, tally.plugins)
}

// nothingBehind makes sure that a page without plugins is behind the end of the
// list and no gap in it.
func (l pluginIDs) nothingBehind(ctx context.Context, at int64) error {
	p, err := l.page(ctx, at+pluginPage)
	if err == nil && len(p.ids) > 0 {
		err = pluginsError(ErrMalformed, "plugins from %d on, but none from %d on", at+pluginPage, at)
	}
	return err
}

// page asks for the ids from an offset on.
func (l pluginIDs) page(ctx context.Context, at int64) (pluginIDPage, error) {
	var p pluginIDPage
	k := get("/plugin", url.Values{
		"fields":        {"id"},
		"type":          {l.wireType},
		"startOffset":   {strconv.FormatInt(at, 10)},
		"endOffset":     {strconv.FormatInt(at+pluginPage, 10)},
		"sortField":     {"id"},
		"sortDirection": {"ASC"},
	})
	k.scan = p.scan
	if _, err := l.client.do(ctx, k, nil); err != nil {
		return pluginIDPage{}, err
	}
	if p.err != nil {
		return pluginIDPage{}, &Error{Call: k.name(REST), Status: http.StatusOK, Err: join(ErrMalformed, p.err)}
	}
	return p, nil
}

// pluginIDPage is a page of plugins of which only the ids matter.
type pluginIDPage struct {
	ids    []string
	listed bool // there is a list, be it empty
	err    error
}

// endsWith reports whether the page is that of the last plugin of a list.
func (p pluginIDPage) endsWith(last string) bool {
	if last == "" {
		return p.listed && len(p.ids) == 0
	}
	return len(p.ids) == 1 && p.ids[0] == last
}

// scan reads a response: an array of plugins, or a list in another shape.
func (p *pluginIDPage) scan(in *wire.Reader) {
	*p = pluginIDPage{}
	if in.Kind() == 0 {
		return
	}
	if !in.Begin('[') {
		var list wire.List[wire.Ref]
		raw := in.Value()
		if p.err = wire.Decode(raw, &list); p.err == nil {
			p.err = list.Err()
		}
		for i, plugin := range list.Items {
			p.add(string(plugin.ID), list.Raw[i])
		}
		p.listed = len(p.ids) > 0
		return
	}
	p.listed = true
	var k keeper
	for in.Next(']') {
		start, id := in.Offset(), ""
		if in.Begin('{') {
			for in.Next('}') {
				if bytes.EqualFold(in.Key(), []byte("id")) {
					id = k.text(in.Text())
				} else {
					in.Value()
				}
			}
		} else if wire.Empty(in.Value()) {
			continue
		}
		p.add(id, in.Since(start))
	}
}

// add takes up a plugin; one without an id is known by its text.
func (p *pluginIDPage) add(id string, raw []byte) {
	if id == "" {
		id = string(raw)
	}
	p.ids = append(p.ids, id)
}
