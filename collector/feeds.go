package collector

import (
	"context"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

var (
	fromFeeds     = Source{REST: "GET /feed", RPC: "plugin::init", Cost: "1 request for all"}
	fromFeedsREST = Source{REST: "GET /feed", Cost: "1 request for all"}
)

var (
	feedsLastUpdate = &Family{
		Name:   "securitycenter_feed_last_update_timestamp_seconds",
		Source: fromFeeds,
		Help:   "Time of the last update of the content feed, in seconds since the epoch. Absent if it was never updated or the console does not say.",
		Labels: []string{"feed"},
	}
	feedsStale = &Family{
		Name:   "securitycenter_feed_stale",
		Source: fromFeedsREST,
		Help:   "Whether the console itself calls the feed stale (1) or not (0).",
		Labels: []string{"feed"},
	}
	feedsUpdateRunning = &Family{
		Name:   "securitycenter_feed_update_running",
		Source: fromFeedsREST,
		Help:   "Whether an update of the feed is running (1) or not (0).",
		Labels: []string{"feed"},
	}
	feedsSubscriptionValid = &Family{
		Name:   "securitycenter_subscription_valid",
		Source: fromFeedsREST,
		Help:   "Whether the subscription that the feed needs is valid (1) or not, for example expired (0). Absent if the console names none.",
		Labels: []string{"feed"},
	}
)

// feedsCollector tells how old the content feeds are. REST GET /feed; RPC plugin::init.
func feedsCollector() *Collector {
	return &Collector{
		Name:     "feeds",
		Help:     "Age and state of the content feeds and their subscriptions.",
		Interval: 5 * time.Minute,
		Default:  true,
		Account:  scapi.Administrator,
		Families: []*Family{feedsLastUpdate, feedsStale, feedsUpdateRunning, feedsSubscriptionValid},
		New:      stateless(loadFeeds),
	}
}

func loadFeeds(ctx context.Context, c *findings.Console, _ Settings, m *Metrics) error {
	return read(ctx, c, m, "feeds", scapi.Administrator, (*scapi.Client).Feeds, func(feeds []scapi.Feed) {
		for _, f := range feeds {
			if f.Type == "compliance" || f.Type == "custom" {
				continue // SecurityCenter 4 lists plugin types; these are uploaded, not fed
			}
			m.SetTime(feedsLastUpdate, f.Updated, f.Type)
			SetOpt(m, feedsStale, f.Stale, f.Type)
			SetOpt(m, feedsUpdateRunning, f.UpdateRunning, f.Type)
			if f.SubscriptionStatus != "" {
				m.Set(feedsSubscriptionValid, OneIf(isValid(f.SubscriptionStatus)), f.Type)
			}
		}
	})
}
