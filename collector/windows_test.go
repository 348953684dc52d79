package collector_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
)

// Without that word whoever compares a number with the console's page, which
// counts to the minute, takes the difference for a fault.
func TestTheHelpOfAFamilyWithAWindowSaysThatItIsCutToTheHour(t *testing.T) {
	windows := 0
	for _, col := range collector.All() {
		for _, f := range col.Families {
			cut := slices.Contains(f.Labels, "window") || slices.Contains(f.Labels, "min_age_days") || strings.HasSuffix(f.Name, "_overdue")
			if says := strings.Contains(f.Help, "full hour"); says != cut {
				t.Errorf("%s has a window: %v, and its help says where it is cut: %v", f.Name, cut, says)
			}
			if cut {
				windows++
			}
		}
	}
	if windows < 10 {
		t.Errorf("%d families with a window were found, expected at least 10", windows)
	}
}
