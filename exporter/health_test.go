package exporter

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// with is a console with these accounts, each a line of YAML.
func with(accounts ...string) string {
	return "consoles:\n  - name: hq\n    url: http://console.example\n    accounts:\n      - " + strings.Join(accounts, "\n      - ") + "\n"
}

const (
	admin   = "{name: admin, username: admin, password: admin-password}"
	analyst = "{name: analyst, username: analyst, password: analyst-password}"
)

const (
	adminUp        = `securitycenter_account_up{account="admin"}`
	analystUp      = `securitycenter_account_up{account="analyst"}`
	adminBlocked   = `securitycenter_account_blocked{account="admin"}`
	analystBlocked = `securitycenter_account_blocked{account="analyst"}`
)

func TestHealth(t *testing.T) {
	bubble(t, "before the first attempt ends there is no success, and the console is not up", func(t *testing.T) {
		b := newBench(t, hq, slow(2*time.Minute))
		p := b.probe("hq")
		for _, name := range collectorNames {
			p.want(t, "before the first answer", map[string]float64{
				"securitycenter_up":                         0,
				of("success", name):                         absent,
				of("permitted", name):                       absent,
				of("duration_seconds", name):                absent,
				of("last_success_timestamp_seconds", name):  absent,
				of("series", name):                          0,
				of("series_dropped", name):                  0,
				adminUp:                                     absent,
				analystUp:                                   absent,
				adminBlocked:                                0,
				analystBlocked:                              0,
				"securitycenter_clock_skew_seconds":         absent,
				"securitycenter_license_ips_used":           absent,
				`securitycenter_feed_stale{feed="active"}`:  absent,
				`securitycenter_plugins{type="compliance"}`: absent,
			})
		}
	})

	bubble(t, "after the first answers everything is up", func(t *testing.T) {
		b := newBench(t, hq, nil)
		p := b.probe("hq")
		for _, name := range collectorNames {
			p.want(t, "after the first answers", map[string]float64{
				"securitycenter_up":                        1,
				of("success", name):                        1,
				of("permitted", name):                      1,
				of("duration_seconds", name):               0, // the bubble's clock stands still while the console answers
				of("last_success_timestamp_seconds", name): float64(time.Now().Unix()),
				of("series_dropped", name):                 0,
				adminUp:                                    1,
				analystUp:                                  1,
				adminBlocked:                               0,
				"securitycenter_clock_skew_seconds":        0,
				"securitycenter_tls_certificate_not_after_timestamp_seconds": absent,
			})
		}
	})

	bubble(t, "the number of series is that of the series shown", func(t *testing.T) {
		b := newBench(t, hq, nil)
		p := b.probe("hq")
		health := 0
		for _, c := range collectorNames {
			all := b.probe("hq", c)
			health = len(all) - int(all[of("series", c)])
			if got, want := len(all)-countHealth(all), int(p[of("series", c)]); got != want {
				t.Errorf("%s shows %d series, says %d", c, got, want)
			}
		}
		if health == 0 {
			t.Error("no health series at all")
		}
	})

	for _, test := range []struct {
		name    string
		account string
		cannot  []string
	}{
		{"only an administrator", admin, []string{"vulnerabilities", "risk", "coverage", "scans"}},
		{"only an organisation user", analyst, nil},
	} {
		bubble(t, "with "+test.name+" what he may not read is not permitted, and no failure", func(t *testing.T) {
			b := newBench(t, with(test.account), nil)
			p := b.probe("hq")
			for _, name := range collectorNames {
				permitted := 1.0
				success := 1.0
				for _, c := range test.cannot {
					if c == name {
						permitted, success = 0, absent
					}
				}
				p.want(t, test.name, map[string]float64{of("permitted", name): permitted, of("success", name): success, "securitycenter_up": 1})
			}
			if lines := b.log.lines("level=ERROR"); len(lines) > 0 {
				t.Errorf("logged as a failure: %s", lines)
			}
		})
	}

	bubble(t, "what one kind of account cannot read of a collector is missing on the landing page", func(t *testing.T) {
		b := newBench(t, with(analyst), nil)
		b.probe("hq")
		says(t, b.row("system"), "missing job queue: ")
	})

	bubble(t, "a console that has gone is not up, and comes back", func(t *testing.T) {
		b := newBench(t, hq+every(time.Minute), nil)
		b.probe("hq").want(t, "at first", map[string]float64{"securitycenter_up": 1, adminUp: 1, analystUp: 1})
		remove := b.consoles["hq"].Inject(sctest.Fault{Effect: sctest.Reset()})
		time.Sleep(time.Minute)
		b.probe("hq")
		time.Sleep(30 * time.Second) // attempts are repeated, at growing pauses, one collector after the other
		synctest.Wait()
		b.probe("hq").want(t, "while it is gone", map[string]float64{
			"securitycenter_up": 0, adminUp: 0, analystUp: 0, of("success", "system"): 0, of("permitted", "system"): 1, adminBlocked: 0,
		})
		remove()
		time.Sleep(time.Minute)
		b.probe("hq")
		synctest.Wait()
		b.probe("hq").want(t, "when it is back", map[string]float64{
			"securitycenter_up": 1, adminUp: 1, analystUp: 1, of("success", "system"): 1,
		})
	})

	bubble(t, "collectors that load seldom do not keep a console up that has gone", func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.probe("hq")
		b.consoles["hq"].Inject(sctest.Fault{Effect: sctest.Reset()})
		for range 17 { // 5m intervals fail after five minutes, the hourly plugins were answered
			time.Sleep(time.Minute)
			b.probe("hq")
			synctest.Wait()
		}
		b.probe("hq").want(t, "a quarter of an hour later", map[string]float64{
			"securitycenter_up": 0, of("success", "plugins"): 1, of("success", "system"): 0,
		})
	})

	bubble(t, "one collector that gets no answer does not make a console down that answers the others", func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.probe("hq")
		b.consoles["hq"].Inject(sctest.Fault{Endpoint: "POST /analysis", Effect: sctest.Reset()})
		for range 60 {
			time.Sleep(time.Minute)
			if p := b.probe("hq"); p["securitycenter_up"] != 1 {
				t.Fatal("down while system, feeds and scanners are answered")
			}
			synctest.Wait()
		}
		b.probe("hq").want(t, "after an hour", map[string]float64{of("success", "vulnerabilities"): 0, of("success", "system"): 1})
	})

	bubble(t, "a guard that cuts says how much", func(t *testing.T) {
		b := newBench(t, hq+"\ncollectors: {scanners: {max_series: 50}}\n", nil)
		p := b.probe("hq")
		if p[of("series", "scanners")] > 50 || p[of("series_dropped", "scanners")] == 0 || p[of("success", "scanners")] != 1 {
			t.Errorf("series %v, dropped %v, success %v", p[of("series", "scanners")], p[of("series_dropped", "scanners")], p[of("success", "scanners")])
		}
	})
}

// countHealth counts the series that every probe has.
func countHealth(p page) int {
	n := 0
	for _, f := range healthFamilies {
		n += len(p.family(f.Name))
	}
	for s := range p {
		if strings.HasPrefix(s, "securitycenter_api_") || strings.HasPrefix(s, "securitycenter_logins_total") {
			n++
		}
	}
	return n
}

// refusedLogins counts the logins that the console refused.
func refusedLogins(b *bench) int {
	return b.consoles["hq"].Count(func(r sctest.Request) bool {
		return (r.Endpoint == "POST /token" || r.Endpoint == "auth::login") && r.Account == ""
	})
}

func TestAWrongPassword(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		consoles := map[string]sctest.Options{"hq": small(dialect)}
		bubble(t, fmt.Sprintf("is tried again after 15 minutes and after an hour, then never, over %s", dialect), func(t *testing.T) {
			b := newBench(t, with(`{name: admin, username: admin, password: wrong}`, analyst)+only("system", "vulnerabilities"), consoles)
			start := time.Now()
			step := func(tried int) time.Duration {
				if tried == 3 {
					return time.Hour // nothing is to happen any more
				}
				return time.Minute
			}
			var tried []time.Duration
			for time.Since(start) < 26*time.Hour {
				before := refusedLogins(b)
				b.probe("hq")
				synctest.Wait()
				if refusedLogins(b) > before {
					tried = append(tried, time.Since(start))
				}
				p := b.probe("hq")
				blocked := 0.0
				if len(tried) == 3 {
					blocked = 1
				}
				p.want(t, time.Since(start).String(), map[string]float64{
					adminUp: 0, adminBlocked: blocked, analystUp: 1, analystBlocked: 0, "securitycenter_up": 1,
					of("success", "vulnerabilities"): 1,
				})
				time.Sleep(step(len(tried)))
			}
			if len(tried) != 3 || refusedLogins(b) != 3 {
				t.Fatalf("%d logins at %v, want three", refusedLogins(b), tried)
			}
			if d := tried[1] - tried[0]; d < 15*time.Minute || d > 21*time.Minute {
				t.Errorf("the second login came %s after the first, want 15 min and at most a load later", d)
			}
			if d := tried[2] - tried[1]; d < time.Hour || d > time.Hour+6*time.Minute {
				t.Errorf("the third login came %s after the second, want an hour and at most a load later", d)
			}
			b.probe("hq").want(t, "at the end", map[string]float64{`securitycenter_logins_total{account="admin",result="refused"}`: 3})
			if b.consoles["hq"].Locked(sctest.AdminUsername) {
				t.Error("the account is locked")
			}
			if row := b.row("admin"); !strings.Contains(row, "left alone until the credentials change or the exporter is restarted login: login not tried: refused 3 times") {
				t.Errorf("the landing page does not say that the account is left alone, and why: %s", row)
			}
		})
	}

	bubble(t, "of a lone account makes everything fail and nothing disappear", func(t *testing.T) {
		b := newBench(t, with(`{name: admin, username: admin, password: wrong}`), nil)
		p := b.probe("hq")
		for _, name := range collectorNames {
			p.want(t, "refused", map[string]float64{"securitycenter_up": 0, of("success", name): 0, of("permitted", name): absent, of("interval_seconds", name): p[of("interval_seconds", name)]})
		}
		for _, word := range []string{"console=hq", "account admin", "login refused", "collector=system"} {
			if len(b.log.lines(word, "level=ERROR")) == 0 {
				t.Errorf("no log line says %q", word)
			}
		}
		if strings.Contains(b.log.String(), "password=wrong") || strings.Contains(b.get("/probe?target=hq&debug=true"), ": wrong") {
			t.Error("the password is shown")
		}
	})

	bubble(t, "that is put right in its file is taken up without a reload, also by a blocked account", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "password")
		write(t, file, "wrong\n")
		b := newBench(t, with(`{name: admin, username: admin, password_file: `+file+`}`, analyst)+only("system"), nil)
		for range 3 * 12 {
			b.probe("hq")
			time.Sleep(5 * time.Minute)
		}
		b.probe("hq").want(t, "while wrong", map[string]float64{adminBlocked: 1})
		synctest.Wait() // for the load that the scrape began, which finds the old password
		write(t, file, sctest.AdminPassword+"\n")
		b.probe("hq").want(t, "changed, not tried", map[string]float64{adminBlocked: 0, adminUp: 0})
		time.Sleep(5 * time.Minute)
		b.probe("hq")
		synctest.Wait()
		b.probe("hq").want(t, "put right", map[string]float64{adminBlocked: 0, adminUp: 1, of("success", "system"): 1})
	})

	bubble(t, "that is put right by a reload is tried at once, and one that is not put right is not", func(t *testing.T) {
		wrong := with(`{name: admin, username: admin, password: wrong}`, analyst) + only("system")
		b := newBench(t, wrong, nil)
		b.probe("hq")
		if err := b.reload(wrong); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Minute)
		b.probe("hq")
		synctest.Wait()
		if n := refusedLogins(b); n != 1 {
			t.Errorf("%d logins after a reload that changed nothing, want 1", n)
		}
		if err := b.reload(with(admin, analyst) + only("system")); err != nil {
			t.Fatal(err)
		}
		b.probe("hq").want(t, "put right", map[string]float64{adminBlocked: 0, adminUp: 1, of("success", "system"): 1})
	})
}

func TestTheSessionLimitIsReportedAndNeverForced(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, hq+only("system", "vulnerabilities"), map[string]sctest.Options{"hq": {Hosts: 4, Repositories: 1, SessionLimit: 1}})
		console := b.consoles["hq"]
		// Somebody else has the administrator's only session.
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, console.URL+"/rest/token",
			strings.NewReader(`{"username":"admin","password":"admin-password","releaseSession":false}`))
		if err != nil {
			t.Fatal(err)
		}
		res, err := console.Transport().RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		sessions := console.Sessions()
		for range 30 {
			b.probe("hq").want(t, "at the limit", map[string]float64{adminUp: 0, adminBlocked: 0, analystUp: 1, of("success", "vulnerabilities"): 1})
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		if got := console.Sessions(); got != sessions+1 {
			t.Errorf("%d sessions, want the other's and the organisation user's", got)
		}
		if len(b.log.lines("session limit of the user reached", "console=hq", "account admin")) == 0 {
			t.Errorf("the log does not tell of the session limit:\n%s", b.log)
		}
	})
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestMissingPartsAreLoggedOnceAndAgainWhenTheyChange(t *testing.T) {
	bubble(t, "a watch with a mistake", func(t *testing.T) {
		const mistake = "\nwatches: [{name: typo, filters: [{name: severty, value: \"4\"}]}]\ncollectors: {watches: {interval: 1m}}\n"
		b := newBench(t, hq+mistake, nil)
		for range 3 {
			b.probe("hq", "watches").want(t, "with the mistake", map[string]float64{of("success", "watches"): 1, `securitycenter_watch_hosts{watch="typo"}`: absent})
			time.Sleep(time.Minute)
			b.settle()
		}
		if lines := b.log.lines("Parts of the collector are missing", "watch typo", "severty", "collector=watches"); len(lines) != 1 {
			t.Errorf("%d lines:\n%s", len(lines), b.log)
		}
		if err := b.reload(hq + strings.Replace(mistake, "severty", "severety", 1)); err != nil {
			t.Fatal(err)
		}
		b.probe("hq", "watches")
		b.settle()
		if lines := b.log.lines("Parts of the collector are missing", "severety"); len(lines) != 1 {
			t.Errorf("after a change %d lines:\n%s", len(lines), b.log)
		}
	})
}
