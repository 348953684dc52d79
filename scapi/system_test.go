package scapi_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// noRaw leaves the raw objects out of a comparison.
var noRaw = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().Type().String() == "json.RawMessage" }, cmp.Ignore())

func epoch(sec int64) time.Time { return time.Unix(sec, 0).UTC() }

func TestSystem(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		api  scapi.API
		body string
		want scapi.System
	}{
		"REST": {scapi.REST, `{"version":"6.4.0","buildID":"202311150001","ACAS":"true","serverClassification":"None","licenseStatus":"Valid"}`,
			scapi.System{Version: "6.4.0", BuildID: "202311150001", ACAS: scapi.Some(true), Classification: "None", LicenseStatus: "Valid"}},
		"REST with other types": {scapi.REST, `{"version":6,"buildID":202311150001,"ACAS":false,"serverClassification":null,"licenseStatus":{}}`,
			scapi.System{Version: "6", BuildID: "202311150001", ACAS: scapi.Some(false)}},
		"RPC": {scapi.RPC, `{"version":"4.8.1","licenseStatus":"Expired"}`, scapi.System{Version: "4.8.1", LicenseStatus: "Expired"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := scripted(t, tc.api, "", table(map[string]said{"GET /system": {Response: tc.body}, "system::init": {Response: tc.body}}))
			got, err := c.System(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, noRaw); diff != "" {
				t.Errorf("system (-want +got):\n%s", diff)
			}
			if string(got.Raw) != tc.body {
				t.Errorf("raw %s, want the answer", got.Raw)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		api     scapi.API
		answers map[string]said
		want    scapi.Status
	}{
		"a REST console says everything": {scapi.REST, map[string]said{"GET /status": {Response: `{"jobd":"Running","licenseStatus":"Valid","PluginSubscriptionStatus":"Valid",
			"pluginUpdates":{"active":{"updateTime":"1700035200","pluginCurrentSet":"202311142030"},"lce":{"updateTime":"0","pluginCurrentSet":202311130000},"industrial":{"stale":"false"}},
			"activeIPs":120,"licensedIPs":"5000","lastDbBackupStatus":"1","lastDbBackupSuccess":"1700000000","lastDbBackupFailure":"0"}`}},
			scapi.Status{LicenseStatus: "Valid", ActiveIPs: scapi.Some[int64](120), LicensedIPs: scapi.Some[int64](5000), JobDaemonRunning: scapi.Some(true),
				LastBackupSuccess: epoch(1700000000), PluginSet: map[string]time.Time{
					"active": time.Date(2023, 11, 14, 20, 30, 0, 0, time.UTC), "event": time.Date(2023, 11, 13, 0, 0, 0, 0, time.UTC)}}},
		"a REST console says little": {scapi.REST, map[string]said{"GET /status": {Response: `{"jobd":"Not Running","pluginUpdates":[],"activeIPs":"-1"}`}},
			scapi.Status{JobDaemonRunning: scapi.Some(false), PluginSet: map[string]time.Time{}}},
		"a REST console without a limit": {scapi.REST, map[string]said{"GET /status": {Response: `{"activeIPs":"0","licensedIPs":"0","lastDbBackupSuccess":"1","pluginUpdates":{"active":{"pluginCurrentSet":"197001010000"}}}`}},
			scapi.Status{ActiveIPs: scapi.Some[int64](0), PluginSet: map[string]time.Time{}}},
		"a REST console says nothing": {scapi.REST, map[string]said{"GET /status": {Response: `""`}}, scapi.Status{PluginSet: map[string]time.Time{}}},
		"SecurityCenter 4 tells an administrator the licence": {scapi.RPC, map[string]said{
			"system::init":     {Response: `{"version":"4.8.1","licenseStatus":"Valid"}`},
			"repository::init": {Response: `{"repositories":[{"id":"1","activeIPs":"7"}],"license":{"LicensedIPs":"512","activeips":99}}`}},
			scapi.Status{LicenseStatus: "Valid", ActiveIPs: scapi.Some[int64](99), LicensedIPs: scapi.Some[int64](512), PluginSet: map[string]time.Time{}}},
		"SecurityCenter 4 tells others the licence's state": {scapi.RPC, map[string]said{"system::init": {Response: `{"version":"4.8.1","licenseStatus":"Valid"}`}},
			scapi.Status{LicenseStatus: "Valid", PluginSet: map[string]time.Time{}}},
		"SecurityCenter 4 does not know the call that has the licence": {scapi.RPC, map[string]said{
			"system::init":     {Response: `{"version":"4.8.1","licenseStatus":"Valid"}`},
			"repository::init": {Code: 1, Message: "Invalid module or action 'repository::init'."}},
			scapi.Status{LicenseStatus: "Valid", PluginSet: map[string]time.Time{}}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := scripted(t, tc.api, "4.8.1", table(tc.answers))
			got, err := c.Status(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if refused := tc.answers["repository::init"].Response == ""; refused != (got.LicenseErr != nil) && tc.api == scapi.RPC {
				t.Errorf("why the licence's addresses are not told: %v", got.LicenseErr)
			}
			got.LicenseErr = nil
			if diff := cmp.Diff(tc.want, got, noRaw); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStatusOfSecurityCenter4FailsWhereTheLicenceIsBroken(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, scapi.RPC, "4.8.1", table(map[string]said{"repository::init": {Status: 502, Code: 1, Message: "out of order"}}))
	if got, err := c.Status(t.Context()); err == nil {
		t.Errorf("status %+v, want an error", got)
	}
}

func TestWhatOnlyRESTHas(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, scapi.RPC, "4.8.1", table(nil))
	for name, call := range map[string]func() error{
		"diagnostics": func() error { _, err := c.Diagnostics(t.Context()); return err },
		"jobs":        func() error { _, err := c.Jobs(t.Context()); return err },
		"scan result": func() error { _, err := c.ScanResult(t.Context(), "1"); return err },
	} {
		if err := call(); !errors.Is(err, scapi.ErrUnsupported) {
			t.Errorf("%s on SecurityCenter 4: %v, want ErrUnsupported", name, err)
		}
	}
	if calls := s.calls(); len(calls) != 0 {
		t.Errorf("sent %v", calls)
	}
}

func TestDiagnosticsAndJobs(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, scapi.REST, "6.4.0", table(map[string]said{
		"GET /system/diagnostics": {Response: `{"statusJava":"true","statusRPM":false,"statusDisk":"","statusLastChecked":"1700036000","diagnosticsGenerated":-1}`},
		"GET /job": {Response: `[{"id":"1","type":"importScan","status":"Running","targetedTime":"1700000000","startTime":1700000010,"pid":"77"},
			{"id":2,"type":"feed","targetedTime":"-1","startTime":"-1","pid":-1},{"id":"3","pid":"5"},null,7,
			{"id":"4","targetedTime":"1","startTime":"1700086400","pid":"-1"},{"id":"5","targetedTime":"1700086400","startTime":"86400","pid":"0"}]`},
	}))
	d, err := c.Diagnostics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := scapi.Diagnostics{Java: scapi.Some(true), RPM: scapi.Some(false), LastChecked: epoch(1700036000)}
	if diff := cmp.Diff(want, d, noRaw); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
	jobs, err := c.Jobs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantJobs := []scapi.Job{
		{ID: "1", Type: "importScan", Status: "Running", Target: epoch(1700000000), Start: epoch(1700000010), Running: true},
		{ID: "2", Type: "feed"},
		{ID: "3", Running: true},
		{ID: "4"}, // starts that lie in the console's future, and before there were consoles
		{ID: "5", Target: epoch(1700000000 + 86400)},
	}
	if diff := cmp.Diff(wantJobs, jobs, noRaw); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
	if fields := s.calls()[1].Query.Get("fields"); !strings.Contains(fields, "targetedTime") {
		t.Errorf("asked for fields %q", fields)
	}
}
