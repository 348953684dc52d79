package main

import (
	"io"
	"os/exec"
	"strings"
	"testing"
)

func TestTheManualIsAValidPage(t *testing.T) {
	page := succeed(t, "--help-man")
	for _, c := range newTree(io.Discard, io.Discard).app.Model().FlattenedCommands() {
		if !strings.Contains(page, "\n.SS "+strings.ReplaceAll(c.FullCommand, "-", `\-`)+"\n") {
			t.Errorf("no command %s", c.FullCommand)
		}
	}
	for _, want := range []string{".SH NAME\nscctl \\- Asks a Tenable", ".SH EXIT STATUS\n", "\\fB143\\fR\n"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	checkers := 0
	for _, checker := range [][]string{{"mandoc", "-T", "lint", "-W", "warning"}, {"groff", "-man", "-T", "utf8", "-ww", "-z"}} {
		path, err := exec.LookPath(checker[0])
		if err != nil {
			continue
		}
		checkers++
		command := exec.CommandContext(t.Context(), path, checker[1:]...)
		command.Stdin = strings.NewReader(page)
		said, _ := command.CombinedOutput() // that mandoc has something to say is a code too
		for line := range strings.Lines(string(said)) {
			if !strings.Contains(line, "missing date") { // the same program gives the same page
				t.Errorf("%s: %s", checker[0], line)
			}
		}
	}
	if checkers == 0 {
		t.Skip("neither mandoc nor groff")
	}
}
