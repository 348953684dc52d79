//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// process is the program in a process of its own.
type process struct {
	*exec.Cmd
	t              *testing.T
	stdout, stderr bytes.Buffer
}

// childOf makes a process of the test binary, which is the program with asProgram set.
func childOf(t *testing.T, args ...string) *process {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.CommandContext(t.Context(), path, args...), t: t}
	p.Env = append(os.Environ(), asProgram+"=1")
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	return p
}

func (p *process) start() {
	p.t.Helper()
	if err := p.Start(); err != nil {
		p.t.Fatal(err)
	}
}

// ended waits for the end, and returns the exit code.
func (p *process) ended() int {
	p.t.Helper()
	_ = p.Wait() // the code tells
	return p.ProcessState.ExitCode()
}

// large starts a console whose scans have no end.
func large(t *testing.T, dialect sctest.Dialect) *sctest.Server {
	t.Helper()
	return sctest.Start(t, sctest.Options{Dialect: dialect, Hosts: 60, Plugins: 1500, ScanBytes: 1 << 40})
}

// until waits for something that another process does.
func until(holds func() bool) {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		<-ticker.C
	}
}

func TestASignalEndsTheSessionAndLeavesNoFile(t *testing.T) {
	for _, dialect := range dialects {
		for signal, c := range map[syscall.Signal]struct {
			code int
			says string
		}{
			syscall.SIGHUP:  {129, "interrupted: hangup"},
			syscall.SIGINT:  {130, "interrupted"},
			syscall.SIGQUIT: {131, "interrupted: quit"},
			syscall.SIGTERM: {143, "interrupted: terminated"},
		} {
			t.Run(dialect.String()+" "+signal.String(), func(t *testing.T) {
				console := large(t, dialect)
				asAnalyst(t)
				folder := t.TempDir()
				p := childOf(t, "--url", console.URL, "scan", "download", finishedScan(t, console), "-o", filepath.Join(folder, "scan.nessus"))
				p.start()
				until(func() bool { return size(folder) > 1<<20 })
				if err := p.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
				if code := p.ended(); code != c.code {
					t.Errorf("exit code %d, want %d", code, c.code)
				}
				if said := p.stderr.String(); !strings.HasPrefix(said, "scctl: "+c.says) || strings.Count(said, "\n") != 1 {
					t.Errorf("said %q", said)
				}
				if names := files(t, folder); len(names) != 0 {
					t.Errorf("left behind: %v", names)
				}
				if open := console.Sessions(); open != 0 {
					t.Errorf("%d sessions were left open", open)
				}
			})
		}
	}
}

// A terminal that is closed sends the signal more than once: by the kernel and by the shell.
func TestFurtherSignalsDoNotCutTheEndShort(t *testing.T) {
	console := large(t, sctest.REST)
	asAnalyst(t)
	folder := t.TempDir()
	p := childOf(t, "--url", console.URL, "scan", "download", finishedScan(t, console), "-o", filepath.Join(folder, "scan.nessus"))
	p.start()
	until(func() bool { return size(folder) > 1<<20 })
	for range 5 {
		for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM} {
			_ = p.Process.Signal(s) // it may be gone by now
		}
	}
	if code := p.ended(); code != 129 && code != 143 {
		t.Errorf("exit code %d", code)
	}
	if names := files(t, folder); len(names) != 0 || console.Sessions() != 0 {
		t.Errorf("left behind: %v and %d sessions", names, console.Sessions())
	}
}

func TestAClosedPipeEndsTheSession(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			console := large(t, dialect)
			asAnalyst(t)
			for _, args := range [][]string{
				{"scan", "download", finishedScan(t, console)},
				{"query", "vulndetails", "--format", "csv", "--page-size", "20"},
				{"query", "vulndetails", "--format", "jsonl", "--page-size", "20"},
				{"vulns"},
				{"plugins", "--page-size", "50"},
				{"plugins", "--page-size", "50", "-o", "/dev/stdout"},
			} {
				p := childOf(t, append([]string{"--url", console.URL}, args...)...)
				p.Stdout = nil
				out, err := p.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				p.start()
				if _, err := io.ReadFull(out, make([]byte, 10)); err != nil {
					t.Errorf("%v: %v: %s", args, err, p.stderr.String())
				}
				if err := out.Close(); err != nil {
					t.Error(err)
				}
				if code := p.ended(); code != exitNobodyReads || p.stderr.Len() != 0 {
					t.Errorf("%v: exit code %d, said %q", args, code, p.stderr.String())
				}
				if open := console.Sessions(); open != 0 {
					t.Errorf("%v: %d sessions were left open", args, open)
				}
			}
		})
	}
}

// What is written without a console is no different.
func TestHelpThatNobodyReadsEndsQuietly(t *testing.T) {
	environment(t, nil)
	for args, want := range map[string]string{"--help": "", "vulns --help": "", "--help-man": "", "report make --help": "", "zones --help >/dev/full": "no space left on device"} {
		words, full := strings.CutSuffix(args, " >/dev/full")
		p := childOf(t, strings.Fields(words)...)
		in, out, err := os.Pipe()
		if err == nil && full {
			out, err = os.OpenFile("/dev/full", os.O_WRONLY, 0)
		}
		if err != nil {
			t.Skip(err)
		}
		_ = in.Close()
		p.Stdout = out
		p.start()
		_ = out.Close()
		code := p.ended()
		switch said := p.stderr.String(); {
		case want == "" && (code != exitNobodyReads || said != ""):
			t.Errorf("%s: exit code %d, said %q", args, code, said)
		case want != "" && (code != exitFailed || strings.Count(said, "\n") != 1 || !strings.Contains(said, want)):
			t.Errorf("%s: exit code %d, said %q", args, code, said)
		}
	}
}

// A pager that is left open reads no more.
func TestASignalEndsACommandWhoseOutputNobodyReads(t *testing.T) {
	console := large(t, sctest.REST)
	asAnalyst(t)
	p := childOf(t, "--url", console.URL, "scan", "download", finishedScan(t, console))
	p.Stdout = nil
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.start()
	if _, err := io.ReadFull(out, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Process.Wait(); err != nil { // Cmd.Wait would close the pipe
		t.Fatal(err)
	}
	if open := console.Sessions(); open != 0 {
		t.Errorf("%d sessions were left open", open)
	}
	if err := out.Close(); err != nil {
		t.Error(err)
	}
	_ = p.Wait() // lets the copies end
	if said := p.stderr.String(); !strings.HasPrefix(said, "scctl: interrupted: terminated") {
		t.Errorf("said %q", said)
	}
}

func TestASignalThatWasIgnoredStaysIgnored(t *testing.T) {
	console := large(t, sctest.REST)
	asAnalyst(t)
	folder := t.TempDir()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := childOf(t)
	p.Path, p.Args = "/bin/sh", []string{"sh", "-c", `trap "" HUP; exec "$@"`, "sh", path,
		"--url", console.URL, "scan", "download", finishedScan(t, console), "-o", filepath.Join(folder, "scan.nessus")}
	p.start()
	until(func() bool { return size(folder) > 1<<20 })
	if err := p.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	before := size(folder)
	until(func() bool { return size(folder) > before+1<<20 }) // it goes on
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.ended(); code != exitTerminated {
		t.Errorf("exit code %d", code)
	}
}

func TestAQuestionIsNotWaitedForAfterASignal(t *testing.T) {
	console := start(t, sctest.REST)
	asAnalyst(t)
	for _, args := range [][]string{
		{"asset", "update", "8", "--name", "x"},
		{"asset", "update", "8", "--ips-file", "-", "--yes"},
	} {
		p := childOf(t, append([]string{"--url", console.URL}, args...)...)
		in, err := p.StdinPipe() // nobody answers
		if err != nil {
			t.Fatal(err)
		}
		p.start()
		if args[len(args)-1] == "--yes" {
			// It reads as soon as it takes what is written.
			const more = 128 << 10 // than a pipe holds
			if _, err := in.Write(bytes.Repeat([]byte("192.0.2.1\n"), more/10)); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		code := p.ended()
		// The signal may come before the program hears it.
		if bySignal := p.ProcessState.Sys().(syscall.WaitStatus).Signaled(); code != exitInterrupted && !bySignal {
			t.Errorf("%v: exit code %d: %s", args, code, p.stderr.String())
		}
	}
}
