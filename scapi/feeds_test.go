package scapi_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func TestFeeds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		api     scapi.API
		answers map[string]said
		want    []scapi.Feed
	}{
		"REST": {scapi.REST, map[string]said{"GET /feed": {Response: `{"sc":{"updateTime":"1700086000","stale":"false","updateRunning":"true","subscriptionStatus":"Valid"},
			"lce":{"updateTime":"0","stale":"true","updateRunning":"false","subscriptionStatus":"Expired"},"industrial":{"stale":"false","subscriptionStatus":null},"odd":7}`}},
			[]scapi.Feed{
				{Type: "event", Stale: scapi.Some(true), UpdateRunning: scapi.Some(false), SubscriptionStatus: "Expired"},
				{Type: "industrial", Stale: scapi.Some(false)},
				{Type: "odd"}, // 1970: no time at which a feed was updated
				{Type: "sc", Updated: epoch(1700086000), Stale: scapi.Some(false), UpdateRunning: scapi.Some(true), SubscriptionStatus: "Valid"},
			}},
		"no feed": {scapi.REST, map[string]said{"GET /feed": {Response: `[]`}}, []scapi.Feed{}},
		"RPC": {scapi.RPC, map[string]said{"plugin::init": {Response: `{"pluginCount":"62000","lastUpdates":{"active":{"updateTime":"1368500000"},"passive":1368400000,"custom":[]}}`}},
			[]scapi.Feed{{Type: "active", Updated: epoch(1368500000)}, {Type: "custom"}, {Type: "passive", Updated: epoch(1368400000)}}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := scripted(t, tc.api, "4.8.1", table(tc.answers))
			got, err := c.Feeds(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, noRaw, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("feeds (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("SecurityCenter 4.2 has none", func(t *testing.T) {
		c, _ := scripted(t, scapi.RPC, "4.2.1", table(nil))
		if _, err := c.Feeds(t.Context()); !errors.Is(err, scapi.ErrUnsupported) {
			t.Errorf("error %v, want ErrUnsupported", err)
		}
	})
}
