package exporter

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
)

// recordings returns the folder of recorded answers of a real Tenable.sc 5.8
// beside the project; the test is skipped where there is none.
func recordings(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
	folder := filepath.Join(dir, "..", "shared", "fixtures")
	if _, err := os.Stat(filepath.Join(folder, "replay.py")); errors.Is(err, fs.ErrNotExist) {
		t.Skip("no recorded answers beside the project")
	}
	return folder
}

// replay serves the recorded answers until the test ends and returns the
// console's address.
func replay(t *testing.T) string {
	t.Helper()
	folder := recordings(t)
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	cmd := exec.CommandContext(t.Context(), python, filepath.Join(folder, "replay.py"), "--port", "0")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the replay does not say where it listens: %v", err)
	}
	return strings.TrimSpace(url)
}

// What the recordings cannot show, and so what the test does not ask for:
//   - whatever lists tell only when asked for fields: lists are replayed as they
//     were recorded, with ids, names and states. Hence no size, type or age of
//     repositories, no version, load or plugin set of scanners, no scanners of
//     zones, no schedule of scans, and no times, import states and definitions
//     of scan results;
//   - securitycenter_jobs: GET /job was not recorded;
//   - back-ups of the database: 5.8 does not tell of them;
//   - numbers of plugins by type: the replay ignores the type;
//   - different numbers by repository: the replay ignores filters.
func TestTheRecordedAnswersOfARealConsoleAreExported(t *testing.T) {
	t.Parallel()
	url := replay(t)
	cfg, err := config.Parse(fmt.Appendf(nil, `
consoles:
  - name: lab
    url: %s
    accounts:
      - {name: manager, username: manager, password: secret}
`, url), "", KnownCollectors())
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(Options{Load: func() (*config.Config, error) { return cfg, nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx := t.Context()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/probe?target=lab", nil)
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "60") // the first scrape waits for all collectors
	w := httptest.NewRecorder()
	e.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	got := parse(t, w.Body.String())

	want := map[string]float64{
		`securitycenter_up`: 1,
		`securitycenter_info{acas="false",build_id="201810303290",classification="None",version="5.8.0"}`: 1,
		`securitycenter_license_valid`:                                                                     1,
		`securitycenter_license_ips_used`:                                                                  46,
		`securitycenter_license_ips_limit`:                                                                 102400,
		`securitycenter_job_daemon_running`:                                                                1,
		`securitycenter_diagnostic_ok{check="java"}`:                                                       1,
		`securitycenter_plugin_set_timestamp_seconds{feed="active"}`:                                       float64(time.Date(2019, 3, 20, 20, 42, 0, 0, time.UTC).Unix()),
		`securitycenter_feed_last_update_timestamp_seconds{feed="active"}`:                                 1553156153,
		`securitycenter_feed_last_update_timestamp_seconds{feed="passive"}`:                                1553234416,
		`securitycenter_feed_last_update_timestamp_seconds{feed="event"}`:                                  1550205301,
		`securitycenter_feed_last_update_timestamp_seconds{feed="sc"}`:                                     1553231422,
		`securitycenter_feed_stale{feed="active"}`:                                                         0,
		`securitycenter_feed_stale{feed="event"}`:                                                          1,
		`securitycenter_subscription_valid{feed="active"}`:                                                 1,
		`securitycenter_subscription_valid{feed="event"}`:                                                  0,
		`securitycenter_scanner_usable{scanner="Internal Scanner",scanner_id="1"}`:                         1,
		`securitycenter_scanner_usable{scanner="Tenable.io",scanner_id="2"}`:                               1,
		`securitycenter_scanner_info{scanner="Tenable.io",scanner_id="2",type="agent-capable",version=""}`: 1,
		`securitycenter_scanner_status{scanner="Internal Scanner",scanner_id="1",status="working"}`:        1,
		`securitycenter_scanner_status{scanner="Example",scanner_id="13",status="updating_status"}`:        1, // status 8192
		`securitycenter_scanner_status{scanner="Example",scanner_id="13",status="working"}`:                0,
		`securitycenter_scan_results{import_status="unknown",status="completed"}`:                          4,
		`securitycenter_scan_results{import_status="unknown",status="partial"}`:                            1,
	}
	for _, id := range []string{"7", "8", "9", "10"} {
		labels := fmt.Sprintf(`repository="Example Repo%s",repository_id="%[1]s"`, id)
		for severity, n := range map[string]float64{"critical": 19, "high": 146, "medium": 176, "low": 32, "info": 1256} {
			want[fmt.Sprintf(`securitycenter_vulnerabilities{%s,severity=%q}`, labels, severity)] = n
		}
		want[`securitycenter_hosts{`+labels+`}`] = 33
		want[`securitycenter_vulnerability_score{`+labels+`}`] = 2780
		want[`securitycenter_repository_accessible{`+labels+`}`] = 1
	}
	for _, name := range collectorNames {
		want[`securitycenter_collector_success{collector="`+name+`"}`] = 1
	}
	got.want(t, "from the recorded answers", want)

	// No spelling of a status adds up there: still the first cycle keeps to its bound.
	queries := 0.0
	for _, series := range got.family("securitycenter_api_requests_total") {
		if strings.Contains(series, `endpoint="/analysis"`) {
			queries += got[series]
		}
	}
	if most := 60.0 + 2*4; queries == 0 || queries > most {
		t.Errorf("%v analysis requests in the first cycle, want at most %v", queries, most)
	}

	for name, n := range map[string]int{
		"securitycenter_scanner_info":   3,
		"securitycenter_scanner_usable": 2, // status 8192 is in transition: neither usable nor not
		"securitycenter_hosts":          4,
		"securitycenter_scan_results":   2,
		// What the recordings do not tell is absent, never 0.
		"securitycenter_scanner_enabled":                            0,
		"securitycenter_scanner_scans_running":                      0,
		"securitycenter_zone_scanners":                              0,
		"securitycenter_repository_ips":                             0,
		"securitycenter_repository_findings":                        0,
		"securitycenter_scan_last_success":                          0,
		"securitycenter_jobs":                                       0,
		"securitycenter_query_filter_supported{filter=\"wasVuln\"}": 0, // 5.8 has no filter on web applications
		// The recordings answer the same whatever is asked: nothing adds up.
		"securitycenter_vulnerabilities_accepted": 5, // which was none
		"securitycenter_vulnerabilities_recast":   0,
		"securitycenter_vulnerabilities_reopened": 0,
		"securitycenter_collector_series_dropped": len(collectorNames),
	} {
		if series := got.family(name); len(series) != n {
			t.Errorf("%s has %d series, want %d: %q", name, len(series), n, series)
		}
	}
}
