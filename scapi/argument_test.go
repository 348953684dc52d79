package scapi_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// What a call is given and cannot take is an ArgumentError on both protocols, and
// the call is not made.
func TestWhatACallCannotTakeHasAType(t *testing.T) {
	t.Parallel()
	now := time.Now()
	query := func(q scapi.Query) func(context.Context, *scapi.Client) error {
		return func(ctx context.Context, c *scapi.Client) error { _, err := c.Query(ctx, q); return err }
	}
	filtered := func(f scapi.Filter) func(context.Context, *scapi.Client) error {
		return query(scapi.Query{Tool: "sumip", Filters: []scapi.Filter{f}})
	}
	plugins := func(q scapi.PluginQuery) func(context.Context, *scapi.Client) error {
		return func(ctx context.Context, c *scapi.Client) error {
			for _, err := range c.Plugins(ctx, q) {
				return err
			}
			return nil
		}
	}
	calls := map[string]func(context.Context, *scapi.Client) error{
		"no tool":              query(scapi.Query{}),
		"unknown source":       query(scapi.Query{Tool: "sumip", Source: "open"}),
		"unknown direction":    query(scapi.Query{Tool: "sumip", Direction: "up"}),
		"no scan":              query(scapi.Query{Tool: "sumip", Source: scapi.Individual}),
		"a scan of no source":  query(scapi.Query{Tool: "sumip", ScanID: "1"}),
		"negative limit":       query(scapi.Query{Tool: "sumip", Limit: -1}),
		"severity":             filtered(scapi.BySeverity(7)),
		"no severity":          filtered(scapi.BySeverity()),
		"plugin type":          filtered(scapi.ByPluginType("lively")),
		"window":               filtered(scapi.LastSeen(now, now.Add(-time.Hour))),
		"no name":              filtered(scapi.Filter{Value: "1"}),
		"no repository":        filtered(scapi.ByRepository()),
		"repository by name":   filtered(scapi.ByRepository("HQ")),
		"asset list by name":   filtered(scapi.ByAsset("Web")),
		"policy by name":       filtered(scapi.ByPolicy("Full")),
		"plugin 0":             filtered(scapi.ByPluginIDs(0)),
		"plugins in reverse":   filtered(scapi.ByPluginIDRange(9, 1)),
		"no CVE":               filtered(scapi.ByCVE()),
		"negative days":        filtered(scapi.DaysToMitigated(-1)),
		"type of plugins":      plugins(scapi.PluginQuery{Type: "lively"}),
		"direction of plugins": plugins(scapi.PluginQuery{Direction: "up"}),
		"operator of plugins":  plugins(scapi.PluginQuery{Filter: scapi.PluginFilter{Field: "id", Operator: "~", Value: "1"}}),
		"negative pages":       plugins(scapi.PluginQuery{Pages: -1}),
		"a filter of no field": plugins(scapi.PluginQuery{Filter: scapi.PluginFilter{Value: "1"}}),
		"address":              func(ctx context.Context, c *scapi.Client) error { _, err := c.IPInfo(ctx, "web01"); return err },
		"repository of address": func(ctx context.Context, c *scapi.Client) error {
			_, err := c.IPInfo(ctx, "10.0.0.1", "HQ")
			return err
		},
		"plugin":      func(ctx context.Context, c *scapi.Client) error { _, err := c.Plugin(ctx, "x"); return err },
		"scan result": func(ctx context.Context, c *scapi.Client) error { _, err := c.ScanResult(ctx, "x"); return err },
		"scan file":   func(ctx context.Context, c *scapi.Client) error { _, err := c.DownloadScan(ctx, "x", ""); return err },
		"form of a scan file": func(ctx context.Context, c *scapi.Client) error {
			_, err := c.DownloadScan(ctx, "1", "pdf")
			return err
		},
		"asset list":    func(ctx context.Context, c *scapi.Client) error { _, err := c.AssetIPs(ctx, "x"); return err },
		"organisation":  func(ctx context.Context, c *scapi.Client) error { _, err := c.Users(ctx, "x"); return err },
		"saved query":   func(ctx context.Context, c *scapi.Client) error { _, err := c.SavedQuery(ctx, "x"); return err },
		"scanner":       func(ctx context.Context, c *scapi.Client) error { _, err := c.ScannerHealth(ctx, "x"); return err },
		"plugin family": func(ctx context.Context, c *scapi.Client) error { _, err := c.PluginFamily(ctx, "x"); return err },
		"no change": func(ctx context.Context, c *scapi.Client) error {
			_, err := c.UpdateAsset(ctx, "8", scapi.AssetUpdate{})
			return err
		},
		"no address in a list": func(ctx context.Context, c *scapi.Client) error {
			_, err := c.UpdateAsset(ctx, "8", scapi.AssetUpdate{IPs: scapi.Some([]string{"web"})})
			return err
		},
		"no change of a credential": func(ctx context.Context, c *scapi.Client) error {
			_, err := c.UpdateCredential(ctx, "1000003", scapi.CredentialUpdate{})
			return err
		},
		"window of scans": func(ctx context.Context, c *scapi.Client) error {
			_, err := c.ScanResults(ctx, scapi.ScanWindow{Start: now, End: now.Add(-time.Hour)})
			return err
		},
		"a dashboard without a name": func(ctx context.Context, c *scapi.Client) error {
			_, err := c.ImportDashboard(ctx, "", strings.NewReader("x"), "x.xml")
			return err
		},
	}
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		server, _, c := simulated(t, sctest.Options{Dialect: dialect, Hosts: 20, Plugins: 1500})
		if err := c.Login(t.Context()); err != nil {
			t.Fatal(err)
		}
		server.ForgetRequests()
		for name, call := range calls {
			err := call(t.Context(), c)
			var wrong *scapi.ArgumentError
			if !errors.As(err, &wrong) || errors.Is(err, scapi.ErrUnsupported) {
				t.Errorf("%s: %s: error %v", dialect, name, err)
			}
			if asked := server.Requests(); len(asked) != 0 {
				t.Errorf("%s: %s: %v was asked", dialect, name, asked[0].Endpoint)
				server.ForgetRequests()
			}
		}
	}
	for _, o := range []scapi.Options{{}, {URL: "host:443"}, {URL: "https://sc.example.org", API: "soap"}} {
		_, err := scapi.New(o)
		var wrong *scapi.ArgumentError
		if !errors.As(err, &wrong) {
			t.Errorf("%+v: error %v", o.URL, err)
		}
	}
}
