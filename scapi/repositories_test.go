package scapi_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func TestRepositories(t *testing.T) {
	t.Parallel()
	list := `[{"id":"10","name":"Default","type":"Local","dataFormat":"IPv4","vulnCount":"120","lastSyncTime":"0","lastVulnUpdate":"1700010000","typeFields":{"ipCount":"33"}},
		{"id":"2","name":"Default","type":"Remote","dataFormat":"IPv4","lastSyncTime":"1700000000","typeFields":{"ipCount":12,"vulnCount":77,"lastVulnUpdate":1700020000}},
		{"id":"3","name":"Agents","type":"Local","dataFormat":"agent","vulnCount":"-1","typeFields":{"uuidCount":"5","ipCount":"","activeVulnsLifetime":"0"}},
		{"id":"4","name":"Both","type":"Offline","dataFormat":"universal","typeFields":{"uuidCount":"5","ipCount":"9","activeVulnsLifetime":"365","mitigatedVulnsLifetime":"90"}},
		{"id":"5","name":"Phones","dataFormat":"mobile","deviceCount":"95","typeFields":[]}]`
	full := []scapi.Repository{
		{ID: "2", Name: "Default", Type: "remote", DataFormat: "IPv4", IPs: scapi.Some[int64](12), Findings: scapi.Some[int64](77), LastUpdate: epoch(1700020000), LastSync: epoch(1700000000)},
		{ID: "3", Name: "Agents", Type: "local", DataFormat: "agent", IPs: scapi.Some[int64](5)},
		{ID: "4", Name: "Both", Type: "offline", DataFormat: "universal", IPs: scapi.Some[int64](9), KeptActive: scapi.Some(365 * 24 * time.Hour), KeptMitigated: scapi.Some(90 * 24 * time.Hour)},
		{ID: "5", Name: "Phones", DataFormat: "mobile", IPs: scapi.Some[int64](95)},
		{ID: "10", Name: "Default", Type: "local", DataFormat: "IPv4", IPs: scapi.Some[int64](33), Findings: scapi.Some[int64](120), LastUpdate: epoch(1700010000)},
	}
	names := []scapi.Repository{{ID: "1", Name: "Active"}, {ID: "2", Name: "Passive"}}
	const short = `{"assets":[{"id":"7"}],"repositories":[{"id":"2","name":"Passive"},{"id":1,"name":"Active"}]}`
	for name, tc := range map[string]struct {
		api     scapi.API
		version string
		answer  func(asked) said
		want    []scapi.Repository
		calls   string
	}{
		"REST asks for fields": {scapi.REST, "6.4.0", table(map[string]said{"GET /repository": {Response: list}}), full, "GET /repository"},
		"REST that does not know a field": {scapi.REST, "5.4.0", func(a asked) said {
			if a.Call == "GET /repository" && a.Query.Has("fields") {
				return said{Status: http.StatusForbidden, Code: 146, Message: "Invalid field 'typeFields'."}
			}
			return table(map[string]said{"GET /repository": {Response: `[{"id":"1","name":"Active","description":""}]`}})(a)
		}, names[:1], "GET /repository GET /repository"},
		"RPC for an administrator": {scapi.RPC, "4.8.1", table(map[string]said{"repository::init": {Response: `{"repositories":[{"id":"1","name":"Active","ipCount":"117"}]}`}}),
			[]scapi.Repository{{ID: "1", Name: "Active", IPs: scapi.Some[int64](117)}}, "repository::init"},
		"RPC for others": {scapi.RPC, "4.8.1", func(a asked) said {
			if a.Call == "repository::init" {
				return said{Code: 99, Message: "who knows"}
			}
			return table(map[string]said{"asset::init": {Response: short}})(a)
		}, names, "repository::init asset::init"},
		"RPC 4.8 has groups too": {scapi.RPC, "4.8.1", func(a asked) said {
			if a.Call == "repository::init" || a.Call == "asset::init" {
				return forbidden(a)
			}
			return table(map[string]said{"group::init": {Response: short}})(a)
		}, names, "repository::init asset::init group::init"},
		"no repository": {scapi.RPC, "4.8.1", table(map[string]said{"repository::init": {Response: `[]`}}), nil, "repository::init"},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := scripted(t, tc.api, tc.version, tc.answer)
			got, err := c.Repositories(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, noRaw, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("repositories (-want +got):\n%s", diff)
			}
			var calls []string
			for _, a := range s.calls() {
				calls = append(calls, a.Call)
			}
			if got := strings.Join(calls, " "); got != tc.calls {
				t.Errorf("calls %s, want %s", got, tc.calls)
			}
		})
	}
	t.Run("RPC before 4.8 has no groups", func(t *testing.T) {
		c, s := scripted(t, scapi.RPC, "4.6.0", func(a asked) said {
			if a.Call == "repository::init" || a.Call == "asset::init" {
				return forbidden(a)
			}
			return said{}
		})
		if _, err := c.Repositories(t.Context()); !scapi.IsPermission(err) {
			t.Errorf("error %v, want a permission error", err)
		}
		if n := len(s.calls()); n != 2 {
			t.Errorf("%d calls, want 2", n)
		}
	})
	t.Run("a missing permission is not taken for a refused field", func(t *testing.T) {
		c, s := scripted(t, scapi.REST, "6.4.0", func(a asked) said {
			if a.Call == "GET /repository" {
				return forbidden(a)
			}
			return said{}
		})
		if _, err := c.Repositories(t.Context()); !scapi.IsPermission(err) {
			t.Errorf("error %v, want a permission error", err)
		}
		if n := len(s.calls()); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
	})
}

func TestListsThatAreNoListsAreMalformed(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`7`, `true`, `"<html>"`} {
		c, _ := scripted(t, scapi.REST, "6.4.0", func(a asked) said {
			switch a.Call {
			case "GET /repository", "GET /scanner", "GET /zone", "GET /scan", "GET /scanResult", "GET /job":
				return said{Response: body}
			}
			return said{}
		})
		for name, call := range map[string]func() error{
			"repositories": func() error { _, err := c.Repositories(t.Context()); return err },
			"scanners":     func() error { _, err := c.Scanners(t.Context()); return err },
			"zones":        func() error { _, err := c.Zones(t.Context()); return err },
			"scans":        func() error { _, err := c.Scans(t.Context()); return err },
			"results":      func() error { _, err := c.ScanResults(t.Context(), scapi.ScanWindow{}); return err },
			"jobs":         func() error { _, err := c.Jobs(t.Context()); return err },
		} {
			if err := call(); !errors.Is(err, scapi.ErrMalformed) {
				t.Errorf("%s of %s: %v, want ErrMalformed", name, body, err)
			}
		}
	}
}
