package scapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// pluginDatabase answers the plugin lists of both dialects with plugins 0 to
// length-1, by their offset.
type pluginDatabase struct {
	length  int
	missing func(offset int) bool // a place where there is none
	most    int                   // plugins in an answer; 0: as asked
	deaf    bool                  // to the offset
	end     string                // what RPC says past the end
}

func (d pluginDatabase) answer(a asked) said {
	var start, size int
	switch a.Call {
	case "GET /plugin":
		start, _ = strconv.Atoi(a.Query.Get("startOffset"))
		end, _ := strconv.Atoi(a.Query.Get("endOffset"))
		size = end - start
	case "plugin::init":
		var in struct{ Offset, Size int }
		if err := json.Unmarshal([]byte(a.Body), &in); err != nil {
			return said{Code: 1, Message: err.Error()}
		}
		start, size = in.Offset, in.Size
	default:
		return said{}
	}
	if d.deaf {
		start = 0
	}
	var rows []string
	for i := start; i < min(start+size, d.length) && (d.most == 0 || len(rows) < d.most); i++ {
		if d.missing == nil || !d.missing(i) {
			rows = append(rows, fmt.Sprintf(`{"id":"%d"}`, i))
		}
	}
	list := "[" + strings.Join(rows, ",") + "]"
	switch {
	case a.Call == "GET /plugin":
		return said{Response: list}
	case len(rows) == 0 && d.end != "":
		return said{Response: d.end}
	}
	return said{Response: `{"plugins":` + list + `}`}
}

// ids reads a list of plugins to its end.
func ids(t *testing.T, c *scapi.Client, q scapi.PluginQuery) ([]string, error) {
	t.Helper()
	var list []string
	for p, err := range c.Plugins(t.Context(), q) {
		if err != nil {
			return list, err
		}
		list = append(list, p.ID)
	}
	return list, nil
}

var bothDialects = map[scapi.API]string{scapi.REST: "6.4.0", scapi.RPC: "4.8.1"}

func TestNoPluginOfAListIsLostOrComesTwice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pluginDatabase
		requests int // of 200 plugins; 0: any
	}{
		"an empty list":                        {pluginDatabase{}, 1},
		"a list shorter than a page":           {pluginDatabase{length: 199}, 2},
		"a list of one page":                   {pluginDatabase{length: 200}, 2},
		"a list of two pages":                  {pluginDatabase{length: 400}, 3},
		"a list of two pages and a plugin":     {pluginDatabase{length: 401}, 4},
		"a page that lacks a plugin":           {pluginDatabase{length: 1000, missing: func(i int) bool { return i == 150 }}, 0},
		"pages that lack several":              {pluginDatabase{length: 1000, missing: func(i int) bool { return i%7 == 3 }}, 0},
		"a short list that lacks a plugin":     {pluginDatabase{length: 10, missing: func(i int) bool { return i == 0 }}, 0},
		"pages that are shorter than asked":    {pluginDatabase{length: 1000, most: 130}, 0},
		"a console that gives all at once":     {pluginDatabase{length: 5000, deaf: true}, 0},
		"a console without offsets":            {pluginDatabase{length: 3, deaf: true}, 0},
		"an end that is an empty array":        {pluginDatabase{length: 400, end: "[]"}, 3},
		"an end that is an empty text":         {pluginDatabase{length: 400, end: `""`}, 3},
		"an end that is an empty object":       {pluginDatabase{length: 400, end: "{}"}, 3},
		"a list that is missing from the end":  {pluginDatabase{length: 400, end: `{"plugins":""}`}, 3},
		"a list that is null at the end":       {pluginDatabase{length: 400, end: `{"plugins":null}`}, 3},
		"a list of one plugin":                 {pluginDatabase{length: 1}, 2},
		"a list whose last page lacks plugins": {pluginDatabase{length: 400, missing: func(i int) bool { return i > 350 && i < 399 }}, 0},
	} {
		for api, version := range bothDialects {
			t.Run(name+" over "+string(api), func(t *testing.T) {
				c, s := scripted(t, api, version, test.answer)
				size := 200
				if test.deaf && test.length > 1000 {
					// It answers with 5000 however many were asked for.
					c, s = scripted(t, api, version, func(a asked) said {
						a.Body = strings.Replace(a.Body, `"size":200`, `"size":5000`, 1)
						if a.Query != nil {
							a.Query.Set("startOffset", "0")
							a.Query.Set("endOffset", "5000")
						}
						return test.answer(a)
					})
				}
				var want []string
				for i := range test.length {
					if test.missing == nil || !test.missing(i) {
						want = append(want, strconv.Itoa(i))
					}
				}
				got, err := ids(t, c, scapi.PluginQuery{PageSize: size})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("plugins (-want +got):\n%s", diff)
				}
				if n := len(s.calls()); test.requests != 0 && n != test.requests {
					t.Errorf("%d requests, want %d", n, test.requests)
				}
			})
		}
	}
}

func TestAPluginListThatGoesInCirclesIsAnError(t *testing.T) {
	t.Parallel()
	for api, version := range bothDialects {
		c, s := scripted(t, api, version, pluginDatabase{length: 200, deaf: true}.answer)
		got, err := ids(t, c, scapi.PluginQuery{PageSize: 200})
		if !errors.Is(err, scapi.ErrMalformed) || len(got) != 200 || len(s.calls()) > 3 {
			t.Errorf("%s: %d plugins in %d requests, %v", api, len(got), len(s.calls()), err)
		}
	}
}

func TestAPluginListEndsWhereTheCallerWants(t *testing.T) {
	t.Parallel()
	for api, version := range bothDialects {
		c, s := scripted(t, api, version, pluginDatabase{length: 1000}.answer)
		got, err := ids(t, c, scapi.PluginQuery{PageSize: 10, Offset: 5, Pages: 2})
		if len(got) != 20 || got[0] != "5" || got[19] != "24" || len(s.calls()) != 2 || err != nil {
			t.Errorf("%s, two pages from 5 on: %v in %d requests, %v", api, got, len(s.calls()), err)
		}
		n := 0
		for _, err := range c.Plugins(t.Context(), scapi.PluginQuery{PageSize: 10}) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 3 {
				break
			}
		}
		if len(s.calls()) != 3 {
			t.Errorf("%s: %d requests for three plugins", api, len(s.calls())-2)
		}
	}
}

func TestAPluginQueryIsSpelledForItsDialect(t *testing.T) {
	t.Parallel()
	since := time.Date(2024, 5, 6, 7, 8, 9, 0, time.FixedZone("", 3600))
	for name, test := range map[string]struct {
		query     scapi.PluginQuery
		rest, rpc map[string]any // nil: not supported
	}{
		"nothing said": {
			scapi.PluginQuery{},
			map[string]any{"type": "all", "startOffset": "0", "endOffset": "1000", "sortField": "id", "sortDirection": "ASC"},
			map[string]any{"type": "all", "offset": 0.0, "size": 1000.0, "sortField": "id", "sortDirection": "ASC"},
		},
		"everything said": {
			scapi.PluginQuery{
				Type: "active", Sort: "name", Direction: scapi.Descending, PageSize: 50, Offset: 100, Since: since,
				Filter: scapi.PluginFilter{Field: "name", Value: "SSL"}, Fields: []string{"id", "name"},
			},
			map[string]any{"type": "active", "startOffset": "100", "endOffset": "150", "sortField": "name", "sortDirection": "DESC",
				"since": "1714975689", "filterField": "name", "op": "like", "value": "SSL", "fields": "id,name"},
			map[string]any{"type": "active", "offset": 100.0, "size": 50.0, "sortField": "name", "sortDirection": "DESC",
				"since": 1714975689.0, "filterField": "name", "filterString": "SSL"},
		},
		"an operator": {
			scapi.PluginQuery{Filter: scapi.PluginFilter{Field: "id", Operator: "gte", Value: "5"}},
			map[string]any{"filterField": "id", "op": "gte", "value": "5"}, nil,
		},
		"event plugins": {scapi.PluginQuery{Type: "event"}, map[string]any{"type": "lce"}, nil},
	} {
		for api, version := range bothDialects {
			t.Run(name+" over "+string(api), func(t *testing.T) {
				c, s := scripted(t, api, version, pluginDatabase{}.answer)
				_, err := ids(t, c, test.query)
				want := test.rest
				if api == scapi.RPC {
					want = test.rpc
				}
				if want == nil {
					if !errors.Is(err, scapi.ErrUnsupported) || len(s.calls()) != 0 {
						t.Errorf("%d requests, %v", len(s.calls()), err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				sent := map[string]any{}
				if a := s.calls()[0]; api == scapi.RPC {
					sent = a.body(t)
				} else {
					for name := range a.Query {
						sent[name] = a.Query.Get(name)
					}
				}
				for key, value := range want {
					if sent[key] != value {
						t.Errorf("%s is %v, want %v", key, sent[key], value)
					}
				}
				for _, key := range []string{"since", "filterField", "filterString", "op", "value"} {
					if _, wanted := want[key]; !wanted && sent[key] != nil {
						t.Errorf("%s is %v, and should not be sent", key, sent[key])
					}
				}
			})
		}
	}
}

func TestAPluginQueryThatIsWrongInItselfIsNotSent(t *testing.T) {
	t.Parallel()
	for name, q := range map[string]scapi.PluginQuery{
		"an unknown type":            {Type: "mobile"},
		"an unknown direction":       {Direction: "up"},
		"an unknown operator":        {Filter: scapi.PluginFilter{Field: "id", Operator: "~"}},
		"a filter without field":     {Filter: scapi.PluginFilter{Value: "x"}},
		"a negative offset":          {Offset: -1},
		"a negative page size":       {PageSize: -1},
		"a negative number of pages": {Pages: -1},
	} {
		c, s := scripted(t, scapi.REST, "6.4.0", pluginDatabase{length: 5}.answer)
		if got, err := ids(t, c, q); err == nil || len(got) != 0 || len(s.calls()) != 0 {
			t.Errorf("%s: %v, %d requests, %v", name, got, len(s.calls()), err)
		}
	}
}

func TestColumnsThatAConsoleRefusesAreNotAskedForAgain(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, scapi.REST, "5.0.0", func(a asked) said {
		if a.Query.Has("fields") {
			return said{Status: 403, Code: 146, Message: "Invalid field."}
		}
		return pluginDatabase{length: 30}.answer(a)
	})
	if got, err := ids(t, c, scapi.PluginQuery{PageSize: 10}); len(got) != 30 || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	if n := len(s.calls()); n != 5 { // one refused, three pages, the end
		t.Errorf("%d requests", n)
	}
	c, _ = scripted(t, scapi.REST, "6.4.0", table(map[string]said{"GET /plugin": {Status: 403, Code: 146, Message: "Invalid filterField."}}))
	if _, err := ids(t, c, scapi.PluginQuery{Filter: scapi.PluginFilter{Field: "nonsense", Value: "x"}}); err == nil || !strings.Contains(err.Error(), "filterField") {
		t.Errorf("a filter that is refused: %v", err)
	}
}

func TestAFailureInThePluginListComesLast(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, scapi.REST, "6.4.0", func(a asked) said {
		if a.Query.Get("startOffset") == "10" {
			return said{Status: 500, Code: 1, Message: "broken"}
		}
		return pluginDatabase{length: 30}.answer(a)
	})
	var got []string
	failures := 0
	for p, err := range c.Plugins(t.Context(), scapi.PluginQuery{PageSize: 10}) {
		if err != nil {
			failures++
			continue
		}
		got = append(got, p.ID)
	}
	if len(got) != 10 || failures != 1 {
		t.Errorf("%d plugins, %d failures", len(got), failures)
	}
}

func TestFamiliesOfAnOldConsoleStandBesideItsPlugins(t *testing.T) {
	t.Parallel()
	pages := []string{
		`{"plugins":[{"id":1,"name":"A","familyID":"7"},{"id":"2","familyID":8,"familyName":"Own"}],"families":[{"id":"7","name":"Seven"},{"id":8,"name":"Eight"}]}`,
		`[]`,
	}
	c, _ := scripted(t, scapi.RPC, "4.2.0", func(a asked) said {
		if a.Call != "plugin::init" {
			return said{}
		}
		page := pages[0]
		pages = pages[1:]
		return said{Response: page}
	})
	var got []string
	for p, err := range c.Plugins(t.Context(), scapi.PluginQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p.ID+" "+p.Family+" "+p.FamilyID)
	}
	if diff := cmp.Diff([]string{"1 Seven 7", "2 Own 8"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestThePluginsOfASimulatedConsoleAreListed(t *testing.T) {
	t.Parallel()
	onBothDialects(t, sctest.Options{Plugins: 2500}, func(t *testing.T, s *sctest.Server) {
		c := dialSimulated(t, s, asAnalyst)
		seen := map[string]int{}
		last := -1
		for p, err := range c.Plugins(t.Context(), scapi.PluginQuery{PageSize: 300}) {
			if err != nil {
				t.Fatal(err)
			}
			seen[p.ID]++
			n, err := strconv.Atoi(p.ID)
			if err != nil || n <= last || p.Name == "" || p.Raw == nil {
				t.Fatalf("after %d: %s", last, p.Raw)
			}
			last = n
		}
		// A list this long has a hole.
		if n := s.PluginCount("all"); len(seen) != n {
			t.Errorf("%d plugins of %d", len(seen), n)
		}
		active, err := ids(t, c, scapi.PluginQuery{Type: "active", PageSize: 1000})
		if n := s.PluginCount("active"); err != nil || len(active) != n {
			t.Errorf("%d active plugins of %d, %v", len(active), n, err)
		}
	})
}

func TestTheRecordedPluginListIsRead(t *testing.T) {
	t.Parallel()
	all := recordings(t)
	pages := map[string]string{}
	for _, name := range []string{"plugin-list-1.json", "plugin-list-2.json"} {
		var envelope struct{ Response json.RawMessage }
		if err := json.Unmarshal([]byte(all[name].Response.BodyText), &envelope); err != nil {
			t.Fatal(err)
		}
		pages[all[name].Request.Query["startOffset"]] = string(envelope.Response)
	}
	c, s := scripted(t, scapi.REST, "5.8.0", func(a asked) said {
		if a.Call != "GET /plugin" {
			return said{}
		}
		start := a.Query.Get("startOffset")
		if start == "199" { // the first page lacks one; the recording went on at 200
			start = "200"
		}
		if page, ok := pages[start]; ok {
			return said{Response: page}
		}
		return said{Response: "[]"}
	})
	got, err := ids(t, c, scapi.PluginQuery{PageSize: 200})
	if err != nil {
		t.Fatal(err)
	}
	distinct := map[string]bool{}
	for _, id := range got {
		distinct[id] = true
	}
	if len(got) < 399 || len(distinct) != len(got) || len(s.calls()) != 3 {
		t.Errorf("%d plugins, %d of them distinct, in %d requests", len(got), len(distinct), len(s.calls()))
	}
}
