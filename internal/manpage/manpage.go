// Package manpage writes the manual page of a program from its command line.
package manpage

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kingpin/v2"
)

// Flag is what a command line has to hold for the page to be written. It replaces
// kingpin's own, which escapes nothing.
const Flag = "--help-man"

// Page is a manual page of section 1.
type Page struct {
	App     *kingpin.ApplicationModel
	Version string
	// More are sections behind the commands, such as EXIT STATUS.
	More []Section
	// Columns are the names of the columns that a command writes, by its full name; nil: none are known.
	Columns func(command string) []string
}

// Section is a list of terms under a heading.
type Section struct {
	Heading string
	Terms   [][2]string // each with its explanation
}

// Write writes the page in the macros of man, which groff and mandoc read.
func (p Page) Write(w io.Writer) error {
	var b bytes.Buffer
	name := p.App.Name
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"%s %s\" \"User Commands\"\n", escape(strings.ToUpper(name)), escape(name), escape(p.Version))
	summary, _, _ := strings.Cut(p.App.Help, ". ")
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", escape(name), line(strings.TrimSuffix(summary, ".")))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n\\fB%s\\fR [\\fIflags\\fR]", escape(name))
	if len(p.App.Commands) > 0 {
		b.WriteString(" \\fIcommand\\fR [\\fIarguments\\fR]")
	}
	fmt.Fprintf(&b, "\n.SH DESCRIPTION\n%s\n.SH OPTIONS\n", line(p.App.Help))
	flags(&b, p.App.Flags)
	if len(p.App.Commands) > 0 {
		b.WriteString(".SH COMMANDS\n")
	}
	for _, c := range p.App.FlattenedCommands() {
		if !c.Hidden {
			p.command(&b, c)
		}
	}
	for _, s := range p.More {
		fmt.Fprintf(&b, ".SH %s\n", escape(s.Heading))
		for _, t := range s.Terms {
			term(&b, "\\fB"+escape(t[0])+"\\fR", t[1])
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (p Page) command(b *bytes.Buffer, c *kingpin.CmdModel) {
	fmt.Fprintf(b, ".SS %s\n%s\n", escape(c.FullCommand), line(c.Help))
	for _, a := range c.Args {
		term(b, "\\fI"+escape(a.Name)+"\\fR", a.Help)
	}
	flags(b, c.Flags)
	if p.Columns != nil {
		if columns := p.Columns(c.FullCommand); len(columns) > 0 {
			fmt.Fprintf(b, ".PP\nColumns: %s.\n", escape(strings.Join(columns, ", ")))
		}
	}
	if c.HelpLong != "" {
		b.WriteString(".PP\nExamples:\n.PP\n.nf\n.RS\n")
		for example := range strings.Lines(c.HelpLong) {
			b.WriteString(line(strings.TrimRight(example, "\n")) + "\n")
		}
		b.WriteString(".RE\n.fi\n")
	}
}

func flags(b *bytes.Buffer, list []*kingpin.FlagModel) {
	for _, f := range list {
		if f.Hidden {
			continue
		}
		name := "\\fB" + escape("--"+f.Name) + "\\fR"
		if f.IsBoolFlag() && len(f.Default) > 0 {
			name = "\\fB" + escape("--[no-]"+f.Name) + "\\fR"
		}
		if f.Short != 0 {
			name = "\\fB" + escape("-"+string(f.Short)) + "\\fR, " + name
		}
		if !f.IsBoolFlag() {
			name += "=\\fI" + escape(f.FormatPlaceHolder()) + "\\fR"
		}
		help := f.Help
		if f.Envar != "" {
			help += " ($" + f.Envar + ")"
		}
		term(b, name, help)
	}
}

// term writes a term, which is escaped already, with its explanation.
func term(b *bytes.Buffer, name, help string) {
	fmt.Fprintf(b, ".TP\n%s\n%s\n", name, line(help))
}

// line is a text that begins a line, where a dot or an apostrophe would begin a request.
func line(text string) string {
	text = escape(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		return `\&` + text
	}
	return text
}

// escape keeps what roff would read otherwise: its own character, hyphens that are
// to be copied, and what is not ASCII.
func escape(text string) string {
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(text), " ") {
		switch {
		case r == '\\':
			b.WriteString(`\e`)
		case r == '-':
			b.WriteString(`\-`)
		case r == '"':
			b.WriteString(`\(dq`)
		case r == '\'':
			b.WriteString(`\(aq`)
		case r == '~':
			b.WriteString(`\(ti`)
		case r == '^':
			b.WriteString(`\(ha`)
		case r == '`':
			b.WriteString(`\(ga`)
		case r > '~':
			fmt.Fprintf(&b, `\[u%04X]`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
