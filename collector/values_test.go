package collector_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestTheLicenceCountsAnAddressOnce(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: dialect})
			addresses := map[string]bool{}
			for h := range e.simulated.Hosts() {
				addresses[h.IP] = true
			}
			got := e.load(t, "system")
			want := samples{"securitycenter_license_valid": 1, "securitycenter_license_ips_used": float64(len(addresses))}
			for name, v := range want {
				if got[name] != v {
					t.Errorf("%s is %v, want %v", name, got[name], v)
				}
			}
			if limit := got["securitycenter_license_ips_limit"]; limit <= float64(len(addresses)) {
				t.Errorf("the limit is %v", limit)
			}
		})
	}
}

func TestALicenceLimitOfZeroIsNoLimitAndAnExpiredOneIsNotValid(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{}, intercept("/rest/status", `{"licenseStatus":"Expired","activeIPs":"-1","licensedIPs":"0","jobd":"Stopped","lastDbBackupSuccess":"-1"}`))
		got := e.load(t, "system")
		want := samples{"securitycenter_license_valid": 0, "securitycenter_job_daemon_running": 0}
		diff(t, "status", want, got.without("securitycenter_info", "securitycenter_jobs", "securitycenter_diagnostic_ok", "securitycenter_diagnostic_last_check_timestamp_seconds"))
	})
}

func TestAJobIsRunningOrWaitingOrLateWhenItWasDueMoreThanFiveMinutesAgo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		now := time.Now().Unix()
		job := func(id int, kind string, due int64, start, pid string) string {
			return fmt.Sprintf(`{"id":"%d","type":%q,"status":"0","targetedTime":"%d","startTime":%q,"pid":%q}`, id, kind, due, start, pid)
		}
		queue := "[" + job(1, "scan", now-301, "-1", "-1") + "," + job(2, "scan", now-300, "-1", "-1") + "," + job(3, "scan", now-900, "-1", "77") + "," +
			job(4, "scan", now+60, "-1", "-1") + "," + job(5, "report", now-900, fmt.Sprint(now-10), "-1") + "," + job(6, "scan", -1, "-1", "-1") + "]"
		e := export(t, sctest.Options{}, intercept("/rest/job", queue))
		want := samples{}
		for _, s := range []struct {
			kind, state string
			n           float64
		}{{"scan", "running", 1}, {"scan", "waiting", 3}, {"scan", "late", 1}, {"report", "running", 1}, {"report", "waiting", 0}, {"report", "late", 0}} {
			want[series("securitycenter_jobs", `state="`+s.state+`"`, `type="`+s.kind+`"`)] = s.n
		}
		diff(t, "jobs", want, e.load(t, "system").of("securitycenter_jobs"))
	})
}

// intercept makes the console answer GET requests of a path with this response.
func intercept(path, response string) func(*console.Options) {
	return func(o *console.Options) {
		for i, a := range o.Accounts {
			o.Accounts[i].Transport = &intercepting{RoundTripper: a.Transport, path: path, answer: func(string) string { return response }}
		}
	}
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

func TestFeedsTellTheirAgeAndState(t *testing.T) {
	bubble(t, func(t *testing.T) {
		got := export(t, sctest.Options{}).load(t, "feeds")
		for _, feed := range []string{"sc", "active", "passive", "event"} {
			label, expired := `feed="`+feed+`"`, 0.0
			if feed == "event" {
				expired = 1
			}
			if got[series("securitycenter_feed_stale", label)] != expired || got[series("securitycenter_subscription_valid", label)] != 1-expired {
				t.Errorf("%s: stale %v, subscription %v", feed, got[series("securitycenter_feed_stale", label)], got[series("securitycenter_subscription_valid", label)])
			}
			age := time.Since(time.Unix(int64(got[series("securitycenter_feed_last_update_timestamp_seconds", label)]), 0))
			if age < 0 || (age > 24*time.Hour) != (feed == "event") {
				t.Errorf("%s: updated %s ago", feed, age)
			}
		}
		// The industrial feed has a state and neither time nor subscription.
		label := `feed="industrial"`
		if _, ok := got[series("securitycenter_feed_stale", label)]; !ok {
			t.Error("the industrial feed is missing")
		}
		for _, family := range []string{"securitycenter_feed_last_update_timestamp_seconds", "securitycenter_subscription_valid"} {
			if v, ok := got[series(family, label)]; ok {
				t.Errorf("%s of the industrial feed is %v", family, v)
			}
		}
	})
}

func TestPluginsAreCountedAgainWhenAFeedWasUpdatedOrADayHasPassed(t *testing.T) {
	// The simulated feeds are updated at two and at three; a test begins at midnight.
	updated := []step{{0, true}, {time.Hour, false}, {90 * time.Minute, true}, {time.Hour, true}, {time.Hour, false}, {20 * time.Hour, false}}
	resting := []step{{0, true}, {23 * time.Hour, false}, {time.Hour, true}, {23 * time.Hour, false}}
	in(t, "updated feeds", func(t *testing.T) { countPlugins(t, export(t, sctest.Options{}), updated) })
	in(t, "feeds at rest", func(t *testing.T) {
		countPlugins(t, export(t, sctest.Options{}, intercept("/rest/feed", `{"active":{"updateTime":"900000000","stale":"true"}}`)), resting)
	})
}

// step is a load some time after the one before, which counts plugins again or does not.
type step struct {
	after time.Duration
	again bool
}

func countPlugins(t *testing.T, e *exported, steps []step) {
	t.Helper()
	for i, s := range steps {
		time.Sleep(s.after)
		e.simulated.ForgetRequests()
		e.load(t, "plugins")
		if n := e.simulated.Count(func(r sctest.Request) bool { return r.Endpoint == "GET /plugin" }); (n > 0) != s.again {
			t.Errorf("load %d, at %s: %d requests, want some: %v", i, time.Now().UTC().Format(time.TimeOnly), n, s.again)
		}
	}
}

func TestWhereNoFeedIsToldPluginsAreCountedByEveryLoad(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{}, intercept("/rest/feed", `[]`))
		for range 2 {
			e.simulated.ForgetRequests()
			if n := len(e.load(t, "plugins").of("securitycenter_plugins")); n != 5 {
				t.Errorf("%d types of plugins, want 5", n)
			}
			if e.simulated.Count(func(r sctest.Request) bool { return r.Endpoint == "GET /plugin" }) == 0 {
				t.Error("not counted")
			}
		}
	})
}

func TestAConsoleThatAnswersNothingFailsEveryLoad(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		e.simulated.Inject(sctest.Fault{Effect: sctest.HTMLPage(502)})
		for _, name := range []string{"system", "feeds", "plugins", "scanners", "repositories", "vulnerabilities", "scans"} {
			if s, err := e.run(t, name, noLimits); err == nil || len(s.Families) > 0 {
				t.Errorf("%s: %v and %d families", name, err, len(s.Families))
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		if _, err := e.Repositories(ctx); err == nil {
			t.Error("repositories without an answer")
		}
	})
}
