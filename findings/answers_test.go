package findings_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestEqualQueriesAreAskedOnceWithinTheirTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := count(t, sctest.Options{Repositories: 1, SessionTimeout: 24 * time.Hour})
		s := c.scopes(t)[0]
		ctx := console.WithReuse(t.Context(), time.Minute)
		asks := func() int {
			t.Helper()
			c.simulated.ForgetRequests()
			if _, err := s.Totals(ctx, findings.Question{}); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Hosts(ctx, findings.Question{Repositories: []string{"1"}}); err != nil {
				t.Fatal(err)
			}
			return c.simulated.Count(func(r sctest.Request) bool { return r.Endpoint == "POST /analysis" })
		}
		time.Sleep(time.Minute) // the check of the console is not reused
		first, again := asks(), asks()
		time.Sleep(time.Minute)
		if later := asks(); first != 1 || again != 0 || later != 1 {
			t.Errorf("%d, %d and a minute later %d requests; want 1, 0 and 1", first, again, later)
		}
		ctx = console.WithReuse(t.Context(), 24*time.Hour)
		time.Sleep(time.Hour)
		if n := asks(); n != 1 {
			t.Errorf("%d requests after an hour, want 1", n)
		}
		ctx = t.Context()
		if n := asks(); n != 2 {
			t.Errorf("%d requests without reuse, want 2", n)
		}
	})
}
