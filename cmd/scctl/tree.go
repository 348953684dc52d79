package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/securitycenter-exporter/securitycenter_exporter/buildinfo"
	"github.com/securitycenter-exporter/securitycenter_exporter/internal/errlist"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// tree is the command line: every command with its flags and what it does.
type tree struct {
	app      *kingpin.Application
	settings settings
	runners  map[string]runner // by the command's full name
	args     []string          // the command line, to be completed
}

// runner is what a command does.
type runner func(context.Context, *tree, streams) error

func newTree(stdout, stderr io.Writer) *tree {
	t := &tree{runners: map[string]runner{}}
	t.settings.output.complete = t.listOf
	t.app = kingpin.New(program, "Asks a Tenable Security Center console (Tenable.sc, SecurityCenter 4 to 6) from the command line.").
		UsageWriter(stdout).ErrorWriter(stderr).UsageTemplate(usageTemplate).UsageFuncs(map[string]any{"exits": exitLines, "indented": indented, "columns": t.settings.output.columnLines})
	t.app.HelpFlag.Short('h')
	t.app.Version(buildinfo.Text(program)).VersionFlag.Help("Print the version and exit.")
	t.settings.register(t)

	addQuery(t)
	addSummary(t)
	addVulns(t)
	addExplain(t)
	addPatchList(t)
	addReport(t)
	addIP(t)
	addPlugins(t)
	addAssets(t)
	addCredentials(t)
	addRepositories(t)
	addPeople(t)
	addRules(t)
	addSavedQueries(t)
	addScanners(t)
	addScans(t)
	addImports(t)
	addSystem(t)
	addRaw(t)
	addLoginCheck(t)
	addDoctor(t)
	addRecord(t)
	addReplay(t)
	addCompletion(t)
	return t
}

// run runs the command of that name.
func (t *tree) run(ctx context.Context, name string, s streams) error {
	r, ok := t.runners[name]
	if !ok {
		return fmt.Errorf("command %s does nothing", name)
	}
	return r(ctx, t, s)
}

// parent is what commands can be added to: the application, or a command.
type parent interface {
	Command(name, help string) *kingpin.CmdClause
}

// command adds a command with examples of its use, one a line.
func command(p parent, name, help string, examples ...string) *kingpin.CmdClause {
	return p.Command(name, help).HelpLong(strings.Join(examples, "\n"))
}

// asking makes cmd call f, which logs in with job.login when it has checked
// what it was given. prefer is the kind of account that can best answer.
func (t *tree) asking(cmd *kingpin.CmdClause, prefer scapi.Kind, f func(context.Context, *job) error) {
	t.runners[cmd.FullCommand()] = func(ctx context.Context, t *tree, s streams) (err error) {
		if err := t.settings.output.check(cmd.FullCommand()); err != nil {
			return err
		}
		accounts, err := t.settings.accounts(s)
		if err != nil {
			return err
		}
		j := &job{streams: s, settings: &t.settings, pool: newPool(accounts), prefer: prefer}
		if err := j.find(); err != nil {
			return err
		}
		// However it ends, a panic included: first the file, then the sessions.
		defer j.logout(ctx, j.pool)
		defer func() { err = errlist.Join(err, j.discard()) }()
		if err := f(ctx, j); err != nil {
			return errlist.Join(err, j.pool.lost())
		}
		return j.finish()
	}
}

// listing makes cmd write all that call returns.
func listing[T any](t *tree, cmd *kingpin.CmdClause, prefer scapi.Kind, c columns[T], call func(*scapi.Client, context.Context) ([]T, error)) {
	listingOf(t, cmd, prefer, c, func() error { return nil },
		func(ctx context.Context, _ *job, client *scapi.Client) ([]T, error) { return call(client, ctx) })
}

// listingOf is listing for a command with arguments, which check looks at before
// anything is asked.
func listingOf[T any](t *tree, cmd *kingpin.CmdClause, prefer scapi.Kind, c columns[T], check func() error,
	call func(context.Context, *job, *scapi.Client) ([]T, error),
) {
	t.settings.output.registerListing(cmd, c.names()...)
	t.asking(cmd, prefer, func(ctx context.Context, j *job) error {
		if err := check(); err != nil {
			return err
		}
		client, err := j.login(ctx)
		if err != nil {
			return err
		}
		values, err := call(ctx, j, client)
		if err != nil {
			return err
		}
		return list(j, c, values)
	})
}

// listEach writes what call returns for each id. Ids that it fails for do not
// keep the others from being written.
func listEach[T any](ctx context.Context, j *job, c columns[T], what string, ids []string, call func(*scapi.Client, context.Context, string) (T, error)) error {
	if err := checkIDs(what, ids...); err != nil {
		return err
	}
	client, err := j.login(ctx)
	if err != nil {
		return err
	}
	var values []T
	var failures []error
	for _, id := range ids {
		v, err := call(client, ctx, id)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		values = append(values, v)
	}
	if len(values) == 0 {
		return errlist.Join(failures...)
	}
	return errlist.Join(append(failures, list(j, c, values))...)
}

// job is one run of a command that asks a console.
type job struct {
	streams
	settings *settings
	pool     *pool
	prefer   scapi.Kind

	to      destination
	sink    sink // nil: not open, or ended
	records writer
}

// login opens the output, and returns a client of the account that can best answer.
func (j *job) login(ctx context.Context) (*scapi.Client, error) {
	if err := j.open(ctx); err != nil {
		return nil, err
	}
	return j.pool.choose(ctx, j.prefer)
}

// logout ends the sessions of a pool. That one stays open on the console, until
// its time is over, makes nothing wrong that was read or done: it is a warning.
func (j *job) logout(ctx context.Context, p *pool) {
	if err := p.close(ctx); err != nil {
		j.settings.remarks.show(j.err, "warning: "+err.Error())
	}
}

// usageTemplate is kingpin's, with examples and exit codes.
const usageTemplate = `{{define "FormatCommand" -}}
{{if .FlagSummary}} {{.FlagSummary}}{{end -}}
{{range .Args}}{{if not .Hidden}} {{if not .Required}}[{{end}}{{if .PlaceHolder}}{{.PlaceHolder}}{{else}}<{{.Name}}>{{end}}{{if .Value|IsCumulative}}...{{end}}{{if not .Required}}]{{end}}{{end}}{{end -}}
{{end -}}

{{define "FormatCommands" -}}
{{range .FlattenedCommands -}}
{{if not .Hidden -}}
  {{.FullCommand}}{{template "FormatCommand" .}}
{{.Help|Wrap 4}}
{{end -}}
{{end -}}
{{end -}}

{{define "FormatUsage" -}}
{{template "FormatCommand" .}}{{if .Commands}} <command> [<args> ...]{{end}}
{{if .Help}}
{{.Help|Wrap 0 -}}
{{end -}}
{{end -}}

{{if .Context.SelectedCommand -}}
usage: {{.App.Name}} {{.Context.SelectedCommand}}{{template "FormatUsage" .Context.SelectedCommand}}
{{if .Context.SelectedCommand.HelpLong -}}
Examples:
{{.Context.SelectedCommand.HelpLong|indented}}

{{end -}}
{{else -}}
usage: {{.App.Name}}{{template "FormatUsage" .App}}
{{end -}}
{{if .Context.Args -}}
Args:
{{.Context.Args|ArgsToTwoColumns|FormatTwoColumns}}
{{end -}}
{{with .Context.SelectedCommand}}{{if .Flags -}}
Flags:
{{.Flags|FlagsToTwoColumns|FormatTwoColumns}}
{{end}}{{end -}}
{{with .Context.SelectedCommand}}{{with .FullCommand|columns}}Columns:
{{.}}
{{end}}{{end -}}
Flags of every command:
{{.App.Flags|FlagsToTwoColumns|FormatTwoColumns}}
{{if .Context.SelectedCommand -}}
{{if len .Context.SelectedCommand.Commands -}}
Subcommands:
{{template "FormatCommands" .Context.SelectedCommand}}
{{end -}}
{{else -}}
Commands:
{{template "FormatCommands" .App}}
Exit codes:
{{exits}}
{{end -}}
`

func exitLines() string {
	var b strings.Builder
	for _, e := range exitCodes {
		fmt.Fprintf(&b, "  %3d  %s\n", e.code, e.meaning)
	}
	return b.String()
}

// indented is text with every line moved to the right.
func indented(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }
