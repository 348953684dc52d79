package console

import (
	"context"
	"testing"
	"time"
)

func TestAnAnswerIsReusedAsTheContextSays(t *testing.T) {
	for name, tt := range map[string]struct {
		ctx    context.Context
		any    time.Duration
		within time.Duration // of what is kept for a minute
	}{
		"not said":   {t.Context(), 0, time.Minute},
		"afresh":     {WithReuse(t.Context(), 0), 0, 0},
		"seconds":    {WithReuse(t.Context(), 5*time.Second), 5 * time.Second, 5 * time.Second},
		"an hour":    {WithReuse(t.Context(), time.Hour), time.Hour, time.Minute},
		"far longer": {WithReuse(t.Context(), 24*time.Hour), time.Hour, time.Minute},
	} {
		if got := Reuse(tt.ctx); got != tt.any {
			t.Errorf("%s: %s, want %s", name, got, tt.any)
		}
		if got := reuseWithin(tt.ctx, time.Minute); got != tt.within {
			t.Errorf("%s: %s within a minute, want %s", name, got, tt.within)
		}
	}
}
