package collector_test

import (
	"fmt"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestAnOrganisationUserSeesAgentCapableScannersAndTheirState(t *testing.T) {
	bubble(t, func(t *testing.T) {
		got := export(t, sctest.Options{Accounts: []sctest.Account{alice}}).load(t, "scanners")
		want := samples{
			series("securitycenter_scanner_info", `scanner="Scanner 2"`, `scanner_id="2"`, `type="agent-capable"`, `version=""`): 1,
			series("securitycenter_scanner_usable", `scanner="Scanner 2"`, `scanner_id="2"`):                                     1,
		}
		diff(t, "scanners", want, got.without("securitycenter_scanner_status"))
	})
}

func TestAScannerIsUsableOrNotOrInTransition(t *testing.T) {
	const absent = -1
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		got := e.load(t, "scanners")
		for id, tt := range []struct { // the scanners of the simulated console, by their status
			status string
			usable float64
			holds  []string
		}{
			{"1", 1, []string{"working"}},
			{"1", 1, []string{"working"}},
			{"1", 1, []string{"working"}},
			{"8192", absent, []string{"updating_status"}},
			{"8193", 1, []string{"working", "updating_status"}},
			{"16384", 0, []string{"user_disabled"}},
			{"8", 0, []string{"certificate_mismatch"}},
			{"2", 0, []string{"connection_error"}},
			{"4", 0, []string{"connection_timeout"}},
			{"32", 0, []string{"authentication_error"}},
			{"257", 1, []string{"working", "plugins_out_of_sync"}},
			{"1025", 1, []string{"working", "updating_plugins"}},
			{"32768", 0, []string{"requires_upgrade"}},
			{"131073", 0, []string{"working", "license_invalid"}},
		} {
			scanner := fmt.Sprintf(`scanner="Scanner %d"`, id+1)
			label := fmt.Sprintf(`scanner_id="%d"`, id+1)
			usable, known := got[series("securitycenter_scanner_usable", scanner, label)]
			if known != (tt.usable != absent) || known && usable != tt.usable {
				t.Errorf("status %s: usable %v, %v, want %v", tt.status, usable, known, tt.usable)
			}
			total := 0.0
			for name, v := range got.of("securitycenter_scanner_status") {
				for _, state := range tt.holds {
					if name == series("securitycenter_scanner_status", scanner, label, `status="`+state+`"`) && v != 1 {
						t.Errorf("status %s: %s does not hold", tt.status, state)
					}
				}
				for _, state := range scapi.ScannerStatusWords() {
					if name == series("securitycenter_scanner_status", scanner, label, `status="`+state+`"`) {
						total += v
					}
				}
			}
			if int(total) != len(tt.holds) {
				t.Errorf("status %s: %v states hold, want %q", tt.status, total, tt.holds)
			}
		}
		if n := len(got.of("securitycenter_scanner_start_time_seconds")); n != 12 {
			t.Errorf("%d scanners have a start time, want 12: two were never reached", n)
		}
	})
}

func TestZonesTellTheirScannersAndAddresses(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			got := export(t, sctest.Options{Dialect: dialect}).load(t, "scanners")
			for id := 1; id <= 4; id++ {
				labels := []string{fmt.Sprintf(`zone="Zone %d"`, id), fmt.Sprintf(`zone_id="%d"`, id)}
				all, active := got[series("securitycenter_zone_scanners", labels...)], got[series("securitycenter_zone_scanners_active", labels...)]
				if all < 1 || active > all || (id == 4) != (active == 0) {
					t.Errorf("zone %d has %v scanners, %v of them active", id, all, active)
				}
				if n := got[series("securitycenter_zone_addresses", labels...)]; n != 65536+100 {
					t.Errorf("zone %d has %v addresses, want a /16 and 100", id, n)
				}
			}
			if n := got.sum("securitycenter_zone_scanners"); n != 13 {
				t.Errorf("%v scanners are in zones, want 13", n)
			}
		})
	}
}
