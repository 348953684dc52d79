package collector_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// at is a reckoning of the findings as they were: what has come since is not there,
// and what was mitigated since is open.
func (r *reckoning) at(then time.Time) *reckoning {
	past := &reckoning{rpc: r.rpc, old: r.old, now: then, keep: r.keep}
	for _, f := range r.findings {
		if f.FirstSeen.After(then) {
			continue
		}
		if f.LastMitigated.After(then) {
			was := *f
			was.LastMitigated = time.Time{}
			f = &was
		}
		past.findings = append(past.findings, f)
	}
	return past
}

// past is what the families of which the past is told show of the findings as they were.
func (r *reckoning) past(t *testing.T, e *exported) samples {
	want := samples{}
	r.flow(want)
	for _, p := range policies(t) {
		r.deadlines(want, p)
	}
	for _, repository := range e.simulated.Repositories() {
		in := func(f *sctest.Finding) bool { return f.Host.Repository == repository.ID }
		if repository.Assigned && slices.ContainsFunc(r.findings, in) {
			want.severities("securitycenter_vulnerabilities", 0, r.open(in), "repository_id", repository.ID, "repository", repository.Name)
		}
	}
	return want.without("securitycenter_remediation_findings", "securitycenter_remediation_findings_within",
		"securitycenter_sla_threshold_seconds", "securitycenter_vulnerabilities_due_soon")
}

// runAt tells all families of which the past is told. The first time it takes as many
// requests as are foreseen; later, what another time has asked is known.
func (e *exported) runAt(t *testing.T, at, known time.Time) samples {
	t.Helper()
	all := samples{}
	for _, col := range collector.All() {
		p := collector.Past{At: at, Known: known, Families: col.Dated()}
		if len(p.Families) == 0 {
			continue
		}
		settings := completed(col, fully(t))
		ctx := console.WithReuse(t.Context(), console.MostReuse)
		foreseen, queries, err := col.ForeseeAt(ctx, e.Console, settings, p)
		if err != nil {
			t.Fatalf("%s: %v", col.Name, err)
		}
		e.simulated.ForgetRequests()
		s, err := col.RunAt(ctx, e.Console, settings, p)
		if err != nil || len(s.Missing) > 0 {
			t.Fatalf("%s at %s: %v, %q is missing", col.Name, at, err, s.Missing)
		}
		told := samplesOf(s.Families())
		if !maps.EqualFunc(told, samplesOf(foreseen.Families()), func(float64, float64) bool { return true }) {
			t.Errorf("%s at %s: other series were foreseen", col.Name, at)
		}
		if sent := e.simulated.Count(func(r sctest.Request) bool { return r.Tool != "" }); sent > queries || sent < queries && !e.asked {
			t.Errorf("%s at %s: %d requests were sent, %d foreseen", col.Name, at, sent, queries)
		}
		maps.Copy(all, told)
	}
	e.asked = true
	return all
}

func TestThePastIsThatOfARecountOfTheFindingsAsTheyWere(t *testing.T) {
	onEach(t, func(t *testing.T, e *exported, r *reckoning) {
		now := r.now.Truncate(time.Hour)
		for _, n := range []int{1, 2, 9, 40, 200, 364} {
			then := now.Add(-time.Duration(n) * day)
			asOf := then
			if r.rpc { // which counts whole days back from the minute of the request
				asOf = r.now.Add(-time.Duration(n) * day)
			}
			past := r.at(asOf)
			past.present(t, "finding mitigated since", func(f *sctest.Finding) bool { return f.Open() })
			diff(t, then.String(), past.past(t, e), e.runAt(t, then, time.Time{}))
		}
	})
}

func TestAWindowThatBeganBeforeTheConsoleKeptAnythingIsAbsent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		then := e.reckon(t).now.Truncate(time.Hour).Add(-10 * day)
		count := func(known time.Time) (n int) {
			got := e.runAt(t, then, known)
			return len(got.of("securitycenter_vulnerabilities_new")) + len(got.of("securitycenter_vulnerabilities_mitigated"))
		}
		if n := count(then.Add(-7 * day)); n != 20 {
			t.Errorf("%d numbers with windows, want those of 1 day and of 7", n)
		}
		if n := count(then.Add(-6 * day)); n != 10 {
			t.Errorf("%d numbers with windows, want those of 1 day alone", n)
		}
	})
}
