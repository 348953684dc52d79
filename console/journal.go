package console

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// journalLines and journalBytes bound the log of one load: there is one for
// every collector of every console.
const (
	journalLines = 200
	journalBytes = 16 << 10
)

// Journal records what one load asked of a console, for people who look at a
// probe with debug=true. Its methods may be called on nil.
type Journal struct {
	got             atomic.Bool
	queries, others atomic.Int64 // attempts

	mu      sync.Mutex
	text    []byte // lines, each with its end
	lines   int
	dropped int
}

type journalKey struct{}

// WithJournal returns a context under which requests are recorded in j.
func WithJournal(ctx context.Context, j *Journal) context.Context {
	return context.WithValue(ctx, journalKey{}, j)
}

func journalOf(ctx context.Context) *Journal {
	j, _ := ctx.Value(journalKey{}).(*Journal)
	return j
}

func (j *Journal) answered() {
	if j != nil {
		j.got.Store(true)
	}
}

// Answered reports whether any request of the load was answered through an account.
func (j *Journal) Answered() bool { return j != nil && j.got.Load() }

// Requests returns how many attempts of requests the load made: analysis
// queries, and all others.
func (j *Journal) Requests() (queries, others int64) {
	if j == nil {
		return 0, 0
	}
	return j.queries.Load(), j.others.Load()
}

func (j *Journal) exchange(account string, x scapi.Exchange) {
	if j == nil {
		return
	}
	switch x.Endpoint {
	case "/analysis", "vuln::query", "events::query":
		j.queries.Add(1)
	default:
		j.others.Add(1)
	}
	if x.Err != nil {
		j.Printf(x.Start, "%s %s: %s after %s: %v", account, x.Endpoint, x.Code, x.Duration.Round(time.Millisecond), x.Err)
		return
	}
	j.Printf(x.Start, "%s %s: %s after %s, %d bytes", account, x.Endpoint, x.Code, x.Duration.Round(time.Millisecond), x.Bytes)
}

// Printf adds a line with its time.
func (j *Journal) Printf(at time.Time, format string, args ...any) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	line := at.UTC().Format("15:04:05.000 ") + fmt.Sprintf(format, args...) + "\n"
	if j.lines == journalLines || len(j.text)+len(line) > journalBytes {
		j.dropped++
		return
	}
	j.text, j.lines = append(j.text, line...), j.lines+1
}

// String returns the lines, one each, oldest first.
func (j *Journal) String() string {
	if j == nil {
		return ""
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	s := strings.TrimSuffix(string(j.text), "\n")
	if j.dropped > 0 {
		s += fmt.Sprintf("\n(%d more lines)", j.dropped)
	}
	return s
}
