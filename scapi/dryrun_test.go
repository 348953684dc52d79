package scapi_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestDryRunShowsWhatWouldBeWritten(t *testing.T) {
	t.Parallel()
	text := scapi.Some[string]
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		for name, tc := range map[string]struct {
			run   func(*scapi.Client) error
			shown map[sctest.Dialect]string // call, URL path and body, separated by blanks; several by semicolons
		}{
			"an asset list": {func(c *scapi.Client) error {
				_, err := c.UpdateAsset(t.Context(), "8", scapi.AssetUpdate{Name: text("x/y"), IPs: scapi.Some([]string{"192.0.2.1"})})
				return err
			}, map[sctest.Dialect]string{
				sctest.REST: `PATCH /rest/asset/8 /rest/asset/8 {"definedIPs":"192.0.2.1","name":"x/y"}`,
				sctest.RPC:  `asset::edit /request.php {"definedIPs":"192.0.2.1","description":"","group":"","id":"8","name":"x/y","type":"static","users":[{"id":"1"}],"visibility":"organizational"}`,
			}},
			"a credential, without its secrets": {func(c *scapi.Client) error {
				_, err := c.UpdateCredential(t.Context(), "1000001", scapi.CredentialUpdate{Password: text("hunter2"), Domain: text("hunter2.example.org")})
				return err
			}, map[sctest.Dialect]string{
				sctest.REST: `PATCH /rest/credential/1000001 /rest/credential/1000001 {"authType":"password","domain":"***.example.org","password":"***","type":"windows"}`,
				sctest.RPC:  `credential::edit /request.php {"description":"","domain":"***.example.org","group":"","id":1000001,"name":"Credential 1","password":"***","type":"windows","username":"scan","users":[],"visibility":"organizational"}`,
			}},
			"a raw call": {func(c *scapi.Client) error {
				_, err := c.Raw(t.Context(), scapi.RawCall{Method: "DELETE", Path: "/asset/8", Module: "asset", Action: "delete", Body: map[string]any{"id": 8, "token": "abcdef"}})
				return err
			}, map[sctest.Dialect]string{
				sctest.REST: `DELETE /rest/asset/8 /rest/asset/8 {"id":8,"token":"***"}`, sctest.RPC: `asset::delete /request.php {"id":8,"token":"***"}`}},
			"a raw stream": {func(c *scapi.Client) error {
				body, err := c.RawStream(t.Context(), scapi.RawCall{Method: "POST", Path: "/asset/8/refresh", Module: "asset", Action: "share"})
				if err == nil {
					err = body.Close()
				}
				return err
			}, map[sctest.Dialect]string{sctest.REST: `POST /rest/asset/8/refresh /rest/asset/8/refresh `, sctest.RPC: `asset::share /request.php `}},
		} {
			t.Run(name+" on "+dialect.String(), func(t *testing.T) {
				version := map[sctest.Dialect]string{sctest.RPC: "4.6.2.2"}[dialect]
				server := sctest.Start(t, sctest.Options{Dialect: dialect, Version: version})
				var shown []string
				c, err := scapi.New(scapi.Options{URL: server.URL, Transport: server.Transport(),
					Credentials: func() (scapi.Credentials, error) {
						return scapi.Credentials{Username: sctest.AnalystUsername, Password: sctest.AnalystPassword}, nil
					},
					DryRun: func(r scapi.DryRequest) {
						path, found := strings.CutPrefix(r.URL, server.URL)
						if !found || r.Method == "" {
							t.Errorf("request %+v", r)
						}
						shown = append(shown, r.Call+" "+path+" "+string(r.Body))
					}})
				if err != nil {
					t.Fatal(err)
				}
				if err := tc.run(c); !errors.Is(err, scapi.ErrDryRun) {
					t.Errorf("error %v, want ErrDryRun", err)
				}
				if got := strings.Join(shown, ";"); got != tc.shown[dialect] {
					t.Errorf("shown\n%s\nwant\n%s", got, tc.shown[dialect])
				}
				if n := server.Count(func(r sctest.Request) bool {
					return strings.HasPrefix(r.Endpoint, "PATCH") || strings.HasPrefix(r.Endpoint, "DELETE") || strings.HasSuffix(r.Endpoint, "edit") ||
						strings.HasSuffix(r.Endpoint, "delete") || strings.HasSuffix(r.Endpoint, "share") || strings.HasSuffix(r.Endpoint, "refresh")
				}); n > 0 {
					t.Errorf("%d requests that write", n)
				}
			})
		}
	}
}

func TestDryRunLetsReadingCallsPass(t *testing.T) {
	t.Parallel()
	server := sctest.Start(t, sctest.Options{})
	c, err := scapi.New(scapi.Options{URL: server.URL, Transport: server.Transport(),
		Credentials: func() (scapi.Credentials, error) {
			return scapi.Credentials{Username: sctest.AnalystUsername, Password: sctest.AnalystPassword}, nil
		},
		DryRun: func(r scapi.DryRequest) { t.Errorf("shown: %s", r.Call) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Summary(t.Context(), scapi.Query{}); err != nil {
		t.Error(err)
	}
	if _, err := c.Assets(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := c.Raw(t.Context(), scapi.RawCall{Method: "GET", Path: "/currentUser"}); err != nil {
		t.Error(err)
	}
	if err := c.Logout(t.Context()); err != nil {
		t.Error(err)
	}
}
