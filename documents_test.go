package main

import (
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestWhatTheDocumentsNameIsThere looks up every flag of the exporter, every target of
// make and every file of the project that the documents name in code. Commands of
// scctl are looked up beside scctl, links beside the manual.
func TestWhatTheDocumentsNameIsThere(t *testing.T) {
	app, _ := flags(io.Discard, io.Discard)
	known := map[string]bool{}
	for _, f := range app.Model().Flags {
		known["--"+f.Name], known["--no-"+f.Name] = true, true
	}
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	var (
		code    = regexp.MustCompile("(?s)```.*?```|`[^`\n]+`")
		command = regexp.MustCompile(`(?m)(?:^\s*|` + "`" + `|sudo |bin/)(?:securitycenter_exporter(?:\.exe)?|go run \.) ((?:[^\n\\` + "`" + `|]|\\\n)*)`)
		flag    = regexp.MustCompile(`(?:^|\s)(--[a-z][a-z.-]*)`)
		target  = regexp.MustCompile(`(?:^|[\s` + "`" + `])make ([a-z][a-z0-9]*)`)
		file    = regexp.MustCompile(`(?:^|[\s` + "`" + `=(])((?:\.ci|\.github|alerts|dashboards|deploy|docs|exporter|collector|scapi|cmd)/[A-Za-z0-9_./-]*[A-Za-z0-9_])`)
	)
	counts := map[string]int{}
	err = fs.WalkDir(documents, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".md") || name == "CHANGELOG.md" {
			return err
		}
		text, err := fs.ReadFile(documents, name)
		if err != nil {
			return err
		}
		for _, piece := range code.FindAllString(string(text), -1) {
			for _, c := range command.FindAllStringSubmatch(piece, -1) {
				for _, f := range flag.FindAllStringSubmatch(c[1], -1) {
					counts["flags"]++
					if !known[f[1]] {
						t.Errorf("%s: the exporter has no flag %s: %s", name, f[1], strings.TrimSpace(c[0]))
					}
				}
			}
			for _, m := range target.FindAllStringSubmatch(piece, -1) {
				counts["targets"]++
				if !regexp.MustCompile(`(?m)^` + m[1] + `:`).Match(makefile) {
					t.Errorf("%s: there is no make %s", name, m[1])
				}
			}
			for _, m := range file.FindAllStringSubmatch(piece, -1) {
				counts["files"]++
				if _, err := os.Stat(m[1]); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for what, least := range map[string]int{"flags": 15, "targets": 5, "files": 15} {
		if counts[what] < least {
			t.Errorf("only %d %s were found, want at least %d: does the test still read the documents?", counts[what], what, least)
		}
	}
}
