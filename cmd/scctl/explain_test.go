package main

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// explained writes a configuration in which everything that is counted from findings
// has a number, and returns its flag.
func explained(t *testing.T, consoles map[string]string) []string {
	t.Helper()
	path := configured(t, consoles, "    labels: {environment: test}\n")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(`
watches: [{name: scanned, plugins: [19506]}]
owners: [{name: servers, assets: [3]}]
sla: [{name: default, preset: tenable}, {name: quick, days: {critical: 3, high: 30}}]
collectors:
  risk: {due_soon: true, vpr: true}
  assets: {ids: [1, 2, 3, 4]}
  hosts: {top: 5}
  remediation: {names: true}
`); err != nil {
		t.Fatal(err)
	}
	return []string{"--config.file", path}
}

// objects reads the lines of --format jsonl.
func objects(t *testing.T, out string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(out) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, o)
	}
	return all
}

// Of every family one series is taken that is not 0, if there is one.
func TestEveryFamilyOfFindingsIsExplainedAndItsRowsAreAsManyAsItSays(t *testing.T) {
	exhaustive.Only(t)
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			environment(t, nil)
			console := start(t, dialect)
			file := explained(t, map[string]string{"one": console.URL})
			scctl := func(args ...string) result { return scctl(t, append(file, args...)...) }
			for _, col := range collector.All() {
				for _, f := range col.Families {
					if f.Name == "securitycenter_plugin_info" { // words from the pages of others: no number is asked for
						continue
					}
					if !col.Explains() || !f.Source.On(scapi.API(dialect.String())) {
						continue
					}
					listed := scctl("explain", f.Name)
					if listed.code != exitDone {
						t.Errorf("%s: %s", f.Name, listed.stderr)
						continue
					}
					series := strings.Split(strings.TrimSpace(listed.stdout), "\n")
					number, text := -1.0, ""
					for _, s := range series[:min(len(series), 6)] {
						if s, _, _ = strings.Cut(s, "} "); !strings.HasSuffix(s, "}") {
							s += "}" // the only one is explained at once
						}
						r := scctl("explain", s)
						found := regexp.MustCompile(`\} ([0-9.]+)\n`).FindStringSubmatch(r.stdout)
						if r.code != exitDone || found == nil {
							t.Fatalf("%s: code %d: %s%s", s, r.code, r.stdout, r.stderr)
						}
						number, _ = strconv.ParseFloat(found[1], 64)
						if text = s; number > 0 {
							break
						}
					}
					told := scctl("explain", text).stdout
					rows := scctl("explain", text, "--rows", "--format", "jsonl")
					if _, why, none := strings.Cut(told, "There are no rows behind it: "); none {
						if rows.code != exitUsage || !strings.Contains(rows.stderr, strings.TrimSuffix(strings.TrimSpace(why), ".")) {
							t.Errorf("%s: code %d: %s", text, rows.code, rows.stderr)
						}
						continue
					}
					if !strings.Contains(told, "account  analyst") || !strings.Contains(told, `"filters":[`) {
						t.Errorf("%s: %s", text, told)
					}
					if n := len(objects(t, rows.stdout)); rows.code != exitDone || float64(n) != number {
						t.Errorf("%s is %v, with %d rows: %s", text, number, n, rows.stderr)
					}
				}
			}
		})
	}
}

func TestAnExplanationIsInTheConsolesOwnWords(t *testing.T) {
	environment(t, nil)
	one, two := start(t, sctest.REST), start(t, sctest.RPC)
	file := explained(t, map[string]string{"one": one.URL, "two": two.URL})
	for instance, words := range map[string][]string{
		"one": {"one reads the number of findings of severity high", "account  analyst", "filters  repository = [{\"id\":\"1\"}", "acceptRiskStatus = notAccepted", "pluginID <= 999999", "wasVuln = excludeWas", "firstSeen = 0-", "request  POST /rest/analysis {"},
		"two": {"two reads the number of findings of severity high", "account  analyst", "tool     sumseverity", "filters  repositoryIDs = 1,2,3,4", "acceptedRisk = false", "pluginID = 1-999999", "firstSeen = 30:10000", "request  vuln::query {"},
	} {
		// job and what /sd adds are not looked at; a value may stand behind.
		out := succeed(t, append(file, "explain", `securitycenter_vulnerabilities_overdue{environment="test",instance="`+instance+`",job="x",severity="high",sla="quick"} 17`)...)
		for _, word := range words {
			if !strings.Contains(out, word) {
				t.Errorf("%s: %q is not in\n%s", instance, word, out)
			}
		}
	}
	subtracting := sctest.Start(t, sctest.Options{Hosts: 60, Quirks: sctest.Quirks{LowCompliancePlugins: true}})
	file = explained(t, map[string]string{"one": subtracting.URL})
	out := succeed(t, append(file, "explain", `securitycenter_vulnerabilities_exploitable{severity="high"}`)...)
	if !strings.Contains(out, "of 2 answers") || !strings.Contains(out, "taken off results of audits") || !strings.Contains(out, "pluginType = compliance") {
		t.Error(out)
	}
	out = succeed(t, append(file, "explain", `securitycenter_hosts_affected{severity="high"}`)...)
	if !strings.HasPrefix(out, `securitycenter_hosts_affected{severity="high"} absent`) || !strings.Contains(out, "Absent: securitycenter_hosts_affected: account analyst: the console cannot tell") {
		t.Error(out)
	}
	fail(t, exitUnsupported, append(file, "explain", `securitycenter_hosts_affected{severity="high"}`, "--rows")...)
}

func TestWithAURLTheDefaultPolicyIsExplained(t *testing.T) {
	for _, dialect := range dialects {
		console := start(t, dialect)
		asAnalyst(t)
		out := succeed(t, "--url", console.URL, "explain", "securitycenter_vulnerabilities_overdue")
		want := ""
		for _, severity := range []string{"low", "medium", "high", "critical"} {
			want += `securitycenter_vulnerabilities_overdue{sla="default",severity="` + severity + "\"}\n"
		}
		if out != want {
			t.Errorf("%s, want %s", out, want)
		}
		succeed(t, "--url", console.URL, "explain", `securitycenter_vulnerabilities_overdue{severity="low",instance="anything"}`)
	}
}

func TestWhatCannotBeExplainedIsRefusedWithTheNearestWord(t *testing.T) {
	environment(t, nil)
	console := start(t, sctest.REST)
	file := explained(t, map[string]string{"one": console.URL})
	for _, tt := range []struct {
		series string
		code   int
		says   string
		flags  []string
	}{
		{series: "securitycenter_vulnerabilities_overdu", code: exitUsage, says: "did you mean securitycenter_vulnerabilities_overdue?"},
		{series: `securitycenter_vulnerabilities_overdue{severty="high"}`, code: exitUsage, says: "did you mean severity?; it has sla, severity"},
		{series: `securitycenter_vulnerabilities_overdue{severity="crit"}`, code: exitUsage, says: "did you mean critical?"},
		{series: `securitycenter_vulnerabilities_overdue{severity=~"crit.*"}`, code: exitUsage, says: "with = alone"},
		{series: `securitycenter_vulnerabilities_overdue{severity="high"`, code: exitUsage, says: `want name{label="value",…}`},
		{series: `securitycenter_vulnerabilities_overdue{severity="high",severity="low"}`, code: exitUsage, says: "duplicate"},
		{series: "securitycenter_hosts\nsecuritycenter_hosts", code: exitUsage, says: "want name"},
		{series: "", code: exitUsage, says: "want name"},
		{series: "securitycenter_feed_stale", code: exitUsage, says: "is not counted from findings: the collector feeds reads it from GET /feed"},
		{series: `securitycenter_hosts{instance="onee"}`, code: exitUsage, says: "did you mean one?"},
		{series: `securitycenter_hosts{repository_id="1"}`, code: exitUsage, says: "go with --rows", flags: []string{"--format", "csv"}},
		{series: `securitycenter_hosts`, code: exitUsage, says: "4 series are meant", flags: []string{"--rows"}},
		{series: `securitycenter_vulnerability_score{repository_id="1"}`, code: exitUsage, says: "weighted score", flags: []string{"--rows"}},
		{series: `securitycenter_sla_threshold_seconds{severity="high",sla="quick"}`, code: exitUsage, says: "deadline of the configuration", flags: []string{"--rows"}},
		{series: `securitycenter_vulnerabilities_overdue{sla="quik"}`, code: exitNotFound, says: "did you mean quick?; there are default, quick"},
		{series: `securitycenter_vulnerabilities_overdue{sla="quick",severity="low"}`, code: exitNotFound, says: "settings of the collector risk"},
	} {
		console.ForgetRequests()
		said := fail(t, tt.code, slices.Concat(file, []string{"explain", tt.series}, tt.flags)...)
		if !strings.Contains(said, tt.says) {
			t.Errorf("%s: %s, want %s", tt.series, said, tt.says)
		}
		if sent := len(console.Requests()); sent > 0 && tt.code == exitUsage && len(tt.flags) == 0 {
			t.Errorf("%s: %d requests before the mistake was found", tt.series, sent)
		}
	}
	fail(t, exitUsage, append(file, "--account", "analyst", "explain", "securitycenter_hosts")...)
	fail(t, exitUsage, append(file, "--console", "one", "explain", `securitycenter_hosts{instance="two"}`)...)
}

// The page /metrics shows the default console under the exporter's own address.
func TestAnInstanceThatIsAnAddressIsTheDefaultConsole(t *testing.T) {
	environment(t, nil)
	console := start(t, sctest.REST)
	out := succeed(t, append(explained(t, map[string]string{"one": console.URL}), "explain", `securitycenter_hosts{instance="localhost:10078",repository_id="1"}`)...)
	if !strings.Contains(out, "one reads the number of hosts") {
		t.Error(out)
	}
}

func TestAnAdministratorAloneCannotCountFindings(t *testing.T) {
	for _, dialect := range dialects {
		console := start(t, dialect)
		asAdmin(t)
		if said := fail(t, exitNotPermitted, "--url", console.URL, "explain", "securitycenter_hosts"); !strings.Contains(said, "no organisation account reads any") {
			t.Error(said)
		}
	}
}

func TestRefusedLoginsOfExplainAreRemembered(t *testing.T) {
	environment(t, nil)
	console := start(t, sctest.REST)
	file := explained(t, map[string]string{"one": console.URL})
	text, err := os.ReadFile(file[1])
	if err != nil {
		t.Fatal(err)
	}
	wrong := strings.NewReplacer(sctest.AdminPassword, "wrong", sctest.AnalystPassword, "wrong").Replace(string(text))
	if err := os.WriteFile(file[1], []byte(wrong), 0o600); err != nil {
		t.Fatal(err)
	}
	logins := func() int {
		return console.Count(func(r sctest.Request) bool { return r.Endpoint == "POST /token" })
	}
	fail(t, exitLoginRefused, append(file, "explain", "securitycenter_hosts")...)
	first := logins()
	if first == 0 {
		t.Fatal("nobody tried to log in")
	}
	fail(t, exitLoginRefused, append(file, "explain", "securitycenter_hosts")...)
	fail(t, exitLoginRefused, append(file, "patch-list")...)
	if again := logins() - first; again > 0 {
		t.Errorf("%d more logins with credentials that were refused", again)
	}
}

func TestExplainEndsItsSessions(t *testing.T) {
	for _, dialect := range dialects {
		environment(t, nil)
		console := start(t, dialect)
		file := explained(t, map[string]string{"one": console.URL})
		succeed(t, append(file, "explain", `securitycenter_hosts{repository_id="1"}`, "--rows")...)
		fail(t, exitUsage, append(file, "explain", "securitycenter_hosts", "--rows")...)
		if open := console.Sessions(); open > 0 {
			t.Errorf("%s: %d sessions are left open", dialect, open)
		}
	}
}
