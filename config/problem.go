package config

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a configuration file. It never
// carries a secret.
type Problem struct {
	File         string
	Line, Column int    // from 1; 0 where the whole file is meant
	Path         string // the key, such as consoles[0].accounts[1].password_file; empty for the file
	Wrong        string // what is wrong, in words that follow the key
	Expected     string // what would have been right
}

// String returns the problem in one line:
// FILE:LINE:COLUMN: KEY: what is wrong, expected what would be right.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Wrong + ", expected " + p.Expected)
	return b.String()
}

// Error is returned for a configuration that is refused. It lists every
// problem that was found, in the order of the file.
type Error struct {
	Problems []Problem
}

// Error returns the problems, one a line.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// refusal returns the error for the problems found, nil where there is none.
func refusal(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return &Error{Problems: problems}
}
