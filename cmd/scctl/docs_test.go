package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kingpin/v2"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the documentation anew")

const documentation = "../../docs/scctl.md"

func TestDocumentationIsThatOfTheCommandTree(t *testing.T) {
	got := document(newTree(io.Discard, io.Discard))
	exitCodes := []byte("## Exit codes\n")
	got = bytes.Replace(got, exitCodes, slices.Concat([]byte(behindNumbers(t)), exitCodes), 1)
	if *update {
		if err := os.WriteFile(documentation, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(documentation)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what the commands say (go test ./cmd/scctl -update writes it anew):\n%s", documentation, diff)
	}
}

func TestEveryCommandHasHelpAnExampleAndARunner(t *testing.T) {
	tree := newTree(io.Discard, io.Discard)
	for _, c := range tree.app.Model().FlattenedCommands() {
		if c.Help == "" || c.HelpLong == "" || tree.runners[c.FullCommand] == nil {
			t.Errorf("command %s: help %q, examples %q, runner %t", c.FullCommand, c.Help, c.HelpLong, tree.runners[c.FullCommand] != nil)
		}
	}
	if commands := len(tree.app.Model().FlattenedCommands()); commands != len(tree.runners) {
		t.Errorf("%d commands and %d runners", commands, len(tree.runners))
	}
}

// shared are flags that many commands have, described once.
var shared = []struct {
	heading, anchor, text string
	flags                 []string
}{
	{"Output", "output", "Commands that write records take these flags. Without --format they write a table for people: columns that are " +
		"empty in the first records are left out, the longest cells are cut until lines fit the terminal (or 120 columns), the last columns left out where that is not enough (… in their place; --wide and --fields show them), numbers stand to the right, and on a terminal severities are coloured, unless NO_COLOR is set. The other formats write everything. csv, tsv, jsonl and json come as they are read, " +
		"however many records there are; if a command fails in the middle, its exit code says so, the array of json stays open, and a regular file named by --output does not appear.",
		[]string{"format", "no-header", "wide", "fields", "limit", "raw", "csv.safe", "csv.bom", "output"}},
	{"Changes", "changes", "Commands that change something on the console ask before they do, and take these flags. Where standard input is no terminal, " +
		"an answer is read from it; without one nothing is changed.",
		[]string{"yes", "dry-run"}},
}

const preface = "# scctl\n\n" +
	"<!-- Generated from the command tree: go test ./cmd/scctl -update -->\n\n" +
	"Asks a Tenable Security Center console (Tenable.sc, SecurityCenter 4 to 6) from the command line.\n\n" +
	"```sh\n" +
	"go install ./cmd/scctl\n\n" +
	"export SC_URL=https://sc.example.org SC_USERNAME=analyst SC_PASSWORD_FILE=~/.sc-password SC_CA_FILE=ca.pem\n" +
	"scctl login-check                                    # does it work, and what may the account read?\n" +
	"scctl query sumip --format csv -o hosts.csv          # every host with its findings by severity\n" +
	"scctl --config.file config.yml --console hq scanners # with the exporter's own configuration\n" +
	"```\n\n" +
	"Secrets come from the environment, from files or from the exporter's configuration file, never from the command line, which everybody on the machine can read. " +
	"A command ends its session however it ends: also when it is interrupted, when its terminal is closed, and when nobody reads its output any more (`| head`). `scctl help COMMAND` shows what is written here.\n\n"

// document renders the command tree as Markdown.
func document(t *tree) []byte {
	app := t.app.Model()
	var b bytes.Buffer
	b.WriteString(preface)
	b.WriteString("## Commands\n\n| command | |\n|---|---|\n")
	for _, c := range app.FlattenedCommands() {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", c.FullCommand, anchor("scctl "+c.FullCommand), cell(firstSentence(c.Help)))
	}
	b.WriteString("\n## Flags of every command\n\n")
	flags(&b, app.Flags)
	for _, s := range shared {
		fmt.Fprintf(&b, "## %s\n\n%s\n\n", s.heading, s.text)
		flags(&b, pick(app, s.flags))
	}
	b.WriteString("## Exit codes\n\n| code | meaning |\n|---|---|\n")
	for _, e := range exitCodes {
		fmt.Fprintf(&b, "| %d | %s |\n", e.code, cell(e.meaning))
	}
	for _, c := range app.FlattenedCommands() {
		describe(&b, app, c, t.settings.output.columns[c.FullCommand])
	}
	return append(bytes.TrimRight(b.Bytes(), "\n"), '\n')
}

func describe(b *bytes.Buffer, app *kingpin.ApplicationModel, c *kingpin.CmdModel, columns []string) {
	fmt.Fprintf(b, "\n## scctl %s\n\n```\nscctl %s%s%s\n```\n\n%s\n\n```sh\n%s\n```\n\n",
		c.FullCommand, c.FullCommand, flagSummary(c), arguments(c), escape(c.Help), c.HelpLong)
	for _, a := range c.Args {
		fmt.Fprintf(b, "* `%s`: %s\n", a.Name, escape(a.Help))
	}
	if len(c.Args) > 0 {
		b.WriteString("\n")
	}
	// A flag of its own may have the name of a shared one.
	isShared := func(f *kingpin.FlagModel, names []string) bool {
		same := pick(app, names)
		return slices.ContainsFunc(same, func(o *kingpin.FlagModel) bool { return o.Name == f.Name && o.Help == f.Help })
	}
	var own []*kingpin.FlagModel
	var also []string
	listing := false
	for _, s := range shared {
		if slices.ContainsFunc(c.Flags, func(f *kingpin.FlagModel) bool { return isShared(f, s.flags[:1]) }) {
			also = append(also, fmt.Sprintf("[%s](#%s)", strings.ToLower(s.heading), s.anchor))
			listing = listing || s.anchor == "output"
		}
	}
	for _, f := range c.Flags {
		if !isShared(f, shared[0].flags) && !isShared(f, shared[1].flags) || f.Name == "output" && !listing {
			own = append(own, f)
		}
	}
	flags(b, own)
	if len(columns) > 0 {
		fmt.Fprintf(b, "Columns: `%s`.\n\n", strings.Join(columns, "`, `"))
	}
	if len(also) > 0 {
		fmt.Fprintf(b, "And the flags of %s.\n", strings.Join(also, " and of "))
	}
}

func flagSummary(c *kingpin.CmdModel) string {
	if len(c.Flags) == 0 {
		return ""
	}
	return " [FLAGS]"
}

func arguments(c *kingpin.CmdModel) string {
	var all strings.Builder
	for _, a := range c.Args {
		all.WriteString(" <" + a.Name + ">")
		if cumulative, ok := a.Value.(interface{ IsCumulative() bool }); ok && cumulative.IsCumulative() {
			all.WriteString("...")
		}
	}
	return all.String()
}

func flags(b *bytes.Buffer, list []*kingpin.FlagModel) {
	if len(list) == 0 {
		return
	}
	b.WriteString("| flag | default | |\n|---|---|---|\n")
	for _, f := range list {
		if f.Hidden || f.Name == "help" {
			continue
		}
		name := "--" + f.Name
		if f.Short != 0 {
			name = "-" + string(f.Short) + ", " + name
		}
		if f.IsBoolFlag() && len(f.Default) > 0 {
			name = "--[no-]" + f.Name
		}
		if !f.IsBoolFlag() {
			placeholder := f.PlaceHolder
			if placeholder == "" {
				placeholder = strings.ToUpper(f.Name[strings.LastIndexByte(f.Name, '.')+1:])
			}
			name += "=" + placeholder
		}
		value := strings.Join(f.Default, ",")
		if value != "" {
			value = "`" + value + "`"
		}
		help := f.Help
		if f.Envar != "" {
			help += " `$" + f.Envar + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, value, cell(help))
	}
	b.WriteString("\n")
}

// pick returns the flags of these names as the first command that has them describes them.
func pick(app *kingpin.ApplicationModel, names []string) []*kingpin.FlagModel {
	var found []*kingpin.FlagModel
	for _, name := range names {
		for _, c := range app.FlattenedCommands() {
			if n := slices.IndexFunc(c.Flags, func(f *kingpin.FlagModel) bool { return f.Name == name }); n >= 0 {
				found = append(found, c.Flags[n])
				break
			}
		}
	}
	return found
}

func anchor(heading string) string {
	return strings.ReplaceAll(strings.ToLower(heading), " ", "-")
}

// escape keeps Markdown from taking text for markup.
func escape(text string) string {
	return strings.NewReplacer("*", `\*`, "<", "&lt;", "~", `\~`).Replace(text)
}

func cell(text string) string { return strings.ReplaceAll(escape(text), "|", `\|`) }
