package main

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// Every command that writes records, as far as both protocols have it.
var lists = []struct {
	as   func(*testing.T)
	args []string
	rest bool // on that alone
}{
	{asAnalyst, []string{"query", "sumip"}, false}, {asAnalyst, []string{"vulns"}, false}, {asAnalyst, []string{"plugins"}, false},
	{asAnalyst, []string{"plugin", "19506", "10107"}, false}, {asAnalyst, []string{"plugin-counts"}, false}, {asAnalyst, []string{"assets"}, false},
	{asAnalyst, []string{"asset", "ips", "8"}, false}, {asAnalyst, []string{"credentials"}, false}, {asAnalyst, []string{"repositories"}, false},
	{asAnalyst, []string{"roles"}, false}, {asAnalyst, []string{"tickets"}, false}, {asAdmin, []string{"zones"}, false}, {asAdmin, []string{"scanners"}, false},
	{asAnalyst, []string{"scans"}, false}, {asAnalyst, []string{"scan", "definitions"}, false}, {asAdmin, []string{"feeds"}, false}, {asAdmin, []string{"login-check"}, false},
	{asAdmin, []string{"jobs"}, true}, {asAnalyst, []string{"plugin-families"}, true}, {asAnalyst, []string{"accept-risk-rules"}, true},
	{asAnalyst, []string{"recast-risk-rules"}, true}, {asAnalyst, []string{"audit-files"}, true}, {asAnalyst, []string{"saved-queries"}, true},
	{asAdmin, []string{"scanner-health", "1", "2"}, true},
}

func TestEveryListHasALimit(t *testing.T) {
	for _, dialect := range dialects {
		console := start(t, dialect)
		for _, l := range exhaustive.Sample(lists, 6) {
			if l.rest && dialect == sctest.RPC {
				continue
			}
			l.as(t)
			count := func(more ...string) int {
				var all []json.RawMessage
				text := succeed(t, append(append([]string{"--url", console.URL}, l.args...), append(more, "--format", "json")...)...)
				if err := json.Unmarshal([]byte(text), &all); err != nil {
					t.Errorf("%v: %v", l.args, err)
				}
				return len(all)
			}
			all := count()
			if all < 2 && l.args[0] != "jobs" {
				t.Errorf("%s %v: %d records say nothing", dialect, l.args, all)
			}
			for _, limit := range []int{1, 2, all + 1} {
				if n := count("--limit", strconv.Itoa(limit)); n != min(limit, all) {
					t.Errorf("%s %v: %d records, want %d", dialect, l.args, n, min(limit, all))
				}
			}
			if n := count("--limit", "0"); n != all {
				t.Errorf("%s %v: %d records without a limit, want %d", dialect, l.args, n, all)
			}
		}
	}
}

func TestHelpListsTheColumnsOfEveryList(t *testing.T) {
	tree := newTree(io.Discard, io.Discard)
	listed := 0
	for _, c := range tree.app.Model().FlattenedCommands() {
		columns, isList := tree.settings.output.columns[c.FullCommand]
		help := succeed(t, append(strings.Fields(c.FullCommand), "--help")...)
		_, shown, found := strings.Cut(help, "\nColumns:\n")
		if found != (len(columns) > 0) || isList && len(columns) == 0 && c.FullCommand != "query" {
			t.Errorf("%s: columns %q, shown %t", c.FullCommand, columns, found)
		}
		if !found {
			continue
		}
		listed++
		shown, _, _ = strings.Cut(shown, "\n\n")
		if got := strings.Join(strings.Fields(shown), " "); got != strings.Join(columns, ", ") {
			t.Errorf("%s: %q, want %q", c.FullCommand, got, columns)
		}
		for line := range strings.Lines(shown) {
			if len(line) > 81 {
				t.Errorf("%s: a line of %d characters", c.FullCommand, len(line))
			}
		}
	}
	if listed < 30 {
		t.Errorf("%d lists", listed)
	}
	// What help says is what comes.
	console := start(t, sctest.REST)
	asAdmin(t)
	head, _, _ := strings.Cut(succeed(t, "--url", console.URL, "zones", "--format", "csv"), "\r\n")
	if want := strings.Join(tree.settings.output.columns["zones"], ","); head != want {
		t.Errorf("zones begin with %q, want %q", head, want)
	}
}

func TestUsersOfAnAdministratorAreAdministrators(t *testing.T) {
	for _, dialect := range dialects {
		console := start(t, dialect)
		names := func(args ...string) []string {
			rows, err := csv.NewReader(strings.NewReader(succeed(t, append(args, "users", "--format", "csv", "--fields", "username", "--no-header")...))).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, row := range rows {
				all = append(all, row[0])
			}
			return all
		}
		of := map[bool][]string{}
		for _, a := range console.Options().Accounts {
			of[a.Administrator] = append(of[a.Administrator], a.Username)
		}
		same := func(what string, got, want []string) {
			if strings.Join(got, " ") != strings.Join(want, " ") || len(got) == 0 {
				t.Errorf("%s: %s: users %v, want %v", dialect, what, got, want)
			}
		}
		asAdmin(t)
		same("administrator", names("--url", console.URL), of[true])
		asAnalyst(t)
		same("analyst", names("--url", console.URL), of[false])
		environment(t, nil)
		file := write(t, "config.yml", "consoles:\n  - name: one\n    url: "+console.URL+"\n    accounts:\n"+
			"      - {name: analyst, username: "+sctest.AnalystUsername+", password: "+sctest.AnalystPassword+"}\n"+
			"      - {name: admin, username: "+sctest.AdminUsername+", password: "+sctest.AdminPassword+"}\n")
		same("both", names("--config.file", file), of[true])
		same("the analyst of both", names("--config.file", file, "--account", "analyst"), of[false])
		if dialect == sctest.REST {
			out := succeed(t, "--config.file", file, "users", "--organization", "1", "--format", "csv", "--fields", "username", "--no-header")
			same("an organisation", strings.Fields(out), of[false])
		}
	}
}
