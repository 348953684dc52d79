package sctest_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// addressesOf returns how many addresses the hosts of an asset list have in each repository.
func addressesOf(s *sctest.Server, asset string) map[string]int {
	seen := map[string]map[string]bool{}
	for h := range s.AssetHosts(asset) {
		if seen[h.Repository] == nil {
			seen[h.Repository] = map[string]bool{}
		}
		seen[h.Repository][h.IP] = true
	}
	counts := map[string]int{}
	for r, ips := range seen {
		counts[r] = len(ips)
	}
	return counts
}

// viewable asks for the addresses of an asset list, by repository.
func (c *client) viewable(id string) map[string]string {
	c.t.Helper()
	var out struct {
		ViewableIPs []struct {
			IPList       string
			RepositoryID string
			Repository   struct{ ID string }
		}
	}
	if c.s.Options().Dialect == sctest.RPC {
		c.decode(c.rpc("asset", "getIPs", map[string]string{"id": id}), &out)
	} else {
		c.decode(c.rest(http.MethodGet, "/asset/"+id+"?fields=id,name,viewableIPs", nil), &out)
	}
	lists := map[string]string{}
	for _, v := range out.ViewableIPs {
		lists[v.RepositoryID+v.Repository.ID] = v.IPList
	}
	return lists
}

// expand returns the addresses of a list of records.
func expand(t *testing.T, list string) (addresses []string) {
	t.Helper()
	for _, line := range strings.Split(list, "\n") {
		record, _, _ := strings.Cut(line, "|")
		first, last, isRange := strings.Cut(record, "-")
		if !isRange {
			last = first
		}
		a, b := netip.MustParseAddr(first), netip.MustParseAddr(last)
		for ; a.Compare(b) <= 0; a = a.Next() {
			addresses = append(addresses, a.String())
		}
	}
	return addresses
}

func TestTheAddressesOfAnAssetListAreThoseOfItsHosts(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		t.Run(dialect.String(), func(t *testing.T) {
			s := sctest.Start(t, sctest.Options{Dialect: dialect, Seed: 3, Hosts: 300, Now: fixed})
			c := newClient(t, s).analyst()
			ranges := false
			for _, a := range s.Assets() {
				if a.Type == "static" {
					continue
				}
				want := addressesOf(s, a.ID)
				got := c.viewable(a.ID)
				if len(got) != len(want) {
					t.Errorf("%s: %d repositories, want %d", a.Name, len(got), len(want))
				}
				for repository, list := range got {
					ranges = ranges || strings.Contains(list, "-")
					if n := len(expand(t, list)); n != want[repository] {
						t.Errorf("%s in repository %s: %d addresses, want %d", a.Name, repository, n, want[repository])
					}
				}
			}
			if !ranges {
				t.Error("no list has a range")
			}
			if got := c.viewable("8"); got["1"] != "10.0.0.0-10.0.3.255" {
				t.Errorf("a static list shows its ranges: %v", got)
			}
		})
	}
}

func TestADefinitionSaysWhichHostsAreInAnAssetList(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Seed: 3, Hosts: 300, Now: fixed})
	for id, in := range map[string]func(h sctest.Host) bool{
		"0": func(sctest.Host) bool { return true },
		"3": func(h sctest.Host) bool { return strings.Contains(h.OS, "Windows Server") },
		"8": func(h sctest.Host) bool {
			return netip.MustParsePrefix("10.0.0.0/22").Contains(netip.MustParseAddr(h.IP))
		},
		"9":  func(h sctest.Host) bool { return h.DNSName != "" },
		"11": func(sctest.Host) bool { return false },
	} {
		want, got := 0, 0
		for h := range s.Hosts() {
			if in(h) {
				want++
			}
		}
		for range s.AssetHosts(id) {
			got++
		}
		if got != want {
			t.Errorf("asset list %s: %d hosts, want %d", id, got, want)
		}
	}
	c := newClient(t, s).analyst()
	both := 0
	for h := range s.AssetHosts("3") {
		for other := range s.AssetHosts("8") {
			if h == other {
				both++
			}
		}
	}
	tree := map[string]any{"operator": "intersection", "operand1": map[string]string{"id": "3"}, "operand2": map[string]string{"id": "8"}}
	if got := c.query("sumip", "cumulative", 0, 1, filter{"asset", "~", tree}); atoi(t, got.TotalRecords.String()) != both {
		t.Errorf("combined in a filter: %s, want %d", got.TotalRecords, both)
	}
	if got := c.query("sumip", "cumulative", 0, 1, filter{"asset", "=", map[string]string{"id": "10"}}); atoi(t, got.TotalRecords.String()) != both {
		t.Errorf("combined in a list: %s, want %d", got.TotalRecords, both)
	}
}

func TestAPatchChangesWhatItNames(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Seed: 3, Hosts: 100, Now: fixed})
	c := newClient(t, s).analyst()
	for _, tt := range []struct {
		name, id string
		in       any
		code     int
		want     func(a *sctest.Asset) // what changes
	}{
		{"the name", "8", map[string]string{"name": "Main Site"}, 0, func(a *sctest.Asset) { a.Name = "Main Site" }},
		{"the addresses", "8", map[string]string{"definedIPs": "10.0.0.1, 10.0.0.9-10.0.0.12\n10.0.1.0/24"}, 0,
			func(a *sctest.Asset) { a.DefinedIPs = "10.0.0.1,10.0.0.9-10.0.0.12,10.0.1.0/24" }},
		{"the tags", "8", map[string]string{"tags": "x"}, 0, func(a *sctest.Asset) { a.Tags = "x" }},
		{"the rules", "3", json.RawMessage(`{"rules":{"operator":"all","children":[{"type":"clause","filterName":"os","operator":"contains","value":"Linux"}]}}`), 0,
			func(a *sctest.Asset) {
				a.Rules = json.RawMessage(`{"operator":"all","children":[{"type":"clause","filterName":"os","operator":"contains","value":"Linux"}]}`)
			}},
		{"the operands", "10", json.RawMessage(`{"combinations":{"operator":"union","operand1":{"id":"2"},"operand2":{"id":"3"}}}`), 0,
			func(a *sctest.Asset) {
				a.Combinations = json.RawMessage(`{"operator":"union","operand1":{"id":"2"},"operand2":{"id":"3"}}`)
			}},
		{"a bad address", "8", map[string]string{"definedIPs": "10.0.0.300"}, 146, nil},
		{"an array of addresses", "8", map[string]any{"definedIPs": []string{"10.0.0.3"}}, 146, nil},
		{"addresses of a dynamic list", "3", map[string]string{"definedIPs": "10.0.0.3"}, 146, nil},
		{"an empty name", "3", map[string]string{"name": ""}, 146, nil},
		{"another type", "3", map[string]string{"type": "static"}, 146, nil},
		{"an operand that does not exist", "10", json.RawMessage(`{"combinations":{"operator":"union","operand1":{"id":"77"}}}`), 147, nil},
		{"an unknown list", "99", map[string]string{"name": "x"}, 147, nil},
		{"the list of everything", "0", map[string]string{"name": "x"}, 145, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want, _ := s.Asset(tt.id)
			e := c.rest(http.MethodPatch, "/asset/"+tt.id, tt.in)
			if e.Code != tt.code {
				t.Fatalf("code %d, want %d: %s", e.Code, tt.code, e.Body)
			}
			if tt.want != nil {
				tt.want(&want)
				want.Modified = clock
			}
			got, _ := s.Asset(tt.id)
			got.Modified, want.Modified = got.Modified.UTC(), want.Modified.UTC()
			if a, b := asJSON(t, got), asJSON(t, want); a != b {
				t.Errorf("%s\nwant %s", a, b)
			}
		})
	}
	linux := 0
	for h := range s.AssetHosts("3") {
		if linux++; !strings.Contains(h.OS, "Linux") {
			t.Fatalf("%s is in the list by its new rules", h.OS)
		}
	}
	if linux == 0 {
		t.Error("the new rules find nobody")
	}
	for h := range s.AssetHosts("10") {
		if !strings.Contains(h.OS, "Windows 11") && !strings.Contains(h.OS, "Linux") {
			t.Fatalf("%s is in the combination of two lists, one of them edited", h.OS)
		}
	}
}

func TestAnEditIsSeenByTheNextQuery(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Seed: 3, Hosts: 100, Now: fixed})
	c := newClient(t, s).analyst()
	count := func() int {
		return atoi(t, c.query("sumip", "cumulative", 0, 1, filter{"assetID", "=", "8"}).TotalRecords.String())
	}
	before := count()
	for h := range s.AssetHosts("8") {
		if e := c.rest(http.MethodPatch, "/asset/8", map[string]string{"definedIPs": h.IP}); e.Code != 0 {
			t.Fatal(e.Body)
		}
		break
	}
	want := 0
	for range s.AssetHosts("8") {
		want++
	}
	if after := count(); after != want || after >= before || want == 0 {
		t.Errorf("%d hosts, %d after the edit, want %d", before, after, want)
	}
}

func TestSharingReplacesTheGroups(t *testing.T) {
	t.Parallel()
	s := sctest.Start(t, sctest.Options{Hosts: 20})
	c := newClient(t, s).analyst()
	groups := map[string]any{"groups": []map[string]any{{"id": 1}}}
	for _, path := range []string{"/asset/8/share", "/credential/1000002/share"} {
		if e := c.rest(http.MethodPost, path, groups); e.Code != 0 || !strings.Contains(e.Body, `"Server Team"`) {
			t.Errorf("%s: %s", path, e.Body)
		}
	}
	a, _ := s.Asset("8")
	k, _ := s.Credential("1000002")
	if !slices.Equal(a.Groups, []string{"1"}) || !slices.Equal(k.Groups, []string{"1"}) {
		t.Errorf("%v, %v", a.Groups, k.Groups)
	}
	if e := c.rest(http.MethodPost, "/asset/8/share", map[string]any{"groups": []map[string]any{{"id": 9}}}); e.Code != 147 {
		t.Errorf("unknown group: %s", e.Body)
	}
}

func TestAnEditOfSecurityCenter4ReplacesTheWholeList(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, version, id string
		change            func(map[string]any)
		code              int
		want              func(a *sctest.Asset)
	}{
		{"written back as read, nothing changes", "4.6.2", "8", func(map[string]any) {}, 0, func(*sctest.Asset) {}},
		{"written back as read in 4.8", "4.8.1", "8", func(map[string]any) {}, 0, func(*sctest.Asset) {}},
		{"users replace users", "4.6.2", "3", func(o map[string]any) { o["users"] = []map[string]any{{"id": 4}, {"id": "7"}} }, 0,
			func(a *sctest.Asset) { a.Users = []string{"4", "7"} }},
		{"visibility and group", "4.4.0", "3", func(o map[string]any) { o["visibility"], o["group"] = "user", "Team" }, 0,
			func(a *sctest.Asset) { a.Visibility, a.Group = "user", "Team" }},
		{"4.8 has tags", "4.8.1", "3", func(o map[string]any) { o["tags"] = "critical" }, 0, func(a *sctest.Asset) { a.Tags = "critical" }},
		{"4.8 ignores visibility", "4.8.1", "3", func(o map[string]any) { o["visibility"] = "user" }, 0, func(*sctest.Asset) {}},
		{"what is left out is lost", "4.8.1", "3", func(o map[string]any) { delete(o, "description") }, 0, func(a *sctest.Asset) { a.Description = "" }},
		{"names of a dnsname list", "4.8.1", "9", func(o map[string]any) { o["definedDNSNames"] = "a.example.org,b.example.org" }, 0,
			func(a *sctest.Asset) { a.DNSNames = "a.example.org,b.example.org" }},
		{"names as an array are refused", "4.8.1", "9", func(o map[string]any) { o["definedDNSNames"] = []string{"a"} }, 146, nil},
		{"rules as a list", "4.8.1", "3", func(o map[string]any) {
			o["rules"] = []map[string]string{{"type": "clause", "filterName": "os", "operator": "contains", "value": "Cisco"}}
		}, 0, func(a *sctest.Asset) {
			a.Rules = json.RawMessage(`[{"filterName":"os","operator":"contains","type":"clause","value":"Cisco"}]`)
		}},
		{"a combination without its operands keeps them", "4.8.1", "10", func(o map[string]any) { delete(o, "combinations") }, 0, func(*sctest.Asset) {}},
		{"without its type", "4.8.1", "3", func(o map[string]any) { delete(o, "type") }, 146, nil},
		{"without its definition", "4.8.1", "3", func(o map[string]any) { delete(o, "rules") }, 146, nil},
		{"without a visibility", "4.6.2", "3", func(o map[string]any) { delete(o, "visibility") }, 146, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := sctest.Start(t, sctest.Options{Dialect: sctest.RPC, Version: tt.version, Hosts: 20, Now: fixed})
			c := newClient(t, s).analyst()
			var out struct{ Assets []map[string]any }
			c.decode(c.rpc("asset", "init", map[string]any{}), &out)
			object := out.Assets[atoi(t, tt.id)]
			tt.change(object)
			want, _ := s.Asset(tt.id)
			if e := c.rpc("asset", "edit", object); e.Code != tt.code {
				t.Fatalf("code %d, want %d: %s", e.Code, tt.code, e.Body)
			}
			if tt.want != nil {
				tt.want(&want)
				want.Modified = clock
			}
			got, _ := s.Asset(tt.id)
			got.Modified, want.Modified = got.Modified.UTC(), want.Modified.UTC()
			if a, b := asJSON(t, got), asJSON(t, want); a != b {
				t.Errorf("%s\nwant %s", a, b)
			}
		})
	}
}

// asJSON writes a value with the members of its objects in one order.
func asJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(data, &plain); err != nil {
		t.Fatal(err)
	}
	if data, err = json.Marshal(plain); err != nil {
		t.Fatal(err)
	}
	return string(data)
}
