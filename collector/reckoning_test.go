package collector_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

const day = 24 * time.Hour

// reckoning adds numbers up finding by finding, with what a version of the
// console makes of questions: how it cuts windows of time, which severities
// it knows.
type reckoning struct {
	findings []*sctest.Finding // of the repositories that an account reads
	rpc, old bool              // the dialect; the scale of severities that begins at low
	now      time.Time
	keep     func(*sctest.Finding) bool // which count as open or mitigated
	parts    map[bool][]*sctest.Finding // those that count: the open ones, and the mitigated
}

// counts says whether a finding counts, open or mitigated: risk not accepted,
// no web-application finding, no compliance result.
func counts(f *sctest.Finding) bool {
	return !f.Accepted && !f.WebApplication && f.PluginType != "compliance"
}

// reckon gathers the findings of the repositories that an account of
// the console reads.
func (e *exported) reckon(t *testing.T) *reckoning {
	t.Helper()
	o := e.simulated.Options()
	r := &reckoning{rpc: o.Dialect == sctest.RPC, old: strings.HasPrefix(o.Version, "4.2"), now: o.Now(), keep: counts}
	repositories, err := e.Repositories(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	read, unread := map[string]bool{}, false
	for _, repository := range repositories {
		read[repository.ID] = repository.Reader != nil
	}
	for _, repository := range e.simulated.Repositories() { // those that are not chosen are in no list
		unread = unread || !read[repository.ID]
	}
	r.findings = findingsOf(e.simulated)
	if !r.old && !unread {
		return r
	}
	r = r.of(func(f *sctest.Finding) bool { return read[f.Host.Repository] })
	for i, f := range r.findings {
		if r.old && f.Severity == 0 { // what is info later is low there
			low := *f
			low.Severity = 1
			r.findings[i] = &low
		}
	}
	return r
}

// of is a reckoning of the findings that pass.
func (r *reckoning) of(pass func(*sctest.Finding) bool) *reckoning {
	part := &reckoning{rpc: r.rpc, old: r.old, now: r.now, keep: r.keep}
	for _, f := range r.findings {
		if pass(f) {
			part.findings = append(part.findings, f)
		}
	}
	return part
}

// unaccepted is the finding if nobody had accepted its risk.
func unaccepted(f *sctest.Finding) *sctest.Finding {
	x := *f
	x.Accepted = false
	return &x
}

// ofNoWeb is the finding if it were of no web application.
func ofNoWeb(f *sctest.Finding) *sctest.Finding {
	x := *f
	x.WebApplication = false
	return &x
}

// looked keeps the findings of the consoles that were looked at last: many tests
// look at the same data through other accounts, or with other filters refused.
var looked struct {
	sync.Mutex
	findings map[string][]*sctest.Finding
}

// findingsOf returns all findings of a console, to be read only.
func findingsOf(s *sctest.Server) []*sctest.Finding {
	o := s.Options()
	now := o.Now().Unix()
	o.Accounts, o.RefuseFilters, o.Now = nil, nil, nil // of these the findings do not depend
	key := fmt.Sprintf("%d %+v", now, o)
	looked.Lock()
	defer looked.Unlock()
	if found, known := looked.findings[key]; known {
		return found
	}
	if looked.findings == nil || len(looked.findings) == 16 {
		looked.findings = map[string][]*sctest.Finding{}
	}
	var found []*sctest.Finding
	for f := range s.Findings() {
		found = append(found, &f)
	}
	looked.findings[key] = found
	return found
}

// since says whether a time is at most so many days ago, as the console cuts it.
func (r *reckoning) since(at time.Time, days int) bool {
	switch ago := time.Duration(days) * day; {
	case r.rpc && !r.old: // the window excludes its beginning
		return at.After(r.now.Add(-ago))
	case r.rpc:
		return !at.Before(r.now.Add(-ago))
	default:
		return !at.Before(r.now.Truncate(time.Hour).Add(-ago))
	}
}

// until says whether a time, if it is known, is at least so many days ago.
func (r *reckoning) until(at time.Time, days int) bool {
	end := r.now
	if !r.rpc {
		end = end.Truncate(time.Hour)
	}
	return !at.IsZero() && !at.After(end.Add(-time.Duration(days)*day))
}

// all counts the findings that pass, by severity.
func (r *reckoning) all(pass func(*sctest.Finding) bool) [5]float64 {
	return bySeverity(r.findings, pass)
}

func bySeverity(findings []*sctest.Finding, pass func(*sctest.Finding) bool) (n [5]float64) {
	for _, f := range findings {
		if pass(f) {
			n[f.Severity]++
		}
	}
	return n
}

// part returns the findings that count, open or mitigated.
func (r *reckoning) part(open bool) []*sctest.Finding {
	if r.parts == nil {
		r.parts = map[bool][]*sctest.Finding{}
		for _, f := range r.findings {
			if r.keep(f) {
				r.parts[f.Open()] = append(r.parts[f.Open()], f)
			}
		}
	}
	return r.parts[open]
}

// open counts those that are open and pass.
func (r *reckoning) open(pass func(*sctest.Finding) bool) [5]float64 {
	return bySeverity(r.part(true), pass)
}

// mitigated counts those that are mitigated and pass.
func (r *reckoning) mitigated(pass func(*sctest.Finding) bool) [5]float64 {
	return bySeverity(r.part(false), pass)
}

// hosts counts the hosts with a finding that passes. The findings of a host
// stand together.
func (r *reckoning) hosts(pass func(*sctest.Finding) bool) float64 {
	n, last := 0.0, sctest.Host{}
	for _, f := range r.findings {
		if f.Host != last && pass(f) {
			n, last = n+1, f.Host
		}
	}
	return n
}

// sample names a series by its labels, given as name and value in turn.
func sample(family string, labels ...string) string {
	var pairs []string
	for i := 0; i < len(labels); i += 2 {
		pairs = append(pairs, labels[i]+"="+strconv.Quote(labels[i+1]))
	}
	slices.Sort(pairs)
	return series(family, pairs...)
}

// severities adds a sample for every severity from the first on.
func (s samples) severities(family string, first int, n [5]float64, labels ...string) {
	for severity := first; severity < len(n); severity++ {
		s[sample(family, append([]string{"severity", severities[severity]}, labels...)...)] = n[severity]
	}
}

// with loads one collector with settings; it must succeed.
func (e *exported) with(t *testing.T, name string, settings collector.Settings) samples {
	t.Helper()
	s, err := e.run(t, name, settings)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return samplesOf(s.Families())
}

// own are settings with a collector's own keys.
func own(keys map[string]any) collector.Settings {
	var s collector.Settings
	s.Own = keys
	return s
}

// lacking compares the families that a collector declares and does not show.
func lacking(t *testing.T, name string, want []string, got samples) {
	t.Helper()
	var missing []string
	for _, col := range collector.All() {
		for _, f := range col.Families {
			if col.Name == name && len(got.of(f.Name)) == 0 {
				missing = append(missing, f.Name)
			}
		}
	}
	slices.Sort(missing)
	want = slices.Sorted(slices.Values(want))
	if d := cmp.Diff(want, missing); d != "" {
		t.Errorf("families that %s does not show (-want +got):\n%s", name, d)
	}
}

// present fails the test unless the console contains what it is about.
func (r *reckoning) present(t *testing.T, what string, pass func(*sctest.Finding) bool) {
	t.Helper()
	if !slices.ContainsFunc(r.findings, pass) {
		t.Fatalf("the console has no %s: this proves nothing", what)
	}
}

// releases are consoles that differ in how they tell breakdowns.
var releases = map[string]sctest.Options{
	"6.4": {Version: "6.4.0"}, "5.8": {Version: "5.8.0"}, "6.4 without totals": {Version: "6.4.0", Quirks: sctest.Quirks{NoMatchingCount: true}},
	"4.8": {Version: "4.8.1", Dialect: sctest.RPC}, "4.4": {Version: "4.4.0", Dialect: sctest.RPC},
	"6.4 whose hosts share addresses": {Version: "6.4.0", Quirks: sctest.Quirks{SharedAddresses: true}},
	"4.8 whose hosts share addresses": {Version: "4.8.1", Dialect: sctest.RPC, Quirks: sctest.Quirks{SharedAddresses: true}},
}

// organizations are the accounts of a console of two organisations, whose ids repeat. They have repository 2 in
// common; carol sees a part of what alice sees.
var organizations = []sctest.Account{
	admin, alice, carol, bob,
	{Username: "gone", Password: "x", Organization: 2, Locked: true}, {Username: "left", Password: "x", Administrator: true, Locked: true},
}

// onEach runs a test on every release, with one account and with two organisations.
func onEach(t *testing.T, test func(*testing.T, *exported, *reckoning)) {
	type console struct {
		name string
		sctest.Options
	}
	var consoles []console
	for _, release := range slices.Sorted(maps.Keys(releases)) {
		one := releases[release]
		one.Seed, one.Hosts = 6, 100
		two := one
		two.Accounts, two.OwnObjects = organizations, true
		consoles = append(consoles, console{release + ", one account", one}, console{release + ", two organisations", two})
	}
	for _, c := range exhaustive.Sample(consoles, 2) {
		in(t, c.name, func(t *testing.T) {
			e := export(t, c.Options)
			test(t, e, e.reckon(t))
		})
	}
}

// grouped counts the open findings by severity and whatever key gives labels,
// as name and value in turn.
func (r *reckoning) grouped(family string, key func(*sctest.Finding) []string) samples {
	groups := map[string][5]float64{}
	for _, f := range r.part(true) {
		labels := strings.Join(key(f), "\xff")
		n := groups[labels]
		n[f.Severity]++
		groups[labels] = n
	}
	want := samples{}
	for labels, n := range groups {
		want.severities(family, 0, n, strings.Split(labels, "\xff")...)
	}
	return want
}

// top checks that the keys shown are the n largest of all; which of equal ones
// does not matter.
func top(t *testing.T, n int, all map[string]float64, shown map[string]bool) {
	t.Helper()
	if len(shown) != min(n, len(all)) {
		t.Errorf("%d are shown, want %d of %d", len(shown), n, len(all))
	}
	least, most := math.Inf(1), math.Inf(-1)
	for key, v := range all {
		if shown[key] {
			least = min(least, v)
		} else {
			most = max(most, v)
		}
	}
	if least < most {
		t.Errorf("one of %v is shown, and one of %v is not", least, most)
	}
}

// closeTo fails unless every series has its true value, give or take a hundredth
// of a percent that the console rounds for each of two accounts.
func closeTo(t *testing.T, all map[string]float64, shown samples) {
	t.Helper()
	for name, v := range shown {
		if want, ok := all[name]; !ok || math.Abs(v-want) > 1e-4 {
			t.Errorf("%s is %v, want %v", name, v, want)
		}
	}
}

func keys(s samples) map[string]bool {
	names := map[string]bool{}
	for name := range s {
		names[name] = true
	}
	return names
}
