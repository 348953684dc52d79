package main

import (
	"bufio"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// cellWidth is the longest that a cell of a table may be, in characters.
const cellWidth = 60

// tableWriter writes columns for people. The widths are those of the first
// records; longer cells of later ones push their line to the right. Columns
// that the first records leave empty are left out, unless they were asked for.
type tableWriter struct {
	head
	out    *bufio.Writer
	bare   bool  // without the line of names
	chosen bool  // the columns were asked for
	widths []int // nil: not settled yet
}

func (t *tableWriter) write(i *item) error {
	if t.widths == nil {
		if !t.take(i) {
			return nil
		}
		return t.start()
	}
	return t.line(t.shown(i))
}

// start writes the line of names and the records that were kept.
func (t *tableWriter) start() error {
	t.settle()
	if !t.chosen && len(t.kept) > 0 {
		t.fields = slices.DeleteFunc(slices.Clone(t.fields), func(field string) bool {
			return !slices.ContainsFunc(t.kept, func(i *item) bool { return text(i.value(field)) != "" })
		})
	}
	lines := make([][]string, 0, len(t.kept)+1)
	if !t.bare {
		lines = append(lines, t.fields)
	}
	for _, i := range t.kept {
		lines = append(lines, t.shown(i))
	}
	t.kept = nil
	t.widths = make([]int, len(t.fields))
	for _, cells := range lines {
		for n, cell := range cells {
			t.widths[n] = max(t.widths[n], utf8.RuneCountInString(cell))
		}
	}
	for _, cells := range lines {
		if err := t.line(cells); err != nil {
			return err
		}
	}
	return nil
}

func (t *tableWriter) flush() error {
	if t.widths == nil && len(t.kept) > 0 {
		if err := t.start(); err != nil {
			return err
		}
	}
	return t.out.Flush()
}

func (t *tableWriter) finish() error {
	if t.widths == nil && (t.fields != nil || len(t.kept) > 0) {
		if err := t.start(); err != nil {
			return err
		}
	}
	return t.out.Flush()
}

func (t *tableWriter) shown(i *item) []string {
	cells := t.cells(i)
	for n, cell := range cells {
		cells[n] = harmless(cell, cellWidth)
	}
	return cells
}

func (t *tableWriter) line(cells []string) error {
	var b strings.Builder
	for n, cell := range cells {
		b.WriteString(cell)
		if pad := t.widths[n] - utf8.RuneCountInString(cell) + 2; n < len(cells)-1 {
			b.WriteString(strings.Repeat(" ", max(pad, 2)))
		}
	}
	_, err := t.out.WriteString(strings.TrimRight(b.String(), " ") + "\n")
	return err
}

// harmless makes text of a console fit for a terminal: one line, no control
// characters, at most limit characters.
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
			b.WriteString("…")
			break
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}
