package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/dashboards"
)

var explainCommand = regexp.MustCompile(`scctl explain (?:'([^'\n]*)'|(securitycenter_\w+))`)

// accepted fails unless every selector that is named in a text can be explained.
func accepted(t *testing.T, where, text string) (named int) {
	t.Helper()
	for _, m := range explainCommand.FindAllStringSubmatch(text, -1) {
		s, err := parseSelector(m[1] + m[2])
		if err == nil {
			_, err = s.resolve(nil)
		}
		if err != nil {
			t.Errorf("%s: %s: %v", where, m[0], err)
		}
		named++
	}
	return named
}

func TestEverySelectorInTheDocumentationIsAccepted(t *testing.T) {
	var files []string
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../*/README.md", "../../alerts/*.yml"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	named := map[string]int{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		named[filepath.Base(file)] += accepted(t, file, string(text))
	}
	if named["runbooks.md"] < 15 || named["scctl.md"] < 5 || named["usage.md"] < 1 {
		t.Errorf("too few commands are named: %v", named)
	}
}

// A panel that shows how many names the command that shows which.
func TestEveryPanelThatCountsFindingsNamesTheCommand(t *testing.T) {
	countable := map[string]bool{}
	for _, col := range collector.All() {
		for _, f := range col.Families {
			countable[f.Name] = col.Explains() && f.Uncounted == ""
		}
	}
	metric := regexp.MustCompile(`\bsecuritycenter_\w+`)
	type panel struct {
		Title, Description string
		Targets            []struct{ Expr string }
		Panels             []json.RawMessage
	}
	var walk func(board string, raw []json.RawMessage) int
	walk = func(board string, raw []json.RawMessage) (named int) {
		for _, text := range raw {
			var p panel
			if err := json.Unmarshal(text, &p); err != nil {
				t.Fatal(err)
			}
			counts := false
			for _, q := range p.Targets {
				for _, name := range metric.FindAllString(q.Expr, -1) {
					counts = counts || countable[name]
				}
			}
			n := accepted(t, board+": "+p.Title, p.Description)
			if counts != (n > 0) {
				t.Errorf("%s: %s counts findings or hosts: %v; it names the command %d times", board, p.Title, counts, n)
			}
			named += n + walk(board, p.Panels)
		}
		return named
	}
	named := 0
	for _, b := range dashboards.Boards() {
		text, err := b.JSON()
		if err != nil {
			t.Fatal(err)
		}
		var board struct{ Panels []json.RawMessage }
		if err := json.Unmarshal(text, &board); err != nil {
			t.Fatal(err)
		}
		named += walk(b.Name, board.Panels)
	}
	if named < 40 {
		t.Errorf("%d panels name the command", named)
	}
}
