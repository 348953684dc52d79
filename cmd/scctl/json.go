package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
)

// jsonWriter writes objects: one a line, or as one array. Without fields an
// object has the item's own names, or is the console's. The array is closed at
// the end only, so that what a failure left incomplete is no JSON.
type jsonWriter struct {
	out    *bufio.Writer
	fields []string
	raw    bool
	array  bool

	n int
}

// errNoObject: what is written was put together from several answers.
var errNoObject = errors.New("there is no single object of the console behind this")

func (w *jsonWriter) write(i *item) error {
	line, err := w.object(i)
	if err != nil {
		return err
	}
	before := ""
	switch {
	case w.array && w.n == 0:
		before = "[\n"
	case w.array:
		before = ",\n"
	}
	w.n++
	after := "\n"
	if w.array {
		after = ""
	}
	_, err1 := w.out.WriteString(before)
	_, err2 := w.out.Write(line)
	_, err3 := w.out.WriteString(after)
	return cmp.Or(err1, err2, err3)
}

func (w *jsonWriter) object(i *item) ([]byte, error) {
	fields := w.fields
	if fields == nil {
		fields = i.names
	}
	if w.raw && i.raw == nil {
		return nil, fmt.Errorf("--raw: %w", errNoObject)
	}
	if w.raw || fields == nil {
		row := i.row
		row.Raw = i.raw
		if line := row.Compact(); line != nil {
			return line, nil
		}
		return nil, errNoObject
	}
	line := []byte{'{'}
	for n, field := range fields {
		if n > 0 {
			line = append(line, ',')
		}
		key, err := marshal(field)
		if err != nil {
			return nil, err
		}
		value, err := jsonValue(i.value(field))
		if err != nil {
			return nil, err
		}
		line = append(append(append(line, key...), ':'), value...)
	}
	return append(line, '}'), nil
}

// jsonValue is a value as JSON; null where it is unknown.
func jsonValue(v any) ([]byte, error) {
	if raw, ok := v.(json.RawMessage); ok {
		return compact(raw), nil
	}
	return marshal(v)
}

func (w *jsonWriter) flush() error { return w.out.Flush() }

func (w *jsonWriter) finish() error {
	if w.array {
		end := "\n]\n"
		if w.n == 0 {
			end = "[]\n"
		}
		if _, err := w.out.WriteString(end); err != nil {
			return err
		}
	}
	return w.out.Flush()
}
