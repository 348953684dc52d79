package scapi

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"sync"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// PluginCounts are numbers of plugins.
type PluginCounts struct {
	Total  Opt[int64]
	ByType map[string]int64 // active, passive, compliance, custom, event; types that the console does not count are absent
}

// pluginTypes are the types that consoles count, as the wire names them on REST.
var pluginTypes = [...]string{"active", "passive", "compliance", "custom", "lce"}

// pluginNumbers are the latest counts of a Client. The zero value is ready for
// use.
type pluginNumbers struct {
	mu     sync.Mutex
	byType map[string]int64 // by the wire's names
}

// PluginCounts counts the plugins of the console by type, for any account.
//
// RPC plugin::init without paging; SecurityCenter before 4.4 tells only the
// total. REST has no such call, and the list of plugins no total: the end of the
// list of each type is searched for by bisection, with GET /plugin?fields=id
// and pages of 200 ids, some 4 kB each. That takes at most about 20 requests
// for a type the first time and one or two while the number does not change,
// because the Client remembers it. A type that the console refuses is absent;
// Total is the sum of the others there.
func (c *Client) PluginCounts(ctx context.Context) (PluginCounts, error) {
	t, err := c.target(ctx)
	if err != nil {
		return PluginCounts{}, err
	}
	if t.dialect == RPC {
		return c.rpcPluginCounts(ctx)
	}
	c.plugins.mu.Lock()
	hints := maps.Clone(c.plugins.byType)
	c.plugins.mu.Unlock()

	counts := PluginCounts{ByType: map[string]int64{}}
	found := map[string]int64{}
	var refusal error
	for _, wireType := range pluginTypes {
		n, err := pluginList{c, wireType}.count(ctx, hints[wireType])
		if refusesFields(err) {
			refusal = err
			continue
		}
		if err != nil {
			return PluginCounts{}, fmt.Errorf("count %s plugins: %w", feedName(wireType), err)
		}
		found[wireType] = n
		counts.ByType[feedName(wireType)] = n
		counts.Total = Some(counts.Total.Value + n)
	}
	if len(found) == 0 {
		return PluginCounts{}, refusal
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

// pluginList is the list of plugins of one type on a REST console.
type pluginList struct {
	client   *Client
	wireType string
}

const (
	// pluginPage is how many ids a request asks for. An empty page of this
	// size is the end: pages in the middle may be short, but not that short.
	pluginPage = 200
	// nearlyFull is a page that lacks a few ids, as recorded ones do, rather
	// than the last.
	nearlyFull = pluginPage * 3 / 4
	// The first step of the search upwards, and by how much a step is larger
	// than the one before. From nothing, 3 steps lead past 800,000 plugins.
	pluginStep, pluginGrowth = 3000, 16
	// A list that does not end here does not look at the offset.
	pluginsAtMost = 1 << 32
)

// count finds the length of the list; hint is what it was before, or 0.
func (l pluginList) count(ctx context.Context, hint int64) (int64, error) {
	var (
		below int64       // plugins known to exist
		end   = int64(-1) // offset from which on there are none; -1: not known
		step  = int64(pluginStep)
		at    = max(hint-1, 0)
	)
	for {
		n, err := l.page(ctx, at)
		if err != nil {
			return 0, err
		}
		if n == 0 {
			end = at
		} else {
			below = max(below, at+n)
		}
		last := end >= 0 && at+pluginPage >= end // nothing behind this page
		if n > 0 && n < nearlyFull && below != hint && !last {
			// This is the end, or a page that is short in the middle.
			next := at + pluginPage
			more, err := l.page(ctx, next)
			if err != nil {
				return 0, err
			}
			if more == 0 {
				return below, nil
			}
			below = next + more
			n = pluginPage // go on searching
		}
		switch {
		case n > 0 && (last || n < nearlyFull), end >= 0 && below >= end:
			return below, nil
		case end < 0 && below+step > pluginsAtMost:
			return 0, &Error{Call: "GET /rest/plugin", Err: fmt.Errorf("%w: a list without end", ErrMalformed)}
		case end < 0:
			at, step = below+step, step*pluginGrowth
		case end-below <= pluginPage:
			at = below
		default:
			at = below + (end-below)/2
		}
	}
}

// page returns how many ids there are from offset at on, at most pluginPage.
func (l pluginList) page(ctx context.Context, at int64) (int64, error) {
	var list wire.List[json.RawMessage]
	_, err := l.client.do(ctx, get("/plugin", url.Values{
		"fields":      {"id"},
		"type":        {l.wireType},
		"startOffset": {strconv.FormatInt(at, 10)},
		"endOffset":   {strconv.FormatInt(at+pluginPage, 10)},
	}), &list)
	return min(int64(len(list.Raw)), pluginPage), err
}
