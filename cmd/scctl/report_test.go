package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

const reportedConfiguration = `
owners: [{name: servers, assets: [3]}]
watches: [{name: kev, xref: "CISA-KNOWN-EXPLOITED:*"}]
consoles:
  - name: hq
    url: http://console.example
    accounts:
      - {name: admin, username: admin, password: admin-password}
      - {name: analyst, username: analyst, password: analyst-password}
`

// exposition is a scrape, by family.
type exposition map[string]*dto.MetricFamily

// sum adds up the series that have the labels, which is done here once more.
func (e exposition) sum(family string, labels ...string) string {
	sum, found := 0.0, false
	if f := e[family]; f != nil {
		for _, m := range f.Metric {
			has := 0
			for i := 0; i < len(labels); i += 2 {
				for _, l := range m.Label {
					if l.GetName() == labels[i] && l.GetValue() == labels[i+1] {
						has++
					}
				}
			}
			if has == len(labels)/2 {
				sum, found = sum+m.GetGauge().GetValue(), true
			}
		}
	}
	if !found {
		return "–"
	}
	return strconv.FormatFloat(sum, 'f', -1, 64)
}

// tables are those of a report in Markdown: by caption the cells of each row, by that of
// the row's first.
func tables(markdown string) map[string]map[string][]string {
	all := map[string]map[string][]string{}
	var rows map[string][]string
	for line := range strings.Lines(markdown) {
		line = strings.TrimSpace(line)
		if caption, found := strings.CutPrefix(line, "*"); found && strings.HasSuffix(caption, "*") {
			rows = map[string][]string{}
			all[strings.TrimSuffix(caption, "*")] = rows
		}
		if !strings.HasPrefix(line, "| ") || rows == nil {
			continue
		}
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		for i, c := range cells {
			cells[i] = strings.NewReplacer(",", "", "! ", "", "✗ ", "", "−", "-", "+", "").Replace(c)
		}
		for rows[cells[0]] != nil { // coverage has several of one name
			cells[0] += "'"
		}
		rows[cells[0]] = cells[1:]
	}
	return all
}

// The numbers of a report are those of a scrape of the same minute, and cost at most as
// much again.
func TestTheNumbersOfAReportAreThoseOfAScrape(t *testing.T) {
	t.Parallel()
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := sctest.StartPipe(t, sctest.Options{Dialect: dialect, Hosts: 60, Plugins: 500, Repositories: 3, Scans: 3})
				o := exporter.Options{
					Load: func() (*config.Config, error) {
						return config.Parse([]byte(reportedConfiguration), "config.yml", exporter.KnownCollectors())
					},
					Transport: func(string) http.RoundTripper { return server.Transport() },
				}
				scraped := scrape(t, o)
				all := func(sctest.Request) bool { return true }
				cycle := server.Count(all)
				server.ForgetRequests()
				o.Collectors = reportedCollectors()
				f := reportFlags{top: 5}
				page, failed, err := f.page(t.Context(), o, 30, nil, func(text string) { t.Error(text) })
				if err != nil || failed != nil {
					t.Fatal(err, failed)
				}
				if n := server.Count(all); n > 2*cycle || n < cycle {
					t.Errorf("%d requests, want at most twice the %d of a cycle", n, cycle)
				} else {
					t.Logf("%d requests of a report, %d of a scrape", n, cycle)
				}
				compare(t, scraped, page.WriteMarkdown, 30)
				if page, _, err = f.page(t.Context(), o, 7, nil, func(text string) { t.Error(text) }); err != nil {
					t.Fatal(err)
				}
				compare(t, scraped, page.WriteMarkdown, 7)
			})
		})
	}
}

// scrape is the page of the console.
func scrape(t *testing.T, o exporter.Options) exposition {
	t.Helper()
	e, err := exporter.New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/probe?target=hq", nil)
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "120")
	w := httptest.NewRecorder()
	e.Handler().ServeHTTP(w, r)
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// compare holds every number of the report against the scrape.
func compare(t *testing.T, scraped exposition, write func(io.Writer) error, days int) {
	t.Helper()
	var markdown bytes.Buffer
	if err := write(&markdown); err != nil {
		t.Fatal(err)
	}
	shown, compared := tables(markdown.String()), 0
	want := func(caption, row string, column int, number string) {
		t.Helper()
		cells := shown[caption][row]
		if len(cells) <= column {
			t.Errorf("%s: no column %d of %q in %q", caption, column, row, cells)
			return
		}
		if number != "–" {
			compared++
		}
		if cells[column] != number {
			t.Errorf("%s: %s, column %d: %s, want %s", caption, row, column, cells[column], number)
		}
	}
	for _, s := range []string{"critical", "high", "medium", "low", "info"} {
		row := strings.ToUpper(s[:1]) + s[1:]
		for i, family := range []string{"vulnerabilities", "vulnerabilities_exploitable", "hosts_affected", "unique_vulnerabilities", "vulnerabilities_reopened", "vulnerabilities_accepted", "vulnerabilities_recast"} {
			want("Open findings by severity", row, i, scraped.sum("securitycenter_"+family, "severity", s))
		}
		if days == 7 {
			want("New and fixed by the console's dates", row, 0, scraped.sum("securitycenter_vulnerabilities_new", "severity", s, "window", "7d"))
			want("New and fixed by the console's dates", row, 1, scraped.sum("securitycenter_vulnerabilities_mitigated", "severity", s, "window", "7d"))
		} else if s != "info" { // what was fixed in 30 days stands under another name in a scrape
			want("New and fixed by the console's dates", row, 1, scraped.sum("securitycenter_remediation_findings", "severity", s, "window", "30d"))
		}
		for i, n := range []string{"7", "30", "60", "90", "180"} {
			want("Open findings first seen at least so many days ago", row, i, scraped.sum("securitycenter_vulnerabilities_aged", "severity", s, "min_age_days", n))
		}
		if s != "info" {
			want("Past the deadline of policy default", row, 1, scraped.sum("securitycenter_vulnerabilities_overdue", "severity", s, "sla", "default"))
		}
	}
	for _, m := range scraped["securitycenter_hosts"].Metric {
		id, name := "", ""
		for _, l := range m.Label {
			if l.GetName() == "repository_id" {
				id = l.GetValue()
			} else {
				name = l.GetValue()
			}
		}
		row := name + " (" + id + ")"
		want("Repositories, those with most critical findings first", row, 0, scraped.sum("securitycenter_hosts", "repository_id", id))
		for i, s := range []string{"critical", "high", "medium", "low"} {
			want("Repositories, those with most critical findings first", row, 1+i, scraped.sum("securitycenter_vulnerabilities", "repository_id", id, "severity", s))
		}
		want("Repositories, those with most critical findings first", row, 5, scraped.sum("securitycenter_vulnerability_score", "repository_id", id))
	}
	row := "seen"
	for _, window := range []string{"7d", "30d", "90d"} {
		want("Hosts by what became of them", row, 1, scraped.sum("securitycenter_hosts_seen", "window", window))
		row += "'"
	}
	want("Hosts by what became of them", "login worked'", 1, scraped.sum("securitycenter_hosts_credentialed", "window", "30d", "result", "success"))
	const owners = "Owners, those with most overdue critical findings first; they overlap"
	want(owners, "servers", 0, scraped.sum("securitycenter_owner_hosts", "owner", "servers"))
	want(owners, "servers", 1, scraped.sum("securitycenter_owner_vulnerabilities", "owner", "servers", "severity", "critical"))
	want(owners, "servers", 4, scraped.sum("securitycenter_owner_vulnerabilities_overdue", "owner", "servers", "severity", "critical"))
	want("Open findings of the configured watches", "kev", 0, scraped.sum("securitycenter_watch_hosts", "watch", "kev"))
	if compared < 90 {
		t.Errorf("only %d numbers were compared", compared)
	}
}

func TestReportWritesAFileOfTheFormatThatItsNameSays(t *testing.T) {
	asAnalyst(t)
	console := sctest.Start(t, sctest.Options{Hosts: 20, Plugins: 300, Repositories: 2, Scans: 3})
	folder := t.TempDir()
	for _, tt := range []struct {
		args   []string
		file   string
		begins string
	}{
		{[]string{"report", "--since", "1d"}, "r.html", "<!DOCTYPE html>\n<html"},
		{[]string{"report", "make"}, "r.md", "# Security Center"},
		{[]string{"report", "--format", "md", "--top", "0"}, "r.txt", "# Security Center"},
	} {
		path := filepath.Join(folder, tt.file)
		if out := succeed(t, append(append([]string{"--url", console.URL}, tt.args...), "-o", path)...); out != "" {
			t.Errorf("%s was written to standard output", out)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), tt.begins) || strings.Contains(string(text), sctest.AnalystPassword) || (strings.Contains(string(text), "Patch list") == (tt.file == "r.txt")) {
			t.Errorf("%q: %.3000s", tt.args, text)
		}
	}
	// An administrator alone sees no findings: the report says so, and that is no failure.
	asAdmin(t)
	if out := succeed(t, "--url", console.URL, "report", "--format", "md"); !strings.Contains(out, "The numbers are not to be believed") || !strings.Contains(out, "No account may read what collector vulnerabilities needs") {
		t.Error(out)
	}
	asAnalyst(t)
	if n := console.Sessions(); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
	for _, tt := range []struct {
		says string
		args []string
	}{
		{"want 1d to 365d", []string{"report", "--since", "36h"}},
		{"want 1d to 365d", []string{"report", "--since", "2y"}},
		{"a report is .html or .md", []string{"report", "-o", "r.pdf"}},
		{"goes with --prometheus.url", []string{"report", "--prometheus.config.file", "x.yml"}},
		{"want html, md", []string{"report", "--format", "csv"}},
		{"all accounts of the console", []string{"--account", "analyst", "report"}},
	} {
		if complaint := fail(t, exitUsage, append([]string{"--url", console.URL}, tt.args...)...); !strings.Contains(complaint, tt.says) {
			t.Errorf("%q: %s", tt.args, complaint)
		}
	}
	t.Setenv("SC_PASSWORD", "another-password")
	path := filepath.Join(folder, "none.html")
	if complaint := fail(t, exitLoginRefused, "--url", console.URL, "report", "-o", path); strings.Contains(complaint, "another-password") {
		t.Error(complaint)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("there is a report although the console did not answer")
	}
}

// A console that fails in part, or one of several that does not answer, leaves a report
// that says so, and an exit code.
func TestReportSaysWhatCouldNotBeRead(t *testing.T) {
	environment(t, nil)
	o := sctest.Options{Hosts: 20, Plugins: 300, Repositories: 2, Scans: 3}
	one, two := sctest.Start(t, o), sctest.Start(t, o)
	file := configured(t, map[string]string{"one": one.URL, "two": two.URL}, "")
	one.Inject(sctest.Fault{Endpoint: "GET /feed", Effect: sctest.Refuse(http.StatusForbidden, 999, "The moon is <b>full</b>.")})
	two.SetPassword(sctest.AnalystUsername, "changed")
	path := filepath.Join(t.TempDir(), "r.html")
	complaint := fail(t, exitLoginRefused, "--config.file", file, "report", "-o", path)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"The numbers are not to be believed", "The moon is &lt;b&gt;full&lt;/b&gt;.", "Account analyst could not log in", "#securitycenteraccountleftout", ">one<", ">two<"} {
		if !strings.Contains(string(text), words) {
			t.Errorf("no %q in the report", words)
		}
	}
	if !strings.Contains(complaint, "console one: collector feeds") || !strings.Contains(complaint, "console two") {
		t.Error(complaint)
	}
	// One console alone, which is well but for the feeds and the texts of plugins.
	one.Inject(sctest.Fault{Endpoint: "GET /plugin/{id}", Effect: sctest.Refuse(http.StatusForbidden, 999, "The sun is out.")})
	if complaint := fail(t, exitFailed, "--config.file", file, "--console", "one", "report", "-o", path); !strings.Contains(complaint, "console one: patch list: ") {
		t.Error(complaint)
	}
	if text, err = os.ReadFile(path); err != nil || strings.Contains(string(text), ">two<") || !strings.Contains(string(text), "The console does not tell all of it: ") || !strings.Contains(string(text), "Upgrade ") {
		t.Errorf("%v: %s", err, text)
	}
}

func TestReportAsksPrometheusAndGoesOnWithoutIt(t *testing.T) {
	asAnalyst(t)
	console := sctest.Start(t, sctest.Options{Hosts: 20, Plugins: 300, Repositories: 2, Scans: 3})
	var authorization string
	prometheus := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization = r.Header.Get("Authorization")
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"sc","instance":"10.0.0.1:10078","severity":"critical"},"value":[1,"1234567"]}]}}`))
	}))
	settings := filepath.Join(t.TempDir(), "http.yml")
	if err := os.WriteFile(settings, []byte("authorization: {credentials: prometheus-token}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--url", console.URL, "report", "--format", "md", "--prometheus.config.file", settings, "--prometheus.url"}
	out := succeed(t, append(args, prometheus.URL)...)
	if !regexp.MustCompile(`\n\| Critical \| 1,234,567 \| \d+ \| \d+ \| −[0-9,]+ \| −?[0-9,+]+ \|`).MatchString(out) || !strings.Contains(out, "SecurityCenterChangeUnexplained") && !strings.Contains(out, "Prometheus has 1,234,567 open critical findings now") {
		t.Error(out)
	}
	if authorization != "Bearer prometheus-token" {
		t.Errorf("it was asked with %q", authorization)
	}
	prometheus.Close()
	r := scctl(t, append(args, strings.Replace(prometheus.URL, "http://", "http://reader:prometheus-password@", 1))...)
	if r.code != exitDone || !strings.Contains(r.stdout, "Prometheus did not tell the past") || !strings.Contains(r.stderr, "Prometheus does not tell the past") {
		t.Errorf("%d: %s", r.code, r.stderr)
	}
	for _, secret := range []string{"prometheus-password", "prometheus-token", sctest.AnalystPassword} {
		if strings.Contains(r.stdout+r.stderr+out, secret) {
			t.Errorf("%s is told: %s", secret, r.stderr)
		}
	}
}
