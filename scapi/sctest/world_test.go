package sctest_test

import (
	"fmt"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// By uniqueness "repositoryID,ip,dnsName" two hosts of a repository may have one address: two rows.
func TestHostsOfARepositoryMayShareAnAddress(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sctest.Dialect{sctest.REST, sctest.RPC} {
		for _, shared := range []bool{false, true} {
			t.Run(fmt.Sprint(dialect, " ", shared), func(t *testing.T) {
				s := sctest.Start(t, sctest.Options{Dialect: dialect, Hosts: 200, Now: fixed, Quirks: sctest.Quirks{SharedAddresses: shared}})
				names, addresses := map[string]map[string]bool{}, map[string]bool{}
				hosts, twice := 0, 0
				for h := range s.Hosts() {
					hosts++
					addresses[h.IP] = true
					key := h.Repository + " " + h.IP
					if names[key] == nil {
						names[key] = map[string]bool{}
					} else {
						twice++
					}
					if names[key][h.DNSName] {
						t.Errorf("two hosts are %s %q", key, h.DNSName)
					}
					names[key][h.DNSName] = true
				}
				if shared != (twice > 5) || !shared && twice > 0 {
					t.Errorf("%d hosts share an address", twice)
				}
				if used, _ := s.License(); used != len(addresses) {
					t.Errorf("%d addresses count for the licence, want %d", used, len(addresses))
				}
				c := newClient(t, s).analyst()
				p := c.query("sumip", "cumulative", 0, 1000)
				if len(p.Results) != hosts || p.TotalRecords.String() != fmt.Sprint(hosts) {
					t.Errorf("%d rows and a total of %s, want %d", len(p.Results), p.TotalRecords, hosts)
				}
				for _, row := range p.Results {
					repository, _ := row["repositoryID"].(string)
					if ref, ok := row["repository"].(map[string]any); ok {
						repository = ref["id"].(string)
					}
					if key := repository + " " + row["ip"].(string); !names[key][row["dnsName"].(string)] {
						t.Errorf("row %v", row)
					} else {
						delete(names[key], row["dnsName"].(string))
					}
				}
				want, _ := count(s, func(f sctest.Finding) bool { return f.Open() })
				if got := c.severities("cumulative"); got != want {
					t.Errorf("%v, want %v", got, want)
				}
			})
		}
	}
}
