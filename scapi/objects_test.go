package scapi_test

import (
	"fmt"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestBothDialectsHaveTheSameObjects(t *testing.T) {
	o := sctest.Options{Seed: 11, Hosts: 150}
	_, _, a := simulated(t, o)
	o.Dialect = sctest.RPC
	_, _, b := simulated(t, o)
	ctx := t.Context()
	same(t, "asset lists", func(l scapi.Asset) string {
		return fmt.Sprint(l.ID, l.Name, l.Type, l.IPs, l.DNSNames, l.Modified, l.Rules != nil)
	})(a.Assets(ctx))(b.Assets(ctx))
	same(t, "addresses of a list", func(r scapi.RepositoryIPs) string {
		text := fmt.Sprint(r.RepositoryID, r.Others)
		for _, span := range r.Ranges { // neighbours may be ranges or single addresses
			for a := range span.All() {
				text += " " + a.String()
			}
		}
		return text
	})(a.AssetIPs(ctx, "3"))(b.AssetIPs(ctx, "3"))
	same(t, "credentials", func(c scapi.StoredCredential) string {
		return fmt.Sprint(c.ID, c.Name, c.Type, c.Fields, c.Secrets, c.Modified)
	})(a.StoredCredentials(ctx))(b.StoredCredentials(ctx))
	same(t, "roles", func(r scapi.Role) string { return fmt.Sprint(r.ID, r.Name, r.Permissions, r.Scan) })(a.Roles(ctx))(b.Roles(ctx))
	same(t, "users", func(u scapi.User) string { return fmt.Sprint(u.ID, u.Username, u.Locked, u.LastLogin) })(a.Users(ctx))(b.Users(ctx))
	same(t, "tickets", func(t scapi.Ticket) string { return fmt.Sprint(t.ID, t.Name, t.Status, t.Created, t.Closed) })(a.Tickets(ctx))(b.Tickets(ctx))
}

// Lists of a real Tenable.sc 5.8.
func TestRecordedObjects(t *testing.T) {
	c := recorded(t, recordings(t))
	assets, err := c.Assets(t.Context())
	if err != nil || len(assets) != 37 {
		t.Fatalf("%d asset lists, %v; want 37", len(assets), err)
	}
	types := map[string]int{}
	for i, a := range assets {
		types[a.Type]++
		if a.Name == "" || i > 0 && a.ID == assets[i-1].ID {
			t.Errorf("asset list %+v", a)
		}
	}
	if types["static"] == 0 || types["dynamic"] == 0 || len(types) > 3 {
		t.Errorf("types %v", types)
	}
	for _, a := range assets {
		if a.Status != "ready" {
			t.Errorf("asset list %s is %q", a.Name, a.Status)
		}
	}
	families, err := c.PluginFamilies(t.Context())
	if err != nil || len(families) != 95 || families[0].ID != "0" || families[0].Name != "N/A" {
		t.Errorf("%d plugin families, %v; want 95", len(families), err)
	}
	audits, err := c.AuditFiles(t.Context())
	if err != nil || len(audits) != 3 || audits[2].Name != "Example" || audits[2].Type != "unix" {
		t.Errorf("audit files %+v, %v", audits, err)
	}
	queries, err := c.SavedQueries(t.Context())
	if err != nil || len(queries) != 1 || queries[0].Name != "New Query" || queries[0].Tool != "vulndetails" || len(queries[0].Filters) != 0 {
		t.Errorf("saved queries %+v, %v", queries, err)
	}
	users, err := c.Users(t.Context())
	if err != nil || len(users) != 2 || users[0].Username != "user7" {
		t.Errorf("users %+v, %v", users, err)
	}
}
