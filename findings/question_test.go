package findings_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestOwnWordsThatAreRefusedAreAnErrorAndTellNothingOfTheConsole(t *testing.T) {
	t.Parallel()
	for _, speaks143 := range []bool{false, true} {
		in(t, fmt.Sprint("143 ", speaks143), func(t *testing.T) {
			c := count(t, sctest.Options{Quirks: sctest.Quirks{Speaks143: speaks143}})
			s := c.scopes(t)[0]
			for _, own := range []scapi.Filter{{Name: "nonsense", Value: "1"}, {Name: "firstSeen", Value: "yesterday"}, {Name: "severity", Operator: "~", Value: "4"}} {
				got, err := s.Counts(t.Context(), findings.Question{Own: []scapi.Filter{own}})
				if err == nil || got.Valid || !strings.Contains(err.Error(), "account all") {
					t.Errorf("%s: %v, %v", own.Name, got, err)
				}
				if _, judged := c.SupportedFilters()[own.Name]; judged {
					t.Errorf("%s: the console is judged by somebody's own words", own.Name)
				}
			}
		})
	}
}
