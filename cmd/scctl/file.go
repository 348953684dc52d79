package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// outputFile is written under another name and gets its own when it is
// complete, so that nobody meets half of it.
type outputFile struct {
	*os.File
	path string
}

// createFile starts the file at path. What is there already stays until commit.
func createFile(path string) (*outputFile, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return nil, &usageError{fmt.Errorf("create %s: %w", path, err)}
	}
	return &outputFile{File: f, path: path}, nil
}

// commit gives the file its name.
func (f *outputFile) commit() error {
	err := f.Sync()
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", f.path, err), os.Remove(f.Name()))
	}
	return nil
}

// discard leaves nothing behind.
func (f *outputFile) discard() error {
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
