package collector_test

import (
	"net/netip"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// Networks are counted by repository, and left out as a whole.
func recountSubnets(t *testing.T, e *exported, r *reckoning) {
	for _, bits := range []int{16, 24} {
		want := r.grouped("securitycenter_vulnerabilities_by_subnet", func(f *sctest.Finding) []string {
			network, _ := netip.MustParseAddr(f.Host.IP).Prefix(bits)
			return []string{"repository_id", f.Host.Repository, "subnet", network.String()}
		})
		settings := own(map[string]any{"prefix": bits})
		diff(t, "without a limit", want, e.with(t, "subnets", settings))
		settings.MaxSeries = len(want)
		diff(t, "at the limit", want, e.with(t, "subnets", settings))
		settings.MaxSeries = len(want) - 1
		s, err := e.run(t, "subnets", settings)
		if err != nil || s.Series != 0 || s.Dropped != len(want) {
			t.Errorf("over the limit: %d series, %d dropped, %v; want all %d dropped", s.Series, s.Dropped, err, len(want))
		}
	}
}
