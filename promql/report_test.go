package promql

import (
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/report"
)

func TestAReportAsksPrometheusForWhatIsExposed(t *testing.T) {
	n := known(t)
	expressions := report.Expressions()
	if len(expressions) == 0 {
		t.Fatal("there are no expressions")
	}
	for _, e := range expressions {
		labels, err := n.labelsOf(e)
		if err != nil {
			t.Error(err)
		}
		for _, l := range []string{"job", "instance", "severity"} {
			if !labels[l] {
				t.Errorf("%s has no label %s", e, l)
			}
		}
		if by, err := n.renamed(e); err != nil || len(by) > 0 {
			t.Errorf("%s: %q, %v", e, by, err)
		}
	}
}
