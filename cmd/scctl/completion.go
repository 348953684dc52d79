package main

import (
	"context"

	"github.com/alecthomas/kingpin/v2"
)

func addCompletion(t *tree) {
	var shell string
	cmd := command(t.app, "completion", "Print the script that makes a shell complete commands and flags.",
		`eval "$(scctl completion bash)"`,
		"scctl completion zsh > ~/.zfunc/_scctl",
	)
	cmd.Arg("shell", "bash or zsh.").Required().EnumVar(&shell, "bash", "zsh")
	t.runners[cmd.FullCommand()] = func(_ context.Context, t *tree, _ streams) error {
		template := kingpin.BashCompletionTemplate
		if shell == "zsh" {
			template = kingpin.ZshCompletionTemplate
		}
		empty, err := t.app.ParseContext(nil)
		if err != nil {
			return err
		}
		return t.app.UsageForContextWithTemplate(empty, 2, template)
	}
}
