package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// registerChange adds the flags of a command that changes something.
func (s *settings) registerChange(cmd *kingpin.CmdClause) {
	cmd.Flag("yes", "Do not ask before the change.").Short('y').BoolVar(&s.yes)
	cmd.Flag("dry-run", "Print the request that would make the change, secrets masked, and change nothing. What must be read first is read.").BoolVar(&s.dryRun)
}

// confirm asks whether to go on with what would be done, unless the command
// line says so already.
func (j *job) confirm(ctx context.Context, what string) error {
	if j.settings.yes || j.settings.dryRun {
		return nil
	}
	if _, err := fmt.Fprintf(j.err, "%s\nGo on? [y/N] ", what); err != nil {
		return errDeclined
	}
	answer, err := await(ctx, func() (string, error) { return bufio.NewReader(j.in).ReadString('\n') })
	if ctx.Err() != nil {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errDeclined // so too where there is no answer
}

// showRequest prints a request that is not sent.
func showRequest(w io.Writer, r scapi.DryRequest) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%s %s\n", r.Call, r.Method, r.URL)
	if r.File != "" {
		fmt.Fprintf(&b, "file %s\n", r.File)
	}
	if r.Body != nil {
		if json.Indent(&b, r.Body, "", "  ") != nil {
			b.Write(r.Body)
		}
		b.WriteByte('\n')
	}
	_, _ = w.Write(b.Bytes()) // that nobody reads it changes nothing either
}
