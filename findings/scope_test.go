package findings_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func isAudit(f sctest.Finding) bool { return f.PluginType == "compliance" }

// isOpen says what an open finding is.
func isOpen(f sctest.Finding) bool {
	return f.Open() && !f.Accepted && !f.WebApplication && !isAudit(f)
}

// questions are every kind of question, and what its answer counts.
var questions = []struct {
	name string
	findings.Question
	counts func(sctest.Finding) bool
}{
	{"open", findings.Question{}, isOpen},
	{"accepted", findings.Question{Risk: findings.RiskAccepted}, func(f sctest.Finding) bool {
		f.Accepted = !f.Accepted
		return isOpen(f)
	}},
	{"any risk", findings.Question{Risk: findings.RiskAny}, func(f sctest.Finding) bool { f.Accepted = false; return isOpen(f) }},
	{"recast", findings.Question{Status: findings.Recast}, func(f sctest.Finding) bool { return isOpen(f) && f.Recast }},
	{"re-opened", findings.Question{Status: findings.Reopened}, func(f sctest.Finding) bool { return isOpen(f) && f.Reopened }},
	{"mitigated", findings.Question{Source: scapi.Mitigated}, func(f sctest.Finding) bool {
		open := f.Open()
		f.LastMitigated = time.Time{}
		return !open && isOpen(f)
	}},
	{"one repository", findings.Question{Repositories: []string{"2"}}, func(f sctest.Finding) bool { return isOpen(f) && f.Host.Repository == "2" }},
	{"a severity", findings.Question{Only: []scapi.Filter{scapi.BySeverity(scapi.High)}}, func(f sctest.Finding) bool { return isOpen(f) && f.Severity == 3 }},
	{"exploitable", findings.Question{Only: []scapi.Filter{scapi.Exploitable()}}, func(f sctest.Finding) bool { return isOpen(f) && f.Exploitable }},
	{"a plugin", findings.Question{ByPlugin: true, Only: []scapi.Filter{scapi.ByPluginIDs(19506)}}, func(f sctest.Finding) bool { return f.Open() && !f.Accepted && f.PluginID == 19506 }},
	{"a plugin of any risk", findings.Question{Risk: findings.RiskAny, ByPlugin: true, Only: []scapi.Filter{scapi.ByPluginIDs(19506)}}, func(f sctest.Finding) bool { return f.Open() && f.PluginID == 19506 }},
	{"audits", findings.Question{Audits: true}, func(f sctest.Finding) bool { return f.Open() && !f.Accepted && isAudit(f) }},
	{"somebody's own words on risk", findings.Question{Own: []scapi.Filter{scapi.AcceptedRiskFlag(true)}}, func(f sctest.Finding) bool {
		f.Accepted = !f.Accepted
		return isOpen(f)
	}},
}

func TestEveryQuestionIsAnsweredWithTheRecountOrNotAtAll(t *testing.T) {
	t.Parallel()
	statuses := []string{"recast", "re-opened"}
	consoles := map[string]struct {
		sctest.Options
		absent    []string // questions without any answer
		noHosts   bool     // compliance results are subtracted
		noWebs    bool     // web-application findings cannot be kept out
		anyInTwo  bool     // any risk is only told of hosts
		accepting bool     // accepted findings cannot be told from open ones
		rest      bool     // not on SecurityCenter 4
	}{
		"as it should be":                        {},
		"one that tells no totals with a row":    {Options: sctest.Options{Quirks: sctest.Quirks{NoMatchingCount: true}}},
		"one whose totals do not add up":         {Options: sctest.Options{Quirks: sctest.Quirks{WrongMatchingCount: true}}, rest: true},
		"one that tells totals on both":          {Options: sctest.Options{Quirks: sctest.Quirks{RPCMatchingCount: true}}},
		"audits with low plugin ids":             {Options: sctest.Options{Quirks: sctest.Quirks{LowCompliancePlugins: true}}, noHosts: true},
		"that, and totals on both":               {Options: sctest.Options{Quirks: sctest.Quirks{LowCompliancePlugins: true, RPCMatchingCount: true}}, noHosts: true},
		"one that refuses plugin ids":            {Options: sctest.Options{RefuseFilters: []string{"pluginID"}}, noHosts: true, absent: []string{"a plugin", "a plugin of any risk"}},
		"one that refuses the operator":          {Options: sctest.Options{RefuseOperators: []string{"<=", ">="}}},
		"that, by code 143":                      {Options: sctest.Options{RefuseOperators: []string{"<=", ">="}, Quirks: sctest.Quirks{Speaks143: true}}},
		"one that refuses plugin types":          {Options: sctest.Options{RefuseFilters: []string{"pluginType"}}},
		"one that refuses both":                  {Options: sctest.Options{RefuseFilters: []string{"pluginType", "pluginID"}}, absent: []string{"*"}},
		"one that is blind to audits":            {Options: sctest.Options{Quirks: sctest.Quirks{BlindToCompliance: true}}},
		"that, and refuses the operator":         {Options: sctest.Options{RefuseOperators: []string{"<=", ">="}, Quirks: sctest.Quirks{BlindToCompliance: true}}},
		"one that refuses them by code 143":      {Options: sctest.Options{RefuseFilters: []string{"wasVuln"}, Quirks: sctest.Quirks{Speaks143: true}}, noWebs: true, rest: true},
		"one that refuses web applications":      {Options: sctest.Options{RefuseFilters: []string{"wasVuln"}}, noWebs: true, rest: true},
		"one that hides accepted findings":       {Options: sctest.Options{Quirks: sctest.Quirks{AcceptedHidden: true}}},
		"that, without a word for all":           {Options: sctest.Options{Quirks: sctest.Quirks{AcceptedHidden: true, NoAllRisk: true}}, anyInTwo: true, rest: true},
		"that, with the old word alone":          {Options: sctest.Options{RefuseFilters: []string{"acceptedRisk"}, Quirks: sctest.Quirks{AcceptedHidden: true, OldAcceptedWord: true}}, anyInTwo: true, rest: true, absent: []string{"somebody's own words on risk"}},
		"one that shows them, old word alone":    {Options: sctest.Options{RefuseFilters: []string{"acceptedRisk"}, Quirks: sctest.Quirks{OldAcceptedWord: true}}, rest: true, absent: []string{"somebody's own words on risk"}},
		"the older filter alone":                 {Options: sctest.Options{RefuseFilters: []string{"acceptRiskStatus"}}},
		"the older filter alone, by code 143":    {Options: sctest.Options{RefuseFilters: []string{"acceptRiskStatus"}, Quirks: sctest.Quirks{Speaks143: true}}},
		"the older filter alone, and hides them": {Options: sctest.Options{RefuseFilters: []string{"acceptRiskStatus"}, Quirks: sctest.Quirks{AcceptedHidden: true}}, anyInTwo: true},
		"one that ignores the filter":            {Options: sctest.Options{Quirks: sctest.Quirks{AcceptedIgnored: true}}, accepting: true, absent: []string{"accepted", "any risk", "a plugin of any risk", "somebody's own words on risk"}},
		"one that has no such filter":            {Options: sctest.Options{RefuseFilters: []string{"acceptRiskStatus", "acceptedRisk"}}, accepting: true, absent: []string{"accepted", "any risk", "a plugin of any risk", "somebody's own words on risk"}},
		"one that refuses the other statuses":    {Options: sctest.Options{RefuseFilters: []string{"recastRisk", "recastRiskStatus", "mitigatedStatus", "wasMitigated"}}, absent: statuses},
		"two accounts that share a repository":   {Options: sctest.Options{Accounts: []sctest.Account{root, alice, bob}}},
	}
	for _, name := range exhaustive.Sample(slices.Sorted(maps.Keys(consoles)), 6) {
		tt := consoles[name]
		for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
			if tt.rest && dialect == sctest.RPC {
				continue
			}
			in(t, dialect.String()+" "+name, func(t *testing.T) {
				o := tt.Options
				o.Dialect, o.Seed, o.Hosts = dialect, 11, 60
				c := count(t, o)
				all := c.scopes(t)
				for _, q := range questions {
					scopes := slices.DeleteFunc(slices.Clone(all), func(s *findings.Scope) bool {
						return len(q.Repositories) > 0 && !slices.Contains(s.IDs(), q.Repositories[0])
					})
					counts, hosts, plugins := c.recount(scopes, func(f sctest.Finding) bool {
						if tt.noWebs {
							f.WebApplication = false
						}
						if tt.accepting {
							f.Accepted = false
						}
						return q.counts(f)
					})
					byPlugin := q.ByPlugin || q.Audits
					none := slices.Contains(tt.absent, q.name) || slices.Contains(tt.absent, "*") && !byPlugin
					if counts.Total() == 0 && !none {
						t.Fatalf("no finding is %s: the test proves nothing", q.name)
					}
					if tt.accepting && q.Own != nil {
						continue // the words are taken, and what they do is somebody's own business
					}
					if slices.Contains(tt.absent, "*") && (byPlugin || q.Own != nil) {
						continue // every answer is refused, or is none
					}
					summed := (tt.anyInTwo || dialect == sctest.RPC && tt.Quirks.AcceptedHidden) && q.Risk == findings.RiskAny
					expect(t, q.name+", counts", !none && !summed, counts, func() (scapi.Opt[scapi.Counts], error) {
						return sum(scopes, scapi.Counts.Add, func(s *findings.Scope) (scapi.Opt[scapi.Counts], error) { return s.Counts(t.Context(), q.Question) })
					})
					expect(t, q.name+", totals", !none && !summed, counts, func() (scapi.Opt[scapi.Counts], error) {
						return sum(scopes, scapi.Counts.Add, func(s *findings.Scope) (scapi.Opt[scapi.Counts], error) {
							totals, err := s.Totals(t.Context(), q.Question)
							return scapi.Opt[scapi.Counts]{Value: totals.Value.Counts, Valid: totals.Valid}, err
						})
					})
					each := tt.noHosts || tt.anyInTwo || name == "as it should be" // there are many rows
					expect(t, q.name+", findings one by one", each && !none && !summed, counts, func() (scapi.Opt[scapi.Counts], error) {
						return sum(scopes, scapi.Counts.Add, func(s *findings.Scope) (scapi.Opt[scapi.Counts], error) {
							if !each {
								return scapi.Opt[scapi.Counts]{}, nil
							}
							requests, err := s.Requests(t.Context(), q.Question, findings.Severities)
							found := scapi.Opt[scapi.Counts]{Valid: requests != nil}
							for v, err := range findings.Vulns(t.Context(), requests) {
								if err != nil {
									return scapi.Opt[scapi.Counts]{}, err
								}
								found.Value[v.Severity.Value]++
							}
							return found, err
						})
					})
					whole := !none && (!tt.noHosts || byPlugin)
					add := func(a, b int64) int64 { return a + b }
					if !summed || q.ByPlugin { // of one plugin, a host has one finding
						expect(t, q.name+", hosts", whole, hosts, func() (scapi.Opt[int64], error) {
							return sum(scopes, add, func(s *findings.Scope) (scapi.Opt[int64], error) { return s.Hosts(t.Context(), q.Question) })
						})
						expect(t, q.name+", hosts one by one", whole, hosts, func() (scapi.Opt[int64], error) {
							return sum(scopes, add, func(s *findings.Scope) (scapi.Opt[int64], error) {
								requests, err := s.Requests(t.Context(), q.Question, findings.Hosts)
								found := scapi.Opt[int64]{Valid: requests != nil}
								for _, err := range findings.HostRows(t.Context(), requests) {
									if err != nil {
										return scapi.Opt[int64]{}, err
									}
									found.Value++
								}
								return found, err
							})
						})
					}
					if len(scopes) == 1 { // the same plugin is in several parts
						expect(t, q.name+", plugins", whole && !summed, plugins, func() (scapi.Opt[int64], error) { return scopes[0].Plugins(t.Context(), q.Question) })
					}
					expect(t, q.name+", rows", whole && !summed, hosts, func() (scapi.Opt[int64], error) {
						return sum(scopes, add, func(s *findings.Scope) (scapi.Opt[int64], error) {
							page, err := s.Rows(t.Context(), "sumip", q.Question, "score", 1000)
							return scapi.Opt[int64]{Value: int64(len(page.Value.Rows)), Valid: page.Valid}, err
						})
					})
				}
			})
		}
	}
}

// A question may name repositories that another account reads: each scope tells
// of its own, or nothing where it has none of them.
func TestAScopeTellsOfItsOwnRepositoriesAlone(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			c := count(t, sctest.Options{Dialect: dialect, Seed: 11, Hosts: 60, Accounts: []sctest.Account{root, alice, bob}})
			for _, s := range c.scopes(t) {
				for _, wanted := range [][]string{{"1"}, {"2"}, {"3"}, {"2", "3"}, {"1", "2", "3"}, {"77"}} {
					mine := slices.ContainsFunc(wanted, func(id string) bool { return slices.Contains(s.IDs(), id) })
					want, _, _ := c.recount([]*findings.Scope{s}, func(f sctest.Finding) bool { return isOpen(f) && slices.Contains(wanted, f.Host.Repository) })
					c.simulated.ForgetRequests()
					got, err := s.Counts(t.Context(), findings.Question{Repositories: wanted})
					if err != nil || got.Valid != mine || got.Value != want {
						t.Errorf("account %s, repositories %v: %v (%v), %v; want %v", s.Account.Name(), wanted, got.Value, got.Valid, err, want)
					}
					if asked := len(c.simulated.Requests()); !mine && asked > 0 {
						t.Errorf("account %s, repositories %v: %d requests", s.Account.Name(), wanted, asked)
					}
				}
			}
		})
	}
}

// sum adds up what the scopes answer, where all do.
func sum[T any](scopes []*findings.Scope, add func(a, b T) T, ask func(*findings.Scope) (scapi.Opt[T], error)) (sum scapi.Opt[T], err error) {
	for i, s := range scopes {
		v, err := ask(s)
		if err != nil || !v.Valid {
			return v, err
		}
		if i > 0 {
			v.Value = add(sum.Value, v.Value)
		}
		sum = v
	}
	return sum, nil
}

// expect compares an answer with the recount, where there has to be one.
func expect[T comparable](t *testing.T, what string, answered bool, want T, ask func() (scapi.Opt[T], error)) {
	t.Helper()
	got, err := ask()
	if !answered {
		// A refusal of somebody's own words is an error.
		if got.Valid {
			t.Errorf("%s: %v, but the console cannot tell", what, got.Value)
		}
		return
	}
	if err != nil || !got.Valid || got.Value != want {
		t.Errorf("%s: %v (%v), %v; want %v", what, got.Value, got.Valid, err, want)
	}
}

func TestAQueryThatFailsInPassingIsAnErrorAndNoRefusal(t *testing.T) {
	t.Parallel()
	const passing = "Unable to process Vuln Query.\nThe server could not process the vulnerability filter string (-x).\nNo response from showvulns"
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		in(t, dialect.String(), func(t *testing.T) {
			c := count(t, sctest.Options{Dialect: dialect})
			endpoint, status := "POST /analysis", 403
			if dialect == sctest.RPC {
				endpoint, status = "vuln::query", 200
			}
			remove := c.simulated.Inject(sctest.Fault{Endpoint: endpoint, Effect: sctest.Refuse(status, 143, passing)})
			if _, err := c.Scopes(t.Context()); err == nil || !scapi.IsTemporary(err) {
				t.Errorf("%v, want a passing failure", err)
			}
			remove()
			for filter, supported := range c.SupportedFilters() {
				if !supported {
					t.Errorf("filter %s counts as refused", filter)
				}
			}
			want, _, _ := c.recount(c.scopes(t), isOpen)
			expect(t, "afterwards", true, want, func() (scapi.Opt[scapi.Counts], error) {
				return c.scopes(t)[0].Counts(t.Context(), findings.Question{})
			})
		})
	}
}
