package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
	"github.com/securitycenter-exporter/securitycenter_exporter/exporter"
)

// fishCompletion is what kingpin has for other shells. Where there is nothing to
// offer, fish offers files.
const fishCompletion = `function __{{.App.Name}}_candidates
    set -l words (commandline -opc)
    {{.App.Name}} --completion-bash $words[2..-1] (commandline -ct)
end
complete -c {{.App.Name}} -n 'test (count (__{{.App.Name}}_candidates)) -gt 0' -f -a '(__{{.App.Name}}_candidates)'
`

// shells are those that can complete, with the templates of their scripts.
var shells = map[string]string{"bash": kingpin.BashCompletionTemplate, "zsh": kingpin.ZshCompletionTemplate, "fish": fishCompletion}

func addCompletion(t *tree) {
	var shell string
	cmd := command(t.app, "completion", "Print the script that makes a shell complete commands, flags, tools, columns and consoles.",
		`eval "$(scctl completion bash)"`,
		"scctl completion zsh > ~/.zfunc/_scctl",
		"scctl completion fish > ~/.config/fish/completions/scctl.fish",
	)
	names := slices.Sorted(maps.Keys(shells))
	cmd.Arg("shell", "bash, fish or zsh.").Required().HintOptions(names...).EnumVar(&shell, names...)
	t.runners[cmd.FullCommand()] = func(_ context.Context, t *tree, _ streams) error {
		empty, err := t.app.ParseContext(nil)
		if err != nil {
			return err
		}
		return t.app.UsageForContextWithTemplate(empty, 2, shells[shell])
	}
}

// consoleNames are those of the configuration file that the command line names;
// none if it cannot be read.
func (t *tree) consoleNames() []string {
	return t.configured(func(c config.Console) []string { return []string{c.Name} })
}

// accountNames are those of all consoles.
func (t *tree) accountNames() []string {
	return t.configured(func(c config.Console) []string {
		var names []string
		for _, a := range c.Accounts {
			names = append(names, a.Name)
		}
		return names
	})
}

func (t *tree) configured(names func(config.Console) []string) []string {
	path := "config.yml"
	for i, arg := range t.args {
		if value, ok := strings.CutPrefix(arg, "--config.file="); ok {
			path = value
		}
		if arg == "--config.file" && i+1 < len(t.args) {
			path = t.args[i+1]
		}
	}
	c, err := config.Load(path, exporter.KnownCollectors())
	if err != nil {
		return nil
	}
	var all []string
	for _, console := range c.Consoles {
		all = append(all, names(console)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// listOf completes the last word of a list that is separated by commas.
func (t *tree) listOf(words []string) func() []string {
	return func() []string {
		before := ""
		if len(t.args) > 0 {
			last := t.args[len(t.args)-1]
			before = last[:strings.LastIndexByte(last, ',')+1]
		}
		all := make([]string, len(words))
		for i, word := range words {
			all[i] = before + word
		}
		return all
	}
}

// tools are analysis tools that consoles of both protocols, or of one, have.
var tools = []string{
	"cceipdetail", "cveipdetail", "iavmipdetail", "listmailclients", "listos", "listservices", "listsoftware", "listsshservers", "listvuln",
	"listwebclients", "listwebservers", "sumasset", "sumcce", "sumclassa", "sumclassb", "sumclassc", "sumcve", "sumdnsname", "sumfamily",
	"sumiavm", "sumid", "sumip", "summsbulletin", "sumport", "sumprotocol", "sumremediation", "sumseverity", "sumuserresponsibility",
	"trend", "vulndetails", "vulnipdetail", "vulnipsummary",
}
