package doctor_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/recording"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// data are the series of a page that collectors tell, by their labels: what tells of the way to the console is left out.
func data(page string) map[string]string {
	families := map[string]bool{}
	for _, col := range collector.All() {
		for _, f := range col.Families {
			families[f.Name] = true
		}
	}
	series := map[string]string{}
	for line := range strings.Lines(page) {
		name, _, _ := strings.Cut(line, "{")
		name, _, _ = strings.Cut(name, " ")
		if at := strings.LastIndexByte(line, ' '); families[name] && at > 0 {
			series[line[:at]] = strings.TrimSpace(line[at:])
		}
	}
	return series
}

// named are labels whose values belong to the site. Ids, and the words of the product, do not.
var named = regexp.MustCompile(`\b(repository|scanner|zone|scan|asset|organization|audit_file|check|subnet|solution|name|owner|user|plugin|rule|network|remediation|audit|report|query|family)="(?:[^"\\]|\\.)*"`)

// unnamed are series without those labels' values, each with its value, sorted.
func unnamed(series map[string]string) []string {
	var all []string
	for labels, value := range series {
		all = append(all, named.ReplaceAllString(labels, `$1="…"`)+" "+value)
	}
	slices.Sort(all)
	return all
}

func TestARecordingIsReplayedAsTheConsoleThatItIsOf(t *testing.T) {
	consoles := map[string]sctest.Options{
		"REST":                     {Hosts: 60, Plugins: 3000},
		"REST 5.8":                 {Version: "5.8.0", Hosts: 60, Plugins: 3000},
		"RPC":                      {Dialect: sctest.RPC, Hosts: 60, Plugins: 3000},
		"RPC 4.2":                  {Dialect: sctest.RPC, Version: "4.2.0", Hosts: 60, Plugins: 3000},
		"REST that hides accepted": {Hosts: 60, Plugins: 3000, Quirks: sctest.Quirks{AcceptedHidden: true, Speaks143: true, NoAllRisk: true}},
		"REST without totals":      {Hosts: 60, Plugins: 3000, Quirks: sctest.Quirks{NoMatchingCount: true}},
	}
	for _, name := range exhaustive.Sample(slices.Sorted(maps.Keys(consoles)), 2) {
		o := consoles[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				live := sctest.StartPipe(t, o)
				c := configured(t, live.URL, live.Options().Accounts, everything)
				want := data(page(t, c, live.Transport()))

				kept := sctest.ReplayOf(record(t, c, live.Transport(), recording.Options{Keep: recording.Keep{Names: true, Hosts: true, Users: true, Texts: true}}))
				again := configured(t, "http://console.example", kept.Accounts(), everything)
				if diff := cmp.Diff(want, data(page(t, again, kept.Transport()))); diff != "" {
					t.Errorf("with names (-live +replayed):\n%s", diff)
				}
				if m := kept.Missing(); m != nil {
					t.Errorf("not recorded: %q", m)
				}

				r := record(t, c, live.Transport(), recording.Options{})
				others := sctest.ReplayOf(r)
				got := data(page(t, configured(t, "http://console.example", others.Accounts(), everything), others.Transport()))
				if diff := cmp.Diff(unnamed(want), unnamed(got)); diff != "" {
					t.Errorf("without names (-live +replayed):\n%s", diff)
				}
				if m := others.Missing(); m != nil {
					t.Errorf("not recorded: %q", m)
				}
				if slices.Equal(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))) {
					t.Error("no name was replaced")
				}
			})
		})
	}
}
