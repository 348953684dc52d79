package main

import (
	"bufio"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

const (
	// usualWidth is that of a table that no terminal bounds, in cells of a terminal.
	usualWidth = 120
	// leastWidth is what a column keeps at least, where it has as much.
	leastWidth = 4
	between    = "  " // columns
	ellipsis   = "…"
)

// cellsOf counts how wide a text is on a terminal, whatever the environment says:
// 漢 is two wide, a combining accent nothing.
var cellsOf = &runewidth.Condition{StrictEmojiNeutral: true}

// tableWriter writes columns for people, in lines that fit. The widths are those of
// the first records, the widest columns cut until all fit. A longer cell of a later
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
		if !t.bare {
			c.width = cellsOf.StringWidth(field)
		}
		some := false
		c.numbers = true
		for _, cells := range lines {
			c.width = max(c.width, cellsOf.StringWidth(cells[n]))
			some = some || cells[n] != ""
			c.numbers = c.numbers && (cells[n] == "" || number.MatchString(cells[n]))
		}
		c.numbers = c.numbers && some
		if t.colour {
			c.colours = colours(field)
		}
		c.width = min(c.width, t.width)
	}
	t.fit()
}

// fit narrows the widest columns until a line fits, and leaves out the last ones
// where that is not enough.
func (t *tableWriter) fit() {
	for excess := t.total() - t.width; excess > 0; excess = t.total() - t.width {
		widest := slices.MaxFunc(t.columns, func(a, b tableColumn) int { return a.width - b.width }).width
		if widest > leastWidth {
			at := slices.IndexFunc(t.columns, func(c tableColumn) bool { return c.width == widest })
			t.columns[at].width--
			continue
		}
		if len(t.columns) == 1 {
			return
		}
		t.columns, t.more = t.columns[:len(t.columns)-1], true
	}
}

// total is how wide a line is.
func (t *tableWriter) total() int {
	total := len(between) * max(len(t.columns)-1, 0)
	for _, c := range t.columns {
		total += c.width
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
	needed := t.total()
	for n, c := range t.columns {
		needed += max(cellsOf.StringWidth(cells[n])-c.width, 0)
	}
	var b strings.Builder
	for n, c := range t.columns {
		cell := cells[n]
		if needed > t.width {
			cell = cellsOf.Truncate(cell, c.width, ellipsis)
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
