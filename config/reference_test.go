package config

import (
	"slices"
	"strings"
	"testing"
)

// TestTheReferenceLooksIntoEveryMapping guards the sample that the reference is
// made of: a mapping that is missing there would be missing in the reference.
func TestTheReferenceLooksIntoEveryMapping(t *testing.T) {
	all := fields(known())
	for _, f := range all {
		if f.help == "" && f.group != "collectors" && !strings.HasPrefix(f.group, "collectors.") {
			t.Errorf("%s.%s has no help", f.group, f.name)
		}
		path := strings.TrimPrefix(f.group+"."+f.name, ".")
		if strings.HasPrefix(f.kind, "list of mappings") {
			path += "[]"
		} else if f.kind != "mapping" {
			continue
		}
		inside := func(g field) bool { return g.group == path || strings.HasPrefix(g.group, path+".") }
		if !slices.ContainsFunc(all, inside) && elsewhere()[path] == "" {
			t.Errorf("the reference does not look into %s", path)
		}
	}
}

func TestTheReferenceSaysWhatAKeyTakes(t *testing.T) {
	text := Reference(known())
	for _, line := range []string{
		"| `consoles` | list of mappings | required | The Security Centers, one entry for each. |",
		"| `timeout` | duration from 1ms to 1d | 1m | How long one request may take. |",
		"| `password_env` | name of a variable | – | The password is in this environment variable. |",
		"| `hosts` | mapping | off, every 1h | – |",
		"| `watches` | mapping | on where there are watches, every 1h | – |",
		"| `interval` | duration from 1s to 1y | that of the collector | How old data may grow before it is read again. Scraping more often than this costs the console nothing. |",
		"| `top` | number from 1 to 1000 | 100 | – |",
		"| `networks` | list of networks or addresses | [] | – |",
		"| `assets` | list of ids, at most 3 | [] | – |",
		"| `prefix` | one of 16, 24 | 24 | Length of a prefix. |",
		"| `since` | duration from 1s to 1y | 1d | – |",
		"| `allow` | list of texts | [10.0.0.0/8] | – |",
	} {
		if n := strings.Count(text, line+"\n"); n != 1 {
			t.Errorf("the reference has this line %d times, want 1: %s", n, line)
		}
	}
	if strings.Contains(text, "unborn") || strings.Contains(text, "unasked") {
		t.Error("the reference names a collector that is not there")
	}
	headings := map[string]bool{}
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "## ") && headings[line] {
			t.Errorf("the heading stands twice: %s", line)
		}
		headings[line] = true
	}
}
