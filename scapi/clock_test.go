package scapi

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// Whether a scan can have begun at a time is judged by the console's clock, which may be far off, and
// by nobody's if it does not tell.
func TestThePastIsThatOfTheConsole(t *testing.T) {
	t.Parallel()
	const silent = `{"response":%s,"error_code":0}`
	for _, test := range []struct {
		name    string
		console time.Duration // its clock minus ours
		tells   bool
		start   time.Duration // from our time on
		known   bool
	}{
		{"a start in the past", 0, true, -time.Hour, true},
		{"a start in the future", 0, true, time.Hour, false},
		{"a start in our future, of a console that is ahead", 2 * time.Hour, true, time.Hour, true},
		{"a start in our past, of a console that is behind", -2 * time.Hour, true, -time.Hour, false},
		{"a start in our future, of a console that tells no time", 0, false, time.Hour, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				now := time.Now()
				at := func(d time.Duration) int64 { return now.Add(d).Unix() }
				results := fmt.Sprintf(`[{"id":"1","startTime":"%d"}]`, at(test.start))
				answer := raw(200, fmt.Sprintf(silent, results))
				if test.tells {
					answer = raw(200, fmt.Sprintf(`{"response":%s,"error_code":0,"timestamp":%d}`, results, at(test.console)))
				}
				quiet := raw(200, fmt.Sprintf(silent, `{"version":"6.4.0"}`))
				s := restConsole().on("GET /rest/scanResult", answer).on("GET /rest/system", quiet).
					on("POST /rest/token", raw(200, fmt.Sprintf(silent, `{"token":1234567890}`))).on("GET /rest/currentUser", raw(200, fmt.Sprintf(silent, orgUser)))
				list, err := dial(t, s).ScanResults(t.Context(), ScanWindow{})
				if err != nil || len(list) != 1 {
					t.Fatalf("%v, %v", list, err)
				}
				if got := list[0].Start; got.IsZero() == test.known || test.known && got.Unix() != at(test.start) {
					t.Errorf("start %v", got)
				}
			})
		})
	}
}
