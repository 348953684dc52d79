package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/demo"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// behindNumbers is the chapter of the documentation on explain and patch-list, with
// what they print of the demonstration's consoles.
func behindNumbers(t *testing.T) string {
	t.Helper()
	environment(t, nil)
	var file strings.Builder
	file.WriteString("consoles:\n")
	for _, name := range []string{demo.Current, demo.Old} {
		o := demo.Consoles()[name]
		o.Now = func() time.Time { return time.Date(2026, 5, 20, 10, 30, 0, 0, time.UTC) }
		fmt.Fprintf(&file, "  - {name: %s, url: %q, default: %v, accounts: [{name: analyst, username: %s, password: %s}]}\n",
			name, sctest.Start(t, o).URL, name == demo.Current, sctest.AnalystUsername, sctest.AnalystPassword)
	}
	path := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	shown := func(lines int, args ...string) string {
		out := strings.SplitAfter(succeed(t, append([]string{"--config.file", path}, args...)...), "\n")
		rest := ""
		if len(out) > lines+1 {
			out, rest = out[:lines], "…\n"
		}
		quoted := make([]string, len(args))
		for i, arg := range args {
			if quoted[i] = arg; strings.ContainsAny(arg, `{"`) {
				quoted[i] = "'" + arg + "'"
			}
		}
		return "```\n$ scctl " + strings.Join(quoted, " ") + "\n" + strings.Join(out, "") + rest + "```\n\n"
	}
	const late = `securitycenter_vulnerabilities_overdue{%sseverity="critical",sla="default"}`
	return "## Rows behind the numbers\n\n" +
		"A panel says how many; `explain` says which ones. It is given a series as it stands on `/metrics` or in an alert, and asks what the exporter asks, " +
		"by the same code: through all accounts that read findings, each for its repositories, with the policies, watches, owners and settings of the configuration file. " +
		"What follows is of the consoles of `securitycenter_exporter --demo`.\n\n" +
		shown(100, "explain", fmt.Sprintf(late, "")) +
		shown(5, "explain", fmt.Sprintf(late, ""), "--rows") +
		"The label `instance` names the console; SecurityCenter 4 is asked in its own words:\n\n" +
		shown(100, "explain", fmt.Sprintf(late, `instance="sc4",`)) +
		"* Every metric that is counted from findings can be explained, whether its collector is on or not; [metrics.md](metrics.md) has their sources.\n" +
		"* Labels may be left out. Where several series are left, they are listed; with `--rows` that is a mistake.\n" +
		"* Where results of audits have to be subtracted, both requests are shown, and the rows of audits are left out of the findings as they are read.\n" +
		"* A score, a share, a deadline and what is left over (`_other`) count no rows: question and number are shown, and `--rows` is refused with the reason.\n" +
		"* A number that the console cannot tell is `absent`, with the reason.\n" +
		"* Rows are read a little later than the number on a board, and may have moved since.\n\n" +
		"`patch-list` says what to do first:\n\n" +
		shown(100, "patch-list", "--top", "3", "--fields", "solution,hosts,sharePercent,cumulativePercent")
}
