package collector_test

import (
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// A family that a console of one dialect shows and its source does not name
// there is wrong in docs/metrics.md, and so is one that it does not show.
func TestAFamilyIsEmittedWhereItsSourceNamesACallAndNoOtherIs(t *testing.T) {
	for _, o := range []sctest.Options{{Version: "6.4.0", Seed: 6}, {Version: "4.8.1", Seed: 4, Dialect: sctest.RPC, Repositories: 3}} {
		in(t, o.Version, func(t *testing.T) {
			e := export(t, o)
			for _, col := range collector.All() {
				// Run leaves undeclared families out: the loader is run by itself.
				settings := completed(col, everything(col))
				m := collector.NewMetrics(settings)
				if err := col.New()(t.Context(), e.Console, settings, m); err != nil {
					t.Fatalf("%s: %v", col.Name, err)
				}
				declared := m.Snapshot(col.Families)
				if undeclared := m.Len() - declared.Series; undeclared != 0 {
					t.Errorf("%s: %d samples of families that it does not declare", col.Name, undeclared)
				}
				if len(declared.Duplicates) > 0 {
					t.Errorf("%s sets samples twice: %v", col.Name, declared.Duplicates)
				}
				emitted := samplesOf(declared.Families())
				for _, f := range col.Families {
					if is, should := len(emitted.of(f.Name)) > 0, f.Source.On(api(o.Dialect)); is != should {
						t.Errorf("%s of collector %s is emitted: %v, and its source is %+v", f.Name, col.Name, is, f.Source)
					}
				}
			}
		})
	}
}
