package exporter

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

const (
	reloadOK   = "securitycenter_exporter_config_last_reload_successful"
	reloadTime = "securitycenter_exporter_config_last_reload_success_timestamp_seconds"
	logins     = `securitycenter_logins_total{account="analyst",result="success"}`
)

func lifecycle(o *Options) { o.EnableLifecycle = true }

func TestReload(t *testing.T) {
	bubble(t, "over HTTP takes up the new configuration by POST and PUT", func(t *testing.T) {
		for _, method := range []string{http.MethodPost, http.MethodPut} {
			b := newBench(t, hq, nil, lifecycle)
			b.config = hq + branch
			if w := b.do(method, "/-/reload"); w.Code != http.StatusOK {
				t.Errorf("%s: %d %s", method, w.Code, w.Body)
			}
			b.probe("branch").want(t, method, map[string]float64{"securitycenter_up": 1})
		}
	})

	bubble(t, "that is refused leaves everything as it was and says why", func(t *testing.T) {
		b := newBench(t, hq, nil, lifecycle)
		b.settle()
		before := b.probe("hq")
		loaded := parse(t, b.get("/metrics?only=exporter"))
		time.Sleep(time.Minute)
		b.consoles["hq"].ForgetRequests()
		b.config = hq + "\nconsols: []\n"
		w := b.do(http.MethodPost, "/-/reload")
		if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "consols") || !strings.Contains(w.Body.String(), "config.yml:") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if len(b.log.lines("level=ERROR", "Reload failed", "consols")) != 1 {
			t.Errorf("the log does not say why:\n%s", b.log)
		}
		after := parse(t, b.get("/metrics?only=exporter"))
		after.want(t, "after a failed reload", map[string]float64{reloadOK: 0, reloadTime: loaded[reloadTime]})
		loaded.want(t, "at the start", map[string]float64{reloadOK: 1})
		p := b.probe("hq")
		for _, series := range before.family("securitycenter_vulnerabilities") {
			p.want(t, "after a failed reload", map[string]float64{series: before[series]})
		}
		if n := b.requests("hq"); n != 0 {
			t.Errorf("a failed reload made %d requests", n)
		}
		b.config = hq
		b.do(http.MethodPost, "/-/reload")
		after = parse(t, b.get("/metrics?only=exporter"))
		after.want(t, "after it was put right", map[string]float64{reloadOK: 1})
		if after[reloadTime]-loaded[reloadTime] < 60 {
			t.Errorf("loaded at %v, and again at %v", loaded[reloadTime], after[reloadTime])
		}
	})

	bubble(t, "keeps login, data and counters of a console that did not change", func(t *testing.T) {
		b := newBench(t, hq+"\ncollectors: {scans: {interval: 1h}}\n", map[string]sctest.Options{"hq": {Hosts: 10, Repositories: 1, Plugins: 500}})
		b.settle()
		b.probe("hq")
		time.Sleep(25 * time.Hour) // in which scans end
		b.probe("hq")
		synctest.Wait()
		before := b.probe("hq")
		if before.sum("securitycenter_scan_results_ended_total") == 0 {
			t.Fatal("no scan ended in a day: the test shows nothing")
		}
		b.consoles["hq"].ForgetRequests()
		labelled := strings.Replace(hq, "accounts:", "labels: {tenant: acme}\n    accounts:", 1)
		for _, yaml := range []string{
			hq + "\ncollectors: {scans: {interval: 1h}}\n", // the same
			labelled, // another label, another interval
			labelled + branch,
		} {
			if err := b.reload(yaml); err != nil {
				t.Fatal(err)
			}
			p := b.probe("hq")
			for _, name := range []string{"securitycenter_scan_results_ended_total", "securitycenter_vulnerabilities", "securitycenter_api_requests_total", "securitycenter_logins_total"} {
				for _, series := range before.family(name) {
					p.want(t, "after the reload", map[string]float64{series: before[series]})
				}
			}
		}
		if n := b.requests("hq"); n != 0 {
			t.Errorf("the reloads made the console see %d requests", n)
		}
		if n := b.consoles["hq"].Sessions(); n != 2 {
			t.Errorf("%d sessions, want the two there were", n)
		}
	})

	bubble(t, "that changes an interval and max_age discards no data, and they hold at once", func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.settle()
		b.consoles["hq"].ForgetRequests()
		if err := b.reload(hq + "\ncollectors: {feeds: {interval: 2h, max_age: 3h}}\n"); err != nil {
			t.Fatal(err)
		}
		b.probe("hq").want(t, "after the reload", map[string]float64{
			of("interval_seconds", "feeds"): 7200, of("max_age_seconds", "feeds"): 10800, of("success", "feeds"): 1, feedStale: 0, logins: 1,
		})
		time.Sleep(50 * time.Minute)
		b.probe("hq", "feeds")
		synctest.Wait()
		if n := b.requests("hq"); n != 0 {
			t.Errorf("%d requests before the new interval is over", n)
		}
		if err := b.reload(hq + "\ncollectors: {feeds: {interval: 1m}}\n"); err != nil {
			t.Fatal(err)
		}
		b.probe("hq", "feeds").want(t, "with a shorter interval", map[string]float64{feedStale: 0})
		synctest.Wait()
		if n := b.requests("hq", feedRequest); n != 1 {
			t.Errorf("%d loads with a shorter interval, want 1", n)
		}
	})

	bubble(t, "that switches a collector off makes it disappear, on again brings it back", func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.settle()
		if err := b.reload(hq + "\ncollectors: {feeds: {enabled: false}}\n"); err != nil {
			t.Fatal(err)
		}
		p := b.probe("hq")
		p.want(t, "off", map[string]float64{feedStale: absent, of("success", "feeds"): absent, of("interval_seconds", "feeds"): absent, of("success", "system"): 1, logins: 1})
		if err := b.reload(hq); err != nil {
			t.Fatal(err)
		}
		b.probe("hq").want(t, "on again", map[string]float64{feedStale: 0, of("success", "feeds"): 1, logins: 1})
	})

	bubble(t, "that removes a console logs it out and forgets it, and one that adds a console loads it", func(t *testing.T) {
		b := newBench(t, hq+branch, nil)
		b.settle()
		if n := b.consoles["branch"].Sessions(); n != 2 {
			t.Fatalf("%d sessions at first, want 2", n)
		}
		if err := b.reload(hq); err != nil {
			t.Fatal(err)
		}
		if n := b.consoles["branch"].Sessions(); n != 0 {
			t.Errorf("%d sessions of the removed console, want none", n)
		}
		if n := b.consoles["hq"].Sessions(); n != 2 {
			t.Errorf("%d sessions of the other console, want 2", n)
		}
		if w := b.do(http.MethodGet, "/probe?target=branch"); w.Code != http.StatusNotFound {
			t.Errorf("the removed console answers %d", w.Code)
		}
		b.consoles["branch"].ForgetRequests()
		if err := b.reload(hq + branch); err != nil {
			t.Fatal(err)
		}
		b.settle() // without a scrape
		if n := b.requests("branch", feedRequest); n == 0 {
			t.Error("the added console was not loaded")
		}
		b.probe("branch").want(t, "added", map[string]float64{"securitycenter_up": 1, of("success", "scans"): 1})
	})

	bubble(t, "that removes a console does not wait for its loads", func(t *testing.T) {
		b := newBench(t, hq+branch, nil)
		b.consoles["branch"].Inject(sctest.Fault{Effect: sctest.Hang()})
		b.settle()
		if d := took(func() {
			if err := b.reload(hq); err != nil {
				t.Fatal(err)
			}
		}); d > logoutTimeout {
			t.Errorf("the reload took %s", d)
		}
	})

	bubble(t, "that redacts drops the names at once, also those that a running load has read", func(t *testing.T) {
		b := newBench(t, hq+every(time.Minute), nil)
		p := b.probe("hq")
		if !named(p) {
			t.Fatal("there are no names to redact")
		}
		b.consoles["hq"].Inject(sctest.Fault{Effect: sctest.Delay(time.Second)})
		time.Sleep(time.Minute)
		b.probe("hq") // loads run now
		if err := b.reload(hq + every(time.Minute) + "labels: {redact: [repository, scan, scanner, zone]}\n"); err != nil {
			t.Fatal(err)
		}
		for range 120 {
			if p := b.probe("hq"); named(p) {
				t.Fatalf("names after the reload: %v", p.family("securitycenter_repository_info"))
			}
			time.Sleep(time.Second)
		}
		p = b.probe("hq")
		if len(p.family("securitycenter_repository_info")) != 3 || len(p.family("securitycenter_vulnerabilities")) != 15 {
			t.Errorf("the data has gone with the names: %v", p.family("securitycenter_repository_info"))
		}
		if err := b.reload(hq + every(time.Minute)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		b.probe("hq")
		synctest.Wait()
		time.Sleep(2 * time.Minute)
		if !named(b.probe("hq")) {
			t.Error("the names do not come back")
		}
	})

	bubble(t, "after the end is refused", func(t *testing.T) {
		b := newBench(t, hq, nil)
		if err := b.exporter.Close(); err != nil {
			t.Fatal(err)
		}
		if err := b.exporter.Reload(); err == nil {
			t.Error("no error")
		}
	})
}

// named says whether the page has names of repositories, scans, scanners or zones.
func named(p page) bool {
	for series := range p {
		for _, label := range []string{"repository", "scan", "scanner", "zone"} {
			_, value, there := strings.Cut(series, label+`="`)
			if there && !strings.HasPrefix(value, `"`) {
				return true
			}
		}
	}
	return false
}

func TestNew(t *testing.T) {
	t.Run("fails where the configuration cannot be loaded, with its reason", func(t *testing.T) {
		reason := errors.New("no such file")
		if _, err := New(Options{Load: func() (*config.Config, error) { return nil, reason }}); !errors.Is(err, reason) {
			t.Errorf("%v", err)
		}
	})

	t.Run("fails where a console's certificate cannot be read, and leaves nothing behind", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(file, []byte("no certificate"), 0o600); err != nil {
			t.Fatal(err)
		}
		yaml := strings.Replace(hq, "accounts:", "http: {tls_config: {ca_file: '"+file+"'}}\n    accounts:", 1)
		_, err := New(Options{Load: func() (*config.Config, error) { return config.Parse([]byte(yaml), "", KnownCollectors()) }})
		if err == nil || !strings.Contains(err.Error(), "ca.pem") && !strings.Contains(err.Error(), "hq") {
			t.Errorf("%v", err)
		}
	})

	for _, path := range []string{"metrics", "/probe", "/sd", "/-/healthy", "/-/ready", "/-/reload", "/docs", "/docs/metrics", "/debug/pprof/heap", "/{x", "/a b", "/metrics?x"} {
		t.Run("refuses the telemetry path "+path, func(t *testing.T) {
			load := func() (*config.Config, error) { return config.Parse([]byte(hq), "", KnownCollectors()) }
			e, err := New(Options{Load: load, TelemetryPath: path})
			if err == nil {
				_ = e.Close()
				t.Error("no error")
			}
		})
	}
}

func TestClose(t *testing.T) {
	bubble(t, "logs out of every console", func(t *testing.T) {
		b := newBench(t, hq+branch, map[string]sctest.Options{"branch": small(sctest.RPC)})
		b.settle()
		if b.consoles["hq"].Sessions() != 2 || b.consoles["branch"].Sessions() != 2 {
			t.Fatal("not all accounts are logged in")
		}
		if err := b.exporter.Close(); err != nil {
			t.Error(err)
		}
		if b.consoles["hq"].Sessions() != 0 || b.consoles["branch"].Sessions() != 0 {
			t.Error("sessions are left")
		}
	})

	bubble(t, "ends loads that are under way, and still logs out", func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.settle()
		b.consoles["hq"].Inject(sctest.Fault{Endpoint: feedRequest, Effect: sctest.Hang()})
		time.Sleep(10 * time.Minute)
		b.probe("hq")
		if err := b.exporter.Close(); err != nil {
			t.Error(err)
		}
		if n := b.consoles["hq"].Sessions(); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
	})

	bubble(t, "does not wait for a console that hangs longer than for a farewell", func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.settle()
		b.consoles["hq"].Inject(sctest.Fault{Effect: sctest.Hang()})
		var err error
		if d := took(func() { err = b.exporter.Close() }); d > logoutTimeout {
			t.Errorf("it took %s", d)
		}
		if err == nil || !strings.Contains(err.Error(), "console hq, account admin") {
			t.Errorf("%v", err)
		}
	})
}
