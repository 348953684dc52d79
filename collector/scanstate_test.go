package collector

import (
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func TestSuccessIsUnknownWhileTheImportGoesOnOrWhereAStateIsMissing(t *testing.T) {
	for _, tt := range []struct {
		status, imported string
		success, known   bool
	}{
		{"Completed", "Finished", true, true},
		{"Partial", "Finished", false, true},
		{"Completed", "Error", false, true},
		{"Completed", "Blocked", false, true},
		{"Stopped", "No Results", false, true},
		{"Completed", "Importing", false, false},
		{"Completed", "Import Pending", false, false},
		{"Completed", "", false, false},
		{"", "Finished", false, false},
	} {
		success, known := succeeded(scapi.ScanResult{Status: tt.status, ImportStatus: tt.imported})
		if success != tt.success || known != tt.known {
			t.Errorf("%q, %q: success %v, known %v", tt.status, tt.imported, success, known)
		}
	}
}
