package collector_test

import (
	"strconv"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func recountFamilies(t *testing.T, e *exported, r *reckoning) {
	want := r.grouped("securitycenter_vulnerabilities_by_family", func(f *sctest.Finding) []string {
		name := f.Family
		if r.rpc {
			name = ""
		}
		return []string{"family_id", strconv.Itoa(f.FamilyID), "family", name}
	})
	diff(t, "families", want, e.load(t, "families"))
}
