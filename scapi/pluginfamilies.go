package scapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// PluginFamily is a family of plugins. Names repeat between types.
type PluginFamily struct {
	ID, Name string
	Type     string     // active, passive, compliance, custom, event, …; empty: not told
	Plugins  Opt[int64] // number of them; lists do not tell it
	Raw      json.RawMessage
}

type wireFamily struct {
	ID, Name, Type wire.Str
	Count          wire.Int
}

// PluginFamilies returns the families of plugins by id, without the numbers of
// their plugins, to any account. REST GET /pluginFamily. RPC: ErrUnsupported,
// as nobody knows what plugin::getFamilies answers.
func (c *Client) PluginFamilies(ctx context.Context) ([]PluginFamily, error) {
	if err := c.onlyREST(ctx, "plugin families"); err != nil {
		return nil, err
	}
	list, _, err := restList[wireFamily](ctx, c, "/pluginFamily", "id,name,type", nil)
	if err != nil {
		return nil, err
	}
	families := make([]PluginFamily, 0, len(list.Items))
	for i, w := range list.Items {
		families = append(families, w.family(list.Raw[i]))
	}
	sortByID(families, func(f PluginFamily) string { return f.ID })
	return families, nil
}

// PluginFamily returns the family with this id and the number of its plugins:
// a request for each of about a hundred families, so ask seldom. REST
// GET /pluginFamily/{id}, always with a list of fields, as the answer holds all
// plugins without one. RPC: ErrUnsupported.
func (c *Client) PluginFamily(ctx context.Context, id string) (PluginFamily, error) {
	if err := checkID("plugin family", id); err != nil {
		return PluginFamily{}, err
	}
	if err := c.onlyREST(ctx, "plugin families"); err != nil {
		return PluginFamily{}, err
	}
	const endpoint = "/pluginFamily/{id}"
	k := call{endpoint: endpoint, rest: restCall{
		Method: http.MethodGet, Path: strings.Replace(endpoint, "{id}", id, 1), Query: url.Values{"fields": {"id,name,type,count"}},
	}}
	var r raws[wireFamily]
	if _, err := c.do(ctx, k, &r); err != nil {
		return PluginFamily{}, err
	}
	if r.value.ID == "" {
		return PluginFamily{}, &Error{Call: "GET /rest/pluginFamily/" + id, Err: fmt.Errorf("%w: a plugin family without id", ErrMalformed)}
	}
	return r.value.family(r.raw), nil
}

func (w wireFamily) family(raw json.RawMessage) PluginFamily {
	return PluginFamily{ID: string(w.ID), Name: string(w.Name), Type: feedName(string(w.Type)), Plugins: optInt(w.Count), Raw: raw}
}
