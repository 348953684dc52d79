package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// What the console is asked for, as it sees it.
func TestFiltersAreSpelledAsTheConsoleWantsThem(t *testing.T) {
	type wire struct {
		FilterName, Operator string
		Value                any
	}
	for _, c := range []struct {
		filter    string
		rest, rpc wire
	}{
		{"exploitAvailable=true", wire{"exploitAvailable", "=", "true"}, wire{"exploitAvailable", "=", "true"}},
		{"pluginName~=Apache", wire{"pluginName", "~=", "Apache"}, wire{"pluginName", "~=", "Apache"}},
		{"port>=1024", wire{"port", ">=", "1024"}, wire{"port", ">=", "1024"}},
		{"port<=1024", wire{"port", "<=", "1024"}, wire{"port", "<=", "1024"}},
		{"port!=80", wire{"port", "!=", "80"}, wire{"port", "!=", "80"}},
		{"severity=High,critical", wire{"severity", "=", "3,4"}, wire{"severity", "=", "3,4"}},
		{"severity=4", wire{"severity", "=", "4"}, wire{"severity", "=", "4"}},
		{"repository=1,2", wire{"repository", "=", []any{map[string]any{"id": "1"}, map[string]any{"id": "2"}}}, wire{"repositoryIDs", "=", "1,2"}},
		{"family=1,2", wire{"family", "=", []any{map[string]any{"id": "1"}, map[string]any{"id": "2"}}}, wire{"familyID", "=", "1,2"}},
		{"asset=5", wire{"asset", "=", map[string]any{"id": "5"}}, wire{"assetID", "=", "5"}},
		{`asset={"id":"5"}`, wire{"asset", "=", map[string]any{"id": "5"}}, wire{"asset", "=", map[string]any{"id": "5"}}},
		{"auditFile=1000001", wire{"auditFile", "=", []any{map[string]any{"id": "1000001"}}}, wire{}},
		{`ip=192.0.2.0/24`, wire{"ip", "=", "192.0.2.0/24"}, wire{"ip", "=", "192.0.2.0/24"}},
		{"pluginType=event", wire{"pluginType", "=", "lce"}, wire{}},
		{"pluginType=active", wire{"pluginType", "=", "active"}, wire{"pluginType", "=", "active"}},
		{"lastSeen=0:7", wire{"lastSeen", "=", "0:7"}, wire{"lastSeen", "=", "0:7"}},
		{"lastSeen>=2024-05-01", wire{"lastSeen", "=", "1714521600-9999999999"}, wire{}},
	} {
		t.Run(c.filter, func(t *testing.T) {
			for _, dialect := range dialects {
				want := c.rest
				if dialect == sctest.RPC {
					want = c.rpc
				}
				if want.FilterName == "" { // relative to the console's clock, or without a spelling

					continue
				}
				var got []wire
				console := sctest.New(sctest.Options{Dialect: dialect, Hosts: 10, Plugins: 1000})
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					sent, err := io.ReadAll(r.Body)
					if err != nil {
						t.Error(err)
					}
					r.Body = io.NopCloser(bytes.NewReader(sent))
					if form, err := url.ParseQuery(string(sent)); err == nil && form.Has("input") {
						sent = []byte(form.Get("input"))
					}
					var body struct {
						Filters []wire
						Query   struct{ Filters []wire }
					}
					if json.Unmarshal(sent, &body) == nil {
						got = append(append(got, body.Filters...), body.Query.Filters...)
					}
					console.ServeHTTP(w, r)
				}))
				asAnalyst(t)
				scctl(t, "--url", server.URL, "query", "sumip", "--limit", "1", "-f", c.filter)
				server.Close()
				if len(got) != 1 {
					t.Fatalf("%s: filters %v", dialect, got)
				}
				if !reflect.DeepEqual(got[0], want) {
					t.Errorf("%s: %v, want %v", dialect, got[0], want)
				}
			}
		})
	}
}

// What is shown of a saved query may be given to --filter.
func TestFiltersOfSavedQueriesAreWrittenAsTheyAreRead(t *testing.T) {
	raw := func(text string) json.RawMessage { return json.RawMessage(text) }
	filters := []scapi.Filter{{Name: "pluginName", Operator: "~=", Value: raw(`"Apache"`)}, {Name: "port", Value: raw("80")},
		{Name: "asset", Operator: "=", Value: raw(`{"id":"5","name":"Lab"}`)}, {Name: "policy", Operator: "=", Value: raw(`[{"id":"1"}]`)}}
	texts := filterTexts(filters)
	want := []string{"pluginName~=Apache", "port=80", `asset={"id":"5","name":"Lab"}`, `policy=[{"id":"1"}]`}
	if !reflect.DeepEqual(texts, want) {
		t.Errorf("%q, want %q", texts, want)
	}
	read, err := parseFilters(texts, unasked)
	if err != nil || len(read) != len(filters) {
		t.Fatalf("%v, %v", read, err)
	}
	for i := range read {
		if again := filterTexts(read[i : i+1]); again[0] != want[i] {
			t.Errorf("%q is read as %q", want[i], again[0])
		}
	}
}

func FuzzFilters(f *testing.F) {
	for _, seed := range []string{"severity=high", "firstSeen>=2026-01-01", `asset={"id":"5"}`, "=", "a", "pluginID<=999999", "ip=192.0.2.0/24", "port!=80", "lastSeen<=30d", "\xff=\xff", "severity=", "vprScore=7-10", `family={"`} {
		f.Add(seed, "exploitAvailable=true")
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		filters, err := parseFilters([]string{one, two}, unasked)
		if err != nil {
			if err.Error() == "" || len(filters) > 0 {
				t.Errorf("%q, %q: %v beside %v", one, two, err, filters)
			}
			return
		}
		if len(filters) == 0 {
			t.Errorf("%q, %q: nothing is asked for", one, two)
		}
		for _, filter := range filters {
			if filter.Name == "" {
				t.Errorf("%q, %q: a filter without a name", one, two)
			}
		}
	})
}
