package scapi_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestBothDialectsSayTheSame(t *testing.T) {
	t.Parallel()
	o := sctest.Options{Seed: 11, Hosts: 150}
	_, restAdmin, restUser := simulated(t, o)
	o.Dialect = sctest.RPC
	_, rpcAdmin, rpcUser := simulated(t, o)
	ctx := t.Context()
	// SecurityCenter 4 knows no web-application findings.
	withoutWAS := func(q scapi.Query) scapi.Query {
		q.Filters = append([]scapi.Filter{scapi.ExcludeWAS()}, q.Filters...)
		return q
	}

	t.Run("summaries", func(t *testing.T) {
		for _, q := range []scapi.Query{{Filters: []scapi.Filter{scapi.ByPluginID(1, 999999)}}, {Tool: "sumid"}, {Source: scapi.Mitigated}} {
			a, errA := restUser.Summary(ctx, withoutWAS(q))
			b, errB := rpcUser.Summary(ctx, q)
			a.Score = scapi.Opt[float64]{}
			if errA != nil || errB != nil || a != b || a.Findings.Total() == 0 {
				t.Errorf("%s: REST %+v, %v; RPC %+v, %v", q.Tool, a, errA, b, errB)
			}
		}
	})
	t.Run("rows", func(t *testing.T) {
		key := func(row scapi.Row) string {
			return fmt.Sprint(row.Repository(), row.String("ip"), row.String("dnsName"), row.Severity(), row.Counts(), row.Int("total"),
				row.String("pluginID"), row.String("port"), row.Time("firstSeen"), row.Time("lastSeen"))
		}
		for _, tool := range []string{"sumip", "sumid", "sumseverity", "sumport", "listvuln", "vulndetails"} {
			q := scapi.Query{Tool: tool, PageSize: 97, Filters: []scapi.Filter{scapi.BySeverity(scapi.Medium, scapi.High, scapi.Critical), scapi.ByPluginID(1, 999999)}}
			a, errA := restUser.Query(ctx, withoutWAS(q))
			b, errB := rpcUser.Query(ctx, q)
			if errA != nil || errB != nil || len(a) != len(b) || len(a) == 0 {
				t.Errorf("%s: %d rows, %v on REST; %d rows, %v on RPC", tool, len(a), errA, len(b), errB)
				continue
			}
			for i := range a {
				if key(a[i]) != key(b[i]) {
					t.Errorf("%s: row %d is\n%s\non REST and\n%s\non RPC", tool, i, a[i].Raw, b[i].Raw)
					break
				}
			}
		}
	})
	t.Run("events", func(t *testing.T) {
		for _, tool := range []string{"sumip", "sumtype"} {
			q := scapi.Query{Tool: tool, Source: scapi.Events, PageSize: 7}
			a, errA := restUser.Query(ctx, q)
			b, errB := rpcUser.Query(ctx, q)
			if errA != nil || errB != nil || len(a) != len(b) || len(a) == 0 {
				t.Errorf("%s: %d rows, %v on REST; %d rows, %v on RPC", tool, len(a), errA, len(b), errB)
			}
		}
	})
	t.Run("status", func(t *testing.T) {
		a, errA := restAdmin.Status(ctx)
		b, errB := rpcAdmin.Status(ctx)
		if errA != nil || errB != nil || a.LicenseStatus != b.LicenseStatus || a.ActiveIPs != b.ActiveIPs || a.LicensedIPs != b.LicensedIPs || !a.ActiveIPs.Valid {
			t.Errorf("REST %+v, %v; RPC %+v, %v", a, errA, b, errB)
		}
	})
	t.Run("repositories", func(t *testing.T) {
		for who, clients := range map[string][2]*scapi.Client{"administrators": {restAdmin, rpcAdmin}, "others": {restUser, rpcUser}} {
			same(t, "repositories for "+who, func(r scapi.Repository) string { return r.ID + " " + r.Name })(clients[0].Repositories(ctx))(clients[1].Repositories(ctx))
		}
		same(t, "sizes", func(r scapi.Repository) string { return fmt.Sprint(r.ID, r.IPs) })(restAdmin.Repositories(ctx))(rpcAdmin.Repositories(ctx))
	})
	t.Run("scanners", func(t *testing.T) {
		same(t, "scanners", func(s scapi.Scanner) string {
			return fmt.Sprint(s.ID, s.Name, s.Status.Value&1)
		})(restAdmin.Scanners(ctx))(rpcAdmin.Scanners(ctx))
	})
	t.Run("zones", func(t *testing.T) {
		same(t, "zones", func(z scapi.Zone) string {
			return fmt.Sprint(z.ID, z.Name, z.Ranges, z.Addresses, z.Scanners, z.Addresses.Valid)
		})(restAdmin.Zones(ctx))(rpcAdmin.Zones(ctx))
	})
	t.Run("scans", func(t *testing.T) {
		same(t, "scans", func(s scapi.Scan) string { return s.ID + " " + s.Name })(restUser.Scans(ctx))(rpcUser.Scans(ctx))
	})
	t.Run("scan results", func(t *testing.T) {
		window := scapi.ScanWindow{Start: simulatedNow.AddDate(0, 0, -20), End: simulatedNow, ByFinish: true}
		same(t, "scan results", func(r scapi.ScanResult) string {
			return fmt.Sprint(r.ID, r.Name, r.ScanID, r.RepositoryID, r.Status, r.Finish)
		})(finished(restUser.ScanResults(ctx, window)))(finished(rpcUser.ScanResults(ctx, window)))
	})
	t.Run("asset lists", func(t *testing.T) {
		same(t, "asset lists", func(l scapi.Asset) string {
			return fmt.Sprint(l.ID, l.Name, l.Type, l.IPs, l.DNSNames, l.Modified, l.Rules != nil)
		})(restUser.Assets(ctx))(rpcUser.Assets(ctx))
	})
	t.Run("addresses of a list", func(t *testing.T) {
		same(t, "addresses of a list", func(r scapi.RepositoryIPs) string {
			text := fmt.Sprint(r.RepositoryID, r.Others)
			for _, span := range r.Ranges { // neighbours may be ranges or single addresses
				for a := range span.All() {
					text += " " + a.String()
				}
			}
			return text
		})(restUser.AssetIPs(ctx, "3"))(rpcUser.AssetIPs(ctx, "3"))
	})
	t.Run("credentials", func(t *testing.T) {
		same(t, "credentials", func(c scapi.StoredCredential) string {
			return fmt.Sprint(c.ID, c.Name, c.Type, c.Fields, c.Secrets, c.Modified)
		})(restUser.StoredCredentials(ctx))(rpcUser.StoredCredentials(ctx))
	})
	t.Run("roles", func(t *testing.T) {
		same(t, "roles", func(r scapi.Role) string { return fmt.Sprint(r.ID, r.Name, r.Permissions, r.Scan) })(restUser.Roles(ctx))(rpcUser.Roles(ctx))
	})
	t.Run("users", func(t *testing.T) {
		same(t, "users", func(u scapi.User) string { return fmt.Sprint(u.ID, u.Username, u.Locked, u.LastLogin) })(restUser.Users(ctx))(rpcUser.Users(ctx))
	})
	t.Run("tickets", func(t *testing.T) {
		same(t, "tickets", func(t scapi.Ticket) string { return fmt.Sprint(t.ID, t.Name, t.Status, t.Created, t.Closed) })(restUser.Tickets(ctx))(rpcUser.Tickets(ctx))
	})
	t.Run("plugins", func(t *testing.T) {
		a, errA := restAdmin.PluginCounts(ctx)
		b, errB := rpcAdmin.PluginCounts(ctx)
		if diff := cmp.Diff(a.ByType, b.ByType); errA != nil || errB != nil || diff != "" {
			t.Errorf("REST %v, RPC %v (-REST +RPC):\n%s", errA, errB, diff)
		}
	})
	t.Run("feeds", func(t *testing.T) {
		a, errA := restAdmin.Feeds(ctx)
		b, errB := rpcAdmin.Feeds(ctx)
		times := map[string]time.Time{}
		for _, f := range a {
			times[f.Type] = f.Updated
		}
		if errA != nil || errB != nil || len(b) == 0 {
			t.Fatalf("REST %v, %v; RPC %v, %v", a, errA, b, errB)
		}
		var common int
		for _, f := range b {
			updated, told := times[f.Type]
			if told {
				common++
			}
			if f.Updated.IsZero() || told && updated != f.Updated {
				t.Errorf("feed %s: %v on RPC, %v on REST", f.Type, f.Updated, updated)
			}
		}
		if common < 2 {
			t.Errorf("%d feeds in common: %v and %v", common, a, b)
		}
	})
}

// finished drops what has not finished: the dialects may differ in whether a
// window has it.
func finished(results []scapi.ScanResult, err error) ([]scapi.ScanResult, error) {
	return slices.DeleteFunc(results, func(r scapi.ScanResult) bool { return r.Finish.IsZero() }), err
}

// same compares two lists by a text of their elements.
func same[T any](t *testing.T, what string, text func(T) string) func([]T, error) func([]T, error) {
	return func(a []T, errA error) func([]T, error) {
		return func(b []T, errB error) {
			t.Helper()
			lines := func(list []T) []string {
				var lines []string
				for _, v := range list {
					lines = append(lines, text(v))
				}
				return lines
			}
			if errA != nil || errB != nil || len(a) == 0 {
				t.Errorf("%s: %d and %v on REST, %v on RPC", what, len(a), errA, errB)
			}
			if diff := cmp.Diff(lines(a), lines(b)); diff != "" {
				t.Errorf("%s (-REST +RPC):\n%s", what, diff)
			}
		}
	}
}

// What 6.7 changed is nothing that a caller sees.
func TestTheClientSpeaksWith67(t *testing.T) {
	t.Parallel()
	server, admin, analyst := simulated(t, sctest.Options{Version: "6.7.2", Hosts: 60})
	for name, c := range map[string]*scapi.Client{"administrator": admin, "analyst": analyst} {
		who, err := c.Whoami(t.Context())
		if err != nil || (who.Kind == scapi.Administrator) != (name == "administrator") {
			t.Errorf("%s: %+v, %v", name, who, err)
		}
		if v, err := c.Version(t.Context()); v != "6.7.2" || err != nil {
			t.Errorf("%s: version %q, %v", name, v, err)
		}
	}
	hosts := len(hostsOf(t, analyst, scapi.Query{PageSize: 17}))
	want := 0
	for range server.Hosts() {
		want++
	}
	if hosts != want {
		t.Errorf("%d hosts, want %d", hosts, want)
	}
	if rows, err := analyst.Query(t.Context(), scapi.Query{Tool: "sumtype", Source: scapi.Events}); err != nil || len(rows) == 0 {
		t.Errorf("%d types of log events, %v", len(rows), err)
	}
	if s, err := analyst.Summary(t.Context(), scapi.Query{Source: scapi.Mitigated, Filters: []scapi.Filter{scapi.BySeverity(scapi.High)}}); err != nil || s.Findings[scapi.High] == 0 {
		t.Errorf("mitigated findings %+v, %v", s, err)
	}
	wrong := dialSimulated(t, server, scapi.Credentials{Username: sctest.AnalystUsername, Password: "wrong"})
	if err := wrong.Login(t.Context()); !scapi.IsLoginRefused(err) {
		t.Errorf("a wrong password: %v", err)
	}
	keys := dialSimulated(t, server, scapi.Credentials{AccessKey: sctest.AnalystAccessKey, SecretKey: sctest.AnalystSecretKey})
	if _, err := keys.Summary(t.Context(), scapi.Query{}); err != nil {
		t.Errorf("with API keys: %v", err)
	}
	for _, c := range []*scapi.Client{admin, analyst} {
		if err := c.Logout(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if n := server.Sessions(); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}
