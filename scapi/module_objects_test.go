package scapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// administering are the promises of the functions that read and change objects.
func administering() []promise {
	text := scapi.Some[string]
	return []promise{{
		of: "assets", says: "every asset list",
		keeps: func(t *testing.T, m *moduleConsole) {
			lists, err := m.user.Assets(t.Context())
			var want, got []string
			for _, a := range m.Assets() {
				want = append(want, a.ID+" "+a.Name+" "+a.Type+" "+a.DefinedIPs)
			}
			for _, a := range lists {
				got = append(got, a.ID+" "+a.Name+" "+a.Type+" "+strings.Join(a.IPs, ","))
			}
			alike(t, "asset lists", err, want, got)
		},
		recorded: func(t *testing.T, c *scapi.Client, response func(string) json.RawMessage) {
			lists, err := c.Assets(t.Context())
			sameIDs(t, err, response("asset-list.json"), lists, func(a scapi.Asset) string { return a.ID })
		},
	}, {
		of: "asset_update", says: "what is given replaces, the rest stays",
		keeps: func(t *testing.T, m *moduleConsole) {
			before, _ := m.Asset("8")
			_, err := m.user.UpdateAsset(t.Context(), "8", scapi.AssetUpdate{Name: text("Moved"), IPs: scapi.Some([]string{"10.0.0.0/23", "10.0.9.1-10.0.9.20"})})
			after, _ := m.Asset("8")
			before.Name, before.DefinedIPs, before.Modified = "Moved", "10.0.0.0/23,10.0.9.1-10.0.9.20", after.Modified
			if diff := cmp.Diff(before, after); err != nil || diff != "" {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
			rules := json.RawMessage(`{"operator":"any","type":"group","children":[{"type":"clause","filterName":"os","operator":"contains","value":"Windows"}]}`)
			_, err = m.user.UpdateAsset(t.Context(), "4", scapi.AssetUpdate{Rules: rules})
			if a, _ := m.Asset("4"); err != nil || !strings.Contains(string(a.Rules), `"Windows"`) || strings.Contains(string(a.Rules), "Red Hat") || a.Name != "Linux Servers" {
				t.Errorf("%+v, %v", a, err)
			}
			_, err = m.user.UpdateAsset(t.Context(), "4711", scapi.AssetUpdate{Name: text("Nowhere")})
			if n := m.called("PATCH /asset/{id}", "asset::edit"); !errors.Is(err, scapi.ErrNotFound) || n != 2 {
				t.Errorf("an unknown list: %v; %d edits", err, n)
			}
		},
	}, {
		of: "asset_update", says: "who may see a list", version: "4.6.2.2",
		lacks: map[sctest.Dialect]func(context.Context, *moduleConsole) error{sctest.REST: func(ctx context.Context, m *moduleConsole) error {
			_, err := m.user.UpdateAsset(ctx, "8", scapi.AssetUpdate{Visibility: text("user"), Users: scapi.Some([]string{"1"})})
			return err
		}},
		keeps: func(t *testing.T, m *moduleConsole) {
			_, err := m.user.UpdateAsset(t.Context(), "8", scapi.AssetUpdate{Visibility: text("user"), Users: scapi.Some([]string{"1", "2"}), Description: text("for two")})
			if a, _ := m.Asset("8"); err != nil || a.Visibility != "user" || !slices.Equal(a.Users, []string{"1", "2"}) || a.Description != "for two" || a.DefinedIPs != "10.0.0.0/22" {
				t.Errorf("%+v, %v", a, err)
			}
		},
	}, {
		of: "asset_ips", says: "the hosts of a list",
		keeps: func(t *testing.T, m *moduleConsole) {
			var want, got []string
			for h := range m.AssetHosts("4") {
				want = append(want, h.Repository+" "+h.IP)
			}
			repositories, err := m.user.AssetIPs(t.Context(), "4")
			for _, r := range repositories {
				for _, span := range r.Ranges {
					for a := range span.All() {
						got = append(got, r.RepositoryID+" "+a.String())
					}
				}
			}
			alike(t, "addresses", err, slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got)))
		},
	}, {
		of: "credentials", says: "every stored credential",
		keeps: func(t *testing.T, m *moduleConsole) {
			list, err := m.user.StoredCredentials(t.Context())
			var want, got []string
			for _, c := range m.Credentials() {
				want = append(want, fmt.Sprint(c.ID, c.Name, c.Type, c.Fields["username"], c.Fields["realm"]))
			}
			for _, c := range list {
				got = append(got, fmt.Sprint(c.ID, c.Name, c.Type, c.Fields["username"], c.Fields["realm"]))
			}
			alike(t, "credentials", err, want, got)
		},
	}, {
		of: "credential_update", says: "what is given replaces, the rest and every secret stay",
		keeps: func(t *testing.T, m *moduleConsole) {
			for _, id := range []string{"1000001", "1000002"} {
				before, _ := m.Credential(id)
				_, err := m.user.UpdateCredential(t.Context(), id, scapi.CredentialUpdate{Name: text("New Cred2"), Password: text("Password123")})
				after, _ := m.Credential(id)
				before.Name, before.Modified = "New Cred2", after.Modified
				before.Fields["password"] = "Password123"
				if diff := cmp.Diff(before, after); err != nil || diff != "" {
					t.Errorf("%s: error %v (-want +got):\n%s", id, err, diff)
				}
			}
			_, err := m.user.UpdateCredential(t.Context(), "4711", scapi.CredentialUpdate{Name: text("Nobody")})
			if n := m.called("PATCH /credential/{id}", "credential::edit"); !errors.Is(err, scapi.ErrNotFound) || n != 2 {
				t.Errorf("an unknown credential: %v; %d edits", err, n)
			}
		},
	}, {
		of: "plugins", says: "all of them, by id, of any type",
		keeps: func(t *testing.T, m *moduleConsole) {
			for _, kind := range []string{"all", "active", "passive", "compliance", "custom", "notPassive"} {
				want := m.PluginCount(kind)
				if kind == "notPassive" {
					want = m.PluginCount("all") - m.PluginCount("passive")
				}
				list := m.plugins(t, scapi.PluginQuery{Type: kind, PageSize: 150})
				if len(list) != want || !slices.IsSortedFunc(list, func(a, b scapi.Plugin) int {
					return strings.Compare(fmt.Sprintf("%9s", a.ID), fmt.Sprintf("%9s", b.ID))
				}) {
					t.Errorf("%s: %d, want %d by id", kind, len(list), want)
				}
				if slices.ContainsFunc(list, func(p scapi.Plugin) bool {
					return kind != "all" && kind != "notPassive" && p.Type != "" && p.Type != kind
				}) {
					t.Errorf("%s: one of another type", kind)
				}
			}
		},
	}, {
		of: "plugins", says: "sort, direction, offset, size and number of pages",
		keeps: func(t *testing.T, m *moduleConsole) {
			all := pluginIDs(m.plugins(t, scapi.PluginQuery{}))
			alike(t, "two pages", nil, all[50:250], pluginIDs(m.plugins(t, scapi.PluginQuery{Offset: 50, PageSize: 100, Pages: 2})))
			slices.Reverse(all)
			alike(t, "from the end", nil, all, pluginIDs(m.plugins(t, scapi.PluginQuery{Sort: "id", Direction: scapi.Descending})))
		},
	}, {
		of: "plugins", says: "those since a time, and those of a cross reference",
		keeps: func(t *testing.T, m *moduleConsole) {
			since := simulatedNow.AddDate(0, -6, 0)
			var recent, advised []string
			for _, p := range m.plugins(t, scapi.PluginQuery{}) {
				if !p.Modified.Before(since) {
					recent = append(recent, p.ID)
				}
				if slices.ContainsFunc(p.CrossReferences, func(x scapi.CrossReference) bool { return x.Name == "EDB-ID" && strings.Contains(x.Value, "7") }) {
					advised = append(advised, p.ID)
				}
			}
			alike(t, "since", nil, recent, pluginIDs(m.plugins(t, scapi.PluginQuery{Since: since})))
			alike(t, "by reference", nil, advised, pluginIDs(m.plugins(t, scapi.PluginQuery{Filter: scapi.PluginFilter{Field: "edb_id", Value: "7"}})))
			if !strings.Contains(fmt.Sprint(m.last(t, "GET /rest/plugin", "plugin::init").values(t)), "xrefs:EDB-ID") {
				t.Error("the name of the reference is not spelled as the wire wants it")
			}
		},
	}, {
		of: "plugin_counts", says: "by type and in all",
		keeps: func(t *testing.T, m *moduleConsole) {
			got, err := m.admin.PluginCounts(t.Context())
			if err != nil || !got.Total.Valid || got.Total.Value > int64(m.PluginCount("all")) || len(got.ByType) < 4 {
				t.Errorf("%+v, %v", got, err)
			}
			for kind, n := range got.ByType {
				if want := m.PluginCount(strings.Replace(kind, "event", "lce", 1)); int64(want) != n {
					t.Errorf("%d %s plugins, want %d", n, kind, want)
				}
			}
		},
	}, {
		of: "plugin_details", says: "one plugin with its texts",
		keeps: func(t *testing.T, m *moduleConsole) {
			p, err := m.user.Plugin(t.Context(), "19506")
			if err != nil || p.ID != "19506" || p.Name != "Nessus Scan Information" || p.Family != "Settings" || p.Description == "" {
				t.Errorf("%+v, %v", p, err)
			}
			if _, err := m.user.Plugin(t.Context(), "999999999"); !errors.Is(err, scapi.ErrNotFound) {
				t.Errorf("an unknown plugin: %v", err)
			}
		},
	}, {
		of: "repositories", says: "with licence and organisations",
		keeps: func(t *testing.T, m *moduleConsole) {
			info, err := m.admin.RepositoryInfo(t.Context())
			used, limit := m.License()
			if err != nil || len(info.Organizations) != 1 || info.LicensedIPs != scapi.Some(int64(limit)) || info.ActiveIPs != scapi.Some(int64(used)) {
				t.Errorf("%+v, %v; want %d of %d", info, err, used, limit)
			}
			var want, got []string
			for _, r := range m.Repositories() {
				want = append(want, fmt.Sprint(r.ID, r.Name, r.Hosts))
			}
			for _, r := range info.Repositories {
				got = append(got, fmt.Sprint(r.ID, r.Name, r.IPs.Value))
			}
			alike(t, "repositories", err, want, got)
		},
		recorded: func(t *testing.T, c *scapi.Client, response func(string) json.RawMessage) {
			list, err := c.Repositories(t.Context())
			sameIDs(t, err, response("repository-list.json"), list, func(r scapi.Repository) string { return r.ID })
		},
	}, {
		of: "roles", says: "every role with its permissions",
		keeps: func(t *testing.T, m *moduleConsole) {
			roles, err := m.user.Roles(t.Context())
			sameIDs(t, err, rawOf(t, m.user, "role"), roles, func(r scapi.Role) string { return r.ID })
			if len(roles) == 0 || !roles[0].Permissions["permManageApp"] || roles[1].Permissions["permManageApp"] {
				t.Errorf("%+v", roles)
			}
		},
	}, {
		of: "tickets", says: "every ticket with what became of it",
		keeps: func(t *testing.T, m *moduleConsole) {
			tickets, err := m.user.Tickets(t.Context())
			sameIDs(t, err, rawOf(t, m.user, "ticket"), tickets, func(i scapi.Ticket) string { return i.ID })
			for _, i := range tickets {
				if i.Status == "" || (i.Status == "resolved") == i.Resolved.IsZero() || i.Assigned.IsZero() {
					t.Errorf("%+v", i)
				}
			}
		},
	}, {
		of: "users", says: "every user that the account may see",
		keeps: func(t *testing.T, m *moduleConsole) {
			for _, a := range m.Options().Accounts {
				client := map[bool]*scapi.Client{true: m.admin, false: m.user}[a.Administrator]
				users, err := client.Users(t.Context())
				if err != nil || len(users) != 1 || users[0].Username != a.Username {
					t.Errorf("for %s: %+v, %v", a.Username, users, err)
				}
			}
		},
		recorded: func(t *testing.T, c *scapi.Client, response func(string) json.RawMessage) {
			users, err := c.Users(t.Context())
			sameIDs(t, err, response("user-list.json"), users, func(u scapi.User) string { return u.ID })
		},
	}, {
		of: "zones", says: "with their scanners' state",
		keeps: func(t *testing.T, m *moduleConsole) {
			zones, err := m.admin.Zones(t.Context())
			var want, got []string
			for _, z := range m.Zones() {
				want = append(want, fmt.Sprint(z.ID, z.Name, z.Total, z.Active))
			}
			for _, z := range zones {
				got = append(got, fmt.Sprint(z.ID, z.Name, z.Scanners.Value, z.ActiveScanners.Value))
			}
			alike(t, "zones", err, want, got)
			scanners, err := m.admin.Scanners(t.Context())
			want, got = nil, nil
			for _, s := range m.Server.Scanners() {
				want = append(want, fmt.Sprint(s.ID, s.Name, s.Status))
			}
			for _, s := range scanners {
				got = append(got, fmt.Sprint(s.ID, s.Name, int64(s.Status.Value)))
			}
			alike(t, "scanners", err, want, got)
		},
		recorded: func(t *testing.T, c *scapi.Client, response func(string) json.RawMessage) {
			zones, err := c.Zones(t.Context())
			sameIDs(t, err, response("zone-list.json"), zones, func(z scapi.Zone) string { return z.ID })
		},
	}, {
		of: "dashboard_import", says: "a file becomes a tab",
		keeps: func(t *testing.T, m *moduleConsole) {
			_, err := m.user.ImportDashboard(t.Context(), "My tab", strings.NewReader("<tab/>\x00\xff"), "dir/tab.xml")
			m.imported(t, err, "dashboard", "My tab", "tab.xml", "<tab/>\x00\xff")
		},
	}, {
		of: "report_import", says: "a file becomes a report",
		keeps: func(t *testing.T, m *moduleConsole) {
			_, err := m.user.ImportReport(t.Context(), "Münze & Co", strings.NewReader("<report/>"), "report.xml")
			m.imported(t, err, "report", "Münze & Co", "report.xml", "<report/>")
		},
	}, {
		of: "populate", says: "the names of cross references are those of the plugins",
		keeps: func(t *testing.T, m *moduleConsole) {
			want := map[string]bool{}
			for _, p := range m.plugins(t, scapi.PluginQuery{}) {
				for _, x := range p.CrossReferences {
					want[x.Name] = true
				}
			}
			names, err := m.user.LearnCrossReferences(t.Context())
			alike(t, "names", err, slices.Sorted(maps.Keys(want)), names)
		},
	}}
}

func (m *moduleConsole) plugins(t *testing.T, q scapi.PluginQuery) (list []scapi.Plugin) {
	t.Helper()
	for p, err := range m.user.Plugins(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

func pluginIDs(list []scapi.Plugin) []string {
	ids := make([]string, 0, len(list))
	for _, p := range list {
		ids = append(ids, p.ID)
	}
	return ids
}

// imported checks the console's latest import.
func (m *moduleConsole) imported(t *testing.T, err error, kind, name, filename, content string) {
	t.Helper()
	got := m.Imports()
	want := []sctest.Import{{Kind: kind, Name: name, Filename: filename, Account: sctest.AnalystUsername, Content: []byte(content)}}
	for i := range got {
		got[i].Time = time.Time{}
	}
	alike(t, "imports", err, want, got)
}

// rawOf is the list of a module as the console sends it.
func rawOf(t *testing.T, c *scapi.Client, module string) json.RawMessage {
	t.Helper()
	raw, err := c.Raw(t.Context(), scapi.RawCall{Method: "GET", Path: "/" + module, Module: module, Action: "init"})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
