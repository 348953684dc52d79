package console

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func TestAMemoAsksOnceForAllWhoComeAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemo[int]()
		loads := 0
		load := func(context.Context) (int, error) {
			loads++
			time.Sleep(time.Second)
			return loads, nil
		}
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if v, err := m.get(t.Context(), time.Minute, load); v != 1 || err != nil {
					t.Errorf("%d, %v", v, err)
				}
			})
		}
		wg.Wait()
		time.Sleep(time.Minute - time.Nanosecond)
		if v, _ := m.get(t.Context(), time.Minute, load); v != 1 {
			t.Errorf("%d within the minute, want 1", v)
		}
		time.Sleep(time.Nanosecond)
		if v, _ := m.get(t.Context(), time.Minute, load); v != 2 {
			t.Errorf("%d after the minute, want 2", v)
		}
	})
}

func TestAMemoKeepsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemo[string]()
		failure := errors.New("no answer")
		if _, err := m.get(t.Context(), time.Minute, func(context.Context) (string, error) { return "half", failure }); !errors.Is(err, failure) {
			t.Errorf("%v, want the failure", err)
		}
		if v, err := m.get(t.Context(), time.Minute, func(context.Context) (string, error) { return "whole", nil }); v != "whole" || err != nil {
			t.Errorf("%q, %v", v, err)
		}
	})
}

func TestWhoWaitsForAMemoDoesNotWaitBeyondHisDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemo[int]()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, _ = m.get(t.Context(), time.Minute, func(context.Context) (int, error) { time.Sleep(time.Hour); return 1, nil })
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := m.get(ctx, time.Minute, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the deadline", err)
		}
		wg.Wait()
	})
}

func TestAPanicInALoadDoesNotBlockTheMemo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemo[int]()
		func() {
			defer func() { _ = recover() }()
			_, _ = m.get(t.Context(), time.Minute, func(context.Context) (int, error) { panic("broken") })
		}()
		if v, err := m.get(t.Context(), time.Minute, func(context.Context) (int, error) { return 3, nil }); v != 3 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
	})
}

func TestARefusalHoldsForOneVersionAndADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m filterMemory
		if m.refused("wasVuln", "6.4.0") {
			t.Error("refused before it was tried")
		}
		m.judge("wasVuln", "6.4.0", false)
		m.judge("pluginID", "6.4.0", true)
		for _, tt := range []struct {
			name, version string
			want          bool
		}{{"wasVuln", "6.4.0", true}, {"wasVuln", "6.5.0", false}, {"pluginID", "6.4.0", false}, {"other", "6.4.0", false}} {
			if got := m.refused(tt.name, tt.version); got != tt.want {
				t.Errorf("%s on %s refused: %v, want %v", tt.name, tt.version, got, tt.want)
			}
		}
		time.Sleep(24*time.Hour - time.Second)
		if !m.refused("wasVuln", "6.4.0") {
			t.Error("forgotten within a day")
		}
		time.Sleep(time.Second)
		if m.refused("wasVuln", "6.4.0") {
			t.Error("still refused after a day")
		}
		m.judge("wasVuln", "6.4.0", true)
		if m.refused("wasVuln", "6.4.0") {
			t.Error("refused although it was taken since")
		}
	})
}

func TestAJournalIsBoundedAndSaysHowMuchIsMissing(t *testing.T) {
	j := &Journal{}
	at := time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC)
	for i := range journalLines + 7 {
		j.Printf(at, "line %d", i)
	}
	lines := strings.Split(j.String(), "\n")
	if len(lines) != journalLines+1 || lines[0] != "03:04:05.006 line 0" || lines[journalLines] != "(7 more lines)" {
		t.Errorf("%d lines, first %q, last %q", len(lines), lines[0], lines[len(lines)-1])
	}
}

func TestAJournalTellsHowARequestEnded(t *testing.T) {
	j := &Journal{}
	x := scapi.Exchange{Endpoint: "/feed", Code: "200", Duration: 1500 * time.Millisecond, Bytes: 77}
	j.exchange("admin", x)
	x.Code, x.Err = "timeout", errors.New("no answer in 1m0s")
	j.exchange("admin", x)
	for i, want := range []string{"admin /feed: 200 after 1.5s, 77 bytes", "admin /feed: timeout after 1.5s: no answer in 1m0s"} {
		if line := strings.Split(j.String(), "\n")[i]; !strings.HasSuffix(line, want) {
			t.Errorf("%q, want %q", line, want)
		}
	}
}

func TestWithoutAJournalNothingIsWritten(t *testing.T) {
	var none *Journal
	none.Printf(time.Now(), "%d", 1)
	none.answered()
	journalOf(t.Context()).exchange("admin", scapi.Exchange{})
	if none.Answered() || none.String() != "" {
		t.Errorf("%v, %q", none.Answered(), none)
	}
	j := &Journal{}
	if journalOf(WithJournal(t.Context(), j)) != j {
		t.Error("the journal of the context is another one")
	}
	if j.answered(); !j.Answered() {
		t.Error("the answer was not noted")
	}
}

func TestTheRicherOfTwoViewsOfARepositoryFillsWhatTheOtherLacks(t *testing.T) {
	some, later := time.Unix(1000, 0), time.Unix(2000, 0)
	full := scapi.Repository{ID: "1", Name: "A", Type: "remote", DataFormat: "IPv4", IPs: scapi.Some[int64](0), Findings: scapi.Some[int64](7), LastUpdate: some, LastSync: some}
	other := scapi.Repository{ID: "1", Name: "B", Type: "local", DataFormat: "agent", IPs: scapi.Some[int64](9), Findings: scapi.Some[int64](9), LastUpdate: later, LastSync: later}
	bare := scapi.Repository{ID: "1"}
	for _, tt := range []struct {
		name       string
		a, b, want scapi.Repository
	}{
		{"the first is full", full, other, full},
		{"the first is bare", bare, full, full},
		{"the second is bare", full, bare, full},
	} {
		if got := richer(tt.a, tt.b); fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestARepositoryFilterSelectsByIDAndType(t *testing.T) {
	for _, tt := range []struct {
		filter RepositoryFilter
		id     string
		kind   string
		want   bool
	}{
		{RepositoryFilter{}, "1", "local", true},
		{RepositoryFilter{Include: []string{"1"}}, "1", "local", true},
		{RepositoryFilter{Include: []string{"1"}}, "11", "local", false},
		{RepositoryFilter{Exclude: []string{"1"}}, "1", "local", false},
		{RepositoryFilter{Include: []string{"1"}, Exclude: []string{"1"}}, "1", "local", false},
		{RepositoryFilter{Types: []string{"local", "offline"}}, "1", "offline", true},
		{RepositoryFilter{Types: []string{"local"}}, "1", "remote", false},
		{RepositoryFilter{Types: []string{"local"}}, "1", "", true}, // the console does not say
	} {
		if got := tt.filter.selects(scapi.Repository{ID: tt.id, Type: tt.kind}); got != tt.want {
			t.Errorf("%+v selects %s (%s): %v, want %v", tt.filter, tt.id, tt.kind, got, tt.want)
		}
	}
}
