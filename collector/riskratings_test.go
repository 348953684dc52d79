package collector_test

import (
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestRiskDoesNotAskForWhatIsNotSwitchedOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := export(t, sctest.Options{})
		lacking(t, "risk", []string{"securitycenter_vulnerabilities_due_soon", "securitycenter_vulnerabilities_vpr"}, e.load(t, "risk"))
		if e.sent("vprScore") > 0 {
			t.Error("vprScore is asked for")
		}
	})
}

func (r *reckoning) ratings(want samples) {
	for _, band := range []struct {
		name      string
		low, high float64
	}{{"low", 0.1, 3.9}, {"medium", 4, 6.9}, {"high", 7, 8.9}, {"critical", 9, 10}} {
		total := 0.0
		for _, n := range r.open(func(f *sctest.Finding) bool { return f.VPR >= band.low && f.VPR <= band.high }) {
			total += n
		}
		want[sample("securitycenter_vulnerabilities_vpr", "band", band.name)] = total
	}
}
