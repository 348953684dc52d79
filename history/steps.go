package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// plan is what is rebuilt of a console. It is the first line of the file that keeps
// the steps that are done, so that who resumes does what was begun.
type plan struct {
	Console  string    `json:"console"`
	Span     string    `json:"history"`
	Step     string    `json:"step"`
	Families []string  `json:"families"`
	From     time.Time `json:"from"`  // the first step
	Last     time.Time `json:"last"`  // the last one
	Known    time.Time `json:"known"` // since when the console keeps what happened; zero: it does not say
	Until    time.Time `json:"until"` // the end, excluded
}

// step is what the console's findings were at a time: values by family and labels.
type step struct {
	Planned time.Time                     `json:"planned"`
	At      time.Time                     `json:"at"`
	Samples map[string]map[string]float64 `json:"samples"`
	Missing []string                      `json:"missing,omitempty"`
}

// kept is the file of the steps of a console that are done: a line for the plan, and
// one for each step.
type kept struct {
	file  *os.File
	begun bool // the plan is there
	plan  plan
	steps []step
}

// openKept reads what is done. A line that an interruption cut off is dropped.
func openKept(dir, console string) (*kept, error) {
	path := filepath.Join(dir, console+".steps")
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // what is written is for Prometheus to read
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	whole := text[:bytes.LastIndexByte(text, '\n')+1]
	k := &kept{}
	lines := bufio.NewScanner(bytes.NewReader(whole))
	lines.Buffer(nil, len(whole)+1)
	for lines.Scan() {
		if !k.begun {
			k.begun = true
			err = json.Unmarshal(lines.Bytes(), &k.plan)
		} else {
			var s step
			err = json.Unmarshal(lines.Bytes(), &s)
			k.steps = append(k.steps, s)
		}
		if err != nil {
			return nil, fmt.Errorf("%s is damaged: %w: remove it to begin anew", path, err)
		}
	}
	if k.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644); err != nil { //nolint:gosec // likewise
		return nil, err
	}
	if err := errors.Join(k.file.Truncate(int64(len(whole))), seekEnd(k.file)); err != nil {
		return nil, errors.Join(err, k.file.Close())
	}
	return k, nil
}

func seekEnd(file *os.File) error {
	_, err := file.Seek(0, 2)
	return err
}

// begin keeps the plan.
func (k *kept) begin(p plan) error {
	k.begun, k.plan = true, p
	return k.add(p)
}

// done keeps a step.
func (k *kept) done(s step) error {
	k.steps = append(k.steps, s)
	return k.add(s)
}

// add adds a line, which is on the disk when it returns.
func (k *kept) add(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := k.file.Write(append(text, '\n')); err != nil {
		return err
	}
	return k.file.Sync()
}
