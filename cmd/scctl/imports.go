package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func addImports(t *tree) {
	addImport(t, "dashboard", "Upload a dashboard template, and make it a tab of the account's dashboard.", (*scapi.Client).ImportDashboard)
	addImport(t, "report", "Upload a report template, and make it a report of the account.", (*scapi.Client).ImportReport)
}

type importer func(c *scapi.Client, ctx context.Context, name string, file io.Reader, filename string) (json.RawMessage, error)

func addImport(t *tree, what, help string, call importer) {
	var name, path string
	of := t.app.GetCommand(what)
	if of == nil {
		of = t.app.Command(what, "Templates of a "+what+".")
	}
	cmd := command(of, "import", help+" The console's call is not documented by its maker.",
		"scctl "+what+" import 'Executive summary' "+what+".xml",
		"scctl "+what+" import 'Executive summary' "+what+".xml --dry-run",
	)
	cmd.Arg("name", "What it shall be called.").Required().StringVar(&name)
	cmd.Arg("file", "Template.").Required().StringVar(&path)
	t.settings.registerChange(cmd)
	t.settings.output.registerFile(cmd)
	t.asking(cmd, scapi.Organization, func(ctx context.Context, j *job) error {
		f, err := os.Open(path)
		if err != nil {
			return &usageError{err}
		}
		defer f.Close()
		if err := j.confirm(ctx, fmt.Sprintf("Upload %s and import it as %s %q.", path, what, name)); err != nil {
			return err
		}
		client, err := j.login(ctx)
		if err != nil {
			return err
		}
		answer, err := call(client, ctx, name, f, filepath.Base(path))
		if err != nil {
			return err
		}
		return j.writeJSON(answer)
	})
}

// writeJSON writes an answer of the console, indented.
func (j *job) writeJSON(answer json.RawMessage) error {
	if len(answer) == 0 {
		return nil
	}
	if err := indent(j.sink, answer); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}
