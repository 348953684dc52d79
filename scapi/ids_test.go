package scapi_test

import (
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func TestIDsAreOrderedAsNumbers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		want int
	}{{"2", "10", -1}, {"10", "2", 1}, {"7", "7", 0}, {"a", "b", -1}, {"10", "x", -1}, {"-1", "0", -1},
		{"x", "10", 1}, {"", "0", 1}, {"b", "a", 1}, {"a", "a", 0}} {
		if got := scapi.CompareIDs(tt.a, tt.b); got != tt.want {
			t.Errorf("CompareIDs(%q, %q) is %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
