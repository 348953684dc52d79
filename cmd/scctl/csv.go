package main

import "bufio"

// csvWriter writes RFC 4180: a line of names, lines that end in CR LF, and
// quotes around what needs them. Text is kept as it is, line breaks included;
// bytes that are no UTF-8 become U+FFFD.
type csvWriter struct {
	head
	cellStyle
	out   *bufio.Writer
	plain bool // without the line of names
	mark  bool // byte order mark

	begun  bool
	places places // of the fields, in rows
	buffer []byte // of a line
}

func (c *csvWriter) write(i *item) error {
	if c.begun {
		return c.record(i)
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
	return c.record(i)
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
	if len(c.fields) == 0 || c.plain {
		return nil
	}
	line := c.buffer[:0]
	for n, name := range c.fields {
		line = c.cell(line, n, name)
	}
	return c.line(line)
}

// rest writes the records that were kept.
func (c *csvWriter) rest() error {
	for _, i := range c.kept {
		if err := c.record(i); err != nil {
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

// record writes a record.
func (c *csvWriter) record(i *item) error {
	row := i.row.Raw != nil
	if row {
		c.places.look(i.row, c.fields)
	}
	line := c.buffer[:0]
	for n, field := range c.fields {
		if !row {
			line = c.cell(line, n, text(i.value(field)))
			continue
		}
		cell, bare, quotes := c.bare(c.places.whole(n))
		if bare && !c.alone() {
			line = append(c.between(line, n), cell...)
			continue
		}
		var start int
		line, start = c.begin(line, n)
		line = c.places.append(line, n, i, field)
		line = c.end(line, start, quotes || len(line) == start && c.alone())
	}
	return c.line(line)
}

// cell appends a cell of a line, the nth.
func (c *csvWriter) cell(line []byte, n int, text string) []byte {
	line, start := c.begin(line, n)
	return c.end(append(line, text...), start, text == "" && c.alone())
}

// alone reports whether lines have one cell: if that is empty, it is quoted, or the line would be an empty one.
func (c *csvWriter) alone() bool { return len(c.fields) == 1 }

// line writes a line, of which the end is missing.
func (c *csvWriter) line(line []byte) error {
	if !c.tabs {
		line = append(line, '\r')
	}
	line = append(line, '\n')
	c.buffer = line
	_, err := c.out.Write(line)
	return err
}
