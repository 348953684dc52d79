package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// endings are the signals that end a command in order.
var endings = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// signalled is the cause of a context that a signal has ended.
type signalled struct{ signal os.Signal }

func (s *signalled) Error() string {
	if s.signal == os.Interrupt {
		return "interrupted"
	}
	return "interrupted: " + s.signal.String()
}

// code is the exit code that shells expect of a program that a signal has ended.
func (s *signalled) code() int {
	const bySignal = 128
	if n, ok := s.signal.(syscall.Signal); ok {
		return bySignal + int(n)
	}
	return exitInterrupted
}

// untilSignalled returns a context that the first signal ends, in order: what
// is half written goes, sessions end. Further ones are taken for the same wish,
// as a terminal that is closed sends several at once; but a second interrupt is
// a person's, and ends the process at once. A signal that was ignored when the
// program started, as by nohup, stays ignored.
//
// Nobody reading what is written (SIGPIPE) is an error of the write, which ends
// the command in order too.
func untilSignalled(ctx context.Context) (_ context.Context, stop func()) {
	signal.Ignore(syscall.SIGPIPE)
	ctx, cancel := context.WithCancelCause(ctx)
	heard := make(chan os.Signal, 1)
	for _, s := range endings {
		if !signal.Ignored(s) {
			signal.Notify(heard, s)
		}
	}
	go func() {
		select {
		case s := <-heard:
			cancel(&signalled{s})
			signal.Reset(os.Interrupt)
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(heard)
		cancel(nil)
	}
}

// interruption is what is said of a command that ctx's end has ended: why, and
// which call was under way, as the console may have done what it says.
func interruption(ctx context.Context, err error) string {
	text := "interrupted"
	var s *signalled
	if errors.As(context.Cause(ctx), &s) {
		text = s.Error()
	}
	var during *scapi.Error
	if errors.As(err, &during) {
		text += ", during " + during.Call
	}
	return text
}

// await returns what f returns, or why ctx has ended if that comes first. f then
// goes on by itself, until the process ends: a terminal or a pipe cannot be told
// to stop a read or a write.
func await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := f()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
