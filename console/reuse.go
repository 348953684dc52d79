package console

import (
	"context"
	"time"
)

// MostReuse bounds how old an answer may be that is used again, and with it
// what is remembered.
const MostReuse = time.Hour

type reuseKey struct{}

// WithReuse lets what is asked under ctx be answered by what the account was
// told less than age ago, at most MostReuse: what several collectors want to know
// is asked once. By default nothing is reused.
func WithReuse(ctx context.Context, age time.Duration) context.Context {
	return context.WithValue(ctx, reuseKey{}, min(age, MostReuse))
}

// reuseWithin returns how old an answer may be under ctx that is kept for some
// time; that, where ctx does not say.
func reuseWithin(ctx context.Context, kept time.Duration) time.Duration {
	age, said := ctx.Value(reuseKey{}).(time.Duration)
	if !said {
		return kept
	}
	return min(age, kept)
}

// Reuse returns how old an answer may be under ctx.
func Reuse(ctx context.Context) time.Duration {
	age, _ := ctx.Value(reuseKey{}).(time.Duration)
	return age
}
