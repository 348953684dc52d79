// Command scctl asks a Tenable Security Center console from the command line:
// every call of package scapi, on both protocols of the product.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"golang.org/x/term"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/conceal"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/manpage"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

const program = "scctl"

func main() {
	kingpin.EnableFileExpansion = false // what begins with @ is an argument like any other
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50) // rows pass through memory that is used again: there is little to collect
	}
	ctx, stop := untilSignalled(context.Background())
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main with its surroundings given. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	t := newTree(stdout, stderr)
	var err error
	if slices.Contains(args, manpage.Flag) {
		err = noticed(t.manual(stdout))
	} else {
		var name string
		var ended bool
		name, ended, err = t.parse(args)
		switch {
		case ended: // with an error, if what there is to read could not be written
		case err != nil:
			err = t.mistake(err, args, stderr)
		default:
			err = t.run(ctx, name, streams{in: stdin, out: stdout, err: stderr})
		}
	}
	for line := range strings.Lines(conceal.UserInfo(complaint(ctx, err), args)) {
		fmt.Fprintf(stderr, "%s: %s\n", program, strings.TrimSpace(line))
	}
	return exitCode(ctx, err)
}

// complaint is what is said of what a command ended with.
func complaint(ctx context.Context, err error) string {
	switch {
	case err == nil, errors.Is(err, scapi.ErrDryRun):
		return ""
	case ctx.Err() != nil:
		return interruption(ctx, err)
	case errors.Is(err, errNobodyReads):
		return "" // they had enough: other programs say nothing either
	case errors.Is(err, errNoCommand):
		return "" // what there is was shown
	}
	return withHint(err)
}

// streams are the standard streams of the process.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// isTerminal reports whether a person may be at the other end.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// ended is what kingpin's Terminate panics with: --help and --version have
// written what they write, and nothing else may run.
type ended struct{}

// parse reads the command line and returns the command's full name. over is
// true if there is nothing left to do: help or version was written, or could not be.
func (t *tree) parse(args []string) (name string, over bool, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case ended:
			name, over, err = "", true, nil
		case *fs.PathError: // so kingpin tells that help cannot be written
			name, over, err = "", true, noticed(r)
		default:
			panic(r)
		}
	}()
	t.args = args
	t.app.Terminate(func(int) { panic(ended{}) })
	t.app.Action(func(c *kingpin.ParseContext) error {
		if c.SelectedCommand == nil {
			return errNoCommand
		}
		return nil
	})
	name, err = t.app.Parse(joinStreams(args))
	return name, false, err
}

// joinStreams joins a lone "-", which stands for a standard stream, to the flag
// before it: kingpin takes it for an empty text.
func joinStreams(args []string) []string {
	var joined []string
	for _, arg := range args {
		if last := len(joined) - 1; arg == "-" && last >= 0 && len(joined[last]) > 1 {
			switch flag := joined[last]; {
			case strings.HasPrefix(flag, "--") && !strings.Contains(flag, "="):
				joined[last] += "=-"
				continue
			case flag[0] == '-' && len(flag) == 2:
				joined[last] += "-"
				continue
			}
		}
		joined = append(joined, arg)
	}
	return joined
}
