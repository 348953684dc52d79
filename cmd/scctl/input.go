package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// inputLimit bounds what is read of a file that the command line names, in bytes.
const inputLimit = 64 << 20

// readInput reads a file, or standard input for "-".
func (j *job) readInput(ctx context.Context, path string) ([]byte, error) {
	in := j.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, &usageError{err}
		}
		defer f.Close() // which also ends a read that is not awaited any more
		in = f
	}
	b, err := await(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(in, inputLimit+1)) })
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(b) > inputLimit {
		return nil, wrongUsage("%s is larger than %d bytes", path, inputLimit)
	}
	return b, nil
}

// jsonInput reads JSON from the command line or from the file that a second
// flag, of the same name and -file, names. Nil: neither was given.
func (j *job) jsonInput(ctx context.Context, flag, inline, path string) (json.RawMessage, error) {
	b := []byte(inline)
	switch {
	case inline == "" && path == "":
		return nil, nil
	case inline != "" && path != "":
		return nil, wrongUsage("--%s and --%s-file exclude each other", flag, flag)
	case path != "":
		var err error
		if b, err = j.readInput(ctx, path); err != nil {
			return nil, err
		}
	}
	if !json.Valid(b) {
		return nil, wrongUsage("--%s: not JSON", flag)
	}
	return b, nil
}

// mayAsk refuses a command that must ask, but has given standard input away to
// a flag.
func (j *job) mayAsk(flag, path string) error {
	if path == "-" && !j.settings.yes && !j.settings.dryRun {
		return wrongUsage("--%s - leaves no way to ask: add --yes or --dry-run", flag)
	}
	return nil
}
