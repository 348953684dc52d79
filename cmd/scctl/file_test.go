//go:build unix

package main

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestAFileIsReplacedAtOnceAndKeepsItsMode(t *testing.T) {
	console := start(t, sctest.REST)
	asAnalyst(t)
	args := []string{"--url", console.URL, "query", "sumip", "--format", "csv", "--page-size", "10"}
	want := succeed(t, args...)
	folder, elsewhere := t.TempDir(), t.TempDir()
	target := filepath.Join(elsewhere, "target.csv")
	if err := os.WriteFile(target, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(target, 0o640); err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(folder, target)
	if err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"absolute": target, "relative": relative, "chain": "absolute", "dangling": filepath.Join(elsewhere, "new.csv")} {
		if err := os.Symlink(to, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"absolute": target, "relative": target, "chain": target, "dangling": filepath.Join(elsewhere, "new.csv")} {
		path := filepath.Join(folder, link)
		if err := os.WriteFile(target, []byte("old"), 0o600); err != nil && link != "dangling" {
			t.Fatal(err)
		}
		if link == "dangling" {
			if err := os.Remove(target); err != nil {
				t.Fatal(err)
			}
		}
		before, err := os.ReadFile(target)
		if (err != nil) != (link == "dangling") {
			t.Fatal(err)
		}
		remove := console.Inject(sctest.Fault{Match: func(r sctest.Request) bool { return r.Tool == "sumip" && r.Start > 0 }, Effect: sctest.Refuse(403, 146, "no more")})
		fail(t, exitFailed, append(args, "-o", path)...)
		remove()
		if now, _ := os.ReadFile(target); !bytes.Equal(now, before) {
			t.Errorf("%s: a command that failed left %q", link, now)
		}
		succeed(t, append(args, "-o", path)...)
		if now, err := os.ReadFile(target); err != nil || string(now) != want {
			t.Errorf("%s: the target has %d bytes, want %d: %v", link, len(now), len(want), err)
		}
		if info, err := os.Lstat(path); err != nil || info.Mode().Type() != fs.ModeSymlink {
			t.Errorf("%s is no link any more: %v", link, err)
		}
		mode := fs.FileMode(0o640)
		if link == "dangling" {
			mode = 0o600
		}
		if info, err := os.Stat(target); err != nil || info.Mode() != mode {
			t.Errorf("%s: mode %v, want %v", link, info.Mode(), mode)
		}
	}
	if names := files(t, elsewhere); len(names) != 2 {
		t.Errorf("left behind: %v", names)
	}
}

func TestWhatIsNoRegularFileIsWrittenAndStays(t *testing.T) {
	console := start(t, sctest.REST)
	asAnalyst(t)
	args := []string{"--url", console.URL, "query", "sumip", "--format", "csv"}
	want := succeed(t, args...)

	t.Run("device", func(t *testing.T) {
		link := filepath.Join(t.TempDir(), "nowhere")
		if err := os.Symlink(os.DevNull, link); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{os.DevNull, link} {
			succeed(t, append(args, "-o", path)...)
			if info, err := os.Stat(os.DevNull); err != nil || info.Mode()&fs.ModeCharDevice == 0 {
				t.Fatalf("%s is %v, %v", os.DevNull, info.Mode(), err)
			}
		}
	})
	t.Run("terminal", func(t *testing.T) {
		master, slave, err := pty.Open()
		if err != nil {
			t.Skip(err)
		}
		defer master.Close()
		defer slave.Close()
		seen := make(chan string)
		go func() {
			var b bytes.Buffer
			_, _ = io.CopyN(&b, master, int64(len("id\r")))
			seen <- b.String()
		}()
		succeed(t, "--url", console.URL, "repositories", "--fields", "id", "--format", "csv", "-o", slave.Name())
		if got := <-seen; got != "id\r" {
			t.Errorf("the terminal shows %q", got)
		}
	})
	t.Run("FIFO", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "fifo")
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		read := make(chan string)
		go func() {
			b, _ := os.ReadFile(path)
			read <- string(b)
		}()
		succeed(t, append(args, "-o", path)...)
		if got := <-read; got != want {
			t.Errorf("read %d bytes, want %d", len(got), len(want))
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Type() != fs.ModeNamedPipe {
			t.Errorf("it is %v, %v", info.Mode(), err)
		}
	})
	t.Run("descriptors", func(t *testing.T) {
		for path, pick := range map[string]func(result) string{
			"/dev/stdout": func(r result) string { return r.stdout },
			"/dev/stderr": func(r result) string { return r.stderr },
		} {
			if got := pick(scctl(t, append(args, "-o", path)...)); got != want {
				t.Errorf("%s: %d bytes, want %d", path, len(got), len(want))
			}
		}
		if said := fail(t, exitUsage, append(args, "-o", "/dev/fd/987")...); !strings.Contains(said, "/dev/fd/987") {
			t.Errorf("said %q", said)
		}
		bash, err := exec.LookPath("bash")
		if err != nil {
			t.Skip(err)
		}
		path, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		folder := t.TempDir()
		for name, script := range map[string]string{
			"redirected": `{ printf head; "$@" -o /dev/stdout; printf tail; } > "$OUT"`,
			"opened":     `{ printf head; "$@" -o /dev/fd/7; printf tail; } 7> "$OUT" >&7`,
			"process":    `{ "$@" -o >(printf head; cat; printf tail) | cat; } > "$OUT"`,
		} {
			out := filepath.Join(folder, name)
			p := childOf(t)
			p.Path, p.Args = bash, append([]string{"bash", "-c", script, "bash", path}, args...)
			p.Env = append(p.Env, "OUT="+out)
			p.start()
			if code := p.ended(); code != exitDone {
				t.Errorf("%s: exit code %d: %s", name, code, p.stderr.String())
			}
			if got, err := os.ReadFile(out); err != nil || string(got) != "head"+want+"tail" {
				t.Errorf("%s: %d bytes, want %d and what stands around: %v %.100q", name, len(got), len(want), err, got)
			}
		}
	})
}

func TestADirectoryIsRefusedBeforeAnythingIsAsked(t *testing.T) {
	folder := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(folder, link); err != nil {
		t.Fatal(err)
	}
	for _, dialect := range dialects {
		console := start(t, dialect)
		asAnalyst(t)
		for _, command := range [][]string{{"zones"}, {"query", "sumip"}, {"scan", "download", "1"}, {"login-check"}} {
			for path, says := range map[string]string{folder: "is a directory", folder + "/": "is a directory", link: "is a directory",
				filepath.Join(folder, "no", "such", "folder"): "no such file"} {
				if said := fail(t, exitUsage, append(append([]string{"--url", console.URL}, command...), "-o", path)...); !strings.Contains(said, says) {
					t.Errorf("%v: said %q", command, said)
				}
			}
		}
		if asked := len(console.Requests()); asked != 0 {
			t.Errorf("%d requests", asked)
		}
	}
}

func TestWhatIsThrownAwayIsNoTerminal(t *testing.T) {
	console := start(t, sctest.REST)
	asAnalyst(t)
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	p := childOf(t, "--url", console.URL, "scan", "download", finishedScan(t, console))
	p.Stdout = null
	p.start()
	if code := p.ended(); code != exitDone {
		t.Errorf("exit code %d: %s", code, p.stderr.String())
	}
	master, slave, err := pty.Open()
	if err != nil {
		t.Skip(err)
	}
	defer master.Close()
	p = childOf(t, "--url", console.URL, "scan", "download", finishedScan(t, console))
	p.Stdout = slave
	p.start()
	if code := p.ended(); code != exitUsage || !strings.Contains(p.stderr.String(), "too much for a terminal") {
		t.Errorf("exit code %d: %s", code, p.stderr.String())
	}
	if err := slave.Close(); err != nil {
		t.Error(err)
	}
}
