package exporter

import (
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// The third repository of a simulated console is a remote one, "Branch Offices"; here that of branch is its own.
func TestARepositoryThatSeemsToBeCountedTwiceIsHintedAtAndNothingElse(t *testing.T) {
	const hint = "repository Branch Offices (3) of console hq looks like a copy of repository 3 of console branch: if it is, say so by repositories.same_as: [{id: 3, console: branch, repository: 3}] of hq"
	const marked = "    repositories: {same_as: [{id: 3, console: branch, repository: 3}]}"
	owner := func(hosts int, dialect sctest.Dialect) sctest.Options {
		o := small(dialect)
		o.Hosts, o.LocalRepositories = hosts, true
		return o
	}
	for name, tt := range map[string]struct {
		config string
		branch sctest.Options
		says   string // empty: nothing
	}{
		"of one name and size":               {hq + branch, owner(12, sctest.REST), hint},
		"on a console of the other protocol": {hq + branch, owner(12, sctest.RPC), hint},
		"of another size":                    {hq + branch, owner(30, sctest.REST), ""},
		"remote on both":                     {hq + branch, small(sctest.REST), ""},
		"that is said to be a copy":          {hq + marked + branch, owner(12, sctest.REST), ""},
		"whose name is hidden":               {hq + branch + "\nlabels: {redact: [repository]}\n", owner(12, sctest.REST), strings.Replace(hint, " Branch Offices", "", 1)},
	} {
		bubble(t, name, func(t *testing.T) {
			b := newBench(t, tt.config, map[string]sctest.Options{"branch": tt.branch})
			var estimate strings.Builder
			if err := b.exporter.Estimate(t.Context(), &estimate); err != nil {
				t.Fatal(err)
			}
			b.settle()
			for where, text := range map[string]string{"landing page": b.landing(), "estimate": estimate.String(), "log": b.log.String()} {
				if tt.says == "" {
					saysNot(t, text, "copy of repository")
				} else if says(t, text, tt.says); strings.Count(text, tt.says) != 1 {
					t.Errorf("the %s says it %d times", where, strings.Count(text, tt.says))
				}
			}
			if said := b.probe("hq").family("securitycenter_repository_same_as"); (len(said) == 1) != strings.Contains(tt.config, marked) {
				t.Errorf("%q are marked", said)
			}
		})
	}
}

func TestACopyIsMarkedAfterAReloadAndNothingElseIsReadAgain(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		b := newBench(t, hq+branch, nil)
		b.settle()
		b.probe("hq").want(t, "at first", map[string]float64{`securitycenter_repository_same_as{repository="Branch Offices",repository_id="3",same_instance="branch",same_repository_id="1"}`: absent})
		b.console("hq").ForgetRequests()
		if err := b.reload(hq + "    repositories: {same_as: [{id: 3, console: branch, repository: 1}]}" + branch); err != nil {
			t.Fatal(err)
		}
		b.probe("hq")
		b.settle()
		b.probe("hq").want(t, "after a reload", map[string]float64{`securitycenter_repository_same_as{repository="Branch Offices",repository_id="3",same_instance="branch",same_repository_id="1"}`: 1})
		if n := b.requests("hq", "POST /analysis", "POST /token"); n != 0 {
			t.Errorf("%d questions for findings and logins after it, want none", n)
		}
	})
}
