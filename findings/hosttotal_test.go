package findings_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// loginPlugins are the scan information, and plugins that tell of logging in.
var loginPlugins = []int64{19506, 117887, 104410, 110385, 110723}

// hostsOf counts the hosts of each plugin one by one, accepted findings and all.
func (c *counted) hostsOf(scopes []*findings.Scope, plugins []int64) map[int64]int64 {
	hosts := map[int64]int64{}
	for _, plugin := range plugins {
		_, hosts[plugin], _ = c.recount(scopes, func(f sctest.Finding) bool { return f.Open() && int64(f.PluginID) == plugin })
	}
	return hosts
}

// byTool is how many requests of the tool came since they were forgotten.
func (c *counted) byTool(tool string) int {
	return c.simulated.Count(func(r sctest.Request) bool { return r.Tool == tool })
}

var anyRisk = findings.Question{Risk: findings.RiskAny}

func TestHostsOfPluginsAreCountedAtOnceWhereThatCountsAsOneByOne(t *testing.T) {
	t.Parallel()
	const hidden = 2 // requests where accepted findings are asked for by themselves
	for name, tt := range map[string]struct {
		sctest.Options
		holds bool
		parts int  // 1, or hidden
		rest  bool // not on SecurityCenter 4
	}{
		"as it should be":                  {sctest.Options{}, true, 1, false},
		"two accounts":                     {sctest.Options{Accounts: []sctest.Account{root, alice, bob}}, true, 1, false},
		"hosts with one address":           {sctest.Options{Quirks: sctest.Quirks{SharedAddresses: true}}, true, 1, false},
		"accepted findings hidden":         {sctest.Options{Quirks: sctest.Quirks{AcceptedHidden: true, NoAllRisk: true}}, true, hidden, true},
		"an address counts once":           {sctest.Options{Quirks: sctest.Quirks{HostTotalByAddress: true}}, false, 1, false},
		"no hosts with plugins":            {sctest.Options{Quirks: sctest.Quirks{NoHostTotal: true}}, false, 1, false},
		"no list of plugins":               {sctest.Options{RefuseTools: []string{"sumid"}}, false, 1, false},
		"an address counts once, and both": {sctest.Options{Quirks: sctest.Quirks{HostTotalByAddress: true, AcceptedHidden: true, NoAllRisk: true}}, false, hidden, true},
	} {
		for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
			if tt.rest && dialect == sctest.RPC {
				continue
			}
			in(t, dialect.String()+" "+name, func(t *testing.T) {
				o := tt.Options
				o.Dialect, o.Seed, o.Hosts = dialect, 5, 300
				c := count(t, o)
				scopes := c.scopes(t)
				if _, checked := c.Checks()[findings.CheckHostTotal]; checked {
					t.Error("a verdict before anything was asked")
				}
				want := c.hostsOf(scopes, loginPlugins)
				asks := func() map[int64]int64 {
					t.Helper()
					c.simulated.ForgetRequests()
					sum := map[int64]int64{}
					for _, s := range scopes {
						hosts, err := s.HostsByPlugin(t.Context(), anyRisk, loginPlugins...)
						if err != nil || !hosts.Valid {
							t.Fatal(hosts, err)
						}
						for plugin, n := range hosts.Value {
							sum[plugin] += n
						}
					}
					return sum
				}
				for _, when := range []string{"first", "then"} {
					got := asks()
					if !maps.Equal(got, want) || want[loginPlugins[0]] == 0 || want[loginPlugins[1]] == 0 {
						t.Errorf("%s: %v, want %v", when, got, want)
					}
				}
				n := tt.parts * len(scopes)
				sumid, sumip := n, 0
				if !tt.holds {
					sumid, sumip = 0, n*len(loginPlugins)
				}
				if c.byTool("sumid") != sumid || c.byTool("sumip") != sumip {
					t.Errorf("%d requests of sumid and %d of sumip, want %d and %d", c.byTool("sumid"), c.byTool("sumip"), sumid, sumip)
				}
				asked := len(o.RefuseTools) == 0 // where there is no list, none contradicts another
				if holds, checked := c.Checks()[findings.CheckHostTotal]; holds != tt.holds || checked != asked {
					t.Errorf("verdict %v, known %v, want %v, known %v", holds, checked, tt.holds, asked)
				}
			})
		}
	}
}

// The addresses that two repositories have in common are what the check is about.
func TestAConsoleThatCountsAnAddressOnceCountsOtherwise(t *testing.T) {
	t.Parallel()
	in(t, "console", func(t *testing.T) {
		c := count(t, sctest.Options{Seed: 5, Hosts: 300, Quirks: sctest.Quirks{HostTotalByAddress: true}})
		scopes := c.scopes(t)
		q := anyRisk
		q.ByPlugin, q.Only = true, []scapi.Filter{scapi.ByPluginIDs(19506)}
		page, err := scopes[0].Rows(t.Context(), "sumid", q, "", 9)
		if err != nil || len(page.Value.Rows) != 1 {
			t.Fatal(page, err)
		}
		if n, want := page.Value.Rows[0].Int("hostTotal").Value, c.hostsOf(scopes, []int64{19506})[19506]; n == 0 || n >= want {
			t.Errorf("%d hosts in the list of plugins, %d by hosts: want fewer", n, want)
		}
	})
}

func TestHowHostsOfPluginsAreCountedIsCheckedOnceADay(t *testing.T) {
	t.Parallel()
	in(t, "console", func(t *testing.T) {
		c := count(t, sctest.Options{SessionTimeout: 48 * time.Hour})
		s := c.scopes(t)[0]
		for _, tt := range []struct {
			after  time.Duration
			checks int
		}{{0, 1}, {23 * time.Hour, 0}, {time.Hour, 1}, {time.Hour, 0}} {
			time.Sleep(tt.after)
			c.simulated.ForgetRequests()
			if _, err := s.HostsByPlugin(console.WithReuse(t.Context(), time.Minute), anyRisk, loginPlugins...); err != nil {
				t.Fatal(err)
			}
			if c.byTool("sumid") != 1 || c.byTool("sumip") != tt.checks {
				t.Errorf("%s later: %d requests of sumid and %d of sumip, want 1 and %d", tt.after, c.byTool("sumid"), c.byTool("sumip"), tt.checks)
			}
		}
	})
}

// Hosts may arrive between the two requests of a check: that costs requests, and no
// wrong number.
func TestHostsOfPluginsThatDisagreeAreAskedForOneByOne(t *testing.T) {
	t.Parallel()
	in(t, "console", func(t *testing.T) {
		c := count(t, sctest.Options{})
		scopes := c.scopes(t)
		c.answer = func(body string) string {
			if !strings.Contains(body, `"sumid"`) {
				return ""
			}
			return `{"totalRecords":"1","returnedRecords":1,"results":[{"pluginID":"19506","total":"1","severity":{"id":"0"},"hostTotal":"1"}]}`
		}
		want := c.hostsOf(scopes, loginPlugins)
		hosts, err := scopes[0].HostsByPlugin(t.Context(), anyRisk, loginPlugins...)
		if err != nil || !maps.Equal(hosts.Value, want) {
			t.Errorf("%v, %v; want %v", hosts, err, want)
		}
		if holds, checked := c.Checks()[findings.CheckHostTotal]; holds || !checked {
			t.Errorf("verdict %v, known %v, want false", holds, checked)
		}
	})
}

// A finding that was recast on one of two ports makes two rows of one plugin, and
// a host may be in both.
func TestHostsOfAPluginWithSeveralSeveritiesAreAskedForByThemselves(t *testing.T) {
	t.Parallel()
	in(t, "console", func(t *testing.T) {
		c := count(t, sctest.Options{})
		scopes := c.scopes(t)
		want := c.hostsOf(scopes, loginPlugins)
		if _, err := scopes[0].HostsByPlugin(t.Context(), anyRisk, loginPlugins...); err != nil {
			t.Fatal(err)
		}
		rows := []string{}
		for _, plugin := range loginPlugins {
			rows = append(rows, fmt.Sprintf(`{"pluginID":"%d","severity":{"id":"0"},"hostTotal":"%d"}`, plugin, want[plugin]))
		}
		rows = append(rows, fmt.Sprintf(`{"pluginID":"%d","severity":{"id":"2"},"hostTotal":"1"}`, loginPlugins[2]))
		c.answer = func(body string) string {
			if !strings.Contains(body, `"sumid"`) {
				return ""
			}
			return fmt.Sprintf(`{"totalRecords":"%d","results":[%s]}`, len(rows), strings.Join(rows, ","))
		}
		c.simulated.ForgetRequests()
		hosts, err := scopes[0].HostsByPlugin(t.Context(), anyRisk, loginPlugins...)
		if err != nil || !maps.Equal(hosts.Value, want) || c.byTool("sumip") != 1 {
			t.Errorf("%v, %v after %d requests of sumip; want %v after 1", hosts, err, c.byTool("sumip"), want)
		}
	})
}

func TestWithoutHostsHowTheyAreCountedIsNotKnown(t *testing.T) {
	t.Parallel()
	in(t, "console", func(t *testing.T) {
		c := count(t, sctest.Options{})
		s := c.scopes(t)[0]
		q := anyRisk
		q.Only = []scapi.Filter{scapi.LastSeen(time.Now().Add(time.Hour), time.Now().Add(2*time.Hour))}
		hosts, err := s.HostsByPlugin(context.WithoutCancel(t.Context()), q, loginPlugins...)
		if err != nil || !hosts.Valid || len(hosts.Value) != len(loginPlugins) || hosts.Value[loginPlugins[0]] != 0 {
			t.Errorf("%v, %v; want no hosts", hosts, err)
		}
		if _, checked := c.Checks()[findings.CheckHostTotal]; checked {
			t.Error("a verdict although there was nothing to compare")
		}
	})
}
