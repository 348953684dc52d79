package collector_test

import (
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestFeedsTellTheirAgeAndState(t *testing.T) {
	bubble(t, func(t *testing.T) {
		got := export(t, sctest.Options{}).load(t, "feeds")
		for _, feed := range []string{"sc", "active", "passive", "event"} {
			label, expired := `feed="`+feed+`"`, 0.0
			if feed == "event" {
				expired = 1
			}
			if got[series("securitycenter_feed_stale", label)] != expired || got[series("securitycenter_subscription_valid", label)] != 1-expired {
				t.Errorf("%s: stale %v, subscription %v", feed, got[series("securitycenter_feed_stale", label)], got[series("securitycenter_subscription_valid", label)])
			}
			age := time.Since(time.Unix(int64(got[series("securitycenter_feed_last_update_timestamp_seconds", label)]), 0))
			if age < 0 || (age > 24*time.Hour) != (feed == "event") {
				t.Errorf("%s: updated %s ago", feed, age)
			}
		}
		// The industrial feed has a state and neither time nor subscription.
		label := `feed="industrial"`
		if _, ok := got[series("securitycenter_feed_stale", label)]; !ok {
			t.Error("the industrial feed is missing")
		}
		for _, family := range []string{"securitycenter_feed_last_update_timestamp_seconds", "securitycenter_subscription_valid"} {
			if v, ok := got[series(family, label)]; ok {
				t.Errorf("%s of the industrial feed is %v", family, v)
			}
		}
	})
}
