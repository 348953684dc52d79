package main

import (
	"bufio"
	"regexp"
	"strings"
)

// csvWriter writes RFC 4180: a line of names, lines that end in CR LF, and
// quotes around what needs them. Text is kept as it is, line breaks included;
// bytes that are no UTF-8 become U+FFFD.
type csvWriter struct {
	head
	out  *bufio.Writer
	tabs bool // between cells, and lines for shells: TSV instead
	bare bool // without the line of names
	safe bool // against formulas
	mark bool // byte order mark

	begun bool
}

func (c *csvWriter) write(i *item) error {
	if c.begun {
		return c.line(c.cells(i))
	}
	if c.fields == nil && !c.take(i) {
		return nil
	}
	if err := c.start(); err != nil {
		return err
	}
	if len(c.kept) > 0 {
		return c.rest()
	}
	return c.line(c.cells(i))
}

// start writes the line of names.
func (c *csvWriter) start() error {
	c.begun = true
	c.settle()
	if c.mark {
		if _, err := c.out.WriteString("\ufeff"); err != nil {
			return err
		}
	}
	if len(c.fields) == 0 || c.bare {
		return nil
	}
	return c.line(c.fields)
}

// rest writes the records that were kept.
func (c *csvWriter) rest() error {
	for _, i := range c.kept {
		if err := c.line(c.cells(i)); err != nil {
			return err
		}
	}
	c.kept = nil
	return nil
}

func (c *csvWriter) flush() error {
	if !c.begun && len(c.kept) > 0 {
		if err := c.start(); err != nil {
			return err
		}
	}
	if err := c.rest(); err != nil {
		return err
	}
	return c.out.Flush()
}

// finish also writes the names of an output without records, where they are known.
func (c *csvWriter) finish() error {
	if !c.begun && len(c.kept) == 0 && c.fields != nil {
		if err := c.start(); err != nil {
			return err
		}
	}
	return c.flush()
}

func (c *csvWriter) line(cells []string) error {
	if c.tabs {
		return c.tabbed(cells)
	}
	for n, cell := range cells {
		if n > 0 {
			if err := c.out.WriteByte(','); err != nil {
				return err
			}
		}
		cell = strings.ToValidUTF8(cell, "\ufffd")
		if c.safe {
			cell = disarm(cell)
		}
		// A line of one empty cell would be an empty line.
		if c.safe || special(cell) || strings.TrimSpace(cell) != cell || cell == "" && len(cells) == 1 {
			cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		if _, err := c.out.WriteString(cell); err != nil {
			return err
		}
	}
	_, err := c.out.WriteString("\r\n")
	return err
}

// special reports whether a cell has a character that must be inside quotes, or that some programs take
// for the end of one.
func special(cell string) bool {
	for i := range len(cell) {
		switch cell[i] {
		case '"', ',', ';', '\r', '\n', '\t':
			return true
		}
	}
	return false
}

// inCell is how TSV has what would end a cell or a line.
var inCell = strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

// tabbed writes a line of TSV.
func (c *csvWriter) tabbed(cells []string) error {
	for n, cell := range cells {
		if n > 0 {
			if err := c.out.WriteByte('\t'); err != nil {
				return err
			}
		}
		if _, err := inCell.WriteString(c.out, strings.ToValidUTF8(cell, "\ufffd")); err != nil {
			return err
		}
	}
	return c.out.WriteByte('\n')
}

var (
	// formula is how a cell begins that a spreadsheet may run, blanks before it
	// included; ＝＋－＠ are the same in full width.
	formula = regexp.MustCompile(`^[\s\p{Z}\x00-\x1f]*[=+\-@|%＝＋－＠]|^[\t\r\n]`)
	number  = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?$`)
)

// disarm makes a spreadsheet show a cell instead of running it. Numbers stay.
func disarm(cell string) string {
	if formula.MatchString(cell) && !number.MatchString(cell) {
		return "'" + cell
	}
	return cell
}
