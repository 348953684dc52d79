package scapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// pluginList serves lists of these lengths by type. Offsets in gaps give no id.
func pluginList(lengths map[string]int, gaps func(offset int) bool) func(asked) said {
	return func(a asked) said {
		if a.Call != "GET /plugin" {
			return said{}
		}
		length, known := lengths[a.Query.Get("type")]
		if !known {
			return said{Status: 403, Code: 146, Message: "Invalid type."}
		}
		start, _ := strconv.Atoi(a.Query.Get("startOffset"))
		end, _ := strconv.Atoi(a.Query.Get("endOffset"))
		var ids []string
		for i := start; i < min(end, length); i++ {
			if gaps == nil || !gaps(i) {
				ids = append(ids, fmt.Sprintf(`{"id":"%d"}`, i))
			}
		}
		return said{Response: "[" + strings.Join(ids, ",") + "]"}
	}
}

func TestPluginCountsOnRESTCountWhatIsListed(t *testing.T) {
	t.Parallel()
	for _, lengths := range exhaustive.Sample([]map[string]int{
		{"active": 0, "passive": 1, "compliance": 199, "custom": 200, "lce": 201},
		{"active": 178_412, "passive": 13_777, "compliance": 4_001, "custom": 400, "lce": 3_199},
		{"active": 820_000, "passive": 9_999, "compliance": 10_000, "custom": 10_001, "lce": 20_000},
	}, 1) {
		for name, gaps := range map[string]func(int) bool{
			"full pages":                   nil,
			"a page that lacks one id":     func(offset int) bool { return offset == 150 },
			"pages that lack one id":       func(offset int) bool { return offset%200 == 57 },
			"pages that lack ten in a row": func(offset int) bool { return offset%200 >= 90 && offset%200 < 100 },
			"lists that end in gaps":       func(offset int) bool { return offset%200 >= 190 || offset%10_000 > 9_900 },
		} {
			t.Run(fmt.Sprintf("%d active, %s", lengths["active"], name), func(t *testing.T) {
				c, s := scripted(t, scapi.REST, "6.4.0", pluginList(lengths, gaps))
				got, err := c.PluginCounts(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				want := scapi.PluginCounts{ByType: map[string]int64{}}
				for wireType, length := range lengths {
					n := int64(0)
					for offset := range length {
						if gaps == nil || !gaps(offset) {
							n++
						}
					}
					want.ByType[strings.Replace(wireType, "lce", "event", 1)] = n
					want.Total = scapi.Some(want.Total.Value + n)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("counts (-want +got):\n%s", diff)
				}
				perType := map[string]int{}
				for _, a := range s.calls() {
					perType[a.Query.Get("type")]++
				}
				for wireType, n := range perType {
					if n > lengths[wireType]/9000+4 {
						t.Errorf("%d requests for %d %s plugins", n, lengths[wireType], wireType)
					}
				}
				if gaps != nil {
					return
				}
				before := len(s.calls())
				again, err := c.PluginCounts(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(got, again); diff != "" {
					t.Errorf("second count (-first +second):\n%s", diff)
				}
				if n := len(s.calls()) - before; n > len(lengths)+1 {
					t.Errorf("%d requests to see that nothing changed, want one per type", n)
				}
			})
		}
	}
}

// A number of plugins is right, or there is none.
func TestPluginsOfOddListsAreNotCountedWrong(t *testing.T) {
	t.Parallel()
	lengths := map[string]int{"active": 42_000, "passive": 7, "compliance": 0, "custom": 0, "lce": 300}
	right := scapi.PluginCounts{Total: scapi.Some[int64](42_307), ByType: map[string]int64{"active": 42_000, "passive": 7, "compliance": 0, "custom": 0, "event": 300}}
	withoutActive := scapi.PluginCounts{ByType: map[string]int64{"passive": 7, "compliance": 0, "custom": 0, "event": 300}}
	// onlyActive answers requests for active plugins from start on.
	onlyActive := func(answer func(start int) said) func(asked) said {
		return func(a asked) said {
			start, _ := strconv.Atoi(a.Query.Get("startOffset"))
			if a.Query.Get("type") == "active" {
				if odd := answer(start); odd != (said{}) {
					return odd
				}
			}
			return pluginList(lengths, nil)(a)
		}
	}
	capped := func(most int) func(asked) said {
		return func(a asked) said {
			start, _ := strconv.Atoi(a.Query.Get("startOffset"))
			if a.Query != nil {
				a.Query.Set("endOffset", strconv.Itoa(start+most))
			}
			return pluginList(lengths, nil)(a)
		}
	}
	for name, tc := range map[string]struct {
		answer func(asked) said
		want   scapi.PluginCounts // zero: an error
	}{
		"pages of 1000 whatever is asked":      {capped(1000), right},
		"pages of 200 whatever is asked":       {capped(200), right},
		"pages of 100 whatever is asked":       {capped(100), withoutActive},
		"a list without a plugin of any type":  {pluginList(map[string]int{"active": 0, "passive": 0, "compliance": 0, "custom": 0, "lce": 0}, nil), scapi.PluginCounts{}},
		"an empty text for every type":         {table(map[string]said{"GET /plugin": {Response: `""`}}), scapi.PluginCounts{}},
		"an empty object for every type":       {table(map[string]said{"GET /plugin": {Response: `{}`}}), scapi.PluginCounts{}},
		"a number for every type":              {table(map[string]said{"GET /plugin": {Response: `7`}}), scapi.PluginCounts{}},
		"an object of something else":          {table(map[string]said{"GET /plugin": {Response: `{"error":"x"}`}}), scapi.PluginCounts{}},
		"an empty text for one type":           {onlyActive(func(int) said { return said{Response: `""`} }), withoutActive},
		"a page in the middle that is empty":   {onlyActive(func(start int) said { return map[bool]said{true: {Response: `[]`}}[start == 20_000] }), scapi.PluginCounts{}},
		"a page in the middle that is no list": {onlyActive(func(start int) said { return map[bool]said{true: {Response: `""`}}[start == 20_000] }), scapi.PluginCounts{}},
		"a first page that is empty":           {onlyActive(func(start int) said { return map[bool]said{true: {Response: `[]`}}[start == 0] }), scapi.PluginCounts{}},
		"ends that are no lists":               {onlyActive(func(start int) said { return map[bool]said{true: {Response: `""`}}[start >= 42_000] }), right},
		"an object in the place of a list": {onlyActive(func(start int) said {
			return map[bool]said{start == 40_000: {Response: `{"0":{"id":"41998"},"2":{"id":"41999"}}`}, start > 40_000: {Response: `[]`}}[true]
		}), scapi.PluginCounts{Total: scapi.Some[int64](40_309), ByType: map[string]int64{"active": 40_002, "passive": 7, "compliance": 0, "custom": 0, "event": 300}}},
		"a list that begins anew": {onlyActive(func(start int) said {
			if start == 0 {
				return said{}
			}
			a := asked{Call: "GET /plugin", Query: url.Values{"type": {"active"}, "startOffset": {"0"}, "endOffset": {"10000"}}}
			return pluginList(lengths, nil)(a)
		}), withoutActive},
		"nothing but nulls": {table(map[string]said{"GET /plugin": {Response: `[null,"",{}]`}}), scapi.PluginCounts{}},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := scripted(t, scapi.REST, "6.4.0", tc.answer)
			got, err := c.PluginCounts(t.Context())
			if tc.want.ByType == nil {
				if !errors.Is(err, scapi.ErrMalformed) || got.ByType != nil || got.Total.Valid {
					t.Errorf("counts %+v, error %v", got, err)
				}
			} else if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Errorf("error %v, counts (-want +got):\n%s", err, diff)
			}
			if n := len(s.calls()); n > 300 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestPluginCountsOnRESTFollowTheLists(t *testing.T) {
	t.Parallel()
	lengths := map[string]int{"active": 150_000, "passive": 9_000, "compliance": 300, "custom": 0, "lce": 700}
	c, _ := scripted(t, scapi.REST, "6.4.0", pluginList(lengths, nil))
	for _, step := range []map[string]int{
		{}, {"active": 150_001}, {"active": 150_900, "custom": 3}, {"active": 190_000}, {"active": 120_000, "passive": 0}, {"active": 119_999}, {"active": 0},
	} {
		for wireType, n := range step {
			lengths[wireType] = n
		}
		got, err := c.PluginCounts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := scapi.PluginCounts{ByType: map[string]int64{}}
		for wireType, n := range lengths {
			want.ByType[strings.Replace(wireType, "lce", "event", 1)] = int64(n)
			want.Total = scapi.Some(want.Total.Value + int64(n))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("counts after %v (-want +got):\n%s", step, diff)
		}
	}
}

func TestPluginCountsOnREST(t *testing.T) {
	t.Parallel()
	t.Run("a type that is refused is absent", func(t *testing.T) {
		c, _ := scripted(t, scapi.REST, "6.4.0", pluginList(map[string]int{"active": 5, "passive": 6}, nil))
		got, err := c.PluginCounts(t.Context())
		want := scapi.PluginCounts{Total: scapi.Some[int64](11), ByType: map[string]int64{"active": 5, "passive": 6}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("error %v, counts (-want +got):\n%s", err, diff)
		}
	})
	t.Run("all types refused is an error", func(t *testing.T) {
		c, _ := scripted(t, scapi.REST, "6.4.0", pluginList(nil, nil))
		if got, err := c.PluginCounts(t.Context()); err == nil {
			t.Errorf("counts %+v, want an error", got)
		}
	})
	t.Run("a list without end is malformed", func(t *testing.T) {
		c, _ := scripted(t, scapi.REST, "6.4.0", func(a asked) said {
			if a.Call != "GET /plugin" {
				return said{}
			}
			return said{Response: `[{"id":"1"},{"id":"2"}]`}
		})
		if _, err := c.PluginCounts(t.Context()); !errors.Is(err, scapi.ErrMalformed) {
			t.Errorf("error %v, want ErrMalformed", err)
		}
	})
	t.Run("a missing permission is an error", func(t *testing.T) {
		c, _ := scripted(t, scapi.REST, "6.4.0", func(a asked) said {
			if a.Call != "GET /plugin" {
				return said{}
			}
			return forbidden(a)
		})
		if _, err := c.PluginCounts(t.Context()); !scapi.IsPermission(err) {
			t.Errorf("error %v, want a permission error", err)
		}
	})
}

func TestPluginCountsOnRPC(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body string
		want scapi.PluginCounts
	}{
		"4.8 counts types": {`{"pluginCount":"62000","active":"55000","passive":6900,"compliance":"90","custom":"10","event":"0","plugins":[{"id":"1"}],"lastUpdates":[]}`,
			scapi.PluginCounts{Total: scapi.Some[int64](62000), ByType: map[string]int64{"active": 55000, "passive": 6900, "compliance": 90, "custom": 10, "event": 0}}},
		"4.2 counts all":    {`{"pluginCount":41000}`, scapi.PluginCounts{Total: scapi.Some[int64](41000), ByType: map[string]int64{}}},
		"an empty answer":   {`[]`, scapi.PluginCounts{ByType: map[string]int64{}}},
		"counts of nothing": {`{"pluginCount":"","active":null,"passive":"-1"}`, scapi.PluginCounts{ByType: map[string]int64{}}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := scripted(t, scapi.RPC, "4.8.1", table(map[string]said{"plugin::init": {Response: tc.body}}))
			got, err := c.PluginCounts(t.Context())
			if diff := cmp.Diff(tc.want, got); err != nil || diff != "" {
				t.Errorf("error %v, counts (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestRecordedPluginPages(t *testing.T) {
	t.Parallel()
	all := recordings(t)
	var ids []json.RawMessage
	for _, file := range []string{"plugin-list-1.json", "plugin-list-2.json"} { // 200 and 199 of 200
		var e struct{ Response []json.RawMessage }
		if err := json.Unmarshal([]byte(all[file].Response.BodyText), &e); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.Response...)
	}
	c, _ := scripted(t, scapi.REST, "5.8.0", func(a asked) said {
		if a.Call != "GET /plugin" {
			return said{}
		}
		return pluginPage(ids, a)
	})
	got, err := c.PluginCounts(t.Context())
	if err != nil || got.ByType["active"] != 399 {
		t.Errorf("counts %+v, %v; want 399 active", got, err)
	}
}

// pluginPage is the page of ids that was asked for.
func pluginPage(ids []json.RawMessage, a asked) said {
	var start, end int
	if _, err := fmt.Sscan(a.Query.Get("startOffset")+" "+a.Query.Get("endOffset"), &start, &end); err != nil {
		return said{Status: http.StatusBadRequest, Code: 1, Message: err.Error()}
	}
	page, err := json.Marshal(ids[min(start, len(ids)):min(end, len(ids))])
	if err != nil {
		return said{Status: http.StatusInternalServerError, Code: 1, Message: err.Error()}
	}
	return said{Response: string(page)}
}
