package collector_test

import (
	"fmt"
	"testing"
	"time"

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
			job(4, "scan", now+60, "-1", "-1") + "," + job(5, "report", now-900, fmt.Sprint(now-10), "-1") + "," + job(6, "scan", -1, "-1", "-1") + "," +
			job(3, "scan", now-900, "-1", "77") + "," + job(1, "scan", now-301, "-1", "-1") + "]" // a job that is listed again is one
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

// A job is due by the console's clock.
func TestAJobIsLateByTheClockOfTheConsole(t *testing.T) {
	for ahead, late := range map[time.Duration]float64{0: 0, 10 * time.Minute: 1, -10 * time.Minute: 0} {
		in(t, ahead.String(), func(t *testing.T) {
			now := time.Now()
			queue := fmt.Sprintf(`[{"id":"1","type":"scan","status":"0","targetedTime":"%d","startTime":"-1","pid":"-1"}]`, now.Unix())
			e := export(t, sctest.Options{Now: func() time.Time { return time.Now().Add(ahead) }}, intercept("/rest/job", queue))
			got := e.load(t, "system")[sample("securitycenter_jobs", "type", "scan", "state", "late")]
			if got != late {
				t.Errorf("%v late jobs, want %v", got, late)
			}
		})
	}
}
