package collector_test

import (
	"strconv"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func recountFamilies(t *testing.T, e *exported, r *reckoning) {
	want := r.grouped("securitycenter_vulnerabilities_by_family", func(f sctest.Finding) []string {
		if r.rpc {
			f.Family = ""
		}
		return []string{"family_id", strconv.Itoa(f.FamilyID), "family", f.Family}
	})
	diff(t, "families", want, e.load(t, "families"))
}
