package collector

import (
	"slices"
	"strconv"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/findings"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// clock is the time of which numbers are told. The present is the console's, cut to
// the hour: queries with a window then stay the same for a while, and the console
// may answer from its cache.
type clock struct {
	at time.Time
	// past: what has happened since is left out, and what has gone since is there.
	past bool
	// known is since when the console keeps what happened; zero: always.
	known time.Time
}

func clockOf(c *findings.Console) clock { return cut(c.Now()) }

func cut(now time.Time) clock { return clock{at: now.Truncate(time.Hour)} }

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// What the help of a family with a window says of hour: how far its numbers may
// be from those that somebody asks the console for at another minute.
const (
	fromFullHour = " The window begins at a full hour, so it is up to an hour longer."
	fromLastHour = " Days are counted back from the last full hour."
)

// daysAgo is the beginning, or the end, of a window of so many days.
func (k clock) daysAgo(n int) time.Time { return k.at.Add(-days(n)) }

// forever leaves a side of a window open.
var forever time.Time

// end is the end of a window that reaches to the clock's time.
func (k clock) end() time.Time {
	if k.past {
		return k.at
	}
	return forever
}

// knows reports whether the console still knows what happened within so many days.
func (k clock) knows(n int) bool { return !k.past || !k.daysAgo(n).Before(k.known) }

// open are the questions that q, about open findings, is at the clock's time: in the
// past those that had come by then, be they open still or mitigated later.
func (k clock) open(q findings.Question) []findings.Question {
	if !k.past {
		return []findings.Question{q}
	}
	came := scapi.FirstSeen(forever, k.at)
	q.Only = slices.Clone(q.Only)
	if !slices.ContainsFunc(q.Only, func(f scapi.Filter) bool { return f.Called(came.Name) }) { // else it is stricter
		q.Only = append(q.Only, came)
	}
	gone := q
	gone.Source = scapi.Mitigated
	gone.Only = append(slices.Clone(q.Only), scapi.LastMitigated(k.at.Add(time.Second), forever))
	return []findings.Question{q, gone}
}

func windowLabel(days int) string { return strconv.Itoa(days) + "d" }
