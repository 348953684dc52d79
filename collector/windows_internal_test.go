package collector

import (
	"testing"
	"time"
)

func TestAWindowBeginsAtTheFullHour(t *testing.T) {
	began := time.Date(2026, 3, 1, 5, 0, 0, 0, time.UTC)
	for _, after := range []time.Duration{0, time.Second, 59 * time.Minute} {
		if k := cut(began.Add(after)); !k.daysAgo(0).Equal(began) || !k.daysAgo(7).Equal(began.Add(-7*24*time.Hour)) {
			t.Errorf("%s past the hour: it is %s, seven days ago was %s", after, k.daysAgo(0), k.daysAgo(7))
		}
	}
	if k := cut(began.Add(time.Hour)); !k.daysAgo(0).Equal(began.Add(time.Hour)) {
		t.Errorf("an hour later it is %s", k.daysAgo(0))
	}
	if label := windowLabel(30); label != "30d" {
		t.Errorf("the window of 30 days is called %q", label)
	}
}
