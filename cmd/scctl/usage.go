package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/securitycenter-exporter/securitycenter_exporter/buildinfo"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/manpage"
)

// errNoCommand: the command line ends before it names a command. What there is
// has been shown.
var errNoCommand = errors.New("no command")

// kingpin has no types for its errors.
var (
	unknownCommand = regexp.MustCompile(`^expected command but got "(.*)"$`)
	unknownFlag    = regexp.MustCompile(`^unknown long flag '--(.*)'$`)
	unfinished     = regexp.MustCompile(`^must select a subcommand of '(.*)'$`)
)

// mistake says more of what is wrong with a command line.
func (t *tree) mistake(err error, args []string, stderr io.Writer) error {
	partial, _ := t.app.ParseContext(joinStreams(args)) // as far as it could be read
	var within *kingpin.CmdModel
	if partial != nil && partial.SelectedCommand != nil {
		within = t.commandNamed(partial.SelectedCommand.FullCommand())
	}
	text := err.Error()
	switch {
	case errors.Is(err, errNoCommand):
		t.overview(stderr, nil)
		return &usageError{errNoCommand}
	case unfinished.MatchString(text):
		command := t.commandNamed(unfinished.FindStringSubmatch(text)[1])
		t.overview(stderr, command)
		return wrongUsage("%s wants one of its commands", command.FullCommand)
	case unknownCommand.MatchString(text):
		word := unknownCommand.FindStringSubmatch(text)[1]
		commands, of := t.app.Model().Commands, ""
		if within != nil {
			commands, of = within.Commands, within.FullCommand+" "
		}
		var words []string
		for _, c := range commands {
			words = append(words, c.Name)
		}
		near := didYouMean(word, words)
		if near == "" && of != "" {
			near = "; there are " + strings.Join(words, ", ")
		}
		return wrongUsage("there is no command %s%s%s; try --help", of, word, near)
	case unknownFlag.MatchString(text):
		word := unknownFlag.FindStringSubmatch(text)[1]
		flags := t.app.Model().Flags
		if within != nil {
			flags = append(within.Flags, flags...)
		}
		var words []string
		for _, f := range flags {
			if !f.Hidden {
				words = append(words, "--"+f.Name)
			}
		}
		return wrongUsage("%w%s; try --help", err, didYouMean("--"+word, words))
	}
	return wrongUsage("%w; try --help", err)
}

// commandNamed returns the command of this full name, which may have subcommands;
// nil: there is none.
func (t *tree) commandNamed(name string) *kingpin.CmdModel {
	commands := t.app.Model().Commands
	var found *kingpin.CmdModel
	for word := range strings.FieldsSeq(name) {
		found = nil
		for _, c := range commands {
			if c.Name == word {
				found = c
			}
		}
		if found == nil {
			return nil
		}
		commands = found.Commands
	}
	return found
}

// overview writes a line for each command, or each of those of one.
func (t *tree) overview(w io.Writer, of *kingpin.CmdModel) {
	name, commands := program, t.app.Model().FlattenedCommands()
	if of != nil {
		name, commands = program+" "+of.FullCommand, of.FlattenedCommands()
	}
	width := 0
	for _, c := range commands {
		width = max(width, len(c.FullCommand))
	}
	fmt.Fprintf(w, "usage: %s <command> [<flags>] [<args> ...]\n\n", name)
	for _, c := range commands {
		fmt.Fprintf(w, "  %-*s  %s\n", width, c.FullCommand, harmless(firstSentence(c.Help), overviewWidth))
	}
	fmt.Fprintf(w, "\n%s help COMMAND shows flags and examples, %s --help everything.\n", program, program)
}

// overviewWidth is the most that an overview says of a command, in characters.
const overviewWidth = 90

func firstSentence(help string) string {
	first, _, _ := strings.Cut(help, ". ")
	return strings.TrimSuffix(first, ".") + "."
}

// manual writes the manual page.
func (t *tree) manual(w io.Writer) error {
	exits := manpage.Section{Heading: "EXIT STATUS"}
	for _, e := range exitCodes {
		exits.Terms = append(exits.Terms, [2]string{strconv.Itoa(e.code), e.meaning})
	}
	columns := func(command string) []string { return t.settings.output.columns[command] }
	return manpage.Page{App: t.app.Model(), Version: buildinfo.Version(), More: []manpage.Section{exits}, Columns: columns}.Write(w)
}
