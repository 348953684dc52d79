package exporter

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// feedsEvery has the feeds collector alone: one request for each load.
func feedsEvery(interval, maxAge string) string {
	return hq + only("feeds") + "  feeds: {interval: " + interval + ", max_age: " + maxAge + "}\n"
}

const feedRequest = "GET /feed"

// feedStale is what the feeds collector shows.
const feedStale = `securitycenter_feed_stale{feed="active"}`

func TestCache(t *testing.T) {
	bubble(t, "data younger than the interval is served without a request", func(t *testing.T) {
		b := newBench(t, feedsEvery("5m", "4h"), nil)
		b.settle()
		b.consoles["hq"].ForgetRequests()
		for range 10 {
			b.probe("hq").want(t, "while fresh", map[string]float64{feedStale: 0, of("success", "feeds"): 1})
			time.Sleep(25 * time.Second)
		}
		if n := b.requests("hq"); n != 0 {
			t.Errorf("the console saw %d requests, want none", n)
		}
	})

	bubble(t, "older data is served at once while one load reads it again", func(t *testing.T) {
		b := newBench(t, feedsEvery("5m", "4h"), nil)
		b.settle()
		before := b.probe("hq")[of("last_success_timestamp_seconds", "feeds")]
		b.consoles["hq"].ForgetRequests()
		b.consoles["hq"].Inject(sctest.Fault{Effect: sctest.Delay(20 * time.Second)})
		time.Sleep(6 * time.Minute)
		for range 5 { // five scrapes in 10 s, all of them during the load
			d := took(func() {
				p := b.probe("hq")
				p.want(t, "while loading", map[string]float64{feedStale: 0, of("last_success_timestamp_seconds", "feeds"): before})
			})
			if d != 0 {
				t.Errorf("the scrape took %s, want the old data at once", d)
			}
			time.Sleep(2 * time.Second)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if n := b.requests("hq", feedRequest); n != 1 {
			t.Errorf("the console saw %d loads, want 1", n)
		}
		if after := b.probe("hq")[of("last_success_timestamp_seconds", "feeds")]; after <= before {
			t.Errorf("the data is still that of %v", before)
		}
	})

	bubble(t, "after max_age the series disappear and health stays", func(t *testing.T) {
		b := newBench(t, feedsEvery("1m", "10m"), nil)
		b.settle()
		b.probe("hq").want(t, "at first", map[string]float64{feedStale: 0})
		b.consoles["hq"].Inject(sctest.Fault{Effect: sctest.HTMLPage(http.StatusInternalServerError)})
		for range 9 {
			time.Sleep(time.Minute)
			b.probe("hq")
			synctest.Wait()
		}
		b.probe("hq").want(t, "before max_age", map[string]float64{
			feedStale: 0, of("success", "feeds"): 0, of("permitted", "feeds"): 1, of("series", "feeds"): 18, "securitycenter_up": 0,
		})
		time.Sleep(time.Minute)
		p := b.probe("hq")
		p.want(t, "after max_age", map[string]float64{
			feedStale: absent, of("success", "feeds"): 0, of("permitted", "feeds"): 1, of("series", "feeds"): 0, "securitycenter_up": 0,
			of("max_age_seconds", "feeds"): 600, of("interval_seconds", "feeds"): 60,
		})
		if len(p.family("securitycenter_collector_last_success_timestamp_seconds")) != 1 || len(p.family("securitycenter_collector_duration_seconds")) != 1 {
			t.Error("health has disappeared with the data")
		}
	})

	bubble(t, "a failed load is tried again ten seconds after its end, by a scrape only", func(t *testing.T) {
		b := newBench(t, feedsEvery("5m", "4h"), nil)
		b.settle()
		b.consoles["hq"].Inject(sctest.Fault{Endpoint: feedRequest, Effect: sctest.Refuse(http.StatusForbidden, 999, "no")})
		time.Sleep(5 * time.Minute)
		b.consoles["hq"].ForgetRequests()
		b.probe("hq")
		synctest.Wait()
		failed := b.requests("hq", feedRequest)
		b.probe("hq").want(t, "after the failure", map[string]float64{feedStale: 0, of("success", "feeds"): 0, of("interval_seconds", "feeds"): 300})
		time.Sleep(9900 * time.Millisecond)
		b.probe("hq")
		synctest.Wait()
		if n := b.requests("hq", feedRequest); n != failed {
			t.Errorf("%d requests more within 10 s of the failure, want none", n-failed)
		}
		time.Sleep(100 * time.Millisecond)
		b.probe("hq")
		synctest.Wait()
		if n := b.requests("hq", feedRequest); n != 2*failed {
			t.Errorf("%d requests after two scrapes, want %d", n, 2*failed)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := b.requests("hq", feedRequest); n != 2*failed {
			t.Errorf("%d requests without a scrape, want none", n-2*failed)
		}
	})

	bubble(t, "with an interval below ten seconds a failed load is tried again after the interval", func(t *testing.T) {
		b := newBench(t, feedsEvery("1s", "4h"), nil)
		b.settle()
		remove := b.consoles["hq"].Inject(sctest.Fault{Endpoint: feedRequest, Effect: sctest.Refuse(http.StatusForbidden, 999, "no")})
		time.Sleep(time.Second)
		b.probe("hq")
		synctest.Wait()
		remove()
		b.probe("hq").want(t, "after the failure", map[string]float64{of("success", "feeds"): 0})
		time.Sleep(time.Second)
		b.probe("hq")
		synctest.Wait()
		b.probe("hq").want(t, "a second later", map[string]float64{of("success", "feeds"): 1})
	})

	bubble(t, "a load that takes long stretches the interval to four times itself", func(t *testing.T) {
		b := newBench(t, feedsEvery("1m", "2m"), nil)
		b.settle()
		b.consoles["hq"].Inject(sctest.Fault{Effect: sctest.Delay(50 * time.Second)})
		time.Sleep(time.Minute)
		b.probe("hq")
		time.Sleep(time.Minute)
		synctest.Wait()
		b.consoles["hq"].ForgetRequests()
		b.probe("hq").want(t, "after a load of 50 s", map[string]float64{
			of("duration_seconds", "feeds"): 50, of("interval_seconds", "feeds"): 200, of("max_age_seconds", "feeds"): 400, feedStale: 0,
		})
		time.Sleep(139 * time.Second) // 199 s after that load began
		b.probe("hq")
		synctest.Wait()
		if n := b.requests("hq"); n != 0 {
			t.Errorf("%d requests before the stretched interval is over, want none", n)
		}
		time.Sleep(time.Second)
		b.probe("hq").want(t, "beyond the configured max_age", map[string]float64{feedStale: 0})
		synctest.Wait()
		if n := b.requests("hq", feedRequest); n != 1 {
			t.Errorf("%d loads after the stretched interval, want 1", n)
		}
	})

	bubble(t, "a load that fails late does not stretch the interval", func(t *testing.T) {
		b := newBench(t, feedsEvery("1m", "4h"), nil)
		b.settle()
		b.consoles["hq"].Inject(sctest.Fault{Effect: sctest.Hang()})
		time.Sleep(time.Minute)
		b.probe("hq")
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		b.probe("hq").want(t, "after a failure of minutes", map[string]float64{
			of("success", "feeds"): 0, of("interval_seconds", "feeds"): 60, feedStale: 0,
		})
	})

	bubble(t, "first loads start within five seconds of the start", func(t *testing.T) {
		b := newBench(t, hq, nil)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		for _, name := range b.exporter.target("hq").untried() {
			t.Errorf("%s was not tried within 5 s", name)
		}
	})

	bubble(t, "a scrape that finds nothing does not wait for the first loads to start", func(t *testing.T) {
		b := newBench(t, hq, nil)
		d := took(func() {
			p := b.probe("hq")
			for _, name := range collectorNames {
				p.want(t, "first scrape", map[string]float64{of("success", name): 1})
			}
		})
		if d != 0 {
			t.Errorf("the scrape took %s although the console answers at once", d)
		}
	})

	bubble(t, "nothing is read while nobody scrapes, and who comes back gets new data", func(t *testing.T) {
		b := newBench(t, hq, nil)
		b.settle()
		b.consoles["hq"].ForgetRequests()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if n := b.requests("hq"); n != 0 {
			t.Errorf("the console saw %d requests in a day without a scrape", n)
		}
		now := float64(time.Now().Unix())
		p := b.probe("hq")
		for _, name := range collectorNames {
			if at := p[of("last_success_timestamp_seconds", name)]; at < now {
				t.Errorf("%s shows data of %v s ago", name, now-at)
			}
		}
	})

	bubble(t, "a configured interval and max_age are exported as they are", func(t *testing.T) {
		b := newBench(t, feedsEvery("7s", "11m"), nil)
		b.probe("hq").want(t, "at once", map[string]float64{of("interval_seconds", "feeds"): 7, of("max_age_seconds", "feeds"): 660})
	})
}
