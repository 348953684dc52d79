package collector

import (
	"strconv"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
)

// clock is the present time by the console's clock, cut to the hour: queries with
// a window then stay the same for a while, and the console may answer from its
// cache.
type clock time.Time

func clockOf(c *findings.Console) clock { return cut(c.Now()) }

func cut(now time.Time) clock { return clock(now.Truncate(time.Hour)) }

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// What the help of a family with a window says of hour: how far its numbers may
// be from those that somebody asks the console for at another minute.
const (
	fromFullHour = " The window begins at a full hour, so it is up to an hour longer."
	fromLastHour = " Days are counted back from the last full hour."
)

// daysAgo is the beginning, or the end, of a window of so many days.
func (k clock) daysAgo(n int) time.Time { return time.Time(k).Add(-days(n)) }

// forever leaves a side of a window open.
var forever time.Time

func windowLabel(days int) string { return strconv.Itoa(days) + "d" }
