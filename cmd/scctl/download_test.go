package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/exhaustive"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// finishedScan is the id of a result that can be downloaded.
func finishedScan(t *testing.T, console *sctest.Server) string {
	t.Helper()
	for _, r := range console.ScanResults() {
		if r.Status == "Completed" && r.ImportStatus == "Finished" {
			return r.ID
		}
	}
	t.Fatal("no finished scan")
	return ""
}

// files are the names in a folder.
func files(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestAScanIsDownloadedToAFileOrStandardOutput(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			console := start(t, dialect)
			asAnalyst(t)
			folder := t.TempDir()
			path := filepath.Join(folder, "scan.nessus")
			id := finishedScan(t, console)
			succeed(t, "--url", console.URL, "scan", "download", id, "-o", path)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(b), "<ReportHost ") || !strings.HasSuffix(strings.TrimSpace(string(b)), "</NessusClientData_v2>") {
				t.Errorf("no scan: %.200s", b)
			}
			if names := files(t, folder); len(names) != 1 {
				t.Errorf("left behind: %v", names)
			}
			if out := succeed(t, "--url", console.URL, "scan", "download", id); out != string(b) {
				t.Errorf("standard output has %d bytes, the file %d", len(out), len(b))
			}
		})
	}
}

func TestADownloadThatFailsLeavesWhatWasThere(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			console := start(t, dialect)
			asAnalyst(t)
			folder := t.TempDir()
			path := filepath.Join(folder, "scan.nessus")
			if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			fail(t, exitNotFound, "--url", console.URL, "scan", "download", "99999999", "-o", path)
			remove := console.Inject(sctest.Fault{Match: isDownload, Effect: sctest.Truncate()})
			if r := scctl(t, "--url", console.URL, "scan", "download", finishedScan(t, console), "-o", path); r.code == exitDone {
				t.Error("half a scan was taken for a whole one")
			}
			remove()
			b, err := os.ReadFile(path)
			if err != nil || string(b) != "old" {
				t.Errorf("the file holds %q, %v", b, err)
			}
			if names := files(t, folder); len(names) != 1 {
				t.Errorf("left behind: %v", names)
			}
		})
	}
}

func isDownload(r sctest.Request) bool {
	return strings.HasSuffix(r.Endpoint, "download")
}

// The scan is so large that the interrupt comes in its middle.
func TestAnInterruptedDownloadLeavesNothingBehind(t *testing.T) {
	console := sctest.Start(t, sctest.Options{Hosts: 60, Plugins: 1500, ScanBytes: 1 << 40})
	asAnalyst(t)
	folder := t.TempDir()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	done := make(chan result)
	go func() {
		done <- scctlWith(ctx, "", "--url", console.URL, "scan", "download", finishedScan(t, console), "-o", filepath.Join(folder, "scan.nessus"))
	}()
	began := time.NewTicker(time.Millisecond)
	defer began.Stop()
	for size(folder) < 1<<20 {
		<-began.C
	}
	interrupt()
	if r := <-done; r.code != exitInterrupted {
		t.Errorf("code %d: %s", r.code, r.stderr)
	}
	if names := files(t, folder); len(names) != 0 {
		t.Errorf("left behind: %v", names)
	}
	if open := console.Sessions(); open != 0 {
		t.Errorf("%d sessions were left open", open)
	}
}

// heap notes the largest heap while something is written to it.
type heap struct{ written, sampled, largest uint64 }

func (h *heap) Write(b []byte) (int, error) {
	h.written += uint64(len(b))
	const often = 16 << 20
	if h.written-h.sampled >= often {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		h.sampled, h.largest = h.written, max(h.largest, m.HeapInuse)
	}
	return len(b), nil
}

func TestALargeScanTakesLittleMemory(t *testing.T) {
	exhaustive.Only(t)
	defer debug.SetGCPercent(debug.SetGCPercent(50)) // as in the program
	const scan = 200 << 20
	for _, dialect := range dialects {
		console := sctest.Start(t, sctest.Options{Dialect: dialect, Hosts: 60, Plugins: 1500, ScanBytes: scan})
		asAnalyst(t)
		var out heap
		var complaint bytes.Buffer
		if code := run(t.Context(), []string{"--url", console.URL, "scan", "download", finishedScan(t, console)}, strings.NewReader(""), &out, &complaint); code != exitDone {
			t.Fatalf("code %d: %s", code, complaint.String())
		}
		// The simulated console is in there too.
		if out.written < scan || out.largest > 64<<20 {
			t.Errorf("%s: %d bytes with a heap of %d", dialect, out.written, out.largest)
		}
	}
}

// size is the number of bytes in the files of a folder.
func size(folder string) (n int64) {
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			n += info.Size()
		}
	}
	return n
}

func TestRecordsGoToAFileThatIsCompleteOrNotThere(t *testing.T) {
	console := start(t, sctest.REST)
	asAnalyst(t)
	folder := t.TempDir()
	path := filepath.Join(folder, "hosts.csv")
	want := succeed(t, "--url", console.URL, "query", "sumip", "--format", "csv")
	if out := succeed(t, "--url", console.URL, "query", "sumip", "--format", "csv", "-o", path); out != "" {
		t.Errorf("standard output: %q", out)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != want {
		t.Errorf("the file differs: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	console.Inject(sctest.Fault{Match: func(r sctest.Request) bool { return r.Tool == "sumip" && r.Start > 0 }, Effect: sctest.Refuse(403, 146, "no more")})
	if r := scctl(t, "--url", console.URL, "query", "sumip", "--page-size", "10", "--format", "csv", "-o", path); r.code != exitFailed {
		t.Errorf("code %d: %s", r.code, r.stderr)
	}
	if names := files(t, folder); len(names) != 0 {
		t.Errorf("left behind: %v", names)
	}
	fail(t, exitUsage, "--url", console.URL, "zones", "-o", filepath.Join(folder, "no", "such", "folder"))
}
