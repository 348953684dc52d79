package collector_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

var severities = [5]string{"info", "low", "medium", "high", "critical"}

// open says whether a finding counts: open, risk not accepted, no
// web-application finding, no compliance result.
func open(f sctest.Finding) bool {
	return f.Open() && !f.Accepted && !f.WebApplication && f.PluginType != "compliance"
}

// counted is what the collector vulnerabilities must say of a console, added up
// finding by finding.
func counted(c *sctest.Console, keep func(sctest.Finding) bool) samples {
	type sums struct {
		findings [5]float64
		score    float64
		hosts    map[sctest.Host]bool
	}
	weight := [5]float64{0, 1, 3, 10, 40} // of the severities in the console's score
	repositories := map[string]*sums{}
	for _, r := range c.Repositories() {
		repositories[r.ID] = &sums{hosts: map[sctest.Host]bool{}}
	}
	for f := range c.Findings() {
		if !keep(f) {
			continue
		}
		s := repositories[f.Host.Repository]
		s.findings[f.Severity]++
		s.score += weight[f.Severity]
		s.hosts[f.Host] = true
	}
	want := samples{}
	for _, r := range c.Repositories() {
		s := repositories[r.ID]
		labels := []string{`repository="` + r.Name + `"`, `repository_id="` + r.ID + `"`}
		for severity, n := range s.findings {
			want[series("securitycenter_vulnerabilities", append(slices.Clone(labels), `severity="`+severities[severity]+`"`)...)] = n
		}
		want[series("securitycenter_hosts", labels...)] = float64(len(s.hosts))
		want[series("securitycenter_vulnerability_score", labels...)] = s.score
	}
	return want
}

// without returns the samples of all families but some.
func (s samples) without(families ...string) samples {
	rest := samples{}
	for name, v := range s {
		if before, _, _ := strings.Cut(name, "{"); !slices.Contains(families, before) {
			rest[name] = v
		}
	}
	return rest
}

func diff(t *testing.T, what string, want, got samples) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestEveryVersionGivesTheNumbersThatAddingUpItsFindingsGives(t *testing.T) {
	const score = "securitycenter_vulnerability_score"
	for _, tt := range []struct {
		version string
		dialect sctest.Dialect
		quirks  sctest.Quirks
		absent  []string
	}{
		{version: "6.4.0"},
		{version: "6.1.0"},
		{version: "5.13.0"},
		{version: "5.8.0"},
		{version: "6.4.0", quirks: sctest.Quirks{NumbersAsNumbers: true}},
		{version: "6.4.0", quirks: sctest.Quirks{AcceptedHidden: true}},
		{version: "6.4.0", quirks: sctest.Quirks{NoMatchingCount: true}, absent: []string{score}},
		{version: "6.4.0", quirks: sctest.Quirks{WrongMatchingCount: true}, absent: []string{score}},
		{version: "4.8.1", dialect: sctest.RPC, absent: []string{score}},
		{version: "4.6.2", dialect: sctest.RPC, absent: []string{score}},
		{version: "4.4.0", dialect: sctest.RPC, absent: []string{score}},
		{version: "4.8.1", dialect: sctest.RPC, quirks: sctest.Quirks{RPCMatchingCount: true}}, // the exception of its source
	} {
		in(t, fmt.Sprintf("%s %s %+v", tt.dialect, tt.version, tt.quirks), func(t *testing.T) {
			e := export(t, sctest.Options{Version: tt.version, Dialect: tt.dialect, Quirks: tt.quirks, Seed: 11})
			kept := map[string]int{}
			for f := range e.simulated.Findings() {
				switch {
				case !f.Open():
				case f.Accepted:
					kept["accepted"]++
				case f.WebApplication:
					kept["web-application"]++
				case f.PluginType == "compliance":
					kept["compliance"]++
				}
			}
			if tt.version != "6.4.0" {
				kept["web-application"]++ // there are none before 6.2
			}
			if len(kept) != 3 {
				t.Fatalf("the console has too few kinds of findings that do not count: %v", kept)
			}
			want := counted(e.simulated.Console, open).without(tt.absent...)
			diff(t, "open findings", want, e.load(t, "vulnerabilities"))
		})
	}
}

// Up to 4.2 the scale begins at low, and what later versions call info is low.
func TestTheOldScaleOfFourSeveritiesIsReadAsLowToCritical(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{Version: "4.2.0", Dialect: sctest.RPC, Seed: 11})
		got := e.load(t, "vulnerabilities")
		want := samples{}
		for name, v := range counted(e.simulated.Console, open).without("securitycenter_vulnerability_score") {
			if info := strings.Replace(name, `severity="low"`, `severity="info"`, 1); info != name {
				v += counted(e.simulated.Console, open)[info]
			}
			if strings.Contains(name, `severity="info"`) {
				v = 0
			}
			want[name] = v
		}
		diff(t, "open findings", want, got)
		if got.sum("securitycenter_vulnerabilities") == 0 {
			t.Error("no findings")
		}
	})
}

func TestBothProtocolsGiveTheSameNumbersForTheSameSeed(t *testing.T) {
	for _, version := range []string{"6.4.0", "6.1.0"} {
		in(t, version, func(t *testing.T) {
			current := export(t, sctest.Options{Version: version, Seed: 9, UnassignedRepository: true}).loadAll(t)
			old := export(t, sctest.Options{Dialect: sctest.RPC, Seed: 9, UnassignedRepository: true}).loadAll(t)
			if d := cmp.Diff(current.on(sctest.RPC).families(), old.families()); d != "" {
				t.Errorf("families that both have (-want +got):\n%s", d)
			}
			for _, family := range old.families() {
				want := samples{}
				for name, v := range current.of(family) {
					if onBoth(name, version) {
						want[familyName.ReplaceAllString(unsaid.Replace(name), `family=""`)] = v
					}
				}
				got := samples{}
				for name, v := range old.of(family) {
					if onBoth(name, version) {
						got[name] = v
					}
				}
				diff(t, family, want, got)
			}
		})
	}
}

// unsaid empties labels that SecurityCenter 4 does not know: who is of which
// organisation, and which scanners agents report to.
var unsaid = strings.NewReplacer(`organization_id="1"`, `organization_id=""`, `type="nessus"`, `type=""`, `type="agent-capable"`, `type=""`)

// familyName is not told by SecurityCenter 4 either.
var familyName = regexp.MustCompile(`\bfamily="[^"]*"`)

// onBoth reports whether both protocols tell a series.
func onBoth(name, restVersion string) bool {
	switch family, _, _ := strings.Cut(name, "{"); family {
	case "securitycenter_info":
		return false // the version
	case "securitycenter_feed_last_update_timestamp_seconds": // the others have no counterpart
		return strings.Contains(name, `"active"`) || strings.Contains(name, `"passive"`)
	case "securitycenter_repository_findings": // all records, and web-application findings are new
		return restVersion == "6.1.0"
	case "securitycenter_compliance_checks": // audits are not told apart
		return false
	case "securitycenter_asset_lists": // the states have no known codes
		return strings.Contains(name, `"ready"`)
	case "securitycenter_scan_last_hosts": // only details tell who answered, and SecurityCenter 4 has none
		return strings.Contains(name, `"targeted"`)
	}
	return true
}

func TestWhatSecurityCenter4SaysOfAScanIsNotMadeUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		got := export(t, sctest.Options{Dialect: sctest.RPC}).loadAll(t).of("securitycenter_scan_last_hosts")
		if len(got) == 0 {
			t.Fatal("no scan has hosts")
		}
		for name := range got {
			if !strings.Contains(name, `state="targeted"`) {
				t.Errorf("%s: it does not say which hosts answered", name)
			}
		}
	})
}

func TestOldReleasesOfSecurityCenter4LeaveOutWhatTheyDoNotCount(t *testing.T) {
	bubble(t, func(t *testing.T) {
		got := export(t, sctest.Options{Version: "4.2.0", Dialect: sctest.RPC}).loadAll(t)
		for _, family := range []string{"securitycenter_plugins", "securitycenter_feed_last_update_timestamp_seconds"} {
			if s := got.of(family); len(s) > 0 {
				t.Errorf("%v, want none", s)
			}
		}
		if len(got.of("securitycenter_scanner_info")) == 0 {
			t.Error("no scanners")
		}
	})
}

func TestPluginsAreCountedByType(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: dialect, Plugins: 54_321})
			want := samples{}
			for kind, wire := range map[string]string{"active": "active", "passive": "passive", "compliance": "compliance", "custom": "custom", "event": "lce"} {
				want[series("securitycenter_plugins", `type="`+kind+`"`)] = float64(e.simulated.PluginCount(wire))
			}
			diff(t, "plugins", want, e.load(t, "plugins").of("securitycenter_plugins"))
		})
	}
}

func TestRepositoriesAreFilteredInEveryQuery(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		for _, tt := range []struct {
			name   string
			filter console.RepositoryFilter
			want   []string
		}{
			{"include", console.RepositoryFilter{Include: []string{"1", "4", "99"}}, []string{"1", "4"}},
			{"exclude", console.RepositoryFilter{Exclude: []string{"1"}}, []string{"2", "3", "4", "5"}},
			{"types", console.RepositoryFilter{Types: []string{"remote", "offline"}}, []string{"3", "5"}},
			{"all of them", console.RepositoryFilter{Include: []string{"1", "3", "5"}, Exclude: []string{"1"}, Types: []string{"offline"}}, []string{"5"}},
		} {
			in(t, dialect.String()+" "+tt.name, func(t *testing.T) {
				e := export(t, sctest.Options{Dialect: dialect, Repositories: 5}, func(o *console.Options) { o.Repositories = tt.filter })
				e.load(t, "repositories") // the administrator's list tells the types on SecurityCenter 4
				e.simulated.ForgetRequests()
				got := e.load(t, "vulnerabilities")
				want := samples{}
				for name, v := range counted(e.simulated.Console, open).of("securitycenter_hosts") {
					if slices.ContainsFunc(tt.want, func(id string) bool { return strings.Contains(name, `repository_id="`+id+`"`) }) {
						want[name] = v
					}
				}
				diff(t, "hosts", want, got.of("securitycenter_hosts"))
				for _, r := range e.simulated.Requests() {
					if r.Tool == "" {
						continue
					}
					if ids := repositoriesOf(t, r); !subset(ids, tt.want) {
						t.Errorf("a query reads the repositories %q: %q", ids, r.Filters)
					}
				}
				if shown := e.load(t, "repositories").of("securitycenter_repository_info"); len(shown) != len(tt.want) {
					t.Errorf("%d repositories are shown, want %d", len(shown), len(tt.want))
				}
			})
		}
	}
}

// repositoriesOf returns the ids that a query is restricted to. A query without
// such a filter is an error.
func repositoriesOf(t *testing.T, r sctest.Request) []string {
	t.Helper()
	for _, f := range r.Filters {
		if value, ok := strings.CutPrefix(f, "repositoryIDs="); ok {
			return strings.Split(value, ",")
		}
		if value, ok := strings.CutPrefix(f, "repository="); ok {
			return strings.FieldsFunc(value, func(c rune) bool { return c < '0' || c > '9' })
		}
	}
	t.Errorf("a query of %s without a filter on repositories: %q", r.Account, r.Filters)
	return nil
}

func subset(some, all []string) bool {
	return !slices.ContainsFunc(some, func(id string) bool { _, err := strconv.Atoi(id); return err != nil || !slices.Contains(all, id) })
}
