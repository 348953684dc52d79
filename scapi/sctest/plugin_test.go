package sctest_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// listPlugins asks for the whole list in the console's dialect and returns the rows.
func (c *client) listPlugins(size int, with map[string]string) (rows []map[string]any) {
	c.t.Helper()
	names := map[string]string{"kind": "type", "sort": "sortField", "direction": "sortDirection", "field": "filterField", "value": "filterString"}
	rpc := c.s.Options().Dialect == sctest.RPC
	if !rpc {
		names["value"] = "value"
	}
	for offset := 0; ; offset += size {
		var page []map[string]any
		if rpc {
			in := map[string]any{"size": size, "offset": offset}
			for k, v := range with {
				name := names[k]
				if name == "" {
					name = k
				}
				in[name] = v
			}
			var out struct{ Plugins []map[string]any }
			c.decode(c.rpc("plugin", "init", in), &out)
			page = out.Plugins
		} else {
			q := url.Values{"fields": {"id,name,type,xrefs,modifiedTime,family,pluginPubDate"}, "startOffset": {strconv.Itoa(offset)}, "endOffset": {strconv.Itoa(offset + size)}}
			for k, v := range with {
				name := names[k]
				if name == "" {
					name = k
				}
				q.Set(name, v)
			}
			c.decode(c.rest(http.MethodGet, "/plugin?"+q.Encode(), nil), &page)
		}
		if len(page) == 0 {
			return rows
		}
		rows = append(rows, page...)
	}
}

func TestPluginListsAreFilteredAndSorted(t *testing.T) {
	t.Parallel()
	text := func(o map[string]any, key string) string { s, _ := o[key].(string); return s }
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		t.Run(dialect.String(), func(t *testing.T) {
			s := sctest.Start(t, sctest.Options{Dialect: dialect, Hosts: 20, Plugins: 5000, Now: fixed, Quirks: sctest.Quirks{FullPluginPages: true}})
			c := newClient(t, s).analyst()
			all := c.listPlugins(700, map[string]string{"sort": "id"})
			if len(all) != 5000 {
				t.Fatalf("%d plugins", len(all))
			}
			since := clock.AddDate(0, 0, -60).Unix()
			for name, tt := range map[string]struct {
				with  map[string]string
				match func(o map[string]any) bool
			}{
				"a type":             {map[string]string{"kind": "compliance"}, func(o map[string]any) bool { return text(o, "type") == "compliance" }},
				"all but passive":    {map[string]string{"kind": "notPassive"}, func(o map[string]any) bool { return text(o, "type") != "passive" }},
				"since a time":       {map[string]string{"since": strconv.FormatInt(since, 10)}, func(o map[string]any) bool { return atoi(t, text(o, "modifiedTime")) >= int(since) }},
				"a part of the name": {map[string]string{"field": "name", "value": "component 1200"}, func(o map[string]any) bool { return strings.Contains(text(o, "name"), "Component 1200") }},
				"a reference":        {map[string]string{"field": "xrefs:CVE", "value": "CVE-2015"}, func(o map[string]any) bool { return strings.Contains(text(o, "xrefs"), "CVE:CVE-2015") }},
				"a reference with a dash": {map[string]string{"field": "xrefs:EDB-ID", "value": "1"}, func(o map[string]any) bool {
					return slices.ContainsFunc(strings.Split(text(o, "xrefs"), ", "), func(x string) bool {
						id, ok := strings.CutPrefix(x, "EDB-ID:")
						return ok && strings.Contains(id, "1")
					})
				}},
				"no plugin": {map[string]string{"field": "xrefs:OSVDB", "value": "1"}, func(map[string]any) bool { return false }},
			} {
				want := 0
				for _, o := range all {
					if tt.match(o) {
						want++
					}
				}
				got := c.listPlugins(600, tt.with)
				if len(got) != want || want == 0 && name != "no plugin" {
					t.Errorf("%s: %d plugins, want %d", name, len(got), want)
				}
				for _, o := range got {
					if !tt.match(o) {
						t.Fatalf("%s: %v", name, o)
					}
				}
			}
			for _, field := range []string{"id", "name", "modifiedTime"} {
				got := c.listPlugins(900, map[string]string{"sort": field, "direction": "DESC", "kind": "active"})
				for i := 1; i < len(got); i++ {
					a, b := text(got[i-1], field), text(got[i], field)
					n, err1 := strconv.Atoi(a)
					m, err2 := strconv.Atoi(b)
					if err1 == nil && err2 == nil && n < m || err1 != nil && a < b {
						t.Fatalf("sorted by %s: %s before %s", field, a, b)
					}
				}
			}
			refuse := func(with map[string]any) int {
				if dialect == sctest.RPC {
					return c.rpc("plugin", "init", with).Code
				}
				q := url.Values{}
				for k, v := range with {
					q.Set(k, v.(string))
				}
				return c.rest(http.MethodGet, "/plugin?"+q.Encode(), nil).Code
			}
			for _, with := range []map[string]any{{"type": "nonsense"}, {"sortField": "nonsense"}, {"filterField": "nonsense"}} {
				if code := refuse(with); code != 146 {
					t.Errorf("%v: code %d", with, code)
				}
			}
		})
	}
}

func TestNewerConsolesTakeSeveralPluginFilters(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 20, Plugins: 5000, Now: fixed, Quirks: sctest.Quirks{FullPluginPages: true}})
	c := newClient(t, s).analyst()
	want := 0
	for _, o := range c.listPlugins(1000, map[string]string{"sort": "id"}) {
		if id := atoi(t, o["id"].(string)); id >= 10_100 && id < 10_200 && strings.Contains(o["name"].(string), "Vulnerability") {
			want++
		}
	}
	got := c.listPlugins(1000, map[string]string{"filters": `[{"filterField":"id","filterOperator":"gte","filterString":"10100"},` +
		`{"filterField":"id","filterOperator":"lt","filterString":10200},{"filterField":"name","filterOperator":"like","filterString":"vulnerab"}]`})
	if len(got) != want || want == 0 {
		t.Errorf("%d plugins, want %d", len(got), want)
	}
}

func TestAPluginHasReferencesOfManyKinds(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Dialect: sctest.RPC, Hosts: 20, Plugins: 20_000})
	kinds := map[string]bool{}
	for _, o := range newClient(t, s).analyst().listPlugins(5000, nil) {
		for _, x := range strings.Split(o["xrefs"].(string), ", ") {
			kind, _, _ := strings.Cut(x, ":")
			kinds[kind] = true
		}
	}
	for _, kind := range []string{"CVE", "BID", "CWE", "IAVA", "RHSA", "DSA", "USN", "MSFT", "CISCO-SA", "APPLE-SA", "VMSA", "EDB-ID", "zone-h", "CERT-VU"} {
		if !kinds[kind] {
			t.Errorf("no plugin has a reference of kind %s", kind)
		}
	}
}
