package collector_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// cycle loads all default collectors as the exporter does, and returns how
// often each account asked each question of the analysis.
func (e *exported) cycle(t *testing.T) map[string]map[string]int {
	t.Helper()
	e.simulated.ForgetRequests()
	for _, col := range collector.All() {
		if !col.Default {
			continue
		}
		if e.loaders[col.Name] == nil {
			e.loaders[col.Name] = col.New()
		}
		ctx := console.WithReuse(t.Context(), col.Interval/2)
		if _, err := col.Run(ctx, e.loaders[col.Name], e.Console, completed(col, noLimits)); err != nil && !errors.Is(err, console.ErrNotReadable) {
			t.Fatalf("%s: %v", col.Name, err)
		}
	}
	asked := map[string]map[string]int{}
	for _, r := range e.simulated.Requests() {
		if r.Tool == "" {
			continue
		}
		if asked[r.Account] == nil {
			asked[r.Account] = map[string]int{}
		}
		asked[r.Account][fmt.Sprint(r.Tool, " ", r.Source, " ", strings.Join(r.Filters, " "), " ", r.Start, "-", r.End)]++
		if r.End-r.Start > 1 && r.Tool != "sumseverity" {
			t.Errorf("a query of the default set asks for more than one row: %+v", r)
		}
	}
	return asked
}

func total(questions map[string]int) (n int) {
	for _, times := range questions {
		n += times
	}
	return n
}

func TestTheDefaultSetStaysWithinItsBudgetOfRequests(t *testing.T) {
	two := []sctest.Account{admin, {Username: "alice", Password: "b"}, {Username: "bob", Password: "c", Organization: 2}}
	for _, tt := range []struct {
		name    string
		options sctest.Options
		again   bool // the checks of the first cycle and of a day later ask twice, as the numbers do not agree
	}{
		{name: "6.4"},
		{name: "6.4 without totals", options: sctest.Options{Quirks: sctest.Quirks{NoMatchingCount: true}}},
		{name: "6.4 with low compliance plugins", options: sctest.Options{Quirks: sctest.Quirks{LowCompliancePlugins: true}}, again: true},
		{name: "6.4 with low compliance plugins and without totals", options: sctest.Options{Quirks: sctest.Quirks{LowCompliancePlugins: true, NoMatchingCount: true}}, again: true},
		{name: "6.4 that hides accepted risk", options: sctest.Options{Quirks: sctest.Quirks{AcceptedHidden: true}}, again: true},
		{name: "4.8", options: sctest.Options{Dialect: sctest.RPC}},
		{name: "4.8 with low compliance plugins", options: sctest.Options{Dialect: sctest.RPC, Quirks: sctest.Quirks{LowCompliancePlugins: true}}, again: true},
		{name: "4.2", options: sctest.Options{Dialect: sctest.RPC, Version: "4.2.0"}},
	} {
		for _, repositories := range []int{1, 2, 4} {
			for _, accounts := range [][]sctest.Account{nil, two} {
				in(t, fmt.Sprintf("%s, %d repositories, %d accounts", tt.name, repositories, max(len(accounts)-1, 1)), func(t *testing.T) {
					o := tt.options
					o.Repositories, o.Accounts, o.Hosts, o.Plugins, o.Scans = repositories, accounts, 40, 5000, 1
					var shares []func(*console.Options)
					if accounts != nil { // bob reads the last repository
						shares = append(shares, reading("bob", fmt.Sprint(repositories)))
					}
					e := export(t, o, shares...)
					var figures []string
					for n, pause := range []time.Duration{0, 30 * time.Minute, day} { // spellings are checked again after a day
						time.Sleep(pause)
						for account, questions := range e.cycle(t) {
							figures = append(figures, fmt.Sprintf("%s %d", account, total(questions)))
							if most := 60 + 2*repositories; total(questions) > most {
								t.Errorf("cycle %d: account %s asks %d times, want at most %d", n+1, account, total(questions), most)
							}
							for question, times := range questions {
								if times > 1 && (!tt.again || n == 1) {
									t.Errorf("cycle %d: asked %d times: %s", n+1, times, question)
								}
							}
						}
					}
					t.Log(strings.Join(figures, ", "))
				})
			}
		}
	}
}
