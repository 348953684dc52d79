package console

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

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

func TestAJournalOfLongLinesIsBoundedToo(t *testing.T) {
	j := &Journal{}
	for i := range journalLines {
		j.Printf(time.Now(), "%d %s", i, strings.Repeat("x", 1000))
	}
	j.Printf(time.Now(), "ended")
	s := j.String()
	kept, _, _ := strings.Cut(s, "\n(")
	if n := strings.Count(kept, "\n") + 1; len(kept) > journalBytes || n < 15 || !strings.HasSuffix(s, fmt.Sprintf("\n(%d more lines)", journalLines+1-n)) {
		t.Errorf("%d bytes in %d lines, the last is %q", len(s), n, s[strings.LastIndexByte(s, '\n')+1:])
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
