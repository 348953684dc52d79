package main

import (
	"io"
	"math"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// ink are the colours of severities, as terminals are told them.
var ink = map[scapi.Severity]string{
	scapi.Critical: "1;31", // bold red
	scapi.High:     "31",   // red
	scapi.Medium:   "33",   // yellow
	scapi.Low:      "36",   // cyan
}

// colours returns the colour that a cell of a column has; nil: none of them has one.
// Severities have them, and numbers of findings of one that are not 0.
func colours(field string) func(cell string) string {
	name := strings.ToLower(field)
	if name == "severity" || name == "severity.name" {
		return func(cell string) string {
			for severity, code := range ink {
				if strings.EqualFold(cell, severity.String()) {
					return code
				}
			}
			return ""
		}
	}
	for severity, code := range ink {
		if strings.TrimPrefix(name, "severity") == severity.String() {
			return func(cell string) string {
				if cell == "" || cell == "0" {
					return ""
				}
				return code
			}
		}
	}
	return nil
}

func paint(cell, code string) string {
	if code == "" || cell == "" {
		return cell
	}
	return "\x1b[" + code + "m" + cell + "\x1b[0m"
}

// screen is what is known of where a table goes.
func (o *outputSettings) screen(w io.Writer) (width int, colour bool) {
	width = usualWidth
	if s, ok := w.(*stream); ok && isTerminal(s.out) {
		colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		if file, ok := s.out.(*os.File); ok {
			if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 {
				width = columns
			}
		}
	}
	if o.wide {
		width = math.MaxInt
	}
	return width, colour
}
