package collector

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAWindowBeginsAtTheFullHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now() // a bubble begins at midnight
		for _, after := range []time.Duration{0, time.Second, 59 * time.Minute} {
			time.Sleep(time.Until(began.Add(after)))
			if !hour().Equal(began) || !daysAgo(7).Equal(began.Add(-7*24*time.Hour)) {
				t.Errorf("%s past the hour: it is %s, seven days ago was %s", after, hour(), daysAgo(7))
			}
		}
		time.Sleep(time.Minute)
		if !hour().Equal(began.Add(time.Hour)) {
			t.Errorf("an hour later it is %s", hour())
		}
	})
	if label := windowLabel(30); label != "30d" {
		t.Errorf("the window of 30 days is called %q", label)
	}
}
