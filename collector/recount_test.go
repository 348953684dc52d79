package collector_test

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// recounts compare all that a collector tells of a console with what its
// findings and objects, looked at one by one, add up to.
var recounts = map[string]func(*testing.T, *exported, *reckoning){
	"vulnerabilities": recountVulnerabilities,
	"risk":            recountRisk,
	"coverage":        recountCoverage,
	"scans":           recountScans,
	"hosts":           recountHosts,
	"families":        recountFamilies,
	"assets":          recountAssets,
	"subnets":         recountSubnets,
	"remediation":     recountRemediation,
	"compliance":      recountCompliance,
	"watches":         recountWatches,
	"owners":          recountOwners,
	"tickets":         recountTickets,
	"users":           recountUsers,
	"risk_rules":      recountRiskRules,
	"events":          recountEvents,

	"repositories": recountRepositories,
	"system":       ofNoOrganization("system"),
	"feeds":        ofNoOrganization("feeds"),
	"plugins":      ofNoOrganization("plugins"),
	"scanners":     ofNoOrganization("scanners"),
}

func TestEveryNumberIsThatOfARecount(t *testing.T) {
	onEach(t, func(t *testing.T, e *exported, r *reckoning) {
		for _, col := range collector.All() {
			recount := recounts[col.Name]
			if recount == nil {
				t.Errorf("nobody recounts what %s tells", col.Name)
				continue
			}
			recount(t, e, r)
		}
	})
}

// ofNoOrganization compares what an administrator tells with what he tells of a console
// of one organisation: nothing in it belongs to any.
func ofNoOrganization(name string) func(*testing.T, *exported, *reckoning) {
	return func(t *testing.T, e *exported, _ *reckoning) {
		o := e.simulated.Options()
		o.Accounts, o.OwnObjects, o.Now = nil, false, nil
		want, got := export(t, o).load(t, name), e.load(t, name)
		if diff(t, name, want, got); len(want) == 0 && o.Dialect == sctest.REST {
			t.Errorf("%s tells nothing", name)
		}
	}
}

// seen is an object with the first account that sees it, and what organization_id
// says of it.
type seen[T any] struct {
	account      sctest.Account
	organization string
	object       T
}

// everySeen returns the objects that the organisation accounts see, each once: two of one
// organisation are one where their ids are equal, and on SecurityCenter 4, which does not
// tell organisations, two are one where they agree in everything.
func everySeen[T any](e *exported, list func(sctest.Organization) []T, id func(T) string, sees func(T, sctest.Account) bool) []seen[T] {
	rpc := e.simulated.Options().Dialect == sctest.RPC
	var all []seen[T]
	for _, a := range e.organizationAccounts() {
		organization := strconv.Itoa(a.Organization)
		switch {
		case rpc && e.several():
			organization = a.Username
		case rpc:
			organization = ""
		}
		for _, object := range list(e.simulated.Organization(a.Organization)) {
			known := func(s seen[T]) bool {
				if rpc {
					return reflect.DeepEqual(s.object, object)
				}
				return s.organization == organization && id(s.object) == id(object)
			}
			if sees(object, a) && !slices.ContainsFunc(all, known) {
				all = append(all, seen[T]{a, organization, object})
			}
		}
	}
	return all
}

// everybody sees objects that have nothing to do with a repository.
func everybody[T any](T, sctest.Account) bool { return true }

// organizationAccounts are those that look at the console and are no administrator's.
func (e *exported) organizationAccounts() []sctest.Account {
	return slices.DeleteFunc(slices.Clone(e.simulated.Options().Accounts), func(a sctest.Account) bool { return a.Administrator || a.Locked })
}

// several says whether more than one of them does.
func (e *exported) several() bool { return len(e.organizationAccounts()) > 1 }

func recountVulnerabilities(t *testing.T, e *exported, r *reckoning) {
	want := counted(e.simulated.Console, open).on(e.simulated.Options().Dialect)
	if e.simulated.Options().Quirks.NoMatchingCount {
		want = want.without("securitycenter_vulnerability_score")
	}
	for _, repository := range e.simulated.Repositories() {
		if !slices.ContainsFunc(r.findings, func(f *sctest.Finding) bool { return f.Host.Repository == repository.ID }) {
			maps.DeleteFunc(want, func(name string, _ float64) bool { return strings.Contains(name, `repository_id="`+repository.ID+`"`) })
		}
	}
	diff(t, "open findings", want, e.load(t, "vulnerabilities"))
}

func recountRisk(t *testing.T, e *exported, r *reckoning) {
	var absent []string
	if e.several() {
		absent = append(absent, "securitycenter_unique_vulnerabilities") // a plugin may be in both parts
	}
	switch e.simulated.Options().Version {
	case "5.8.0":
		absent = append(absent, "securitycenter_vulnerabilities_vpr")
	case "4.4.0":
		absent = append(absent, "securitycenter_remediation_findings_within")
	}
	settings := fully(t)
	want := r.risk(settings.SLA).on(e.simulated.Options().Dialect).without(absent...)
	diff(t, "risk", want, e.with(t, "risk", settings))
}

func recountCoverage(t *testing.T, e *exported, r *reckoning) {
	diff(t, "coverage", r.coverage(), e.load(t, "coverage"))
}

// Windows, ages and expiry are the console's.
func TestEveryNumberOfTimeFollowsTheClockOfTheConsole(t *testing.T) {
	for _, ahead := range []time.Duration{3*day + 20*time.Minute, -3*day - 20*time.Minute} {
		for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
			for _, name := range exhaustive.Sample([]string{"scans", "risk_rules", "events", "risk", "coverage"}, 2) {
				in(t, fmt.Sprint(name, " ", dialect, " ", ahead), func(t *testing.T) {
					e := export(t, sctest.Options{Dialect: dialect, Seed: 6, Accounts: organizations, OwnObjects: true, Now: func() time.Time { return time.Now().Add(ahead) }})
					recounts[name](t, e, e.reckon(t))
				})
			}
		}
	}
}

// The scale of SecurityCenter 4.0 to 4.2 begins at low.
func TestWhatHasNoSeverityInfoTellsNoneInAnyFamily(t *testing.T) {
	for _, col := range collector.All() {
		in(t, col.Name, func(t *testing.T) {
			e := export(t, sctest.Options{Dialect: sctest.RPC, Version: "4.2.0", Seed: 6})
			s, err := e.run(t, col.Name, everything(col))
			if err != nil && !errors.Is(err, console.ErrNotReadable) {
				t.Fatal(err)
			}
			got := samplesOf(s.Families())
			for name := range got {
				if strings.Contains(name, `severity="info"`) || strings.Contains(name, `result="passed"`) {
					t.Errorf("%s: such findings are low there", name)
				}
			}
			severity := func(f *collector.Family) bool { return slices.Contains(f.Labels, "severity") && f.Source.On(scapi.RPC) }
			if slices.ContainsFunc(col.Families, severity) && !slices.ContainsFunc(col.Families, func(f *collector.Family) bool { return severity(f) && got.sum(f.Name) > 0 }) {
				t.Error("no finding has a severity")
			}
		})
	}
}
