package scapi_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestOrganizations(t *testing.T) {
	t.Parallel()
	n := scapi.Some[int64]
	const one = `{"id":"1","name":"Example","description":"d","email":"e","zoneSelection":"auto_only","restrictedIPs":"192.0.2.1","userCount":"3","repositories":[{"id":"2","name":"Main"}],"createdTime":"1700000000","modifiedTime":"-1"}`
	want := []scapi.OrganizationInfo{{ID: "1", Name: "Example", Description: "d", Email: "e", ZoneSelection: "auto_only", RestrictedIPs: "192.0.2.1", Users: n(3),
		Repositories: []scapi.Ref{{ID: "2", Name: "Main"}}, Created: epoch(1700000000)}}
	no := forbidden(asked{Call: "GET /organization"})
	for name, tc := range map[string]struct {
		api     scapi.API
		answers map[string]said
		want    []scapi.OrganizationInfo
		refused bool
	}{
		"REST for an administrator":          {scapi.REST, map[string]said{"GET /organization": {Response: "[" + one + "]"}}, want, false},
		"REST for a user":                    {scapi.REST, map[string]said{"GET /organization": no, "GET /currentOrganization": {Response: one}}, want, false},
		"REST without the call":              {scapi.REST, map[string]said{"GET /organization": {Status: http.StatusForbidden, Code: 10, Message: "Resource is not supported."}, "GET /currentOrganization": {Response: one}}, want, false},
		"REST for a user of an old console":  {scapi.REST, map[string]said{"GET /organization": no, "GET /currentOrganization": {Status: http.StatusNotFound}}, nil, true},
		"REST for a user who sees nothing":   {scapi.REST, map[string]said{"GET /organization": no, "GET /currentOrganization": no}, nil, true},
		"RPC for an administrator":           {scapi.RPC, map[string]said{"repository::init": {Response: `{"repositories":[],"organizations":[{"id":1,"name":"Example"}]}`}}, []scapi.OrganizationInfo{{ID: "1", Name: "Example"}}, false},
		"RPC that does not tell":             {scapi.RPC, map[string]said{"repository::init": {Response: `{"repositories":[]}`}}, nil, false},
		"RPC for a user of the organisation": {scapi.RPC, map[string]said{"repository::init": {Code: 145, Message: "no permission"}}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := scripted(t, tc.api, "4.6.2", table(tc.answers))
			got, err := c.Organizations(t.Context())
			if tc.refused != scapi.IsPermission(err) || !tc.refused && err != nil {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(tc.want, got, noRaw); diff != "" {
				t.Errorf("organisations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRepositoryInfoOfSimulatedConsoles(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		t.Run(dialect.String(), func(t *testing.T) {
			server, admin, analyst := simulated(t, sctest.Options{Dialect: dialect})
			info, err := admin.RepositoryInfo(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(info.Repositories) != len(server.Repositories()) || len(info.Organizations) == 0 || info.LicenseStatus == "" || !info.ActiveIPs.Valid || !info.LicensedIPs.Valid {
				t.Errorf("%+v", info)
			}
			plain, err := admin.Repositories(t.Context())
			if diff := cmp.Diff(plain, info.Repositories, noRaw); err != nil || diff != "" {
				t.Errorf("error %v, repositories (-as Repositories says +got):\n%s", err, diff)
			}
			seen, err := analyst.RepositoryInfo(t.Context())
			if err != nil || len(seen.Repositories) == 0 || len(seen.Repositories) > len(info.Repositories) || seen.LicenseStatus == "" {
				t.Errorf("for a user: %+v, %v", seen, err)
			}
			if dialect == sctest.RPC {
				server.ForgetRequests()
				if _, err := admin.RepositoryInfo(t.Context()); err != nil {
					t.Fatal(err)
				}
				if n := server.Count(func(r sctest.Request) bool { return r.Endpoint == "repository::init" }); n != 1 {
					t.Errorf("%d times repository::init, which has all of it", n)
				}
			}
		})
	}
}
