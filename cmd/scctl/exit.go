package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/securitycenter-exporter/securitycenter_exporter/console"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// Exit codes.
const (
	exitDone         = 0
	exitFailed       = 1
	exitUsage        = 2
	exitNotFound     = 3
	exitNotPermitted = 4
	exitUnsupported  = 5
	exitLoginRefused = 6
	exitTemporary    = 7
	exitDeclined     = 8
	exitNotDone      = 9
	exitHangup       = 129
	exitInterrupted  = 130
	exitQuit         = 131
	exitNobodyReads  = 141
	exitTerminated   = 143
)

// exitCodes says what the exit codes mean, for help and documentation.
var exitCodes = [...]struct {
	code    int
	meaning string
}{
	{exitDone, "done; with --dry-run: the request was shown"},
	{exitFailed, "failed for a reason that is none of those below"},
	{exitUsage, "the command line, the environment or the configuration is wrong; nothing was changed"},
	{exitNotFound, "the object does not exist"},
	{exitNotPermitted, "the account may not do this"},
	{exitUnsupported, "this console or its version has no such call, option or filter"},
	{exitLoginRefused, "the console does not take the credentials, or the user has all sessions he may have"},
	{exitTemporary, "the console did not answer in time, could not be reached, or is overloaded: it may work later"},
	{exitDeclined, "a change was not confirmed; nothing was changed"},
	{exitNotDone, "the console took a change, and says in words that something of it failed"},
	{exitHangup, "ended by SIGHUP: the terminal was closed"},
	{exitInterrupted, "interrupted (SIGINT)"},
	{exitQuit, "ended by SIGQUIT"},
	{exitNobodyReads, "nobody reads the output any more, as behind head; nothing is said of it"},
	{exitTerminated, "ended by SIGTERM"},
}

// usageError is a mistake that was found before anything was sent.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func wrongUsage(format string, a ...any) error { return &usageError{fmt.Errorf(format, a...)} }

var errDeclined = errors.New("not confirmed: nothing was changed; --yes goes on without asking")

// exitCode returns the exit code for what a command ended with.
func exitCode(ctx context.Context, err error) int {
	var by *signalled
	var usage *usageError
	var argument *scapi.ArgumentError
	var notDone *scapi.ActionError
	switch {
	case err == nil, errors.Is(err, scapi.ErrDryRun):
		return exitDone
	case errors.As(context.Cause(ctx), &by):
		return by.code()
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.Is(err, errNobodyReads):
		return exitNobodyReads
	case errors.As(err, &usage), errors.As(err, &argument):
		return exitUsage
	case errors.Is(err, errDeclined):
		return exitDeclined
	case errors.As(err, &notDone):
		return exitNotDone
	case errors.Is(err, scapi.ErrNoConsole):
		return exitFailed
	case scapi.IsLoginRefused(err), errors.Is(err, scapi.ErrSessionLimit):
		return exitLoginRefused
	case errors.Is(err, scapi.ErrUnsupported), errors.Is(err, errUntold), unknownHere(err):
		return exitUnsupported
	case scapi.IsNotFound(err):
		return exitNotFound
	case scapi.IsPermission(err), errors.Is(err, console.ErrNotReadable):
		return exitNotPermitted
	case scapi.IsTemporary(err):
		return exitTemporary
	}
	return exitFailed
}

// unknownHere reports whether the console itself says that it does not know what
// was asked for.
func unknownHere(err error) bool {
	_, refused := scapi.RefusalOf(err)
	return refused && scapi.Answered(err)
}
