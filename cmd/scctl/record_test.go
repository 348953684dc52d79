package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

func TestARecordingIsMadeLookedThroughAndReplayed(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			environment(t, nil)
			console := start(t, dialect)
			folder := filepath.Join(t.TempDir(), "recording")
			config := configured(t, map[string]string{"one": console.URL}, "")
			out := succeed(t, "--config.file", config, "record", "-o", folder, "--collectors", "repositories,vulnerabilities", "--shift-times=-2400h")
			if !strings.Contains(out, "requests of 2 accounts to version "+console.Options().Version) || !strings.Contains(out, "--inspect "+folder) {
				t.Error(out)
			}
			if got := console.Sessions(); got != 0 {
				t.Errorf("%d sessions are left", got)
			}
			if !strings.Contains(fail(t, exitUsage, "--config.file", config, "record", "-o", folder), "holds a recording already") {
				t.Error("a recording may be overwritten")
			}
			out = succeed(t, "record", "--inspect", folder)
			if strings.Contains(out, "analyst") || strings.Contains(out, console.Repositories()[0].Name) || !strings.Contains(out, "sumip") {
				t.Error(out)
			}

			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			read, write := io.Pipe()
			var complaints bytes.Buffer
			done := make(chan int, 1)
			go func() {
				done <- run(ctx, []string{"replay", folder}, strings.NewReader(""), write, &complaints)
				_ = write.Close()
			}()
			text := bufio.NewReader(read)
			var yaml strings.Builder
			for strings.Count(yaml.String(), "username") < 2 {
				line, err := text.ReadString('\n')
				if err != nil {
					t.Fatal(err, complaints.String())
				}
				yaml.WriteString(line)
			}
			again := filepath.Join(t.TempDir(), "config.yml")
			if err := os.WriteFile(again, []byte(yaml.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			second := filepath.Join(t.TempDir(), "second")
			if out := succeed(t, "--config.file", again, "record", "-o", second, "--collectors", "repositories,vulnerabilities"); strings.Contains(out, "did not load") {
				t.Error(out)
			}
			stop()
			if code := <-done; code != exitDone || strings.Contains(complaints.String(), "not recorded") {
				t.Errorf("exit code %d: %s", code, complaints.String())
			}
		})
	}
}

func TestRecordRefusesWhatCannotBe(t *testing.T) {
	asAnalyst(t)
	console := sctest.Start(t, sctest.Options{Hosts: 10, Plugins: 100})
	for _, args := range [][]string{
		{"record"}, {"record", "-o", "x", "--inspect", "y"}, {"record", "--inspect", t.TempDir()}, {"replay", t.TempDir()},
		{"record", "-o", filepath.Join(t.TempDir(), "x"), "--keep", "passwords"},
		{"--url", console.URL, "record", "-o", filepath.Join(t.TempDir(), "x"), "--collectors", "vulnerability"},
	} {
		fail(t, exitUsage, args...)
	}
}
