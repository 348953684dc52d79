package scapi

import (
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Opt is a value that a console may leave out, say as unknown, or not be
// allowed to give. The zero Opt is absent.
type Opt[T any] struct {
	Value T
	Valid bool
}

// Some returns a present value.
func Some[T any](v T) Opt[T] { return Opt[T]{v, true} }

// Get returns the value and whether it is present.
func (o Opt[T]) Get() (T, bool) { return o.Value, o.Valid }

// optInt is i unless it is negative, which is how consoles say "unknown".
func optInt(i wire.Int) Opt[int64] {
	n, ok := i.Get()
	if !ok || n < 0 {
		return Opt[int64]{}
	}
	return Some(n)
}

// optFloat is f unless it is negative.
func optFloat(f wire.Float) Opt[float64] {
	n, ok := f.Get()
	if !ok || n < 0 {
		return Opt[float64]{}
	}
	return Some(n)
}

func optBool(b wire.Bool) Opt[bool] {
	v, ok := b.Get()
	return Opt[bool]{Value: v, Valid: ok}
}

// optSeconds is a duration in seconds unless it is negative.
func optSeconds(i wire.Int) Opt[time.Duration] {
	n, ok := optInt(i).Get()
	if !ok || n > int64(time.Duration(1<<63-1)/time.Second) {
		return Opt[time.Duration]{}
	}
	return Some(time.Duration(n) * time.Second)
}

// firstOf returns the first value that is present.
func firstOf[T any](values ...Opt[T]) Opt[T] {
	for _, v := range values {
		if v.Valid {
			return v
		}
	}
	return Opt[T]{}
}
