package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
)

// sink is where the output of a command goes. Exactly one of commit and discard
// ends it.
type sink interface {
	io.Writer
	// commit ends an output that is complete.
	commit() error
	// discard ends one that is not.
	discard() error
}

// errNobodyReads: the other end of a pipe is closed, as head does when it has enough.
var errNobodyReads = errors.New("nobody reads the output")

// stream is an output that takes what is written at once: standard output, a
// terminal, a pipe, a device.
type stream struct {
	ctx    context.Context //nolint:containedctx // an io.Writer is given none
	out    io.Writer
	closer io.Closer // nil: it is not ours to close
}

// Write also returns when ctx has ended: nobody may ever read the rest.
func (s *stream) Write(b []byte) (n int, err error) {
	if file, ok := s.out.(*os.File); ok {
		n, err = await(s.ctx, func() (int, error) { return file.Write(b) })
	} else {
		n, err = s.out.Write(b)
	}
	return n, noticed(err)
}

// noticed is an error of writing, which is errNobodyReads too where that is its cause.
func noticed(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return fmt.Errorf("%w: %w", errNobodyReads, err)
	}
	return err
}

func (s *stream) commit() error {
	if s.closer == nil {
		return nil
	}
	return s.closer.Close()
}

func (s *stream) discard() error { return s.commit() }

// newFile is a regular file that is written under another name, and gets its own
// when it is complete, so that nobody meets half of it.
type newFile struct {
	*os.File
	path string
}

func (f *newFile) commit() error {
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

// discard leaves nothing behind; what was there stays.
func (f *newFile) discard() error {
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// destination is where --output leads to, behind its symbolic links.
type destination struct {
	path       string
	info       fs.FileInfo // nil: there is nothing yet
	descriptor int         // that path names, such as /dev/fd/63 of >(…) and /dev/stdout; -1: none
}

// descriptors are the names that open files of the process have.
var descriptors = regexp.MustCompile(`^/(?:dev|proc/self|proc/thread-self)/fd/([0-9]+)$`)

// findDestination refuses what cannot be written to. It opens nothing.
func findDestination(path string) (destination, error) {
	const longestChain = 40 // of symbolic links, as Linux has it
	d := destination{path: path, descriptor: -1}
	for range longestChain {
		if m := descriptors.FindStringSubmatch(filepath.Clean(d.path)); m != nil {
			n, err := strconv.Atoi(m[1])
			if err != nil {
				return d, wrongUsage("--output %s: %w", path, err)
			}
			d.descriptor = n
			return d, nil
		}
		target, err := os.Readlink(d.path)
		if err != nil {
			break // it is no link
		}
		if !filepath.IsAbs(target) {
			folder, _ := filepath.Split(d.path)
			target = folder + target
		}
		d.path = target
	}
	info, err := os.Stat(d.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		folder, _ := filepath.Split(d.path)
		if _, err := os.Stat(filepath.Join(folder, ".")); err != nil {
			return d, wrongUsage("--output %s: %w", path, err)
		}
		return d, nil
	case err != nil:
		return d, wrongUsage("--output %s: %w", path, err)
	case info.IsDir():
		return d, wrongUsage("--output %s: it is a directory", path)
	}
	d.info = info
	return d, nil
}

// open returns the sink. Opening a FIFO waits for a reader, or the end of ctx.
func (d destination) open(ctx context.Context, s streams) (sink, error) {
	switch {
	case d.descriptor == 1:
		return &stream{ctx: ctx, out: s.out}, nil
	case d.descriptor == 2:
		return &stream{ctx: ctx, out: s.err}, nil
	case d.descriptor >= 0:
		f := os.NewFile(uintptr(d.descriptor), d.path)
		if _, err := f.Stat(); err != nil {
			return nil, wrongUsage("--output: %w", err)
		}
		return &stream{ctx, f, f}, nil
	case d.info != nil && !d.info.Mode().IsRegular():
		f, err := await(ctx, func() (*os.File, error) { return os.OpenFile(d.path, os.O_WRONLY, 0) })
		if err != nil {
			return nil, unopened(ctx, err)
		}
		return &stream{ctx, f, f}, nil
	}
	folder, name := filepath.Split(d.path)
	f, err := os.CreateTemp(filepath.Join(folder, "."), "."+name+".*.part")
	if err == nil && d.info != nil {
		if err = f.Chmod(d.info.Mode().Perm()); err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}
	if err != nil {
		return nil, unopened(ctx, err)
	}
	return &newFile{File: f, path: d.path}, nil
}

// unopened is a mistake of the command line, unless the end of ctx was in the way.
func unopened(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return wrongUsage("--output: %w", err)
}
