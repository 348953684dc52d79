package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/regularfile"
)

// document is one configuration file while it is being read. It collects
// every problem, so that a user mends the file once and not line by line.
type document struct {
	file     string // as it is shown in problems
	dir      string // relative paths in the file start here
	problems []Problem
	describe func(field) // called with every key that is asked for; may be nil
}

// parse reads YAML and returns its root, or false after noting why not.
func (d *document) parse(data []byte) (value, bool) {
	root := value{doc: d, line: 1, column: 1, printed: &printed{}}
	switch {
	case len(data) > regularfile.Most:
		root.refuse("is larger than 1 MiB", "a configuration file of at most 1 MiB")
		return root, false
	case !utf8.Valid(data):
		root.line, root.column = firstInvalid(data)
		root.refuse("is not UTF-8 text", "a YAML file in UTF-8")
		return root, false
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var node yaml.Node
	err := decoder.Decode(&node)
	if err == nil {
		var second yaml.Node
		switch err = decoder.Decode(&second); {
		case err == nil:
			root.line, root.column = max(second.Line, 1), max(second.Column, 1)
			root.refuse("is a second YAML document", "one document in the file")
			return root, false
		case errors.Is(err, io.EOF):
			err = nil
		}
	}
	switch {
	case errors.Is(err, io.EOF), err == nil && empty(&node):
		root.refuse("is empty", "at least one console under consoles")
		return root, false
	case err != nil:
		line, wrong := syntaxError(data, err)
		root.line = line
		expected := "valid YAML"
		if strings.Contains(wrong, "did not find expected") {
			expected = "valid YAML: brackets and quotes closed, keys of one block in one column"
		}
		root.refuse(wrong, expected)
		return root, false
	}
	root.node = node.Content[0]
	root.line, root.column = root.node.Line, root.node.Column
	d.plain(root.node)
	return root, len(d.problems) == 0
}

func empty(document *yaml.Node) bool {
	return len(document.Content) == 0 || isNull(document.Content[0])
}

// plain refuses anchors, aliases and tags. They are hardly ever meant: a
// password that begins with &, * or ! and is not quoted would silently lose
// its first word. Without aliases a file cannot grow on reading either.
func (d *document) plain(n *yaml.Node) {
	mark := ""
	switch {
	case n.Kind == yaml.AliasNode:
		mark = "alias (*)"
	case n.Anchor != "":
		mark = "anchor (&)"
	case n.Style&yaml.TaggedStyle != 0:
		mark = "tag (!)"
	}
	if mark != "" {
		v := value{doc: d, line: n.Line, column: n.Column}
		v.refuse("a YAML "+mark+" is not supported here", "the value itself, in quotes where it begins with &, * or !")
	}
	for _, child := range n.Content {
		d.plain(child)
	}
}

// resolve returns a path of the file as the process can open it.
func (d *document) resolve(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(d.dir, path)
}

// firstInvalid returns line and column of the first byte that is not UTF-8.
func firstInvalid(data []byte) (line, column int) {
	line, column = 1, 1
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			break
		}
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
		data = data[size:]
	}
	return line, column
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// syntaxError returns the line and the text of a YAML error. The text never
// quotes the file, which may hold a password.
func syntaxError(data []byte, err error) (line int, wrong string) {
	wrong = strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(wrong); m != nil {
		line, _ = strconv.Atoi(m[1])
		wrong = strings.TrimPrefix(wrong, m[0])
	}
	anchor := strings.HasPrefix(wrong, "unknown anchor")
	// The library gives no line at all, or that of the beginning of the
	// enclosing block. The first line with which the error appears is better.
	if line == 0 || strings.HasPrefix(wrong, "did not find expected") {
		lines := bytes.SplitAfter(data, []byte("\n"))
		line = 1 + sort.Search(len(lines)-1, func(i int) bool {
			var n yaml.Node
			err := yaml.Unmarshal(bytes.Join(lines[:i+1], nil), &n)
			return err != nil && strings.HasSuffix(err.Error(), wrong)
		})
	}
	if anchor {
		wrong = "an unquoted * begins a YAML alias, which is not supported"
	}
	return line, fmt.Sprintf("is not valid YAML (%s)", wrong)
}
