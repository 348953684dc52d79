package scapi

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Feed is the state of one content feed.
type Feed struct {
	Type               string    // active, passive, event (the wire's lce), industrial, sc, or what else the console names
	Updated            time.Time // zero: never or unknown
	Stale              Opt[bool]
	UpdateRunning      Opt[bool]
	SubscriptionStatus string // "Valid", "Expired", …; empty: unknown
	Raw                json.RawMessage
}

// Feeds returns the feeds sorted by type, to any account. REST GET /feed. RPC
// plugin::init lastUpdates, which has update times only; SecurityCenter 4.0 to
// 4.2 have none: ErrUnsupported.
func (c *Client) Feeds(ctx context.Context) ([]Feed, error) {
	t, err := c.target(ctx)
	if err != nil {
		return nil, err
	}
	var members wire.Map[json.RawMessage]
	switch {
	case t.oldScale():
		return nil, fmt.Errorf("feeds of SecurityCenter before 4.4: %w", ErrUnsupported)
	case t.dialect == RPC:
		var r wirePlugins
		_, err = c.do(ctx, action("plugin", "init", nil), &r)
		members = r.LastUpdates
	default:
		_, err = c.do(ctx, get("/feed", nil), &members)
	}
	if err != nil {
		return nil, err
	}
	feeds := make([]Feed, 0, len(members))
	for name, raw := range members {
		feeds = append(feeds, decodeFeed(name, raw))
	}
	slices.SortFunc(feeds, func(a, b Feed) int { return strings.Compare(a.Type, b.Type) })
	return feeds, nil
}

func decodeFeed(name string, raw json.RawMessage) Feed {
	var w struct {
		UpdateTime           wire.Epoch
		Stale, UpdateRunning wire.Bool
		SubscriptionStatus   wire.Str
	}
	if wire.Decode(raw, &w) != nil {
		// A bare time, maybe: no source shows what is inside lastUpdates.
		_ = wire.Decode(raw, &w.UpdateTime)
	}
	return Feed{
		Type:               feedName(name),
		Updated:            since1990(w.UpdateTime.Time()),
		Stale:              optBool(w.Stale),
		UpdateRunning:      optBool(w.UpdateRunning),
		SubscriptionStatus: string(w.SubscriptionStatus),
		Raw:                raw,
	}
}

// feedName is the name of a feed or plugin type: the wire's, but for lce.
func feedName(wireName string) string {
	if wireName == "lce" {
		return "event"
	}
	return wireName
}
