package collector_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// causes are the plugins that tell what became of logging in.
var causes = map[int]string{
	117887: "success", 104410: "failure", 110385: "insufficient_privilege", 110723: "none_provided", 117885: "intermittent", 110695: "unsupported_os",
}

// coverage is what the collector coverage must say.
func (r *reckoning) coverage() samples {
	want := samples{}
	within := func(days int, pass func(*sctest.Finding) bool) float64 {
		return r.hosts(func(f *sctest.Finding) bool { return f.Open() && r.since(f.LastSeen, days) && pass(f) })
	}
	for _, n := range []int{7, 30, 90} {
		want[sample("securitycenter_hosts_seen", "window", strconv.Itoa(n)+"d")] = within(n, r.keep)
	}
	for _, n := range []int{7, 30} {
		window := strconv.Itoa(n) + "d"
		assessed := func(f *sctest.Finding) bool { return f.PluginID == 19506 }
		want[sample("securitycenter_hosts_assessed", "window", window)] = within(n, assessed)
		for plugin, result := range causes {
			shows := func(f *sctest.Finding) bool { return f.PluginID == plugin }
			want[sample("securitycenter_hosts_credentialed", "window", window, "result", result)] = within(n, shows)
		}
	}
	return want
}

func TestEveryVersionTellsTheCoverageThatAddingUpItsFindingsGives(t *testing.T) {
	for _, tt := range exhaustive.Sample([]struct {
		version string
		dialect sctest.Dialect
	}{
		{"6.4.0", sctest.REST}, {"6.1.0", sctest.REST}, {"5.13.0", sctest.REST}, {"5.8.0", sctest.REST},
		{"4.8.1", sctest.RPC}, {"4.6.2", sctest.RPC}, {"4.4.0", sctest.RPC}, {"4.2.0", sctest.RPC},
	}, 4) {
		for _, after := range []time.Duration{0, 25 * time.Minute} {
			in(t, fmt.Sprintf("%s %s after %s", tt.dialect, tt.version, after), func(t *testing.T) {
				e := export(t, sctest.Options{Version: tt.version, Dialect: tt.dialect, Seed: 2})
				time.Sleep(after)
				want := e.reckon(t).coverage()
				for name, v := range want {
					if v == 0 {
						t.Errorf("%s is 0 on this console and proves nothing", name)
					}
				}
				diff(t, "coverage", want, e.load(t, "coverage"))
			})
		}
	}
}

// A console may count the hosts of a plugin in another way in its list of plugins, or not at all.
func TestTheCoverageIsThatOfHostsHoweverPluginsAreCounted(t *testing.T) {
	for name, tt := range map[string]struct {
		quirks   sctest.Quirks
		requests int // within the second half hour
	}{
		"as hosts":              {sctest.Quirks{}, 3 + 2},
		"an address once":       {sctest.Quirks{HostTotalByAddress: true}, 3 + 14},
		"not at all":            {sctest.Quirks{NoHostTotal: true}, 3 + 14},
		"by a text, and at all": {sctest.Quirks{NoCredentialPlugins: true}, 3 + 4},
	} {
		for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
			in(t, dialect.String()+" "+name, func(t *testing.T) {
				e := export(t, sctest.Options{Dialect: dialect, Quirks: tt.quirks, Hosts: 300, Seed: 5})
				e.load(t, "coverage")
				time.Sleep(30 * time.Minute)
				e.simulated.ForgetRequests()
				got := e.load(t, "coverage")
				if n := e.simulated.Count(func(r sctest.Request) bool { return (r.Tool == "sumip" || r.Tool == "sumid") && !checksAudits(r) }); n != tt.requests {
					t.Errorf("%d requests, want %d", n, tt.requests)
				}
				want := e.reckon(t).coverage()
				if tt.quirks.NoCredentialPlugins {
					want, got = want.without("securitycenter_hosts_credentialed"), got.without("securitycenter_hosts_credentialed")
				}
				diff(t, "coverage", want, got)
			})
		}
	}
}

// checksAudits reports whether a request is one of those that tell results of audits apart, by every severity.
func checksAudits(r sctest.Request) bool {
	return !slices.ContainsFunc(r.Filters, func(f string) bool { return strings.HasPrefix(f, "lastSeen=") })
}

// Plugin sets before the middle of 2018 tell it in a text alone.
func TestWhereNoPluginTellsOfLoggingInTheScanInformationDoes(t *testing.T) {
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		for _, tt := range []struct {
			name   string
			refuse []string
			told   bool
		}{{"its text", nil, true}, {"nothing where texts cannot be asked for", []string{"pluginText"}, false}} {
			in(t, dialect.String()+" "+tt.name, func(t *testing.T) {
				e := export(t, sctest.Options{Dialect: dialect, Quirks: sctest.Quirks{NoCredentialPlugins: true}, RefuseFilters: tt.refuse})
				r := e.reckon(t)
				want := r.coverage().without("securitycenter_hosts_credentialed")
				for _, f := range r.findings {
					if causes[f.PluginID] != "" {
						t.Fatalf("plugin %d is there", f.PluginID)
					}
				}
				for _, n := range []int{7, 30} {
					yes := r.hosts(func(f *sctest.Finding) bool {
						return f.PluginID == 19506 && f.Host.Credentialled && r.since(f.LastSeen, n)
					})
					if yes == 0 {
						t.Fatal("no scan logged in")
					}
					if tt.told {
						want[sample("securitycenter_hosts_credentialed", "window", strconv.Itoa(n)+"d", "result", "success")] = yes
					}
				}
				diff(t, "coverage", want, e.load(t, "coverage"))
			})
		}
	}
}

// What the plugins would tell is unknown there, and no zero.
func TestWhereNoPluginTellsOfLoggingInAndNoScanDidOnlySuccessIsZero(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := sctest.Options{Quirks: sctest.Quirks{NoCredentialPlugins: true}, Hosts: 1, Repositories: 1}
		for o.Seed = 1; loggedIn(o); o.Seed++ {
			if o.Seed == 100 {
				t.Fatal("every console has logged in")
			}
		}
		e := export(t, o)
		want := e.reckon(t).coverage().without("securitycenter_hosts_credentialed")
		for _, window := range []string{"7d", "30d"} {
			want[sample("securitycenter_hosts_credentialed", "window", window, "result", "success")] = 0
		}
		diff(t, "coverage", want, e.load(t, "coverage"))
		if want[sample("securitycenter_hosts_assessed", "window", "7d")] != 1 {
			t.Error("the host was not scanned")
		}
	})
}

// loggedIn reports whether the first host of a console was logged in to, or was not scanned within a week.
func loggedIn(o sctest.Options) bool {
	for h := range sctest.New(o).Hosts() {
		return h.Credentialled || time.Since(time.Unix(h.LastSeen, 0)) > 7*day
	}
	return true
}
