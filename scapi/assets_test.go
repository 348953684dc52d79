package scapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

const (
	restAssets = `{"usable":[
		{"id":"0","name":"All Defined Ranges","type":"static","tags":"","ipCount":-1,"typeFields":{"definedIPs":"0.0.0.0\/0"},"groups":[],"owner":{"id":-1,"username":""}},
		{"id":"5","name":"Lab","description":"Racks","type":"static","tags":"lab","ipCount":12,"createdTime":"1700000000","modifiedTime":"1700003600",
			"typeFields":{"definedIPs":"192.0.2.1,192.0.2.8-192.0.2.9"},"groups":[{"id":"1","name":"Ops"}],"owner":{"id":"2","username":"api","firstname":"A","lastname":"Pi"}},
		{"id":"6","name":"Windows","type":"dynamic","ipCount":0,"typeFields":{"rules":{"operator":"any","children":[],"type":"group"}}},
		{"id":"7","name":"Names","type":"dnsname","typeFields":{"definedDNSNames":"a.example.org\nb.example.org"}},
		{"id":"8","name":"Both","type":"combination","typeFields":{"combinations":{"operator":"intersection"}}}],
		"manageable":[{"id":"5","name":"Lab"}]}`
	rpcAssets = `{"assets":[
		{"id":"5","type":"static","name":"Lab","description":"Racks","visibility":"organizational","group":"Ops","users":[{"id":"1"},{"id":4}],"definedIPs":"192.0.2.1,192.0.2.8-192.0.2.9",
			"creatorID":"1","ownerID":"1","createdTime":"1335800000","modifiedTime":"1335800000"},
		{"id":6,"type":"dynamic","name":"Windows","description":"","visibility":"user","group":"","users":[],"rules":{"operator":"any"},"ownerID":-1}],
		"repositories":[{"id":"1","name":"Active"}]}`
	tagAssets = `{"assets":[
		{"id":"5","type":"static","name":"Lab","description":"Racks","tags":"lab","definedIPs":"192.0.2.1","creatorID":"1","ownerID":"1","status":"0"},
		{"id":"7","type":"dnsname","name":"Names","description":"","tags":"","definedDNSNames":["a.example.org","b.example.org"]},
		{"id":"8","type":"combination","name":"Both","description":"","tags":"","combinations":{"operator":"union"},"ownerID":"1","modifiedTime":"1"}]}`
)

func TestAssets(t *testing.T) {
	t.Parallel()
	n := scapi.Some[int64]
	for name, tc := range map[string]struct {
		api  scapi.API
		body string
		want []scapi.Asset
	}{
		"REST, both halves once": {scapi.REST, restAssets, []scapi.Asset{
			{ID: "0", Name: "All Defined Ranges", Type: "static", IPs: []string{"0.0.0.0/0"}},
			{ID: "5", Name: "Lab", Description: "Racks", Type: "static", Tags: "lab", IPCount: n(12), IPs: []string{"192.0.2.1", "192.0.2.8-192.0.2.9"},
				Groups: []scapi.Ref{{ID: "1", Name: "Ops"}}, Owner: scapi.UserRef{ID: "2", Username: "api", Name: "A Pi"}, Created: epoch(1700000000), Modified: epoch(1700003600)},
			{ID: "6", Name: "Windows", Type: "dynamic", IPCount: n(0)},
			{ID: "7", Name: "Names", Type: "dnsname", DNSNames: []string{"a.example.org", "b.example.org"}},
			{ID: "8", Name: "Both", Type: "combination"},
		}},
		"REST for an administrator": {scapi.REST, `{"assets":[{"id":"3","name":"Template","type":"dynamic"}]}`, []scapi.Asset{{ID: "3", Name: "Template", Type: "dynamic"}}},
		"RPC": {scapi.RPC, rpcAssets, []scapi.Asset{
			{ID: "5", Name: "Lab", Description: "Racks", Type: "static", Visibility: "organizational", Group: "Ops", Users: []string{"1", "4"},
				IPs: []string{"192.0.2.1", "192.0.2.8-192.0.2.9"}, Owner: scapi.UserRef{ID: "1"}, Created: epoch(1335800000), Modified: epoch(1335800000)},
			{ID: "6", Name: "Windows", Type: "dynamic", Visibility: "user"},
		}},
		"RPC 4.8": {scapi.RPC, tagAssets, []scapi.Asset{
			{ID: "5", Name: "Lab", Description: "Racks", Type: "static", Tags: "lab", IPs: []string{"192.0.2.1"}, Owner: scapi.UserRef{ID: "1"}, Status: "ready"},
			{ID: "7", Name: "Names", Type: "dnsname", DNSNames: []string{"a.example.org", "b.example.org"}},
			{ID: "8", Name: "Both", Type: "combination", Owner: scapi.UserRef{ID: "1"}, Modified: epoch(1)},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := scripted(t, tc.api, "4.8.1", table(map[string]said{"GET /asset": {Response: tc.body}, "asset::init": {Response: tc.body}}))
			got, err := c.Assets(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for i, a := range got {
				if wantsRules := a.Type == "dynamic" && a.ID == "6" || a.Type == "combination"; wantsRules != strings.Contains(string(a.Rules), "operator") {
					t.Errorf("asset list %s: rules %s", a.ID, a.Rules)
				}
				got[i].Rules = nil
			}
			if diff := cmp.Diff(tc.want, got, noRaw); diff != "" {
				t.Errorf("asset lists (-want +got):\n%s", diff)
			}
		})
	}
}

// assetConsole answers with lists, and takes every change.
func assetConsole(list string) func(asked) said {
	return func(a asked) said {
		switch a.Call {
		case "asset::init":
			return said{Response: list}
		case "asset::edit", "PATCH /asset/5", "PATCH /asset/8", "POST /asset/5/share":
			return said{Response: `{"id":"5","name":"Changed","type":"static"}`}
		case "GET /asset/5":
			return said{Response: `{"id":"5","name":"Lab","type":"static","typeFields":{"definedIPs":"192.0.2.1"}}`}
		case "GET /asset/8":
			return said{Response: `{"id":"8","name":"Both","type":"combination","typeFields":{"combinations":{"operator":"union"}}}`}
		case "GET /asset/99":
			return said{Status: 403, Code: 147, Message: "Unable to find existing Asset #99.\nAsset #99 does not exist.\n"}
		case "GET /group":
			return said{Response: `[{"id":"0","name":"Full Access"},{"id":"3","name":"Ops"},{"id":"4","name":"Twice"},{"id":"5","name":"Twice"}]`}
		}
		return said{}
	}
}

func TestUpdateAssetWritesWhatChanges(t *testing.T) {
	t.Parallel()
	text := scapi.Some[string]
	ips := scapi.Some([]string{"192.0.2.5", "198.51.100.0/24", "203.0.113.1-203.0.113.9"})
	for name, tc := range map[string]struct {
		api     scapi.API
		version string
		list    string
		id      string
		update  scapi.AssetUpdate
		writes  []string // call and body, one after the other
	}{
		"REST: only what is given": {scapi.REST, "", "", "5", scapi.AssetUpdate{Description: text("")},
			[]string{"PATCH /asset/5", `{"description":""}`}},
		"REST: addresses replace those before": {scapi.REST, "", "", "5", scapi.AssetUpdate{Name: text("New"), Tags: text("t"), IPs: ips},
			[]string{"PATCH /asset/5", `{"definedIPs":"192.0.2.5,198.51.100.0/24,203.0.113.1-203.0.113.9","name":"New","tags":"t"}`}},
		"REST: a group is found by name and shares": {scapi.REST, "", "", "5", scapi.AssetUpdate{Name: text("New"), Group: text("Ops")},
			[]string{"PATCH /asset/5", `{"name":"New"}`, "POST /asset/5/share", `{"groups":[{"id":3}]}`}},
		"REST: a group alone is one request": {scapi.REST, "", "", "5", scapi.AssetUpdate{Group: text("Full Access")},
			[]string{"POST /asset/5/share", `{"groups":[{"id":0}]}`}},
		"REST: rules of a combination": {scapi.REST, "", "", "8", scapi.AssetUpdate{Rules: []byte(`{"operator":"union"}`)},
			[]string{"PATCH /asset/8", `{"combinations":{"operator":"union"}}`}},
		"RPC: the rest is written back": {scapi.RPC, "4.6.2", rpcAssets, "5", scapi.AssetUpdate{Description: text("New")},
			[]string{"asset::edit", `{"definedIPs":"192.0.2.1,192.0.2.8-192.0.2.9","description":"New","group":"Ops","id":"5","name":"Lab","type":"static","users":[{"id":"1"},{"id":4}],"visibility":"organizational"}`}},
		"RPC: everything that 4.6 has": {scapi.RPC, "4.6.2", rpcAssets, "5",
			scapi.AssetUpdate{Name: text("n"), Description: text("d"), Visibility: text("user"), Group: text("g"), Users: scapi.Some([]string{"7", "8"}), IPs: ips},
			[]string{"asset::edit", `{"definedIPs":"192.0.2.5,198.51.100.0/24,203.0.113.1-203.0.113.9","description":"d","group":"g","id":"5","name":"n","type":"static","users":[{"id":7},{"id":8}],"visibility":"user"}`}},
		"RPC: rules replace those before": {scapi.RPC, "4.4.1", rpcAssets, "6", scapi.AssetUpdate{Rules: []byte(`{"operator":"all"}`)},
			[]string{"asset::edit", `{"description":"","group":"","id":6,"name":"Windows","rules":{"operator":"all"},"type":"dynamic","users":[],"visibility":"user"}`}},
		"RPC 4.8: tags instead of visibility": {scapi.RPC, "4.8.1", tagAssets, "5", scapi.AssetUpdate{Tags: text("new")},
			[]string{"asset::edit", `{"definedIPs":"192.0.2.1","description":"Racks","id":"5","name":"Lab","tags":"new","type":"static"}`}},
		"RPC 4.8: DNS names are written as text": {scapi.RPC, "4.8.1", tagAssets, "7", scapi.AssetUpdate{Name: text("New")},
			[]string{"asset::edit", `{"definedDNSNames":"a.example.org,b.example.org","description":"","id":"7","name":"New","tags":"","type":"dnsname"}`}},
		"RPC 4.8: a combination keeps what defines it": {scapi.RPC, "4.8.1", tagAssets, "8", scapi.AssetUpdate{Name: text("New")},
			[]string{"asset::edit", `{"combinations":{"operator":"union"},"description":"","id":"8","name":"New","tags":"","type":"combination"}`}},
		"RPC 4.8: the rules of a combination": {scapi.RPC, "4.8.1", tagAssets, "8", scapi.AssetUpdate{Rules: []byte(`{"operator":"complement"}`)},
			[]string{"asset::edit", `{"combinations":{"operator":"complement"},"description":"","id":"8","name":"Both","tags":"","type":"combination"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := scripted(t, tc.api, tc.version, assetConsole(tc.list))
			got, err := c.UpdateAsset(t.Context(), tc.id, tc.update)
			if err != nil {
				t.Fatal(err)
			}
			if tc.id == "5" && got.Name != "Changed" {
				t.Errorf("%+v, want the list as the console answers", got)
			}
			if diff := cmp.Diff(tc.writes, written(s)); diff != "" {
				t.Errorf("written (-want +got):\n%s", diff)
			}
		})
	}
}

// written returns the calls that change something, each with its body.
func written(s *script) []string {
	var list []string
	for _, a := range s.calls() {
		if strings.HasPrefix(a.Call, "PATCH ") || strings.HasSuffix(a.Call, "/share") || strings.HasSuffix(a.Call, "::edit") {
			list = append(list, a.Call, a.Body)
		}
	}
	return list
}

func TestUpdateAssetRefusesWithoutWriting(t *testing.T) {
	t.Parallel()
	text := scapi.Some[string]
	ips := scapi.Some([]string{"192.0.2.5"})
	for name, tc := range map[string]struct {
		api     scapi.API
		version string
		id      string
		update  scapi.AssetUpdate
		want    error // nil: any
		silent  bool  // nothing is asked at all
	}{
		"an unknown id on REST":               {scapi.REST, "", "99", scapi.AssetUpdate{Name: text("x")}, scapi.ErrNotFound, false},
		"an unknown id on RPC":                {scapi.RPC, "4.6.2", "99", scapi.AssetUpdate{Name: text("x")}, scapi.ErrNotFound, false},
		"an id that is none":                  {scapi.REST, "", "5/share", scapi.AssetUpdate{Name: text("x")}, nil, true},
		"no change":                           {scapi.REST, "", "5", scapi.AssetUpdate{}, nil, true},
		"an address that is none":             {scapi.REST, "", "5", scapi.AssetUpdate{IPs: scapi.Some([]string{"192.0.2.1,192.0.2.2"})}, nil, true},
		"a name that is none":                 {scapi.REST, "", "5", scapi.AssetUpdate{DNSNames: scapi.Some([]string{"a b"})}, nil, true},
		"rules that are no JSON":              {scapi.REST, "", "5", scapi.AssetUpdate{Rules: []byte("{")}, nil, true},
		"a visibility that is none":           {scapi.RPC, "4.6.2", "5", scapi.AssetUpdate{Visibility: text("all")}, nil, true},
		"a user that is none":                 {scapi.RPC, "4.6.2", "5", scapi.AssetUpdate{Users: scapi.Some([]string{"me"})}, nil, true},
		"visibility on REST":                  {scapi.REST, "", "5", scapi.AssetUpdate{Visibility: text("user")}, scapi.ErrUnsupported, true},
		"users on REST":                       {scapi.REST, "", "5", scapi.AssetUpdate{Users: scapi.Some([]string{"1"})}, scapi.ErrUnsupported, true},
		"visibility on 4.8":                   {scapi.RPC, "4.8.1", "5", scapi.AssetUpdate{Visibility: text("user")}, scapi.ErrUnsupported, true},
		"a group on 4.8":                      {scapi.RPC, "4.8.1", "5", scapi.AssetUpdate{Group: text("Ops")}, scapi.ErrUnsupported, true},
		"tags before 4.8":                     {scapi.RPC, "4.6.2", "5", scapi.AssetUpdate{Tags: text("x")}, scapi.ErrUnsupported, true},
		"DNS names before 4.8":                {scapi.RPC, "4.6.2", "5", scapi.AssetUpdate{DNSNames: scapi.Some([]string{"a.example.org"})}, scapi.ErrUnsupported, true},
		"addresses of a dynamic list":         {scapi.RPC, "4.6.2", "6", scapi.AssetUpdate{IPs: ips}, nil, false},
		"addresses of a combination":          {scapi.REST, "", "8", scapi.AssetUpdate{IPs: ips}, nil, false},
		"rules of a static list":              {scapi.REST, "", "5", scapi.AssetUpdate{Rules: []byte(`{}`)}, nil, false},
		"DNS names of a static list":          {scapi.REST, "", "5", scapi.AssetUpdate{DNSNames: scapi.Some([]string{"a.example.org"})}, nil, false},
		"a group that is not there":           {scapi.REST, "", "5", scapi.AssetUpdate{Group: text("Nobody")}, scapi.ErrNotFound, false},
		"a group of a name that comes twice":  {scapi.REST, "", "5", scapi.AssetUpdate{Group: text("Twice")}, nil, false},
		"a change beside an unknown group":    {scapi.REST, "", "5", scapi.AssetUpdate{Name: text("x"), Group: text("Nobody")}, scapi.ErrNotFound, false},
		"visibility and tags contradict 4.6":  {scapi.RPC, "4.6.2", "5", scapi.AssetUpdate{Visibility: text("user"), Tags: text("x")}, scapi.ErrUnsupported, true},
		"visibility and tags contradict REST": {scapi.REST, "", "5", scapi.AssetUpdate{Visibility: text("user"), Tags: text("x")}, scapi.ErrUnsupported, true},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := scripted(t, tc.api, tc.version, assetConsole(rpcAssets))
			_, err := c.UpdateAsset(t.Context(), tc.id, tc.update)
			if err == nil || tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("error %v, want %v", err, tc.want)
			}
			if errors.Is(tc.want, scapi.ErrNotFound) && !scapi.IsNotFound(err) {
				t.Errorf("IsNotFound does not know %v", err)
			}
			if calls := s.calls(); len(written(s)) > 0 || tc.silent && len(calls) > 0 {
				t.Errorf("asked %v", calls)
			}
		})
	}
}

func TestUpdateAssetNoticesAnEmptyAnswer(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, scapi.RPC, "4.6.2", func(a asked) said {
		if a.Call == "asset::edit" {
			return said{Response: `[]`}
		}
		return assetConsole(rpcAssets)(a)
	})
	if _, err := c.UpdateAsset(t.Context(), "5", scapi.AssetUpdate{Name: scapi.Some("x")}); !errors.Is(err, scapi.ErrMalformed) {
		t.Errorf("error %v, want that it may not have been changed", err)
	}
}

func TestAssetIPs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		api    scapi.API
		body   string
		want   string // for each repository its id, name, ranges and other entries
		fails  error
		second string // answer of asset::init
	}{
		"REST": {scapi.REST, `{"id":"5","viewableIPs":[{"repository":{"id":"1","name":"Main"},"ipList":"192.0.2.1\n192.0.2.5-192.0.2.9|x|y\n\n"},
			{"repository":{"id":"2","name":"Agents"},"ipList":"0f1e2d3c-0000-0000-0000-000000000000\n2001:db8::1"}]}`,
			"1 Main=192.0.2.1 192.0.2.5-192.0.2.9; 2 Agents=2001:db8::1;0f1e2d3c-0000-0000-0000-000000000000", nil, ""},
		"REST, still being calculated":  {scapi.REST, `{"id":"5","viewableIPs":[]}`, "", nil, ""},
		"RPC":                           {scapi.RPC, `{"viewableIPs":[{"ipList":"10.0.0.1\n10.0.0.2-10.0.0.9","repositoryID":"3"},{"ipList":"10.1.0.1,10.1.0.4"}]}`, "3 =10.0.0.1 10.0.0.2-10.0.0.9;  =10.1.0.1 10.1.0.4;", nil, ""},
		"RPC, a list without addresses": {scapi.RPC, `{"viewableIPs":[]}`, "", nil, `{"assets":[{"id":5}]}`},
		"RPC, no such list":             {scapi.RPC, `{"viewableIPs":[]}`, "", scapi.ErrNotFound, `{"assets":[{"id":"4"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := scripted(t, tc.api, "4.6.2", table(map[string]said{
				"GET /asset/5": {Response: tc.body}, "asset::getIPs": {Response: tc.body}, "asset::init": {Response: tc.second}}))
			got, err := c.AssetIPs(t.Context(), "5")
			if !errors.Is(err, tc.fails) {
				t.Fatalf("error %v, want %v", err, tc.fails)
			}
			var text []string
			for _, r := range got {
				var ranges []string
				for _, a := range r.Ranges {
					ranges = append(ranges, a.String())
				}
				text = append(text, fmt.Sprintf("%s %s=%s;%s", r.RepositoryID, r.Repository, strings.Join(ranges, " "), strings.Join(r.Others, ",")))
			}
			if joined := strings.Join(text, " "); joined != tc.want {
				t.Errorf("addresses %q, want %q", joined, tc.want)
			}
		})
	}
}

func TestAddressRangesExpand(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, scapi.REST, "", table(map[string]said{
		"GET /asset/5": {Response: `{"id":"5","viewableIPs":[{"repository":{"id":"1"},"ipList":"192.0.2.254-192.0.3.1\n255.255.255.255"}]}`}}))
	got, err := c.AssetIPs(t.Context(), "5")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	var count float64
	for _, r := range got[0].Ranges {
		count += r.Count()
		for a := range r.All() {
			all = append(all, a.String())
		}
	}
	want := []string{"192.0.2.254", "192.0.2.255", "192.0.3.0", "192.0.3.1", "255.255.255.255"}
	if !slices.Equal(all, want) || count != float64(len(want)) {
		t.Errorf("%v, %v of them; want %v", all, count, want)
	}
	for a := range got[0].Ranges[0].All() {
		if a.String() != "192.0.2.254" {
			t.Error("a loop that was left goes on")
		}
		break
	}
}

// plain is JSON without the liberties of its spelling.
func plain(t *testing.T, text json.RawMessage) json.RawMessage {
	t.Helper()
	if text == nil {
		return nil
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// What was written is on the console, and what was not is as it was.
func TestUpdateAssetOfSimulatedConsoles(t *testing.T) {
	t.Parallel()
	for _, o := range []sctest.Options{
		{Dialect: sctest.REST}, {Dialect: sctest.REST, Version: "5.8.0"}, {Dialect: sctest.RPC, Version: "4.0.3"}, {Dialect: sctest.RPC, Version: "4.6.2.2"}, {Dialect: sctest.RPC, Version: "4.8.1"},
	} {
		t.Run(label(o), func(t *testing.T) {
			server, _, c := simulated(t, o)
			lists, err := c.Assets(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			edited := 0
			for _, a := range lists {
				if a.ID == "0" {
					continue // nobody may edit it
				}
				before, _ := server.Asset(a.ID)
				after, err := c.UpdateAsset(t.Context(), a.ID, scapi.AssetUpdate{Description: scapi.Some("described")})
				if err != nil {
					t.Fatalf("%s list %s: %v", a.Type, a.ID, err)
				}
				now, _ := server.Asset(a.ID)
				before.Description, before.Modified, before.Rules, before.Combinations = "described", now.Modified, plain(t, before.Rules), plain(t, before.Combinations)
				now.Rules, now.Combinations = plain(t, now.Rules), plain(t, now.Combinations)
				if diff := cmp.Diff(before, now); diff != "" || after.Description != "described" || after.Name != a.Name {
					t.Errorf("%s list %s: answered %+v; changed besides (-before +now):\n%s", a.Type, a.ID, after, diff)
				}
				edited++
			}
			if edited < 5 {
				t.Errorf("%d lists", edited)
			}
			if _, err := c.UpdateAsset(t.Context(), "8", scapi.AssetUpdate{IPs: scapi.Some([]string{"10.0.1.0/24", "10.0.2.1-10.0.2.3"})}); err != nil {
				t.Fatal(err)
			}
			if a, _ := server.Asset("8"); a.DefinedIPs != "10.0.1.0/24,10.0.2.1-10.0.2.3" {
				t.Errorf("defined as %s", a.DefinedIPs)
			}
			repositories, err := c.AssetIPs(t.Context(), "8")
			if err != nil {
				t.Fatal(err)
			}
			// Of a static list the console tells whole ranges, which hold more than hosts.
			told := map[string]bool{}
			for _, r := range repositories {
				for _, span := range r.Ranges {
					for a := range span.All() {
						told[r.RepositoryID+" "+a.String()] = true
						if text := a.String(); !strings.HasPrefix(text, "10.0.1.") && !strings.HasPrefix(text, "10.0.2.") {
							t.Fatalf("address %s is not defined", text)
						}
					}
				}
			}
			assigned := map[string]bool{}
			for _, r := range server.Repositories() {
				assigned[r.ID] = r.Assigned
			}
			hosts := 0
			for h := range server.AssetHosts("8") {
				if !assigned[h.Repository] {
					continue
				}
				if hosts++; !told[h.Repository+" "+h.IP] {
					t.Errorf("host %s of repository %s is missing", h.IP, h.Repository)
				}
			}
			if hosts == 0 {
				t.Error("no hosts")
			}
			server.ForgetRequests()
			if _, err := c.UpdateAsset(t.Context(), "4711", scapi.AssetUpdate{Name: scapi.Some("x")}); !errors.Is(err, scapi.ErrNotFound) {
				t.Errorf("an unknown list: %v", err)
			}
			if _, err := c.AssetIPs(t.Context(), "4711"); !errors.Is(err, scapi.ErrNotFound) {
				t.Errorf("addresses of an unknown list: %v", err)
			}
			if n := server.Count(func(r sctest.Request) bool {
				return strings.HasPrefix(r.Endpoint, "PATCH") || r.Endpoint == "asset::edit"
			}); n > 0 {
				t.Errorf("%d edits", n)
			}
		})
	}
}
