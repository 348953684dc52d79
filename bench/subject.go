package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// subjectVariable says which subject a process of this program plays; empty: it
// is the one that measures.
const subjectVariable = "BENCH_SUBJECT"

// subjects returns what is measured, by name: each gets ready for its work with
// the arguments, and returns it, to be done n times.
func subjects() map[string]func(arguments []string) (work func(n int) error, err error) {
	return map[string]func([]string) (func(int) error, error){
		"serve":   serve,
		"scraper": scraper,
		"reader":  reader,
	}
}

// cost is what work took, of one piece of it.
type cost struct {
	CPU         time.Duration // user and system, of the process and of the programs that it ran
	Allocations float64
	Bytes       float64 // allocated
	Peak        int64   // bytes of memory that were resident at most so far; of a program that it ran, if it ran one
}

// play is the life of a subject: it gets ready, says so, and then does as much
// work as each line of its input asks for, and says what that took.
func play(command string) error {
	words := strings.Split(command, " ")
	prepare := subjects()[words[0]]
	if prepare == nil {
		return fmt.Errorf("unknown subject %q, expected one of %q", words[0], slices.Sorted(maps.Keys(subjects())))
	}
	work, err := prepare(words[1:])
	if err != nil {
		return err
	}
	answers := json.NewEncoder(os.Stdout)
	if err := answers.Encode(cost{}); err != nil {
		return err
	}
	for {
		var n int
		if _, err := fmt.Scanln(&n); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		before := spent()
		if err := work(n); err != nil {
			return err
		}
		after := spent()
		err := answers.Encode(cost{
			CPU:         (after.CPU - before.CPU) / time.Duration(n),
			Allocations: (after.Allocations - before.Allocations) / float64(n),
			Bytes:       (after.Bytes - before.Bytes) / float64(n),
			Peak:        after.Peak,
		})
		if err != nil {
			return err
		}
	}
}

// spent is what this process has taken so far, and the programs that it ran.
func spent() cost {
	var own, run syscall.Rusage
	if err := errors.Join(syscall.Getrusage(syscall.RUSAGE_SELF, &own), syscall.Getrusage(syscall.RUSAGE_CHILDREN, &run)); err != nil {
		panic(err) // it cannot be measured here
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	peak := run.Maxrss << 10
	if peak == 0 { // it ran none
		peak = peakMemory()
	}
	return cost{
		CPU:         time.Duration(own.Utime.Nano() + own.Stime.Nano() + run.Utime.Nano() + run.Stime.Nano()),
		Allocations: float64(memory.Mallocs),
		Bytes:       float64(memory.TotalAlloc),
		Peak:        peak,
	}
}

// peakMemory is the largest resident set of this process so far, in bytes; 0 if the
// system does not tell. Getrusage would count that of the process which started it.
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kilobytes int64
	_, _ = fmt.Sscan(after, &kilobytes)
	return kilobytes << 10
}

// subject is a running process that is measured.
type subject struct {
	process *exec.Cmd
	orders  io.WriteCloser
	answers *bufio.Reader
}

// start starts a subject and waits until it is ready.
func start(command string) (*subject, error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &subject{process: exec.CommandContext(context.Background(), own)} //nolint:gosec // it is this program
	s.process.Env = append(os.Environ(), subjectVariable+"="+command)
	s.process.Stderr = os.Stderr
	if s.orders, err = s.process.StdinPipe(); err != nil {
		return nil, err
	}
	answers, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.answers = bufio.NewReader(answers)
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	_, err = s.answer()
	return s, err
}

// do lets the subject work n times and returns what one time took.
func (s *subject) do(n int) (cost, error) {
	if _, err := fmt.Fprintln(s.orders, n); err != nil {
		return cost{}, err
	}
	return s.answer()
}

func (s *subject) answer() (cost, error) {
	var c cost
	line, err := s.answers.ReadBytes('\n')
	if err != nil {
		return c, fmt.Errorf("the subject says nothing: %w", err)
	}
	err = json.Unmarshal(line, &c)
	return c, err
}

// stop lets the subject end.
func (s *subject) stop() error {
	_ = s.orders.Close()
	return s.process.Wait()
}

// stop lets subjects end that were started.
func stop(all []*subject) (err error) {
	for _, s := range all {
		if s != nil {
			err = errors.Join(err, s.stop())
		}
	}
	return err
}

// median returns the cost of the middle round.
func median(rounds []cost) cost {
	slices.SortFunc(rounds, func(a, b cost) int { return int(a.CPU - b.CPU) })
	return rounds[len(rounds)/2]
}
