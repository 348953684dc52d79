//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
)

// In each shell: the script that it is given, and how it is made to complete words
// without a person at it.
var completing = map[string]string{
	"bash": `source <(scctl completion bash) || exit; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _scctl_bash_autocomplete; printf '%s\n' "${COMPREPLY[@]}"`,
	"zsh": `compdef() { : }; compadd() { print -l -- ${(PM)2:#${words[$CURRENT]}*} }; _files() { : }; typeset -A compstate; compstate[nmatches]=1
		source =(scctl completion zsh) || exit; words=("$@"); CURRENT=$#; _scctl`,
	"fish": `scctl completion fish | source; or exit; complete -C (string join ' ' -- $argv)`,
}

func TestShellsComplete(t *testing.T) {
	environment(t, nil)
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(path, filepath.Join(bin, program)); err != nil {
		t.Fatal(err)
	}
	file := configured(t, map[string]string{"one": "http://127.0.0.1:1", "two": "http://127.0.0.1:2"}, "")
	for name, script := range completing {
		t.Run(name, func(t *testing.T) {
			shell, err := exec.LookPath(name)
			if err != nil {
				t.Skip(err)
			}
			for _, c := range exhaustive.Sample([]struct {
				words []string
				want  []string // all of them, sorted
			}{
				{[]string{"zo"}, []string{"zones"}},
				{[]string{"scan", "do"}, []string{"download"}},
				{[]string{"query", "sumi"}, []string{"sumiavm", "sumid", "sumip"}},
				{[]string{"summary", "--tool", "sumi"}, []string{"sumiavm", "sumid", "sumip"}},
				{[]string{"zones", "--fields", "act"}, []string{"activeScanners"}},
				{[]string{"zones", "--fields", "id,na"}, []string{"id,name"}},
				{[]string{"zones", "--form"}, []string{"--format"}},
				{[]string{"zones", "--format", "js"}, []string{"json", "jsonl"}},
				{[]string{"--config.file", file, "--console", ""}, []string{"one", "two"}},
				{[]string{"--config.file", file, "--account", "a"}, []string{"admin", "analyst"}},
				{[]string{"completion", ""}, []string{"bash", "fish", "zsh"}},
			}, 3) {
				args := []string{"-c", script}
				if name != "fish" {
					args = append(args, name)
				}
				command := exec.CommandContext(t.Context(), shell, append(append(args, program), c.words...)...)
				command.Env = append(os.Environ(), asProgram+"=1", "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+t.TempDir())
				out, err := command.CombinedOutput()
				got := strings.Fields(string(out))
				slices.Sort(got)
				if err != nil && len(got) == 0 || !slices.Equal(got, c.want) {
					t.Errorf("%q: %q, %v, want %q", c.words, got, err, c.want)
				}
			}
		})
	}
}
