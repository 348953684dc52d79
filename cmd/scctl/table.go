package main

import (
	"bufio"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

const (
	// usualWidth is that of a table that no terminal bounds, in cells of a terminal.
	usualWidth = 120
	// What a column keeps at least, where it has as much: numbers and times are not
	// cut, but their names are.
	leastWidth = 4
	leastText  = 10
	between    = "  " // columns
	ellipsis   = "…"
)

// cellsOf counts how wide a text is on a terminal, whatever the environment says:
// 漢 is two wide, a combining accent nothing.
var cellsOf = &runewidth.Condition{StrictEmojiNeutral: true}

// tableWriter writes columns for people, in lines that fit. The widths are those of
// the first records, the widest texts cut until all fit, and the last columns left out
// where that is not enough: … stands in their place. A longer cell of a later
// record pushes the rest of its line to the right as far as it fits, and is cut else.
// Columns that the first records leave empty are left out, unless they were asked for.
type tableWriter struct {
	head
	out    *bufio.Writer
	bare   bool // without the line of names
	chosen bool // the columns were asked for
	width  int  // of a line
	colour bool

	columns []tableColumn // nil: not settled yet
	more    bool          // there are columns that do not fit at all
}

type tableColumn struct {
	width   int
	least   int  // that it can be cut to
	numbers bool // to the right
	colours func(cell string) string
}

func (t *tableWriter) write(i *item) error {
	if t.columns == nil {
		if !t.take(i) {
			return nil
		}
		return t.start()
	}
	return t.line(t.shown(i), false)
}

// start writes the line of names and the records that were kept.
func (t *tableWriter) start() error {
	t.settle()
	if !t.chosen && len(t.kept) > 0 {
		t.fields = slices.DeleteFunc(slices.Clone(t.fields), func(field string) bool {
			return !slices.ContainsFunc(t.kept, func(i *item) bool { return text(i.value(field)) != "" })
		})
	}
	lines := make([][]string, 0, len(t.kept))
	for _, i := range t.kept {
		lines = append(lines, t.shown(i))
	}
	t.kept = nil
	t.layOut(lines)
	if !t.bare {
		if err := t.line(t.fields, true); err != nil {
			return err
		}
	}
	for _, cells := range lines {
		if err := t.line(cells, false); err != nil {
			return err
		}
	}
	return nil
}

// layOut settles the columns for the first lines.
func (t *tableWriter) layOut(lines [][]string) {
	t.columns = make([]tableColumn, len(t.fields))
	for n, field := range t.fields {
		c := &t.columns[n]
		some, whole := false, true
		c.numbers = true
		for _, cells := range lines {
			cell := cells[n]
			c.width = max(c.width, cellsOf.StringWidth(cell))
			some = some || cell != ""
			c.numbers = c.numbers && (cell == "" || number.MatchString(cell))
			whole = whole && (cell == "" || number.MatchString(cell) || moment.MatchString(cell))
		}
		c.numbers = c.numbers && some
		if t.colour {
			c.colours = colours(field)
		}
		if c.least = max(c.width, leastWidth); !whole || !some {
			c.least = leastText
		}
		if !t.bare {
			c.width = max(c.width, cellsOf.StringWidth(field))
		}
		c.width = min(c.width, t.width)
		c.least = min(c.least, c.width)
	}
	t.fit()
}

// moment is a time or a day, which means nothing when it is cut.
var moment = regexp.MustCompile(`^\d{4}-\d\d-\d\d(?:T[0-9:]+Z)?$`)

// fit leaves out the last columns that have no room even if the others are cut, and
// narrows the widest of those that stay until a line fits.
func (t *tableWriter) fit() {
	for len(t.columns) > 1 && t.total(func(c tableColumn) int { return c.least }) > t.width {
		t.columns, t.more = t.columns[:len(t.columns)-1], true
	}
	for t.total(func(c tableColumn) int { return c.width }) > t.width {
		widest := -1
		for n, c := range t.columns {
			if c.width > c.least && (widest < 0 || c.width >= t.columns[widest].width) {
				widest = n
			}
		}
		if widest < 0 { // one column, on a terminal that has hardly any
			if t.columns[0].width <= 1 {
				return
			}
			widest = 0
		}
		t.columns[widest].width--
	}
}

// total is how wide a line is.
func (t *tableWriter) total(width func(tableColumn) int) int {
	total := len(between) * max(len(t.columns)-1, 0)
	for _, c := range t.columns {
		total += width(c)
	}
	if t.more {
		total += len(between) + 1
	}
	return total
}

func (t *tableWriter) flush() error {
	if t.columns == nil && len(t.kept) > 0 {
		if err := t.start(); err != nil {
			return err
		}
	}
	return t.out.Flush()
}

func (t *tableWriter) finish() error {
	if t.columns == nil && (t.fields != nil || len(t.kept) > 0) {
		if err := t.start(); err != nil {
			return err
		}
	}
	return t.out.Flush()
}

func (t *tableWriter) shown(i *item) []string {
	cells := t.cells(i)
	for n, cell := range cells {
		cells[n] = harmless(cell, math.MaxInt)
	}
	return cells
}

// line writes a line of cells, or of names.
func (t *tableWriter) line(cells []string, names bool) error {
	cells = cells[:len(t.columns)]
	slack := t.width - t.total(func(c tableColumn) int { return c.width })
	var b strings.Builder
	for n, c := range t.columns {
		cell := cells[n]
		if longer := cellsOf.StringWidth(cell) - c.width; longer > 0 {
			more := min(longer, max(slack, 0))
			slack -= more
			cell = cellsOf.Truncate(cell, c.width+more, ellipsis)
		}
		pad := strings.Repeat(" ", max(c.width-cellsOf.StringWidth(cell), 0))
		if c.colours != nil && !names {
			cell = paint(cell, c.colours(cells[n]))
		}
		if c.numbers {
			cell, pad = pad+cell, ""
		}
		b.WriteString(cell)
		if n < len(t.columns)-1 || t.more {
			b.WriteString(pad + between)
		}
	}
	if t.more {
		b.WriteString(ellipsis)
	}
	_, err := t.out.WriteString(strings.TrimRight(b.String(), " ") + "\n")
	return err
}

// harmless makes text of a console fit for a terminal: one line, no control
// characters, at most limit cells wide but for the ellipsis.
func harmless(s string, limit int) string {
	var b strings.Builder
	n, blank := 0, false
	for _, r := range s {
		if unicode.IsSpace(r) {
			blank = n > 0
			continue
		}
		if !unicode.IsPrint(r) {
			continue
		}
		if blank {
			b.WriteByte(' ')
			n++
			blank = false
		}
		if n >= limit {
			b.WriteString(ellipsis)
			break
		}
		b.WriteRune(r)
		n += cellsOf.RuneWidth(r)
	}
	return b.String()
}
