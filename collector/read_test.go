package collector_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestWhatNoAccountMayReadIsToldApartFromFailure(t *testing.T) {
	var names, organizations []string
	for _, col := range collector.All() {
		names = append(names, col.Name)
		if col.Account == scapi.Organization && col.Name != "users" { // an administrator lists the administrators
			organizations = append(organizations, col.Name)
		}
	}
	for _, tt := range []struct {
		name     string
		accounts []sctest.Account
		not      []string            // collectors that cannot be read at all
		absent   []string            // families that are missing from the others
		missing  map[string][]string // parts that are missing, by collector
	}{
		{
			name: "an administrator alone", accounts: []sctest.Account{admin},
			not:     organizations,
			missing: map[string][]string{"users": {"users of organisations"}},
		},
		{
			name: "an organisation user alone", accounts: []sctest.Account{alice},
			absent: []string{
				"securitycenter_license_ips_used", "securitycenter_license_ips_limit", "securitycenter_jobs", "securitycenter_diagnostic_ok",
				"securitycenter_zone_scanners", "securitycenter_zone_addresses", "securitycenter_scanner_enabled",
				"securitycenter_scanner_load_average",
			},
			missing: map[string][]string{"system": {"job queue", "diagnostics"}},
		},
		{name: "both", accounts: []sctest.Account{alice, admin}},
	} {
		in(t, tt.name, func(t *testing.T) {
			e := export(t, sctest.Options{Accounts: tt.accounts})
			for _, name := range names {
				s, err := e.run(t, name, noLimits)
				if slices.Contains(tt.not, name) {
					if !errors.Is(err, console.ErrNotReadable) {
						t.Errorf("%s: %v, want ErrNotReadable", name, err)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				for _, f := range s.Families() {
					if slices.Contains(tt.absent, f.GetName()) {
						t.Errorf("%s: %v, want none", f.GetName(), f.Metric)
					}
				}
				var parts []string
				for _, m := range s.Missing {
					part, reason, _ := strings.Cut(m, ": ")
					parts = append(parts, part)
					noUser := strings.Contains(reason, "no organisation account is configured")
					if !noUser && (!strings.Contains(reason, "alice") || !strings.Contains(reason, "permission")) {
						t.Errorf("%s is missing because %q: that names no account or no reason", part, reason)
					}
				}
				if d := cmp.Diff(tt.missing[name], parts); d != "" {
					t.Errorf("%s: missing parts (-want +got):\n%s", name, d)
				}
			}
		})
	}
}

func TestAnOrganisationAccountThatNeverLogsInIsLeftOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		stranger := bob
		e := export(t, sctest.Options{Accounts: []sctest.Account{admin, alice, stranger}}, wrongPassword("bob"))
		if n := len(e.load(t, "vulnerabilities").of("securitycenter_hosts")); n != 2 {
			t.Errorf("%d repositories have hosts, want alice's 2", n)
		}
		if got := e.load(t, "scans"); len(got.of("securitycenter_scan_last_success")) == 0 {
			t.Error("alice's scans are missing")
		}
		if n := e.load(t, "repositories").sum("securitycenter_repository_accessible"); n != 2 {
			t.Errorf("%v repositories are accessible, want 2", n)
		}
	})
}

func TestAnOrganisationAccountThatStopsWorkingFailsTheLoadAsAWhole(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var way breakable
		e := export(t, sctest.Options{Accounts: []sctest.Account{admin, alice, bob}}, through(&way, "bob"))
		before := e.load(t, "vulnerabilities")
		for _, pause := range []time.Duration{0, 2 * time.Minute} { // the list of repositories is still known, and no longer
			way.broken = true
			time.Sleep(pause)
			for _, name := range []string{"vulnerabilities", "scans"} {
				_, err := e.run(t, name, noLimits)
				if err == nil || errors.Is(err, console.ErrNotReadable) || !strings.Contains(err.Error(), "account bob") {
					t.Errorf("%s: %v, want a failure of account bob", name, err)
				}
			}
			way.broken = false
			diff(t, "when it works again", before, e.load(t, "vulnerabilities"))
		}
	})
}

func TestAnAdministratorWhoFailsIsNotReplacedByAUserWhoSeesLess(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var way breakable
		e := export(t, sctest.Options{Accounts: []sctest.Account{admin, alice}}, through(&way, "admin"))
		all := e.load(t, "scanners").of("securitycenter_scanner_info")
		way.broken = true
		if _, err := e.run(t, "scanners", noLimits); err == nil || !strings.Contains(err.Error(), "account admin") {
			t.Errorf("%v, want a failure of account admin", err)
		}
		way.broken = false
		if got := e.load(t, "scanners").of("securitycenter_scanner_info"); len(got) != len(all) {
			t.Errorf("%d scanners, want %d", len(got), len(all))
		}
	})
}

func TestAConsoleThatAnswersNothingFailsEveryLoad(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		e.simulated.Inject(sctest.Fault{Effect: sctest.HTMLPage(502)})
		for _, name := range []string{"system", "feeds", "plugins", "scanners", "repositories", "vulnerabilities", "scans"} {
			if s, err := e.run(t, name, noLimits); err == nil || len(s.Families()) > 0 {
				t.Errorf("%s: %v and %d families", name, err, len(s.Families()))
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		if _, err := e.Repositories(ctx); err == nil {
			t.Error("repositories without an answer")
		}
	})
}
