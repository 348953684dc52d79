package collector_test

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// byHost counts by the labels of a host, and by more of it.
func (r *reckoning) byHost(more ...func(sctest.Host) string) samples {
	return r.grouped("securitycenter_host_vulnerabilities", func(f *sctest.Finding) []string {
		uuid := f.Host.UUID
		if r.rpc {
			uuid = "" // SecurityCenter 4 has no agents
		}
		labels := []string{"repository_id", f.Host.Repository, "ip", f.Host.IP, "host_uuid", uuid}
		for _, text := range more {
			labels = append(labels, "more", text(f.Host))
		}
		return labels
	})
}

// shownRows are the rows of the console, by series without severity, that the samples of hosts are made of: those of an
// address with several names are added up, the worst first, as far as they are shown.
func (r *reckoning) shownRows(t *testing.T, hosts samples) (rows map[string]float64, shown map[string]bool) {
	t.Helper()
	named := r.byHost(func(h sctest.Host) string { return h.DNSName })
	rows, shown = scores(named), map[string]bool{}
	of := map[string][]string{} // rows by host
	for row := range rows {
		host, rest, _ := strings.Cut(row, `more="`)
		_, rest, _ = strings.Cut(rest, `",`)
		of[host+rest] = append(of[host+rest], row)
	}
	for host := range scores(hosts) {
		names := of[host]
		slices.SortFunc(names, func(a, b string) int { return cmp.Compare(rows[b], rows[a]) })
		sum, made := [5]float64{}, false
		for _, row := range names {
			made = true
			for i, severity := range severities {
				sum[i] += named[row+`severity="`+severity+`"}`]
				made = made && sum[i] == hosts[host+`severity="`+severity+`"}`]
			}
			if shown[row] = true; made {
				break
			}
		}
		if !made {
			t.Errorf("%s: %v are not its rows, the worst first: %v", host, hosts, names)
		}
	}
	return rows, shown
}

// scores are the console's weighted scores of the hosts, by series without severity.
func scores(hosts samples) map[string]float64 {
	weight := map[string]float64{"info": 0, "low": 1, "medium": 3, "high": 10, "critical": 40}
	sums := map[string]float64{}
	for name, v := range hosts {
		host, severity, _ := strings.Cut(name, `severity="`)
		sums[host] += v * weight[strings.TrimSuffix(severity, `"}`)]
	}
	return sums
}

// The worst hosts and the others are all open findings.
func recountHosts(t *testing.T, e *exported, r *reckoning) {
	for _, n := range []int{0, 7, 1000} {
		got := e.with(t, "hosts", own(map[string]any{"top": n}))
		hosts := got.of("securitycenter_host_vulnerabilities")
		rest := r.open(func(*sctest.Finding) bool { return true })
		for name, v := range hosts {
			for i, s := range severities {
				if strings.HasSuffix(name, `severity="`+s+`"}`) {
					rest[i] -= v
				}
			}
		}
		rows, shown := r.shownRows(t, hosts)
		if top(t, n, rows, shown); n == 0 && e.simulated.Count(func(r sctest.Request) bool { return r.Tool == "sumip" && r.End > 1 }) > 0 {
			t.Error("hosts are read that are not shown")
		}
		want := samples{}
		want.severities("securitycenter_host_vulnerabilities_other", 0, rest)
		diff(t, "the others", want, got.of("securitycenter_host_vulnerabilities_other"))
		diff(t, "the same once more", got, e.with(t, "hosts", own(map[string]any{"top": n})))
	}
}

func TestHostsOfSomeNetworksAreShownAndAllOthersAddedUp(t *testing.T) {
	network := netip.MustParsePrefix("10.0.0.0/24")
	onEach(t, func(t *testing.T, e *exported, r *reckoning) {
		inside := func(f *sctest.Finding) bool { return network.Contains(netip.MustParseAddr(f.Host.IP)) }
		want := samples{}
		want.severities("securitycenter_host_vulnerabilities_other", 0, r.open(func(f *sctest.Finding) bool { return !inside(f) }))
		for name, v := range r.of(inside).byHost() {
			want[name] = v
		}
		diff(t, "hosts", want, e.with(t, "hosts", own(map[string]any{"top": 10_000, "networks": []netip.Prefix{network}})))
	})
}

func TestOverMaxSeriesHostsAreCutAndTheOthersStayExact(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{Seed: 6})
		r := e.reckon(t)
		settings := own(map[string]any{"top": 20})
		settings.MaxSeries = 42 // seven hosts and the others
		s, err := e.run(t, "hosts", settings)
		if err != nil || s.Series != 40 || s.Dropped != 13*5 {
			t.Fatalf("%d series, %d dropped, %v; want 40 and 65", s.Series, s.Dropped, err)
		}
		sum := 0.0
		for _, v := range samplesOf(s.Families()) {
			sum += v
		}
		all := 0.0
		for _, n := range r.open(func(*sctest.Finding) bool { return true }) {
			all += n
		}
		if sum != all {
			t.Errorf("the shown and the others are %v findings, want %v", sum, all)
		}
	})
}

// One address with several names has a row for each on some consoles.
func TestRowsThatNoLabelTellsApartAreAddedUp(t *testing.T) {
	row := func(ip string, high, low int) string {
		return fmt.Sprintf(`{"ip":%q,"uuid":"","repository":{"id":"1"},"score":"%d","severityCritical":"0","severityHigh":"%d","severityMedium":"0","severityLow":"%d","severityInfo":"0"}`,
			ip, 10*high+low, high, low)
	}
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{Repositories: 1}, func(o *console.Options) {
			for i, a := range o.Accounts {
				o.Accounts[i].Transport = &intercepting{RoundTripper: a.Transport, answer: func(body string) string {
					if !strings.Contains(body, `"sumip"`) && !strings.Contains(body, `"sumclassc"`) || strings.Contains(body, `"endOffset":1,`) {
						return ""
					}
					rows := strings.Join([]string{row("10.0.0.1", 2, 1), row("10.0.0.2", 3, 0), row("10.0.0.1", 2, 0), row("10.0.0.3", 1, 1)}, ",")
					return `{"totalRecords":"4","returnedRecords":4,"startOffset":"0","endOffset":"50","matchingDataElementCount":"10:0:8:0:2:0:82","results":[` + rows + `]}`
				}}
			}
		})
		host := func(ip string) []string {
			return []string{"repository_id", "1", "ip", ip, "host_uuid", ""}
		}
		want := samples{}
		want.severities("securitycenter_host_vulnerabilities", 0, [5]float64{1: 1, 3: 4}, host("10.0.0.1")...)
		want.severities("securitycenter_host_vulnerabilities", 0, [5]float64{3: 3}, host("10.0.0.2")...)
		want.severities("securitycenter_host_vulnerabilities_other", 0, [5]float64{1: 1, 3: 1})
		settings := own(map[string]any{"top": 10})
		settings.MaxSeries = 15 // two hosts and the others
		diff(t, "hosts", want, e.with(t, "hosts", settings))

		want = samples{}
		for ip, n := range map[string][5]float64{"10.0.0.1": {1: 1, 3: 4}, "10.0.0.2": {3: 3}, "10.0.0.3": {1: 1, 3: 1}} {
			want.severities("securitycenter_vulnerabilities_by_subnet", 0, n, "repository_id", "1", "subnet", ip)
		}
		diff(t, "networks", want, e.load(t, "subnets"))
	})
}

func TestAgentsAreToldApartByTheirUUID(t *testing.T) {
	bubble(t, func(t *testing.T) {
		got := export(t, sctest.Options{}).with(t, "hosts", own(map[string]any{"top": 1000})).of("securitycenter_host_vulnerabilities")
		agents := 0
		for name := range got {
			agent := strings.Contains(name, `repository_id="4"`)
			if agent == strings.Contains(name, `host_uuid=""`) {
				t.Errorf("%s: an agent has a UUID, others have none", name)
			}
			if agent {
				agents++
			}
		}
		if agents == 0 {
			t.Error("the console has no agents")
		}
	})
}

func TestAddressesAreHashedWithAKeyWhereHostsAreRedacted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		hashed := func(key string) samples {
			s := own(map[string]any{"top": 1000})
			s.Redact, s.HashKey = map[string]bool{"host": true}, []byte(key)
			return e.with(t, "hosts", s)
		}
		plain, one := e.with(t, "hosts", own(map[string]any{"top": 1000})), hashed("one")
		diff(t, "the same key", one, hashed("one"))
		values := func(all samples) map[string]bool {
			seen := map[string]bool{}
			for name := range all.of("securitycenter_host_vulnerabilities") {
				for _, label := range strings.Split(name, ",") {
					if _, v, _ := strings.Cut(label, `="`); (strings.Contains(label, "ip=") || strings.Contains(label, "host_uuid=")) && v != `"` {
						seen[v] = true
					}
				}
			}
			return seen
		}
		if len(one) != len(plain) || len(values(one)) != len(values(plain)) {
			t.Errorf("%d series of %d addresses, want %d of %d", len(one), len(values(one)), len(plain), len(values(plain)))
		}
		for _, other := range []samples{plain, hashed("two")} {
			for v := range values(other) {
				if values(one)[v] {
					t.Fatalf("%s is there without the key, or with another", v)
				}
			}
		}
	})
}
