package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
)

// parsed is the value of a flag, whose errors name the flag and what it wants.
type parsed[T any] struct {
	flag  string
	to    *T
	parse func(string) (T, error)
	want  func(text string) string
}

// Set reads the value.
func (p *parsed[T]) Set(text string) error {
	v, err := p.parse(text)
	if err != nil {
		return fmt.Errorf("--%s %s: want %s", p.flag, text, p.want(text))
	}
	*p.to = v
	return nil
}

// String is the value as it was read.
func (p *parsed[T]) String() string { return fmt.Sprint(*p.to) }

// durationFlag adds a flag that takes a duration with its unit.
func durationFlag(cmd flagger, name, help string, to *time.Duration) *kingpin.FlagClause {
	f := cmd.Flag(name, help)
	f.SetValue(&parsed[time.Duration]{name, to, func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		if err == nil && d <= 0 {
			err = strconv.ErrRange
		}
		return d, err
	}, func(text string) string {
		if _, err := strconv.ParseUint(text, 10, 31); err == nil {
			return "a unit behind the number, such as " + text + "s or " + text + "m"
		}
		return "a duration such as 90s or 5m"
	}})
	return f
}

// numberFlag adds a flag that takes a number that is not negative.
func numberFlag[T int | int64](cmd flagger, name, help string, to *T) *kingpin.FlagClause {
	f := cmd.Flag(name, help)
	f.SetValue(&parsed[T]{name, to, func(text string) (T, error) {
		n, err := strconv.ParseInt(text, 10, 64)
		if err == nil && (n < 0 || int64(T(n)) != n) {
			err = strconv.ErrRange
		}
		return T(n), err
	}, func(string) string { return "a number, 0 or more" }})
	return f
}

// choiceFlag adds a flag that takes one of these words.
func choiceFlag(cmd flagger, name, help string, to *string, words ...string) *kingpin.FlagClause {
	f := cmd.Flag(name, help).HintOptions(words...)
	f.SetValue(&parsed[string]{name, to, func(text string) (string, error) {
		if !slices.Contains(words, text) {
			return "", strconv.ErrSyntax
		}
		return text, nil
	}, func(text string) string { return strings.Join(words, ", ") + didYouMean(text, words) }})
	return f
}

// flagger is what flags can be added to: the application, or a command.
type flagger interface {
	Flag(name, help string) *kingpin.FlagClause
}
